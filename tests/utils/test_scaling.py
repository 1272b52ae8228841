"""Numbers made fit for a network: ranks, and scales of the most extreme ones."""

import itertools
import random

import numpy as np
import pytest
from helpers.tables import DECIMALS, NAN, TRIPS, fit, fit_transform, height, random_table, ranks
from scipy.stats import rankdata

pytestmark = pytest.mark.oldest


@pytest.mark.parametrize("kind", ["float", "int", "nearly_constant"])
def test_ranks_of_the_training_data_are_scipys(kind):
    cells = random_table(random.Random(0), 200, [kind])[f"{kind}_0"]
    known = np.array([cell for cell in cells if cell is not None], dtype=float)
    model = fit(known[:, np.newaxis], ranks=True)
    assert model.get_feature_names_out().tolist() == ["x0", "x0_rank"]
    expected = [height(rank) for rank in (rankdata(known) - 0.5) / len(known)]
    np.testing.assert_allclose(ranks(model, known[:, np.newaxis]), expected, atol=1e-12)


def test_ranks_slowly():
    model = fit([[cell] for cell in [1.0, 5.0, 5.0, 5.0, 11.0]], ranks=True)
    low, middle, high = height(0.5 / 5), height(2.5 / 5), height(4.5 / 5)
    cells = {
        5.0: middle,
        3.0: (low + middle) / 2,
        9.5: middle + 0.75 * (high - middle),
        NAN: 0.0,
        -100.0: low,
        100.0: high,
    }
    for cell, expected in cells.items():
        assert ranks(model, [[cell]])[0] == pytest.approx(expected, abs=1e-12)


def test_ranks_of_many_numbers_are_exact_at_numbers_of_the_training_data():
    known = np.random.default_rng(0).normal(size=5_000).round(3)
    model = fit(known[:, np.newaxis], ranks=True)
    half_knots, heights = model._half_knots[0]
    assert len(half_knots) == 256
    assert np.isin(2 * half_knots, known).all()
    exact = (rankdata(known) - 0.5) / len(known)
    for knot, own in zip(2 * half_knots, heights, strict=True):
        assert own == pytest.approx(height(exact[known == knot][0]), abs=1e-12)
    assert np.abs(heights).max() < 3.1


def test_numbers_that_differ_by_rounding_are_tied():
    model = fit([[0.3], [0.1 + 0.2], [0.3], [1.0], [2.0]], ranks=True)
    out = ranks(model, [[0.3], [0.1 + 0.2], [1.0]])
    assert out[0] == out[1] == pytest.approx(height(1.5 / 5), abs=1e-12)
    assert out[2] == pytest.approx(height(3.5 / 5), abs=1e-12)


@pytest.mark.parametrize("fitted_on", ["float64", "float32", "float16"])
@pytest.mark.parametrize(
    ("values", "trip"),
    # In half precision a thousand numbers move past each other.
    sorted(set(itertools.product(DECIMALS, TRIPS)) - {("many", "float16")}),
)
def test_a_bit_moves_a_rank_by_its_part_of_the_rise_to_the_next(values, trip, fitted_on):
    rng = np.random.default_rng(0)
    known = rng.choice(np.array(DECIMALS[values]), 400).astype(fitted_on)
    x = known.astype(np.float64)
    model = fit(known[:, np.newaxis], ranks=True)
    moved = TRIPS[trip](x)
    distance = np.abs(moved.astype(np.float64) - x)
    half_knots, heights = model._half_knots[0]
    slopes = np.diff(heights) / np.diff(2 * half_knots)
    # A number moves to a neighbour of its own: past no other knot but those beside it.
    place = np.searchsorted(half_knots, x / 2)
    around = np.stack([np.clip(place + step, 0, len(slopes) - 1) for step in (-2, -1, 0, 1)])
    bound = slopes[around].max(axis=0) * distance + 1e-12
    difference = np.abs(ranks(model, moved[:, np.newaxis]) - ranks(model, x[:, np.newaxis]))
    assert (difference <= bound).all()
    assert bound.max() < 0.1


def test_extreme_numbers_have_ranks():
    X = [[-1.7e308], [0.0], [1.7e308], [NAN]]
    assert np.isfinite(fit_transform(X, ranks=True)).all()


EXTREME = {
    "huge": [1e308, -1e308, 1.7e308, 0, 1],
    "all huge": [1.79e308, 1.7e308, 1.6e308, -1.79e308, -1.7e308],
    "tiny scale": [0, 1e-300, 2e-300, 1e308, 3e-300],
    "subnormal": [0, 5e-320, 1e-319, 1.5e-319, 1e308],
    "outlier": [0, 0, 0, 0, 1e308],
    "far from 0": [1e15, 1e15 + 1, 1e15 + 2, 1e15 + 3, 1e15 + 4],
}


@pytest.mark.parametrize("numbers", EXTREME.values(), ids=EXTREME)
def test_extreme_numbers_stay_finite_and_in_order(numbers):
    X = np.array(numbers, dtype=np.float64)[:, np.newaxis]
    out = fit(X).transform(np.vstack([X, [[1.797e308], [-1.797e308]]]))[:, 0]
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 3
    assert (np.diff(out[:5][np.argsort(numbers)]) >= 0).all()
    assert out[-2] > 0 > out[-1]


def test_a_constant_column_is_dropped_to_the_last_bit():
    assert fit_transform([[0.1 + 0.2]] * 7).shape == (7, 0)
    assert fit_transform([[1e308]] * 7).shape == (7, 0)


def test_ranks_between_numbers_that_hardly_differ_are_bounded():
    model = fit(np.array([0, 1e-310, 2e-310, 3e-310] * 5)[:, np.newaxis], ranks=True)
    assert (np.abs(ranks(model, np.array([[5e-311], [1.5e-310], [5e-324]]))) < 3.1).all()
