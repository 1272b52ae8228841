"""Cells that are dates, times of day or durations, as microseconds whatever they are made of."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns.errors import moment_error, range_error, zone_error
from sknumpynet.utils.dates import (
    Moment,
    TimeFormat,
    TimeKind,
    microseconds,
    moment_of_datetime,
    parse_moment,
    time_kind_of,
)
from sknumpynet.utils.text import is_marker
from sknumpynet.utils.zones import local_times

__all__ = [
    "Moments",
    "as_moments",
    "days_of",
    "is_missing_time",
    "moment_of",
    "moment_level",
    "read_moments",
]

MICROSECONDS_OF_A_DAY = 24 * 60 * 60 * 10**6


class Moments(NamedTuple):
    """The cells of a column in time.

    Parameters
    ----------
    kind : {'date', 'time', 'duration'}
    values : ndarray of datetime64[us] or timedelta64[us] of shape (n_samples,)
        Dates in UTC, if there is a zone.
    zone : str or None
    """

    kind: TimeKind
    values: npt.NDArray[np.datetime64 | np.timedelta64]
    zone: str | None = None


def is_missing_time(cell: Any) -> bool:
    """Return whether a cell is NumPy's for no time, whose type is that of any."""
    return isinstance(cell, np.datetime64 | np.timedelta64) and bool(np.isnat(cell))


def moment_of(cell: Any, name: Any) -> Moment | None:
    """Return a cell that is not missing as a moment, None if it is none."""
    kind = time_kind_of(type(cell))
    if kind is None:
        return None
    if isinstance(cell, np.datetime64 | np.timedelta64):
        return Moment(kind, int(as_moments(np.array([cell]), name).values.astype(np.int64)[0]))
    if hasattr(cell, "start_time"):  # a period
        cell = cell.start_time
    if isinstance(cell, datetime):
        return moment_of_datetime(cell)
    if isinstance(cell, date):
        return moment_of_datetime(datetime.combine(cell, time()))
    return Moment(kind, microseconds(cell))


def moment_level(moment: Moment) -> str | float:
    """Return a date or time of day as text, a duration in seconds; the same for all that are equal.

    Examples
    --------
    >>> moment_level(Moment("date", 0)), moment_level(Moment("date", 500_000, "UTC"))
    ('1970-01-01', '1970-01-01T00:00:00.500000Z')
    >>> moment_level(Moment("time", 3_600_000_000)), moment_level(Moment("duration", 500_000))
    ('01:00:00', 0.5)
    """
    if moment.kind == "duration":
        return moment.microseconds / 10**6
    text = str(np.datetime64(moment.microseconds, "us")).removesuffix(".000000")
    if moment.kind == "time":
        return text.partition("T")[2]
    return text.removesuffix("T00:00:00") if moment.zone is None else f"{text}Z"


def as_moments(values: npt.NDArray[Any], name: Any, zone: str | None = None) -> Moments:
    """Return an array of datetime64 or timedelta64 of any unit as moments.

    Raises
    ------
    ValueError
        For times that microseconds cannot count.
    """
    kind: TimeKind = "date" if values.dtype.kind == "M" else "duration"
    exact = values.astype(f"{values.dtype.kind}8[us]")
    # NumPy lets coarser units overflow.
    overflows = (exact.astype(values.dtype) != values) & ~np.isnat(values)
    if values.dtype < exact.dtype and overflows.any():
        raise range_error(name, values[overflows][0])
    return Moments(kind, exact, zone)


def read_moments(cells: Iterable[Any], time_format: TimeFormat, name: Any) -> Moments:
    """Return cells that are not missing as moments; markers are missing.

    Raises
    ------
    TypeError, ValueError
        For cells that are not of the kind of that format.
    """
    read = []
    for cell in cells:
        if isinstance(cell, str):
            moment = parse_moment(cell, day_first=time_format.day_first)
        else:
            moment = moment_of(cell, name)
        if moment is None and isinstance(cell, str) and is_marker(cell):
            read.append(np.iinfo(np.int64).min)  # no time
        elif moment is None or moment.kind != time_format.kind:
            raise moment_error(name, time_format, cell)
        elif (moment.zone is None) != (time_format.zone is None):
            raise zone_error(name, time_format.zone, repr(cell))
        else:
            read.append(moment.microseconds)
    dtype = "M8[us]" if time_format.kind == "date" else "m8[us]"
    return Moments(time_format.kind, np.array(read, np.int64).view(dtype), time_format.zone)


def days_of(moments: Moments, time_format: TimeFormat, name: Any) -> npt.NDArray[np.float64]:
    """Return days, since 1970 or midnight, by the clocks of a zone; NaN where they are missing.

    Raises
    ------
    TypeError, ValueError
        If they are not of that format.
    """
    values, known = moments.values, ~np.isnat(moments.values)
    if known.any():
        first = values[known][0]
        if moments.kind != time_format.kind:
            raise moment_error(name, time_format, first)
        if (moments.zone is None) != (time_format.zone is None):
            got = f"{first} of {moments.zone}" if moments.zone else f"{first} without"
            raise zone_error(name, time_format.zone, got)
        if time_format.zone is not None:
            try:
                values = local_times(values, time_format.zone)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError(
                    f"Column {name!r} has the time zone {time_format.zone!r}, which is not known "
                    "here; the package tzdata has those that a system may lack."
                ) from error
    days = values.astype(np.int64) / MICROSECONDS_OF_A_DAY
    return np.where(known, days, np.nan)
