"""Columns of each network's own: what they are, and that training leaves them alone."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknumpynet.core.architectures import Columns, TableShape, table_network
from sknumpynet.core.batching import Dataset
from sknumpynet.core.inference import raw_outputs
from sknumpynet.core.layers import ColumnKind, ColumnSelection
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.members import Member, Settings
from sknumpynet.core.network import initialize_parameters
from sknumpynet.core.optimizers import OPTIMIZERS
from sknumpynet.core.training import train

KINDS = (ColumnKind(5, 2, width=2), ColumnKind(7, 3))
SHAPE = TableShape(Columns(10, 7, (4, 6), n_passed_on=5), (5, 3), "tanh", 2, kinds=KINDS)
# The same for the columns that are seen.
PART = TableShape(SHAPE.seen, (5, 3), "tanh", 2)
MEMBERS = 3


def table(rng, n_rows):
    codes = [rng.integers(n_codes, size=(n_rows, 1)) for n_codes in SHAPE.columns.n_codes]
    return np.hstack([rng.normal(size=(n_rows, 17)), *codes])


def start():
    return initialize_parameters(
        table_network(SHAPE), [np.random.RandomState(seed) for seed in range(MEMBERS)]
    )


def trained(network, parameters, dataset, name, seeds):
    settings = Settings(batch_size=4, max_epochs=3)
    members = [Member(np.random.RandomState(seed), settings) for seed in seeds]
    parameters = parameters.copy()
    result, _ = train(
        network, LOSSES["squared_error"], parameters, dataset, OPTIMIZERS[name](0.1), members
    )
    return result


def test_a_number_comes_with_its_rank():
    columns = ColumnSelection(KINDS).columns_of([np.array([4, 1]), np.array([6, 0, 2])])
    assert_array_equal(columns, [1, 4, 6, 9, 10, 12, 16])


def test_draws_are_of_every_kind():
    network, drawn = table_network(SHAPE), []
    for columns in network.columns_seen(start()):
        numbers, ranks, plain, codes = np.split(columns, [2, 4, 7])
        assert_array_equal(ranks, numbers + 5)
        assert set(numbers) < set(range(5))
        assert set(plain) < set(range(10, 17))
        assert_array_equal(codes, [17, 18])
        drawn.append(tuple(columns))
    assert len(set(drawn)) > 1


def test_a_shape_of_parts_is_saved_as_numbers():
    plain = SHAPE.to_plain()
    assert plain["kinds"] == [[5, 2, 2], [7, 3, 1]]
    assert TableShape.from_plain(plain) == SHAPE
    assert "kinds" not in PART.to_plain()  # as versions before saved it


@pytest.mark.parametrize("shared", [True, False], ids=["shared rows", "own rows"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_is_that_on_the_columns_that_are_seen(name, shared, rng):
    network, parameters = table_network(SHAPE), start()
    dataset = Dataset(table(rng, 11), rng.normal(size=(11, 2)))
    seeds = [7] * MEMBERS if shared else range(MEMBERS)
    result = trained(network, parameters, dataset, name, seeds)
    for k, columns in enumerate(network.columns_seen(parameters)):
        n_seen = len(columns)
        assert_array_equal(result[k, :n_seen], columns)
        part = Dataset(dataset.X[:, columns], dataset.targets)
        above = trained(table_network(PART), parameters[k, n_seen:], part, name, seeds[k : k + 1])
        assert_array_equal(result[k, n_seen:], above)
        alone = trained(network, parameters[k], dataset, name, seeds[k : k + 1])
        assert_array_equal(result[k], alone)
        outputs = raw_outputs(network, result[k], dataset.X)
        assert_array_equal(outputs, raw_outputs(table_network(PART), above, part.X))


def test_indices_survive_single_precision():
    selection = ColumnSelection((ColumnKind(2**24, 3),))
    columns = np.array([0, 2**23 + 1, 2**24 - 1])
    assert_array_equal(selection.columns(columns.astype(np.float32)), columns)
