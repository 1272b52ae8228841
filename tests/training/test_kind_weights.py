import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import nnls

from sknumpynet.core.losses import LINKS, LOSSES
from sknumpynet.training.kind_weights import weights_of_kinds


def made_up(loss, rng, n_samples=400, n_outputs=3):
    """Return targets that a loss takes, and predictions that are their own scale away from them."""
    raw = rng.normal(size=(n_outputs, n_samples))
    targets = np.empty_like(raw)
    loss.predict(raw, targets)
    if "cross_entropy" in loss.name:
        targets = (targets == targets.max(axis=0)).astype(float)

    def predictions(noise):
        out = raw + noise * rng.normal(size=raw.shape)
        loss.predict(out, out)
        return out.T

    return targets.T, predictions


@pytest.mark.parametrize("name", LOSSES)
def test_better_kinds_count_more(name, rng):
    loss = LOSSES[name]
    targets, predictions = made_up(loss, rng)
    weights = weights_of_kinds(np.stack([predictions(e) for e in (2.0, 0.3, 1.0)]), targets, loss)
    assert weights.sum() == pytest.approx(1)
    assert (weights > 0).all()
    assert weights.argmax() == 1

    def mean_loss(weights, predictions):
        mean = np.tensordot(weights, predictions, axes=1)
        return loss.value(LINKS[loss.output_activation](mean.T), targets.T).mean()

    both = np.stack([predictions(2.0), predictions(0.3)])
    found = weights_of_kinds(both, targets, loss)
    assert mean_loss(found, both) <= mean_loss(np.array([0.5, 0.5]), both)


def test_many_rows_give_least_squares(rng):
    targets = rng.normal(size=(50_000, 1))
    predictions = targets + rng.normal(size=(3, 50_000, 1)) * [[[0.5]], [[1.0]], [[2.0]]]
    weights = weights_of_kinds(predictions, targets, LOSSES["squared_error"])
    # Errors are independent: the best weights go with the inverse of their squares.
    assert_allclose(weights, np.array([4, 1, 0.25]) / 5.25, atol=0.02)
    columns = np.vstack([predictions[..., 0].T, np.full(3, 1e5)])
    expected, _ = nnls(columns, np.append(targets, 1e5))
    assert_allclose(weights, expected, atol=0.01)


def test_few_rows_stay_near_equal_weights(rng):
    targets = rng.normal(size=(5, 1))
    predictions = np.stack([targets, targets + 0.5])
    weights = weights_of_kinds(predictions, targets, LOSSES["squared_error"])
    assert 0.5 < weights[0] < 0.75


def test_rows_count_by_their_weight(rng):
    targets = rng.normal(size=(200, 1))
    good = np.arange(200) < 150
    predictions = np.stack([targets + np.where(good[:, np.newaxis], 0.0, 3.0), targets + 1.0])
    by = [
        weights_of_kinds(predictions, targets, LOSSES["squared_error"], weight)
        for weight in (good * 1.0, 1.0 - good)
    ]
    assert by[0][0] > 0.9
    assert by[1][0] < 0.3


def test_kinds_that_are_right_count_the_same():
    targets = np.ones((20, 1))
    weights = weights_of_kinds(np.stack([targets] * 2), targets, LOSSES["squared_error"])
    assert_allclose(weights, 0.5)
