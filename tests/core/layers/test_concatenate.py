import numpy as np
from numpy.testing import assert_array_equal

from sknumpynet.core.layers import Concatenate, Identity, Scale
from sknumpynet.core.network import as_columns


def test_slowly(rng):
    layer = Concatenate((Identity(2), Scale(3), Identity(1)))
    factors, inputs = rng.normal(size=3), as_columns(rng.normal(size=(4, 6)), float)
    outputs = layer.apply(factors, inputs)
    assert_array_equal(outputs[:2], inputs[:2])
    assert_array_equal(outputs[2:5], factors[:, np.newaxis] * inputs[2:5])
    assert_array_equal(outputs[5:], inputs[5:])


def test_layers_see_their_own_of_the_first_inputs(rng):
    seen = []

    class Watching(Identity):
        def initialize(self, random_state, parameters, initializer="auto", inputs=None):
            seen.append(inputs)

    layer = Concatenate((Watching(2), Watching(3)))
    inputs = as_columns(rng.normal(size=(4, 5)), float)
    layer.initialize(np.random.RandomState(0), np.empty(0), inputs=inputs)
    assert_array_equal(seen[0], inputs[:2])
    assert_array_equal(seen[1], inputs[2:5])
