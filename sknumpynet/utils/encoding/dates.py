"""What comes of a date beside elapsed time: its year, and what recurs, as points on circles."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns import Column, Reading
from sknumpynet.utils.dates import TimeKind

__all__ = [
    "Extremes",
    "Part",
    "circle",
    "merged_extremes",
    "part_extremes",
    "part_of",
    "varying_parts",
    "with_parts",
]

# In the order of their columns. All but the year recur.
Part = Literal["year", "month", "day", "weekday", "hour"]

# The least and the greatest of each part.
Extremes = dict[Part, tuple[float, float]]

Numbers = npt.NDArray[np.float64]


class _PartColumn(Column):
    """A part of the dates of another column."""

    def __init__(self, column: Column, reading: Reading, part: Part) -> None:
        self.values = column.values
        self._column, self._reading, self._part = column, reading, part

    def numbers(self, reading: Reading | None = None) -> Numbers:
        """Return the part of each date, see `part_of`."""
        return part_of(self._column.numbers(self._reading), self._part)


def with_parts(
    columns: Sequence[Column],
    parts: Mapping[int, tuple[int, Part]],
    formats: Mapping[int, Reading],
) -> list[Column]:
    """Return columns, and after them the parts of some of them.

    Parameters
    ----------
    columns : sequence of Column
    parts : mapping of int to tuple of int and Part
        By their places after the columns, in order.
    formats : mapping of int to Reading
        How dates are read.
    """
    made = [_PartColumn(columns[k], formats[k], part) for k, part in parts.values()]
    return [*columns, *made]


def part_of(days: Numbers, part: Part) -> Numbers:
    """Return a part of dates: the year, or how far what recurs has come, in [0, 1).

    Parameters
    ----------
    days : ndarray
        Since 1970, or midnight; NaN where they are missing.
    part : {'year', 'month', 'day', 'weekday', 'hour'}

    Examples
    --------
    >>> days = np.array([0.25, np.nan])  # a Thursday's morning
    >>> {part: part_of(days, part).round(2).tolist() for part in ("year", "weekday", "hour")}
    {'year': [1970.0, nan], 'weekday': [0.43, nan], 'hour': [0.25, nan]}
    """
    whole = np.floor(days)
    if part == "hour":
        return days - whole
    if part == "weekday":
        return (whole + 3) % 7 / 7
    missing = np.isnan(days)
    dates = np.where(missing, 0, whole).astype("M8[D]")
    months = dates.astype("M8[M]")
    if part == "year":
        found = 1970.0 + dates.astype("M8[Y]").astype(np.int64)
    elif part == "month":
        found = months.astype(np.int64) % 12 / 12
    else:
        found = (dates - months.astype("M8[D]")).astype(np.int64) / 31
    return np.where(missing, np.nan, found)


def part_extremes(days: Numbers, kind: TimeKind) -> Extremes:
    """Return the least and the greatest of each part of dates, none of them missing.

    Parameters
    ----------
    days : ndarray
    kind : {'date', 'time', 'duration'}
        A time of day has an hour, a duration no parts.
    """
    if kind == "duration" or len(days) == 0:
        return {}
    parts: tuple[Part, ...] = ("hour",) if kind == "time" else get_args(Part)
    found = {part: days if kind == "time" else part_of(days, part) for part in parts}
    return {part: (float(own.min()), float(own.max())) for part, own in found.items()}


def merged_extremes(one: Extremes, other: Extremes) -> Extremes:
    """Return the extremes of both, where either may be of no dates."""
    if not one or not other:
        return one or other
    return {
        part: (min(own[0], other[part][0]), max(own[1], other[part][1]))
        for part, own in one.items()
    }


def varying_parts(extremes: Extremes) -> list[Part]:
    """Return which parts of dates tell something, beside elapsed time.

    The weekday tells nothing of dates on one day of the month, nor the year of those on one day
    of the year, which elapsed time is already.

    Parameters
    ----------
    extremes : dict
        See `part_extremes`.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-01-09", dtype="M8[D]").astype(float)
    >>> varying_parts(part_extremes(days, "date"))
    ['day', 'weekday']
    """
    varies = {part: highest > lowest for part, (lowest, highest) in extremes.items()}
    if "day" in varies:
        varies["weekday"] &= varies["day"]
        varies["year"] &= varies["month"] or varies["day"]
    return [part for part in varies if varies[part]]


def circle(turns: Numbers) -> npt.NDArray[np.floating[Any]]:
    """Return the points on a circle after so much of a turn, (0, 0) where it is missing."""
    angles = 2 * np.pi * turns
    points = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    points[np.isnan(turns)] = 0.0
    return points
