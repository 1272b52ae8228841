"""Fits of every kind that a checkpoint takes, and how to cut them off."""

import warnings

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn import config_context
from sklearn.datasets import make_classification, make_regression
from sklearn.model_selection import GroupKFold, KFold
from threadpoolctl import threadpool_limits

from sknumpynet import (
    Checkpoint,
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)

X, Y = make_classification(90, 7, n_informative=5, n_classes=3, random_state=0)
X_NUMBERS, Y_NUMBERS = make_regression(90, 5, noise=5.0, random_state=0)
Y_NUMBERS = Y_NUMBERS / Y_NUMBERS.std()
WEIGHT = np.random.RandomState(0).randint(3, size=90) / 2

_RNG = np.random.default_rng(0)
CODES = _RNG.integers(60, size=(200, 2))
FRAME = pd.DataFrame(
    {
        "number": _RNG.normal(size=200),
        "many": [f"code {own}" for own in CODES[:, 0]],
        "others": [f"code {own}" for own in CODES[:, 1]],
        "few": _RNG.choice(["a", "b"], 200),
    }
)
Y_FRAME = (CODES.sum(axis=1) + 9 * _RNG.normal(size=200) > 60).astype(int)
_ROWS = pd.concat([FRAME.assign(number=FRAME["number"].abs(), y=Y_FRAME)] * 2)
FRAMES = [_ROWS[k : k + 90] for k in range(0, 400, 90)]
WIDE = _RNG.normal(size=(60, 700))
Y_WIDE = (WIDE[:, 3] > 0).astype(int)


def sometimes_nan(estimator, X, y):
    """A score that is no number in the last epochs, and random draws of a user's own."""
    np.random.random_sample(3)
    probability = estimator.predict_proba(X)
    return np.nan if np.log(probability).std() > 1.0 else probability.std()


def fading_rate(progress):
    return 1.0 - 0.9 * progress


def network(*hidden, kind=NumpyMLPClassifier, **parameters):
    defaults = {"max_iter": 5, "tol": 0.0, "random_state": 0, "batch_size": 32}
    return kind(hidden_layer_sizes=hidden or (6,), **(defaults | parameters))


def table(kind=TabularMLPClassifier, **parameters):
    defaults = {"preset": "fast", "max_iter": 4, "n_members": 4, "random_state": 0, "n_jobs": 1}
    return kind(**(defaults | parameters))


class InSmallMemory:
    """An estimator whose streams are cut into shards of some frames."""

    def __init__(self, model):
        self.model = model

    def fit(self, *arguments, **params):
        with config_context(working_memory=0.08):
            return self.model.fit(*arguments, **params)


def stream(kind=TabularMLPClassifier, **parameters):
    return InSmallMemory(table(kind, **parameters))


def warm_started(model):
    return model.fit(X, Y).set_params(warm_start=True)


# Each an estimator, anew, what it is fitted to, and further arguments of fit.
FITS = {
    "adam": lambda: (network(6, 5), X, Y, {}),
    "sgd, float32": lambda: (network(solver="sgd", dtype="float32"), X, Y, {}),
    "invscaling": lambda: (network(solver="sgd", learning_rate="invscaling"), X, Y, {}),
    "adaptive": lambda: (
        network(solver="sgd", learning_rate="adaptive", tol=0.1, n_iter_no_change=1, max_iter=9),
        X,
        Y,
        {},
    ),
    "adamw, dropout": lambda: (
        network(6, 5, solver="adamw", learning_rate="one_cycle", dropout=[0.1, 0.4]),
        X,
        Y,
        {},
    ),
    "a schedule of one's own": lambda: (network(learning_rate=fading_rate), X, Y, {}),
    "early stopping": lambda: (
        network(early_stopping=True, max_iter=30, n_iter_no_change=3, learning_rate_init=0.05),
        X,
        Y,
        {},
    ),
    "no shuffling": lambda: (network(shuffle=False), X, Y, {}),
    "weights": lambda: (network(), X, Y, {"sample_weight": WEIGHT}),
    "sparse rows": lambda: (network(), sparse.csr_matrix(X), Y, {}),
    "validation data": lambda: (
        network(kind=NumpyMLPRegressor, early_stopping=True),
        X_NUMBERS[:60],
        Y_NUMBERS[:60],
        {"X_val": X_NUMBERS[60:], "y_val": Y_NUMBERS[60:]},
    ),
    "a random state": lambda: (network(random_state=np.random.RandomState(3)), X, Y, {}),
    "the global random state": lambda: (network(random_state=None), X, Y, {}),
    "warm start": lambda: (warm_started(network()), X, Y, {}),
    "ensemble": lambda: (network(n_members=4, dropout=0.2), X, Y, {}),
    "ensemble, global random state": lambda: (network(n_members=3, random_state=None), X, Y, {}),
    "ensemble, warm start": lambda: (warm_started(network(n_members=3)), X, Y, {}),
    "ensemble, sparse rows": lambda: (network(n_members=3), sparse.csr_matrix(X), Y, {}),
    "bootstrap": lambda: (
        network(kind=NumpyMLPRegressor, n_members=3, resample="bootstrap"),
        X_NUMBERS,
        Y_NUMBERS,
        {},
    ),
    "folds, early stopping": lambda: (
        network(
            n_members=4,
            resample="folds",
            early_stopping=True,
            n_iter_no_change=2,
            max_iter=12,
            learning_rate_init=0.05,
        ),
        X,
        Y,
        {"sample_weight": WEIGHT},
    ),
    "a scorer that fails": lambda: (
        network(
            n_members=3,
            resample=KFold(3),
            early_stopping=True,
            scoring=sometimes_nan,
            n_iter_no_change=20,
            max_iter=8,
            learning_rate_init=0.1,
        ),
        X,
        Y,
        {},
    ),
    "table": lambda: (table(n_jobs=1), X, Y, {}),
    "table of numbers": lambda: (
        table(TabularMLPRegressor, loss="quantile", quantile=[0.1, 0.9]),
        X_NUMBERS,
        Y_NUMBERS,
        {"sample_weight": WEIGHT},
    ),
    "table of levels": lambda: (table(), FRAME, Y_FRAME, {}),
    "table, all rows": lambda: (table(resample=None, dropout=0.3), FRAME, Y_FRAME, {}),
    "table, groups": lambda: (
        table(resample=GroupKFold(3), n_members=3),
        FRAME,
        Y_FRAME,
        {"groups": np.arange(200) // 10},
    ),
    "wide table": lambda: (table(n_members=3), WIDE, Y_WIDE, {}),
    "stream of one shard": lambda: (table(max_iter=7), FRAMES, "y", {}),
    "stream": lambda: (stream(), FRAMES, "y", {}),
    "stream, weights": lambda: (
        stream(TabularMLPRegressor, random_state=None),
        FRAMES,
        "y",
        {"sample_weight": "number"},
    ),
    "stream, validation data": lambda: (
        stream(random_state=np.random.RandomState(2)),
        FRAMES,
        "y",
        {"X_val": FRAME, "y_val": Y_FRAME},
    ),
}


# Long enough to be killed some times.
LONG_FITS = {
    "long network": lambda: (network(64, 64, max_iter=60, batch_size=4), X, Y, {}),
    "long ensemble": lambda: (
        network(
            32,
            n_members=4,
            resample="folds",
            early_stopping=True,
            n_iter_no_change=30,
            max_iter=30,
            dropout=0.2,
        ),
        X,
        Y,
        {},
    ),
    "long table": lambda: (table(max_iter=16, random_state=None), FRAME, Y_FRAME, {}),
    "long stream": lambda: (stream(max_iter=16, random_state=None), FRAMES, "y", {}),
}


class Killed(BaseException):
    """What nobody catches."""


def numbers_of(model):
    """Return all that a fit has set, but for how long it took and what reads columns."""
    state = dict(model.__getstate__())
    for name in ("preprocessor_", "resample"):  # objects that equal only themselves
        state.pop(name, None)
    state["history_"] = {**state["history_"], "seconds": None}
    source = state["random_state"]
    if isinstance(source, np.random.RandomState):
        state["random_state"] = source.get_state(legacy=False)
    return state


def fitted(name, folder=None, **cadence):
    """Return the numbers of a fit from its beginning or, with a folder, from where it was."""
    model, rows, targets, params = (FITS | LONG_FITS)[name]()
    if folder is not None:
        # Whenever it can be saved: between epochs, or shards.
        cadence = cadence or {"every_epochs": 1, "every_seconds": 1e-9}
        params = {**params, "checkpoint": Checkpoint(folder, **cadence)}
    return numbers_of(model.fit(rows, targets, **params))


def send_fitted(connection, name, folder, cadence):
    """Say that a fit begins, and send its numbers; for a process of its own."""
    connection.send("begins")
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        connection.send(fitted(name, folder, **cadence))
