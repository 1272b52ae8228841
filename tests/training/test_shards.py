"""Training shard by shard: the law, the course of schedules, and who holds out what."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet import TabularMLPRegressor
from sknumpynet.core.schedules import custom_schedule
from sknumpynet.estimators.fitting import encode, make_fit
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.training.member_runs import runs_of_members
from sknumpynet.training.shards import Shard, ShardFolds, ShardPlan, deal_rows, train_in_shards

N_ROWS, N_MEMBERS, N_FOLDS = 331, 3, 5
SIZES = (131, 150, 50)


def table():
    X = np.random.default_rng(0).normal(size=(N_ROWS, 3))
    return X, X[:, 0] * X[:, 1]


def model(**parameters):
    settings = {"n_members": N_MEMBERS, "max_iter": 6, "random_state": 0, "n_jobs": 1}
    return TabularMLPRegressor("default", **settings | parameters)


def shards_of(data, checked_part=1.0, is_weighted=False):
    """Cut encoded rows."""
    shards, start = [], 0
    for number, size in enumerate(SIZES):
        rows = slice(start, start + size)
        folds, is_checked = deal_rows((0, number), size, N_FOLDS, checked_part)
        weight = np.linspace(0.5, 1.5, size) if is_weighted else None
        shards.append(Shard(data.X[rows], data.targets[rows], weight, folds, is_checked))
        start += size
    return shards


def prepared(**parameters):
    """Return runs that start from the first shard, and all shards."""
    estimator = model(**parameters)
    encoded = encode(estimator, GivenRows(*table()))
    shards = shards_of(encoded.data)
    folds = ShardFolds(shards[0], range(N_MEMBERS))
    estimator.set_params(resample=folds, conformal=False)
    fit = make_fit(estimator, encoded._replace(data=cut(encoded.data, SIZES[0])))
    return runs_of_members(fit.problem), shards


def cut(data, n):
    return data._replace(
        X=data.X[:n], training_X=data.X[:n], y=data.y[:n], targets=data.targets[:n]
    )


def plan_of(held_out=range(N_MEMBERS)):
    return ShardPlan(N_ROWS, tuple(held_out), seed=0)


def trained(runs, shards, held_out=range(N_MEMBERS)):
    train_in_shards(runs, plan_of(held_out), from_shard(shards))
    return runs.runs


def from_shard(shards):
    return lambda epoch, n_shards: iter(shards[n_shards:])


def test_every_member_is_as_alone():
    runs, shards = prepared()
    alone = copy.deepcopy(runs)
    together = trained(runs, shards)
    for k, run in enumerate(together):
        own = alone._replace(runs=[alone.runs[k]], seeds=alone.seeds[k : k + 1])
        (single,) = trained(own, shards, [k])
        assert_allclose(run.parameters, single.parameters, rtol=1e-3, atol=1e-5)
        assert_allclose(
            run.result.state.validation_losses, single.result.state.validation_losses, rtol=1e-3
        )


def test_an_epoch_is_a_pass_over_all_shards():
    runs, shards = prepared()
    for run, fold in zip(trained(runs, shards), range(N_MEMBERS), strict=True):
        result, n_own = run.result, sum((shard.folds != fold).sum() for shard in shards)
        assert result.status == "exhausted"
        assert result.n_epochs == len(result.history["loss"]) == 6
        assert result.state.n_samples_seen == 6 * n_own
        assert result.state.loss_curve[-1] < result.state.loss_curve[0]
        best = int(np.argmin(result.state.validation_losses))
        assert result.state.best_validation_score == -result.state.validation_losses[best]
        held_out = np.concatenate([shard.X[shard.folds == fold] for shard in shards])
        assert_array_equal(run.member.validate.validation.inputs(), held_out)
        assert run.member.validate(run.parameters)[1] == result.state.validation_losses[best]


def test_schedules_go_by_rows():
    progress = []
    runs, shards = prepared()

    def noted(part):
        progress.append(part)
        return 1.0

    for run in runs.runs:
        run.member.settings = replace(run.member.settings, schedule=custom_schedule(noted))
    progress.clear()  # of what is asked of the schedule before
    trained(runs._replace(runs=runs.runs[:1], seeds=runs.seeds[:1]), shards, [0])
    progress = np.array(progress)
    assert (np.diff(progress) > 0).all()
    assert 0 < progress[0] < 0.05
    assert 0.95 < progress[-1] < 1
    # In the middle of the second shard of the first of six epochs.
    middle = (SIZES[0] + SIZES[1] / 2) / N_ROWS / 6
    assert np.abs(progress - middle).min() < 0.02


def test_what_is_held_out_has_no_part():
    runs, shards = prepared()
    wild = [own._replace(targets=own.targets.copy()) for own in shards]
    for own in wild:
        own.targets[own.folds == 1] = 1e3
    # Members start from the first shard, whose held out rows they do not see either.
    changed = copy.deepcopy(runs)
    expected, found = trained(runs, shards)[1], trained(changed, wild)[1]
    assert_array_equal(found.result.state.loss_curve, expected.result.state.loss_curve)


class Cut(Exception):
    pass


@pytest.mark.parametrize("held_out", [range(N_MEMBERS), [-1] * N_MEMBERS])
def test_what_was_cut_off_between_any_shards_goes_on(held_out):
    runs, shards = prepared(max_iter=3)
    cut_off = copy.deepcopy(runs)
    expected, progress, n_cuts = trained(copy.deepcopy(runs), shards, held_out), None, 0

    def keep(take):
        nonlocal progress
        stands = take()
        if progress is None or (stands.epoch, stands.n_shards) != at(progress):
            progress = pickle.dumps(stands)
            raise Cut

    def at(progress):
        stands = pickle.loads(progress)
        return stands.epoch, stands.n_shards

    while True:
        runs = copy.deepcopy(cut_off)
        resume_from = None if progress is None else pickle.loads(progress)
        try:
            train_in_shards(runs, plan_of(held_out), from_shard(shards), resume_from, keep)
            break
        except Cut:
            n_cuts += 1
    assert n_cuts == 3 * len(SIZES)
    for run, own in zip(expected, runs.runs, strict=True):
        assert_array_equal(own.parameters, run.parameters)
        assert own.result.state == run.result.state
        assert own.result.status == run.result.status
        assert own.result.history["learning_rate"] == run.result.history["learning_rate"]


def test_a_stream_too_short_to_hold_rows_out():
    runs, shards = prepared()
    shards = [own._replace(folds=np.full(len(own.folds), 4)) for own in shards]
    with pytest.raises(ValueError, match="member 0 holds out none of 331 rows"):
        trained(runs, shards)


@pytest.mark.parametrize("n_rows", [1, 2, 7, 1000])
def test_rows_are_dealt_evenly_by_their_key(n_rows):
    folds, is_checked = deal_rows((3, 1, 4), n_rows, N_FOLDS, 0.3)
    assert np.ptp(np.bincount(folds, minlength=N_FOLDS)) <= 1
    again = deal_rows((3, 1, 4), n_rows, N_FOLDS, 0.3)
    assert_array_equal(again[0], folds)
    assert_array_equal(again[1], is_checked)
    if n_rows == 1000:
        assert 0.25 < is_checked.mean() < 0.35
        assert (deal_rows((3, 1, 5), n_rows, N_FOLDS, 0.3)[0] != folds).mean() > 0.5


def test_frames_of_one_row_fill_all_folds():
    folds = [deal_rows((0, number), 1, N_FOLDS, 1.0)[0].item() for number in range(200)]
    assert np.bincount(folds, minlength=N_FOLDS).min() > 20
