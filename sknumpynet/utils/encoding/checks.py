"""What users are warned of: text that may be meant otherwise, and levels never learned."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns import Column, Level, Reading, level_codes
from sknumpynet.utils.columns.moments import moment_level
from sknumpynet.utils.dates import TimeFormat, are_dates, is_either_order, parse_moment
from sknumpynet.utils.text import NumberFormat, odd_text, parse_number
from sknumpynet.utils.user_warnings import warn_user

__all__ = [
    "MOST_LEVELS_OF_TEXT",
    "warn_of_categories",
    "warn_of_numbers",
    "warn_of_orders",
    "warn_of_unknown_levels",
    "warn_of_unknown_texts",
]

# Text with more levels may be numbers that arrived as text, where `max_one_hot` is None.
MOST_LEVELS_OF_TEXT = 9
# Text with more levels, of which rows that share theirs are fewer than this, teaches nothing.
FEWEST_SHARED = 0.1
# Known cells from which on levels that fit never saw may be told from those to be expected.
FEWEST_DRIFTED = 20


def warn_of_numbers(
    columns: Sequence[Column], formats: Mapping[int, Reading], guessed: Sequence[int]
) -> None:
    """Tell which text is read as numbers or dates though nobody said so."""
    numbers = [
        _how_read(columns[k], reading)
        for k in guessed
        if isinstance(reading := formats[k], NumberFormat)
    ]
    if numbers:
        warn_user(
            f"text that holds numbers is read as numbers in column {', '.join(numbers)}; a "
            "column named in categorical_features, or of dtype category, is a category"
        )
    dates = [
        _how_dated(columns[k], reading)
        for k in guessed
        if isinstance(reading := formats[k], TimeFormat)
    ]
    if dates:
        warn_user(
            f"text that holds dates or times is read as such in column {', '.join(dates)}; "
            "column_kinds says what a column is"
        )


def warn_of_orders(
    columns: Sequence[Column], formats: Mapping[int, Reading], named: Sequence[int]
) -> None:
    """Tell of which dates as text day and month may be swapped.

    Parameters
    ----------
    columns : sequence of Column
    formats : mapping of int to Reading
        How columns are read.
    named : sequence of int
        Columns of which users said the order.
    """
    for k, reading in formats.items():
        column = columns[k]
        if not isinstance(reading, TimeFormat) or k in named:
            continue
        texts = column.texts()
        if is_either_order(texts):
            order, other = ("dayfirst", "monthfirst")[:: 1 if reading.day_first else -1]
            warn_user(
                f"day and month of column {column.name!r} may be swapped, it is read as {order}: "
                f"column_kinds={{{column.name!r}: {order!r}}} says so, {other!r} otherwise"
            )


def warn_of_categories(
    columns: Sequence[Column], levels: Mapping[int, list[Level]], most_one_hot: int
) -> None:
    """Tell which text is taken as a category and may be meant otherwise.

    Parameters
    ----------
    columns : sequence of Column
    levels : mapping of int to list
        Of each category the levels that were learned.
    most_one_hot : int
        Few levels are text on purpose.
    """
    texts = [k for k in levels if columns[k].is_text()]
    dates = [k for k in texts if are_dates(columns[k].texts())]
    if dates:
        names = _listed(columns[k].name for k in dates)
        warn_user(
            f"text that holds dates or times is taken as a category in column {names}, for it has "
            "few levels or several formats: column_kinds says what it shall be"
        )
    mixed = {
        k: odd
        for k in texts
        if k not in dates and len(levels[k]) > most_one_hot
        if (odd := odd_text(columns[k].texts(), columns[k].n_beside_texts())) is not None
    }
    if mixed:
        names = ", ".join(f"{columns[k].name!r} ({odd!r})" for k, odd in mixed.items())
        warn_user(
            "text of which most are numbers is taken as a category, because of some that are "
            f"none, in column {names}: leave those missing where numbers are meant"
        )
    single = [k for k in texts if k not in dates and _are_mostly_single(columns[k], levels[k])]
    if single:
        names = _listed(columns[k].name for k in single)
        warn_user(
            f"nearly all levels have a single row in column {names}, "
            "which can teach nothing: leave it out, make of it what rows share, or make it 'text' "
            "by column_kinds"
        )


def warn_of_unknown_texts(column: Column, reading: Reading) -> None:
    """Tell of text in a column of numbers or dates that stands for nothing known."""
    unknown = column.unknown_texts(reading)
    if unknown:
        what = f"{reading.kind}s" if isinstance(reading, TimeFormat) else "numbers"
        warn_user(
            f"column {column.name!r} of {what} holds text that fit did not see, "
            f"{_listed(unknown)}, which counts as missing"
        )


def warn_of_unknown_levels(
    column: Column, levels: list[Level], codes: npt.NDArray[np.int_], expected: float
) -> None:
    """Tell when far more levels are unknown than rows of the training data would leave."""
    n_known, n_found = column.n_known(), np.count_nonzero(codes)
    if n_known < FEWEST_DRIFTED:
        return
    unknown = 1 - n_found / n_known
    noise = 4 * np.sqrt(expected * (1 - expected) / n_known)
    if unknown > max(0.5, (1 + expected) / 2, expected + noise):
        known = set(levels)
        other = next(level for level in column.levels() if level not in known)
        warn_user(
            f"{unknown:.0%} of the known cells of column {column.name!r} have levels that fit did "
            f"not learn, such as {other!r} where it learned such as {levels[0]!r}; new rows like "
            f"its own would have {expected:.0%}. They count as missing"
        )


def _how_dated(column: Column, time_format: TimeFormat) -> str:
    """Return a column's name with what is missing, and how the first text is read."""
    notes = []
    for text in column.texts():
        moment = parse_moment(text, day_first=time_format.day_first)
        if moment is not None:
            notes.append(f"{text!r} as {moment_level(moment)}")
            break
    if time_format.markers:
        notes.append(f"{_listed(time_format.markers)} missing")
    return f"{column.name!r} ({'; '.join(notes)})"


def _how_read(column: Column, number_format: NumberFormat) -> str:
    """Return a column's name with what is missing and, where it may surprise, what is read."""
    notes = []
    for text in column.texts():
        number = parse_number(text, number_format.decimal_mark)
        is_plain = re.fullmatch(r"\s*[-+.\deE]*\s*", text) is not None
        if number is not None and not is_plain:
            notes.append(f"{text!r} as {number:.15g}")
            break
    if number_format.markers:
        notes.append(f"{_listed(number_format.markers)} missing")
    return f"{column.name!r}" + (f" ({'; '.join(notes)})" if notes else "")


def _listed(items: Iterable[Any]) -> str:
    items = list(items)
    return ", ".join(map(repr, items[:5])) + (", ..." if len(items) > 5 else "")


def _are_mostly_single(column: Column, levels: list[Level]) -> bool:
    """Return whether a category has many levels, hardly one of which rows share."""
    if len(column.levels()) <= MOST_LEVELS_OF_TEXT:
        return False
    n_shared = int(np.count_nonzero(column.codes(level_codes(levels))))
    return n_shared < FEWEST_SHARED * column.n_known()
