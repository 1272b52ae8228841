"""Which rows a member trains on: ragged ones, shared ones, shuffles of one source."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.members import (
    ALPHAS,
    MEMBERS,
    RATES,
    SQUARED_ERROR,
    assert_law,
    new_members,
    of_member,
    optimizers_with,
    start,
)
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core import batching
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.batching import BatchGroup
from sknumpynet.core.members import Member, Settings
from sknumpynet.core.optimizers import OPTIMIZERS, Adam
from sknumpynet.core.training import train


class CountingRandomState(np.random.RandomState):
    n_permutations = 0

    def permutation(self, x):
        self.n_permutations += 1
        return super().permutation(x)


@pytest.mark.parametrize("own_rows", [False, True])
def test_members_share_the_shuffles_of_one_source(own_rows, rng, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error", 17)
    if own_rows:
        rows = np.stack([rng.permutation(17)[:11] for _ in range(MEMBERS)])
        dataset = replace(dataset, rows=rows)
    source = CountingRandomState(0)
    settings = Settings(4, max_epochs=5)
    members = [Member(source, settings, alpha) for alpha in ALPHAS]
    optimizers = optimizers_with(Adam, RATES)
    trained, _ = train(network, SQUARED_ERROR, start(network), dataset, optimizers[0], members)
    assert source.n_permutations == 5
    for k in range(MEMBERS):
        alone, _ = train(
            network,
            SQUARED_ERROR,
            start(network)[k],
            of_member(dataset, k),
            optimizers[k + 1],
            [Member(np.random.RandomState(0), settings, ALPHAS[k])],
        )
        assert_allclose(trained[k], alone, rtol=1e-9, atol=1e-12)


def test_members_of_one_source_and_the_same_rows_share_batches(make_dataset, monkeypatch):
    shapes = set()
    fill = BatchGroup.fill

    def noting(group, rows, lengths):
        shapes.add((rows.shape, group.inputs.shape))
        fill(group, rows, lengths)

    monkeypatch.setattr(BatchGroup, "fill", noting)
    network = dense_network([5, 13, 2], "tanh")
    source = np.random.RandomState(0)
    train(
        network,
        SQUARED_ERROR,
        start(network),
        make_dataset("squared_error", 11),
        Adam(0.01),
        [Member(source, Settings(4, max_epochs=2)) for _ in range(MEMBERS)],
    )
    assert shapes == {((11,), (6, 11))}


@pytest.mark.parametrize("group_bytes", [1, 2**18])
@pytest.mark.parametrize("weight_members", [None, (), (MEMBERS,)])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("lengths", [(11, 10, 7), (12, 11, 3), (8, 12, 1), (13, 4, 13), (4, 4, 4)])
def test_law_with_ragged_rows(
    optimizer, lengths, shuffle, weight_members, group_bytes, rng, make_dataset, monkeypatch
):
    """Batches of 4: members have different numbers of batches, full ones and cut ones."""
    monkeypatch.setattr(batching, "GROUP_BYTES", group_bytes)
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error", 17, weight_members=weight_members)
    longest = max(lengths)
    rows = np.stack([rng.permutation(17)[:longest] for _ in range(MEMBERS)])
    for row, length in zip(rows, lengths, strict=True):
        row[length:] = row[length - 1]
    dataset = replace(dataset, rows=rows, lengths=np.array(lengths))
    settings = Settings(4, max_epochs=12, shuffle=shuffle, tol=0.05, patience=2)
    results = assert_law(
        network, SQUARED_ERROR, dataset, optimizers_with(OPTIMIZERS[optimizer], RATES), settings
    )
    assert [result.state.n_samples_seen for result in results] == [
        result.n_epochs * n for result, n in zip(results, lengths, strict=True)
    ]


@pytest.mark.parametrize("shuffle", [True, False])
def test_law_with_the_beginnings_of_shared_rows(shuffle, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error", 11)
    dataset = replace(dataset, rows=np.arange(11)[::-1], lengths=np.array([11, 7, 10]))
    settings = Settings(4, max_epochs=6, shuffle=shuffle)
    assert_law(network, SQUARED_ERROR, dataset, optimizers_with(Adam, RATES), settings)


def test_padding_is_not_learned_from(rng, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    full = make_dataset("squared_error", 17)
    rows = np.stack([rng.permutation(17)[:11] for _ in range(MEMBERS)])
    results = []
    for padding in (rows[1, 0], rows[1, 6]):
        rows[1, 7:] = padding
        dataset = replace(full, rows=rows, lengths=np.array([11, 7, 11]))
        trained, _ = train(
            network,
            SQUARED_ERROR,
            start(network),
            dataset,
            Adam(0.05),
            new_members(Settings(4, max_epochs=5)),
        )
        results.append(trained)
    assert_array_equal(*results)


def test_members_of_one_source_need_as_many_rows(make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = replace(
        make_dataset("squared_error", 11),
        rows=np.tile(np.arange(11), (MEMBERS, 1)),
        lengths=np.array([11, 10, 11]),
    )
    source = np.random.RandomState(0)
    with pytest.raises(ValueError, match=r"need as many rows, got \[11, 10, 11\]"):
        train(
            network,
            SQUARED_ERROR,
            start(network),
            dataset,
            Adam(0.1),
            [Member(source, Settings(4)) for _ in range(MEMBERS)],
        )
