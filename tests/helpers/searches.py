"""Searches that must give what scikit-learn's give."""

import numpy as np
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import scale

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor, StackedGridSearchCV


def problem(kind, step=1):
    load = load_iris if kind is NumpyMLPClassifier else load_diabetes
    X, y = load(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(y))[::step]
    return scale(X)[order], (y if kind is NumpyMLPClassifier else scale(y))[order]


def make(kind, **parameters):
    defaults = {"hidden_layer_sizes": (5,), "batch_size": 29, "max_iter": 8, "random_state": 0}
    return kind(**(defaults | parameters))


def assert_same_results(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        if name == "params" or name.startswith("param_") or "time" in name:
            continue
        np.testing.assert_allclose(ours[name], expected, rtol=1e-6, atol=1e-6, err_msg=name)


def assert_same_search(estimator, grid, X, y, fit_params=None, *, stacked=True, **parameters):
    """Compare with `GridSearchCV`; return ours."""
    fit_params = fit_params or {}
    parameters = {"cv": 3, **parameters}
    theirs = GridSearchCV(estimator, grid, **parameters)
    ours = StackedGridSearchCV(estimator, grid, **parameters)
    theirs.fit(X, y, **fit_params)
    ours.fit(X, y, **fit_params)
    assert_same_results(ours.cv_results_, theirs.cv_results_)
    assert str(ours.cv_results_["params"]) == str(theirs.cv_results_["params"])
    for name in ("best_index_", "best_params_", "n_splits_", "multimetric_"):
        assert hasattr(ours, name) == hasattr(theirs, name)
        assert str(getattr(ours, name, None)) == str(getattr(theirs, name, None))
    assert (ours.stacking_report_["alone"] == []) == stacked
    assert ours.estimator is estimator
    return ours


KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]
GRIDS = {
    "one candidate": {"alpha": [0.1]},
    "columns of adam": {
        "learning_rate_init": [1e-3, 1e-1],
        "alpha": [0.0, 1.0],
        "beta_1": [0.5, 0.9],
        "epsilon": [1e-8, 1e-2],
    },
    "beta_2": {"beta_2": [0.9, 0.999]},
    "columns of sgd": {
        "solver": ["sgd"],
        "momentum": [0.0, 0.9],
        "learning_rate_init": [0.01, 0.1],
        "learning_rate": ["constant", "invscaling", "adaptive"],
        "power_t": [0.3],
    },
    "nesterov": {"solver": ["sgd"], "nesterovs_momentum": [True, False]},
    "seeds": {"random_state": [0, 1, 2, np.random.RandomState(3)]},
    "stopping": {"tol": [1e-4, 0.5], "n_iter_no_change": [1, 2], "max_iter": [1, 3, 20]},
    "shapes": {"hidden_layer_sizes": [(), (3,), (5,), (4, 3)], "activation": ["relu", "tanh"]},
    "batches": {"batch_size": [7, 29, 1000, "auto"], "alpha": [0.1, 1.0]},
    "shuffle": {"shuffle": [True, False]},
    "early stopping": {
        "early_stopping": [True, False],
        "validation_fraction": [0.1, 0.3],
        "n_iter_no_change": [1, 10],
    },
    "ensembles": {"n_members": [1, 2, 3], "alpha": [0.0, 1.0]},
    "resampling": {"n_members": [3], "resample": ["bootstrap", "folds"]},
}

# Splits of very different sizes: also the number of batches differs.
UNEQUAL = [
    (np.arange(0, 20), np.arange(100, 140)),
    (np.arange(10, 95), np.arange(100, 140)),
    (np.arange(0, 60), np.arange(60, 110)),
]

FITS_FAIL = "ignore::sklearn.exceptions.FitFailedWarning"
SCORES_ARE_NAN = "ignore:One or more of the test scores"
