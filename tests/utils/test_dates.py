"""Text that stands for dates or times, by tables of what people write, and by pandas."""

import datetime

import numpy as np
import pytest

from sknumpynet.utils.dates import (
    are_dates,
    find_day_first,
    find_time_format,
    is_either_order,
    parse_moment,
)

pd = pytest.importorskip("pandas")

DATES = [
    "2024-02-29",
    "2024-2-9",
    "2024/02/29",
    "29.02.2024",
    "2/29/24",
    "29-02-2024",
    "2024-02-29T12:30",
    "2024-02-29 12:30:59.123Z",
    "2024-02-29T12:30:59+01:00",
    "Feb 29, 2024",
    "29 February 2024",
    "29-Feb-24",
    "Thu, 29 Feb 2024 12:30:59 GMT",
    "20240229",
    "12:30",
    "1:05 pm",
    "01.02.24",
    "2024-03",
    "Mar 2024",
    "Mar-24",
    "2024-W09",
    "20240229T123059Z",
]
NO_DATES = ["1.5", "1.2.3", "12345678", "20249999", "2024", "192.168.0.1", "555-1234", "99-99-9999"]
NO_DATES += ["3.6.10", "3-7-12", "5:10", "25:10", "12:75"]
NO_DATES += ["May", "Monday", "", "red"]


@pytest.mark.parametrize("text", DATES)
def test_dates(text):
    assert are_dates([text, "2023-01-01"])
    assert are_dates([text, "2023-01-01", "unknown", ""])


@pytest.mark.parametrize("text", NO_DATES)
def test_no_dates(text):
    assert not are_dates([text, "1999"])
    assert not are_dates([text])


INSTANTS = [
    "2024-02-29T12:30",
    "2024-02-29 12:30:59.1234567",
    "2024-02-29T12:30:59+01:00",
    "2024/2/9 3:05",
    "20240229",
    "20240229T123059Z",
    "Feb 29, 2024",
    "29 February 2024 1:05 pm",
    "29-Feb-2024",
    "Thu, 29 Feb 2024 12:30:59 GMT",
    "2/29/2024 12:30 PM",
    "29.02.2024 23:59",
    "02/03/2024",
    "Mar 2024",
    "2024-03",
    "1900-01-01",
]


@pytest.mark.filterwarnings("ignore::UserWarning")  # of orders, by pandas
@pytest.mark.parametrize("day_first", [False, True])
@pytest.mark.parametrize("text", INSTANTS)
def test_text_is_the_instant_that_pandas_reads(text, day_first):
    moment = parse_moment(text, day_first=day_first)
    if moment is None:  # a number above 12, which tells pandas the order whatever it is told
        assert is_either_order([text]) is False
        assert parse_moment(text, day_first=not day_first) is not None
        return
    theirs = pd.to_datetime(text, dayfirst=day_first and text[:4] != "2024")
    assert moment.kind == "date"
    assert (moment.zone is None) == (theirs.tzinfo is None)
    assert moment.microseconds == theirs.as_unit("us").asm8.astype(np.int64)


def test_weeks_begin_on_monday():
    assert parse_moment("2024-W09") == parse_moment("2024-02-26")


@pytest.mark.parametrize(
    ("text", "hours"), {"0:30": 0.5, "12:00 am": 0, "12:30 pm": 12.5, "23:59:60": None}.items()
)
def test_times_of_day(text, hours):
    moment = parse_moment(text)
    assert (moment and moment.microseconds / 3600e6) == hours


def test_years_of_two_digits_are_of_the_century_that_posix_has():
    years = [
        datetime.date.fromtimestamp(parse_moment(f"1/1/{k:02}")[1] / 1e6).year for k in (0, 68)
    ]
    assert years == [2000, 2068]
    assert parse_moment("1/1/69") == parse_moment("1969-01-01")


ORDERS = {
    "a day above 12": (["13/02/2024", "01/02/2024"], True, False),
    "a month second": (["02/13/2024", "01/02/2024"], False, False),
    "neither": (["02/13/2024", "13/02/2024"], True, False),
    "slashes": (["05/02/2024", "06/03/2024"], False, True),
    "full stops": (["05.02.2024", "06.03.2024"], True, True),
    "hyphens": (["05-02-2024", "06-03-2024"], True, True),
    "the first of months": (["01/02/2024", "01/03/2024", "01/03/2025"], True, True),
    "the first of months, after": (["02/01/2024", "03/01/2024", "03/01/2025"], False, True),
    "one year": (["01/02/2024", "01/03/2024"], False, True),
    "the same either way": (["01/01/2024", "02/02/2024"], False, False),
    "the year first": (["2024-02-03", "2024-03-04"], False, False),
    "beside another form": (["2024-02-03", "13/04/2024"], True, False),
}


@pytest.mark.parametrize(("texts", "day_first", "is_either"), ORDERS.values(), ids=ORDERS)
def test_what_comes_first(texts, day_first, is_either):
    assert find_day_first(texts) == day_first
    assert is_either_order(texts) == is_either


TIME_KINDS = {
    "dates": (["2024-02-03", "13/04/2024", "?"], "date"),
    "times": (["12:30", "01:15"], "time"),
    "both": (["12:30", "2024-02-03"], None),
    "two orders": (["13/02/2024", "02/13/2024"], None),
    "zones": (["2024-02-03T12Z", "2024-02-03 12:00+01:00"], "date"),
    "zones and none": (["2024-02-03 12:00Z", "2024-02-03 12:00"], None),
    "one": (["2024-02-03"], None),
    "mostly markers": (["2024-02-03", "2024-02-04", *["?", "a", "b", "c", "d", "e", "f"]], None),
    "no such day": (["2024-02-30", "2024-02-04"], None),
    "codes with a date": (["2024-02-03-12", "2024-02-03-13"], None),
}


@pytest.mark.parametrize(("texts", "kind"), TIME_KINDS.values(), ids=TIME_KINDS)
def test_kinds_of_text(texts, kind):
    found = find_time_format(dict.fromkeys(texts, 1))
    assert (found and found.kind) == kind
