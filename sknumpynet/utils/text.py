"""Text that stands for numbers or dates, and how it is recognised."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

__all__ = [
    "NumberFormat",
    "are_dates",
    "find_number_format",
    "is_marker",
    "odd_text",
    "parse_number",
]

# So many distinct texts without a digit may stand for missing numbers, spaces and case aside.
MOST_MARKERS = 8
# Of the cells so many are numbers at least.
FEWEST_NUMBERS = 0.25
# A category of which so many cells are numbers may be meant as one.
MANY_NUMBERS = 0.5
# Whole numbers that all have as many digits are codes from so many digits on.
FEWEST_DIGITS_OF_CODES = 5

_THOUSANDS = {".": ",", ",": "."}
_CURRENCIES = "$€£¥₹"
_SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_DIGITS = re.compile(r"\d")
_NOT_FINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)


@cache
def _numbers(decimal_mark: str) -> re.Pattern[str]:
    """Return the pattern of numbers; made where it is asked for, since it takes milliseconds."""
    mark, thousands = re.escape(decimal_mark), _THOUSANDS[decimal_mark]
    whole = rf"\d+|[1-9]\d{{0,2}}(?:[{thousands}'{_SPACES}]\d{{3}})+"
    return re.compile(
        rf"([+-]?)([{_CURRENCIES}]?)\s*([+-]?)"
        rf"((?:{whole})(?:{mark}\d*)?|{mark}\d+)((?:[eE][+-]?\d+)?)\s*([%{_CURRENCIES}]?)",
        re.ASCII,
    )


_MONTHS = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAY, _MONTH, _YEAR = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])", "(?:[0-9]{4}|[0-9]{2})"
# Beside a year of two digits, so that versions and sizes, 3.6.10 or 3-7-12, are none.
_TWO_DIGITS = r"(?=[0-9]{2}[-.][0-9]{2}[-.]|[0-9]{1,2}/|[0-9]+[-.][0-9]+[-.][0-9]{4})"
_TIME = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_SECONDS = r":[0-5][0-9](?:[.,][0-9]+)?"
_NOON, _ZONE = r"\s*[ap]\.?m\.?", r"\s*(?:z|utc|gmt|[+-][0-9]{2}:?[0-9]{2})"
_CLOCK = rf"{_TIME}(?:{_SECONDS})?(?:{_NOON})?(?:{_ZONE})?"
# By itself 5:10 may be a score; two digits, seconds or a half of the day make a time of it.
_ONLY_CLOCK = rf"(?:(?=[0-9]{{2}}:){_CLOCK}|{_TIME}(?:{_SECONDS})?{_NOON})"
_CALENDAR = (
    rf"[0-9]{{4}}([-/.]){_MONTH}\1{_DAY}"
    rf"|{_TWO_DIGITS}{_DAY}([-/.]){_MONTH}\2{_YEAR}"
    rf"|{_TWO_DIGITS}{_MONTH}([-/.]){_DAY}\3{_YEAR}"
    rf"|{_DAY}(?:\.|st|nd|rd|th)?[ -]{_MONTHS}\.?,?[ -]{_YEAR}"
    rf"|{_MONTHS}\.? {_DAY}(?:st|nd|rd|th)?,? {_YEAR}"
    rf"|{_MONTHS}[ -]{_YEAR}|[0-9]{{4}}-(?:0[1-9]|1[0-2])|[0-9]{{4}}-W[0-5][0-9]"
)


@cache
def _dates() -> re.Pattern[str]:
    """Return the pattern of dates and times of the day."""
    return re.compile(
        rf"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? )?(?:{_CALENDAR})(?:[T ,]+{_CLOCK})?"
        rf"|{_ONLY_CLOCK}",
        re.IGNORECASE,
    )


_BASIC_DATE = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?:T[0-9]{4,6}Z?)?")


class NumberFormat(NamedTuple):
    """How the text of a column is read as numbers.

    Parameters
    ----------
    decimal_mark : {'.', ','}
        The other, a space or an apostrophe may part thousands.
    markers : tuple of str
        Text that stands for a missing number.
    """

    decimal_mark: str
    markers: tuple[str, ...] = ()


def parse_number(text: str, decimal_mark: str) -> float | None:
    """Return the number that text stands for, None if it is not one.

    Parameters
    ----------
    text : str
        May have a currency's symbol, signs of thousands, an exponent; of per cent a hundredth.
    decimal_mark : {'.', ','}

    Examples
    --------
    >>> [parse_number(text, ".") for text in ("-$1,234.5", " 5% ", "1e3", "20+")]
    [-1234.5, 0.05, 1000.0, None]
    >>> parse_number("1.234,5", ",")
    1234.5
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if _NOT_FINITE.fullmatch(text):
        return float(text)
    match = _numbers(decimal_mark).fullmatch(text)
    if match is None:
        return None
    sign, prefix, inner_sign, digits, exponent, suffix = match.groups()
    if (sign and inner_sign) or (prefix and suffix and suffix != "%"):
        return None
    digits = re.sub(r"[^\d.,]", "", digits)
    thousands = "," if decimal_mark == "." else "."
    digits = digits.replace(thousands, "").replace(decimal_mark, ".")
    number = float(f"{sign or inner_sign}{digits}{exponent}")
    return number / 100 if suffix == "%" else number


def find_number_format(counts: Mapping[str, int], n_numbers: int = 0) -> NumberFormat | None:
    """Return how texts are numbers, None if they are not or are meant as text.

    Meant as text are numbers with leading zeros and whole numbers that all have the same five or
    more digits, such as postal codes. A few texts without a digit count as missing numbers.

    Parameters
    ----------
    counts : mapping of str to int
        How often each text occurs.
    n_numbers : int
        Cells beside them that are numbers already.

    Examples
    --------
    >>> find_number_format({"1.5": 1, "2": 4, "?": 1})
    NumberFormat(decimal_mark='.', markers=('?',))
    >>> find_number_format({"01234": 1, "12345": 1}) is None
    True
    """
    markers = tuple(sorted(text for text in counts if is_marker(text)))
    n_markers = len({marker.strip().casefold() for marker in markers})
    numbers = [text for text in counts if not is_marker(text)]
    n_cells = n_numbers + sum(counts.values())
    n_numbers += sum(counts[text] for text in numbers)
    if n_markers > MOST_MARKERS or n_numbers < FEWEST_NUMBERS * n_cells:
        return None
    if _are_codes(numbers):
        return None
    if len({symbol for text in numbers for symbol in text if symbol in _CURRENCIES}) > 1:
        return None
    for decimal_mark in _THOUSANDS:
        if all(parse_number(text, decimal_mark) is not None for text in numbers):
            return NumberFormat(decimal_mark, markers)
    return None


def odd_text(counts: Mapping[str, int], n_numbers: int = 0) -> str | None:
    """Return a text that is no number where most are; None if few are, or all are codes.

    Examples
    --------
    >>> odd_text({"18": 2, "19": 3, "20+": 1})
    '20+'
    """
    read = {text for text in counts for mark in _THOUSANDS if parse_number(text, mark) is not None}
    n_cells = n_numbers + sum(counts.values())
    n_numbers += sum(counts[text] for text in read)
    odd = sorted(set(counts) - read, key=is_marker)
    if not odd or n_numbers < MANY_NUMBERS * n_cells or (read and _are_codes(read)):
        return None
    return odd[0]


def are_dates(texts: Collection[str]) -> bool:
    """Return whether texts are dates or times of day, but for a few without a digit.

    Examples
    --------
    >>> are_dates(["2024-02-29", "29.02.2024 23:59", "Feb 29, 2024", "unknown"])
    True
    >>> are_dates(["1.2.3", "1.2.4"])
    False
    """
    dates = [text for text in texts if not is_marker(text)]
    n_markers = len(texts) - len(dates)
    return len(dates) > 1 and n_markers <= MOST_MARKERS and all(map(_is_date, dates))


def is_marker(text: str) -> bool:
    """Return whether text without a digit may stand for a missing number."""
    return _DIGITS.search(text) is None and _NOT_FINITE.fullmatch(text.strip()) is None


def _are_codes(texts: Collection[str]) -> bool:
    if any(re.match(r"\s*[+-]?0\d", text) for text in texts):
        return True
    lengths = {len(text.strip()) for text in texts}
    return (
        len(lengths) == 1
        and min(lengths) >= FEWEST_DIGITS_OF_CODES
        and all(text.strip().isdecimal() for text in texts)
    )


def _is_date(text: str) -> bool:
    text = text.strip()
    if _dates().fullmatch(text):
        return True
    basic = _BASIC_DATE.fullmatch(text)
    if basic is None:
        return False
    try:
        date(*map(int, basic.groups()))
    except ValueError:
        return False
    return True
