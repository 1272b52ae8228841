"""Halves of the rows that a member holds out."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold

from sknumpynet import TabularMLPRegressor
from sknumpynet.training.data import ValidationSet
from sknumpynet.training.held_out import halves_of


def held_out(n=40, weight=None, rows=None):
    table = np.zeros((100, 1))
    rows = np.arange(n) if rows is None else rows
    return ValidationSet(table, table[:n, 0], table[:n], weight, rows=rows)


def test_halves_are_all_rows_of_weight():
    weight = np.ones(40)
    weight[::5] = 0
    halves = halves_of(held_out(weight=weight), None, np.random.RandomState(0))
    assert [len(half) for half in halves] == [16, 16]
    assert_array_equal(np.sort(np.concatenate(halves)), np.flatnonzero(weight))


@pytest.mark.parametrize(
    "names", [np.arange(100) // 7, np.array(["a", None, 3] * 34, object)[:100]]
)
def test_groups_stay_together(names):
    rows = np.arange(30, 70)
    halves = halves_of(held_out(rows=rows), names, np.random.RandomState(0))
    first, second = ({names[rows[place]] for place in half} for half in halves)
    assert first
    assert second
    assert not first & second


def test_a_single_group_is_halved_by_rows():
    halves = halves_of(held_out(), np.zeros(100), np.random.RandomState(0))
    assert [len(half) for half in halves] == [20, 20]


def test_a_single_row_has_no_halves():
    assert halves_of(held_out(1), None, np.random.RandomState(0)) == ()


def test_halves_change_nothing_of_training():
    X, y = load_diabetes(return_X_y=True)
    models = [
        TabularMLPRegressor("fast", max_iter=3, conformal=conformal, random_state=0, n_jobs=1)
        for conformal in (True, False)
    ]
    one, other = (model.fit(X[:80], y[:80]) for model in models)
    assert_array_equal(one.parameters_, other.parameters_)
    assert_array_equal(one.oof_prediction_, other.oof_prediction_)


@pytest.mark.parametrize("network", [0, 3, 5, 9])
def test_networks_of_halves_know_nothing_of_the_rows_that_they_predict(network):
    X, y = load_diabetes(return_X_y=True)
    X, y = X[:80], y[:80].copy()
    settings = {"max_iter": 8, "random_state": 0, "n_jobs": 1}
    folds = KFold(5, shuffle=True, random_state=0)
    model = TabularMLPRegressor("fast", resample=folds, **settings).fit(X, y)
    held = model._held_out_rows()
    assert_array_equal(np.sort(held.rows), np.arange(80))
    own = held.rows[held.networks == network]
    y[own] = y[own][::-1]  # in the same unit
    other = model.set_params().fit(X, y)._held_out_rows()
    ensemble, member = divmod(network, 5)
    before, after = (one.ensembles[ensemble]["parameters_"] for one in (held, other))
    assert_array_equal(after[member], before[member])
    assert not np.array_equal(after, before)
