"""The layer of statistics of levels; what all layers have in common stands in `test_layers`."""

import numpy as np
from numpy.testing import assert_array_equal

from sknumpynet.core.layers import LAYERS, LevelTable, Scale
from sknumpynet.core.network import Network

LAYER = LevelTable(n_passed_on=2, n_codes=(3, 5), width=2)


def test_codes_become_what_the_table_has_of_them(rng):
    table = rng.normal(size=(2, 8, 2))
    numbers, codes = rng.normal(size=(11, 2)), rng.integers((3, 5), size=(11, 2))
    inputs = np.column_stack([numbers, codes, np.ones(11)]).T
    for own, outputs in zip(table, LAYER.apply(table, inputs), strict=True):
        expected = np.column_stack([numbers, own[codes[:, 0]], own[3 + codes[:, 1]], np.ones(11)])
        assert_array_equal(outputs, expected.T)


def test_the_table_stays_as_it_is():
    assert not LAYER.learning_rates().any()
    assert not LAYER.is_decayed().any()


def test_a_network_is_trained_above_it():
    network = Network((LAYER, Scale(6), LAYERS["dense"]))
    assert network.level_table is LAYER
    assert network.above_level_table.layers == network.layers[1:]
    plain = network.above_level_table
    assert plain.level_table is None
    assert plain.above_level_table is plain
