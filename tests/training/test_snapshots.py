"""What a snapshot's file gives back."""

import numpy as np
import pytest
from numpy.testing import assert_equal

from sknumpynet.core.members import BestOfPart, MemberResult, Snapshot, TrainingState
from sknumpynet.core.optimizers import OPTIMIZERS
from sknumpynet.training.snapshots import read_snapshot, write_snapshot

SOURCES = {
    "Mersenne Twister": np.random.RandomState(3),
    "PCG64": np.random.RandomState(np.random.PCG64(3)),
    "SFC64": np.random.RandomState(np.random.SFC64(3)),
}


def snapshot_of(optimizer, source, dtype=np.float32, status="running"):
    rng = np.random.default_rng(0)
    optimizer.state = rng.normal(size=(optimizer.n_buffers, 7)).astype(dtype)
    optimizer.learning_rate, optimizer.n_updates = 0.1 / 3, 17
    state = TrainingState([0.1, np.float64(0.2)], 0.1, 1, 22, [np.float32(0.5)], [1e-300], -np.inf)
    parameters = rng.normal(size=(4, 7)).astype(dtype)
    parts = [BestOfPart(), BestOfPart(0.25, parameters[2])]
    result = MemberResult(state, 2, {"loss": [0.1, np.nan]}, parameters[1], parts, status)
    rows = rng.permutation(300)
    dropout = np.random.SFC64(1).state
    return Snapshot(result, parameters[0], optimizer, source.get_state(legacy=False), rows, dropout)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_all_of_it_comes_back(optimizer, source, tmp_path):
    kind, source = OPTIMIZERS[optimizer], SOURCES[source]
    written = snapshot_of(kind(0.1), source)
    write_snapshot(tmp_path / "a.npz", written, lost_its_scores=True)
    template = kind(0.1)
    read, lost_its_scores = read_snapshot(tmp_path / "a.npz", template)
    assert lost_its_scores
    assert template.state is None
    assert type(read.optimizer) is kind
    for name in ("parameters", "rows", "random_state", "dropout"):
        assert_equal(getattr(read, name), getattr(written, name))
    assert read.parameters.dtype == np.float32
    assert read.rows.dtype == np.intp
    assert_equal(vars(read.result.state), vars(written.result.state))
    for name in ("n_epochs", "history", "best_parameters", "status"):
        assert_equal(getattr(read.result, name), getattr(written.result, name))
    for mine, its in zip(read.result.best_of_parts, written.result.best_of_parts, strict=True):
        assert_equal(vars(mine), vars(its))
    for name in ("state", *kind.progress, *kind.settings):
        assert_equal(getattr(read.optimizer, name), getattr(written.optimizer, name))
    other = np.random.RandomState(type(source._bit_generator)())
    other.set_state(read.random_state)
    assert other.randint(2**31) == snapshot_and_draw(source)


def snapshot_and_draw(source):
    """Draw a number from a source, which stays where it is."""
    state = source.get_state(legacy=False)
    number = source.randint(2**31)
    source.set_state(state)
    return number


@pytest.mark.parametrize("name", ["best", "rows", "document"])
def test_names_in_the_directory_are_checked(name, tmp_path):
    """The zip's own checksums are of arrays alone; the last best epoch would be none."""
    path, template = tmp_path / "a.npz", OPTIMIZERS["adam"](0.1)
    written = snapshot_of(OPTIMIZERS["adam"](0.1), SOURCES["Mersenne Twister"])
    write_snapshot(path, written, lost_its_scores=False)
    # Beside each array, and in the directory at the end.
    entry = f"{name}.npy".encode()
    path.write_bytes(path.read_bytes().replace(entry, b"x" + entry[1:]))
    with pytest.raises(ValueError, match=r"a\.npz is damaged"):
        read_snapshot(path, template)


def test_any_damage_is_noticed(tmp_path):
    path, template = tmp_path / "a.npz", OPTIMIZERS["adam"](0.1)
    source = SOURCES["Mersenne Twister"]
    write_snapshot(path, snapshot_of(OPTIMIZERS["adam"](0.1), source), lost_its_scores=False)
    content, (expected, _) = path.read_bytes(), read_snapshot(path, template)
    rng = np.random.default_rng(0)
    for place in rng.permutation(len(content))[:300]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:  # some bytes say nothing, such as when the file was made
            read, _ = read_snapshot(path, template)
        except ValueError:
            continue
        assert_equal(read.parameters, expected.parameters)
        assert_equal(read.optimizer.state, expected.optimizer.state)
        assert_equal(read.rows, expected.rows)
        assert_equal(read.result.best_parameters, expected.result.best_parameters)
