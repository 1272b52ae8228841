"""Every layer in C against the engine's."""

import ctypes

import numpy as np
import pytest
from helpers.c_models import compiled, needs_gcc

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.architectures import Columns, TableShape, dense_network, table_network
from sknumpynet.core.layers import (
    LAYERS,
    CategoryEmbedding,
    ColumnSelection,
    Concatenate,
    LevelTable,
)
from sknumpynet.core.network import Network
from sknumpynet.export.c.library import needed_functions
from sknumpynet.export.c.networks import CALLS, network_function

# Each layer, and networks of many.
NETWORKS = {
    **{name: Network((layer,)) for name, layer in LAYERS.items()},
    **{f"dense {own}": dense_network([3, 5, 4, 2], own) for own in ACTIVATIONS},
    "nothing but biases": dense_network([3, 0, 2], "relu"),
    "table": table_network(TableShape(Columns(4, 3, (7, 5), 2), (11, 5), "mish", 3)),
    "table without columns": table_network(TableShape(Columns(0, 0), (5,), "mish", 2)),
    "level tables": table_network(
        TableShape(Columns(4, 0, (7,), 2), (5,), "mish", 2, level_codes=(9, 4), n_statistics=3)
    ),
}


def drawn_inputs(layer, rng, n_samples):
    """Return rows such as a layer takes."""
    rows = rng.normal(size=(n_samples, layer.fan_in))
    if isinstance(layer, CategoryEmbedding):
        return rng.integers(0, layer.n_codes, (n_samples, layer.fan_in)).astype(float)
    if isinstance(layer, LevelTable):
        of_codes = drawn_inputs(layer.lookup, rng, n_samples)
        rows[:, layer.code_columns] = of_codes
    if isinstance(layer, Concatenate):
        for own, (taken, _) in zip(layer.layers, layer.rows, strict=True):
            rows[:, taken] = drawn_inputs(own, rng, n_samples)
    return rows


def drawn_parameters(network, rng):
    parameters = rng.normal(size=network.layout.size)
    views = network.layout.views(parameters)
    for layer, view in zip(network.layers, views, strict=True):
        if isinstance(layer, ColumnSelection):
            layer.initialize(np.random.RandomState(0), view)
    return parameters


@needs_gcc
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network(name, tmp_path, rng):
    network = NETWORKS[name]
    rows, parameters = drawn_inputs(network.layers[0], rng, 23), drawn_parameters(network, rng)
    if len(network.layers) > 1 and isinstance(network.layers[0], LevelTable):
        rows[:, : network.layers[1].fan_in - 6] = drawn_inputs(network.layers[1], rng, 23)[:, :-6]
    code = network_function("network", network)
    head = "extern void network(const parameter *p, const double *inputs, double *raw);"
    (tmp_path / "network.c").write_text(
        "#include <float.h>\n#include <math.h>\ntypedef double parameter;\n"
        f"{head}\n{needed_functions(code)}\n{code.replace('static ', '', 1)}\n"
    )
    library = compiled(tmp_path / "network.c", tmp_path / "network.so", "-Wno-unused-parameter")
    columns = np.append(rows.T, np.ones((1, len(rows))), axis=0)
    for layer, view in zip(network.layers, network.layout.views(parameters), strict=True):
        columns = layer.apply(view, columns)
    raw = (ctypes.c_double * network.fan_out)()
    p = (ctypes.c_double * parameters.size)(*parameters)
    for row, expected in zip(rows, columns[:-1].T, strict=True):
        library.network(p, (ctypes.c_double * max(len(row), 1))(*row), raw)
        np.testing.assert_allclose(list(raw), expected, rtol=1e-12, atol=1e-12)


def test_every_layer_has_a_form():
    assert {type(layer) for layer in LAYERS.values()} <= set(CALLS)


def test_an_activation_of_ones_own_is_refused():
    class Square:
        name = "relu"  # as the engine's

        def value(self, z):
            return z**2

        def derivative(self, z, output):
            return 2 * z

    network = dense_network([2, 3, 1], Square())
    with pytest.raises(NotImplementedError, match=r"an activation of one's own .* got 'relu'"):
        network_function("network", network)
