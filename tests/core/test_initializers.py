import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknumpynet.core.initializers import glorot_uniform


@pytest.mark.parametrize("gain", [2.0, 6.0])
def test_glorot_uniform(gain):
    weights, biases = glorot_uniform(np.random.RandomState(0), 101, 89, gain)
    bound = np.sqrt(gain / 190)
    assert abs(weights).max() <= bound
    assert abs(weights).max() > 0.99 * bound
    assert abs(biases).max() <= bound
    assert abs(biases).max() > 0.9 * bound
    assert abs(weights.mean()) < 0.02 * bound
    # A uniform draw from ±b has the standard deviation b / √3.
    assert weights.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)


def test_draws_the_matrix_then_the_biases():
    weights, biases = glorot_uniform(np.random.RandomState(5), 2, 3, 6.0)
    source = np.random.RandomState(5)
    bound = np.sqrt(6 / 5)
    assert_array_equal(weights, source.uniform(-bound, bound, (2, 3)))
    assert_array_equal(biases, source.uniform(-bound, bound, (1, 3)))
