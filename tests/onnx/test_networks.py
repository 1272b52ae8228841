"""Exported networks predict in onnxruntime what they predict here."""

import subprocess
import sys

import numpy as np
import pytest
from helpers.onnx_graphs import run
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedGridSearchCV,
    StackedHalvingGridSearchCV,
    StackedHalvingRandomSearchCV,
    StackedHyperbandSearchCV,
    StackedRandomizedSearchCV,
)
from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.losses import LOSSES

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

REGRESSION_LOSSES = [name for name in LOSSES if not name.endswith("cross_entropy")]


def make(kind, **parameters):
    return kind(**({"hidden_layer_sizes": (7, 5), "max_iter": 5, "random_state": 0} | parameters))


def exported(model, X, **options):
    """Return the outputs of the exported model for X, by name."""
    from skl2onnx import to_onnx

    import sknumpynet.onnx  # noqa: F401

    return run(to_onnx(model, X[:1], **options), {"X": X})


def classes(kind="int"):
    X, y = load_iris(return_X_y=True)
    rows = slice(None, 100) if kind == "binary" else slice(None)
    names = {"str": np.array(["a", "b", "c"]), "float": np.array([1.0, 2.0, 5.0])}
    return scale(X)[rows], names.get(kind, np.array([0, 1, 2]))[y[rows]]


def numbers():
    X, y = load_diabetes(return_X_y=True)
    return scale(X)[:100], y[:100] / 100


def assert_same_classifier(model, X, dtype=np.float32):
    X = X.astype(dtype)
    outputs = exported(model, X, options={"zipmap": False})
    expected = model.predict_proba(X)
    assert outputs["probabilities"].dtype == dtype
    np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5)
    sure = np.sort(expected)[:, -1] - np.sort(expected)[:, -2] > 1e-5
    np.testing.assert_array_equal(outputs["label"][sure], model.predict(X)[sure])


def assert_same_regressor(model, X, dtype=np.float32):
    X = X.astype(dtype)
    predictions = exported(model, X)["variable"]
    assert predictions.dtype == dtype
    expected = model.predict(X)
    np.testing.assert_allclose(predictions, expected.reshape(len(X), -1), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation, dtype, n_members):
    X, y = classes()
    # Far from the data too, where activations are at their limits.
    rows = np.vstack([X, 30 * X])
    model = make(NumpyMLPClassifier, activation=activation, n_members=n_members).fit(X, y)
    assert_same_classifier(model, rows, dtype)
    X, y = numbers()
    model = make(NumpyMLPRegressor, activation=activation, n_members=n_members).fit(X, y)
    assert_same_regressor(model, np.vstack([X, 30 * X]), dtype)


def test_an_activation_for_each_layer():
    X, y = numbers()
    model = make(NumpyMLPRegressor, activation=["gelu", "tanh"], solver="lbfgs").fit(X, y)
    assert_same_regressor(model, X)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_every_loss(loss, n_members):
    X, y = numbers()
    assert_same_regressor(make(NumpyMLPRegressor, loss=loss, n_members=n_members).fit(X, y), X)


@pytest.mark.parametrize("n_members", [1, 3])
def test_quantiles(n_members):
    X, y = numbers()
    model = make(
        NumpyMLPRegressor, loss="quantile", quantile=[0.1, 0.5, 0.8, 0.9], n_members=n_members
    ).fit(X, y)
    assert_same_regressor(model, X)


def test_several_outputs():
    X, y = numbers()
    assert_same_regressor(make(NumpyMLPRegressor).fit(X, np.column_stack([y, -y])), X)


@pytest.mark.parametrize("hidden", [(), (5,)], ids=str)
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("kind", ["binary", "int", "str", "float"])
def test_labels(kind, n_members, hidden):
    X, y = classes(kind)
    model = make(NumpyMLPClassifier, hidden_layer_sizes=hidden, n_members=n_members).fit(X, y)
    assert_same_classifier(model, X)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("label", [4, "only", 2.0, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_class(label, n_members, dtype):
    X = classes()[0]
    model = make(NumpyMLPClassifier, n_members=n_members).fit(X, np.full(len(X), label))
    X = np.vstack([X, 1e3 * X]).astype(dtype)
    outputs = exported(model, X, options={"zipmap": False})
    assert outputs["probabilities"].dtype == dtype
    np.testing.assert_array_equal(outputs["probabilities"], np.ones((len(X), 1)))
    np.testing.assert_array_equal(outputs["label"], model.predict(X))
    if dtype == np.float32:  # onnxruntime makes no dictionaries of doubles
        assert exported(model, X)["output_probability"] == [{label: 1.0}] * len(X)


def test_several_labels():
    X, y = make_multilabel_classification(100, 5, n_classes=3, random_state=0)
    model = make(NumpyMLPClassifier, max_iter=60).fit(scale(X), y)
    X = scale(X).astype(np.float32)
    outputs = exported(model, X, options={"zipmap": False})
    np.testing.assert_allclose(outputs["probabilities"], model.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(outputs["label"], model.predict(X))


@pytest.mark.parametrize("n_members", [1, 3])
def test_inside_a_pipeline(n_members):
    X, y = classes("str")
    model = make_pipeline(StandardScaler(), make(NumpyMLPClassifier, n_members=n_members))
    outputs = exported(model.fit(5 + 3 * X, y), (5 + 3 * X).astype(np.float32))
    # By default each row's probabilities are a dictionary.
    found = [[row[name] for name in "abc"] for row in outputs["output_probability"]]
    np.testing.assert_allclose(found, model.predict_proba(5 + 3 * X), atol=1e-5)
    X, y = numbers()
    model = make_pipeline(StandardScaler(), make(NumpyMLPRegressor, n_members=n_members))
    assert_same_regressor(model.fit(X, y), X)


def test_integers():
    X, y = classes()
    X = np.round(10 * X).astype(np.int64)
    model = make(NumpyMLPClassifier).fit(X, y)
    outputs = exported(model, X, options={"zipmap": False})
    np.testing.assert_allclose(outputs["probabilities"], model.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("target_opset", [15, 18])
def test_older_operators(target_opset):
    X, y = numbers()
    model = make(NumpyMLPRegressor, n_members=2, activation="mish").fit(X, y)
    X = X.astype(np.float32)
    found = exported(model, X, target_opset=target_opset)["variable"]
    np.testing.assert_allclose(found[:, 0], model.predict(X), rtol=1e-5, atol=1e-5)


class Sine:
    def value(self, z):
        return np.sin(z)

    def derivative(self, z, output):
        return np.cos(z)


def test_what_cannot_be_exported():
    X, y = numbers()
    with pytest.raises(NotImplementedError, match="an activation of one's own"):
        exported(make(NumpyMLPRegressor, activation=Sine()).fit(X, y), X)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import sknumpynet; assert 'skl2onnx' not in sys.modules", ""),
        (
            "sys.modules['skl2onnx'] = None; import sknumpynet.onnx",
            'needs skl2onnx: pip install "sknumpynet[onnx]"',
        ),
    ],
)
def test_is_an_extra(code, expected):
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode == 0) == (expected == "")
    assert expected in done.stderr


# What each takes beside a grid of two.
SEARCHES = {
    StackedGridSearchCV: {},
    StackedRandomizedSearchCV: {"n_iter": 2},
    StackedHalvingGridSearchCV: {"factor": 2},
    StackedHalvingRandomSearchCV: {"n_candidates": 2, "min_resources": 60},
    StackedHyperbandSearchCV: {"max_resources": 2},
}


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("kind", [NumpyMLPClassifier, NumpyMLPRegressor])
@pytest.mark.parametrize("where", ["alone", "network in a pipeline", "in a pipeline"])
@pytest.mark.parametrize("options", [{}, {"options": {"zipmap": False}}])
def test_a_search_says_what_to_export(search, kind, where, options):
    X, y = classes() if kind is NumpyMLPClassifier else numbers()
    network, prefix = make(kind), ""
    if where == "network in a pipeline":
        network, prefix = make_pipeline(StandardScaler(), network), f"{kind.__name__.lower()}__"
    more = SEARCHES[search]
    if search is StackedHyperbandSearchCV:
        more = more | {"resource": f"{prefix}max_iter"}
    model = search(network, {f"{prefix}alpha": [0.1, 1.0]}, cv=2, **more)
    whole = make_pipeline(StandardScaler(), model) if where == "in a pipeline" else model
    whole.fit(X, y)
    X = X.astype(np.float32)
    with pytest.raises(NotImplementedError, match=rf"{search.__name__}.*best_estimator_"):
        exported(whole, X, **options)
    best = whole[-1].best_estimator_ if where == "in a pipeline" else whole.best_estimator_
    assert len(exported(best, X)) in (1, 2)
