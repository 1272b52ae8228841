"""What a table may not hold, and how that is said."""

import datetime
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from helpers.tables import DAY, HOUR, MIDNIGHT, NAN, OTHER_MAKERS, column, fit
from scipy import sparse

pd = pytest.importorskip("pandas")

pl = pytest.importorskip("polars")

pytestmark = pytest.mark.oldest


@pytest.mark.parametrize("make", ["Arrow", "record batch", "speaks Arrow", "Dask", "polars"])
@pytest.mark.parametrize(
    ("cells", "kind", "message"),
    [
        ([MIDNIGHT, None], TypeError, "'when' must hold numbers, got the date or time 2024"),
        ([DAY, None], TypeError, "'when' must hold numbers, got the date or time 2024"),
        ([1.0, math.inf], ValueError, "'when' contains infinity: inf in row 1"),
        ([[1], [2]], TypeError, "'when'"),
    ],
)
def test_errors_call_columns_by_name(make, cells, kind, message):
    frame = pd.DataFrame({"when": pd.Series(cells, dtype=object if cells[0] is DAY else None)})
    if make == "Dask" and frame["when"].dtype == object:
        pytest.skip("it makes text of objects")
    with pytest.raises(kind, match=message):
        fit(OTHER_MAKERS[make](frame), column_kinds={"when": "number"})


MIXTURES = {
    "a number": (1.5, DAY),
    "a boolean": (DAY, True),
    "a time": (DAY, datetime.time(5)),
    "a duration": (MIDNIGHT, HOUR),
    "NumPy's": (np.datetime64("2024-02-29", "ns"), 5),
    "many words": (*[DAY] * 20, *"abcdefghi"),
    "mostly words": (DAY, *"abab"),
}


@pytest.mark.parametrize("cells", MIXTURES.values(), ids=MIXTURES)
def test_dates_beside_other_cells(cells):
    with pytest.raises(TypeError, match="Column 'x0' holds dates or times beside other cells, got"):
        fit(column(*cells))


FROM_DATES = {
    "a number": (column(5.0), TypeError, "'x0' must hold dates, got 5.0 of type float"),
    "numbers": ([[5.0]], TypeError, "'x0' must hold dates, got 5.0 of type float"),
    "text": (column("20+"), ValueError, "'x0' must hold dates, got '20\\+'; text is read with the"),
    "a time": (column(datetime.time(5)), TypeError, "'x0' must hold dates, got datetime.time"),
    "durations": (np.array([[5]], "m8[s]"), TypeError, "'x0' must hold dates, got .*timedelta64"),
    "a zone": (
        pd.DataFrame([pd.Timestamp("2024-02-29", tz="UTC")]).to_numpy(),
        ValueError,
        "'x0' must hold dates without a time zone, got Timestamp",
    ),
    "out of range": (np.array([["300000-01-01"]], "M8[D]"), ValueError, "'x0' .* out of range"),
}


@pytest.mark.parametrize(("X", "kind", "message"), FROM_DATES.values(), ids=FROM_DATES)
def test_what_is_no_date_in_a_column_of_dates(X, kind, message):
    model = fit(column(DAY, MIDNIGHT + 9 * HOUR))
    with pytest.raises(kind, match=message):
        model.transform(X)


@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
@pytest.mark.parametrize(
    "make",
    [
        lambda cells: np.array([cells, cells]).T,
        lambda cells: pd.DataFrame({"a": cells, "x1": cells}),
        lambda cells: pl.DataFrame({"a": cells, "x1": cells}),
        lambda cells: np.array([cells, cells], dtype=object).T,
    ],
)
def test_infinity(make, infinity):
    good, bad = make([1.0, 2.0, NAN]), make([1.0, infinity, NAN])
    with pytest.raises(ValueError, match=r"Column '(a|x0)' contains infinity: -?inf in row 1"):
        fit(bad)
    with pytest.raises(ValueError, match=r"Column '(a|x0)' contains infinity"):
        fit(good).transform(bad)


MESSY = {
    "dict": (column({"a": 1}, 2), TypeError, "argument must be .* strings and numbers.*'a': 1"),
    "list": (column("a", [1, 2]), TypeError, r"got \[1, 2\] of type list in column 'x0'"),
    "tuple": (column("a", (1, 2)), TypeError, r"got \(1, 2\) of type tuple"),
    "bytes": (np.array([[b"a"]]), TypeError, "got b'a' of type bytes"),
    "complex cells": (column(1j, 2), ValueError, "Complex data not supported.*1j.*'x0'"),
    "complex": (np.array([[1j]]), ValueError, "Complex data not supported"),
    "complex frame": (pd.DataFrame({"c": [1j]}), ValueError, "Complex data not supported.*'c'"),
    "too large": (column(10**400, 1), ValueError, "'x0' holds a number that is infinity"),
    "too large beside text": (column("a", Fraction(10**400, 3)), ValueError, "'x0' holds a number"),
    "infinite decimal": (column(1.0, Decimal("inf")), ValueError, "'x0' contains infinity"),
    "wider than double": (column(1.0, np.longdouble("1e4000")), ValueError, "contains infinity"),
    "ragged": ([[1.0, 2.0], [3.0]], ValueError, "as many cells in every row"),
    "lists in lists": ([[[1, 2]], [1.0]], ValueError, "a single value in each"),
    "one name twice": (
        pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]),
        ValueError,
        "got 2 of name 'a'",
    ),
    "sparse": (sparse.csr_matrix(np.eye(3)), TypeError, "dense data is required"),
    "sparse array": (sparse.coo_array(np.eye(3)), TypeError, "dense data is required"),
    "1-d": (np.arange(3), ValueError, "Expected 2D array, got 1D array"),
    "list of text": (["a", "b"], ValueError, "Expected 2D array, got 1D array"),
    "Series": (pd.Series([1, 2]), ValueError, "Expected 2D array, got 1D array"),
    "class": (pd.DataFrame, ValueError, "Expected 2D array"),
    "polars class": (pl.DataFrame, ValueError, "Expected 2D array"),
    "3-d": (np.zeros((2, 2, 2)), ValueError, "3"),
    "no rows": (np.zeros((0, 2)), ValueError, r"0 sample\(s\)"),
    "no columns": (np.zeros((2, 0)), ValueError, r"0 feature\(s\)"),
    "pandas no rows": (pd.DataFrame({"a": []}), ValueError, r"0 sample\(s\) \(shape=\(0, 1\)\)"),
    "pandas no columns": (pd.DataFrame(index=[1]), ValueError, r"0 feature\(s\)"),
    "polars no rows": (pl.DataFrame({"a": []}), ValueError, r"0 sample\(s\)"),
    "polars lists": (pl.DataFrame({"a": [[1], [2]]}), TypeError, r"got \[1\] of type list"),
}


@pytest.mark.parametrize(("X", "kind", "message"), MESSY.values(), ids=MESSY)
def test_messy_input(X, kind, message):
    with pytest.raises(kind, match=message):
        fit(X)


@pytest.mark.parametrize("cell", ["text", DAY, (1, 2), 1j])
def test_what_is_no_number_in_a_numerical_column(cell):
    with pytest.raises((TypeError, ValueError), match="'x0'"):
        fit([[1], [2]]).transform(column(1, cell))
    with pytest.raises((TypeError, ValueError), match="'x0'"):
        fit(column(1, cell), categorical_features=None)
