"""Runs whose epochs were used up are given more of them."""

import numpy as np
import pytest
from helpers.ensembles import make, problem

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPRegressor
from sknumpynet.estimators.fitting import encode, make_fit
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.training.continuation import arrays_to_go_on, go_on, why_not_to_go_on
from sknumpynet.training.ensemble import prepare_ensemble
from sknumpynet.training.executor import train_chunks
from sknumpynet.training.stacks import stacks_of
from sknumpynet.training.workers import HERE


def runs_of(estimator, kind=NumpyMLPRegressor):
    X, y = problem(kind)
    return prepare_ensemble(make_fit(estimator, encode(estimator, GivenRows(X, y))).problem).runs


REASONS = {
    "plan": ({"learning_rate": "one_cycle"}, "learning_rate='one_cycle' is a plan"),
    "warmup": ({"warmup": 0.5}, "warmup=0.5 is a part of all epochs"),
    "scoring": ({"early_stopping": True, "scoring": "r2"}, "its scoring is a metric"),
    "loss": ({"early_stopping": True, "scoring": "loss"}, ""),
    "early stopping": ({"early_stopping": True}, ""),
    "plateau": ({"learning_rate": "plateau"}, ""),
    "adaptive": ({"learning_rate": "adaptive", "solver": "sgd"}, ""),
    "dropout": ({"dropout": 0.5}, ""),
}


@pytest.mark.parametrize("what", REASONS)
def test_who_may_go_on(what):
    settings, reason = REASONS[what]
    for run in runs_of(make(NumpyMLPRegressor, n_members=2, **settings)):
        assert why_not_to_go_on(run).startswith(reason)
        assert bool(why_not_to_go_on(run)) == bool(reason)


def test_a_plan_for_decay_is_a_plan_for_all_epochs():
    for run in runs_of(TabularMLPRegressor("fast", n_members=2, random_state=0)):
        assert "for all epochs" in why_not_to_go_on(run)


@pytest.mark.parametrize("kind", [NumpyMLPClassifier, NumpyMLPRegressor])
def test_runs_of_several_tables_go_on(kind):
    def new(max_iter):
        # Different rows of one table, and two tables in one chunk.
        estimators = [
            make(kind, n_members=3, max_iter=max_iter, resample="folds"),
            make(kind, n_members=2, max_iter=max_iter, early_stopping=True),
        ]
        runs = [run for own in estimators for run in runs_of(own, kind)]
        for run in runs:
            run.may_go_on = True
            run.padded_to = max(own.dataset.n_samples for own in runs)
        return runs

    at_once, longer = new(7), new(3)
    assert len(stacks_of(longer)) == 1
    train_chunks([at_once], HERE)
    train_chunks([longer[:4], longer[4:]], HERE)
    for run in longer:
        assert len(run.pause.rows) == run.dataset.n_samples
        assert run.pause.rows.max() < run.dataset.X.shape[0]
        go_on(run, 7)
        assert (run.result, run.pause) == (None, None)
    # In another order and in other chunks.
    train_chunks([longer[::-1]], HERE)
    for mine, its in zip(longer, at_once, strict=True):
        np.testing.assert_array_equal(mine.parameters, its.parameters)
        assert mine.result.state == its.result.state
        assert mine.result.n_epochs == 7
        assert mine.snapshot is None


def test_runs_that_stopped_stay_as_they_are():
    (run,) = runs_of(make(NumpyMLPRegressor, n_members=1, tol=10.0, n_iter_no_change=1))
    run.may_go_on = True
    train_chunks([[run]], HERE)
    assert run.result.status == "converged"
    result, parameters = run.result, run.parameters
    go_on(run, 99)
    assert run.result is result
    assert run.parameters is parameters
    assert run.seconds == 0


def test_fewer_epochs_are_refused():
    (run,) = runs_of(make(NumpyMLPRegressor, n_members=1))
    with pytest.raises(ValueError, match="12 epochs cannot get 13"):
        go_on(run, 13)
    run.may_go_on = True
    with pytest.raises(ValueError, match="12 epochs cannot get 11"):
        go_on(run, 11)


def test_shared_rows_are_kept_once():
    runs = runs_of(make(NumpyMLPRegressor, n_members=1)) + runs_of(
        make(NumpyMLPRegressor, n_members=1, alpha=1.0)
    )
    runs[1].dataset = runs[0].dataset
    for run in runs:
        run.may_go_on = True
    train_chunks([runs], HERE)
    one, other = (arrays_to_go_on(run) for run in runs)
    assert runs[0].pause.rows is runs[1].pause.rows
    assert len({id(array) for array in one} & {id(array) for array in other}) == 1
