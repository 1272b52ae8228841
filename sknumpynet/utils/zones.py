"""Time zones: what they are called, and what their clocks show."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

__all__ = ["local_times", "offset_name", "zone_name"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What `datetime` can hold, with a day to spare for any zone.
FIRST_DAY, LAST_DAY = np.datetime64("0001-01-02"), np.datetime64("9999-12-29")

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def offset_name(minutes: int) -> str:
    """Return what a zone is called that is so many minutes before UTC.

    Examples
    --------
    >>> offset_name(0), offset_name(90), offset_name(-300)
    ('UTC', '+01:30', '-05:00')
    """
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}" if minutes else "UTC"


def zone_name(zone: Any) -> str:
    """Return what a zone is called: its key or its offset, UTC where it has neither.

    Parameters
    ----------
    zone : str or tzinfo
    """
    name = zone if isinstance(zone, str) else _name_of(zone)
    return "UTC" if name in {"Z", "Etc/UTC", "GMT"} else name


def _name_of(zone: tzinfo) -> str:
    for attribute in ("key", "zone"):  # of zoneinfo, and of pytz
        name = getattr(zone, attribute, None)
        if isinstance(name, str):
            return name
    offset = zone.utcoffset(None)
    return "UTC" if offset is None else offset_name(round(offset / timedelta(minutes=1)))


@cache
def _zone(name: str) -> tzinfo:
    """Return the zone of that name."""
    match = _OFFSET.fullmatch(name)
    if match is None:
        return UTC if name == "UTC" else ZoneInfo(name)
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)


def local_times(instants: np.ndarray, name: str) -> np.ndarray:
    """Return what the clocks of a zone show.

    Parameters
    ----------
    instants : ndarray of datetime64[us]
        In UTC; some may be missing.
    name : str
        Of `zone_name`.

    Raises
    ------
    zoneinfo.ZoneInfoNotFoundError
        If this machine knows no such zone.

    Examples
    --------
    >>> local_times(np.array(["2024-01-01T12", "2024-07-01T12"], "M8[us]"), "Europe/Paris")
    array(['2024-01-01T13:00:00.000000', '2024-07-01T14:00:00.000000'],
          dtype='datetime64[us]')
    """
    zone, known = _zone(name), ~np.isnat(instants)
    local = instants.copy()
    # An offset is asked for twice a day, and for each instant of the few days on which it changes.
    days, day_of = np.unique(instants[known].astype("M8[D]"), return_inverse=True)
    days = np.clip(days, FIRST_DAY, LAST_DAY)
    starts = _offsets(days.astype("M8[us]"), zone)
    ends = _offsets((days + 1).astype("M8[us]"), zone)
    offsets, changes = starts[day_of], (starts != ends)[day_of]
    offsets[changes] = _offsets(instants[known][changes], zone)
    local[known] += offsets
    return local


def _offsets(instants: np.ndarray, zone: tzinfo) -> np.ndarray:
    offsets = [
        (EPOCH + timedelta(microseconds=us)).astimezone(zone).utcoffset()
        for us in instants.astype(np.int64).tolist()
    ]
    return np.array(offsets, dtype="m8[us]")
