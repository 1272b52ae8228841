"""`TabularPreprocessor` against a slow and obvious version, on tables of every make."""

import datetime
import math
import pickle
import random
import statistics
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer
from sklearn.utils.estimator_checks import check_estimator

from sknumpynet._columns import read_columns
from sknumpynet.preprocessing import TabularPreprocessor

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

NAN = float("nan")


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


@pytest.mark.parametrize("kind", ["float", "int"])
def test_ranks_are_scikit_learns_quantile_transformation(kind):
    rng = random.Random(0)
    known, test = [random_table(rng, n, [kind])[f"{kind}_0"] for n in (400, 31)]
    known = [cell for cell in known if cell is not None]
    model = fit([[cell] for cell in known], ranks=True)
    assert model.get_feature_names_out().tolist() == ["x0", "x0_rank"]
    transformer = QuantileTransformer(
        n_quantiles=min(256, len(known)), output_distribution="normal", subsample=None
    )
    transformer.fit(np.array(known)[:, np.newaxis])
    # At the ends, which may be most of the numbers, scikit-learn has 0 and 1.
    inner = [cell for cell in test if cell is None or min(known) < cell < max(known)]
    cells = [[NAN if cell is None else cell] for cell in inner]
    expected = np.nan_to_num(transformer.transform(cells))
    out = model.transform(cells)[:, 1:]
    # Rounded otherwise, a quantile may lie on the other side of a whole number.
    tolerance = 1e-6 if kind == "float" else 0.02
    np.testing.assert_allclose(out, np.clip(expected, -3.0902323, 3.0902323), atol=tolerance)


def test_ranks_slowly():
    known = [1.0, 5.0, 5.0, 5.0, 11.0]
    model = fit([[cell] for cell in known], ranks=True)
    for cell, rank in [(5.0, 2 / 4), (3.0, 0.5 / 4), (8.0, 3.5 / 4), (NAN, 2 / 4)]:
        expected = statistics.NormalDist().inv_cdf(rank)
        assert model.transform([[cell]])[0, 1] == pytest.approx(expected, abs=1e-12)
    assert model.transform([[-100.0]])[0, 1] == -model.transform([[100.0]])[0, 1] < -3


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
    assert levels == [2.5, 3, 10, int(1e300), "10", "a", "b"]
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
    with pytest.warns(UserWarning, match="such as 1 of type int; got '1' of type str"):
        assert model.transform([["1", 0]])[:, 1:].tolist() == [[0, 0, 0]]


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

DAY = datetime.date(2024, 2, 29)
MIDNIGHT = datetime.datetime(2024, 2, 29)
HOUR = datetime.timedelta(hours=1)

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
    "too large": (column(10**400, 1), ValueError, "'x0' holds an integer that is infinity"),
    "sparse": (sparse.csr_matrix(np.eye(3)), TypeError, "dense data is required"),
    "sparse array": (sparse.coo_array(np.eye(3)), TypeError, "dense data is required"),
    "1-d": (np.arange(3), ValueError, "Expected 2D array, got 1D array"),
    "list of text": (["a", "b"], ValueError, "Expected 2D array, got 1D array"),
    "Series": (pd.Series([1, 2]), ValueError, "Expected 2D array, got 1D array"),
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
    X = pd.DataFrame({"a": [1, None, 2], "a_missing": [1, 2, 3], "b": [1, "1", "1_2"]})
    names = fit(X).get_feature_names_out().tolist()
    assert names == ["a", "a_missing", "a_missing_2", "b_1", "b_1_2", "b_1_2_2"]


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
