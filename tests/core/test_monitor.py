"""What is taken down of a network's training, and what stops it."""

import numpy as np
from helpers.members import RATES, SQUARED_ERROR, assert_law, optimizers_with, plain, run, start
from numpy.testing import assert_array_equal

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.lbfgs import Objective
from sknumpynet.core.members import RECORDS, Member, Settings
from sknumpynet.core.optimizers import Adam
from sknumpynet.core.schedules import SCHEDULES
from sknumpynet.core.training import train


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


def test_history_has_a_row_for_each_epoch(make_dataset):
    _, result, _ = plain(make_dataset, Adam(0.01), schedule=SCHEDULES["linear"])
    assert tuple(result.history) == RECORDS
    assert {len(values) for values in result.history.values()} == {5}
    assert result.history["loss"] == result.state.loss_curve
    assert np.isnan(result.history["validation_loss"]).all()
    assert np.isnan(result.history["validation_score"]).all()
    assert all(seconds > 0 for seconds in result.history["seconds"])
    assert all(type(value) is float for values in result.history.values() for value in values)
