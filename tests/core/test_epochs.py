"""Passes over the data: what a step takes, weighs and sums."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from helpers.members import (
    MEMBERS,
    NEW_SETTINGS,
    RATES,
    SQUARED_ERROR,
    assert_law,
    new_members,
    optimizers_with,
    plain,
    start,
)
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core import batching
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.lbfgs import Objective
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.members import Member, Settings
from sknumpynet.core.optimizers import OPTIMIZERS, SGD, Adam
from sknumpynet.core.training import train


@pytest.mark.parametrize("shuffle", [False, True])
def test_law_with_weights_of_zero(shuffle, optimizer, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error", 11, weight_members=(MEMBERS,))
    dataset.sample_weight[1, :4] = 0.0  # all of member 1's first batch, if rows are not shuffled
    dataset.sample_weight[2, 1::2] = 0.0
    optimizers = optimizers_with(OPTIMIZERS[optimizer], RATES)
    assert_law(
        network, SQUARED_ERROR, dataset, optimizers, Settings(4, max_epochs=5, shuffle=shuffle)
    )
    if not shuffle:
        assert np.ravel(optimizers[0].n_updates).tolist() == [15, 10, 15]


def test_a_member_without_weight_takes_no_step(optimizer, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error", 11, weight_members=(MEMBERS,))
    dataset.sample_weight[1] = 0.0
    optimizers = optimizers_with(OPTIMIZERS[optimizer], RATES)
    results = assert_law(network, SQUARED_ERROR, dataset, optimizers, Settings(4, max_epochs=5))
    assert results[1].state.loss_curve == []

    stack, optimizer = start(network), optimizers_with(OPTIMIZERS[optimizer], RATES)[0]
    trained, _ = train(
        network,
        SQUARED_ERROR,
        stack.copy(),
        dataset,
        optimizer,
        new_members(Settings(4, max_epochs=1), alphas=0.3),
    )
    assert_array_equal(trained[1], stack[1])
    assert (trained[[0, 2]] != stack[[0, 2]]).any(axis=-1).all()
    assert (optimizer.state[:, 1] == 0.0).all()
    assert (optimizer.state[:, [0, 2]] != 0.0).any(axis=-1).all()
    assert np.ravel(optimizer.n_updates).tolist() == [3, 0, 3]


def test_sizes_of_batches_make_the_mean(make_dataset):
    """The steps, rates and losses of two epochs, by `Objective` and plain gradient descent."""
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("poisson", 11, weight_members=())
    for weights in (None, dataset.sample_weight):
        dataset = replace(dataset, sample_weight=weights)
        member = Member(np.random.RandomState(3), Settings(4, max_epochs=2), alpha=0.3)
        optimizer = SGD(0.05, momentum=0.0, nesterov=False)
        trained, (result,) = train(
            network, LOSSES["poisson"], start(network, ()), dataset, optimizer, [member]
        )
        expected, source, order, curve = (
            start(network, ()),
            np.random.RandomState(3),
            np.arange(11),
            [],
        )
        for _ in range(2):
            order, values = order[source.permutation(11)], []
            for rows in (order[:4], order[4:8], order[8:]):
                # Weights are looked up by row, as targets are.
                value, gradient = Objective(
                    network, LOSSES["poisson"], replace(dataset, rows=rows), 0.3
                )(expected)
                expected = expected - 0.05 * gradient
                values.append(value)
            curve.append(np.dot(values, [4, 4, 3]) / 11)
        assert_allclose(trained, expected, rtol=1e-11)
        assert_allclose(result.state.loss_curve, curve, rtol=1e-11)
        assert result.state.n_samples_seen == 22
        assert optimizer.n_updates == 6


def test_only_ratios_of_weights_count(make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error", 11)
    results = []
    for weight in (None, 1.0, 7.0):
        weights = None if weight is None else np.full(11, weight)
        trained, (result,) = train(
            network,
            SQUARED_ERROR,
            start(network, ()),
            replace(dataset, sample_weight=weights),
            Adam(0.01),
            new_members(Settings(4, max_epochs=5), 1),
        )
        results += [trained, result.state.loss_curve]
    for i in (2, 4):
        assert_allclose(results[i], results[0], rtol=1e-9)
        assert_allclose(results[i + 1], results[1], rtol=1e-9)


@pytest.mark.parametrize("to_sparse", [sp.csr_matrix, sp.csr_array])
@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
@pytest.mark.parametrize("weight_members", [None, ()], ids=["unweighted", "weighted"])
def test_sparse_rows(weight_members, members, to_sparse, make_dataset):
    network = dense_network([5, 13, 1], "relu")
    dataset = make_dataset("binary_cross_entropy", 11, 5, 1, weight_members)
    dataset.X[dataset.X < 0.5] = 0.0
    settings = Settings(4, max_epochs=5, shuffle=not members)
    results = []
    for X in (dataset.X, to_sparse(dataset.X)):
        trained, of_members = train(
            network,
            LOSSES["binary_cross_entropy"],
            start(network, members),
            replace(dataset, X=X),
            Adam(0.01),
            new_members(settings, *members or (1,), alphas=0.1),
        )
        results += [trained, [result.state.loss_curve for result in of_members]]
    assert_allclose(results[2], results[0], rtol=1e-9)
    assert_allclose(results[3], results[1], rtol=1e-12)


@pytest.mark.parametrize("settings", NEW_SETTINGS["dropout"][:1] + NEW_SETTINGS["clipping"][:1])
def test_new_settings_change_something(settings, make_dataset):
    dataset = make_dataset("squared_error")
    expected, *_ = plain(make_dataset, SGD(0.05), dataset)
    changed, *_ = plain(make_dataset, SGD(0.05), dataset, **settings)
    assert (changed != expected).any()


def test_without_dropout_nothing_is_drawn_for_it(make_dataset):
    _, _, source = plain(make_dataset, Adam(0.01), shuffle=False, dropout=(0.0, 0.0))
    expected = np.random.RandomState(0).get_state()
    assert_array_equal(source.get_state()[1], expected[1])
    _, _, source = plain(make_dataset, Adam(0.01), shuffle=False, dropout=(0.0, 0.1))
    drawn = source.get_state()
    assert (drawn[1] != expected[1]).any() or drawn[2] != expected[2]


def test_a_run_that_goes_on_drops_other_units(make_dataset):
    dataset, optimizer = make_dataset("squared_error"), SGD(1e-12, momentum=0.0, nesterov=False)
    curves = []
    for _ in range(2):
        # The rate is so small that only the masks differ between the runs.
        _, result, _ = plain(
            make_dataset, optimizer, dataset, dropout=(0.5, 0.5), shuffle=False, max_epochs=1
        )
        curves.append(result.state.loss_curve)
    assert curves[0] != curves[1]


@pytest.mark.parametrize("weight_members", [None, (), (MEMBERS,)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_losses_do_not_depend_on_the_batches_of_a_group(
    dtype, weight_members, make_dataset, monkeypatch
):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error", 331, weight_members=weight_members, dtype=dtype)

    def curves():
        parameters = start(network, (MEMBERS,), dtype)
        members = new_members(Settings(7, max_epochs=3), alphas=0.1)
        _, results = train(network, SQUARED_ERROR, parameters, dataset, Adam(0.01), members)
        return [result.state.loss_curve for result in results]

    together = curves()
    for n_bytes in (1, 20_000):
        monkeypatch.setattr(batching, "GROUP_BYTES", n_bytes)
        assert_array_equal(curves(), together)
