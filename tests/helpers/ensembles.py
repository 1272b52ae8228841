"""Ensembles that are quickly fitted, and what their members must be."""

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_wine
from sklearn.preprocessing import scale

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor

KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]

# Settings by which every member must be the network of its seed.
SETTINGS = {
    "adam": {},
    "early stopping": {"early_stopping": True, "max_iter": 40},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 1},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling"},
    "some converge": {"tol": 0.02, "n_iter_no_change": 1, "max_iter": 60},
    "no shuffle": {"shuffle": False},
    "two layers": {"hidden_layer_sizes": (5, 3), "activation": "tanh"},
    "linear": {"hidden_layer_sizes": ()},
    "lbfgs": {"solver": "lbfgs"},
}


def problem(kind):
    load = load_wine if kind is NumpyMLPClassifier else load_diabetes
    X, y = load(return_X_y=True)
    return scale(X), y if kind is NumpyMLPClassifier else scale(y)


def make(kind, **parameters):
    defaults = {
        "hidden_layer_sizes": (7,),
        "batch_size": 31,
        "max_iter": 12,
        "random_state": 0,
        "n_members": 5,
    }
    return kind(**(defaults | parameters))


def outputs(estimator, X):
    return getattr(estimator, "predict_proba", estimator.predict)(X)


def alone(ensemble, k, *data, **parameters):
    """Return the single network of a member's seed."""
    seed = int(ensemble.member_seeds_[k])
    single = clone(ensemble).set_params(n_members=1, resample=None, random_state=seed)
    return single.set_params(**parameters).fit(*data)


def assert_is_member(ensemble, k, single, X):
    np.testing.assert_allclose(
        ensemble.predict_members(X)[k], outputs(single, X), rtol=1e-6, atol=1e-9
    )
    for ours, theirs in zip(ensemble.coefs_, single.coefs_, strict=True):
        np.testing.assert_allclose(ours[k], theirs, rtol=1e-6, atol=1e-9)
    for ours, theirs in zip(ensemble.intercepts_, single.intercepts_, strict=True):
        np.testing.assert_allclose(ours[k], theirs, rtol=1e-6, atol=1e-9)
    for name in ("n_iter_", "t_", "loss_", "best_loss_", "loss_curve_", "validation_scores_"):
        theirs = getattr(single, name, None)
        ours = getattr(ensemble, name, None)
        assert (theirs is None) == (ours is None)
        if theirs is not None:
            np.testing.assert_allclose(ours[k], theirs, rtol=1e-6)
