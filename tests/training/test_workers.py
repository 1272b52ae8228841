"""Who trains, by how much work there is and who is there already."""

import sys

import joblib
import numpy as np
import pytest

from sknumpynet import NumpyMLPClassifier
from sknumpynet.estimators.fitting import encode, make_fit
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.training import workers
from sknumpynet.training.ensemble import prepare_ensemble
from sknumpynet.training.workers import HERE, Workers, workers_for
from sknumpynet.utils import n_jobs as of_joblib

pytestmark = pytest.mark.oldest


def make_runs(seconds, **settings):
    """Return the runs of four members that are trained for about so many seconds."""
    X = np.random.RandomState(0).normal(size=(100, 3))
    n_parameters = (3 + 1) * 10 + 10 + 1
    of_row = workers.SECONDS_PER_ROW + n_parameters * workers.SECONDS_PER_PARAMETER
    n_epochs = round(seconds / (4 * 100 * of_row))
    model = NumpyMLPClassifier((10,), n_members=4, max_iter=n_epochs, **settings)
    encoded = encode(model, GivenRows(X, X[:, 0] > 0))
    return prepare_ensemble(make_fit(model, encoded).problem).runs


@pytest.fixture
def machine(monkeypatch):
    """Set how many cores there are and how many processes of joblib have been started."""

    def make(n_cores=2, n_started=0, *, has_lock=True):
        monkeypatch.setattr(joblib, "cpu_count", lambda: n_cores)
        monkeypatch.setattr(workers, "n_started_processes", lambda: n_started)
        monkeypatch.setattr(workers, "has_interpreter_lock", lambda: has_lock)

    return make


# Seconds of work, n_jobs, the machine, what is chosen.
CHOICES = {
    "one job": (1000, 1, {}, HERE),
    "short": (1.0, 2, {}, HERE),
    "starting would not pay": (3.0, 2, {}, HERE),
    "starting pays": (5.0, 2, {}, Workers(2)),
    "more cores save more": (3.0, 4, {"n_cores": 4}, Workers(4)),
    "imports share the cores": (4.0, 4, {"n_cores": 2}, HERE),
    "started": (0.5, 2, {"n_started": 2}, Workers(2)),
    "too few started": (0.5, 4, {"n_started": 2}, HERE),
    "too short to be sent": (0.05, 2, {"n_started": 2}, HERE),
    "no lock": (0.5, 2, {"has_lock": False}, Workers(2, "threading")),
    "no lock, but short": (0.05, 2, {"has_lock": False}, HERE),
    "no more than runs": (1000, 16, {"n_cores": 16}, Workers(4)),
}


@pytest.mark.parametrize("case", CHOICES)
def test_choice(case, machine):
    seconds, n_jobs, of_machine, expected = CHOICES[case]
    machine(**of_machine)
    assert workers_for(make_runs(seconds), n_jobs) == expected


def test_time_that_is_limited_counts_as_work(machine):
    machine()
    assert workers_for(make_runs(1000, max_time=1.0), 2) == HERE
    assert workers_for(make_runs(1000, max_time=9.0), 2) == Workers(2)


def test_a_backend_that_was_chosen_is_used(machine):
    machine()
    with joblib.parallel_config("threading"):
        assert workers_for(make_runs(0.01), 2) == Workers(2)


def test_nothing_to_train_needs_nobody():
    assert workers_for([], 2) == HERE


def test_started_processes_are_seen():
    joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(i) for i in range(2))
    assert of_joblib.n_started_processes() == 2


@pytest.mark.parametrize(("is_enabled", "expected"), [(None, True), (True, True), (False, False)])
def test_the_lock_is_what_the_interpreter_says(is_enabled, expected, monkeypatch):
    monkeypatch.delattr(sys, "_is_gil_enabled", raising=False)
    if is_enabled is not None:
        monkeypatch.setattr(sys, "_is_gil_enabled", lambda: is_enabled, raising=False)
    assert of_joblib.has_interpreter_lock() is expected
