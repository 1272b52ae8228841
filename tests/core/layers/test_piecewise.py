import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from sknumpynet.core.layers import PiecewiseLinearEmbedding


def test_ramps_go_between_knots(rng):
    """Against `numpy.interp`: of ramps that are all weighted alike the sum is one line."""
    embedding = PiecewiseLinearEmbedding(2, n_pieces=7, n_mixtures=1)
    parameters = np.ones(embedding.parameter_shape)
    knots = np.sort(rng.normal(size=(2, 8)))
    embedding.set_knots(parameters, knots)
    x = rng.normal(size=(3, 1_000))
    outputs = embedding.apply(parameters, x)
    for k in range(2):
        assert_allclose(outputs[k], np.interp(x[k], knots[k], np.arange(-3.5, 4.0)), atol=1e-12)


def test_a_threshold_is_two_knots_side_by_side():
    embedding = PiecewiseLinearEmbedding(1, n_pieces=3, n_mixtures=1)
    parameters = np.ones(embedding.parameter_shape, np.float32)
    embedding.set_knots(parameters, np.array([[-1.0, 0.5, 0.5, 2.0]]))
    _, weights = embedding.views(parameters)
    weights[..., 0] = [0, 1, 0]
    x = np.array([[-3.0, 0.499, 0.502, 3.0], np.ones(4)], np.float32)
    assert_allclose(embedding.apply(parameters, x)[0], [-0.5, -0.5, 0.5, 0.5])


@pytest.mark.parametrize("has_inputs", [True, False])
def test_knots_start_at_quantiles(has_inputs, rng):
    embedding = PiecewiseLinearEmbedding(3, n_pieces=4, n_mixtures=2)
    parameters = np.empty(embedding.parameter_shape)
    inputs = rng.normal(size=(4, 500)) if has_inputs else None
    embedding.initialize(np.random.RandomState(0), parameters, inputs=inputs)
    ramps, weights = embedding.views(parameters)
    starts = (-0.5 - ramps[..., 1]) / ramps[..., 0]
    shares = [0.25, 0.5, 0.75]
    expected = norm.ppf(shares) if inputs is None else np.quantile(inputs[:3], shares, axis=1).T
    assert_allclose(starts[:, 1:], np.broadcast_to(expected, (3, 3)), atol=1e-12)
    assert np.abs(weights).max() <= 1 / 2
