"""Candidates that fail, and what does not stack."""

import numpy as np
import pytest
from helpers.searches import FITS_FAIL, SCORES_ARE_NAN, assert_same_search, make, problem
from scipy import sparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.pipeline import Pipeline

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedGridSearchCV,
    stacked_cross_validate,
)

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`"),
]


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
