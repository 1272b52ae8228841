"""Estimators that hold rows out in every way, to be judged by scorers."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)

SETTINGS = {
    "table": (TabularMLPClassifier, {"preset": "fast"}),
    "table of numbers": (TabularMLPRegressor, {"preset": "fast"}),
    "one table": (TabularMLPClassifier, {"preset": "fast", "n_members": 1, "resample": None}),
    "drop-in": (NumpyMLPClassifier, {"early_stopping": True}),
    "drop-in of numbers": (NumpyMLPRegressor, {"early_stopping": True}),
    "single": (NumpyMLPClassifier, {"early_stopping": True, "dtype": "float32"}),
    "folds": (
        NumpyMLPClassifier,
        {"early_stopping": True, "n_members": 4, "resample": "folds", "solver": "adamw"},
    ),
    "lbfgs": (NumpyMLPClassifier, {"solver": "lbfgs"}),
}


def described_without_address(own):
    """Return a name that is the same in every process."""
    try:
        name = str(own)
    except AttributeError:  # of a metric without a name, which scikit-learn 1.7 asks for
        name = f"make_scorer({own._score_func})"
    return re.sub(r" at 0x[0-9a-f]+", "", name)


def make(setting, **parameters):
    kind, own = SETTINGS[setting]
    common = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}
    return kind(**(common | own | parameters))


N_ROWS = 90


def numbers():
    X = np.random.default_rng(0).normal(size=(N_ROWS, 3))
    X[:, 0] = np.arange(N_ROWS) / N_ROWS  # which tells the rows apart
    return X, (X[:, 1] + X[:, 2] > 0).astype(int)


CONTAINERS = {
    "float64": lambda X: X,
    "float32": lambda X: X.astype(np.float32),
    "fortran": np.asfortranarray,
    "objects": lambda X: X.astype(object),
    "list": lambda X: X.tolist(),
    "csr": sp.csr_array,
    "csc": sp.csc_array,
    "coo": sp.coo_array,
    "pandas": lambda X: pd.DataFrame(X, columns=list("abc"), index=np.arange(len(X)) + 1000),
    "pandas without names": pd.DataFrame,
    "nullable": lambda X: pd.DataFrame(X, columns=list("abc")).convert_dtypes(),
    "polars": lambda X: pl.DataFrame(X, schema=list("abc")),
    "arrow": lambda X: pytest.importorskip("pyarrow").table(dict(zip("abc", X.T, strict=True))),
}


def contained(container, X):
    return CONTAINERS[container](X)


def skip_what_is_not_taken(setting, container):
    if "table" in setting and container in ("csr", "csc", "coo"):
        pytest.skip("no sparse tables")
    if "table" in setting and container == "arrow":
        pytest.importorskip("pyarrow")


def dense(rows):
    rows = rows.toarray() if sp.issparse(rows) else rows
    rows = rows.to_pandas() if hasattr(rows, "schema") and hasattr(rows, "to_pandas") else rows
    return np.asarray(rows, dtype=float)


def outputs(model, X):
    return getattr(model, "predict_proba", model.predict)(X)


class Recorder:
    """A scorer that keeps what it is given."""

    def __init__(self):
        self.rows, self.targets, self.views = [], [], []

    def __call__(self, view, X, y):
        self.rows.append(X)
        self.targets.append(y)
        self.views.append(view)
        return view.score(X, y)
