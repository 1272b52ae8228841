"""Which columns are categories, free text, numbers or dates, and how their cells are read."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns import Column, Reading
from sknumpynet.utils.columns.errors import mixture_error, moment_error, number_error
from sknumpynet.utils.dates import (
    TimeFormat,
    TimeKind,
    common_zone,
    find_day_first,
    find_time_format,
    parse_moment,
)
from sknumpynet.utils.encoding.choice import Choice
from sknumpynet.utils.encoding.free_text import is_free_text
from sknumpynet.utils.text import (
    FEWEST_NUMBERS,
    MOST_MARKERS,
    find_number_format,
    is_marker,
    markers_of,
    number_format_of,
    parse_number,
)

__all__ = ["Kinds", "find_kinds"]


class Kinds(NamedTuple):
    """The kinds of a table's columns.

    Parameters
    ----------
    is_categorical : ndarray of bool of shape (n_features,)
        The others are free text, numerical, or dates, times of day and durations.
    is_free_text : ndarray of bool of shape (n_features,)
    formats : dict of int to NumberFormat or TimeFormat
        How they are read, but for numbers that came as such.
    guessed : list of int
        Those with text that is read as numbers or dates, or as missing, though nobody said so.
    """

    is_categorical: npt.NDArray[np.bool_]
    is_free_text: npt.NDArray[np.bool_]
    formats: dict[int, Reading]
    guessed: list[int]


def find_kinds(columns: Sequence[Column], chosen: Sequence[Choice], most_levels: int) -> Kinds:
    """Return which columns are categories, and how the others are read.

    Parameters
    ----------
    columns : sequence of Column
    chosen : sequence of Choice
        Of each column what users say of it.
    most_levels : int
        Text with no more levels is a category whatever it says.

    Raises
    ------
    TypeError, ValueError
        For columns that cannot be read as chosen, and dates beside other cells.
    """
    kinds = Kinds(np.zeros(len(columns), bool), np.zeros(len(columns), bool), {}, [])
    for k, (column, choice) in enumerate(zip(columns, chosen, strict=True)):
        if choice == "category":
            kinds.is_categorical[k] = True
        elif choice == "text":
            kinds.is_free_text[k] = True
        elif choice in {"any", "no category"}:
            reading = _found_format(column, most_levels)
            if choice == "any" and reading is None:
                texts = column.texts() if column.is_text() else {}
                kinds.is_free_text[k] = len(texts) > most_levels and is_free_text(texts)
                kinds.is_categorical[k] = not kinds.is_free_text[k] and column.looks_categorical()
            if reading is not None:
                kinds.formats[k] = reading
                if column.texts():
                    kinds.guessed.append(k)
        else:
            reading = _number_format(column) if choice == "number" else _dates(column, choice)
            if reading is not None:
                kinds.formats[k] = reading
    return kinds


def _found_format(column: Column, most_levels: int) -> Reading | None:
    """Return how dates are read, or text is numbers or dates; None if it is not, or on purpose."""
    kind = column.time_kind()
    if kind is not None:
        if wrong := _too_many_markers(column, FEWEST_NUMBERS):
            raise mixture_error(column.name, wrong[0])
        return _time_format(column, kind, day_first=find_day_first(column.texts()))
    if not column.is_text() or len(column.levels()) <= most_levels:
        return None
    texts, n_beside = column.texts(), column.n_beside_texts()
    number_format = find_number_format(texts, n_beside)
    if number_format is not None:
        return number_format
    return None if n_beside else find_time_format(texts)


def _number_format(column: Column) -> Reading | None:
    """Return how a column is read that is to be numbers, None if it holds some as such."""
    kind = column.time_kind()
    if kind == "duration":
        return TimeFormat(kind)
    if kind is not None or not column.is_text():
        return None  # dates are an error when they are read
    number_format, wrong = number_format_of(column.texts()), _too_many_markers(column)
    if number_format is None:
        digits = [text for text in column.texts() if not is_marker(text)]
        wrong = [text for text in digits if parse_number(text, ".") is None]
    if wrong:
        raise number_error(column.name, wrong[0])
    return number_format


def _dates(column: Column, choice: Choice) -> TimeFormat:
    """Return how a column is read that is to be dates or times of day."""
    day_first = choice == "dayfirst" if choice != "date" else find_day_first(column.texts())
    kind: TimeKind = "time" if choice == "time" else "date"
    time_format = _time_format(column, kind, day_first=day_first)
    if wrong := _too_many_markers(column):
        raise moment_error(column.name, time_format, wrong[0])
    return time_format


def _too_many_markers(column: Column, fewest: float = 0.0) -> list[str]:
    """Return the texts without a digit, if they are too many to stand for gaps.

    They are where known cells beside them are none, or less than the share ``fewest``.
    """
    texts = column.texts()
    markers = markers_of(texts)
    if not markers:
        return []
    n_known = column.n_known()
    n_others = n_known - sum(map(texts.__getitem__, markers))
    is_few = n_others == 0 or n_others < fewest * n_known
    return [*markers] if is_few or len(markers) > MOST_MARKERS else []


def _time_format(column: Column, kind: TimeKind, *, day_first: bool) -> TimeFormat:
    texts = column.texts()
    moments = [parse_moment(text, day_first=day_first) for text in texts]
    zones = column.zones() | {moment.zone for moment in moments if moment is not None}
    zone = None if kind != "date" or None in zones or not zones else common_zone(zones)
    return TimeFormat(kind, day_first, zone, markers_of(texts))
