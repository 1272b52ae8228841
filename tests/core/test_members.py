"""Settings and states of members: each has its own, and goes on from what it was given."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from helpers.members import (
    MEMBERS,
    NEW_SETTINGS,
    RATES,
    SQUARED_ERROR,
    assert_law,
    optimizers_with,
    start,
)

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.members import Member, Settings, TrainingState
from sknumpynet.core.optimizers import OPTIMIZERS, Adam
from sknumpynet.core.schedules import SCHEDULES
from sknumpynet.core.training import train


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
