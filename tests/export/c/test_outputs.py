"""Outputs of every kind of model: what users call in C is what they call in Python."""

import numpy as np
import pytest
from helpers.c_models import assert_same_probabilities, assert_same_values, needs_gcc
from helpers.networks import REGRESSION_LOSSES, HalfSquare, make, positive_targets
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.preprocessing import scale

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpynet.core.losses import PREDICTIONS
from sknumpynet.export.c.outputs import LINKS

pytestmark = [
    needs_gcc,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def classes(kind="int"):
    X, y = load_iris(return_X_y=True)
    rows = slice(None, 100) if kind == "binary" else slice(None)
    names = {"str": np.array(['a"', "b\\", "c?\n"]), "float": np.array([1.0, 2.0, 5.0])}
    return scale(X)[rows], names.get(kind, np.array([0, 1, 2]))[y[rows]]


@pytest.mark.parametrize("hidden", [(), (5,)], ids=str)
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("kind", ["binary", "int", "str", "float"])
def test_labels(kind, n_members, hidden, tmp_path):
    X, y = classes(kind)
    model = make(NumpyMLPClassifier, hidden_layer_sizes=hidden, n_members=n_members).fit(X, y)
    # Far from the data too, where probabilities are nearly 0.
    assert_same_probabilities(model, np.vstack([X, 1e4 * X]), tmp_path, atol=1e-12)


@pytest.mark.parametrize("label", [4, "only"])
def test_one_class(label, tmp_path):
    X, _ = classes()
    model = make(NumpyMLPClassifier, n_members=3).fit(X, np.full(len(X), label))
    in_c = assert_same_probabilities(model, X, tmp_path, atol=0.0)
    assert in_c.classes(X[:1]) == [str(label)]


def test_several_labels(tmp_path):
    X, y = make_multilabel_classification(100, 5, n_classes=3, random_state=0)
    model = make(NumpyMLPClassifier).fit(scale(X), y)
    in_c = assert_same_probabilities(model, scale(X), tmp_path, atol=1e-12)
    assert "_predict(" not in in_c.text


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize(
    "loss", [*REGRESSION_LOSSES, HalfSquare()], ids=[*REGRESSION_LOSSES, "own"]
)
def test_losses(loss, n_members, tmp_path):
    X, y = positive_targets()
    model = make(NumpyMLPRegressor, loss=loss, n_members=n_members).fit(X, y)
    assert_same_values(model, X, tmp_path, spread=y.std(), atol=1e-12)


@pytest.mark.parametrize("n_members", [1, 3])
def test_quantiles(n_members, tmp_path):
    X, y = positive_targets()
    levels = [0.1, 0.5, 0.8]
    model = make(NumpyMLPRegressor, loss="quantile", quantile=levels, n_members=n_members)
    in_c = assert_same_values(model.fit(X, y), X, tmp_path, spread=y.std(), atol=1e-12)
    assert "The 3 predicted quantiles." in in_c.text


def test_several_outputs(tmp_path):
    X, y = positive_targets(2)
    assert_same_values(make(NumpyMLPRegressor).fit(X, y), X, tmp_path, spread=1.0, atol=1e-12)


def test_every_link_has_a_form():
    assert LINKS.keys() == PREDICTIONS.keys()
