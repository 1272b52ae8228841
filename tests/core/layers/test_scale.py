import numpy as np
from numpy.testing import assert_array_equal

from sknumpynet.core.layers import Scale
from sknumpynet.core.network import as_columns


def test_slowly(rng):
    factors, inputs = rng.normal(size=3), as_columns(rng.normal(size=(4, 3)), float)
    outputs = Scale(3).apply(factors, inputs)
    assert_array_equal(outputs[:-1], factors[:, np.newaxis] * inputs[:-1])
    assert_array_equal(outputs[-1], 1.0)


def test_starting_values():
    factors = np.empty(5)
    Scale(5).initialize(np.random.RandomState(0), factors)
    assert_array_equal(factors, 1.0)
