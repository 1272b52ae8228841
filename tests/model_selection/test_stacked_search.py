"""What a search leaves behind, also after an error, and how it cuts its work."""

import pickle
import tracemalloc
import warnings

import joblib
import numpy as np
import pytest
import sklearn
from helpers.searches import UNEQUAL, assert_same_results, assert_same_search, make, problem
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknumpynet.training.stacks
from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor, StackedGridSearchCV

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`"),
]

# What is left behind -----------------------------------------------------------------------------


def test_the_best_estimator_is_the_users_and_carries_nothing():
    X, y = problem(NumpyMLPRegressor)
    grid = {"alpha": [0.1, 1.0]}
    for estimator in (make(NumpyMLPRegressor), make_pipeline(make(NumpyMLPRegressor))):
        prefix = "" if isinstance(estimator, NumpyMLPRegressor) else "numpymlpregressor__"
        names = {prefix + name: values for name, values in grid.items()}
        ours = StackedGridSearchCV(estimator, names, cv=3).fit(X, y)
        theirs = GridSearchCV(estimator, names, cv=3).fit(X, y)
        assert type(ours.best_estimator_) is type(estimator)
        assert vars(ours.best_estimator_).keys() == vars(theirs.best_estimator_).keys()
        assert len(pickle.dumps(ours.best_estimator_)) == len(pickle.dumps(theirs.best_estimator_))
        assert len(pickle.dumps(ours)) < 1.2 * len(pickle.dumps(theirs)) + 1000
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X))
        copied = pickle.loads(pickle.dumps(ours))
        np.testing.assert_array_equal(copied.predict(X), ours.predict(X))
        assert vars(clone(ours)).keys() == vars(clone(theirs)).keys()
        added = vars(ours).keys() - vars(theirs).keys()
        assert added == {"stacking_report_"}


def test_times_are_shares_of_a_stacks():
    X, y = problem(NumpyMLPRegressor)
    search = StackedGridSearchCV(make(NumpyMLPRegressor), {"alpha": [0.1, 1.0]}, cv=3).fit(X, y)
    (stack,) = search.stacking_report_["stacks"]
    assert stack["n_networks"] == 6
    total = search.cv_results_["mean_fit_time"].sum() * 3
    assert total == pytest.approx(stack["seconds"])


def test_the_search_is_as_it_was_after_an_error():
    X, y = problem(NumpyMLPRegressor)
    estimator, cv = make(NumpyMLPRegressor), [(np.arange(9), np.arange(9, 20))]
    search = StackedGridSearchCV(estimator, {"alpha": [-1.0]}, cv=cv, error_score="raise")
    with pytest.raises(ValueError, match="alpha"):
        search.fit(X, y)
    assert search.estimator is estimator
    assert search.cv is cv
    assert "__sklearn_clone__" not in vars(estimator)


def test_an_interrupted_search_ends(monkeypatch):
    X, y = problem(NumpyMLPRegressor)

    def interrupt(epochs, time_is_over):
        raise KeyboardInterrupt

    monkeypatch.setattr("sknumpynet.core.epochs.Epochs.run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        StackedGridSearchCV(make(NumpyMLPRegressor), {"alpha": [0.1]}, cv=2).fit(X, y)


def test_warnings_of_stacked_networks_are_seen():
    X, y = problem(NumpyMLPRegressor)
    messages = []
    for cls in (StackedGridSearchCV, GridSearchCV):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            cls(make(NumpyMLPRegressor), {"alpha": [0.1, 1.0]}, cv=3, n_jobs=1).fit(X, y)
        messages.append([(warning.category, str(warning.message)) for warning in caught])
    assert len(messages[0]) == 7
    assert messages[0] == messages[1]


# Chunks, workers, order, memory ------------------------------------------------------------------


OF_TWO_SHAPES = {
    "alpha": [0.0, 0.1, 1.0],
    "hidden_layer_sizes": [(3,), (5,)],
    "early_stopping": [True],
}


@pytest.fixture(scope="module")
def of_two_shapes():
    search = GridSearchCV(make(NumpyMLPClassifier), OF_TWO_SHAPES, cv=UNEQUAL)
    return search.fit(*problem(NumpyMLPClassifier)).cv_results_


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("chunk_bytes", [1, 4000, 10**9])
@pytest.mark.parametrize(("n_jobs", "backend"), [(1, "loky"), (2, "loky"), (2, "threading")])
def test_chunks_and_workers_change_nothing(
    monkeypatch, of_two_shapes, chunk_bytes, n_jobs, backend
):
    X, y = problem(NumpyMLPClassifier)
    monkeypatch.setattr(sknumpynet.training.stacks, "CHUNK_BYTES", chunk_bytes)
    search = StackedGridSearchCV(make(NumpyMLPClassifier), OF_TWO_SHAPES, cv=UNEQUAL, n_jobs=n_jobs)
    with joblib.parallel_config(backend=backend):
        search.fit(X, y)
    assert_same_results(search.cv_results_, of_two_shapes)


@pytest.mark.usefixtures("workers_always_pay")
def test_workers_of_parallel_config():
    X, y = problem(NumpyMLPClassifier)
    search = StackedGridSearchCV(make(NumpyMLPClassifier), {"alpha": [0.1]}, cv=2, refit=False)
    with joblib.parallel_config(n_jobs=2):
        assert search.fit(X, y).stacking_report_["stacks"][0]["n_chunks"] == 2
    assert search.fit(X, y).stacking_report_["stacks"][0]["n_chunks"] == 1


def test_the_order_of_candidates_changes_nothing():
    X, y = problem(NumpyMLPRegressor)
    values = [0.0, 1e-3, 0.1, 1.0, 10.0]
    scores = {}
    for order in (values, values[::-1], values[2:] + values[:2]):
        search = StackedGridSearchCV(make(NumpyMLPRegressor), {"alpha": order}, cv=3)
        results = search.fit(X, y).cv_results_
        for params, score in zip(results["params"], results["mean_test_score"], strict=True):
            assert scores.setdefault(params["alpha"], score) == pytest.approx(score, abs=1e-9)


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_small_working_memory_makes_several_blocks(n_jobs):
    X, y = problem(NumpyMLPClassifier)
    pipeline = make_pipeline(StandardScaler(), make(NumpyMLPClassifier))
    grid = {
        "standardscaler__with_mean": [True, False],
        "numpymlpclassifier__alpha": [0.0, 0.1, 1.0],
    }
    with sklearn.config_context(working_memory=0.005):
        search = assert_same_search(pipeline, grid, X, y, n_jobs=n_jobs)
    assert search.stacking_report_["stacks"][0]["n_networks"] == 18


def test_memory_is_bounded():
    X, y = problem(NumpyMLPRegressor)
    network = make(NumpyMLPRegressor, hidden_layer_sizes=(1000,), max_iter=1, batch_size=200)
    n_candidates, n_splits = 40, 2
    outcome_bytes = 8 * (10 + 2) * 1000
    peaks = {}
    for working_memory in (4, 1024):
        search = StackedGridSearchCV(
            network, {"alpha": np.arange(n_candidates) / 10}, cv=n_splits, refit=False
        )
        with sklearn.config_context(working_memory=working_memory):
            tracemalloc.start()
            search.fit(X, y)
            peaks[working_memory] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert peaks[1024] > n_candidates * n_splits * outcome_bytes
    # What one chunk trains in comes on top.
    assert peaks[4] < 4 * 2**20 + 4 * 2**20


def test_verbose_prints_what_scikit_learn_prints(capsys):
    X, y = problem(NumpyMLPRegressor)
    lines = []
    for cls in (StackedGridSearchCV, GridSearchCV):
        cls(make(NumpyMLPRegressor), {"alpha": [0.1, 1.0]}, cv=3, verbose=2).fit(X, y)
        printed = capsys.readouterr().out.splitlines()
        lines.append([line.partition(";")[0] for line in printed])
    assert lines[0] == lines[1]
