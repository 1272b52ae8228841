import copy
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core import backpropagation, batching, training
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.batching import Chunk, Dataset
from sknumpynet.core.lbfgs import Objective
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.members import RECORDS, Member, Settings, TrainingState
from sknumpynet.core.network import initialize_parameters
from sknumpynet.core.optimizers import OPTIMIZERS, SGD, Adam, AdamW
from sknumpynet.core.schedules import SCHEDULES, fading
from sknumpynet.core.training import train

MEMBERS = 3
SQUARED_ERROR = LOSSES["squared_error"]
RATES = (0.01, 0.05, 0.002)
ALPHAS = (0.0, 0.1, 0.5)


def column(values):
    return np.array(values)[:, np.newaxis]


def new_members(settings, n_members=MEMBERS, alphas=0.0):
    """Return members with the same settings and alpha, or with those of each."""
    settings = [settings] * n_members if isinstance(settings, Settings) else settings
    alphas = np.broadcast_to(alphas, n_members).tolist()
    return [Member(np.random.RandomState(10 + k), settings[k], alphas[k]) for k in range(n_members)]


def start(network, members=(MEMBERS,), dtype=float):
    if not members:
        return initialize_parameters(network, np.random.RandomState(0), dtype)
    seeds = [np.random.RandomState(k) for k in range(members[0])]
    return initialize_parameters(network, seeds, dtype)


def of_member(dataset, k):
    """What member k sees of a dataset."""
    weights, rows = dataset.sample_weight, dataset.rows
    if weights is not None and weights.ndim == 2:
        weights = weights[k]
    if rows is not None and rows.ndim == 2:
        rows = rows[k]
    if dataset.lengths is not None:
        rows = rows[: dataset.lengths[k]]
    return replace(dataset, sample_weight=weights, rows=rows, lengths=None)


def assert_law(network, loss, dataset, optimizers, settings, alphas=ALPHAS, validations=None):
    """Train a stack and each of its members alone, compare them, return the stack's results.

    ``optimizers`` has the stack's first, then each member's; ``settings`` may be per member.
    """
    stack, members = start(network), new_members(settings, alphas=alphas)
    for member, validate in zip(members, validations or [None] * MEMBERS, strict=True):
        member.validate = validate
    trained, results = train(network, loss, stack.copy(), dataset, optimizers[0], members)
    for k in range(MEMBERS):
        alone = new_members(settings, alphas=alphas)[k]
        alone.validate = members[k].validate
        expected, (result,) = train(
            network, loss, stack[k].copy(), of_member(dataset, k), optimizers[k + 1], [alone]
        )
        assert results[k].status == result.status
        assert results[k].n_epochs == result.n_epochs
        assert results[k].state.n_samples_seen == result.state.n_samples_seen
        assert_allclose(trained[k], expected, rtol=1e-9, atol=1e-12)
        assert_allclose(results[k].state.loss_curve, result.state.loss_curve, rtol=1e-9, atol=1e-12)
        for name in RECORDS:
            assert len(results[k].history[name]) == len(result.history[name])
            if name != "seconds":
                own, other = results[k].history[name], result.history[name]
                assert_allclose(own, other, rtol=1e-9, atol=1e-12)
        assert_array_equal(
            members[k].random_state.get_state()[1], alone.random_state.get_state()[1]
        )
        for name in ("learning_rate", "n_updates"):
            last = np.broadcast_to(getattr(optimizers[0], name), (MEMBERS, 1))[k, 0]
            assert_allclose(last, getattr(optimizers[k + 1], name))
        assert_allclose(optimizers[0].state[:, k], optimizers[k + 1].state, rtol=1e-9, atol=1e-12)
    return results


def optimizers_with(optimizer_class, rates, **settings):
    return [optimizer_class(rate, **settings) for rate in (column(rates), *rates)]


@pytest.mark.parametrize("n_samples", [11, MEMBERS])
@pytest.mark.parametrize("batch_size", [2, 11])
@pytest.mark.parametrize("weight_members", [None, (), (MEMBERS,)], ids=str)
@pytest.mark.parametrize("rows", [None, "shared", "own"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_law(shuffle, rows, weight_members, batch_size, n_samples, rng, make_dataset, monkeypatch):
    monkeypatch.setattr(batching, "CHUNK_BYTES", 500)
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


@pytest.mark.parametrize("weight_members", [None, (MEMBERS,)], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_members_stop_at_different_epochs(optimizer, schedule, weight_members, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error", 11, weight_members=weight_members)
    settings = Settings(4, max_epochs=60, tol=0.05, patience=2, schedule=SCHEDULES[schedule])
    optimizers = optimizers_with(OPTIMIZERS[optimizer], (0.03, 0.3, 1e-3))
    results = assert_law(network, SQUARED_ERROR, dataset, optimizers, settings)
    # A plan over the whole of training does not end because the loss stalls.
    is_plan = SCHEDULES[schedule].over_progress is not None
    assert is_plan == all(result.n_epochs == 60 for result in results)


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


@pytest.mark.parametrize("weight_members", [None, ()], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
def test_reads_nothing_stale(members, weight_members, make_dataset, spoil, monkeypatch):
    monkeypatch.setattr(batching, "CHUNK_BYTES", 500)
    network = dense_network([5, 13, 7, 1], "relu")
    dataset = make_dataset("squared_error", 11, 5, 1, weight_members)

    def result():
        them = new_members(Settings(2, max_epochs=5), *members or (1,), alphas=0.1)
        trained, results = train(
            network, SQUARED_ERROR, start(network, members), dataset, Adam(0.01), them
        )
        return trained, [result.state.loss_curve for result in results]

    clean = result()
    fill, forward_propagation = Chunk.fill, backpropagation.forward_propagation

    def spoiled_fill(chunk, rows, lengths):
        buffers = [chunk.inputs[..., :-1, :], chunk.targets, chunk.raw, chunk.predictions]
        for buffer in [*buffers, *([] if chunk.weights is None else [chunk.weights])]:
            buffer[...] = np.nan
        fill(chunk, rows, lengths)

    def spoiled_forward_propagation(propagation, inputs, out):
        spoil(propagation)
        return forward_propagation(propagation, inputs, out=out)

    monkeypatch.setattr(Chunk, "fill", spoiled_fill)
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


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_goes_on_where_it_was(schedule, optimizer, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error", 11)
    settings = Settings(
        4,
        max_epochs=6,
        shuffle=False,
        tol=0.05,
        patience=1,
        schedule=SCHEDULES[schedule],
        warmup=0.3,
        planned_epochs=6,
    )
    member, once = Member(np.random.RandomState(0), settings), OPTIMIZERS[optimizer](0.1)
    expected, (at_once,) = train(
        network, SQUARED_ERROR, start(network, ()), dataset, once, [member]
    )

    member, twice = Member(np.random.RandomState(0), settings), OPTIMIZERS[optimizer](0.1)
    parameters, status, n_epochs = start(network, ()), "running", 0
    while status == "running":
        one_epoch = replace(settings, max_epochs=1, epochs_before=n_epochs)
        member = replace(member, settings=one_epoch)
        parameters, (result,) = train(network, SQUARED_ERROR, parameters, dataset, twice, [member])
        n_epochs += result.n_epochs
        member = replace(member, start=result.state)
        status = "running" if result.status == "exhausted" and n_epochs < 6 else result.status
    assert n_epochs == at_once.n_epochs
    assert status == at_once.status
    assert result.state == at_once.state
    assert result.state.loss_curve != []
    assert_array_equal(parameters, expected)
    assert twice.learning_rate == once.learning_rate


def run(make_dataset, rate=0.01, **settings):
    """Train a single network; return its result, its optimiser and the lines it reported."""
    network = dense_network([5, 13, 2], "tanh")
    optimizer, lines = SGD(rate), []
    settings = Settings(11, report=lines.append, **settings)
    member = Member(np.random.RandomState(0), settings)
    dataset = make_dataset("squared_error")
    _, (result,) = train(network, SQUARED_ERROR, start(network, ()), dataset, optimizer, [member])
    return result, optimizer, lines


def test_stops_when_the_loss_stalls(make_dataset):
    result, _, lines = run(make_dataset, max_epochs=500, tol=0.01, patience=3)
    assert result.status == "converged"
    assert result.n_epochs == len(result.state.loss_curve) < 500
    # The last `patience + 1` epochs, and no others before, did not beat the best by tol.
    losses = np.array(result.state.loss_curve)
    stalled = losses[1:] > np.minimum.accumulate(losses)[:-1] - 0.01
    assert stalled[-4:].all()
    assert not any(stalled[i : i + 4].all() for i in range(len(stalled) - 4))
    assert lines[0] == f"Iteration 1, loss = {losses[0]:.8f}"
    assert lines[-1] == (
        "Training loss did not improve more than tol=0.010000 for 3 consecutive epochs. Stopping."
    )
    assert len(lines) == result.n_epochs + 1


def test_adaptive_divides_a_stalled_rate_by_five(make_dataset):
    result, optimizer, lines = run(
        make_dataset, 0.01, max_epochs=500, tol=10.0, patience=1, schedule=SCHEDULES["adaptive"]
    )
    # 0.01 / 5⁶ = 6.4e-7 is the first rate below 1e-6; every rate lasts for patience + 1 epochs,
    # the first for one more, since the first epoch beats infinity.
    assert result.status == "converged"
    assert optimizer.learning_rate == pytest.approx(0.01 / 5**6)
    assert optimizer.initial_learning_rate == 0.01
    assert result.n_epochs == 7 * 2 + 1
    assert sum("Setting learning rate to" in line for line in lines) == 6
    assert "Setting learning rate to 0.002000" in lines[3]
    assert lines[-1].endswith("Learning rate too small. Stopping.")


def test_invscaling_follows_the_samples_seen(make_dataset):
    result, optimizer, _ = run(
        make_dataset, 0.01, max_epochs=7, schedule=SCHEDULES["invscaling"], power_t=0.3
    )
    assert result.status == "exhausted"
    assert optimizer.learning_rate == pytest.approx(0.01 / (7 * 11 + 1) ** 0.3)


def test_keeps_the_best_validated_parameters(make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error")
    scores = iter([0.1, 0.5, 0.5, 0.3, 0.50001, 0.4, 0.50001, 0.9])
    shown, buffers = [], []

    def validate(parameters):
        shown.append(parameters.copy())
        buffers.append(parameters)
        return next(scores), 2.0

    settings = Settings(4, tol=1e-4, patience=4)
    member = Member(np.random.RandomState(0), settings, validate=validate)
    trained, (result,) = train(
        network, SQUARED_ERROR, start(network, ()), dataset, Adam(0.01), [member]
    )
    # 0.50001 is the best, first at epoch 5, yet no improvement by tol: epochs 3 to 7 stalled.
    assert result.status == "converged"
    assert result.state.validation_scores == [0.1, 0.5, 0.5, 0.3, 0.50001, 0.4, 0.50001]
    assert result.state.validation_losses == [2.0] * 7
    assert result.state.best_validation_score == 0.50001
    assert_array_equal(trained, shown[4])
    assert_array_equal(result.best_parameters, shown[4])
    assert len(result.state.loss_curve) == 7
    assert_array_equal(buffers[0], shown[-1])  # judged where they lie, without a copy


def test_law_with_validation(make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    objective = Objective(network, SQUARED_ERROR, make_dataset("squared_error", 7))
    targets = [0.0, 1e3, -1.0]
    validations = [
        lambda p, t=t: (-(objective(p)[0] + t * (p**2).mean()), objective(p)[0]) for t in targets
    ]
    settings = Settings(4, max_epochs=20, patience=3, tol=1e-3)
    results = assert_law(
        network,
        SQUARED_ERROR,
        make_dataset("squared_error"),
        optimizers_with(Adam, RATES),
        settings,
        validations=validations,
    )
    assert len({result.n_epochs for result in results}) > 1


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


def test_members_may_stop_by_rules_of_their_own(make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    settings = [
        Settings(4, max_epochs=9, schedule=SCHEDULES["adaptive"], tol=1.0, patience=2),
        Settings(4, max_epochs=40, tol=0.05, patience=1),
        Settings(4, max_epochs=30, schedule=SCHEDULES["invscaling"], power_t=0.3, patience=np.inf),
    ]
    for optimizer in OPTIMIZERS.values():
        results = assert_law(
            network,
            SQUARED_ERROR,
            make_dataset("squared_error"),
            optimizers_with(optimizer, RATES),
            settings,
        )
        assert results[0].n_epochs == 9
        assert results[1].status == "converged"
        assert results[2].n_epochs == 30


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
    fill = Chunk.fill

    def noting(chunk, rows, lengths):
        shapes.add((rows.shape, chunk.inputs.shape))
        fill(chunk, rows, lengths)

    monkeypatch.setattr(Chunk, "fill", noting)
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


@pytest.mark.parametrize("chunk_bytes", [1, 2**18])
@pytest.mark.parametrize("weight_members", [None, (), (MEMBERS,)])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("lengths", [(11, 10, 7), (12, 11, 3), (8, 12, 1), (13, 4, 13), (4, 4, 4)])
def test_law_with_ragged_rows(
    optimizer, lengths, shuffle, weight_members, chunk_bytes, rng, make_dataset, monkeypatch
):
    """Batches of 4: members have different numbers of batches, full ones and cut ones."""
    monkeypatch.setattr(batching, "CHUNK_BYTES", chunk_bytes)
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


# What scikit-learn does not have ------------------------------------------------------------------

NEW_SETTINGS = {
    "dropout": [{"dropout": (0.5, 0.1)}, {}, {"dropout": (0.0, 0.8)}],
    "warmup": [{"warmup": 0.5}, {"warmup": 0.0}, {"warmup": 1.0}],
    "clipping": [{"max_gradient_norm": own} for own in (0.01, np.inf, 1.0)],
    "schedules": [{"schedule": SCHEDULES[own]} for own in ("cosine", "constant", "one_cycle")],
    "regularization": [
        {"dropout": (0.5, 0.5), "regularization": fading},
        {},
        {"dropout": (0.3, 0)},
    ],
    "plans": [{"planned_epochs": 20}, {"max_epochs": 3}, {"epochs_before": 2}],
}


@pytest.mark.parametrize("weight_members", [None, (MEMBERS,)], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("lengths", [None, (11, 10, 7)], ids=str)
@pytest.mark.parametrize("name", NEW_SETTINGS)
def test_law_of_each_members_settings(optimizer, name, lengths, weight_members, rng, make_dataset):
    network = dense_network([5, 13, 7, 2], "tanh")
    dataset = make_dataset("squared_error", 11, weight_members=weight_members)
    if weight_members:
        dataset.sample_weight[1, :4] = 0.0
    if lengths is not None:
        rows = np.stack([rng.permutation(11) for _ in range(MEMBERS)])
        dataset = replace(dataset, rows=rows, lengths=np.array(lengths))
    settings = [
        Settings(**({"batch_size": 4, "max_epochs": 5, "schedule": SCHEDULES["linear"]} | own))
        for own in NEW_SETTINGS[name]
    ]
    assert_law(
        network, SQUARED_ERROR, dataset, optimizers_with(OPTIMIZERS[optimizer], RATES), settings
    )


def plain(make_dataset, optimizer, dataset=None, **settings):
    network = dense_network([5, 13, 7, 2], "tanh")
    dataset = make_dataset("squared_error") if dataset is None else dataset
    settings = Settings(**({"batch_size": 4, "max_epochs": 5} | settings))
    member = Member(np.random.RandomState(0), settings)
    parameters, (result,) = train(
        network, SQUARED_ERROR, start(network, ()), dataset, optimizer, [member]
    )
    return parameters, result, member.random_state


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


def test_weight_decay_fades():
    # Without inputs and with targets of 0 the only thing that moves a weight is its decay.
    network = dense_network([2, 1], "identity")
    dataset = Dataset(np.zeros((12, 2)), np.zeros((12, 1)))
    optimizer = AdamW(0.1, weight_decay=0.5)
    settings = Settings(4, max_epochs=4, patience=np.inf, regularization=fading)
    trained, _ = train(
        network,
        SQUARED_ERROR,
        np.array([1.0, 2.0, 0.0]),
        dataset,
        optimizer,
        new_members(settings, 1),
    )
    kept = np.prod([1 - 0.1 * 0.5 * fading((step + 0.5) / 12) for step in range(12)])
    assert_allclose(trained, [kept, 2 * kept, 0.0], rtol=1e-12)
    assert optimizer.weight_decay == 0.5


def test_dropout_fades(make_dataset):
    dataset, settings = make_dataset("squared_error"), {"max_epochs": 1, "shuffle": False}
    plainly, dropping, faded = (
        plain(make_dataset, SGD(0.05), dataset, **settings, **own)[0]
        for own in (
            {},
            {"dropout": (0.5, 0.5)},
            {"dropout": (0.5, 0.5), "regularization": lambda progress: 0.0},
        )
    )
    assert_allclose(faded, plainly, rtol=1e-12)
    assert (dropping != plainly).any()


@pytest.mark.parametrize("warmup", [0.0, 0.25])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_rates_of_a_plan(optimizer, schedule, warmup, make_dataset):
    if SCHEDULES[schedule].divisor is not None:
        pytest.skip("goes by the samples, not by a plan")
    optimizer = OPTIMIZERS[optimizer](0.02)
    _, result, _ = plain(
        make_dataset,
        optimizer,
        schedule=SCHEDULES[schedule],
        warmup=warmup,
        max_epochs=4,
        planned_epochs=8,
    )
    # Batches of 4, 4 and 3 samples: the last step of an epoch has 2.5 of 3 steps behind it.
    progress = [(epoch + 2.5 / 3) / 8 for epoch in range(4)]
    expected = [0.02 * SCHEDULES[schedule].step_factor(p, warmup) for p in progress]
    assert_allclose(result.history["learning_rate"], expected, rtol=1e-12)
    assert optimizer.learning_rate == 0.02


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


def test_the_best_is_kept_when_the_epochs_run_out(make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    scores, shown = iter([0.1, 0.9, 0.5]), []

    def validate(parameters):
        shown.append(parameters.copy())
        return next(scores), 1.0

    dataset, settings = make_dataset("squared_error"), Settings(4, max_epochs=3)
    member = Member(np.random.RandomState(0), settings, validate=validate)
    trained, (result,) = train(
        network, SQUARED_ERROR, start(network, ()), dataset, Adam(0.01), [member]
    )
    assert result.status == "exhausted"
    assert_array_equal(trained, shown[1])


def test_validation_without_early_stopping_is_recorded_only(make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset("squared_error")
    scores = iter([0.9, 0.5, 0.1, 0.1])
    settings = Settings(4, max_epochs=4, patience=1, early_stopping=False)
    member = Member(
        np.random.RandomState(0), settings, validate=lambda parameters: (next(scores), 3.0)
    )
    trained, (result,) = train(
        network, SQUARED_ERROR, start(network, ()), dataset, Adam(0.01), [member]
    )
    alone, _ = train(
        network,
        SQUARED_ERROR,
        start(network, ()),
        dataset,
        Adam(0.01),
        [Member(np.random.RandomState(0), settings)],
    )
    assert_array_equal(trained, alone)
    assert result.state.validation_scores == [0.9, 0.5, 0.1, 0.1]
    assert result.state.best_validation_score == 0.9
    assert result.best_parameters is None


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
    monkeypatch.setattr(batching, "CHUNK_BYTES", 1)
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


def test_history_has_a_row_for_each_epoch(make_dataset):
    _, result, _ = plain(make_dataset, Adam(0.01), schedule=SCHEDULES["linear"])
    assert tuple(result.history) == RECORDS
    assert {len(values) for values in result.history.values()} == {5}
    assert result.history["loss"] == result.state.loss_curve
    assert np.isnan(result.history["validation_loss"]).all()
    assert np.isnan(result.history["validation_score"]).all()
    assert all(seconds > 0 for seconds in result.history["seconds"])
    assert all(type(value) is float for values in result.history.values() for value in values)


@pytest.mark.parametrize("validates", [False, True])
def test_what_goes_in_stays_as_it_is(validates, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    begun = TrainingState([0.5], 0.5, 1, 7, [0.25], [2.0], 0.25)
    kept = copy.deepcopy(begun)
    validate = (lambda parameters: (0.75, 1.0)) if validates else None
    settings = Settings(4, max_epochs=3)
    member = Member(np.random.RandomState(0), settings, validate=validate, start=begun)
    _, (result,) = train(
        network,
        SQUARED_ERROR,
        start(network, ()),
        make_dataset("squared_error"),
        Adam(0.01),
        [member],
    )
    assert member.start is begun
    assert begun == kept
    assert result.state.loss_curve[0] == 0.5
    assert len(result.state.loss_curve) == 4
    assert result.state.n_samples_seen == 7 + 3 * 11
    assert result.state.validation_scores == [0.25, *[0.75] * 3 * validates]
    assert result.state.validation_losses == [2.0, *[1.0] * 3 * validates]
