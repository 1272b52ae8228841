import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.architectures import Columns, TableShape, dense_network, table_network
from sknumpynet.core.inference import raw_outputs
from sknumpynet.core.layers import ColumnKind
from sknumpynet.core.network import as_columns, initialize_parameters


def test_dense_network():
    network = dense_network([5, 13, 7, 2], "tanh")
    sizes = [(layer.fan_in, layer.fan_out, layer.activation.name) for layer in network.layers]
    assert sizes == [(5, 13, "tanh"), (13, 7, "tanh"), (7, 2, "identity")]
    assert [own.name for own in network.hidden_activations] == ["tanh", "tanh"]
    assert [layer.parameter_shape for layer in network.layers] == [(6, 13), (14, 7), (8, 2)]
    assert network.layout is network.layout
    assert network.layout.size == 6 * 13 + 14 * 7 + 8 * 2


def network_of(columns, hidden=(5,), activation="mish", n_outputs=1):
    shape = TableShape(columns, hidden, activation, n_outputs)
    return table_network(shape)


def test_starting_weights_fitted_to_data_give_unit_variance(rng):
    network = network_of(Columns(3, 2, (7,)), (13, 11), n_outputs=2)
    X = np.hstack([rng.normal(size=(200, 5)) * 30, rng.integers(7, size=(200, 1))])
    parameters = initialize_parameters(
        network, np.random.RandomState(0), np.float64, "lecun_normal", X
    )
    inputs = as_columns(X, float)
    for layer, view in zip(network.layers, network.layout.views(parameters), strict=True):
        if layer in network.dense_layers:
            preactivation = view[:-1].T @ inputs[:-1]
            assert_allclose(preactivation.std(axis=1), 1.0)
        inputs = layer.apply(view, inputs)


@pytest.mark.parametrize(
    "columns",
    [
        Columns(0, 0),
        Columns(0, 2),
        Columns(2, 0),
        Columns(4, 0, n_passed_on=2),
        Columns(0, 0, (3,)),
    ],
)
def test_a_table_without_some_kind_of_column(columns, rng):
    network = network_of(columns)
    parameters = initialize_parameters(network, np.random.RandomState(0))
    X = np.zeros((4, columns.n_numerical + columns.n_plain + len(columns.n_codes)))
    assert raw_outputs(network, parameters, X).shape == (4, 1)


def test_numbers_are_passed_on_where_their_ranks_are_embedded(rng):
    first = network_of(Columns(6, 2, (7,), n_passed_on=3)).layers[0]
    assert [layer.fan_out for layer in first.layers] == [3, 12, 2, 8]
    with_parts = (ColumnKind(3, 2, width=2), ColumnKind(2, 1))
    shape = TableShape(Columns(6, 2, (7,), n_passed_on=3), (5,), "mish", 1, kinds=with_parts)
    assert shape.seen == Columns(4, 1, (7,), n_passed_on=2)


def test_statistics_of_levels_are_passed_on_beside_all_else(rng):
    columns = Columns(6, 2, (7,), n_passed_on=3)
    shape = TableShape(columns, (5,), "mish", 1, level_codes=(9, 11, 4), n_statistics=2)
    table, *layers = table_network(shape).layers
    assert (table.n_passed_on, table.n_codes, table.width) == (9, (9, 11, 4), 2)
    assert [layer.fan_out for layer in layers[0].layers] == [3, 12, 2, 8, 6]
    assert TableShape.from_plain(shape.to_plain()) == shape


def test_table_network_learns_at_the_rates_of_its_layers():
    network = network_of(Columns(2, 1), activation="relu")
    embeddings, scale, hidden, output = network.layout.views(network.learning_rates)
    assert embeddings.min() == pytest.approx(0.1 / (2 * np.pi))
    assert embeddings.max() == pytest.approx(0.1)
    assert_array_equal(scale, 6.0)
    assert_allclose(hidden[:-1], 1 / 3)  # 2 x 4 + 1 = 9 inputs
    assert_allclose(hidden[-1], 0.1)
    assert_allclose(output[:-1], 1 / math.sqrt(5))


def test_what_a_saved_table_holds_is_plain_and_makes_the_same_network():
    shape = TableShape(Columns(2, 1, (7, 3)), (5, 4), "mish", 2)
    plain = {
        "columns": [2, 1, [7, 3], 0],
        "hidden_layer_sizes": [5, 4],
        "activation": "mish",
        "n_outputs": 2,
        "n_frequencies": 16,
        "n_mixtures": 3,
        "n_code_outputs": 8,
        "sigmas": (0.15, 0.45),
        "wave": "parabola",
    }
    assert shape.to_plain() == plain
    # Some formats know no tuples, and settings that came later are missing.
    for saved in (plain, plain | {"sigmas": [0.15, 0.45], "columns": [2, 1, [7, 3]]}):
        assert TableShape.from_plain(saved) == shape
    assert TableShape.from_plain(dict(list(plain.items())[:4])) == replace(shape, wave="cosine")
