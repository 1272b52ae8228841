"""Every layer of the engine has a form in ONNX that gives the same units, or is refused."""

import numpy as np
import pytest
from helpers.onnx_graphs import outputs_of

from sknumpynet.core.activations import ACTIVATIONS, CustomActivation
from sknumpynet.core.layers import LAYERS, ColumnSelection, Dense, with_ones
from sknumpynet.onnx.layers import LAYERS as FORMS
from sknumpynet.onnx.layers import REFUSED, add_layer

N_MEMBERS, N_SAMPLES = 5, 7


def parameters_of(layer, rng):
    parameters = rng.normal(size=(N_MEMBERS, *layer.parameter_shape)).astype(np.float32)
    if isinstance(layer, ColumnSelection):
        parameters[...] = rng.integers(layer.fan_in, size=parameters.shape)
    return parameters


def inputs_of(layer, rng, n_members=1):
    """Return columns of the data, codes where a layer looks for some."""
    shape = (n_members, layer.fan_in, N_SAMPLES)
    drawn = rng.integers(4, size=shape) if "n_codes" in repr(layer) else rng.normal(size=shape)
    return drawn.astype(np.float32)


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_has_a_form_or_is_refused(name):
    assert (type(LAYERS[name]) in FORMS) != (type(LAYERS[name]) in REFUSED)


# What selects columns does so from the data, which members share.
ALL = [name for name in LAYERS if type(LAYERS[name]) in FORMS]
OF_MEMBERS = [name for name in ALL if not isinstance(LAYERS[name], ColumnSelection)]


@pytest.mark.parametrize(
    ("name", "n_members"), [(name, 1) for name in ALL] + [(name, N_MEMBERS) for name in OF_MEMBERS]
)
def test_units(name, n_members, rng):
    layer = LAYERS[name]
    parameters, inputs = parameters_of(layer, rng), inputs_of(layer, rng, n_members)
    data = with_ones((n_members,), layer.fan_in, N_SAMPLES, np.float32)
    data[:, :-1] = inputs
    expected = layer.apply(parameters, data)[:, :-1]
    found = outputs_of(lambda graph, x: add_layer(graph, layer, parameters, x), inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


class Cube:
    def value(self, z):
        return z**3

    def derivative(self, z, output):
        return 3 * z**2


class Unknown(Dense):
    pass


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Unknown(3, 2, ACTIVATIONS["tanh"]), "a layer of type Unknown cannot be exported"),
        (Dense(3, 2, CustomActivation(Cube())), "an activation of one's own cannot be exported"),
    ],
)
def test_what_has_no_form(layer, message, rng):
    parameters = parameters_of(layer, rng)
    with pytest.raises(NotImplementedError, match=message):
        outputs_of(lambda graph, x: add_layer(graph, layer, parameters, x), inputs_of(layer, rng))
