"""The functions in C against what they stand for."""

import ctypes
import datetime
from importlib.resources import files

import numpy as np
import pytest
from helpers.c_models import compiled, needs_gcc
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.export.c.library import needed_functions
from sknumpynet.utils.columns.cells import plain_level
from sknumpynet.utils.encoding.dates import circle, part_of
from sknumpynet.utils.encoding.scaling import interpolated_ranks, rank_knots, smooth_clip

pytestmark = needs_gcc


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """All functions, visible."""
    folder = tmp_path_factory.mktemp("library")
    text = files("sknumpynet.export.c").joinpath("functions.c").read_text()
    (folder / "functions.c").write_text(text.replace("\nstatic ", "\n"))
    loose = ["-Wno-missing-prototypes"]
    return compiled(folder / "functions.c", folder / "functions.so", *loose)


def mapped(library, name, x, *arguments):
    """Return a function from a double to a double for each of x."""
    function = getattr(library, name)
    function.restype = ctypes.c_double
    return np.array([function(ctypes.c_double(own), *arguments) for own in x])


def doubles(x):
    return (ctypes.c_double * len(x))(*x)


NUMBERS = np.concatenate(
    [
        np.linspace(-50, 50, 2_001),
        [0.0, -0.0, 2.0, -2.0, 1e-300, 710.0, -745.0, 800.0, -800.0, 1e300, -1e300],
    ]
)


@pytest.mark.parametrize("name", [own for own in ACTIVATIONS if own not in {"identity", "tanh"}])
def test_activations(name, library):
    expected = NUMBERS.copy()
    with np.errstate(all="ignore"):
        ACTIVATIONS[name].apply(expected)
    assert_allclose(mapped(library, name, NUMBERS), expected, rtol=1e-13, atol=1e-300)
    assert np.isnan(mapped(library, name, [np.nan])).all()


DAYS = np.concatenate(
    [
        np.random.default_rng(0).uniform(-1e6, 1e6, 3_000),
        np.arange(-800.0, 1_700.0),
        [-1e8, 1e8, 10_956.999_999, -0.25, np.nan],
    ]
)


@pytest.mark.parametrize("part", ["year", "month", "day", "weekday", "hour"])
def test_parts_of_dates(part, library):
    assert_array_equal(mapped(library, f"{part}_of", DAYS), part_of(DAYS, part))


@pytest.mark.parametrize("part", ["year", "month", "day"])
@pytest.mark.parametrize("days", [np.inf, -np.inf, 1e300, -1e300, 1e9])
def test_what_no_date_is_is_missing(days, part, library):
    assert np.isnan(mapped(library, f"{part}_of", [days])).all()


def test_days_of_dates(library):
    library.days_since_1970.restype = ctypes.c_double
    first = datetime.datetime(1970, 1, 1)
    for days in np.random.default_rng(0).integers(-300_000, 300_000, 2_000).tolist():
        moment = first + datetime.timedelta(days=days, seconds=days % 86_400)
        found = library.days_since_1970(
            moment.year, moment.month, moment.day, ctypes.c_double(days % 86_400)
        )
        assert found == (moment - first) / datetime.timedelta(days=1)


def test_circles(library):
    turns, point = np.array([0.0, 0.25, 0.7, np.nan]), doubles([0, 0])
    for turn, expected in zip(turns, circle(turns), strict=True):
        library.circle(ctypes.c_double(turn), point)
        assert_allclose(list(point), expected, rtol=1e-15)


HUGE = np.array([1.79e308, -1.79e308, 1e200, -1e200, 0.0, 3.0, -0.5, 5e-324, np.nan])


def test_scaled_numbers(library, rng):
    x = np.append(rng.normal(size=100), HUGE)
    found = mapped(library, "scaled", x, ctypes.c_double(0.1), ctypes.c_double(0.7))
    halves = (x * 0.5 - 0.1) / 0.7
    expected = np.where(np.isnan(x), 0.0, smooth_clip(halves))
    assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("known", ["ties", "many", "two", "huge"])
def test_ranks(known, library, rng):
    numbers = {
        "ties": rng.integers(0, 9, 100) * 0.3,
        "many": rng.lognormal(size=2_000),
        "two": np.array([1.0, 2.0]),
        "huge": np.array([-1.7e308, 0.0, 1.7e308]),
    }[known]
    knots, heights = rank_knots(numbers * 0.5)
    x = np.concatenate([numbers, np.nextafter(numbers, np.inf), rng.normal(size=500), HUGE])
    tables = doubles(knots), doubles(heights), len(knots)
    expected = interpolated_ranks(x[:, np.newaxis] * 0.5, [(knots, heights)])[:, 0]
    assert_allclose(mapped(library, "rank", x, *tables), expected, rtol=1e-12, atol=1e-14)


def test_levels_that_are_numbers(library):
    levels = [-3, 0, float(np.float32(0.1)), 0.25, 1, 7, 16_777_216, 16_777_217, 2**53]
    codes = (ctypes.c_int * len(levels))(*range(1, len(levels) + 1))
    shown = [*levels, 0.1, 0.1 + 1e-10, 16_777_216.3, 2, -np.inf, np.nan, 1e300]
    known = {plain_level(level, "x"): code for code, level in enumerate(levels, start=1)}
    for x in shown:
        found = library.code_of_number(ctypes.c_double(x), doubles(levels), codes, len(levels))
        assert found == (0 if x != x else known.get(plain_level(float(x), "x"), 0)), x


def test_levels_that_are_text(library):
    levels = [b"", b"a", b"ab", b"b", "é".encode()]
    table, codes = (ctypes.c_char_p * 5)(*levels), (ctypes.c_int * 5)(5, 4, 3, 2, 1)
    for text, code in zip([*levels, b"aa", b"\xff", None], [5, 4, 3, 2, 1, 0, 0, 0], strict=True):
        assert library.code_of_text(text, table, codes, 5) == code


def test_no_more_than_is_needed():
    code = 'scale(p); /* softmax(raw) */ puts("relu(x)"); row->elu;'
    assert needed_functions(code).count("static ") == 1
    assert needed_functions("rank(x)").count("static ") == 1
    assert needed_functions("month_of(x)").count("\nstatic double ") == 4
