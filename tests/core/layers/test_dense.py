import numpy as np
from numpy.testing import assert_array_equal

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.layers import Dense


def test_a_layer_draws_into_its_view():
    layer = Dense(2, 3, ACTIVATIONS["relu"])
    parameters = np.full((3, 3), np.nan)
    layer.initialize(np.random.RandomState(0), parameters)
    bound = np.sqrt(6 / 5)
    expected = np.random.RandomState(0).uniform(-bound, bound, (3, 3))
    assert_array_equal(parameters, expected)
