import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.layers import MonotoneDense

# Of an input and of a unit, and the range of the weight between them.
RANGES = {
    (1, 1): (0, np.inf),
    (-1, -1): (0, np.inf),
    (1, -1): (-np.inf, 0),
    (-1, 1): (-np.inf, 0),
    (1, 0): (0, 0),
    (-1, 0): (0, 0),
    (0, 1): (-np.inf, np.inf),
    (0, -1): (-np.inf, np.inf),
    (0, 0): (-np.inf, np.inf),
}


def layer_of(below, above):
    return MonotoneDense(
        len(below), len(above), ACTIVATIONS["smelu"], directions_in=below, directions_out=above
    )


@pytest.mark.parametrize(("directions", "expected"), RANGES.items(), ids=str)
def test_signs(directions, expected):
    below, above = directions
    lowest, highest = layer_of((below,), (above,)).bounds()
    assert (lowest[0, 0], highest[0, 0]) == expected
    assert (lowest[1, 0], highest[1, 0]) == (-np.inf, np.inf)  # the bias


@pytest.mark.parametrize("has_inputs", [True, False])
def test_starting_weights(has_inputs, rng):
    layer = layer_of((1, -1, 0, 0, 1), (0, 1, -1, 1))
    parameters = np.empty(layer.parameter_shape)
    inputs = rng.normal(2, 3, (6, 50)) if has_inputs else None
    layer.initialize(np.random.RandomState(0), parameters, "lecun_normal", inputs)
    lowest, highest = layer.bounds()
    assert ((lowest <= parameters) & (parameters <= highest)).all()
    assert_array_equal(parameters[:-1] != 0, (lowest != highest)[:-1])
    if has_inputs:
        z = parameters[:-1].T @ inputs[:-1] + parameters[-1][:, np.newaxis]
        assert_allclose(z.std(axis=1), 1.0)
        assert_allclose(z.mean(axis=1)[1:], 0.0, atol=1e-12)
        assert parameters[-1, 0] == 0  # of the free unit
