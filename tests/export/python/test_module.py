"""A model and the module that is made of it predict the same, to the bit."""

import pickle
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from helpers.python_modules import (
    CELLS,
    KINDS,
    as_objects,
    as_rows,
    assert_same_bits,
    exported,
    table_of,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedGridSearchCV,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.losses import LOSSES
from sknumpynet.export import to_python

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SIZES = (1, 15, 16, 17, 1000)
# All kinds at once, and some that need little of a module.
TABLES = {
    "every kind": list(CELLS),
    "numbers": ["number", "whole", "gaps"],
    "a category": ["two"],
    "categories": ["few", "present", "bool", "duration as category"],
    "codes": ["many"],
    "pairs of codes": ["many", "more", "rare"],
    "nothing": ["constant"],
    "a note": ["note"],
    "dates": ["day", "day as text", "zone", "clock", "duration"],
    "numbers as text": ["text numbers", "decimal comma"],
}
# Models of earlier versions, and what they are asked for.
FIXTURES = Path(__file__).parents[2] / "fixtures"
SAVING = runpy.run_path(str(FIXTURES / "save_models.py"))
SAVING["own_functions"]()
SAVED = [
    path
    for path in sorted(FIXTURES.glob("saved_*/*.pkl"))
    if not path.stem.startswith("preprocessor")
]
METHODS = ("predict_proba", "predict")


def quick(kind, **parameters):
    return kind("fast", **({"random_state": 0, "max_iter": 2, "n_members": 3} | parameters))


def kinds_in(names):
    return {name: kind for name, kind in KINDS.items() if name in names}


def fitted(kind, names, rng, **parameters):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(table_of(names, rng, 150))
    y = rng.integers(0, 2, 150) if kind is TabularMLPClassifier else rng.normal(size=150)
    return quick(kind, column_kinds=kinds_in(names), **parameters).fit(frame, y)


def methods_of(model):
    return [name for name in METHODS if hasattr(model, name)]


# Tables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [TabularMLPClassifier, TabularMLPRegressor])
@pytest.mark.parametrize("names", TABLES.values(), ids=TABLES)
def test_every_kind_of_column(names, kind, tmp_path, rng):
    pd = pytest.importorskip("pandas")
    model = fitted(kind, names, rng)
    module = exported(model, tmp_path)
    for n_rows in SIZES:
        # Levels and words that the model does not know are among them.
        table = table_of(names, rng, n_rows)
        for name in ("two", "many"):
            if name in table:
                table[name][0] = "unseen"
        for method in methods_of(model):
            expected = getattr(model, method)(pd.DataFrame(table))
            assert_same_bits(getattr(module, method)(table), expected)
            assert_same_bits(getattr(module, method)(as_rows(table)), expected)
            assert_same_bits(getattr(module, method)(as_objects(table)), expected)
        one = {name: cells[0] for name, cells in table.items()}
        expected = getattr(model, method)(pd.DataFrame(table))[:1]
        np.testing.assert_array_equal(getattr(module, method)(one), expected)


@pytest.mark.parametrize("make", ["pandas", "pandas category", "polars", "arrow"])
def test_frames(make, tmp_path, rng):
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    names = [name for name in CELLS if name != "day as category"]
    model = fitted(TabularMLPClassifier, names, rng)
    module = exported(model, tmp_path)
    table = table_of(names, rng, 40)
    table["few"] = [cell if cell != "2.5" else None for cell in table["few"]]
    if make.startswith("pandas"):
        frame = pd.DataFrame(table)
        frame["whole"] = frame["whole"].astype("Int64")
        frame.loc[3, "whole"] = pd.NA
        frame["day"] = pd.to_datetime(frame["day"])
        frame["zone"] = pd.to_datetime(frame["zone"])
        if make == "pandas category":
            frame = frame.astype({"few": "category", "two": "category", "many": "string"})
    else:
        frame = pl.DataFrame(table)
        frame = frame.with_columns(pl.col("zone").str.to_datetime(time_zone="UTC"))
    if make == "arrow":
        frame = frame.to_arrow()
    assert_same_bits(module.predict_proba(frame), model.predict_proba(frame))


def test_arrays_of_times(tmp_path, rng):
    days = rng.integers(0, 10_000, 100).astype("M8[D]")
    X = np.array([days], "M8[s]").T
    model = quick(TabularMLPRegressor).fit(X, rng.normal(size=100))
    module = exported(model, tmp_path)
    assert_same_bits(module.predict(X), model.predict(X))
    X[3] = "NaT"
    assert_same_bits(module.predict({"x0": X[:, 0]}), model.predict(X))


@pytest.mark.parametrize("loss", ["poisson", "gamma", "huber", "absolute_error"])
def test_losses_of_tables(loss, tmp_path, rng):
    X = rng.normal(size=(60, 3))
    model = quick(TabularMLPRegressor, loss=loss).fit(X, rng.random(60) + 0.1)
    assert_same_bits(exported(model, tmp_path).predict(X), model.predict(X))


def test_quantiles_and_several_targets(tmp_path, rng):
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    quantiles = {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}
    for model in (
        quick(TabularMLPRegressor, **quantiles).fit(X, y),
        NumpyMLPRegressor(hidden_layer_sizes=(4,), max_iter=3, random_state=0, **quantiles).fit(
            X, y
        ),
        quick(TabularMLPRegressor).fit(X, np.column_stack([y, -y])),
        NumpyMLPRegressor(hidden_layer_sizes=(4,), max_iter=3, random_state=0).fit(
            X, np.column_stack([y, -y])
        ),
    ):
        assert_same_bits(exported(model, tmp_path).predict(X), model.predict(X))


@pytest.mark.parametrize("kind", [TabularMLPClassifier, NumpyMLPClassifier])
@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"]),
        np.array(["no", 'a "word"', "it's"], object),
        np.array([False, True]),
        np.array([1.0, 2.0, 9.0]),
        np.array([3, 1, 2, 0, 4], np.int8),
        np.array(["only"]),
    ],
    ids=str,
)
def test_labels(kind, labels, tmp_path, rng):
    X, places = rng.normal(size=(60, 3)), np.arange(60) % len(labels)
    model = kind(max_iter=3, random_state=0).fit(X, labels[places])
    module = exported(model, tmp_path)
    for rows in (X, X[:1]):
        assert_same_bits(module.predict_proba(rows), model.predict_proba(rows))
        assert module.predict(rows).tolist() == model.predict(rows).tolist()
        assert module.predict(rows).dtype == model.predict(rows).dtype


@pytest.mark.parametrize("kind", [TabularMLPClassifier, NumpyMLPClassifier])
def test_several_labels(kind, tmp_path, rng):
    X, y = rng.normal(size=(60, 3)), rng.integers(0, 2, (60, 4))
    model = kind(max_iter=3, random_state=0).fit(X, y)
    module = exported(model, tmp_path)
    assert_same_bits(module.predict_proba(X), model.predict_proba(X))
    assert_same_bits(module.predict(X), model.predict(X))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_temperature(n_classes, tmp_path, rng):
    X, y = rng.normal(size=(90, 4)), rng.integers(0, n_classes, 90)
    model = quick(TabularMLPClassifier).fit(X, y)
    before = model.predict_proba(X)
    model.temperature_ = 0.7
    assert (np.abs(model.predict_proba(X) - before) > 1e-3).any()
    module = exported(model, tmp_path)
    for rows in (X, X[:1]):
        assert_same_bits(module.predict_proba(rows), model.predict_proba(rows))
        assert_same_bits(module.predict(rows), model.predict(rows))


def test_monotone_wide_and_distilled_ones(tmp_path, rng):
    X, y = rng.normal(size=(80, 4)), rng.normal(size=80)
    monotone = quick(TabularMLPRegressor, monotonic_cst=[1, -1, 0, 0]).fit(X, y)
    assert_same_bits(exported(monotone, tmp_path).predict(X), monotone.predict(X))
    student = monotone.distil(X)
    assert_same_bits(exported(student, tmp_path).predict(X), student.predict(X))
    X = rng.normal(size=(30, 600))
    wide = quick(TabularMLPRegressor).fit(X, rng.normal(size=30))
    assert wide.member_columns_.sum() < wide.member_columns_.size
    assert_same_bits(exported(wide, tmp_path).predict(X), wide.predict(X))


def test_levels_beside_the_module(tmp_path, rng):
    names = [f"a rather long name of a level {k}" for k in range(800)]
    X = np.array([names * 2], object).T
    model = quick(TabularMLPClassifier, column_kinds={0: "category"})
    model.fit(X, rng.integers(0, 2, len(X)))
    (path, beside) = to_python(model, tmp_path / "levels.py")
    assert "json.loads" in path.read_text()
    assert beside.name == "levels.npz"
    assert_same_bits(exported(model, tmp_path).predict_proba(X), model.predict_proba(X))


def test_arrays_of_another_module(tmp_path, rng):
    X, folder = rng.normal(size=(60, 3)), tmp_path
    for name in "ab":
        model = quick(TabularMLPRegressor, hidden_layer_sizes=60).fit(X, rng.normal(size=60))
        assert len(to_python(model, folder / f"{name}.py")) == 2
    (folder / "a.npz").write_bytes((folder / "b.npz").read_bytes())
    with pytest.raises(ImportError, match=r"a\.npz is of another module than .*a\.py"):
        runpy.run_path(str(folder / "a.py"))


def test_levels_that_are_infinite(tmp_path, rng):
    levels = np.array([np.inf, -np.inf, 1.5])
    X = levels[rng.integers(0, 3, (60, 1))].astype(object)
    model = quick(TabularMLPClassifier, column_kinds={0: "category"}).fit(X, X[:, 0] == np.inf)
    assert_same_bits(exported(model, tmp_path).predict_proba(X), model.predict_proba(X))


def test_weights_that_diverged(tmp_path, rng):
    X = rng.normal(size=(30, 2))
    model = NumpyMLPRegressor(hidden_layer_sizes=(2,), max_iter=2).fit(X, X[:, 0])
    model.coefs_[0][0, 0] = np.nan
    assert np.isnan(exported(model, tmp_path).predict(X)).all()


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.stem)
def test_models_that_earlier_versions_saved(path, tmp_path):
    model = pickle.loads(path.read_bytes())
    X = SAVING["some_rows"](SAVING["inputs"](model))
    if path.stem == "own_activation":
        with pytest.raises(NotImplementedError, match="the activation 'Sine' is one of your own"):
            to_python(model, tmp_path / "own.py")
        return
    module = exported(getattr(model, "best_estimator_", model), tmp_path)
    if path.stem == "lbfgs":  # gelu
        np.testing.assert_allclose(module.predict_proba(X), model.predict_proba(X), rtol=1e-12)
        return
    for method in methods_of(model):
        assert_same_bits(getattr(module, method)(X), getattr(model, method)(X))


# Networks of numbers ------------------------------------------------------------------------------


# By so many units in the last place numbers may differ from the model's: SciPy's functions have
# forms in NumPy that are not the same everywhere.
TOLERANCES = {("gelu", np.float32): 1e-5, ("gelu", np.float64): 1e-12}
TOLERANCES |= {(name, np.float32): 1e-5 for name in ("logistic", "silu")}


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation, dtype, n_members, tmp_path, rng):
    X, y = rng.normal(size=(60, 3)).astype(dtype), rng.integers(0, 3, 60)
    model = NumpyMLPClassifier(
        hidden_layer_sizes=(7, 5),
        activation=activation,
        n_members=n_members,
        max_iter=3,
        random_state=0,
    ).fit(X, y)
    module = exported(model, tmp_path)
    for n_rows in SIZES:
        # Far from the data too, where activations are at their limits.
        rows = (rng.normal(size=(n_rows, 3)) * rng.choice([1, 100], (n_rows, 1))).astype(dtype)
        found, expected = module.predict_proba(rows), model.predict_proba(rows)
        if (activation, dtype) in TOLERANCES:
            rtol = TOLERANCES[activation, dtype]
            np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)
        else:
            assert_same_bits(found, expected)


@pytest.mark.parametrize("n_rows", SIZES)
def test_two_classes_in_double_precision(n_rows, tmp_path, rng):
    X, y = rng.normal(size=(60, 3)), rng.integers(0, 2, 60)
    model = NumpyMLPClassifier(hidden_layer_sizes=(20,), activation="logistic", max_iter=3).fit(
        X, y
    )
    rows = 1000 * rng.normal(size=(n_rows, 3))
    assert_same_bits(exported(model, tmp_path).predict_proba(rows), model.predict_proba(rows))


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("loss", [name for name in LOSSES if not name.endswith("entropy")])
def test_every_loss(loss, n_members, tmp_path, rng):
    X, y = rng.normal(size=(60, 3)), rng.random(60) + 0.1
    model = NumpyMLPRegressor(
        hidden_layer_sizes=(5,), loss=loss, n_members=n_members, max_iter=3
    ).fit(X, y)
    assert_same_bits(exported(model, tmp_path).predict(X), model.predict(X))


@pytest.mark.parametrize("hidden", [(), (300,), (7, 5)])
def test_many_rows_go_through_in_the_same_parts(hidden, tmp_path, rng):
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    model = NumpyMLPRegressor(hidden_layer_sizes=hidden, max_iter=2, n_members=2).fit(X, y)
    rows = rng.normal(size=(3000, 3))
    module = exported(model, tmp_path)
    assert_same_bits(module.predict(rows), model.predict(rows))
    assert_same_bits(
        module.predict(dict(zip(module.COLUMNS, rows.T, strict=True))), model.predict(rows)
    )
    assert_same_bits(module.predict(np.rint(rows).astype(int)), model.predict(np.rint(rows)))


SCALERS = {
    "standard": [StandardScaler()],
    "means alone": [StandardScaler(with_std=False)],
    "deviations alone": [StandardScaler(with_mean=False)],
    "range": [MinMaxScaler((-1, 1))],
    "clipped range": [MinMaxScaler(clip=True)],
    "robust": [RobustScaler()],
    "robust, centre alone": [RobustScaler(with_scaling=False)],
    "largest": [MaxAbsScaler()],
    "two": [StandardScaler(), "passthrough", MinMaxScaler()],
    "of a table": [TabularPreprocessor()],
    "of a table, scaled": [TabularPreprocessor(dtype="float64"), StandardScaler()],
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("steps", SCALERS.values(), ids=SCALERS)
def test_pipelines(steps, dtype, tmp_path, rng):
    X = (5 + 3 * rng.normal(size=(60, 3))).astype(dtype)
    network = NumpyMLPRegressor(hidden_layer_sizes=(5,), max_iter=3, random_state=0)
    model = make_pipeline(*steps, network).fit(X, rng.normal(size=60))
    rows = (5 + 9 * rng.normal(size=(40, 3))).astype(dtype)
    before = rows.copy()
    assert_same_bits(exported(model, tmp_path).predict(rows), model.predict(rows))
    np.testing.assert_array_equal(rows, before)


def test_columns_by_name(tmp_path, rng):
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame({"b": rng.normal(size=60), "a": rng.integers(0, 9, 60)})
    model = make_pipeline(StandardScaler(), NumpyMLPRegressor(hidden_layer_sizes=(5,), max_iter=3))
    model.fit(X, rng.normal(size=60))
    module, expected = exported(model, tmp_path), model.predict(X)
    assert module.COLUMNS == ["b", "a"]
    assert_same_bits(module.predict(X), expected)
    assert_same_bits(module.predict(X[["a", "b"]].assign(target=1)), expected)
    assert_same_bits(module.predict(X.to_dict("records")), expected)
    assert_same_bits(module.predict(X.to_dict("list")), expected)


@pytest.mark.parametrize("kind", [NumpyMLPRegressor, TabularMLPRegressor])
@pytest.mark.parametrize("is_fitted_by_frame", [True, False])
def test_frames_of_columns_without_names(is_fitted_by_frame, kind, tmp_path, rng):
    pd = pytest.importorskip("pandas")
    X = rng.normal(size=(60, 2))
    model = quick(kind) if kind is TabularMLPRegressor else kind(max_iter=2)
    model.fit(pd.DataFrame(X) if is_fitted_by_frame else X, X[:, 0])
    module, expected = exported(model, tmp_path), model.predict(X)
    for names in ([0, 1], ["width", "x0"]):
        assert_same_bits(module.predict(pd.DataFrame(X, columns=names)), expected)
    assert_same_bits(module.predict(pd.DataFrame(X[:, ::-1], columns=["x1", "x0"])), expected)
    with pytest.raises(ValueError, match="the table has no column 'x0', 'x1'"):
        module.predict(pd.DataFrame(X[:, :1]))


# What a module says of wrong rows -----------------------------------------------------------------


@pytest.fixture(scope="module")
def of_table(tmp_path_factory):
    rng = np.random.default_rng(0)
    names = ["number", "text numbers", "two", "day", "note"]
    return exported(fitted(TabularMLPClassifier, names, rng), tmp_path_factory.mktemp("of_table"))


ROW = {
    "number": 1.0,
    "text numbers": "$1",
    "two": "f",
    "day": "2001-02-03",
    "note": "red wine",
}
WRONG = {
    "missing": (lambda row: row.pop("two"), "the table has no column 'two'"),
    "text": (lambda row: row.update(number="1.5"), "column 'number' must hold numbers, got '1.5'"),
    "a list": (lambda row: row.update(number=[[1]]), "column 'number' must hold|one cell"),
    "a dict": (lambda row: row.update(number={}), "column|cell"),
    "infinite": (lambda row: row.update(number=float("inf")), "'number' holds infinity in row 0"),
    "huge": (lambda row: row.update(number=10**400), "'number' holds a number that is too large"),
    "no number": (
        lambda row: row.update({"text numbers": "20+"}),
        "'text numbers' must hold numbers, got '20\\+'",
    ),
    "no date": (lambda row: row.update(day="20+"), "Column 'day' must hold dates, got '20\\+'"),
    "a number for a date": (lambda row: row.update(day=3), "Column 'day' must hold dates, got 3"),
    "a zone": (
        lambda row: row.update(day="2001-02-03T00:00Z"),
        "Column 'day' must hold dates without",
    ),
    "complex": (lambda row: row.update(two=1j), "column 'two'"),
    "a date for text": (
        lambda row: row.update(note=np.datetime64("2001-02-03")),
        "'note' must hold text",
    ),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_wrong_cells_are_errors_that_name_the_column(change, message, of_table):
    row = dict(ROW)
    assert of_table.predict(row).shape == (1,)
    change(row)
    with pytest.raises((TypeError, ValueError), match=message):
        of_table.predict(row)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ROW, {"number": 1}], "row 1 has no column 'text numbers', 'two'"),
        (
            {**{name: [cell] for name, cell in ROW.items()}, "two": "f"},
            "column 'two' is one cell, 'f'",
        ),
        (
            {**{name: [cell] for name, cell in ROW.items()}, "two": ["f"] * 2},
            "column 'two' has 2 rows",
        ),
        ({name: [] for name in ROW}, "no rows"),
        (np.zeros((2, 3)), r"rows of 5 columns are needed, got the shape \(2, 3\)"),
        ([1, 2, 3, 4, 5], r"rows of 5 columns are needed, got the shape \(5,\)"),
        (
            {**{name: [cell] for name, cell in ROW.items()}, "two": [["f"]]},
            "column 'two' must hold single",
        ),
    ],
)
def test_wrong_tables(rows, message, of_table):
    with pytest.raises((TypeError, ValueError), match=message):
        of_table.predict(rows)


def test_unknown_cells_count_as_missing(of_table):
    missing = dict.fromkeys(ROW)
    unknown = ROW | {
        "two": "x",
        "number": float("nan"),
        "text numbers": "?",
        "day": "no",
        "note": None,
    }
    assert_same_bits(of_table.predict_proba(unknown), of_table.predict_proba(missing))


def test_numbers_that_are_not_finite(tmp_path, rng):
    model = NumpyMLPRegressor(hidden_layer_sizes=(3,), max_iter=2).fit(
        rng.normal(size=(30, 2)), rng.normal(size=30)
    )
    module = exported(model, tmp_path)
    for rows in ([[1.0, 2.0], [1.0, np.nan]], {"x0": [1.0, 2.0], "x1": [1.0, None]}):
        with pytest.raises(
            ValueError, match="column 'x1' must hold finite numbers, got nan in row 1"
        ):
            module.predict(rows)


# What is refused ----------------------------------------------------------------------------------


class Square:
    name = "square"

    def value(self, z):
        return z**2

    def derivative(self, z, output):
        return 2 * z


def test_refusals(tmp_path, rng):
    X, y = rng.normal(size=(40, 2)), rng.normal(size=40)
    network = NumpyMLPRegressor(hidden_layer_sizes=(3,), max_iter=2)
    path = tmp_path / "refused.py"
    own = NumpyMLPRegressor(hidden_layer_sizes=(3,), max_iter=2, activation=Square()).fit(X, y)
    with pytest.raises(NotImplementedError, match="the activation 'square' is one of your own"):
        to_python(own, path)
    with pytest.raises(NotImplementedError, match="the step 'quantiletransformer', a Quantile"):
        to_python(make_pipeline(QuantileTransformer(n_quantiles=9), network).fit(X, y), path)
    with pytest.raises(NotImplementedError, match=r"the step .standardscaler.*before a TabularMLP"):
        to_python(make_pipeline(StandardScaler(), quick(TabularMLPRegressor)).fit(X, y), path)
    with pytest.raises(TypeError, match="is needed, got a LinearRegression"):
        to_python(LinearRegression().fit(X, y), path)
    search = StackedGridSearchCV(network, {"alpha": [0, 1]}, cv=2).fit(X, y)
    with pytest.raises(TypeError, match="got a StackedGridSearchCV: export its best_estimator_"):
        to_python(search, path)
    with pytest.raises(NotFittedError):
        to_python(NumpyMLPRegressor(), path)
    with pytest.raises(ValueError, match=r"path must end in \.py, got 'model\.txt'"):
        to_python(network.fit(X, y), "model.txt")
    assert not path.exists()


# What is written ----------------------------------------------------------------------------------


def test_small_weights_stand_inside_as_text(tmp_path, rng):
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    for n_units, n_files in ((5, 1), (500, 2)):
        model = NumpyMLPRegressor(hidden_layer_sizes=(n_units,), max_iter=2).fit(X, y)
        assert len(to_python(model, tmp_path / "weights.py")) == n_files


def test_only_what_a_model_needs_is_written(tmp_path, rng):
    text = to_python(fitted(TabularMLPClassifier, ["number"], rng), tmp_path / "m.py")[
        0
    ].read_text()
    for word in ("datetime", "re.compile", "hashed", "codes_of", "zoneinfo", "json", "softmax"):
        assert word not in text
    text = to_python(fitted(TabularMLPRegressor, ["two"], rng), tmp_path / "m.py")[0].read_text()
    for word in ("zoneinfo", "hashed", "interpolated_ranks", "np.interp", "_clock"):
        assert word not in text


@pytest.mark.parametrize("names", TABLES.values(), ids=TABLES)
def test_what_is_written_is_clean(names, tmp_path, rng):
    pytest.importorskip("ruff")
    path, *_ = to_python(fitted(TabularMLPRegressor, names, rng), tmp_path / "clean.py")
    rules = ["--isolated", "--line-length=100", "--select=E,F,W,I,B"]
    command = [sys.executable, "-m", "ruff", "check", *rules, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


ALONE = """
    import sys

    class NothingElse:
        def find_spec(self, name, path=None, target=None):
            known = {*sys.stdlib_module_names, "numpy", "exported"}
            if name.split(".")[0] not in known and not name.startswith("_sysconfigdata"):
                raise ImportError(f"{name} is not there")

    sys.meta_path.insert(0, NothingElse())
    sys.path.insert(0, sys.argv[1])

    import pickle

    import numpy as np
    import exported

    with open(sys.argv[1] + "/rows.pkl", "rb") as file:
        rows = pickle.load(file)
    np.save(sys.argv[1] + "/found.npy", exported.predict(rows))
    assert not {"scipy", "sklearn", "sknumpynet", "pandas"} & sys.modules.keys()
"""


def test_it_needs_numpy_alone(tmp_path, rng):
    pd = pytest.importorskip("pandas")
    model = fitted(TabularMLPRegressor, list(CELLS), rng)
    to_python(model, tmp_path / "exported.py")
    table = table_of(list(CELLS), rng, 17)
    (tmp_path / "rows.pkl").write_bytes(pickle.dumps(table))
    command = [sys.executable, "-I", "-c", textwrap.dedent(ALONE), str(tmp_path)]
    environment = {"OPENBLAS_NUM_THREADS": "1", "PATH": "/usr/bin"}
    subprocess.run(command, check=True, env=environment)
    found = np.load(tmp_path / "found.npy")
    assert_same_bits(found, model.predict(pd.DataFrame(table)))


def test_a_file_that_cannot_be_written_leaves_the_others_as_they_were(tmp_path, rng):
    X = rng.normal(size=(30, 2))
    model = quick(TabularMLPRegressor).fit(X, X[:, 0])
    path = tmp_path / "model.py"
    path.write_text("BEFORE = 1")
    path.with_suffix(".npz").mkdir()
    with pytest.raises(OSError, match=r"model\.npz"):
        to_python(model, path)
    assert path.read_text() == "BEFORE = 1"
    assert sorted(own.name for own in tmp_path.iterdir()) == ["model.npz", "model.py"]
