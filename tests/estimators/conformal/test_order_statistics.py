"""Sums of values and scores, counted without writing them out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.estimators.conformal.order_statistics import SortedScores

pytestmark = pytest.mark.oldest


def written_out(values, scores, networks):
    """Return all sums, of shape (n_rows, n_new)."""
    places = np.searchsorted(np.unique(networks), networks)
    return values[places] + scores[:, np.newaxis]


@pytest.fixture
def problem(rng):
    networks = rng.choice([0, 2, 5], 37)
    scores = rng.exponential(size=37).round(1)  # with ties
    return scores, networks, rng.normal(size=(3, 11))


@pytest.mark.parametrize("level", [0.01, 0.3, 0.5, 0.9, 37 / 38])
def test_upper_is_the_order_statistic_of_n_and_one_rows(level, problem):
    scores, networks, values = problem
    upper = SortedScores(scores, networks, None, 37).upper(values, level)
    rank = int(np.ceil(level * 38 - 1e-6))
    expected = np.sort(written_out(values, scores, networks), axis=0)[rank - 1]
    assert_allclose(upper, expected, rtol=0, atol=1e-12)


def test_levels_that_rows_cannot_tell_are_infinite(problem):
    scores, networks, values = problem
    assert np.isinf(SortedScores(scores, networks, None, 37).upper(values, 0.98)).all()


def test_integer_weights_are_repeated_rows(problem, rng):
    scores, networks, values = problem
    weight = rng.integers(1, 4, 37).astype(float)
    times = weight.astype(int)
    weighted = SortedScores(scores, networks, weight, 37)
    repeated = SortedScores(np.repeat(scores, times), np.repeat(networks, times), None, 37)
    # A new row counts as the mean of the rows, not as one of the repeated.
    assert weighted.of_new_row == repeated.of_new_row == weight.mean()
    for level in (0.2, 0.8):
        assert_allclose(weighted.upper(values, level), repeated.upper(values, level))
    assert_array_equal(weighted.less_than(values), repeated.less_than(values))


def test_scores_below_a_networks_own_value(problem):
    scores, networks, values = problem
    places = np.searchsorted(np.unique(networks), networks)
    expected = (scores[:, np.newaxis] < values[places]).sum(axis=0)
    assert_array_equal(SortedScores(scores, networks, None, 37).less_than(values), expected)


@pytest.mark.parametrize("scale", [1e-300, 1e-6, 1e6, 1e300])
def test_bounds_have_the_unit_of_the_values(scale, problem):
    scores, networks, values = problem
    upper = SortedScores(scores, networks, None, 37).upper(values, 0.7)
    scaled = SortedScores(scale * scores, networks, None, 37).upper(scale * values, 0.7)
    assert_allclose(scaled / scale, upper, rtol=1e-9)
