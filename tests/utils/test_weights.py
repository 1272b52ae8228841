"""Which rows count: weights, targets and groups are checked before any row is dropped."""

import pickle

import numpy as np
import pytest
from helpers.weighted_tables import COUNTS, GROUPS, N_ROWS, TABULAR, WEIGHT, frame, quick, target_of
from sklearn.model_selection import GroupKFold

from sknumpynet.utils.weights import n_rows_of_weight

INVALID = {
    "negative": (-np.ones(N_ROWS), "Negative values in data"),
    "negative among zeros": (np.where(COUNTS, WEIGHT, -1), "Negative values in data"),
    "NaN": (np.where(COUNTS, WEIGHT, np.nan), "contains NaN"),
    "infinity": (np.where(COUNTS, WEIGHT, np.inf), "contains infinity"),
    "too few": (WEIGHT[1:], r"sample_weight.shape == \(79,\), expected \(80,\)"),
    "of the rows that count": (WEIGHT[COUNTS], r"sample_weight.shape == \(55,\)"),
    "text": (np.where(COUNTS, "1", "heavy"), "could not convert string to float"),
    "only zeros": (np.zeros(N_ROWS), "at least one non-zero number"),
    "zero": (0, "at least one non-zero number"),
    "columns": (np.column_stack([WEIGHT, WEIGHT]), "Sample weights must be 1D"),
    "one row": (np.eye(N_ROWS)[3], "at least 2 rows of weight above 0 are needed, got 1"),
}


@pytest.mark.parametrize("weight", INVALID)
@pytest.mark.parametrize("kind", TABULAR)
def test_weights_that_are_invalid_are_refused_before_rows_are_dropped(kind, weight):
    weight, match = INVALID[weight]
    X, y = frame(), target_of(kind)
    model = quick(kind).fit(X, y)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=match):
        model.fit(X.assign(size=np.where(COUNTS, X["size"], np.inf)), y, weight)
    assert pickle.dumps(model) == before
    if not match.startswith("at least 2 rows"):
        with pytest.raises(ValueError, match=match):
            quick(kind).fit(X, y, X_val=X, y_val=y, sample_weight_val=weight)


@pytest.mark.parametrize("kind", TABULAR)
def test_targets_and_groups_of_another_length_are_refused(kind):
    X, y = frame(), target_of(kind)
    for fewer in (y[1:], y[COUNTS]):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            quick(kind).fit(X, fewer, WEIGHT)
    for groups in (GROUPS[1:], GROUPS[COUNTS]):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            quick(kind, resample=GroupKFold(3)).fit(X, y, WEIGHT, groups=groups)
    with pytest.raises(ValueError, match="target y is None"):
        quick(kind).fit(X, None, WEIGHT)


def test_callbacks_are_told_of_the_plan_for_the_rows_of_weight():
    X = frame()
    assert n_rows_of_weight(X, WEIGHT) == COUNTS.sum()
    assert n_rows_of_weight(X, None) == N_ROWS
