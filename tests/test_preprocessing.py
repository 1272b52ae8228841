"""`TabularPreprocessor` against a slow and obvious version, and scikit-learn's contract."""

import math
import pickle
import random
import statistics
import subprocess
import sys

import numpy as np
import pytest
from helpers.tables import (
    ARROW,
    CATEGORIES,
    FRAME,
    KINDS,
    MAKERS,
    NAN,
    column,
    fit,
    fit_transform,
    height,
    pandas_dtypes,
    random_table,
    ranks,
    to_objects,
    to_polars,
)
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from sknumpynet.preprocessing import TabularPreprocessor

pd = pytest.importorskip("pandas")

pl = pytest.importorskip("polars")

pytestmark = pytest.mark.oldest


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


@pytest.mark.parametrize(
    "parameters", [{"max_one_hot": 1}, {"dtype": "int8"}, {"categorical_features": 1}]
)
def test_parameters_out_of_range(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        TabularPreprocessor(**parameters).fit([[1]])


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


def test_a_state_before_dates_is_one_without():
    X = [[1, "a"], [2, "b"], [3, None]]
    model = TabularPreprocessor().fit(X)
    state = model.__getstate__()
    for name in ("_time_formats", "_date_parts", "_text_vectors", "column_kinds"):
        del state[name]
    loaded = TabularPreprocessor()
    loaded.__setstate__(state)
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))
    assert clone(loaded).get_params() == TabularPreprocessor().get_params()


@pytest.mark.parametrize("make", MAKERS)
def test_state_is_plain_and_travels(make):
    X = MAKERS[make](random_table(random.Random(3), 40, KINDS))
    model = fit(X, ranks=True)
    for name, value in model.__getstate__().items():
        assert is_plain(value), name
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.transform(X), model.transform(X))
    assert clone(model).get_params() == model.get_params()


def test_skops_file():
    io = pytest.importorskip("skops.io")
    X = column(*random.Random(0).choices([1, "1", 2.5, "a", None], k=30))
    X = np.hstack([X, np.arange(30, dtype=object)[:, np.newaxis] % 7, X[:, ::-1]] * 5)
    dates = pd.date_range("2023-12-20", periods=30, tz="Asia/Tokyo", freq="7h")
    X = np.hstack([X, column(*dates), column(*dates.time), column(*dates - dates[7])])
    X = np.hstack([X, column(*(f"note {k}" for k in range(30)))])
    model = fit(X, column_kinds={X.shape[1] - 1: "text"})
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


# What statistics of levels are made of -----------------------------------------------------------


def with_codes(rng, n_rows):
    """Return a table of a number, two categories of many levels, and one of few."""
    cells = [rng.integers(n, size=n_rows) for n in (60, 40, 3)]
    names = [f"level {k}" for k in range(60)]
    return pd.DataFrame(
        {
            "number": rng.normal(size=n_rows),
            **{f"category {k}": np.take(names, own) for k, own in enumerate(cells)},
        }
    )


def test_level_codes_come_after_what_transform_gives():
    table = with_codes(np.random.default_rng(0), 151)
    preprocessor = TabularPreprocessor()
    wide = preprocessor._fit_transform_with_levels(table)
    public = TabularPreprocessor().fit_transform(table)
    assert_array_equal(wide[:, : public.shape[1]], public)
    assert_array_equal(preprocessor.transform(table), public)
    assert_array_equal(preprocessor._transform_for(preprocessor, table, with_levels=True), wide)
    n_codes = preprocessor._level_codes()
    assert wide.shape[1] == public.shape[1] + len(n_codes)
    assert len(n_codes) == 3, "two categories and the pair of both"
    assert (wide[:, public.shape[1] :].max(axis=0) < n_codes).all()
    for name, own in zip(["category 0", "category 1"], wide[:, public.shape[1] :].T, strict=False):
        # Rare levels have codes of their own, all above those of others.
        assert len(np.unique(own)) == table[name].nunique()
        counts = table[name].map(table[name].value_counts())
        assert own[counts == 1].min() > own[counts > 1].max()
    again = pickle.loads(pickle.dumps(preprocessor))
    assert_array_equal(again._transform_for(again, table, with_levels=True), wide)


def test_levels_that_are_not_known_have_code_0():
    table = with_codes(np.random.default_rng(0), 151)
    preprocessor = TabularPreprocessor()
    preprocessor._fit_transform_with_levels(table)
    new = table[:3].copy()
    new.iloc[0, 1], new.iloc[1, 2] = "another", None
    codes = preprocessor._transform_for(preprocessor, new, with_levels=True)[:, -3:]
    assert_array_equal(codes == 0, [[1, 0, 1], [0, 1, 1], [0, 0, 0]])


def test_names_leave_no_levels_behind():
    names = [f"name {k // 2}" for k in range(24)] + [f"other {k}" for k in range(300)]
    preprocessor = TabularPreprocessor()
    preprocessor._fit_transform_with_levels(pd.DataFrame({"name": names}, dtype="category"))
    assert preprocessor._level_codes() == preprocessor.n_levels_ == [13]


@pytest.mark.parametrize("columns", [["number"], ["number", "category 2"]])
def test_tables_without_codes_have_no_level_codes(columns):
    table = with_codes(np.random.default_rng(0), 151)[columns]
    preprocessor = TabularPreprocessor()
    wide = preprocessor._fit_transform_with_levels(table)
    assert_array_equal(wide, preprocessor.transform(table))
    assert preprocessor._level_codes() == []
