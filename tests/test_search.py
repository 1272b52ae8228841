"""The stacked searches: scikit-learn's results around the same estimator, networks at once."""

import inspect
import pickle
import tracemalloc
import warnings

import joblib
import numpy as np
import pytest
import sklearn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.decomposition import PCA
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
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler, scale

import sknumpynet.training.stacks
from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedGridSearchCV,
    StackedRandomizedSearchCV,
    stacked_cross_validate,
)

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`"),
]


def problem(kind, step=1):
    load = load_iris if kind is NumpyMLPClassifier else load_diabetes
    X, y = load(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(y))[::step]
    return scale(X)[order], (y if kind is NumpyMLPClassifier else scale(y))[order]


def make(kind, **parameters):
    defaults = {"hidden_layer_sizes": (5,), "batch_size": 29, "max_iter": 8, "random_state": 0}
    return kind(**(defaults | parameters))


def assert_same_results(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        if name == "params" or name.startswith("param_") or "time" in name:
            continue
        np.testing.assert_allclose(ours[name], expected, rtol=1e-6, atol=1e-6, err_msg=name)


def assert_same_search(estimator, grid, X, y, fit_params=None, *, stacked=True, **parameters):
    """Compare with `GridSearchCV`; return ours."""
    fit_params = fit_params or {}
    parameters = {"cv": 3, **parameters}
    theirs = GridSearchCV(estimator, grid, **parameters)
    ours = StackedGridSearchCV(estimator, grid, **parameters)
    theirs.fit(X, y, **fit_params)
    ours.fit(X, y, **fit_params)
    assert_same_results(ours.cv_results_, theirs.cv_results_)
    assert str(ours.cv_results_["params"]) == str(theirs.cv_results_["params"])
    for name in ("best_index_", "best_params_", "n_splits_", "multimetric_"):
        assert hasattr(ours, name) == hasattr(theirs, name)
        assert str(getattr(ours, name, None)) == str(getattr(theirs, name, None))
    assert (ours.stacking_report_["alone"] == []) == stacked
    assert ours.estimator is estimator
    return ours


KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]

GRIDS = {
    "one candidate": {"alpha": [0.1]},
    "columns of adam": {
        "learning_rate_init": [1e-3, 1e-1],
        "alpha": [0.0, 1.0],
        "beta_1": [0.5, 0.9],
        "epsilon": [1e-8, 1e-2],
    },
    "beta_2": {"beta_2": [0.9, 0.999]},
    "columns of sgd": {
        "solver": ["sgd"],
        "momentum": [0.0, 0.9],
        "learning_rate_init": [0.01, 0.1],
        "learning_rate": ["constant", "invscaling", "adaptive"],
        "power_t": [0.3],
    },
    "nesterov": {"solver": ["sgd"], "nesterovs_momentum": [True, False]},
    "seeds": {"random_state": [0, 1, 2, np.random.RandomState(3)]},
    "stopping": {"tol": [1e-4, 0.5], "n_iter_no_change": [1, 2], "max_iter": [1, 3, 20]},
    "shapes": {"hidden_layer_sizes": [(), (3,), (5,), (4, 3)], "activation": ["relu", "tanh"]},
    "batches": {"batch_size": [7, 29, 1000, "auto"], "alpha": [0.1, 1.0]},
    "shuffle": {"shuffle": [True, False]},
    "early stopping": {
        "early_stopping": [True, False],
        "validation_fraction": [0.1, 0.3],
        "n_iter_no_change": [1, 10],
    },
    "ensembles": {"n_members": [1, 2, 3], "alpha": [0.0, 1.0]},
    "resampling": {"n_members": [3], "resample": ["bootstrap", "folds"]},
}


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


# Splits of very different sizes: also the number of batches differs.
UNEQUAL = [
    (np.arange(0, 20), np.arange(100, 140)),
    (np.arange(10, 95), np.arange(100, 140)),
    (np.arange(0, 60), np.arange(60, 110)),
]


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


FITS_FAIL = "ignore::sklearn.exceptions.FitFailedWarning"
SCORES_ARE_NAN = "ignore:One or more of the test scores"

# What fails, and what does not stack -------------------------------------------------------------


@pytest.mark.filterwarnings(FITS_FAIL, SCORES_ARE_NAN)
@pytest.mark.parametrize("error_score", [np.nan, -5.0])
def test_a_candidate_that_diverges_takes_no_other_with_it(error_score):
    X, y = problem(NumpyMLPRegressor)
    grid = {"learning_rate_init": [0.01, 1e12, 0.1], "alpha": [0.0, 1.0]}
    search = assert_same_search(
        make(NumpyMLPRegressor, solver="sgd"), grid, X, y, error_score=error_score
    )
    scores = search.cv_results_["mean_test_score"]
    failed = np.isnan(scores) if np.isnan(error_score) else scores == error_score
    assert failed.sum() == 2
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        search.set_params(error_score="raise").fit(X, y)


FAILING = {
    "invalid parameter": {"alpha": [-1.0, 0.1]},
    "invalid sizes": {"hidden_layer_sizes": [(0,), (3,)]},
    "validation set too small": {"early_stopping": [True], "validation_fraction": [0.001, 0.2]},
    "resampling one": {"resample": ["folds", None]},
}


MESSAGES = {
    "invalid parameter": "'alpha' parameter",
    "invalid sizes": "hidden_layer_sizes must be > 0",
    "validation set too small": "validation set is too small|test_size",
    "resampling one": "n_members of at least 2",
}


@pytest.mark.filterwarnings(FITS_FAIL, SCORES_ARE_NAN)
@pytest.mark.parametrize("what", FAILING)
def test_candidates_that_fail_before_training(what):
    X, y = problem(NumpyMLPRegressor)
    assert_same_search(make(NumpyMLPRegressor), FAILING[what], X, y, stacked=False)
    errors = []
    for cls in (StackedGridSearchCV, GridSearchCV):
        with pytest.raises(ValueError, match=MESSAGES[what]) as caught:
            cls(make(NumpyMLPRegressor), FAILING[what], cv=3, error_score="raise").fit(X, y)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_when_all_fail_the_error_is_scikit_learns():
    X, y = problem(NumpyMLPRegressor)
    for cls in (StackedGridSearchCV, GridSearchCV):
        with pytest.raises(ValueError, match="All the 3 fits failed"):
            cls(make(NumpyMLPRegressor), {"alpha": [-1.0]}, cv=3).fit(X, y)
        with pytest.raises(ValueError, match="colour"):
            cls(make(NumpyMLPRegressor), {"colour": [1]}, cv=3).fit(X, y)
        with pytest.raises(ValueError, match="non-empty"):
            cls(make(NumpyMLPRegressor), {"alpha": []}, cv=3).fit(X, y)
        with pytest.raises(ValueError, match="'estimator' parameter"):
            cls(None, {"alpha": [1.0]}, cv=3).fit(X, y)


ALONE = {
    "lbfgs": (make(NumpyMLPRegressor), {"solver": ["lbfgs", "adam"]}, "lbfgs"),
    "another estimator": (
        TransformedTargetRegressor(make(NumpyMLPRegressor)),
        {"regressor__alpha": [0.1, 1.0]},
        "does not end in a network",
    ),
}


class OwnFit(NumpyMLPRegressor):
    """A subclass whose ``fit`` does what no stack could know."""

    def fit(self, X, y):
        return super().fit(X, -y)


class OwnPipeline(Pipeline):
    def fit(self, X, y):
        return super().fit(X, -y)


ALONE |= {
    "own fit": (make(OwnFit), {"alpha": [0.1, 1.0]}, "does not end in a network"),
    "own pipeline": (
        OwnPipeline([("network", make(NumpyMLPRegressor))]),
        {"network__alpha": [0.1, 1.0]},
        "does not end in a network",
    ),
}


@pytest.mark.parametrize("what", ALONE)
def test_what_does_not_stack_is_fitted_one_by_one(what):
    estimator, grid, reason = ALONE[what]
    X, y = problem(NumpyMLPRegressor)
    search = assert_same_search(estimator, grid, X, y, stacked=False, n_jobs=2)
    first = search.stacking_report_["alone"][0]
    assert first["candidate"] == 0
    assert first["params"] == search.cv_results_["params"][0]
    assert reason in first["reason"]


def test_sparse_rows_are_fitted_one_by_one():
    X, y = problem(NumpyMLPRegressor)
    search = assert_same_search(
        make(NumpyMLPRegressor), {"alpha": [0.1, 1.0]}, sparse.csr_array(X), y, stacked=False
    )
    assert {line["reason"] for line in search.stacking_report_["alone"]} == {
        "sparse rows do not stack"
    }


@pytest.mark.parametrize("estimator", [NumpyMLPClassifier, NumpyMLPRegressor])
def test_without_a_seed(estimator):
    X, y = problem(estimator)
    search = StackedGridSearchCV(make(estimator, random_state=None), {"alpha": [0.1, 0.2]}, cv=3)
    np.random.seed(0)
    first = search.fit(X, y).cv_results_["mean_test_score"]
    np.random.seed(0)
    np.testing.assert_array_equal(search.fit(X, y).cv_results_["mean_test_score"], first)
    assert (search.fit(X, y).cv_results_["mean_test_score"] != first).any()


def test_seeds_of_members_without_a_seed():
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor, random_state=None, n_members=2)
    splits = list(KFold(2).split(X))
    results = stacked_cross_validate(ensemble, X, y, cv=splits, return_estimator=True)
    for (train, _), fitted in zip(splits, results["estimator"], strict=True):
        seed = int(fitted.member_seeds_[1])
        single = make(NumpyMLPRegressor, random_state=seed).fit(X[train], y[train])
        np.testing.assert_allclose(fitted.predict_members(X)[1], single.predict(X))


def test_splitters_with_a_source_of_their_own():
    X, y = problem(NumpyMLPRegressor)
    splitter = ShuffleSplit(2, random_state=np.random.RandomState(3))
    network = make(NumpyMLPRegressor, n_members=2, resample=splitter)
    assert_same_search(network, {"alpha": [0.1, 1.0]}, X, y)


def test_targets_of_mixed_types():
    X, y = problem(NumpyMLPClassifier)
    mixed = y.astype(object)
    mixed[::2] = "a"
    errors = []
    for cls in (StackedGridSearchCV, GridSearchCV):
        with pytest.raises((TypeError, ValueError)) as caught:
            cls(make(NumpyMLPClassifier), {"alpha": [1.0]}, cv=KFold(3)).fit(X, mixed)
        errors.append(str(caught.value).partition("Below")[0])
    assert errors[0] == errors[1]


# Pipelines ---------------------------------------------------------------------------------------


class CountingScaler(StandardScaler):
    """Counts its fits."""

    fits = 0

    def fit(self, X, y=None, sample_weight=None):
        CountingScaler.fits += 1
        return super().fit(X, y, sample_weight)


def test_steps_before_the_network_are_fitted_once_per_split_and_setting():
    X, y = problem(NumpyMLPRegressor)
    pipeline = make_pipeline(CountingScaler(), make(NumpyMLPRegressor))
    grid = {
        "countingscaler__with_mean": [True, False],
        "numpymlpregressor__alpha": [0.1, 1.0],
        "numpymlpregressor__hidden_layer_sizes": [(3,), (5,)],
    }
    search = StackedGridSearchCV(pipeline, grid, cv=3, refit=False)
    CountingScaler.fits = 0
    search.fit(X, y)
    assert CountingScaler.fits == 3 * 2
    assert [line["n_networks"] for line in search.stacking_report_["stacks"]] == [12, 12]
    assert_same_search(pipeline, grid, X, y)


def test_parameters_of_any_step(tmp_path):
    X, y = problem(NumpyMLPClassifier)
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("reduce", PCA()), ("net", make(NumpyMLPClassifier))]
    )
    grid = {
        "scale": [StandardScaler(), MinMaxScaler(), "passthrough"],
        "reduce__n_components": [2, 3],
        "net__alpha": [0.0, 1.0],
    }
    assert_same_search(pipeline, grid, X, y)
    assert_same_search(clone(pipeline).set_params(memory=str(tmp_path)), grid, X, y)


@pytest.mark.filterwarnings(FITS_FAIL, SCORES_ARE_NAN)
def test_steps_that_fail():
    X, y = problem(NumpyMLPClassifier)
    pipeline = make_pipeline(PCA(), make(NumpyMLPClassifier))
    search = assert_same_search(pipeline, {"pca__n_components": [2, 99]}, X, y, stacked=False)
    assert [line["candidate"] for line in search.stacking_report_["alone"]] == [1]


def test_the_last_step_may_be_searched_itself():
    X, y = problem(NumpyMLPClassifier)
    pipeline = Pipeline([("scale", StandardScaler()), ("model", make(NumpyMLPClassifier))])
    models = [
        make(NumpyMLPClassifier, alpha=0.1),
        LogisticRegression(),
        make(NumpyMLPClassifier, hidden_layer_sizes=(3,)),
    ]
    search = assert_same_search(pipeline, {"model": models}, X, y, stacked=False)
    assert [line["candidate"] for line in search.stacking_report_["alone"]] == [1]
    assert len(search.stacking_report_["stacks"]) == 2


def test_data_frames():
    pandas = pytest.importorskip("pandas")
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(StandardScaler(), make(NumpyMLPClassifier)).set_output(
        transform="pandas"
    )
    search = assert_same_search(pipeline, {"numpymlpclassifier__alpha": [0.0, 1.0]}, X, y)
    assert isinstance(X, pandas.DataFrame)
    assert list(search.feature_names_in_) == list(X.columns)
    assert list(search.best_estimator_[-1].feature_names_in_) == list(X.columns)


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


@pytest.mark.parametrize("chunk_bytes", [1, 4000, 10**9])
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_chunks_and_workers_change_nothing(monkeypatch, chunk_bytes, n_jobs, backend):
    X, y = problem(NumpyMLPClassifier)
    grid = {"alpha": [0.0, 0.1, 1.0], "hidden_layer_sizes": [(3,), (5,)], "early_stopping": [True]}
    expected = GridSearchCV(make(NumpyMLPClassifier), grid, cv=UNEQUAL).fit(X, y)
    monkeypatch.setattr(sknumpynet.training.stacks, "CHUNK_BYTES", chunk_bytes)
    search = StackedGridSearchCV(make(NumpyMLPClassifier), grid, cv=UNEQUAL, n_jobs=n_jobs)
    with joblib.parallel_config(backend=backend):
        search.fit(X, y)
    assert_same_results(search.cv_results_, expected.cv_results_)


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


# Benchmark, progress, clusters -------------------------------------------------------------------


def test_the_benchmarks_grid_trains_as_three_stacks():
    search = pytest.importorskip("benchmarks.search")
    X, y = problem(NumpyMLPClassifier)
    network = NumpyMLPClassifier(max_iter=2, random_state=0)
    report = StackedGridSearchCV(network, search.GRID, refit=False).fit(X, y).stacking_report_
    assert [line["layer_sizes"][1] for line in report["stacks"]] == [16, 32, 64]
    assert [line["n_networks"] for line in report["stacks"]] == [45, 45, 45]
    assert report["alone"] == []


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


def test_a_dask_cluster_trains_the_stacks():
    distributed = pytest.importorskip("distributed")
    X, y = problem(NumpyMLPClassifier)
    grid = {"alpha": [0.1, 1.0], "early_stopping": [False, True]}
    expected = GridSearchCV(make(NumpyMLPClassifier), grid, cv=3).fit(X, y)
    search = StackedGridSearchCV(make(NumpyMLPClassifier), grid, cv=3, n_jobs=2)
    with (
        warnings.catch_warnings(),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        warnings.simplefilter("ignore")  # of Dask itself
        search.fit(X, y)
    assert_same_results(search.cv_results_, expected.cv_results_)
    assert search.stacking_report_["stacks"][0]["n_chunks"] >= 2
