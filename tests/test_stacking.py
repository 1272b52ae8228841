"""Which runs share a stack, how a stack is cut, and that training it together changes nothing."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
import threadpoolctl

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.batching import Dataset
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.members import Member, Settings
from sknumpynet.core.network import initialize_parameters
from sknumpynet.core.optimizers import OPTIMIZERS, SGD, Adam
from sknumpynet.training.executor import train_chunks, train_runs
from sknumpynet.training.level_statistics import LevelStatistics, parts_of_rows
from sknumpynet.training.runs import Run
from sknumpynet.training.stacks import chunks_of, stacks_of
from sknumpynet.training.workers import HERE, Workers
from sknumpynet.utils.blas import blas_threads

pytestmark = pytest.mark.oldest

N_FEATURES, N_HIDDEN = 3, 5


def make_data(n_samples, seed=0):
    source = np.random.RandomState(seed)
    X = source.normal(size=(n_samples, N_FEATURES))
    return Dataset(X, (X[:, :1] > 0).astype(bool))


def make_run(dataset, seed=0, *, hidden=N_HIDDEN, optimizer=None, alpha=0.1, **settings):
    network = dense_network([N_FEATURES, hidden, 1], "relu")
    source = np.random.RandomState(seed)
    parameters = initialize_parameters(network, source)
    settings = Settings(**({"batch_size": 7, "max_epochs": 4} | settings))
    loss, optimizer = LOSSES["binary_cross_entropy"], optimizer or Adam(0.01)
    member = Member(source, settings, alpha)
    return Run(network, loss, parameters, dataset, member, optimizer)


def assert_same_outcomes(runs, train):
    """Compare with training each run by itself."""
    alone = copy.deepcopy(runs)
    for run in alone:
        train_runs([run])
    train(runs)
    for ours, theirs in zip(runs, alone, strict=True):
        np.testing.assert_allclose(ours.parameters, theirs.parameters, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ours.optimizer.state, theirs.optimizer.state, rtol=1e-9)
        np.testing.assert_allclose(ours.result.state.loss_curve, theirs.result.state.loss_curve)
        assert ours.result.status == theirs.result.status
        assert ours.result.state.n_samples_seen == theirs.result.state.n_samples_seen
        assert ours.seconds > 0
        assert ours.parameters.base is None


A, B = make_data(23), make_data(31, seed=1)
WEIGHTS = np.random.RandomState(2).randint(3, size=23).astype(float)


def with_statistics(seed, *, data=None, rows=None, weight=None, **settings):
    """Return a run whose network sees three columns and its own statistics of two."""
    data = A if data is None else data
    n_rows = len(data.X)
    run = make_run(Dataset(data.X, data.targets, weight, rows), seed, **settings)
    network = dense_network([N_FEATURES + 2, N_HIDDEN, 1], "relu")
    codes = np.random.RandomState(5).randint((4, 6), size=(n_rows, 2))
    parts = parts_of_rows(rows, data.targets, weight, seed)
    statistics = LevelStatistics(codes, (4, 6), data.targets, weight, parts)
    parameters = initialize_parameters(network, np.random.RandomState(seed))
    return replace(run, network=network, parameters=parameters, statistics=statistics)


# Runs that may share a stack.
STACKS = {
    "seeds": lambda: [make_run(A, seed) for seed in range(5)],
    "one seed": lambda: [make_run(A, alpha=alpha) for alpha in (0.0, 0.1, 1.0)],
    "two folds": lambda: [make_run(data, alpha=alpha) for data in (A, B) for alpha in (0.0, 1.0)],
    "rows": lambda: [
        make_run(Dataset(A.X, A.targets, rows=rows))
        for rows in (np.arange(9), np.arange(5, 23), np.arange(22, 0, -2))
    ],
    "weights": lambda: [
        make_run(Dataset(A.X, A.targets, weight)) for weight in (WEIGHTS, WEIGHTS[::-1].copy())
    ],
    "weights and folds": lambda: [
        make_run(Dataset(A.X, A.targets, WEIGHTS)),
        make_run(Dataset(B.X, B.targets, np.ones(31))),
    ],
    "settings": lambda: [make_run(A, max_epochs=epochs) for epochs in (1, 9, 3)],
    "more than there is": lambda: [make_run(data, batch_size=200) for data in (A, B)],
    "as many as samples": lambda: [make_run(A, seed, batch_size=23) for seed in range(23)],
    "one": lambda: [make_run(A)],
    "statistics": lambda: [with_statistics(seed) for seed in range(5)],
    "statistics of one seed": lambda: [with_statistics(0, alpha=alpha) for alpha in (0.0, 1.0)],
    "statistics of rows": lambda: [
        with_statistics(seed, rows=rows)
        for seed, rows in enumerate((np.arange(9), np.arange(5, 23), np.arange(22, 0, -2)))
    ],
    "statistics of weighted rows": lambda: [
        with_statistics(seed, weight=weight)
        for seed, weight in enumerate((WEIGHTS, WEIGHTS[::-1].copy()))
    ],
    "statistics, some of which end early": lambda: [
        with_statistics(epochs, max_epochs=epochs) for epochs in (1, 9, 3)
    ],
}


@pytest.mark.parametrize("stack", STACKS)
def test_law(stack):
    assert len(stacks_of(STACKS[stack]())) == 1
    assert_same_outcomes(STACKS[stack](), lambda runs: train_chunks([runs], HERE))
    assert_same_outcomes(STACKS[stack](), train_runs)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_law_of_every_optimizer(kind):
    runs = [make_run(A, optimizer=OPTIMIZERS[kind](rate)) for rate in (0.01, 0.1)]
    assert_same_outcomes(runs, lambda runs: train_chunks([runs], HERE))
    # Once more, from the states that they have come to.
    for run in runs:
        run.member = replace(run.member, random_state=np.random.RandomState(3))
    assert_same_outcomes(runs, lambda runs: train_chunks([runs], HERE))


@pytest.mark.parametrize("capacity", [1, 2, 3, 100])
@pytest.mark.parametrize("n_workers", [1, 2])
def test_cut(monkeypatch, capacity, n_workers):
    monkeypatch.setattr("sknumpynet.training.stacks.CHUNK_BYTES", capacity * 7 * (N_HIDDEN + 1) * 8)
    runs = [make_run(data, alpha=alpha) for data in (A, B) for alpha in np.arange(5.0)]
    chunks = chunks_of(runs, n_workers)
    assert sorted(run.member.alpha for chunk in chunks for run in chunk) == sorted(
        run.member.alpha for run in runs
    )
    assert max(map(len, chunks)) <= capacity
    assert len(chunks) >= n_workers
    for chunk in chunks:
        assert len({id(run.dataset.X) for run in chunk}) == 1
    assert_same_outcomes(
        runs, lambda runs: train_chunks(chunks_of(runs, n_workers), Workers(n_workers))
    )


def test_no_worker_is_idle_in_the_last_round(monkeypatch):
    monkeypatch.setattr("sknumpynet.training.stacks.CHUNK_BYTES", 7 * 7 * (N_HIDDEN + 1) * 8)
    runs = [make_run(A, alpha=alpha) for alpha in np.arange(16.0)]
    assert [len(chunk) for chunk in chunks_of(runs, 2)] == [4, 4, 4, 4]
    assert [len(chunk) for chunk in chunks_of(runs[:3], 8)] == [1, 1, 1]


def test_few_runs_of_each_fold_share_chunks():
    runs = [make_run(make_data(20 + i, seed=i)) for i in range(6)]
    assert len(chunks_of(runs, 1)) == 1
    assert len(chunks_of(runs, 2)) == 2


DIFFERENT = {
    "layers": lambda: make_run(A, hidden=4),
    "loss": lambda: replace(make_run(A), loss=LOSSES["squared_error"]),
    "optimizer": lambda: make_run(A, optimizer=SGD(0.1)),
    "batch size": lambda: make_run(A, batch_size=8),
    "shuffle": lambda: make_run(A, shuffle=False),
    "weights": lambda: make_run(Dataset(A.X, A.targets, WEIGHTS)),
    "targets": lambda: make_run(Dataset(A.X, A.targets.astype(float))),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_runs_that_do_not_share_a_stack(what):
    runs = [make_run(A), DIFFERENT[what](), make_run(A)]
    assert [len(stack) for stack in stacks_of(runs)] == [2, 1]
    assert_same_outcomes(runs, train_runs)


def test_statistics_are_of_one_table():
    stack = [with_statistics(seed, data=data) for seed in range(2) for data in (A, B)]
    assert [len(own) for own in stacks_of(stack)] == [2, 2]
    assert_same_outcomes(stack, train_runs)


def test_statistics_are_columns_of_what_is_trained_on():
    run = with_statistics(0)
    X = np.hstack([A.X, run.statistics.columns()])
    plain = replace(with_statistics(0), dataset=replace(A, X=X), statistics=None)
    for own in (run, plain):
        train_runs([own])
    np.testing.assert_array_equal(run.parameters, plain.parameters)


def test_runs_can_be_sent_to_another_process():
    runs = pickle.loads(pickle.dumps(STACKS["seeds"]()))
    assert_same_outcomes(runs, train_runs)


def test_limits_that_overlap_leave_what_was_there():
    def threads():
        pools = threadpoolctl.threadpool_info()
        return sorted(pool["num_threads"] for pool in pools if pool["user_api"] == "blas")

    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = threads()
        first, second = blas_threads(1), blas_threads(1)
        first.__enter__()
        second.__enter__()
        assert set(threads()) == {1}
        first.__exit__(None, None, None)
        assert set(threads()) == {1}
        second.__exit__(None, None, None)
        assert threads() == before
