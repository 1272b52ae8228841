"""The same numbers as scikit-learn, for the same parameters, data and integer random_state."""

import copy
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    make_moons,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import scale

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpynet.core.batching import Dataset
from sknumpynet.core.lbfgs import Objective
from sknumpynet.core.network import dense_network

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`:UserWarning"),
]

THEIRS = {NumpyMLPClassifier: MLPClassifier, NumpyMLPRegressor: MLPRegressor}
CURVES = ("loss_curve_", "validation_scores_")
NUMBERS = ("loss_", "best_loss_", "best_validation_score_")
EQUAL = ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_")


def _regression_targets(n_outputs):
    X, y = load_diabetes(return_X_y=True)
    y = scale(y)
    return scale(X)[:150], np.column_stack([y, y**2, -y])[:150, :n_outputs].squeeze()


def _counts():
    X, y = load_diabetes(return_X_y=True)
    return scale(X)[:150], np.floor(y[:150] / 50)


def _problems():
    moons = make_moons(150, noise=0.3, random_state=0)
    iris = load_iris(return_X_y=True)
    return {
        "binary": (NumpyMLPClassifier, moons),
        "strings": (NumpyMLPClassifier, (moons[0], np.array(["no", "yes"])[moons[1]])),
        "multiclass": (NumpyMLPClassifier, (scale(iris[0]), iris[1])),
        "multilabel": (
            NumpyMLPClassifier,
            make_multilabel_classification(150, 6, n_classes=4, random_state=0),
        ),
        "single": (NumpyMLPRegressor, _regression_targets(1)),
        "several": (NumpyMLPRegressor, _regression_targets(3)),
        "counts": (NumpyMLPRegressor, _counts()),
    }


PROBLEMS = _problems()


def make_pair(kind, parameters):
    return kind(**parameters), THEIRS[kind](**parameters)


def assert_same(ours, theirs, X, tol=1e-6):
    for name in EQUAL:
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            assert mine.shape == other.shape
            assert mine.dtype == other.dtype
            np.testing.assert_allclose(mine, other, rtol=tol, atol=tol, err_msg=name)
    for name in CURVES + NUMBERS:
        expected = getattr(theirs, name, None)
        if expected is None:
            assert getattr(ours, name, None) is None
        else:
            np.testing.assert_allclose(
                getattr(ours, name), expected, rtol=tol, atol=tol, err_msg=name
            )
    for method in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(theirs, method):
            mine, other = getattr(ours, method)(X), getattr(theirs, method)(X)
            assert mine.shape == other.shape
            if method == "predict" and hasattr(theirs, "classes_"):
                np.testing.assert_array_equal(mine, other)
            else:
                # Theirs takes the logarithm of a rounded probability.
                finite = np.isfinite(other) & (other > -20)
                np.testing.assert_allclose(
                    mine[finite], other[finite], rtol=tol, atol=tol, err_msg=method
                )


def random_configuration(seed):
    """Draw a problem, parameters, and what is done with them."""
    rng = np.random.default_rng(seed)
    name = rng.choice(list(PROBLEMS))
    depth = rng.integers(0, 4)
    solver = rng.choice(["sgd", "adam"])
    parameters = {
        "hidden_layer_sizes": tuple(rng.integers(1, 20, depth).tolist()),
        "activation": str(rng.choice(["identity", "logistic", "tanh", "relu"])),
        "solver": str(solver),
        "alpha": float(rng.choice([0.0, 1e-4, 0.1])),
        "batch_size": [("auto"), 7, 32, 1000][rng.integers(4)],
        "learning_rate": str(rng.choice(["constant", "invscaling", "adaptive"])),
        "learning_rate_init": float(rng.choice([0.001, 0.01])),
        "power_t": float(rng.choice([0.5, 0.2])),
        "max_iter": int(rng.integers(1, 40)),
        "shuffle": bool(rng.integers(2)),
        "random_state": int(rng.integers(100)),
        "tol": float(rng.choice([1e-4, 1e-2])),
        "warm_start": bool(rng.integers(2)),
        "momentum": float(rng.choice([0.0, 0.9])),
        "nesterovs_momentum": bool(rng.integers(2)),
        "early_stopping": bool(rng.integers(2)),
        "validation_fraction": float(rng.choice([0.1, 0.3])),
        "beta_1": float(rng.choice([0.9, 0.5])),
        "beta_2": float(rng.choice([0.999, 0.9])),
        "epsilon": float(rng.choice([1e-8, 1e-4])),
        "n_iter_no_change": [2, 10, np.inf][rng.integers(3)],
    }
    if name == "counts":
        parameters["loss"] = "poisson"
    calls = [["fit"], ["fit", "fit"], ["fit", "partial_fit"], ["partial_fit"] * 5]
    steps = calls[rng.integers(len(calls))]
    if "partial_fit" in steps:
        parameters["early_stopping"] = False
    return str(name), parameters, steps, bool(rng.integers(2)), bool(rng.integers(4) == 0)


@pytest.mark.parametrize("seed", range(300))
def test_random_configurations(seed):
    name, parameters, steps, weighted, is_sparse = random_configuration(seed)
    kind, (X, y) = PROBLEMS[name]
    if is_sparse:
        X = sparse.csr_matrix(X)
    weight = np.random.default_rng(seed).uniform(0.1, 2.0, len(y)) if weighted else None
    ours, theirs = make_pair(kind, parameters)
    for step in steps:
        for estimator in (ours, theirs):
            arguments = {"sample_weight": weight}
            if step == "partial_fit" and hasattr(estimator, "predict_proba"):
                labels = np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)
                arguments["classes"] = labels
            getattr(estimator, step)(X, y, **arguments)
        assert_same(ours, theirs, X)
