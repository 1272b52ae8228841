import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sknumpynet.core import batching
from sknumpynet.core.batching import Batches, Dataset

MEMBERS = 3


def recorded(groups):
    """Copies of what every batch shows, since groups are overwritten."""
    return [
        (
            batch.inputs.copy(),
            batch.targets.copy(),
            None if batch.weights is None else batch.weights.copy(),
        )
        for group in groups
        for batch in group.batches
    ]


@given(st.integers(1, 40), st.integers(1, 45), st.integers(1, 3000), st.integers(0, 99))
def test_covers_every_row_once_and_in_order(n_samples, batch_size, group_bytes, seed):
    X = np.arange(2.0 * n_samples).reshape(n_samples, 2)
    dataset = Dataset(X, -X[:, :1], X[:, 1] + 0.5)
    rows = np.random.default_rng(seed).permutation(n_samples)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "GROUP_BYTES", group_bytes)
        batches = Batches(dataset, batch_size)
    for order in (rows, rows[::-1]):
        shown = recorded(batches.epoch(order))
        inputs, targets, weights = (
            np.concatenate(part, axis=-1) for part in zip(*shown, strict=True)
        )
        assert_array_equal(inputs[:-1], X[order].T)
        assert_array_equal(inputs[-1], 1.0)
        assert_array_equal(targets, -X[order, :1].T)
        assert_array_equal(weights, X[order, 1:].T + 0.5)
        sizes = [part[0].shape[-1] for part in shown]
        n_full, rest = divmod(n_samples, batch_size)
        assert sizes == [batch_size] * n_full + [rest] * (rest > 0)


@pytest.mark.parametrize("group_bytes", [1, 2**18], ids=["small_groups", "one_group"])
@pytest.mark.parametrize("weight_members", [None, (), (MEMBERS,)], ids=str)
@pytest.mark.parametrize("own_rows", [False, True], ids=["shared_rows", "own_rows"])
@pytest.mark.parametrize("n_samples", [11, MEMBERS])
def test_law(n_samples, own_rows, weight_members, group_bytes, rng, make_dataset, monkeypatch):
    monkeypatch.setattr(batching, "GROUP_BYTES", group_bytes)
    dataset = make_dataset("squared_error", n_samples, 5, 2, weight_members)
    rows = np.stack([rng.permutation(n_samples) for _ in range(MEMBERS)])
    rows = rows if own_rows else rows[0]
    batches = Batches(dataset, 2, (MEMBERS,), own_rows=own_rows)
    for _ in range(2):
        stack = recorded(batches.epoch(rows))
        for k in range(MEMBERS):
            weights = dataset.sample_weight
            if weight_members:
                weights = weights[k]
            single = Batches(Dataset(dataset.X, dataset.targets, weights), 2)
            alone = recorded(single.epoch(rows[k] if own_rows else rows))
            for batch, batch_k in zip(stack, alone, strict=True):
                for array, array_k in zip(batch, batch_k, strict=True):
                    if array_k is None:
                        assert array is None
                    else:
                        member = array[k] if array.ndim == 3 else array
                        assert_array_equal(member, array_k)
        rows = rows[..., ::-1]


@pytest.mark.parametrize("group_bytes", [1, 2**18], ids=["small_groups", "one_group"])
@pytest.mark.parametrize("own_rows", [False, True], ids=["shared_rows", "own_rows"])
@pytest.mark.parametrize("n_samples", [11, MEMBERS])
def test_each_member_has_columns_of_its_own(n_samples, own_rows, group_bytes, rng, monkeypatch):
    monkeypatch.setattr(batching, "GROUP_BYTES", group_bytes)
    dataset = Dataset(rng.normal(size=(n_samples, 13)), rng.normal(size=(n_samples, 2)))
    columns = np.stack([rng.permutation(13)[:5] for _ in range(MEMBERS)])
    rows = np.stack([rng.permutation(n_samples) for _ in range(MEMBERS)])
    rows = rows if own_rows else rows[0]
    batches = Batches(dataset, 2, (MEMBERS,), own_rows=own_rows, columns=columns)
    for _ in range(2):
        stack = recorded(batches.epoch(rows))
        for k in range(MEMBERS):
            own = rows[k] if own_rows else rows
            seen = Dataset(dataset.X[:, columns[k]], dataset.targets)
            single = Batches(dataset, 2, columns=columns[k])
            shown = zip(
                stack,
                recorded(Batches(seen, 2).epoch(own)),
                recorded(single.epoch(own)),
                strict=True,
            )
            for (inputs, targets, _), (expected, its_targets, _), (alone, _, _) in shown:
                assert_array_equal(inputs[k], expected)
                assert_array_equal(alone, expected)
                assert_array_equal(targets[k] if own_rows else targets, its_targets)
        rows = rows[..., ::-1]


@pytest.mark.parametrize("group_bytes", [1, 2**18], ids=["small_groups", "one_group"])
@pytest.mark.parametrize("seen", [None, 5], ids=["all columns", "some columns"])
@pytest.mark.parametrize("own_members", [(), (MEMBERS,)], ids=["one for all", "of each"])
@pytest.mark.parametrize("own_rows", [False, True], ids=["shared_rows", "own_rows"])
@pytest.mark.parametrize("n_samples", [11, MEMBERS])
def test_own_columns_come_after_the_shared_ones(
    n_samples, own_rows, own_members, seen, group_bytes, rng, monkeypatch
):
    monkeypatch.setattr(batching, "GROUP_BYTES", group_bytes)
    X, targets = rng.normal(size=(n_samples, 13)), rng.normal(size=(n_samples, 2))
    own_columns = rng.normal(size=(*own_members, n_samples, 7))
    columns = None
    if seen is not None:
        columns = np.stack([rng.permutation(13)[:seen] for _ in range(MEMBERS)])
    rows = np.stack([rng.permutation(n_samples) for _ in range(MEMBERS)])
    rows = rows if own_rows else rows[0]
    dataset = Dataset(X, targets, own_columns=own_columns)
    batches = Batches(dataset, 2, (MEMBERS,), own_rows=own_rows, columns=columns)
    for _ in range(2):
        stack = recorded(batches.epoch(rows))
        for k in range(MEMBERS):
            own = own_columns[k] if own_members else own_columns
            shared = X if columns is None else X[:, columns[k]]
            alone = Batches(Dataset(np.hstack([shared, own]), targets), 2)
            theirs = recorded(alone.epoch(rows[k] if own_rows else rows))
            single = Batches(
                Dataset(X, targets, own_columns=own),
                2,
                columns=None if columns is None else columns[k],
            )
            same = recorded(single.epoch(rows[k] if own_rows else rows))
            for (inputs, _, _), (expected, _, _), (again, _, _) in zip(
                stack, theirs, same, strict=True
            ):
                assert_array_equal(inputs[k] if inputs.ndim == 3 else inputs, expected)
                assert_array_equal(again, expected)
        rows = rows[..., ::-1]


def test_members_that_leave_take_their_own_columns(rng):
    own = rng.normal(size=(MEMBERS, 11, 2))
    dataset = Dataset(rng.normal(size=(11, 5)), rng.normal(size=(11, 1)), own_columns=own)
    assert_array_equal(dataset.take_members([2, 0]).own_columns, own[[2, 0]])
    shared = Dataset(dataset.X, dataset.targets, own_columns=own[0])
    assert shared.take_members([2, 0]).own_columns is shared.own_columns


def test_sparse_rows_take_no_own_columns():
    dataset = Dataset(sp.csr_array(np.eye(3)), np.ones((3, 1)), own_columns=np.ones((3, 2)))
    with pytest.raises(ValueError, match="no columns beside them, got 2"):
        Batches(dataset, 2)


@pytest.mark.parametrize("members", [(), (MEMBERS,)])
def test_a_batch_is_views_of_its_chunk(members, make_dataset):
    batches = Batches(make_dataset("squared_error", 11), 3, members)
    for group in batches.epoch(np.arange(11)):
        for batch in group.batches:
            assert batch.n_samples == batch.columns.stop - batch.columns.start
            assert batch.raw.shape == batch.predictions.shape == (*members, 2, batch.n_samples)
            batch.raw[...], batch.predictions[...] = batch.n_samples, -batch.n_samples
            assert (group.raw[..., batch.columns] == batch.n_samples).all()
            assert (group.predictions[..., batch.columns] == -batch.n_samples).all()


@pytest.mark.parametrize("own_rows", [False, True])
def test_buffers_are_reused_and_overwritten(own_rows, make_dataset, monkeypatch):
    monkeypatch.setattr(batching, "GROUP_BYTES", 1)
    dataset = make_dataset("squared_error", 11, weight_members=(MEMBERS,))
    batches = Batches(dataset, 3, (MEMBERS,), own_rows=own_rows)
    rows = np.tile(np.arange(11), (MEMBERS, 1)) if own_rows else np.arange(11)
    clean, groups = recorded(batches.epoch(rows)), set(batches.epoch(rows))
    assert len(groups) == 2  # one for three samples, one for the rest
    for group in groups:
        for buffer in (group.gathered, group.inputs[..., :-1, :], group.targets, group.weights):
            buffer[...] = np.nan
    for again, before in zip(recorded(batches.epoch(rows)), clean, strict=True):
        for array, expected in zip(again, before, strict=True):
            assert_array_equal(array, expected)
    assert set(batches.epoch(rows)) == groups


@pytest.mark.parametrize("to_sparse", [sp.csr_matrix, sp.csr_array])
@pytest.mark.parametrize("group_bytes", [1, 2**18], ids=["small_groups", "one_group"])
def test_sparse_rows(group_bytes, to_sparse, rng, make_dataset, monkeypatch):
    monkeypatch.setattr(batching, "GROUP_BYTES", group_bytes)
    dense = make_dataset("squared_error", 11, weight_members=())
    sparse = Dataset(to_sparse(dense.X), dense.targets, dense.sample_weight)
    rows = rng.permutation(11)
    pairs = zip(
        recorded(Batches(sparse, 3).epoch(rows)),
        recorded(Batches(dense, 3).epoch(rows)),
        strict=True,
    )
    for (inputs, targets, weights), expected in pairs:
        assert sp.issparse(inputs)
        assert_array_equal(inputs.toarray().T, expected[0][:-1])
        assert_array_equal(targets, expected[1])
        assert_array_equal(weights, expected[2])


def test_sparse_rows_are_shared():
    dataset = Dataset(sp.csr_array(np.eye(3)), np.ones((3, 1)))
    with pytest.raises(ValueError, match="sparse rows are shared"):
        Batches(dataset, 2, (MEMBERS,), own_rows=True)


def test_buffers_have_the_dtype_asked_for(make_dataset):
    dataset = make_dataset("squared_error", 11, weight_members=(), dtype=np.float32)
    for group in Batches(dataset, 3, dtype=np.float32).epoch(np.arange(11)):
        buffers = [a for a in vars(group).values() if isinstance(a, np.ndarray)]
        assert {buffer.dtype.char for buffer in buffers} == {"f"}


def test_n_samples():
    X, y = np.zeros((11, 5)), np.zeros((11, 2))
    assert Dataset(X, y).n_samples == 11
    assert Dataset(X, y, rows=np.arange(7)).n_samples == 7
    assert Dataset(X, y, rows=np.zeros((MEMBERS, 5), dtype=int)).n_samples == 5
