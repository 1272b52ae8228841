"""Training that is cut off between two epochs goes on from snapshots to the same bits."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.members import (
    ALPHAS,
    MEMBERS,
    NEW_SETTINGS,
    RATES,
    SQUARED_ERROR,
    new_members,
    start,
)
from numpy.testing import assert_array_equal

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.members import Settings
from sknumpynet.core.optimizers import OPTIMIZERS, Adam, stack_optimizers, take_member
from sknumpynet.core.schedules import SCHEDULES
from sknumpynet.core.training import train

NETWORK = dense_network([5, 13, 7, 2], "tanh")

SETTINGS = {
    **NEW_SETTINGS,
    "ends": [{"max_epochs": own} for own in (2, 5, 4)],
    "order": [{"shuffle": False}] * MEMBERS,
    "invscaling": [{"schedule": SCHEDULES["invscaling"]}] * MEMBERS,
    "plateau": [{"schedule": SCHEDULES["plateau"], "patience": 0, "tol": own} for own in (9, 0, 1)],
    "convergence": [{"patience": own, "tol": 1.0} for own in (1, 9, 2)],
}


def validate(parameters):
    """Scores that go up and down, and losses of two parts."""
    score = float(np.sin(1e3 * parameters.sum()))
    return score, -score, 1 - score, 1 + score


def members_of(settings, is_single):
    base = Settings(batch_size=4, max_epochs=5, tol=0.0)
    settings = [replace(base, **own) for own in settings]
    if is_single:
        return new_members(settings[:1], 1, ALPHAS[-1])
    return new_members(settings, alphas=ALPHAS)


def trained(members, dataset, parameters, optimizers):
    """Train members alone or as a stack; return all that comes of it, bit by bit."""
    is_single = len(members) == 1
    parameters = np.stack(parameters)
    optimizer = optimizers[0]
    if not is_single:
        optimizer = stack_optimizers(optimizers)
    parameters = parameters[0] if is_single else parameters
    last, results = train(NETWORK, SQUARED_ERROR, parameters, dataset, optimizer, members)
    outcome = []
    for k, (member, result) in enumerate(zip(members, results, strict=True)):
        own = optimizer if is_single else take_member(optimizer, k)
        outcome.append(
            {
                "parameters": last if is_single else last[k],
                "state": own.state,
                "best": result.best_parameters,
                "parts": [best.parameters for best in result.best_of_parts],
                "source": member.random_state.get_state()[1],
                "result": [
                    result.status,
                    result.n_epochs,
                    vars(result.state),
                    {**result.history, "seconds": None},
                    [best.loss for best in result.best_of_parts],
                    {name: getattr(own, name) for name in own.progress},
                ],
            }
        )
    return outcome


def kept(members):
    """Let members keep a snapshot of every epoch."""
    snapshots = [[] for _ in members]
    for member, own in zip(members, snapshots, strict=True):
        member.keep = lambda result, take, own=own: own.append(take())
    return snapshots


@pytest.mark.parametrize("validates", [False, True], ids=["", "validated"])
@pytest.mark.parametrize("weight_members", [None, (MEMBERS,)], ids=["", "weighted"])
@pytest.mark.parametrize("is_single", [True, False], ids=["single", "stack"])
@pytest.mark.parametrize("settings", SETTINGS)
def test_goes_on_to_the_same_bits(settings, is_single, weight_members, validates, make_dataset):
    dataset = make_dataset("squared_error", 11, 5, 2, () if is_single else weight_members)
    n_members = 1 if is_single else MEMBERS
    starts = list(start(NETWORK))[:n_members]

    def make():
        members = members_of(SETTINGS[settings], is_single)
        for member in members:
            member.validate = validate if validates else None
        return members

    members = make()
    snapshots = kept(members)
    expected = trained(members, dataset, starts, [Adam(rate) for rate in RATES[:n_members]])
    # Cut off at each epoch, and each member at another one.
    for cut in range(4):
        again = make()
        parameters, optimizers = [], []
        for k, (member, own) in enumerate(zip(again, snapshots, strict=True)):
            snapshot = own[min((cut + 2 * k) % 5, len(own) - 1)]
            member.resume_from = snapshot
            member.random_state.set_state(snapshot.random_state)
            parameters.append(snapshot.parameters)
            optimizers.append(snapshot.optimizer)
        outcome = trained(again, dataset, parameters, optimizers)
        for mine, its in zip(outcome, expected, strict=True):
            assert mine.pop("result") == its["result"]
            for name, value in mine.items():
                np.testing.assert_equal(value, its[name])


def test_of_every_optimiser(optimizer, make_dataset):
    dataset = make_dataset("squared_error")
    members = members_of([{}] * MEMBERS, is_single=False)
    snapshots = kept(members)
    kind = OPTIMIZERS[optimizer]
    expected = trained(members, dataset, list(start(NETWORK)), [kind(rate) for rate in RATES])
    again = members_of([{}] * MEMBERS, is_single=False)
    for k, member in enumerate(again):
        member.resume_from = snapshots[k][2 - k]
        member.random_state.set_state(member.resume_from.random_state)
    resumed = [member.resume_from for member in again]
    outcome = trained(
        again, dataset, [own.parameters for own in resumed], [own.optimizer for own in resumed]
    )
    for mine, its in zip(outcome, expected, strict=True):
        assert_array_equal(mine["parameters"], its["parameters"])
        assert_array_equal(mine["state"], its["state"])


def test_members_of_one_source_go_on_together(make_dataset):
    dataset = make_dataset("squared_error")

    def make():
        members = members_of([{"dropout": (0.3, 0.3)}] * MEMBERS, is_single=False)
        for member in members[1:]:
            member.random_state = members[0].random_state
        return members

    members = make()
    snapshots = kept(members)
    optimizers = [Adam(rate) for rate in RATES]
    expected = trained(members, dataset, list(start(NETWORK)), optimizers)
    again = make()
    for member, own in zip(again, snapshots, strict=True):
        member.resume_from = own[1]
    outcome = trained(
        again,
        dataset,
        [own[1].parameters for own in snapshots],
        [own[1].optimizer for own in snapshots],
    )
    for mine, its in zip(outcome, expected, strict=True):
        assert_array_equal(mine["parameters"], its["parameters"])


@pytest.mark.parametrize("is_single", [True, False], ids=["single", "stack"])
def test_who_is_done_is_not_trained_again(is_single, make_dataset):
    dataset = make_dataset("squared_error")
    settings = [{"max_epochs": 2}] * MEMBERS
    members = members_of(settings, is_single)
    snapshots = kept(members)
    n_members = len(members)
    expected = trained(members, dataset, list(start(NETWORK))[:n_members], [Adam(0.01)] * n_members)
    again, validations = members_of(settings, is_single), []
    for member, own in zip(again, snapshots, strict=True):
        member.validate, member.resume_from = validations.append, own[-1]
    outcome = trained(
        again,
        dataset,
        [own[-1].parameters for own in snapshots],
        [own[-1].optimizer for own in snapshots],
    )
    assert validations == []
    for mine, its in zip(outcome, expected, strict=True):
        assert_array_equal(mine["parameters"], its["parameters"])
        assert mine["result"] == its["result"]


def test_a_snapshot_is_a_copy(make_dataset):
    members = members_of([{}] * MEMBERS, is_single=False)
    snapshots = kept(members)
    trained(members, make_dataset("squared_error"), list(start(NETWORK)), [Adam(0.1)] * MEMBERS)
    first, second = snapshots[0][:2]
    assert len(first.result.state.loss_curve) == first.result.n_epochs == 1
    assert (first.parameters != second.parameters).any()
    assert (first.optimizer.state != second.optimizer.state).any()
    assert sorted(first.rows) == sorted(second.rows)
    assert (first.rows != second.rows).any()
