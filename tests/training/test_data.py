"""Rows that are held out stay in the table until they are asked for."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknumpynet import TabularMLPClassifier
from sknumpynet.estimators.fitting import encode, make_fit
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.training.data import ValidationSet
from sknumpynet.training.ensemble import prepare_ensemble


@pytest.mark.parametrize("rows", [None, np.array([5, 2, 0, 3])], ids=["all", "some"])
def test_rows_of_weight_only(rows):
    table, has_weight = np.arange(12.0).reshape(6, 2), np.array([True, False, True, True])
    X = table[:4] if rows is None else table
    own = table[:4] if rows is None else table[rows]
    y = np.arange(4)
    held_out = ValidationSet(X, y, y[:, np.newaxis], None, has_weight, own[:, 0], rows)
    assert_array_equal(held_out.inputs(), own)
    kept = held_out.with_weight_only()
    assert_array_equal(kept.inputs(), own[has_weight])
    assert_array_equal(kept.y, y[has_weight])
    assert_array_equal(kept.targets[:, 0], y[has_weight])
    assert_array_equal(kept.given, own[has_weight, 0])
    assert kept.sample_weight is None


@pytest.mark.parametrize("resample", ["folds", None])
def test_what_members_hold_out_is_not_copied(resample):
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = TabularMLPClassifier("fast", resample=resample, random_state=0)
    encoded = encode(model, GivenRows(X, X[:, 0] > 0))
    prepared = prepare_ensemble(make_fit(model, encoded).problem)
    for run in prepared.runs:
        held_out = run.member.validate.validation
        assert held_out.X is encoded.data.X
        assert_array_equal(held_out.inputs(), encoded.data.X[held_out.rows])
        assert not np.isin(held_out.rows, run.dataset.rows).any()
