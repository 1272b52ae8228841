"""The stacked searches: scikit-learn's results around the same estimator, networks at once."""

import inspect
import os
import pickle
import sys
import warnings

import joblib
import numpy as np
import pytest
import sklearn
from helpers.searches import (
    GRIDS,
    KINDS,
    UNEQUAL,
    assert_same_results,
    assert_same_search,
    make,
    problem,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    RandomizedSearchCV,
    ShuffleSplit,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedGridSearchCV,
    StackedHalvingGridSearchCV,
    StackedHalvingRandomSearchCV,
    StackedRandomizedSearchCV,
    stacked_cross_validate,
)
from sknumpynet.utils.scikit_learn import HalvingGridSearchCV, HalvingRandomSearchCV

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`"),
]

# Where this process finds modules, for workers of others.
PATH = os.pathsep.join(filter(None, [*sys.path, os.getcwd()]))


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_as_scikit_learns_search(kind, grid):
    X, y = problem(kind)
    assert_same_search(make(kind), GRIDS[grid], X, y, return_train_score=True)


DRAWN = {
    "hidden_layer_sizes": [(), (3,), (4, 2)],
    "activation": ["relu", "logistic"],
    "solver": ["adam", "sgd", "lbfgs"],
    "alpha": [0.0, 1e-2, 1.0],
    "batch_size": [8, 30, "auto"],
    "learning_rate_init": [1e-3, 1e-1],
    "early_stopping": [False, True],
    "tol": [1e-4, 0.1],
    "n_iter_no_change": [1, 10],
    "random_state": [0, 7],
    "n_members": [1, 2],
}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    names=st.lists(st.sampled_from(sorted(DRAWN)), min_size=1, max_size=3, unique=True),
    kind=st.sampled_from(KINDS),
    n_samples=st.integers(40, 70),
    cv=st.integers(2, 5),
    weighted=st.booleans(),
)
@pytest.mark.filterwarnings("ignore")
def test_random_grids_and_ragged_folds(names, kind, n_samples, cv, weighted):
    X, y = problem(kind)
    X, y = X[:n_samples], y[:n_samples]
    weight = np.random.RandomState(1).uniform(0.1, 2.0, n_samples)
    grid = {name: DRAWN[name] for name in names}
    assert_same_search(
        make(kind),
        grid,
        X,
        y,
        {"sample_weight": weight} if weighted else {},
        cv=KFold(cv),
        stacked="solver" not in grid,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grid", ["one candidate", "columns of adam", "columns of sgd", "stopping"])
def test_splits_of_unequal_size(kind, grid):
    X, y = problem(kind)
    assert_same_search(make(kind), GRIDS[grid], X, y, cv=UNEQUAL)


def test_as_many_networks_as_samples():
    X, y = problem(NumpyMLPClassifier, step=9)
    network = make(NumpyMLPClassifier)
    search = assert_same_search(network, {"alpha": [0.1]}, X, y, cv=LeaveOneOut())
    assert search.stacking_report_["stacks"][0]["n_networks"] == len(y)


def test_a_single_split():
    X, y = problem(NumpyMLPRegressor)
    splitter = ShuffleSplit(1, test_size=0.3, random_state=0)
    assert_same_search(make(NumpyMLPRegressor), {"alpha": [0.1, 1.0]}, X, y, cv=splitter)
    assert_same_search(make(NumpyMLPRegressor), {"alpha": [0.1]}, X, y, cv=splitter)


def test_splits_from_a_generator_and_from_a_random_splitter():
    X, y = problem(NumpyMLPRegressor)
    search = StackedGridSearchCV(
        make(NumpyMLPRegressor), {"alpha": [0.1, 1.0]}, cv=KFold(4).split(X), refit=False
    )
    generated = search.fit(X, y).cv_results_
    expected = assert_same_search(
        make(NumpyMLPRegressor), {"alpha": [0.1, 1.0]}, X, y, cv=KFold(4), refit=False
    )
    assert_same_results(generated, expected.cv_results_)
    random = ShuffleSplit(3, random_state=None)
    search = StackedGridSearchCV(make(NumpyMLPRegressor), {"alpha": [0.1]}, cv=random)
    assert search.fit(X, y).n_splits_ == 3


def test_string_labels_and_weights():
    X, y = problem(NumpyMLPClassifier)
    labels = np.array(["setosa", "versicolor", "virginica"])[y]
    weight = np.random.RandomState(0).randint(3, size=len(y)).astype(float)
    assert_same_search(
        make(NumpyMLPClassifier, early_stopping=True, max_iter=20),
        {"alpha": [0.0, 1.0], "n_iter_no_change": [1, 5]},
        X,
        labels,
        {"sample_weight": weight},
    )


def test_several_metrics_and_callable_refit():
    X, y = problem(NumpyMLPClassifier)
    grid = {"alpha": [0.0, 1.0, 100.0]}
    scoring = ["accuracy", "neg_log_loss"]
    assert_same_search(make(NumpyMLPClassifier), grid, X, y, scoring=scoring, refit="neg_log_loss")
    assert_same_search(make(NumpyMLPClassifier), grid, X, y, scoring=scoring, refit=False)

    def second(results):
        return 1

    search = assert_same_search(make(NumpyMLPClassifier), grid, X, y, scoring=scoring, refit=second)
    assert search.best_params_ == {"alpha": 1.0}
    scorer = make_scorer(mean_absolute_error, greater_is_better=False)
    X, y = problem(NumpyMLPRegressor)
    assert_same_search(make(NumpyMLPRegressor), grid, X, y, scoring=scorer)


def test_multilabel_and_multioutput():
    X, y = problem(NumpyMLPClassifier)
    labels = np.column_stack([y == 0, y != 1]).astype(int)
    assert_same_search(make(NumpyMLPClassifier), {"alpha": [0.0, 1.0]}, X, labels)
    assert_same_search(make(NumpyMLPRegressor), {"alpha": [0.0, 1.0]}, X, labels.astype(float))


def test_random_search():
    X, y = problem(NumpyMLPRegressor)
    space = {"alpha": loguniform(1e-5, 1.0), "hidden_layer_sizes": [(3,), (5,)]}
    for seed in (0, np.random.RandomState(1)):
        searches = [
            cls(make(NumpyMLPRegressor), space, n_iter=6, cv=3, random_state=clone_of(seed))
            for cls in (StackedRandomizedSearchCV, RandomizedSearchCV)
        ]
        ours, theirs = (search.fit(X, y) for search in searches)
        assert_same_results(ours.cv_results_, theirs.cv_results_)
        assert ours.cv_results_["params"] == theirs.cv_results_["params"]
        assert ours.best_params_ == theirs.best_params_
        assert isinstance(ours, RandomizedSearchCV)


def clone_of(seed):
    return pickle.loads(pickle.dumps(seed))


# Metadata ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("routing", [False, True])
def test_groups_and_weights_are_routed(routing):
    X, y = problem(NumpyMLPRegressor)
    metadata = {"groups": np.arange(len(y)) % 5, "sample_weight": np.linspace(0.1, 1.0, len(y))}
    estimator = make(NumpyMLPRegressor)
    with sklearn.config_context(enable_metadata_routing=routing):
        if routing:
            estimator.set_fit_request(sample_weight=True)
            estimator.set_score_request(sample_weight=True)
        assert_same_search(
            estimator, {"alpha": [0.1, 1.0]}, X, y, metadata, cv=GroupKFold(4), refit=False
        )


# Cross-validation --------------------------------------------------------------------------------


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_cross_validation(kind, n_jobs):
    X, y = problem(kind)
    estimators = [
        make(kind),
        make(kind, early_stopping=True),
        make(kind, solver="lbfgs"),
        make(kind, n_members=2),
        make_pipeline(StandardScaler(), make(kind)),
    ]
    for estimator in estimators:
        for cv in (UNEQUAL, 4):
            arguments = {"return_train_score": True, "return_indices": True, "cv": cv}
            ours = stacked_cross_validate(estimator, X, y, n_jobs=n_jobs, **arguments)
            theirs = cross_validate(estimator, X, y, **arguments)
            for pair in zip(*(r.pop("indices")["test"] for r in (ours, theirs)), strict=True):
                np.testing.assert_array_equal(*pair)
            assert_same_results(ours, theirs)


def test_cross_validation_returns_estimators_that_go_on():
    X, y = problem(NumpyMLPRegressor)
    pipeline = make_pipeline(StandardScaler(), make(NumpyMLPRegressor))
    ours, theirs = (
        function(pipeline, X, y, return_estimator=True, cv=3)["estimator"]
        for function in (stacked_cross_validate, cross_validate)
    )
    for one, other in zip(ours, theirs, strict=True):
        assert vars(one).keys() == vars(other).keys()
        assert vars(one[-1]).keys() == vars(other[-1]).keys()
        for estimator in (one, other):
            estimator[-1].partial_fit(estimator[0].transform(X), y)
        np.testing.assert_allclose(one.predict(X), other.predict(X))
        np.testing.assert_allclose(clone(one).fit(X, y).predict(X), pipeline.fit(X, y).predict(X))


@pytest.mark.parametrize("routing", [False, True])
def test_cross_validation_with_metadata(routing):
    X, y = problem(NumpyMLPRegressor)
    groups, weight = np.arange(len(y)) % 5, np.linspace(0.1, 1.0, len(y))
    estimator = make(NumpyMLPRegressor)
    with sklearn.config_context(enable_metadata_routing=routing):
        arguments = {"params": {"sample_weight": weight}, "groups": groups}
        if routing:
            estimator.set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
            arguments = {"params": {"sample_weight": weight, "groups": groups}}
        results = [
            function(estimator, X, y, cv=GroupKFold(4), **arguments)
            for function in (stacked_cross_validate, cross_validate)
        ]
    assert_same_results(*results)


def test_cross_validation_of_what_is_not_a_network():
    X, y = problem(NumpyMLPClassifier)
    results = [
        function(LogisticRegression(), X, y)
        for function in (stacked_cross_validate, cross_validate)
    ]
    assert_same_results(*results)


def test_a_search_can_be_cross_validated():
    X, y = problem(NumpyMLPClassifier)
    search = StackedGridSearchCV(make(NumpyMLPClassifier, max_iter=60), {"alpha": [0.0, 1.0]}, cv=3)
    theirs = GridSearchCV(make(NumpyMLPClassifier, max_iter=60), {"alpha": [0.0, 1.0]}, cv=3)
    np.testing.assert_allclose(
        cross_val_score(search, X, y, cv=3), cross_val_score(theirs, X, y, cv=3)
    )


def test_signatures_are_scikit_learns():
    for ours, theirs in (
        (StackedGridSearchCV, GridSearchCV),
        (StackedRandomizedSearchCV, RandomizedSearchCV),
    ):
        assert issubclass(ours, theirs)
        assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    ours, theirs = (
        inspect.signature(function).parameters
        for function in (stacked_cross_validate, cross_validate)
    )
    assert list(ours) == list(theirs)
    for name, parameter in theirs.items():
        assert str(ours[name].default) == str(parameter.default)
        assert ours[name].kind == parameter.kind


SEARCHES = {
    "grid": (StackedGridSearchCV, GridSearchCV),
    "random": (StackedRandomizedSearchCV, RandomizedSearchCV),
    "halving grid": (StackedHalvingGridSearchCV, HalvingGridSearchCV),
    "halving random": (StackedHalvingRandomSearchCV, HalvingRandomSearchCV),
}
NO_SPLITS = [2.5, "five"]
NO_SPACES = [None, 3, ({"alpha": [0.1]},), [3], [("alpha", [0.1])], {3: [0] * 20}]


@pytest.mark.parametrize("what", SEARCHES)
def test_wrong_parameters_are_refused_as_by_scikit_learn(what):
    X, y = problem(NumpyMLPClassifier)
    wrong = [({"alpha": [0.1] * 20}, cv) for cv in NO_SPLITS] + [(space, 2) for space in NO_SPACES]
    for space, cv in wrong:
        messages = []
        for cls in SEARCHES[what]:
            with pytest.raises((TypeError, ValueError)) as caught:
                cls(make(NumpyMLPClassifier), space, cv=cv).fit(X, y)
            messages.append(str(caught.value).replace("Stacked", ""))
        assert messages[0] == messages[1]


# Benchmark, progress, clusters -------------------------------------------------------------------


def test_the_benchmarks_grid_trains_as_three_stacks():
    search = pytest.importorskip("benchmarks.search")
    X, y = problem(NumpyMLPClassifier)
    network = NumpyMLPClassifier(max_iter=2, random_state=0)
    report = StackedGridSearchCV(network, search.GRID, refit=False).fit(X, y).stacking_report_
    assert [line["layer_sizes"][1] for line in report["stacks"]] == [16, 32, 64]
    assert [line["n_networks"] for line in report["stacks"]] == [45, 45, 45]
    assert report["alone"] == []


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("working_memory", [1024, 0.005])
def test_callbacks_see_each_network_trained_and_scored(n_jobs, working_memory, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # or the percentages are cut off
    callback = pytest.importorskip("sklearn.callback", reason="since scikit-learn 1.9")
    pytest.importorskip("rich")
    X, y = problem(NumpyMLPRegressor)
    search = StackedGridSearchCV(
        make(NumpyMLPRegressor), {"alpha": [0.1, 1.0, 10.0]}, cv=2, n_jobs=n_jobs
    )
    with sklearn.config_context(working_memory=working_memory):
        search.set_callbacks(callback.ProgressBar()).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    n_blocks = 1 if working_memory == 1024 else 3
    for what, n_lines in (
        ("- training #", n_blocks),
        ("- evaluation #", n_blocks),
        ("| NumpyMLPRegressor - fit", 7),
    ):
        done = [line for line in lines if what in line]
        assert len(done) == n_lines
        assert all("100%" in line for line in done)


@pytest.mark.parametrize("backend", ["threading", "multiprocessing"])
def test_training_leaves_the_backend_to_the_search_around_it(backend):
    """Whose pool of workers waits for its own tasks meanwhile."""
    X, y = problem(NumpyMLPClassifier)
    search = StackedGridSearchCV(make(NumpyMLPClassifier), {"alpha": [0.1, 1.0]}, cv=2)
    expected = search.fit(X, y).cv_results_["mean_test_score"]
    with joblib.parallel_config(backend, n_jobs=2):
        search.fit(X, y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], expected)


def test_a_dask_cluster_trains_the_stacks():
    distributed = pytest.importorskip("distributed")
    X, y = problem(NumpyMLPClassifier)
    grid = {"alpha": [0.1, 1.0], "early_stopping": [False, True]}
    expected = GridSearchCV(make(NumpyMLPClassifier), grid, cv=3).fit(X, y)
    search = StackedGridSearchCV(make(NumpyMLPClassifier), grid, cv=3, n_jobs=2)
    with (
        warnings.catch_warnings(),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        warnings.simplefilter("ignore")  # of Dask itself
        search.fit(X, y)
    assert_same_results(search.cv_results_, expected.cv_results_)
    assert search.stacking_report_["stacks"][0]["n_chunks"] >= 2


def test_ray_trains_the_stacks():
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.util.joblib").register_ray()
    X, y = problem(NumpyMLPClassifier)
    grid = {"alpha": [0.1, 1.0], "early_stopping": [False, True]}
    expected = GridSearchCV(make(NumpyMLPClassifier), grid, cv=3).fit(X, y)
    search = StackedGridSearchCV(make(NumpyMLPClassifier), grid, cv=3, n_jobs=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray itself
        ray.init(
            num_cpus=2, include_dashboard=False, runtime_env={"env_vars": {"PYTHONPATH": PATH}}
        )
        try:
            with joblib.parallel_config("ray"):
                search.fit(X, y)
        finally:
            ray.shutdown()
    assert_same_results(search.cv_results_, expected.cv_results_)
    assert search.stacking_report_["stacks"][0]["n_chunks"] >= 2
