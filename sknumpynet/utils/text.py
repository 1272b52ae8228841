"""Text that stands for numbers, and how it is recognised."""

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

__all__ = [
    "FEWEST_NUMBERS",
    "MOST_MARKERS",
    "NumberFormat",
    "find_number_format",
    "is_marker",
    "markers_of",
    "number_format_of",
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
    n_markers = len({marker.strip().casefold() for marker in markers_of(counts)})
    numbers = [text for text in counts if not is_marker(text)]
    n_cells = n_numbers + sum(counts.values())
    n_numbers += sum(counts[text] for text in numbers)
    if n_markers > MOST_MARKERS or n_numbers < FEWEST_NUMBERS * n_cells:
        return None
    if _are_codes(numbers):
        return None
    if len({symbol for text in numbers for symbol in text if symbol in _CURRENCIES}) > 1:
        return None
    return number_format_of(counts)


def number_format_of(texts: Collection[str]) -> NumberFormat | None:
    """Return what reads all texts with a digit as numbers, whatever they are meant as.

    Examples
    --------
    >>> number_format_of(["01234", "12345", "?"])
    NumberFormat(decimal_mark='.', markers=('?',))
    """
    numbers = [text for text in texts if not is_marker(text)]
    for decimal_mark in _THOUSANDS:
        if all(parse_number(text, decimal_mark) is not None for text in numbers):
            return NumberFormat(decimal_mark, markers_of(texts))
    return None


def markers_of(texts: Collection[str]) -> tuple[str, ...]:
    """Return the texts that stand for missing numbers."""
    return tuple(sorted(filter(is_marker, texts)))


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
