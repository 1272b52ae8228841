"""Every layer has a form in a module, whose bits are the layer's."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.layers import LAYERS, Dense, Identity, Scratch
from sknumpynet.core.layers.base import BLOCK_SAMPLES
from sknumpynet.core.layers.dense import SHARED_PRODUCT
from sknumpynet.export.python.layers import layer_text
from sknumpynet.export.python.script import Script
from sknumpynet.export.python.sources import sources_of

# Of wide layers products are cut.
LAYERS = {**LAYERS, "wide": Dense(SHARED_PRODUCT // 1024, 128, ACTIVATIONS["relu"])}
TYPES = (np.float32, np.float64)


def written(layer, parameters):
    """Return the function that stands for a layer in a module."""
    script = Script()
    text = layer_text(script, "layer", layer, parameters)
    sources = sources_of(script.functions, {"np": ("numpy", None)})
    names = {"ARRAYS": script.arrays, "partial": partial}
    exec(f"{sources.imports}\n{sources.definitions}", names)
    return eval(str(text), names)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("n_blocks", [1, 5])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_every_layer_has_a_form(layer, dtype, n_members, n_blocks, rng):
    parameters = rng.normal(size=(n_members, *layer.parameter_shape)).astype(dtype)
    # Codes and columns are whole numbers.
    inputs = rng.integers(0, 3, (n_blocks, layer.fan_in + 1, BLOCK_SAMPLES)).astype(dtype)
    inputs[:, -1] = 1.0
    shape = (n_members, n_blocks, layer.fan_out + 1, BLOCK_SAMPLES)
    expected, found = np.ones(shape, dtype), np.ones(shape, dtype)
    layer.write(parameters[:, np.newaxis], inputs, expected[..., :-1, :], Scratch())
    written(layer, parameters)(inputs, found[..., :-1, :])
    np.testing.assert_array_equal(found, expected)


@dataclass(frozen=True)
class Unknown(Identity):
    """A layer that no module knows."""


def test_a_layer_without_a_form_is_refused():
    with pytest.raises(NotImplementedError, match=r"the layer Unknown\(fan_in=3\) has no form"):
        layer_text(Script(), "layer", Unknown(3), np.empty((1, 0)))
