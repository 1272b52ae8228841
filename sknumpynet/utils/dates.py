"""Text that stands for dates or times of day, and how it is recognised."""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Literal, NamedTuple

import numpy as np

from sknumpynet.utils.text import FEWEST_NUMBERS, MOST_MARKERS, is_marker, markers_of
from sknumpynet.utils.zones import offset_name, zone_name

__all__ = [
    "Moment",
    "TimeFormat",
    "TimeKind",
    "are_dates",
    "common_zone",
    "find_day_first",
    "find_time_format",
    "is_either_order",
    "microseconds",
    "moment_of_datetime",
    "parse_moment",
    "time_kind_of",
]

TimeKind = Literal["date", "time", "duration"]

MICROSECOND = timedelta(microseconds=1)
# Years of two digits up to this one are of this century, as of POSIX.
LAST_YEAR_OF_TWO_DIGITS = 68


class TimeFormat(NamedTuple):
    """How the cells of a column are read as dates, times of day or durations.

    Parameters
    ----------
    kind : {'date', 'time', 'duration'}
    day_first : bool
        Whether the day comes before the month where text has numbers for both, the year last.
    zone : str or None
        By whose clocks dates are read; None for those that know no zone.
    markers : tuple of str
        Text that stands for a missing one.
    """

    kind: TimeKind
    day_first: bool = False
    zone: str | None = None
    markers: tuple[str, ...] = ()


class Moment(NamedTuple):
    """A date, a time of day or a duration.

    Parameters
    ----------
    kind : {'date', 'time', 'duration'}
    microseconds : int
        Since 1970, in UTC if there is a zone; or since midnight.
    zone : str or None
    """

    kind: TimeKind
    microseconds: int
    zone: str | None = None


def time_kind_of(kind: type) -> TimeKind | None:
    """Return whether cells of a type are dates, times of day or durations, None if neither."""
    if issubclass(kind, date | np.datetime64) or kind.__name__ == "Period":
        return "date"
    if issubclass(kind, timedelta | np.timedelta64):
        return "duration"
    return "time" if issubclass(kind, time) else None


_DAY, _MONTH = "(?P<day>0?[1-9]|[12][0-9]|3[01])", "(?P<month>0?[1-9]|1[0-2])"
_YEAR, _SHORT_YEAR = "(?P<year>[0-9]{4})", "(?P<year>[0-9]{4}|[0-9]{2})"
_NAME = "(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? )?"
# Beside a year of two digits, so that versions and sizes, 3.6.10 or 3-7-12, are none.
_TWO_DIGITS = r"(?=[0-9]{2}[-.][0-9]{2}[-.]|[0-9]{1,2}/|[0-9]+[-.][0-9]+[-.][0-9]{4})"
_TIME = r"(?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>[0-5][0-9])"
_SECONDS = r":(?P<second>[0-5][0-9])(?:[.,](?P<fraction>[0-9]+))?"
_NOON = r"\s*(?P<noon>[ap])\.?m\.?"
_ZONE = r"\s*(?:z|utc|gmt|(?P<offset>[+-][0-9]{2}:?[0-9]{2}))"
_CLOCK = rf"{_TIME}(?:{_SECONDS})?(?:{_NOON})?"
# By itself 5:10 may be a score; two digits, seconds or a half of the day make a time of it.
_SURE_CLOCK = re.compile(r"[0-9]{2}:|.*[ap]\.?m|.*:.*:", re.IGNORECASE)
_CALENDARS = {
    "year first": rf"{_YEAR}(?P<mark>[-/.]){_MONTH}(?P=mark){_DAY}",
    "basic": r"(?P<year>(?:19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
    "numbers": rf"{_TWO_DIGITS}(?P<first>[0-9]{{1,2}})(?P<mark>[-/.])(?P<next>[0-9]{{1,2}})"
    rf"(?P=mark){_SHORT_YEAR}",
    "day, name": rf"{_DAY}(?:\.|st|nd|rd|th)?[ -]{_NAME}\.?,?[ -]{_SHORT_YEAR}",
    "name, day": rf"{_NAME}\.? {_DAY}(?:st|nd|rd|th)?,? {_SHORT_YEAR}",
    "name, year": rf"{_NAME}[ -]{_SHORT_YEAR}",
    "month": rf"{_YEAR}-(?P<month>0[1-9]|1[0-2])",
    "week": rf"{_YEAR}-W(?P<week>[0-5][0-9])",
}
_BASIC_CLOCK = (
    r"T(?P<hour>[01][0-9]|2[0-3])(?P<minute>[0-5][0-9])(?P<second>[0-5][0-9])?(?P<utc>z)?"
)
_NAMES = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


@cache
def _calendars() -> list[re.Pattern[str]]:
    """Return the patterns of dates, with the time or without."""
    clock = dict.fromkeys(_CALENDARS, rf"(?:[T ,]+{_CLOCK}(?P<utc>{_ZONE})?)?")
    clock["basic"] = f"(?:{_BASIC_CLOCK})?"
    return [
        re.compile(f"{_WEEKDAY}{calendar}{clock[name]}", re.IGNORECASE)
        for name, calendar in _CALENDARS.items()
    ]


@cache
def _clock() -> re.Pattern[str]:
    return re.compile(rf"{_CLOCK}(?P<utc>{_ZONE})?", re.IGNORECASE)


def parse_moment(text: str, *, day_first: bool = False) -> Moment | None:
    """Return the date or time of day that text stands for, None if it is neither.

    Parameters
    ----------
    text : str
        Without a day the first of a month or week is meant.
    day_first : bool
        See `TimeFormat`.

    Examples
    --------
    >>> parse_moment("1970-01-02"), parse_moment("2 Jan 1970 00:00")[1], parse_moment("1970")
    (Moment(kind='date', microseconds=86400000000, zone=None), 86400000000, None)
    >>> [parse_moment("02/01/1970", day_first=order)[1] / 86400e6 for order in (True, False)]
    [1.0, 31.0]
    >>> parse_moment("0:30 am")
    Moment(kind='time', microseconds=1800000000, zone=None)
    """
    text = text.strip()
    if text[4:5] == text[7:8] == "-" and text[10:11] in {"", "T", " "}:
        try:  # a quarter of the time of a pattern
            return moment_of_datetime(datetime.fromisoformat(text))
        except ValueError:
            pass
    for pattern in (*_calendars(), _clock()):
        match = pattern.fullmatch(text)
        if match is not None:
            try:
                return _moment(match.groupdict(), day_first=day_first)
            except ValueError:  # such as the 30th of February
                return None
    return None


def _moment(found: dict[str, str | None], *, day_first: bool) -> Moment:
    clock = _time_of(found)
    if not {"year", "week"} & found.keys():
        return Moment("time", microseconds(clock))
    moment = moment_of_datetime(datetime.combine(_date_of(found, day_first=day_first), clock))
    if found["utc"] is None:
        return moment
    offset = (found.get("offset") or "+0000").replace(":", "")
    minutes = int(f"{offset[0]}1") * (60 * int(offset[1:3]) + int(offset[3:]))
    utc = moment.microseconds - minutes * 60 * 10**6
    return Moment("date", utc, offset_name(minutes))


def _date_of(found: dict[str, str | None], *, day_first: bool) -> date:
    year = int(found["year"] or 0)
    if year < 100:
        year += 2000 if year <= LAST_YEAR_OF_TWO_DIGITS else 1900
    if "week" in found:
        return date.fromisocalendar(year, int(found["week"] or 0), 1)
    if "first" in found:
        month, day = int(found["first"] or 0), int(found["next"] or 0)
        return date(year, day, month) if day_first else date(year, month, day)
    name = found.get("name")
    month = int(found["month"] or 0) if name is None else 1 + _NAMES.index(name.casefold())
    return date(year, month, int(found.get("day") or 1))


def _time_of(found: dict[str, str | None]) -> time:
    hour, noon = int(found["hour"] or 0), found.get("noon")
    if noon is not None:
        if not 1 <= hour <= 12 and found["hour"] not in {"0", "00"}:
            raise ValueError(found["hour"])
        hour = hour % 12 + (12 if noon.casefold() == "p" else 0)
    fraction = int(f"{found.get('fraction') or 0:0<6}"[:6])
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0), fraction)


def microseconds(cell: time | timedelta) -> int:
    """Return the microseconds of a duration, or of a time since midnight."""
    if isinstance(cell, timedelta):
        return cell // MICROSECOND
    return ((cell.hour * 60 + cell.minute) * 60 + cell.second) * 10**6 + cell.microsecond


def moment_of_datetime(cell: datetime) -> Moment:
    """Return a date with a time as a moment."""
    day = (cell.toordinal() - date(1970, 1, 1).toordinal()) * 24 * 60 * 60 * 10**6
    local = day + microseconds(cell.time())
    offset = cell.utcoffset()
    if cell.tzinfo is None or offset is None:
        return Moment("date", local)
    return Moment("date", local - offset // MICROSECOND, zone_name(cell.tzinfo))


def find_time_format(counts: Mapping[str, int]) -> TimeFormat | None:
    """Return how texts are dates or times of day, None if they are not.

    A few texts without a digit count as missing, as among numbers.

    Parameters
    ----------
    counts : mapping of str to int
        How often each text occurs.

    Examples
    --------
    >>> find_time_format({"29.02.2024": 1, "01.03.2024": 2, "unknown": 1})
    TimeFormat(kind='date', day_first=True, zone=None, markers=('unknown',))
    >>> find_time_format({"12:30": 1, "23:59": 1})[0], find_time_format({"5:10": 1, "2:00": 1})
    ('time', None)
    """
    texts, markers = _without_markers(counts)
    if not texts or sum(map(counts.__getitem__, texts)) < FEWEST_NUMBERS * sum(counts.values()):
        return None
    day_first, kinds, zones = find_day_first(texts), set[TimeKind](), set[str | None]()
    for text in texts:
        moment = parse_moment(text, day_first=day_first)
        if moment is None or not _is_sure(text, moment):
            return None
        kinds.add(moment.kind)
        zones.add(moment.zone)
    if len(kinds) > 1 or (None in zones and len(zones) > 1):
        return None
    return TimeFormat(kinds.pop(), day_first, common_zone(zones), markers)


def _without_markers(texts: Collection[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the texts with digits, none if they are too few, and those that may be missing."""
    markers = markers_of(texts)
    dates = [text for text in texts if not is_marker(text)]
    n_markers = len({text.strip().casefold() for text in markers})
    return (dates if len(dates) > 1 and n_markers <= MOST_MARKERS else []), markers


def are_dates(texts: Collection[str]) -> bool:
    """Return whether texts are dates or times of day, but for a few without a digit.

    Not all of them need follow one order, or be of one kind.

    Examples
    --------
    >>> are_dates(["2024-02-29", "29.02.2024 23:59", "Feb 29, 2024", "unknown"])
    True
    >>> are_dates(["1.2.3", "1.2.4"])
    False
    """
    dates, _ = _without_markers(texts)
    return bool(dates) and all(map(_is_date, dates))


def _is_date(text: str) -> bool:
    moment = parse_moment(text) or parse_moment(text, day_first=True)
    return moment is not None and _is_sure(text, moment)


def _is_sure(text: str, moment: Moment) -> bool:
    return moment.kind == "date" or _SURE_CLOCK.match(text.strip()) is not None


def find_day_first(texts: Collection[str]) -> bool:
    """Return whether dates have the day before the month, where both are numbers.

    What reads all of them, decides. Where both orders do, a number that is the same in all years
    is the day, as in the first of each month; else the day comes first but beside slashes.

    Examples
    --------
    >>> find_day_first(["13/01/2024", "01/02/2024"]), find_day_first(["01/13/2024"])
    (True, False)
    >>> find_day_first(["01/02/2024", "01/03/2025"]), find_day_first(["05/02/2024", "06/03/2024"])
    (True, False)
    """
    found = _numbers_of(texts)
    if not found or not is_either_order(texts):
        return bool(found) and not all(_is_read(text, day_first=False) for text in found)
    first, second, years = (
        {numbers[name] for numbers in found.values()} for name in ("first", "next", "year")
    )
    if len(years) > 1 and (len(first) == 1) != (len(second) == 1):
        return len(first) == 1
    return "/" not in {numbers["mark"] for numbers in found.values()}


def is_either_order(texts: Collection[str]) -> bool:
    """Return whether day and month of all dates may be swapped, and it would matter."""
    found = _numbers_of(texts)
    differ = any(int(own["first"]) != int(own["next"]) for own in found.values())
    return differ and all(
        _is_read(text, day_first=day_first) for text in found for day_first in (False, True)
    )


def _numbers_of(texts: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the numbers of those texts that begin with two, for day and month."""
    pattern = _calendars()[[*_CALENDARS].index("numbers")]
    matches = {text: pattern.fullmatch(text.strip()) for text in texts}
    return {text: match.groupdict() for text, match in matches.items() if match is not None}


def _is_read(text: str, *, day_first: bool) -> bool:
    return parse_moment(text, day_first=day_first) is not None


def common_zone(zones: Collection[str | None]) -> str | None:
    """Return by whose clocks dates of some zones are read: UTC's, unless there is one only."""
    return next(iter(zones)) if len(zones) == 1 else "UTC"
