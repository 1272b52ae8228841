"""Which columns a member sees: the strongest by its own rows, and what it is dealt."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.feature_selection import f_classif, f_regression

from sknumpynet.core.architectures import Columns, TableShape, table_network
from sknumpynet.core.batching import Dataset
from sknumpynet.core.layers import ColumnKind, ColumnSelection
from sknumpynet.training import column_parts
from sknumpynet.training.column_parts import (
    choose_columns,
    credible_strengths,
    first_factors,
    strengths_of_columns,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def correlated(rng, n_rows=101, n_columns=13, n_targets=1):
    X = rng.normal(size=(n_rows, n_columns))
    return X, X[:, :n_targets] + rng.normal(size=(n_rows, n_targets))


@pytest.mark.parametrize("cells", [1, 2**20], ids=["column by column", "at once"])
def test_strengths_are_those_of_an_f_test(cells, rng, monkeypatch):
    monkeypatch.setattr(column_parts, "BLOCK_CELLS", cells)
    X, targets = correlated(rng)
    degrees = len(X) - 2
    found = strengths_of_columns(Dataset(X, targets))
    of_numbers, of_squares = (
        f_regression(Z, targets[:, 0])[0] for Z in (X, (X - X.mean(axis=0)) ** 2)
    )
    assert_allclose(found * degrees / (1 - found), np.maximum(of_numbers, of_squares), rtol=1e-9)


def test_strengths_of_classes_order_columns_as_an_f_test_does(rng):
    y = rng.integers(3, size=301)
    X = rng.normal(size=(301, 7)) + np.linspace(0, 1, 7) * (y == 1)[:, np.newaxis]
    found = strengths_of_columns(Dataset(X, np.eye(3)[y]))
    expected = f_classif(X, y)[0]
    assert_array_equal(found[-3:].argsort(), expected[-3:].argsort())
    assert found[:2].max() < found[-3:].min()


@pytest.mark.parametrize("n_targets", [1, 3])
def test_a_weight_is_so_many_rows(n_targets, rng):
    X, targets = correlated(rng, n_targets=n_targets)
    weight = rng.integers(0, 4, len(X))
    repeated = np.repeat(np.arange(len(X)), weight)
    found = strengths_of_columns(Dataset(X, targets, weight.astype(float)))
    assert_allclose(found, strengths_of_columns(Dataset(X[repeated], targets[repeated])))


def test_only_rows_that_are_trained_on_count(rng):
    X, targets = correlated(rng)
    rows = rng.permutation(len(X))[:60]
    expected = strengths_of_columns(Dataset(X[rows], targets[rows]))
    others = np.setdiff1d(np.arange(len(X)), rows)
    X[others], targets[others] = np.nan, np.inf
    assert_array_equal(strengths_of_columns(Dataset(X, targets, rows=rows)), expected)


def test_what_both_ends_have_in_common_is_found(rng):
    X = rng.normal(size=(300, 40))
    targets = (np.abs(X[:, 17:18]) > 1).astype(float)
    assert strengths_of_columns(Dataset(X, targets)).argmax() == 17


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_constant_says_nothing(dtype, rng):
    X, targets = correlated(rng)
    X[:, 3], X[:, 4] = 2.9, 0.0
    found = strengths_of_columns(Dataset(X.astype(dtype), targets))
    assert_array_equal(found[[3, 4]], 0.0)
    assert found.dtype == dtype
    constant = Dataset(X.astype(dtype), np.ones((len(X), 1), bool))
    assert_allclose(strengths_of_columns(constant), 0.0, atol=1e-6)


def seen_by(selection, strengths, n_members, seed=0):
    return [choose_columns(selection, strengths, k, seed) for k in range(n_members)]


@pytest.mark.parametrize(
    ("n_columns", "n_seen", "n_members"), [(100, 20, 10), (100, 21, 10), (7, 6, 3)]
)
def test_the_strongest_are_seen_by_all_and_every_column_by_one(n_columns, n_seen, n_members, rng):
    selection = ColumnSelection((ColumnKind(n_columns, n_seen),))
    strengths = rng.random(n_columns)
    parts = seen_by(selection, strengths, n_members)
    strongest = set(np.argsort(-strengths)[: n_seen // 2])
    for columns in parts:
        assert len(set(columns)) == n_seen
        assert strongest <= set(columns)
    assert set(np.concatenate(parts)) == set(range(n_columns))


def test_the_deal_depends_on_the_seed_and_not_on_how_many_are_dealt_to():
    selection, strengths = ColumnSelection((ColumnKind(1_000, 20),)), np.zeros(1_000)
    few, many = seen_by(selection, strengths, 3), seen_by(selection, strengths, 7)
    assert_array_equal(few, many[:3])
    assert not np.array_equal(few, seen_by(selection, strengths, 3, seed=1))


def test_a_number_is_as_strong_as_its_rank():
    selection = ColumnSelection((ColumnKind(9, 4, width=2), ColumnKind(5, 2), ColumnKind(3, 3)))
    strengths = np.zeros(26)
    strengths[[2, 9 + 7, 18 + 4]] = 1.0
    for columns in seen_by(selection, strengths, 5):
        assert {2, 11, 7, 16, 22, 23, 24, 25} <= set(columns)
        assert len(columns) == selection.fan_out


@pytest.mark.parametrize("n_targets", [1, 5])
def test_one_column_counts_beside_the_strongest_of_noise(n_targets, rng):
    X, targets = rng.normal(size=(200, 3_000)), rng.normal(size=(200, n_targets))
    X[:, 7] += targets[:, 0]
    strengths = strengths_of_columns(Dataset(X, targets))
    credible = credible_strengths(strengths, 200, n_targets)
    assert credible.argmax() == 7
    assert credible[7] > 0.9 * strengths[7]
    others = np.delete(credible, 7)
    assert others.min() == n_targets / 200
    assert others.max() < 0.3 * credible[7]
    assert np.delete(strengths, 7).max() > others.max()


def test_all_count_where_many_are_stronger_than_noise(rng):
    strengths = rng.uniform(0.03, 0.1, 1_000)
    credible = credible_strengths(strengths, 1_000, 1)
    assert (credible > 0.9 * strengths).all()
    assert (credible <= strengths).all()


def test_factors_go_with_strength():
    kinds = (ColumnKind(9, 3), ColumnKind(5, 2))
    network = table_network(TableShape(Columns(9, 5, (4,)), (2,), "mish", 1, kinds=kinds))
    strengths = np.array([0.01] * 6 + [0.16, 0.36, 0.64] + [0.01] * 4 + [0.25] + [0.9])
    columns = np.array([0, 6, 8, 9, 13, 14])
    factors = first_factors(network, columns, strengths)
    assert len(factors) == network.layers[1].fan_out
    mixtures, numbers, plain, code = np.split(factors, [9, 12, 14])
    # What codes are called says nothing.
    assert_allclose(numbers / numbers[0], [1.0, 4.0, 8.0])
    assert_allclose(mixtures, np.repeat(numbers, 3))
    assert_allclose(plain / numbers[0], [1.0, 5.0])
    assert_allclose(np.mean(np.square([*numbers, *plain])), 1.0)
    assert_array_equal(code, 1.0)
