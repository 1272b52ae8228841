"""Exported estimators for tables predict in onnxruntime what they predict here."""

import copy
import pickle
import runpy
from pathlib import Path

import numpy as np
import pytest
from helpers.onnx_graphs import assert_same_predictions, run, skl2onnx, types
from helpers.passengers import KINDS, fitted, quick, target_of, titanic
from helpers.tables import pd, pl
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import NumpyMLPClassifier, TabularMLPClassifier, TabularMLPRegressor
from sknumpynet.onnx import prepare, to_onnx

pytestmark = pytest.mark.filterwarnings("ignore:nearly all levels have a single row")

N = 150
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "number": RNG.normal(size=N),
        "whole": np.where(RNG.random(N) < 0.1, np.nan, RNG.integers(30, size=N)),
        "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(2_000, size=N), unit="D"),
        "colour": RNG.choice(["red", "green", "blue"], N),
        "city": [f"city {k}" for k in RNG.integers(14, size=N)],
        "shop": pd.Categorical(RNG.integers(12, size=N)),
    }
)
VALUES = FRAME.number + FRAME.whole.fillna(15) / 9 + (FRAME.colour == "red")
THREE = np.digitize(VALUES, [1.0, 2.0])
NEW = FRAME.copy()
NEW.loc[0] = [np.nan, 99.0, pd.NaT, "grey", None, None]


def assert_exported(model, X, **parameters):
    """Compare what is predicted of a table, and of one of its rows."""
    graph = to_onnx(model, **parameters)
    outputs = run(graph, prepare(model, X))
    assert_same_predictions(model, outputs, X)
    assert_same_predictions(model, run(graph, prepare(model, X[:1])), X[:1])
    return outputs


# What is predicted --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y",
    [
        THREE,
        THREE > 0,
        np.array(["low", "middle", "high"])[THREE],
        np.array(["low", "high"])[THREE // 2],
        np.array([1.0, 2.0, 5.0])[THREE],
        np.column_stack([THREE > 0, THREE > 1, FRAME.colour == "red"]).astype(int),
        np.full(N, "only"),
    ],
    ids=["classes", "booleans", "names", "two names", "floats", "labels", "one class"],
)
def test_classes(y):
    model = quick(TabularMLPClassifier).fit(FRAME, y)
    outputs = assert_exported(model, NEW)
    assert outputs["probabilities"].shape == model.predict_proba(NEW).shape


@pytest.mark.parametrize(
    "y", [THREE, THREE > 0, np.column_stack([THREE > 0, THREE > 1])], ids=["3", "2", "labels"]
)
def test_a_temperature(y):
    model = quick(TabularMLPClassifier).fit(FRAME, y.astype(int))
    before = model.predict_proba(NEW)
    model.temperature_ = 0.7
    assert (np.abs(model.predict_proba(NEW) - before) > 1e-3).any()
    assert_exported(model, NEW)


def test_probabilities_are_never_0_or_1():
    model = quick(TabularMLPClassifier).fit(FRAME, THREE > 0)
    certain = copy.copy(model)
    certain.parameters_ = model.parameters_ * np.float32(9)
    probabilities = assert_exported(certain, NEW)["probabilities"]
    assert probabilities.max() > 0.999
    assert 0.0 < probabilities.min() < probabilities.max() < 1.0


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        ("squared_error", VALUES),
        ("squared_error", 1e9 + VALUES),
        ("squared_error", np.column_stack([VALUES, -1e3 * VALUES**2])),
        ("absolute_error", VALUES),
        ("poisson", THREE),
        ("gamma", 0.1 + THREE),
    ],
    ids=["values", "far from 0", "several", "absolute", "poisson", "gamma"],
)
def test_values(loss, y):
    assert_exported(quick(TabularMLPRegressor, loss=loss).fit(FRAME, y), NEW)


@pytest.mark.parametrize("quantile", [0.3, [0.1, 0.5, 0.9]])
def test_quantiles(quantile):
    model = quick(TabularMLPRegressor, loss="quantile", quantile=quantile)
    assert_exported(model.fit(FRAME, VALUES), NEW)


@pytest.mark.parametrize("level", [0.8, [0.5, 0.9]])
@pytest.mark.parametrize(
    ("y", "parameters"),
    [
        (VALUES, {}),
        (np.column_stack([VALUES, -VALUES]), {}),
        (VALUES, {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}),
    ],
    ids=["values", "several", "quantiles"],
)
def test_intervals(y, parameters, level):
    model = quick(TabularMLPRegressor, **parameters).fit(FRAME, y)
    bounds = assert_exported(model, NEW, interval=level)["interval"]
    expected = model.predict_interval(NEW, level, method="mean")
    np.testing.assert_allclose(bounds, expected, atol=1e-5 * np.max(model._unit["spread"]))


@pytest.mark.filterwarnings("ignore:.* rows held out cannot tell bounds")
def test_intervals_of_few_rows_are_infinite():
    model = quick(TabularMLPRegressor).fit(FRAME[:30], VALUES[:30])
    bounds = assert_exported(model, NEW, interval=0.999)["interval"]
    np.testing.assert_array_equal(bounds, np.broadcast_to([-np.inf, np.inf], bounds.shape))


# Of which networks --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_passengers(kind):
    assert_exported(fitted(kind), titanic()[0])


@pytest.mark.parametrize("n_members", [1, 2, 5])
def test_members_of_several_kinds(n_members):
    model = quick(TabularMLPRegressor, n_members=n_members).fit(FRAME, VALUES)
    assert_exported(model, NEW)


def test_statistics_of_levels():
    model = quick(TabularMLPClassifier).fit(FRAME, THREE)
    assert any(network.level_table for network in model._networks())
    assert_exported(model, NEW)


@pytest.mark.parametrize("kind", KINDS)
def test_monotone_networks(kind):
    model = quick(kind, monotonic_cst={"number": 1, "whole": -1})
    assert_exported(model.fit(FRAME, VALUES if kind is TabularMLPRegressor else THREE > 0), NEW)


def test_distilled_networks():
    ensemble = quick(TabularMLPClassifier).fit(FRAME, THREE)
    assert_exported(ensemble.distil(FRAME), NEW)


def test_members_that_see_columns_of_their_own():
    X = RNG.integers(9, size=(60, 600)).astype(float)
    model = quick(TabularMLPClassifier, max_iter=1, n_members=2).fit(X, X[:, 0] > 4)
    assert model._networks()[0].selection is not None
    assert_exported(model, X)


FIXTURES = Path(__file__).parents[1] / "fixtures"
SAVING = runpy.run_path(str(FIXTURES / "save_models.py"))


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("saved_*/table_*.pkl")), ids=lambda f: f.stem)
def test_models_that_were_saved_by_versions_before(file):
    model = pickle.loads(file.read_bytes())
    assert_exported(model, SAVING["inputs"](model))


# Tables -------------------------------------------------------------------------------------------


def test_other_libraries():
    model = quick(TabularMLPClassifier).fit(pl.from_pandas(FRAME), THREE)
    assert_exported(model, pl.from_pandas(FRAME))


def test_columns_without_names():
    X = FRAME.to_numpy(dtype=object)
    model = quick(TabularMLPClassifier).fit(X, THREE)
    assert_exported(model, X)
    assert [own.name for own in to_onnx(model).graph.input] == [f"x{k}" for k in range(6)]


def test_names_of_inputs():
    names = ["label", "price (EUR)", "price_(EUR)", "2nd", "", "x_present", "x"]
    X = pd.DataFrame(dict.fromkeys(names[:-2], FRAME.number) | {"x_present": FRAME.whole})
    X["x"] = RNG.choice(["", "a", None], N)
    model = quick(TabularMLPClassifier).fit(X, THREE)
    expected = ["label_2", "price__EUR_", "price__EUR__2", "_2nd", "_", "x_present", "x"]
    assert [own.name for own in to_onnx(model).graph.input] == [*expected, "x_present_2"]
    assert_exported(model, X)


@pytest.mark.parametrize(
    "names",
    [["a b", "a_b", "a_b_2"], ["a_b", "a b", "a_b_2"], ["label", "label_2", "label 2"]],
    ids=str,
)
def test_a_column_may_have_the_name_of_another_input(names):
    X = pd.DataFrame(dict(zip(names, RNG.normal(size=(3, N)), strict=True)))
    model = quick(TabularMLPClassifier).fit(X, THREE)
    assert_exported(model, X)
    graph = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    # What skl2onnx calls them is its own affair; they are in order.
    given = [own.name for own in graph.graph.input]
    feed = {new: X[[name]].to_numpy() for new, name in zip(given, names, strict=True)}
    assert_same_predictions(model, run(graph, feed), X)


def test_types_of_inputs():
    X = FRAME.assign(single=FRAME.number.astype(np.float32), none=RNG.choice(["", "a"], N))
    model = quick(TabularMLPClassifier).fit(X, THREE)
    elements = {own.name: own.type.tensor_type.elem_type for own in to_onnx(model).graph.input}
    kinds = {1: "float", 7: "int64", 8: "string", 9: "bool", 11: "double"}
    assert {name: kinds[element] for name, element in elements.items()} == {
        "number": "double",
        "whole": "float",
        "day": "double",
        "colour": "string",
        "city": "string",
        "shop": "int64",
        "single": "float",
        "none": "string",
        "none_present": "bool",
    }


def test_raw_cells_need_not_be_prepared():
    X = pd.DataFrame({"age": FRAME.whole, "colour": FRAME.colour, "shop": FRAME["shop"]})
    model = quick(TabularMLPClassifier).fit(X, THREE)
    feed = {
        "age": np.array([[3.0], [np.nan]], np.float32),
        "colour": np.array([["red"], ["grey"]], object),
        "shop": np.array([[5], [99]]),
    }
    rows = pd.DataFrame({"age": [3.0, None], "colour": ["red", "grey"], "shop": [5, 99]})
    assert_same_predictions(model, run(to_onnx(model), feed), rows.astype({"shop": "category"}))


@pytest.mark.parametrize("target_opset", [15, 18])
def test_older_operators(target_opset):
    model = quick(TabularMLPRegressor).fit(FRAME, VALUES)
    assert_exported(model, NEW, target_opset=target_opset)


# By skl2onnx --------------------------------------------------------------------------------------


def test_skl2onnx_takes_the_columns_of_a_frame():
    X = FRAME.drop(columns=["day", "shop"]).astype({"whole": np.float32})
    model = quick(TabularMLPClassifier).fit(X, THREE)
    graph = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    feed = {name: X[[name]].to_numpy() for name in X}
    assert_same_predictions(model, run(graph, feed), X)
    found = run(skl2onnx.to_onnx(model, X[:1]), feed)["output_probability"]
    np.testing.assert_allclose(
        [[row[k] for k in range(3)] for row in found], model.predict_proba(X), atol=1e-5
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_skl2onnx_takes_a_matrix_of_numbers(dtype):
    X = RNG.integers(9, size=(N, 3)).astype(dtype)
    if dtype != np.int64:
        X[::5] = np.nan
    model = quick(TabularMLPRegressor, categorical_features=[2]).fit(X, VALUES)
    rows = X.copy()
    rows[0, 2] = 99
    assert_same_predictions(model, run(skl2onnx.to_onnx(model, X[:1]), {"X": rows}), rows)


def test_in_a_pipeline():
    X = FRAME[["number", "whole"]].to_numpy()
    model = make_pipeline(StandardScaler(), quick(TabularMLPClassifier)).fit(X, THREE)
    graph = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    assert_same_predictions(model, run(graph, {"X": X}), X)


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initial_types", "error", "message"),
    [
        (
            {"age": types.FloatTensorType([None, 1])},
            ValueError,
            "column 'colour' must come as the input 'colour', got the inputs .'age'.",
        ),
        (
            {"age": types.StringTensorType([None, 1])},
            TypeError,
            "column 'age' must come as numbers, got the input 'age' of StringTensorType",
        ),
        (
            {"age": types.FloatTensorType([None, 1]), "colour": types.FloatTensorType([None, 1])},
            TypeError,
            "column 'colour' must come as strings, got the input 'colour' of FloatTensorType",
        ),
        (
            {"age": types.FloatTensorType([None, 1]), "colour": types.StringTensorType([None, 1])},
            ValueError,
            "column 'colour' must come as the input 'colour_present'",
        ),
    ],
)
def test_inputs_that_do_not_fit(initial_types, error, message):
    X = pd.DataFrame({"age": FRAME.whole, "colour": RNG.choice(["red", "green", ""], N)})
    model = quick(TabularMLPClassifier).fit(X, THREE)
    with pytest.raises(error, match=message):
        skl2onnx.to_onnx(model, initial_types=[*initial_types.items()])


def test_levels_that_are_one_text():
    X = pd.DataFrame({"mixed": np.array([0.5, "0.5", "a"], object)[RNG.integers(3, size=N)]})
    model = quick(TabularMLPClassifier, categorical_features=["mixed"]).fit(X, THREE)
    with pytest.raises(NotImplementedError, match=r"column 'mixed' has the levels 0\.5 and '0\.5'"):
        to_onnx(model)


def test_levels_that_are_no_utf_8():
    X = np.array([["\ud800"], ["a"], ["b"]], object)[RNG.integers(3, size=N)]
    model = quick(TabularMLPClassifier).fit(X, THREE)
    with pytest.raises(NotImplementedError, match=r"column 'x0' has the level '\\ud800'"):
        to_onnx(model)


def test_no_column_that_tells_anything():
    model = quick(TabularMLPClassifier).fit(np.ones((N, 2)), THREE)
    with pytest.raises(NotImplementedError, match="no column says anything about the targets"):
        to_onnx(model)


@pytest.mark.parametrize(
    ("classes", "got"),
    [
        (np.array(["2020-01-01", "2021-01-01"], "M8[D]"), "datetime64.D. such as .*2020-01-01"),
        (np.array([1, 2], "m8[s]"), "timedelta64.s. such as "),
        (np.array([1, 2**63 + 1], np.uint64), "uint64 such as .*9223372036854775809"),
        (np.array(["a", "\ud800"], object), r".U1 such as '\\ud800'"),
    ],
    ids=["dates", "durations", "beyond int64", "half a character"],
)
@pytest.mark.parametrize("kind", [NumpyMLPClassifier, TabularMLPClassifier])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_labels_that_onnx_does_not_have(kind, classes, got):
    X = FRAME[["number"]]
    model = kind(max_iter=2).fit(X, classes[(THREE > 0).astype(int)])
    with pytest.raises(NotImplementedError, match=f"labels .* int64, got {got}"):
        skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})


@pytest.mark.parametrize("of_pipeline", [False, True])
def test_other_models(of_pipeline):
    model = NumpyMLPClassifier()
    model = make_pipeline(StandardScaler(), model) if of_pipeline else model
    with pytest.raises(TypeError, match=r"got (Pipeline|NumpyMLPClassifier).*skl2onnx\.to_onnx"):
        to_onnx(model)


@pytest.mark.parametrize("kind", KINDS)
def test_before_fit(kind):
    with pytest.raises(NotFittedError):
        to_onnx(quick(kind))


@pytest.mark.parametrize(
    ("kind", "interval", "error", "message"),
    [
        (TabularMLPClassifier, 0.9, TypeError, "interval is for regressors, got interval=0.9"),
        (TabularMLPRegressor, 1.5, ValueError, "level must be above 0 and below 1, got 1.5"),
    ],
)
def test_intervals_that_are_none(kind, interval, error, message):
    with pytest.raises(error, match=message):
        to_onnx(fitted(kind), interval=interval)


def test_no_intervals_without_rows_held_out():
    model = quick(TabularMLPRegressor, conformal=False).fit(titanic()[0], target_of(KINDS[1]))
    with pytest.raises(ValueError, match="knows of no rows that had no part in its training"):
        to_onnx(model, interval=0.9)
