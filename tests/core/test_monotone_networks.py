"""Networks that must rise or fall with numbers do, whatever their parameters within bounds."""

import numpy as np
import pytest

from sknumpynet.core.architectures import Columns, TableShape, table_network
from sknumpynet.core.batching import Dataset
from sknumpynet.core.inference import raw_outputs
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.members import Member, Settings
from sknumpynet.core.network import initialize_parameters
from sknumpynet.core.optimizers import AdamW
from sknumpynet.core.training import train

# Three numbers with their ranks, of which one rises, one falls and one is free; a flag, codes, and
# statistics of their levels.
DIRECTIONS = (1, 0, -1)
RANKED = Columns(6, 1, (4,), n_passed_on=3)
SHAPES = {
    "with ranks": TableShape(RANKED, (8, 6), "smelu", 2, directions=DIRECTIONS * 2),
    "without ranks": TableShape(Columns(3, 1, (4,)), (8, 6), "smelu", 2, directions=DIRECTIONS),
    "statistics": TableShape(
        RANKED, (8, 6), "smelu", 2, directions=DIRECTIONS * 2, level_codes=(4,)
    ),
    "linear": TableShape(RANKED, (), "smelu", 2, directions=DIRECTIONS * 2),
    "one unit": TableShape(RANKED, (1, 1), "relu", 2, directions=DIRECTIONS * 2),
    "nothing free": TableShape(Columns(2, 0), (8, 6), "smelu", 2, directions=(1, -1)),
    "three layers": TableShape(RANKED, (7, 5, 3), "smelu", 2, directions=DIRECTIONS * 2),
}


def rows_of(rng, shape, n_samples):
    columns = shape.columns
    n_codes = len(columns.n_codes) + len(shape.level_codes)
    numbers = rng.normal(size=(n_samples, columns.n_numerical + columns.n_plain))
    return np.hstack([numbers, rng.integers(4, size=(n_samples, n_codes))]).astype(np.float32)


def wildly(rng, network, size=1.0):
    """Return parameters far from where they start, as near to them as bounds let them."""
    start = initialize_parameters(network, np.random.RandomState(0), np.float32)
    far = start + rng.normal(0, size, start.shape).astype(np.float32)
    return np.clip(far, *network.bounds.astype(np.float32))


def steps(network, parameters, rows, columns):
    """Return differences of outputs along a grid of some columns, for each of the rows."""
    grid = np.sort(np.r_[np.linspace(-4, 4, 301), 1e-7 * np.arange(-10, 10)]).astype(np.float32)
    many = np.repeat(rows, len(grid), axis=0)
    many[:, columns] = np.tile(grid, len(rows))[:, np.newaxis]
    outputs = raw_outputs(network, parameters, many)
    return np.diff(outputs.reshape(len(rows), len(grid), -1), axis=1)


@pytest.mark.parametrize("size", [0.3, 3.0])
@pytest.mark.parametrize("name", SHAPES)
def test_outputs_go_the_way_that_is_asked_for_to_the_last_bit(name, size, rng):
    shape = SHAPES[name]
    network = table_network(shape)
    parameters, rows = wildly(rng, network, size), rows_of(rng, shape, 20)
    n_numbers = shape.columns.n_passed_on or shape.columns.n_numerical
    for k in range(n_numbers):
        own = range(k, shape.columns.n_numerical, n_numbers)  # the number, and its rank
        taken = steps(network, parameters, rows, list(own))
        if shape.directions[k]:
            assert (taken * shape.directions[k] >= 0).all()
        elif shape.hidden_layer_sizes != (1, 1):
            assert (taken > 0).any()
            assert (taken < 0).any()


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize(
    "name", sorted(SHAPES.keys() - {"statistics"})
)  # trained above their table
def test_training_starts_and_ends_within_bounds(name, n_members, rng):
    shape = SHAPES[name]
    network, X = table_network(shape), rows_of(rng, shape, 60)
    sources = [np.random.RandomState(seed) for seed in range(n_members)]
    start = initialize_parameters(network, sources, np.float32, "lecun_normal", X)
    lowest, highest = network.bounds.astype(np.float32)
    assert ((lowest <= start) & (start <= highest)).all()
    dataset = Dataset(X, np.stack([-X[:, 0], X[:, 1]], axis=1))  # against the constraints
    settings = Settings(batch_size=16, max_epochs=5)
    members = [Member(source, settings) for source in sources]
    trained, _ = train(network, LOSSES["squared_error"], start.copy(), dataset, AdamW(0.1), members)
    assert ((lowest <= trained) & (trained <= highest)).all()
    assert (trained != start).any(axis=1).all()


def test_what_is_saved_makes_the_same_network():
    for shape in SHAPES.values():
        assert table_network(TableShape.from_plain(shape.to_plain())) == table_network(shape)
    free = TableShape(Columns(3, 1), (8,), "mish", 1)
    assert "directions" not in free.to_plain()
    assert table_network(free).bounds is None


UNITS = {
    "with ranks": [(0, 0, 0, 0, 1, 1, -1, -1), (0, 0, 0, 1, 1, -1), (1, 1)],
    "nothing free": [(1, 1, 1, 1, -1, -1, -1, -1), (1, 1, 1, -1, -1, -1), (1, 1)],
    "one unit": [(1,), (1,), (1, 1)],
    "linear": [(1, 1)],
}


@pytest.mark.parametrize("name", UNITS)
def test_half_of_the_hidden_units_are_free_if_anything_is(name):
    layers = table_network(SHAPES[name]).dense_layers
    assert [layer.directions_out for layer in layers] == UNITS[name]
