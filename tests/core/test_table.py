import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.losses import LOSSES
from sknumpynet.core.network import as_columns, initialize_parameters, raw_outputs
from sknumpynet.core.table import Columns, table_network


def test_starting_weights_fitted_to_data_give_unit_variance(rng):
    network = table_network(Columns(3, 2, (7,)), [13, 11], "mish", 2, LOSSES["squared_error"])
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
    "columns", [Columns(0, 0), Columns(0, 2), Columns(2, 0), Columns(0, 0, (3,))]
)
def test_a_table_without_some_kind_of_column(columns, rng):
    network = table_network(columns, [5], "mish", 1, LOSSES["squared_error"])
    parameters = initialize_parameters(network, np.random.RandomState(0))
    X = np.zeros((4, columns.n_numerical + columns.n_plain + len(columns.n_codes)))
    assert raw_outputs(network, parameters, X).shape == (4, 1)


def test_table_network_learns_at_the_rates_of_its_layers():
    network = table_network(Columns(2, 1), [5], "relu", 1, LOSSES["squared_error"])
    embeddings, scale, hidden, output = network.layout.views(network.learning_rates)
    assert embeddings.min() == pytest.approx(0.1)
    assert embeddings.max() == pytest.approx(0.1 * 2 * np.pi)
    assert_array_equal(scale, 6.0)
    assert_allclose(hidden[:-1], 1 / 3)  # 2 x 4 + 1 = 9 inputs
    assert_allclose(hidden[-1], 0.1)
    assert_allclose(output[:-1], 1 / math.sqrt(5))
