"""Text that stands for numbers, by tables of what people write."""

import math

import pytest

from sknumpynet.utils.text import NumberFormat, find_number_format, parse_number

NUMBERS = {
    "7": 7.0,
    " 7 ": 7.0,
    "-7.25": -7.25,
    "+.5": 0.5,
    "5.": 5.0,
    "0": 0.0,
    "1,234.5": 1234.5,
    "12,345,678": 12345678.0,
    "1 234": 1234.0,
    "1\N{NO-BREAK SPACE}234.5": 1234.5,
    "1'234": 1234.0,
    "1.5e-3": 0.0015,
    "2E10": 2e10,
    "$5": 5.0,
    "-$5.50": -5.5,
    "$-5.50": -5.5,
    "5 €": 5.0,
    "5%": 0.05,
    "12.5 %": 0.125,
    "\N{MINUS SIGN}3": -3.0,
    "inf": math.inf,
    "-Infinity": -math.inf,
}
NO_NUMBERS = ["", " ", "?", "-", "NA", "nan", "20+", "1st", "A12", "12A", "--5", "-$-5", "$5$"]
NO_NUMBERS += [
    "1,23",
    "0,123",
    "12,34,567",
    "1.2.3",
    "1_000",
    "0x1f",
    "5%%",
    "\N{ARABIC-INDIC DIGIT ONE}",
    "1e",
    "e5",
    ".",
    "+",
    "$",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers(text):
    assert parse_number(text, ".") == NUMBERS[text]
    swapped = text.translate(str.maketrans(",.", ".,"))
    assert parse_number(swapped, ",") == NUMBERS[text]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_no_numbers(text):
    assert parse_number(text, ".") is None
    assert parse_number(text.translate(str.maketrans(",.", ".,")), ",") is None


FORMATS = {
    "plain": (["1", "2.5"], "."),
    "thousands": (["1,234", "56"], "."),
    "decimal commas": (["3,14", "1.234,5"], ","),
    "a decimal comma among what may be thousands": (["1,234", "3,14"], ","),
    "per cent": (["5%", "7.5%"], "."),
    "one currency": (["$5", "$7.50"], "."),
    "several currencies": (["$5", "€5"], None),
    "both decimal marks": (["3,14", "3.1415"], None),
    "leading zeros": (["01234", "99999"], None),
    "leading zeros of any length": (["007", "12"], None),
    "five digits": (["12345", "54321"], None),
    "eight digits": (["12345678", "87654321"], None),
    "four digits": (["1234", "4321"], "."),
    "digits of several lengths": (["12345", "543210"], "."),
    "five digits with decimals": (["12345.5", "54321.5"], "."),
    "open-ended": (["18", "20+"], None),
    "words": (["red", "green"], None),
    "codes with letters": (["A1", "B2"], None),
}


@pytest.mark.parametrize(("texts", "mark"), FORMATS.values(), ids=FORMATS)
def test_formats(texts, mark):
    expected = None if mark is None else NumberFormat(mark)
    assert find_number_format(dict.fromkeys(texts, 1)) == expected


MARKERS = ["?", "", " ", "-", "NA ", "unknown", "n/a", "nan", "None", "#N/A", "not known"]


@pytest.mark.parametrize("marker", MARKERS)
def test_markers(marker):
    counts = {"1.5": 3, "2": 3, marker: 2}
    assert find_number_format(counts) == NumberFormat(".", (marker,))
    assert find_number_format({marker: 2}, n_numbers=5) == NumberFormat(".", (marker,))


def test_numbers_are_more_than_a_few_among_text():
    assert find_number_format({"1": 5, "a": 2, "b": 2, "c": 2, "d": 2, "e": 2}) is not None
    assert find_number_format(dict.fromkeys("1abc", 1)) is not None
    assert find_number_format({"1": 9, **dict.fromkeys("abcdefghi", 1)}) is None
    assert find_number_format({"1": 9, "NA": 1, "na ": 1, "?": 1, "": 1, " ": 1}) is not None
    assert find_number_format({"1": 1, "none": 100}) is None
