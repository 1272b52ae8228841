"""The training loop: the law of stacks, interrupts, and what is left as it was."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from helpers.members import (
    ALPHAS,
    MEMBERS,
    RATES,
    SQUARED_ERROR,
    assert_law,
    column,
    new_members,
    optimizers_with,
    plain,
    start,
)
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core import backpropagation, batching, training
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.batching import BatchGroup, Dataset
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.members import Member, Settings
from sknumpynet.core.optimizers import OPTIMIZERS, SGD, Adam
from sknumpynet.core.schedules import SCHEDULES
from sknumpynet.core.training import train


@pytest.mark.parametrize("n_samples", [11, MEMBERS])
@pytest.mark.parametrize("batch_size", [2, 11])
@pytest.mark.parametrize("weight_members", [None, (), (MEMBERS,)], ids=str)
@pytest.mark.parametrize("rows", [None, "shared", "own"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_law(shuffle, rows, weight_members, batch_size, n_samples, rng, make_dataset, monkeypatch):
    monkeypatch.setattr(batching, "GROUP_BYTES", 500)
    dataset = make_dataset("squared_error", n_samples, 5, 2, weight_members)
    if rows is not None:
        orders = np.stack([rng.permutation(n_samples)[:-1] for _ in range(MEMBERS)])
        dataset = replace(dataset, rows=orders if rows == "own" else orders[0])
    network = dense_network([5, 13, 2], "relu")
    settings = Settings(batch_size, max_epochs=5, shuffle=shuffle)
    results = assert_law(network, SQUARED_ERROR, dataset, optimizers_with(Adam, RATES), settings)
    assert [result.status for result in results] == ["exhausted"] * MEMBERS


@pytest.mark.parametrize("hidden", [(), (2,), (13, 7)], ids=str)
def test_law_for_every_part(optimizer, activation_and_loss, hidden, make_dataset):
    activation, loss = activation_and_loss
    for n_outputs in (1, 2):
        network = dense_network([5, *hidden, n_outputs], activation)
        dataset = make_dataset(loss, 11, 5, n_outputs)
        optimizers = optimizers_with(OPTIMIZERS[optimizer], RATES)
        assert_law(network, LOSSES[loss], dataset, optimizers, Settings(4, max_epochs=3))


def test_a_diverging_member_takes_no_other_with_it(make_dataset):
    network = dense_network([5, 13, 2], "identity")
    optimizers = optimizers_with(SGD, (0.01, 1e100, 0.02))
    results = assert_law(
        network, SQUARED_ERROR, make_dataset("squared_error"), optimizers, Settings(4, max_epochs=9)
    )
    assert [result.status for result in results] == ["exhausted", "diverged", "exhausted"]
    assert [result.n_epochs for result in results] == [9, results[1].n_epochs, 9]
    assert results[1].n_epochs < 9
    assert np.isfinite(results[1].state.loss_curve).all()


@pytest.mark.parametrize("weight_members", [None, ()], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
def test_reads_nothing_stale(members, weight_members, make_dataset, spoil, monkeypatch):
    monkeypatch.setattr(batching, "GROUP_BYTES", 500)
    network = dense_network([5, 13, 7, 1], "relu")
    dataset = make_dataset("squared_error", 11, 5, 1, weight_members)

    def result():
        them = new_members(Settings(2, max_epochs=5), *members or (1,), alphas=0.1)
        trained, results = train(
            network, SQUARED_ERROR, start(network, members), dataset, Adam(0.01), them
        )
        return trained, [result.state.loss_curve for result in results]

    clean = result()
    fill, forward_propagation = BatchGroup.fill, backpropagation.forward_propagation

    def spoiled_fill(group, rows, lengths):
        buffers = [group.inputs[..., :-1, :], group.targets, group.raw, group.predictions]
        for buffer in [*buffers, *([] if group.weights is None else [group.weights])]:
            buffer[...] = np.nan
        fill(group, rows, lengths)

    def spoiled_forward_propagation(propagation, inputs, out):
        spoil(propagation)
        return forward_propagation(propagation, inputs, out=out)

    monkeypatch.setattr(BatchGroup, "fill", spoiled_fill)
    monkeypatch.setattr(backpropagation, "forward_propagation", spoiled_forward_propagation)
    spoiled = result()
    assert_array_equal(spoiled[0], clean[0])
    assert_array_equal(spoiled[1], clean[1])


@pytest.mark.parametrize("is_sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("weight_members", [None, ()], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
@pytest.mark.parametrize("loss", LOSSES)
def test_keeps_float32(
    optimizer, loss, members, weight_members, is_sparse, make_dataset, monkeypatch
):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset(loss, 11, 5, 2, weight_members, np.float32)
    if is_sparse:
        dataset = replace(dataset, X=sp.csr_array(dataset.X))
    seen, backward_propagation = set(), backpropagation.backward_propagation

    def observed(propagation, delta):
        backward_propagation(propagation, delta)
        for layer in [*propagation.hidden_layers, propagation.output_layer]:
            seen.update(a.dtype.char for a in vars(layer).values() if hasattr(a, "dtype"))
        seen.add(delta.dtype.char)

    monkeypatch.setattr(backpropagation, "backward_propagation", observed)
    parameters = start(network, members, np.float32)
    optimizer = OPTIMIZERS[optimizer](column(RATES) if members else 0.01)
    alphas = ALPHAS if members else 0.1
    settings = Settings(4, 3, shuffle=not is_sparse, schedule=SCHEDULES["invscaling"])
    trained, _ = train(
        network,
        LOSSES[loss],
        parameters,
        dataset,
        optimizer,
        new_members(settings, *members or (1,), alphas=alphas),
    )
    assert seen == {"f", "?"}
    assert trained.dtype == optimizer.state.dtype == np.float32


@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
def test_interrupt_keeps_what_there_is(members, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error")

    def press_ctrl_c(line):
        if line.startswith("Iteration 3"):
            raise KeyboardInterrupt

    settings = Settings(11, max_epochs=9, report=press_ctrl_c)
    them = new_members(settings, *members or (1,))
    trained, results = train(
        network, SQUARED_ERROR, start(network, members), dataset, Adam(0.01), them
    )
    assert {result.status for result in results} == {"interrupted"}
    uninterrupted, _ = train(
        network,
        SQUARED_ERROR,
        start(network, members),
        dataset,
        Adam(0.01),
        new_members(Settings(11, max_epochs=3), *members or (1,)),
    )
    assert_array_equal(trained, uninterrupted)


def test_interrupt_after_a_member_has_left(make_dataset):
    network = dense_network([5, 13, 2], "identity")
    dataset = make_dataset("squared_error")

    def press_ctrl_c(line):
        if line.startswith("Iteration 5"):
            raise KeyboardInterrupt

    settings = Settings(4, max_epochs=9, report=press_ctrl_c)
    members, stack = new_members(settings), start(network)
    rates = (0.01, 1e150, 0.02)
    trained, results = train(
        network, SQUARED_ERROR, stack.copy(), dataset, SGD(column(rates)), members
    )
    assert [result.status for result in results] == ["interrupted", "diverged", "interrupted"]
    assert np.isfinite(trained[[0, 2]]).all()
    for k in (0, 2):
        alone, _ = train(
            network,
            SQUARED_ERROR,
            stack[k].copy(),
            dataset,
            SGD(rates[k]),
            [new_members(Settings(4, max_epochs=5))[k]],
        )
        assert_allclose(trained[k], alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
def test_the_result_is_a_copy(members, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    parameters, optimizer = start(network, members), Adam(0.01)
    trained, _ = train(
        network,
        SQUARED_ERROR,
        parameters,
        make_dataset("squared_error"),
        optimizer,
        new_members(Settings(4, max_epochs=2), *members or (1,)),
    )
    assert not np.shares_memory(trained, parameters)
    assert not np.shares_memory(trained, optimizer.state)


def test_learns_xor():
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    network = dense_network([2, 13, 1], "tanh")
    member = Member(np.random.RandomState(0), Settings(4, max_epochs=200))
    _, (result,) = train(
        network,
        LOSSES["binary_cross_entropy"],
        start(network, ()),
        Dataset(X, y),
        Adam(0.1),
        [member],
    )
    assert result.state.loss_curve[-1] < 0.01 < 0.5 < result.state.loss_curve[0]


def test_what_members_of_a_stack_must_share(make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    settings = [Settings(4), Settings(4), Settings(7)]
    with pytest.raises(ValueError, match=r"need the same batch_size, got \[4, 7\]"):
        train(
            network,
            SQUARED_ERROR,
            start(network),
            make_dataset("squared_error"),
            Adam(0.1),
            new_members(settings),
        )


def test_an_interrupt_while_a_member_leaves_mixes_no_parameters(monkeypatch, rng):
    X = rng.normal(size=(19, 2))
    dataset = Dataset(X, X[:, :1] > 0)
    network = dense_network([2, 5, 1], "relu")
    settings = [Settings(batch_size=7, max_epochs=epochs) for epochs in (1, 5, 5)]
    one_epoch = [replace(own, max_epochs=1) for own in settings]
    expected, _ = train(
        network,
        LOSSES["binary_cross_entropy"],
        start(network),
        dataset,
        Adam(0.01),
        new_members(one_epoch, alphas=ALPHAS),
    )
    bind, calls = training._Stack._bind, []

    def interrupt(stack, parameters, optimizer):
        calls.append(0)
        if len(calls) == 2:
            raise KeyboardInterrupt
        bind(stack, parameters, optimizer)

    monkeypatch.setattr(training._Stack, "_bind", interrupt)
    members = new_members(settings, alphas=ALPHAS)
    trained, results = train(
        network, LOSSES["binary_cross_entropy"], start(network), dataset, Adam(0.01), members
    )
    assert_array_equal(trained, expected)
    assert [result.status for result in results] == ["exhausted", "interrupted", "interrupted"]


def test_label_smoothing_is_pytorchs(rng):
    torch = pytest.importorskip("torch")
    X, y = rng.normal(size=(11, 5)), rng.integers(3, size=11)
    network = dense_network([5, 3], "identity")
    dataset = Dataset(X, np.eye(3)[y], smoothing=0.2, n_classes=3)
    parameters = start(network, ())
    weights, biases = network.layout.unpack(parameters.copy())
    member = Member(np.random.RandomState(0), Settings(11, max_epochs=1))
    optimizer = SGD(0.5, momentum=0.0, nesterov=False)
    trained, (result,) = train(
        network, LOSSES["categorical_cross_entropy"], parameters, dataset, optimizer, [member]
    )
    tensors = [torch.tensor(own, requires_grad=True) for own in (weights[0], biases[0])]
    raw = torch.tensor(X) @ tensors[0] + tensors[1]
    loss = torch.nn.functional.cross_entropy(raw, torch.tensor(y), label_smoothing=0.2)
    loss.backward()
    assert result.state.loss_curve[0] == pytest.approx(loss.item(), rel=1e-12)
    for own, tensor in zip(network.layout.unpack(trained), tensors, strict=True):
        expected = (tensor - 0.5 * tensor.grad).detach().numpy()
        assert_allclose(own[0], expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    ("loss", "n_outputs", "n_classes"),
    [("binary_cross_entropy", 1, 2), ("categorical_cross_entropy", 5, 5)],
)
def test_law_of_label_smoothing(loss, n_outputs, n_classes, rng):
    network = dense_network([5, 13, n_outputs], "tanh")
    labels = rng.integers(n_classes, size=11)
    targets = labels[:, np.newaxis] == 1 if n_outputs == 1 else np.eye(5)[labels] == 1
    smoothing = (0.1, 0.3, 0.05)
    dataset = Dataset(
        rng.normal(size=(11, 5)), targets, smoothing=column(smoothing), n_classes=n_classes
    )
    settings = [Settings(4, max_epochs=own) for own in (5, 2, 4)]
    members, stack = new_members(settings), start(network)
    trained, results = train(network, LOSSES[loss], stack.copy(), dataset, Adam(0.01), members)
    for k in range(MEMBERS):
        own = replace(dataset, smoothing=smoothing[k])
        alone = new_members(settings)[k]
        expected, (result,) = train(
            network, LOSSES[loss], stack[k].copy(), own, Adam(0.01), [alone]
        )
        assert_allclose(trained[k], expected, rtol=1e-9, atol=1e-12)
        assert_allclose(results[k].state.loss_curve, result.state.loss_curve, rtol=1e-10)
        sharp = replace(dataset, smoothing=0.0)
        unlike, _ = train(
            network, LOSSES[loss], stack[k].copy(), sharp, Adam(0.01), new_members(settings[k], 1)
        )
        assert (trained[k] != unlike).any()


@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
def test_stops_in_time(members, make_dataset, monkeypatch):
    """A clock that goes on by a second whenever it is read."""
    seconds = iter(range(10_000))
    monkeypatch.setattr(training.time, "perf_counter", lambda: float(next(seconds)))
    network = dense_network([5, 13, 2], "tanh")
    settings = Settings(4, max_epochs=500, max_seconds=20.0)
    them = new_members(settings, *members or (1,))
    if members:
        them[1].settings = replace(settings, max_seconds=60.0)
    dataset = make_dataset("squared_error")
    _, results = train(network, SQUARED_ERROR, start(network, members), dataset, Adam(0.01), them)
    assert {result.status for result in results} == {"out_of_time"}
    assert 5 < results[0].n_epochs <= 20
    if members:
        assert results[1].n_epochs > results[0].n_epochs == results[2].n_epochs


def test_time_may_run_out_within_an_epoch(make_dataset, monkeypatch):
    monkeypatch.setattr(batching, "GROUP_BYTES", 1)
    seconds = iter(range(10_000))
    monkeypatch.setattr(training.time, "perf_counter", lambda: float(next(seconds)))
    dataset = make_dataset("squared_error", 101)
    _, result, _ = plain(make_dataset, Adam(0.01), dataset, max_seconds=3.0, max_epochs=9)
    assert result.status == "out_of_time"
    assert result.n_epochs == 1
    assert 0 < result.state.n_samples_seen < 101
    assert len(result.state.loss_curve) == 1


@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
def test_the_end_of_an_epoch_can_stop_training(members, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset, shown = make_dataset("squared_error"), []

    def end_of_epoch(result, parameters):
        shown.append(parameters.copy())
        return result.n_epochs == 3

    them = new_members(Settings(4, max_epochs=6), *members or (1,))
    them[0].end_of_epoch = end_of_epoch
    trained, results = train(
        network, SQUARED_ERROR, start(network, members), dataset, Adam(0.01), them
    )
    assert [result.n_epochs for result in results] == [3, 6, 6][: len(results)]
    assert results[0].status == "stopped"
    assert len(shown) == 3
    assert_array_equal(trained[0] if members else trained, shown[-1])
