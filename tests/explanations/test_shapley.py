"""Shapley values of functions that are known, beside all coalitions."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.explanations.columns import EncodedColumns
from sknumpynet.explanations.shapley import shapley_values

N_COLUMNS = 5


def interacting(X):
    return np.sin(X[:, 0]) * X[:, 1] + X[:, 2] ** 2 * X[:, 1] * X[:, 3] - X[:, 4]


# What each needs: additive functions no luck, functions of pairs luck with background rows alone.
FUNCTIONS = {
    "linear": lambda X: X @ [3.0, 0.0, -1.0, 0.5, 2.0],
    "additive": lambda X: np.exp(X[:, 0]) - X[:, 1] ** 2 + np.abs(X[:, 4]),
    "pairs": lambda X: X[:, 0] * X[:, 1] + np.sin(X[:, 2] * X[:, 3]),
    "interacting": interacting,
    "two outputs": lambda X: np.stack([X[:, 0] * X[:, 1], X[:, 2] - X[:, 3]], axis=1),
    "constant": lambda X: np.full(len(X), 3.0),
}


def exact(predict, rows, background):
    """Return Shapley values by their definition."""
    n_columns = rows.shape[1]
    worth = {}
    for size in range(n_columns + 1):
        for present in itertools.combinations(range(n_columns), size):
            mixed = np.repeat(background[np.newaxis], len(rows), axis=0)
            mixed[:, :, list(present)] = rows[:, np.newaxis, list(present)]
            flat = predict(mixed.reshape(-1, n_columns))
            worth[present] = flat.reshape(*mixed.shape[:2], *flat.shape[1:]).mean(axis=1)
    values = np.zeros((len(rows), n_columns, *worth[()].shape[1:]))
    for present, of_present in worth.items():
        for k in set(range(n_columns)) - {*present}:
            factor = math.factorial(len(present)) * math.factorial(n_columns - len(present) - 1)
            more = worth[tuple(sorted((*present, k)))]
            values[:, k] += factor / math.factorial(n_columns) * (more - of_present)
    return values


def sampled(predict, rows, background, n_permutations, seed=0):
    columns = EncodedColumns(np.arange(rows.shape[1]), rows.shape[1])
    source = np.random.RandomState(seed)
    return shapley_values(predict, columns, rows, background, n_permutations, source)


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(3, N_COLUMNS))


@pytest.fixture
def background():
    return np.random.default_rng(1).normal(size=(7, N_COLUMNS))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_sum_to_the_prediction(name, rows, background):
    values, error, base = sampled(FUNCTIONS[name], rows, background, 2)
    assert_allclose(base, FUNCTIONS[name](background).mean(axis=0))
    assert_allclose(values.sum(axis=1) + base, FUNCTIONS[name](rows), atol=1e-12)
    assert np.isnan(error).all()


@pytest.mark.parametrize("name", ["linear", "additive", "constant"])
def test_what_columns_add_alone_is_exact_by_one_pair_of_orders(name, rows, background):
    values, _, _ = sampled(FUNCTIONS[name], rows, background, 2)
    assert_allclose(values, exact(FUNCTIONS[name], rows, background), atol=1e-12)


def test_pairs_of_columns_are_exact_where_there_is_one_background_row(rows, background):
    values, error, _ = sampled(FUNCTIONS["pairs"], rows, background[:1], 4)
    assert_allclose(values, exact(FUNCTIONS["pairs"], rows, background[:1]), atol=1e-12)
    assert_allclose(error, 0, atol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_they_are_shapley_values_within_their_error(name, rows, background):
    values, error, _ = sampled(FUNCTIONS[name], rows, background, 2_000)
    deviation = np.abs(values - exact(FUNCTIONS[name], rows, background))
    assert (deviation <= 4 * error + 1e-9).all()
    assert (error < 0.2).all()


def test_errors_are_as_large_as_deviations(rows, background):
    background = np.random.default_rng(2).normal(size=(60, N_COLUMNS))
    truth = exact(interacting, rows, background)
    draws = [sampled(interacting, rows, background, 12, seed) for seed in range(60)]
    deviation = np.sqrt(np.mean([(own.values - truth) ** 2 for own in draws]))
    claimed = np.sqrt(np.mean([own.error**2 for own in draws]))
    assert 0.75 < deviation / claimed < 1.25


def test_rows_do_not_depend_on_those_after_them(rows, background):
    assert_array_equal(
        sampled(interacting, rows[:2], background, 6).values,
        sampled(interacting, rows, background, 6).values[:2],
    )


def test_columns_are_exchanged_whole(rows, background):
    """Two encoded columns of one are one."""
    columns = EncodedColumns(np.array([0, 2, 0, 2, 0]), 3)
    calls = []

    def predict(X):
        calls.append(X)
        return X.sum(axis=1)

    values, _, _ = shapley_values(predict, columns, rows, background, 2, np.random.RandomState(0))
    difference = rows - background.mean(axis=0)
    assert_allclose(values[:, 0], difference[:, [0, 2, 4]].sum(axis=1))
    assert_allclose(values[:, 1], 0)
    assert_allclose(values[:, 2], difference[:, [1, 3]].sum(axis=1))
    known = np.concatenate([rows, background])
    for mixed in np.concatenate(calls):
        for own in ([0, 2, 4], [1, 3]):
            assert (known[:, own] == mixed[own]).all(axis=1).any()


def test_nothing_is_added_where_no_column_is_used(rows, background):
    columns = EncodedColumns(np.array([], int), 3)

    def predict(X):
        return np.ones(len(X))

    values, _, base = shapley_values(
        predict, columns, rows[:, :0], background[:, :0], 2, np.random.RandomState(0)
    )
    assert_array_equal(values, np.zeros((3, 3)))
    assert base == 1
