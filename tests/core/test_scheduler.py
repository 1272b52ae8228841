"""What schedules change: rates, weight decay and dropout."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.members import (
    MEMBERS,
    SQUARED_ERROR,
    assert_law,
    new_members,
    optimizers_with,
    plain,
    run,
    start,
)
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.batching import Dataset
from sknumpynet.core.members import Member, Settings
from sknumpynet.core.optimizers import OPTIMIZERS, SGD, AdamW
from sknumpynet.core.schedules import SCHEDULES, fading
from sknumpynet.core.training import train


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
