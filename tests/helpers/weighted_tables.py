"""Tables and arrays with rows of weight 0, and fits that must not see them."""

import numpy as np
import pandas as pd
import polars as pl
from numpy.testing import assert_array_equal
from sklearn.base import is_classifier

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)

TABULAR = [TabularMLPClassifier, TabularMLPRegressor]
DROP_INS = [NumpyMLPClassifier, NumpyMLPRegressor]
RNG = np.random.default_rng(0)
N_ROWS = 80
SIZE = np.round(RNG.normal(size=N_ROWS), 3)
PLACE = RNG.choice(list("abcdefghijkl"), N_ROWS)
COLOUR = RNG.choice(["red", "green", "blue"], N_ROWS)
LABELS = np.where((SIZE > 0) ^ (COLOUR == "red"), "yes", "no")
NUMBERS = SIZE + (COLOUR == "red") + RNG.normal(size=N_ROWS) / 10
WEIGHT = RNG.uniform(0.5, 2, N_ROWS)
WEIGHT[RNG.permutation(N_ROWS)[:25]] = 0.0
COUNTS = WEIGHT > 0
GROUPS = RNG.integers(6, size=N_ROWS)
FOLD = RNG.permutation(N_ROWS) % 3


def frame():
    return pd.DataFrame(
        {
            "size": np.where(np.arange(N_ROWS) % 7, SIZE, np.nan),
            "place": PLACE,
            "colour": pd.Categorical(COLOUR),
            "count": pd.array(np.where(SIZE > 0, 3, None), dtype="Int64"),
        }
    )


def numbers():
    X = np.column_stack([SIZE, COLOUR == "red", RNG.permutation(N_ROWS)]).astype(float)
    X[::9, 0] = np.nan
    return X


CONTAINERS = {
    "pandas": frame(),
    "polars": pl.DataFrame(
        {"size": SIZE, "place": PLACE, "colour": pl.Series(COLOUR, dtype=pl.Categorical)}
    ),
    "array with NaN": numbers(),
    "float32": numbers().astype(np.float32),
    "objects": frame().astype(object).to_numpy(),
    "lists": [[size, place] for size, place in zip(SIZE.tolist(), PLACE.tolist(), strict=True)],
    "masked": np.ma.MaskedArray(np.nan_to_num(numbers()), np.isnan(numbers())),
}


def rows(values, chosen):
    if isinstance(values, pd.DataFrame | pd.Series):
        return values.iloc[np.flatnonzero(chosen)]
    if isinstance(values, pl.DataFrame):
        return values[np.flatnonzero(chosen)]
    if isinstance(values, list):
        return [value for value, there in zip(values, chosen, strict=True) if there]
    return values[chosen]


def target_of(kind):
    return LABELS if is_classifier(kind()) else NUMBERS


def quick(kind, **parameters):
    return kind("fast", **{"max_iter": 3, "n_members": 3, "random_state": 0} | parameters)


def outputs(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


def assert_same_fit(model, expected, counts, X):
    """Two models are the same to the bit, the first of which was given more rows."""
    for name in ("parameters_", "classes_", "loss_curve_", "validation_scores_", "n_iter_"):
        assert_array_equal(getattr(model, name, 0), getattr(expected, name, 0), err_msg=name)
    assert_array_equal(outputs(model, X), outputs(expected, X))
    assert hasattr(model, "oof_prediction_") == hasattr(expected, "oof_prediction_")
    if hasattr(model, "oof_prediction_"):
        assert len(model.oof_prediction_) == len(counts)
        assert_array_equal(model.oof_prediction_[counts], expected.oof_prediction_)
        assert np.isnan(model.oof_prediction_[~counts]).all()
        assert_array_equal(model.oof_score_, expected.oof_score_)


EVERY = np.ones(N_ROWS, bool)
PLAIN = np.random.default_rng(1).normal(size=(N_ROWS, 4))
VALUES = PLAIN[:, 0] - PLAIN[:, 1] ** 2
CLASSES = np.digitize(VALUES, [-1.0, 0.0])


def plain(kind, **parameters):
    return kind(
        **{"hidden_layer_sizes": (5,), "max_iter": 6, "random_state": 0, "batch_size": 16}
        | parameters
    )


def plain_target(kind):
    return CLASSES if kind is NumpyMLPClassifier else VALUES


def flat(value):
    """Return the numbers of an array, or of lists of them that are not all as long."""
    if isinstance(value, list | tuple):
        return np.concatenate([flat(part) for part in value])
    return np.ravel(np.array(value, dtype=float))
