"""`TabularPreprocessor` against a slow and obvious version, on tables of every make."""

import datetime
import io
import itertools
import math
import pickle
import random
import re
import statistics
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import rankdata
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.columns import read_columns
from sknumpynet.utils.text import parse_number

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

NAN = float("nan")
DAY = datetime.date(2024, 2, 29)
MIDNIGHT = datetime.datetime(2024, 2, 29)
HOUR = datetime.timedelta(hours=1)


def fit(X, **parameters):
    return TabularPreprocessor(**{"dtype": "float64", "ranks": False} | parameters).fit(X)


def fit_transform(X, **parameters):
    return fit(X, **parameters).transform(X)


def column(*cells):
    """Return an array of objects with one column."""
    X = np.empty((len(cells), 1), dtype=object)
    X[:, 0] = cells
    return X


# The slow version: a table is a dict of lists of plain cells, None is missing.


def slow_transform(train, test, categories, max_one_hot):
    """Return names and rows, cell by cell."""
    numerical, plain, codes = [], [], []
    for name in train:
        if name in categories:
            group, encoded = slow_category(name, train[name], test[name], max_one_hot)
            (codes if group == "codes" else plain).extend(encoded)
        else:
            scaled, flags = slow_number(name, train[name], test[name])
            numerical += scaled
            plain += flags
    named_columns = numerical + plain + codes
    n_rows = len(next(iter(test.values())))
    rows = [[values[i] for _, values in named_columns] for i in range(n_rows)]
    return [name for name, _ in named_columns], rows


def slow_number(name, train, test):
    known = [cell for cell in train if cell is not None]
    if not known:
        return [], []
    scaled = []
    if min(known) < max(known):
        lower, median, upper = statistics.quantiles(known, n=4, method="inclusive")
        scale = upper - lower
        if scale == 0:
            scale = 1.5 * statistics.median(abs(cell - median) for cell in known if cell != median)
        values = []
        for cell in test:
            x = 0.0 if cell is None else (cell - median) / scale
            values.append(x / math.sqrt(1 + (x / 3) ** 2))
        scaled = [(name, values)]
    flags = []
    if len(known) < len(train):
        flags = [(f"{name}_missing", [float(cell is None) for cell in test])]
    return scaled, flags


def slow_category(name, train, test, max_one_hot):
    levels = []
    for cell in train:
        if cell is not None and cell not in levels:
            levels.append(cell)
    levels.sort()
    if max_one_hot is not None and len(levels) > max_one_hot:
        levels = [level for level in levels if train.count(level) > 1]
    if not levels:
        return "plain", []
    if len(levels) == 1:
        if None not in train:
            return "plain", []
        return "plain", [(f"{name}_{levels[0]}", [float(cell == levels[0]) for cell in test])]
    if len(levels) == 2:
        sign = {levels[0]: -1.0, levels[1]: 1.0}
        return "plain", [(f"{name}_{levels[1]}", [sign.get(cell, 0.0) for cell in test])]
    if max_one_hot is None or len(levels) <= max_one_hot:
        return "plain", [
            (f"{name}_{level}", [float(cell == level) for cell in test]) for level in levels
        ]
    return "codes", [
        (name, [float(levels.index(cell) + 1 if cell in levels else 0) for cell in test])
    ]


def random_table(rng, n_rows, kinds):
    """Return a table with a column for each kind; each has its own share of missing cells."""
    draw = {
        "float": lambda: rng.lognormvariate(0, 3),
        "int": lambda: rng.randint(-5, 5),
        "nearly_constant": lambda: float(rng.random() < 0.1),
        "constant": lambda: 7.0,
        "bool": lambda: rng.random() < 0.3,
        "one": lambda: "only",
        "two": lambda: rng.choice(["no", "yes"]),
        "few": lambda: rng.choice(["a", "nan", "", "None", "d"]),
        "many": lambda: f"level {rng.randint(1, 15)}",
        "rare": lambda: f"id {rng.randint(1, 40)}",
        "nothing": lambda: None,
    }
    table = {}
    for place, kind in enumerate(kinds):
        share = rng.choice([0, 0, 0.1, 0.5])
        table[f"{kind}_{place}"] = [
            None if rng.random() < share else draw[kind]() for _ in range(n_rows)
        ]
    return table


CATEGORIES = ("bool", "one", "two", "few", "many", "rare")
KINDS = ["float", "int", "nearly_constant", "constant", "nothing", *CATEGORIES]


def to_objects(table):
    X = np.empty((len(next(iter(table.values()))), len(table)), dtype=object)
    for k, cells in enumerate(table.values()):
        X[:, k] = cells
    return X


def pandas_dtypes(table, **dtypes):
    """Return a DataFrame with a dtype for each kind of column."""
    chosen = {name: dtypes.get(name.rsplit("_", 1)[0], dtypes["text"]) for name in table}
    return pd.DataFrame(
        {name: pd.Series(cells, dtype=chosen[name]) for name, cells in table.items()}
    )


NUMBERS = dict.fromkeys(("float", "int", "nearly_constant", "constant", "nothing"), "float64")
NULLABLE = {**dict.fromkeys(NUMBERS, "Float64"), "int": "Int64", "bool": "boolean"}
POLARS_TEXT = {"two": pl.Categorical, "few": pl.Categorical, "many": pl.String}


def to_polars(table):
    kinds = {name: name.rsplit("_", 1)[0] for name in table}
    dtypes = {
        "int": pl.Int16,
        "nothing": pl.Null,
        "bool": pl.Boolean,
        **dict.fromkeys(["float", "constant", "nearly_constant"], pl.Float64),
        **POLARS_TEXT,
        "rare": pl.Enum([f"id {k}" for k in range(50, 0, -1)]),
    }
    return pl.DataFrame(
        {
            name: pl.Series(cells, dtype=dtypes.get(kinds[name], pl.String))
            for name, cells in table.items()
        }
    )


MAKERS = {
    "objects": to_objects,
    "lists": lambda table: [list(row) for row in zip(*table.values(), strict=True)],
    "polars": to_polars,
    "pandas inferred": pd.DataFrame,
    "pandas object": lambda table: pd.DataFrame(table, dtype=object),
    "pandas category": lambda table: pandas_dtypes(table, text="category", **NUMBERS),
    "pandas nullable": lambda table: pandas_dtypes(table, text="string[python]", **NULLABLE),
}
ARROW = {**dict.fromkeys(NUMBERS, "double[pyarrow]"), "int": "int8[pyarrow]"}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("max_one_hot", [2, 9, None])
@pytest.mark.parametrize("make", MAKERS)
def test_it_is_the_slow_version(make, max_one_hot, seed):
    rng = random.Random(seed)
    kinds = rng.sample(KINDS * 2, 14)
    train, test = random_table(rng, 61, kinds), random_table(rng, 31, kinds)
    categories = [name for name in train if name.startswith(CATEGORIES)]
    names, rows = slow_transform(train, test, categories, max_one_hot)
    model = fit(MAKERS[make](train), max_one_hot=max_one_hot)
    out = model.transform(MAKERS[make](test))
    np.testing.assert_allclose(out, rows, rtol=1e-12, atol=1e-13)
    given = None if hasattr(model, "feature_names_in_") else list(train)
    assert model.get_feature_names_out(given).tolist() == names
    assert out.shape[1] == model.n_features_out_
    n_codes = len(model.n_levels_)
    assert model.n_numerical_ + model.n_plain_ + n_codes == model.n_features_out_
    assert (out[:, model.n_features_out_ - n_codes :].max(initial=0) < 41).all()


def ranks(model, X):
    """Return the ranks of a table's one column."""
    return model.transform(X)[:, 1]


def height(rank):
    return statistics.NormalDist().inv_cdf(min(max(rank, 1e-3), 1 - 1e-3))


@pytest.mark.parametrize("kind", ["float", "int", "nearly_constant"])
def test_ranks_of_the_training_data_are_scipys(kind):
    cells = random_table(random.Random(0), 200, [kind])[f"{kind}_0"]
    known = np.array([cell for cell in cells if cell is not None], dtype=float)
    model = fit(known[:, np.newaxis], ranks=True)
    assert model.get_feature_names_out().tolist() == ["x0", "x0_rank"]
    expected = [height(rank) for rank in (rankdata(known) - 0.5) / len(known)]
    np.testing.assert_allclose(ranks(model, known[:, np.newaxis]), expected, atol=1e-12)


def test_ranks_slowly():
    model = fit([[cell] for cell in [1.0, 5.0, 5.0, 5.0, 11.0]], ranks=True)
    low, middle, high = height(0.5 / 5), height(2.5 / 5), height(4.5 / 5)
    cells = {
        5.0: middle,
        3.0: (low + middle) / 2,
        9.5: middle + 0.75 * (high - middle),
        NAN: 0.0,
        -100.0: low,
        100.0: high,
    }
    for cell, expected in cells.items():
        assert ranks(model, [[cell]])[0] == pytest.approx(expected, abs=1e-12)


def test_ranks_of_many_numbers_are_exact_at_numbers_of_the_training_data():
    known = np.random.default_rng(0).normal(size=5_000).round(3)
    model = fit(known[:, np.newaxis], ranks=True)
    half_knots, heights = model._half_knots[0]
    assert len(half_knots) == 256
    assert np.isin(2 * half_knots, known).all()
    exact = (rankdata(known) - 0.5) / len(known)
    for knot, own in zip(2 * half_knots, heights, strict=True):
        assert own == pytest.approx(height(exact[known == knot][0]), abs=1e-12)
    assert np.abs(heights).max() < 3.1


def test_numbers_that_differ_by_rounding_are_tied():
    model = fit([[0.3], [0.1 + 0.2], [0.3], [1.0], [2.0]], ranks=True)
    out = ranks(model, [[0.3], [0.1 + 0.2], [1.0]])
    assert out[0] == out[1] == pytest.approx(height(1.5 / 5), abs=1e-12)
    assert out[2] == pytest.approx(height(3.5 / 5), abs=1e-12)


def through_json(x):
    frame = pd.read_json(io.StringIO(pd.DataFrame({"x": x}).to_json()))
    return frame["x"].to_numpy()


def through_csv(x):
    return pd.read_csv(io.StringIO(pd.DataFrame({"x": x}).to_csv(index=False)))["x"].to_numpy()


# Each moves a number by a bit of some precision at most.
TRIPS = {
    "up": lambda x: np.nextafter(x, np.inf),
    "down": lambda x: np.nextafter(x, -np.inf),
    "float32": lambda x: x.astype(np.float32),
    "float16": lambda x: x.astype(np.float16),
    "polars Float32": lambda x: pl.Series(x).cast(pl.Float32).to_numpy(),
    "JSON": through_json,
    "CSV": through_csv,
    "+ 1 - 1": lambda x: x + 1 - 1,
    "* 3 / 3": lambda x: x * 3 / 3,
}
DECIMALS = {
    "ratings": [0.5, 1.0, 1.5, 3.5, 4.9],
    "prices": [0.1, 0.2, 0.3, 0.7, 1.1],
    "rates": [-0.1, 0.0, 1e-3, 0.3],
    "two": [0.3, 0.7],
    "forty": np.arange(40) / 10 + 0.1,
    "many": np.linspace(0.1, 7, 1_000),
}


@pytest.mark.parametrize("fitted_on", ["float64", "float32", "float16"])
@pytest.mark.parametrize(
    ("values", "trip"),
    # In half precision a thousand numbers move past each other.
    sorted(set(itertools.product(DECIMALS, TRIPS)) - {("many", "float16")}),
)
def test_a_bit_moves_a_rank_by_its_part_of_the_rise_to_the_next(values, trip, fitted_on):
    rng = np.random.default_rng(0)
    known = rng.choice(np.array(DECIMALS[values]), 400).astype(fitted_on)
    x = known.astype(np.float64)
    model = fit(known[:, np.newaxis], ranks=True)
    moved = TRIPS[trip](x)
    distance = np.abs(moved.astype(np.float64) - x)
    half_knots, heights = model._half_knots[0]
    slopes = np.diff(heights) / np.diff(2 * half_knots)
    # A number moves to a neighbour of its own: past no other knot but those beside it.
    place = np.searchsorted(half_knots, x / 2)
    around = np.stack([np.clip(place + step, 0, len(slopes) - 1) for step in (-2, -1, 0, 1)])
    bound = slopes[around].max(axis=0) * distance + 1e-12
    difference = np.abs(ranks(model, moved[:, np.newaxis]) - ranks(model, x[:, np.newaxis]))
    assert (difference <= bound).all()
    assert bound.max() < 0.1


@pytest.mark.parametrize("trip", [name for name in TRIPS if name != "float16"])
@pytest.mark.parametrize("values", [name for name in DECIMALS if name != "many"])
def test_levels_that_are_decimals_are_known_through_every_trip(values, trip):
    x = np.tile(np.array(DECIMALS[values]), 2)
    model = fit(x[:, np.newaxis], categorical_features=[0])
    expected = model.transform(x[:, np.newaxis])
    moved = TRIPS[trip](x)[:, np.newaxis]
    np.testing.assert_array_equal(model.transform(moved), expected)
    np.testing.assert_array_equal(
        fit(moved, categorical_features=[0]).transform(x[:, np.newaxis]), expected
    )


def test_levels_are_called_by_their_shortest_decimal():
    X = np.array([[0.1], [0.2], [1 / 3]], dtype=np.float32)
    names = fit(X, categorical_features=[0]).get_feature_names_out().tolist()
    assert names == ["x0_0.1", "x0_0.2", "x0_0.33333334"]


def test_a_state_with_quantiles_of_ranks_becomes_one_with_knots():
    known = np.array([1.0, 2.0, 2.0, 2.0, 7.0])[:, np.newaxis]
    state = fit(known, ranks=True).__getstate__()
    for name in ("_half_knots", "_number_formats", "_unknown_shares"):
        del state[name]
    state["_half_quantiles"] = {0: known[:, 0] / 2}
    model = TabularPreprocessor()
    model.__setstate__(state)
    assert "_half_quantiles" in state
    expected = [height(0), height(2 / 4), height(1)]
    out = ranks(model, np.array([[1.0], [np.nextafter(2.0, 3)], [7.0]]))
    np.testing.assert_allclose(out, expected, atol=1e-9)


def test_extreme_numbers_have_ranks():
    X = [[-1.7e308], [0.0], [1.7e308], [NAN]]
    assert np.isfinite(fit_transform(X, ranks=True)).all()


def test_arrow_strings_and_numbers_are_read_too():
    pytest.importorskip("pyarrow")
    table = random_table(random.Random(5), 50, KINDS)
    frame = pandas_dtypes(table, text="string[pyarrow]", bool="bool[pyarrow]", **ARROW)
    np.testing.assert_array_equal(fit_transform(frame), fit_transform(to_objects(table)))


def test_rows_in_another_order_and_frames_of_another_make_give_the_same_encoding():
    table = random_table(random.Random(0), 80, KINDS)
    order = random.Random(1).sample(range(80), 80)
    shuffled = {name: [cells[i] for i in order] for name, cells in table.items()}
    model = fit(to_polars(table))
    expected = model.transform(to_polars(table))
    np.testing.assert_allclose(fit(to_polars(shuffled)).transform(to_polars(table)), expected)
    np.testing.assert_array_equal(model.transform(MAKERS["pandas category"](table)), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_array_is_dense_and_contiguous(dtype):
    X = np.asfortranarray(np.random.default_rng(0).normal(size=(11, 5)).astype(np.float32))
    before = X.copy()
    out = TabularPreprocessor(dtype=dtype).fit_transform(X)
    assert out.dtype == dtype
    assert out.flags.c_contiguous
    assert np.abs(out).max() < 3.1
    np.testing.assert_array_equal(X, before)


NUMBER_ARRAYS = {
    "bool": [[True, 0], [False, 1], [True, 0]],
    "int8": [[-100, 100], [5, -128], [0, 127]],
    "uint64": [[2**63, 0], [1, 1], [2, 5]],
    "float16": [[0.5, NAN], [1.5, 2], [NAN, 4]],
    "float32": [[0.5, NAN], [1.5, 2], [NAN, 4]],
    "object": [[Decimal("0.5"), np.float32(2)], [Fraction(3, 2), None], [pd.NA, np.int8(4)]],
}


@pytest.mark.parametrize("dtype", NUMBER_ARRAYS)
def test_arrays_of_numbers_are_numerical(dtype):
    X = np.array(NUMBER_ARRAYS[dtype], dtype=dtype)
    floats = np.array([[NAN if cell is pd.NA else cell for cell in row] for row in X], dtype=float)
    model = fit(X)
    assert not model.is_categorical_.any()
    np.testing.assert_array_equal(model.transform(X), fit_transform(floats))


EXTREME = {
    "huge": [1e308, -1e308, 1.7e308, 0, 1],
    "all huge": [1.79e308, 1.7e308, 1.6e308, -1.79e308, -1.7e308],
    "tiny scale": [0, 1e-300, 2e-300, 1e308, 3e-300],
    "subnormal": [0, 5e-320, 1e-319, 1.5e-319, 1e308],
    "outlier": [0, 0, 0, 0, 1e308],
    "far from 0": [1e15, 1e15 + 1, 1e15 + 2, 1e15 + 3, 1e15 + 4],
}


@pytest.mark.parametrize("numbers", EXTREME.values(), ids=EXTREME)
def test_extreme_numbers_stay_finite_and_in_order(numbers):
    X = np.array(numbers, dtype=np.float64)[:, np.newaxis]
    out = fit(X).transform(np.vstack([X, [[1.797e308], [-1.797e308]]]))[:, 0]
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 3
    assert (np.diff(out[:5][np.argsort(numbers)]) >= 0).all()
    assert out[-2] > 0 > out[-1]


def test_a_constant_column_is_dropped_to_the_last_bit():
    assert fit_transform([[0.1 + 0.2]] * 7).shape == (7, 0)
    assert fit_transform([[1e308]] * 7).shape == (7, 0)


# What is missing.

MISSING = {
    "None": None,
    "nan": NAN,
    "np.nan": np.float64("nan"),
    "NA": pd.NA,
    "NaT": pd.NaT,
    "np NaT": np.datetime64("NaT"),
    "decimal": Decimal("NaN"),
    "signaling": Decimal("sNaN"),
}


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
def test_every_kind_of_missing_cell(missing):
    text = ["a", None, "b", "a"]
    expected = [[-1], [0], [1], [-1]]
    np.testing.assert_array_equal(fit_transform(column("a", missing, "b", "a")), expected)
    np.testing.assert_array_equal(
        fit(column(*text)).transform(column("a", missing, "b", "a")), expected
    )
    if missing is MISSING["np NaT"]:
        return  # a time among numbers
    numbers = fit_transform(column(1, missing, 2, 4.0))
    np.testing.assert_array_equal(numbers, fit_transform([[1], [NAN], [2], [4]]))


def test_text_is_never_missing():
    X = np.array([["nan"], ["None"], ["<NA>"], [""]])
    assert fit(X).get_feature_names_out().tolist() == ["x0_", "x0_<NA>", "x0_None", "x0_nan"]
    assert fit_transform(X).sum() == 4
    assert fit_transform([["nan"], [NAN], ["x"]]).tolist() == [[-1], [0], [1]]


@pytest.mark.parametrize("dtype", [float, int, bool, str, object])
def test_masked_arrays(dtype):
    data = np.array([[0, 1], [1, 1], [0, 0], [1, 1]]).astype(dtype)
    mask = [[0, 0], [1, 0], [0, 1], [0, 0]]
    expected = data.astype(object)
    expected[np.array(mask, dtype=bool)] = None
    if dtype is bool:  # an array of booleans is one of numbers
        expected = expected.astype(float)
    np.testing.assert_array_equal(
        fit_transform(np.ma.masked_array(data, mask)), fit_transform(expected)
    )


def test_missing_only_when_transformed():
    model = fit([[1, "a"], [2, "b"], [3, "c"]])
    np.testing.assert_array_equal(model.transform([[None, None]]), [[0, 0, 0, 0]])
    np.testing.assert_array_equal(model.transform([[2, "z"]]), [[0, 0, 0, 0]])


DROPPED = {
    "constants": [[1, "a"], [1, "a"]],
    "all missing": [[None, NAN], [pd.NA, None]],
}


@pytest.mark.parametrize("X", DROPPED.values(), ids=DROPPED)
def test_without_anything_to_learn_from_there_are_no_columns(X):
    model = fit(X)
    assert model.transform(X).shape == (2, 0)
    assert model.get_feature_names_out().tolist() == []
    assert model.n_features_out_ == model.n_numerical_ == model.n_plain_ == 0
    # A dropped column may hold whatever it likes.
    assert model.transform([["text", 5.0]]).shape == (1, 0)


def test_constant_numbers_and_single_levels_tell_where_they_are_missing():
    model = fit([[7, "a"], [None, "a"], [7, None]])
    assert model.get_feature_names_out().tolist() == ["x0_missing", "x1_a"]
    out = model.transform([[7, "a"], [8, "b"], [None, None]])
    np.testing.assert_array_equal(out, [[0, 1], [0, 0], [1, 0]])


# Levels.


def test_levels_are_plain_sorted_and_equal_numbers_are_one():
    X = column("b", 2.5, np.str_("a"), np.int64(10), 10.0, 3, Decimal("3"), None, "10", 1e300)
    model = fit(X)
    levels = model._levels[0]
    assert levels == [2.5, 3, 10, int(1e300), "a", "b"]
    assert {type(level) for level in levels} == {str, int, float}
    assert model.get_feature_names_out().tolist()[:3] == ["x0_2.5", "x0_3", "x0_10"]


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, np.ma.masked_invalid])
def test_numbers_named_as_categories(make):
    X = make([[3.0, 1], [NAN, 2], [1.0, 3], [2.0, 4], [1.0, 5]])
    model = fit(X, categorical_features=[0])
    assert model.is_categorical_.tolist() == [True, False]
    assert model._levels[0] == [1, 2, 3]
    out = model.transform(X)[:, 1:]
    np.testing.assert_array_equal(out, [[0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]])
    out = model.transform([[1, 0], [True, 0], [pd.NA, 0]])[:, 1:]
    np.testing.assert_array_equal(out, [[1, 0, 0], [1, 0, 0], [0, 0, 0]])
    assert model.transform([["1", 0]])[:, 1:].tolist() == [[1, 0, 0]]
    assert model.transform([["1.0", 0]])[:, 1:].tolist() == [[0, 0, 0]]
    with pytest.warns(UserWarning, match="such as '1.0' where it learned such as 1;"):
        model.transform([["1.0", 0]] * 20)


def test_whole_numbers_beyond_floats_are_different_levels():
    ids = [[2**60], [2**60 + 1], [2**60 + 2]]
    frames = [np.array(ids), pd.DataFrame(ids), pd.DataFrame(ids, dtype="Int64")]
    for X in frames:
        np.testing.assert_array_equal(fit_transform(X, categorical_features=[0]), np.eye(3))


def test_unused_categories_of_pandas_are_no_levels():
    X = pd.DataFrame({"a": pd.Categorical(["y", "x", None], categories=["z", "y", "x", "w"])})
    np.testing.assert_array_equal(fit_transform(X), [[1], [-1], [0]])


def test_intervals_are_levels():
    X = pd.DataFrame({"age": pd.cut([1, 5, 9, NAN], [0, 3, 6, 10])})
    assert fit(X).get_feature_names_out().tolist() == ["age_(0, 3]", "age_(3, 6]", "age_(6, 10]"]


def test_many_levels_become_exact_codes():
    cities = [f"city {k:04}" for k in range(3000)]
    model = TabularPreprocessor().fit(column("one's own", *reversed(cities), *cities))
    assert model.n_levels_ == [3001]
    out = model.transform(column(None, *cities, "nowhere", "one's own"))
    np.testing.assert_array_equal(out[:, 0], [*range(3001), 0, 0])
    one_hot = TabularPreprocessor(max_one_hot=None).fit_transform(column(*cities))
    np.testing.assert_array_equal(one_hot, np.eye(3000))


# Numbers and dates that arrive as text.

AGES = [f"{k / 2 + 20}" for k in range(30)]
AS_NUMBERS = "text that holds numbers is read as numbers in column"

WRITTEN = {
    "decimals": lambda k: f"{k / 2}",
    "whole": str,
    "decimal commas": lambda k: f"{k / 2}".replace(".", ","),
    "thousands": lambda k: f"{1000 * k:,}",
    "currency": lambda k: f"${k}",
    "per cent": lambda k: f"{k}%",
    "spaces": lambda k: f" {k} ",
}
MAKERS_OF_TEXT = {
    "np.array": lambda cells: np.array([cells]).T,
    "column_stack": lambda cells: np.column_stack([np.array(cells), np.array(cells)])[:, :1],
    "objects": lambda cells: column(*cells),
    "lists": lambda cells: [[cell] for cell in cells],
    "pandas": lambda cells: pd.DataFrame({"x0": cells}),
    "pandas object": lambda cells: pd.DataFrame({"x0": cells}, dtype=object),
    "pandas string": lambda cells: pd.DataFrame({"x0": cells}, dtype="string"),
    "polars": lambda cells: pl.DataFrame({"x0": cells}),
}


@pytest.mark.parametrize("make", MAKERS_OF_TEXT)
@pytest.mark.parametrize("written", WRITTEN)
def test_text_that_holds_numbers_is_numerical(written, make):
    make, numbers = MAKERS_OF_TEXT[make], list(range(1, 31))
    cells = [WRITTEN[written](k) for k in numbers]
    factor = parse_number(cells[1], "," if written == "decimal commas" else ".") / 2
    expected = fit_transform([[factor * k] for k in numbers], ranks=True)
    with pytest.warns(UserWarning, match=rf"{AS_NUMBERS} 'x0'( \(.*\))?;.*categorical_features"):
        model = fit(make(cells), ranks=True)
    assert not model.is_categorical_.any()
    np.testing.assert_allclose(model.transform(make(cells)), expected, rtol=1e-12)
    if not hasattr(model, "feature_names_in_"):
        # Where a later table has numbers as such they are the same.
        later = model.transform([[factor * k] for k in numbers])
        np.testing.assert_allclose(later, expected, rtol=1e-12)


@pytest.mark.parametrize("marker", ["?", "", " ", "-", "NA ", "unknown", "m²"])
@pytest.mark.parametrize("make", MAKERS_OF_TEXT)
def test_a_few_markers_are_missing_numbers(make, marker):
    make = MAKERS_OF_TEXT[make]
    cells = [marker if k % 7 == 3 else age for k, age in enumerate(AGES)]
    floats = [[NAN] if k % 7 == 3 else [float(age)] for k, age in enumerate(AGES)]
    with pytest.warns(UserWarning, match=rf"'x0' \({re.escape(repr(marker))} missing\)"):
        model = fit(make(cells), ranks=True)
    assert model.get_feature_names_out().tolist() == ["x0", "x0_rank", "x0_missing"]
    np.testing.assert_array_equal(model.transform(make(cells)), fit_transform(floats, ranks=True))


def test_numbers_beside_text_are_numbers_too():
    cells = [float(age) if k < 20 else age for k, age in enumerate(AGES)]
    with pytest.warns(UserWarning, match=AS_NUMBERS):
        model = fit(column(*cells, "?"))
    expected = fit_transform([[float(age)] for age in AGES] + [[NAN]])
    np.testing.assert_array_equal(model.transform(column(*cells, None)), expected)


def test_text_in_columns_that_are_not_named_is_read_alike():
    X = pd.DataFrame({"age": AGES, "sex": ["f", "m", "f"] * 10})
    with pytest.warns(UserWarning, match=AS_NUMBERS):
        assert fit(X, categorical_features=["sex"]).is_categorical_.tolist() == [False, True]
    assert fit(X, categorical_features=["age", "sex"]).is_categorical_.all()


ON_PURPOSE = {
    "few levels": ["1", "2", "3"] * 10,
    "nine levels": [f"{k % 9}" for k in range(30)],
    "leading zeros": [f"{k % 15:05}" for k in range(30)],
    "five digits": [f"{k % 15 + 10000}" for k in range(30)],
    "category": pd.Categorical([f"{k % 15}" for k in range(30)]),
    "words": [f"word {k % 15}" for k in range(30)],
}


@pytest.mark.parametrize("cells", ON_PURPOSE.values(), ids=ON_PURPOSE)
def test_what_is_text_on_purpose_stays_a_category(cells):
    X = pd.DataFrame({"x0": cells})
    assert fit(X).is_categorical_.all()
    if not isinstance(cells, pd.Categorical):
        frame = pl.DataFrame({"x0": cells})
        assert fit(frame).is_categorical_.all()
        assert fit(frame.cast(pl.Enum(sorted(set(cells))))).is_categorical_.all()


def test_numbers_that_stay_a_category_for_some_text_are_told():
    cells = [f"{k % 15}" if k % 15 else "15+" for k in range(30)]
    with pytest.warns(UserWarning, match=r"taken as a category.*column 'x0' \('15\+'\)"):
        assert fit(column(*cells)).is_categorical_.all()
    fit(column(*cells), categorical_features=[0])


def test_what_text_is_read_as_is_told_where_it_may_surprise():
    cells = [f"{k},{100 + k}" for k in range(1, 30)]
    with pytest.warns(UserWarning, match=r"column 'x0' \('1,101' as 1101\);"):
        model = fit(column(*cells))
    with pytest.raises(ValueError, match=r"'x0' must hold numbers, got '12,5'; .* '\.' as the dec"):
        model.transform(column("12,5"))


def test_six_markers_are_a_few():
    markers = ["?", "", " ", "-", "NA ", "unknown"]
    with pytest.warns(UserWarning, match=AS_NUMBERS):
        assert not fit(column(*AGES, *markers)).is_categorical_.any()


def test_text_among_which_some_are_integers_is_text():
    tickets = [f"{k % 15 + 1000}" for k in range(60)] + [f"PC {k % 15}" for k in range(60)]
    with pytest.warns(UserWarning, match="most are numbers"):
        model = fit(column(*tickets))
    model.transform(column("PC 777"))


def test_ranks_between_numbers_that_hardly_differ_are_bounded():
    model = fit(np.array([0, 1e-310, 2e-310, 3e-310] * 5)[:, np.newaxis], ranks=True)
    assert (np.abs(ranks(model, np.array([[5e-311], [1.5e-310], [5e-324]]))) < 3.1).all()


def test_a_column_may_be_called_as_a_method_is():
    names = ["compute", "column_names", "get_columns", "to_pylist", "chunks", "to_pandas"]
    X = np.random.default_rng(0).normal(size=(20, len(names)))
    for make in (pd.DataFrame, lambda X, columns: pl.DataFrame(X, schema=columns)):
        np.testing.assert_array_equal(fit_transform(make(X, columns=names)), fit_transform(X))


def test_the_limit_of_few_levels_is_that_of_one_hot():
    X = pd.DataFrame({"x0": [f"{k % 5}" for k in range(30)]})
    assert fit(X).is_categorical_.all()
    with pytest.warns(UserWarning, match=AS_NUMBERS):
        assert not fit(X, max_one_hot=4).is_categorical_.any()


def test_text_that_is_new_among_numbers():
    with pytest.warns(UserWarning, match=AS_NUMBERS):
        model = fit(pd.DataFrame({"age": [*AGES, "?"]}))
    expected = model.transform(pd.DataFrame({"age": [30.5, NAN]}))
    with pytest.warns(UserWarning, match=r"'age' of numbers holds text .* see, 'n\.a\.', which"):
        out = model.transform(pd.DataFrame({"age": ["30.5", "n.a."]}))
    np.testing.assert_array_equal(out, expected)
    with pytest.raises(ValueError, match="'age' must hold numbers, got '20\\+'"):
        model.transform(pd.DataFrame({"age": ["30.5", "20+"]}))
    with pytest.raises(ValueError, match="'age' contains infinity"):
        model.transform(pd.DataFrame({"age": ["30.5", "inf"]}))


@pytest.mark.parametrize("make", MAKERS_OF_TEXT)
def test_dates_as_text_are_told(make):
    cells = [f"2024-{k % 12 + 1:02}-{k % 28 + 1:02}" for k in range(30)] + [None]
    if make in ("np.array", "column_stack"):
        cells[-1] = "unknown"
    with pytest.warns(
        UserWarning, match="holds dates is taken as a category in column 'x0':.*year"
    ):
        assert fit(MAKERS_OF_TEXT[make](cells)).is_categorical_.all()
    fit(MAKERS_OF_TEXT[make](cells * 2), categorical_features=[0])


def test_levels_of_a_single_row_are_told():
    names = [f"name {k}" for k in range(30)]
    with pytest.warns(
        UserWarning, match="nearly all levels have a single row in column 'x0', .*leave"
    ):
        assert fit(column(*names)).n_features_out_ == 0
    fit(column(*names, *names))
    fit(column(*names), categorical_features=[0])
    fit(column(*names[:9]))


def test_one_warning_names_all_columns():
    X = pd.DataFrame({f"age {k}": AGES for k in range(7)})
    with pytest.warns(UserWarning, match="'age 0', 'age 1'.*'age 6'") as caught:
        fit(X)
    assert len(caught) == 1


@pytest.mark.parametrize("n_levels", [3, 20])
@pytest.mark.parametrize(
    ("was", "becomes"), [("{}.0", "{}"), ("{}", "{}.0"), ("{}", " {}"), ("a{}", "A{}")]
)
def test_levels_that_drift_are_told(was, becomes, n_levels):
    def table(pattern):
        return column(*(pattern.format(k % n_levels) for k in range(60)))

    model = fit(table(was), categorical_features=[0])
    model.transform(table(was))
    with pytest.warns(UserWarning, match="column 'x0'.*fit did not learn"):
        model.transform(table(becomes))
    half = np.vstack([table(was)[:31], table(becomes)[:29]])
    model.transform(half)  # half of the cells are known


def test_unknown_levels_that_were_to_be_expected_are_not_told():
    rng = np.random.default_rng(0)
    drawn = [f"user {k}" for k in rng.zipf(1.3, size=900)]
    model = fit(column(*drawn[:600]), max_one_hot=4)
    out = model.transform(column(*drawn[600:]))
    assert 0.2 < (out == 0).mean() < 0.8
    rare = [f"user {k}" for k in rng.integers(3_000, size=1_200)]
    model = fit(column(*rare[:1_000]))
    out = model.transform(column(*rare[1_000:]))
    assert (out == 0).mean() > 0.6
    fit(column("a", "b", "c")).transform(column(*"xyz" * 6))  # too few cells to tell


def test_integers_and_their_text_are_one_level():
    mixed = column(*[1, 2, 3] * 4, *["1", "2", "3"] * 4)
    model = fit(mixed)
    assert model._levels[0] == [1, 2, 3]
    out = model.transform(column(1, "1", 2.0, "2", "3"))
    np.testing.assert_array_equal(out.argmax(axis=1), [0, 0, 1, 1, 2])
    assert fit(column("01", "1", "2"))._levels[0] == [1, 2, "01"]


# Tables of other makes.


def arrow_table(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


def arrow_batch(frame):
    return arrow_table(frame).to_batches()[0]


class SpeaksArrow:
    """What databases and other libraries hand over."""

    def __init__(self, frame):
        self.table = arrow_table(frame)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def dask_frame(frame):
    return pytest.importorskip("dask.dataframe").from_pandas(frame, npartitions=3)


OTHER_MAKERS = {
    "Arrow": arrow_table,
    "Arrow in chunks": lambda frame: pytest.importorskip("pyarrow").concat_tables(
        [arrow_table(frame[:17]), arrow_table(frame[17:])]
    ),
    "record batch": arrow_batch,
    "speaks Arrow": SpeaksArrow,
    "Dask": dask_frame,
    "polars": pl.from_pandas,
}


def mixed_frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "numbers": np.where(rng.random(40) < 0.2, NAN, rng.normal(size=40)),
            "single": rng.normal(size=40).astype(np.float32),
            "whole": rng.integers(9, size=40),
            "nullable": pd.array(rng.choice([1, 2, None], 40), dtype="Int16"),
            "two": pd.Categorical(rng.choice(["x", "y", None], 40), categories=["z", "y", "x"]),
            "text": rng.choice(["u", "v", "w", None], 40),
            "many": rng.choice([f"level {k}" for k in range(12)], 40),
            "truth": pd.array(rng.choice([True, False, None], 40), dtype="boolean"),
            "constant": 1.0,
        }
    )


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("make", OTHER_MAKERS)
def test_a_table_of_any_make_is_read_as_the_frame(make):
    frame = mixed_frame()
    other, model = OTHER_MAKERS[make](frame), fit(frame, ranks=True)
    expected = model.transform(frame)
    np.testing.assert_array_equal(model.transform(other), expected)
    own = fit(other, ranks=True)
    np.testing.assert_array_equal(own.transform(frame), expected)
    assert own.feature_names_in_.tolist() == list(frame)
    assert own.get_feature_names_out().tolist() == model.get_feature_names_out().tolist()


def test_dask_arrays_are_computed():
    array = pytest.importorskip("dask.array")
    X = np.random.default_rng(0).normal(size=(30, 3))
    np.testing.assert_array_equal(fit_transform(array.from_array(X, chunks=10)), fit_transform(X))


@pytest.mark.parametrize("make", ["Arrow", "record batch", "speaks Arrow", "Dask", "polars"])
@pytest.mark.parametrize(
    ("cells", "kind", "message"),
    [
        ([MIDNIGHT, None], TypeError, "'when' holds dates or times"),
        ([DAY, None], TypeError, "'when' holds dates or times"),
        ([HOUR, None], TypeError, "'when' holds dates or times"),
        ([1.0, math.inf], ValueError, "'when' contains infinity: inf in row 1"),
        ([[1], [2]], TypeError, "'when'"),
    ],
)
def test_errors_call_columns_by_name(make, cells, kind, message):
    frame = pd.DataFrame({"when": pd.Series(cells, dtype=object if cells[0] is DAY else None)})
    if make == "Dask" and frame["when"].dtype == object:
        pytest.skip("it makes text of objects")
    with pytest.raises(kind, match=message):
        fit(OTHER_MAKERS[make](frame))


# Which columns are categories.

FRAME = pd.DataFrame({"age": [1, 2, 3], "zip": [4, 5, 6], "sex": ["f", "m", "f"]})

CHOICES = {
    "from_dtype": ("from_dtype", [False, False, True]),
    "names": (["sex", "zip"], [False, True, True]),
    "array of names": (np.array(["sex"]), [False, False, True]),
    "indices": ((2, 0), [True, False, True]),
    "array of indices": (np.array([1, 2], dtype=np.uint8), [False, True, True]),
    "mask": ([True, False, True], [True, False, True]),
    "array mask": (np.array([False, True, True]), [False, True, True]),
}


@pytest.mark.parametrize(("chosen", "expected"), CHOICES.values(), ids=CHOICES)
def test_categorical_features(chosen, expected):
    model = fit(FRAME, categorical_features=chosen)
    assert model.is_categorical_.tolist() == expected
    assert model.is_categorical_.dtype == bool


@pytest.mark.parametrize("chosen", [None, [], np.array([], dtype=int)])
def test_no_categorical_features(chosen):
    assert not fit(FRAME[["age", "zip"]], categorical_features=chosen).is_categorical_.any()
    bools = pd.DataFrame({"a": [True, False, True], "b": [True, None, False]})
    assert fit_transform(bools, categorical_features=chosen).shape == (3, 3)
    with pytest.raises(ValueError, match=r"'sex' must hold numbers, got 'f'.*categorical_features"):
        fit(FRAME, categorical_features=chosen)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("sex", "array-like, .*'from_dtype'.* Got 'sex'"),
        ([None], r"'from_dtype', None, or a list .* got \[None\]"),
        (["height"], r"'height'.* feature names \['age', 'zip', 'sex'\]"),
        ([3], r"index 3, .*= \[0, 2\]"),
        ([-1], r"index -1"),
        ([True, False], r"must have 3 values.* got 2: \[True, False\]"),
        ([0, "sex"], r"got \[0, 'sex'\]"),
        ([0.0], r"got \[0.0\]"),
        ([[0]], r"got \[\[0\]\]"),
    ],
)
def test_categorical_features_that_do_not_fit(chosen, message):
    with pytest.raises(ValueError, match=message):
        fit(FRAME, categorical_features=chosen)
    with pytest.raises(ValueError, match="have no feature names"):
        fit(FRAME.to_numpy(), categorical_features=["sex"])


@pytest.mark.parametrize(
    "parameters", [{"max_one_hot": 1}, {"dtype": "int8"}, {"categorical_features": 1}]
)
def test_parameters_out_of_range(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        TabularPreprocessor(**parameters).fit([[1]])


# Messy input.

TIMES = {
    "datetime64": np.array([["2024-02-29"]], dtype="datetime64[D]"),
    "timedelta64": np.array([[5]], dtype="timedelta64[s]"),
    "date": column(None, DAY),
    "datetime": column(None, MIDNIGHT),
    "timedelta": column(None, HOUR),
    "time": column(datetime.time(5)),
    "among text": column(DAY, "a"),
    "among numbers": column(1.5, DAY),
    "np scalar": column(np.datetime64("2024-02-29", "ns"), "a"),
    "pandas": pd.DataFrame({"x0": [MIDNIGHT]}),
    "pandas zone": pd.DataFrame({"x0": pd.to_datetime([MIDNIGHT]).tz_localize("UTC")}),
    "pandas timedelta": pd.DataFrame({"x0": [HOUR]}),
    "pandas objects": pd.DataFrame({"x0": [DAY]}),
    "pandas category": pd.DataFrame({"x0": pd.Categorical([MIDNIGHT])}),
    "pandas period": pd.DataFrame({"x0": pd.period_range("2024", periods=2, freq="D")}),
    "polars date": pl.DataFrame({"x0": [DAY]}),
    "polars datetime": pl.DataFrame({"x0": [MIDNIGHT]}),
    "polars duration": pl.DataFrame({"x0": [HOUR]}),
}


@pytest.mark.parametrize("chosen", ["from_dtype", None, [0]])
@pytest.mark.parametrize("X", TIMES.values(), ids=TIMES)
def test_times(X, chosen):
    with pytest.raises(TypeError, match=r"Column 'x0' holds dates or times.*numbers.*year, month"):
        fit(X, categorical_features=chosen)


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
    "lazy": (pl.LazyFrame({"a": [1]}), ValueError, "Expected 2D array"),
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


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_columns_are_checked_by_name(make):
    model = fit(make({"a": [1, 2], "b": [3, 4]}))
    assert model.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="feature names"):
        model.transform(make({"b": [1, 2], "a": [3, 4]}))
    with pytest.raises(ValueError, match="feature names"):
        model.transform(make({"a": [1, 2]}))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.transform([[1, 2]])
    with pytest.raises(ValueError, match="expecting 2 features"):
        fit([[1, 2]]).transform([[1, 2, 3]])


# scikit-learn's contract.


@pytest.mark.oldest
@pytest.mark.filterwarnings("ignore")
def test_check_estimator_without_expected_failures():
    results = check_estimator(TabularPreprocessor(), on_skip=None)
    statuses = [result["status"] for result in results]
    assert statuses.count("passed") > 40
    assert len(statuses) - statuses.count("passed") <= 1  # array API switched off


def test_not_fitted():
    for method in (TabularPreprocessor().transform, TabularPreprocessor().get_feature_names_out):
        with pytest.raises(NotFittedError):
            method([[1]])


def test_feature_names_out():
    X = pd.DataFrame(
        {
            "age": [1, 2, None] * 2,
            "sex": ["male", "female", None] * 2,
            "ok": [True, False, True] * 2,
            "city": ["a", "b", "c"] * 2,
        }
    )
    names = ["age", "age_missing", "sex_male", "ok_True", "city"]
    assert fit(X, max_one_hot=2).get_feature_names_out().tolist() == names
    with pytest.raises(ValueError, match="input_features"):
        fit(X).get_feature_names_out(["a", "b", "c", "d"])


def test_feature_names_out_are_told_apart():
    X = pd.DataFrame({"a": [1, None, 2], "a_missing": [1, 2, 3], "b": ["x", "x_2", "y"]})
    X["b_x"] = [1, 2, 3]
    names = fit(X).get_feature_names_out().tolist()
    assert names == ["a", "a_missing", "b_x", "a_missing_2", "b_x_2", "b_x_2_2", "b_y"]


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output(container):
    model = TabularPreprocessor().set_output(transform=container)
    frame = model.fit_transform(FRAME)
    assert type(frame).__module__.startswith(container)
    assert list(frame.columns) == ["age", "zip", "age_rank", "zip_rank", "sex_m"]
    np.testing.assert_array_equal(
        np.asarray(frame), TabularPreprocessor().fit(FRAME).transform(FRAME)
    )


def is_plain(value):
    if isinstance(value, dict):
        return is_plain(list(value.items()))
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    return isinstance(value, np.ndarray) or type(value) in (str, int, float, bool, type(None))


@pytest.mark.parametrize("make", MAKERS)
def test_state_is_plain_and_travels(make):
    X = MAKERS[make](random_table(random.Random(3), 40, KINDS))
    model = fit(X, ranks=True)
    for name, value in vars(model).items():
        assert is_plain(value), name
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.transform(X), model.transform(X))
    assert clone(model).get_params() == model.get_params()


def test_skops_file():
    io = pytest.importorskip("skops.io")
    X = column(*random.Random(0).choices([1, "1", 2.5, "a", None], k=30))
    X = np.hstack([X, np.arange(30, dtype=object)[:, np.newaxis] % 7, X[:, ::-1]] * 5)
    model = fit(X)
    file = io.dumps(model)
    assert io.get_untrusted_types(data=file) == ["sknumpynet.preprocessing.TabularPreprocessor"]
    loaded = io.loads(file, trusted=io.get_untrusted_types(data=file))
    assert loaded._levels == model._levels
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))


def test_a_failed_fit_leaves_what_was_learnt():
    X = [[1, "a"], [2, "b"]]
    model = fit(X)
    expected = model.transform(X)
    with pytest.raises(ValueError, match="infinity"):
        model.fit([[1, "c"], [np.inf, "d"]])
    np.testing.assert_array_equal(model.transform(X), expected)
    with pytest.raises(ValueError, match="infinity"):
        model.fit(pd.DataFrame({"a": [1, np.inf], "b": ["c", "d"], "c": [1, 2]}))
    np.testing.assert_array_equal(model.transform(X), expected)


def test_in_a_pipeline():
    rng = random.Random(0)
    table = random_table(rng, 200, ["float", "two", "few"])
    y = [name == "yes" for name in table["two_1"]]
    model = make_pipeline(TabularPreprocessor(), LogisticRegression())
    assert model.fit(to_polars(table), y).score(to_polars(table), y) > 0.9


WITHOUT_FRAMES = """
import sys

class Missing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("pandas", "polars", "pyarrow"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from sknumpynet.preprocessing import TabularPreprocessor
print(TabularPreprocessor().fit_transform([[1, "a"], [None, "b"], [3, "c"]]).shape)
"""


def test_it_needs_neither_pandas_nor_polars():
    child = subprocess.run(
        [sys.executable, "-c", WITHOUT_FRAMES],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.stdout.strip() == "(3, 6)", child.stderr


def test_a_column_of_objects_is_read_as_an_array_of_objects():
    table = {"x0": [1, None, 2.5], "x1": [1, "a", None], "x2": [True, False, None]}
    model = fit(to_objects(table))
    assert model.is_categorical_.tolist() == [False, True, True]
    frame = pd.DataFrame(table, dtype=object)
    assert fit(frame).is_categorical_.tolist() == [False, True, True]
    np.testing.assert_array_equal(fit_transform(frame), model.transform(to_objects(table)))
    assert [type(c).__name__ for c in read_columns(frame)] == ["PandasColumn"] * 3
