"""scikit-learn's contract: its own checks, and its tools on data that ships with it."""

import copy
import pickle
import threading
import tracemalloc

import joblib
import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_linnerud,
    load_wine,
)
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from sklearn.utils.estimator_checks import check_estimator

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]
SOLVERS = ["adam", "sgd", "lbfgs"]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_check_estimator_without_expected_failures(kind, solver):
    # The defaults as they are; for the others so many epochs that they learn.
    estimator = kind() if solver == kind().solver else kind(solver=solver, max_iter=50)
    results = check_estimator(estimator, on_skip=None)
    counts = dict.fromkeys(("passed", "skipped"), 0)
    for result in results:
        counts[result["status"]] += 1
    assert counts["passed"] > 50
    assert counts["skipped"] <= 2  # array API switched off; no decision_function


def fitted(kind, **parameters):
    X, y = problem(kind)
    return kind(random_state=0, max_iter=15, **parameters).fit(X, y), X, y


def problem(kind):
    load = load_breast_cancer if kind is NumpyMLPClassifier else load_diabetes
    X, y = load(return_X_y=True)
    return scale(X), y if kind is NumpyMLPClassifier else scale(y)


def outputs(estimator, X):
    return getattr(estimator, "predict_proba", estimator.predict)(X)


@pytest.mark.parametrize("kind", KINDS)
def test_clone_and_parameters(kind):
    estimator = kind(hidden_layer_sizes=(7,), alpha=0.5)
    cloned = clone(estimator)
    assert cloned.get_params() == estimator.get_params()
    assert cloned.set_params(alpha=1.0).alpha == 1.0
    assert estimator.alpha == 0.5
    assert is_classifier(estimator) == (kind is NumpyMLPClassifier)
    assert is_regressor(estimator) == (kind is NumpyMLPRegressor)
    assert kind.__name__ in estimator._repr_html_()


def _through_joblib(estimator, path):
    joblib.dump(estimator, path / "model.joblib")
    return joblib.load(path / "model.joblib")


COPIERS = {
    "pickle": lambda estimator, path: pickle.loads(pickle.dumps(estimator)),
    "joblib": _through_joblib,
    "copy": lambda estimator, path: copy.copy(estimator),
    "deepcopy": lambda estimator, path: copy.deepcopy(estimator),
}


@pytest.mark.parametrize("copier", COPIERS)
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_goes_on_learning_on_its_own(kind, solver, copier, tmp_path):
    estimator, X, y = fitted(kind, solver=solver)
    estimator.partial_fit(X, y)
    before = outputs(estimator, X)
    copied = COPIERS[copier](estimator, tmp_path)
    np.testing.assert_array_equal(outputs(copied, X), before)
    copied.partial_fit(X, y).partial_fit(X, y)
    np.testing.assert_array_equal(outputs(estimator, X), before)
    estimator.partial_fit(X, y).partial_fit(X, y)
    np.testing.assert_array_equal(outputs(estimator, X), outputs(copied, X))


@pytest.mark.parametrize("kind", KINDS)
def test_assigned_weights_are_predicted_with_and_trained_on(kind):
    estimator, X, y = fitted(kind)
    estimator.coefs_[0] = np.zeros_like(estimator.coefs_[0])
    estimator.intercepts_[0] = np.full_like(estimator.intercepts_[0], -1.0)
    hidden_off = estimator.intercepts_[1]
    raw = outputs(estimator, X)
    if kind is NumpyMLPRegressor:
        np.testing.assert_allclose(raw, hidden_off[0])
    else:
        np.testing.assert_allclose(raw[:, 1], 1 / (1 + np.exp(-hidden_off[0])))
    estimator.set_params(warm_start=True).fit(X, y)
    # All hidden units are off, so their weights get no gradient, only the penalty (zero).
    np.testing.assert_array_equal(estimator.coefs_[0], 0.0)


def test_published_weights_share_no_memory_with_the_training():
    estimator, X, y = fitted(NumpyMLPRegressor)
    first = estimator.coefs_[0]
    held = first.copy()
    estimator.partial_fit(X, y)
    np.testing.assert_array_equal(first, held)
    assert all(coef.base is None for coef in estimator.coefs_)


@pytest.mark.parametrize("kind", KINDS)
def test_prediction_from_many_threads(kind):
    estimator, X, _ = fitted(kind)
    expected, failures = outputs(estimator, X), []

    def run():
        for _ in range(30):
            if not np.array_equal(outputs(estimator, X), expected):
                failures.append(1)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames(library):
    frames = pytest.importorskip(library)
    data = load_wine()
    X = frames.DataFrame({name: data.data[:, i] for i, name in enumerate(data.feature_names)})
    labels = frames.Series([str(data.target_names[target]) for target in data.target])
    classifier = NumpyMLPClassifier(max_iter=5, random_state=0).fit(X, labels)
    assert list(classifier.feature_names_in_) == list(data.feature_names)
    assert set(classifier.predict(X)) <= {"class_0", "class_1", "class_2"}
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        classifier.predict(data.data)
    with pytest.raises(ValueError, match="feature names should match"):
        classifier.predict(X[list(X.columns)[::-1]])


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array])
@pytest.mark.parametrize("solver", SOLVERS)
def test_sparse_equals_dense(make, solver):
    X, y = load_digits(return_X_y=True)
    X = X[:200] / 16
    parameters = {"solver": solver, "max_iter": 5, "random_state": 0, "hidden_layer_sizes": (9,)}
    dense = NumpyMLPClassifier(**parameters).fit(X, y[:200])
    from_sparse = NumpyMLPClassifier(**parameters).fit(make(X), y[:200])
    for a, b in zip(dense.coefs_, from_sparse.coefs_, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-10)
    np.testing.assert_allclose(from_sparse.predict_proba(make(X)), dense.predict_proba(X))


def test_sparse_is_never_made_dense(monkeypatch):
    def toarray(self, *args, **kwargs):
        assert self.shape[1] != 30, "X was made dense"
        return original(self, *args, **kwargs)

    original = sparse.csr_matrix.toarray
    X = sparse.random(500, 30, density=0.05, format="csr", random_state=0)
    y = (np.asarray(X.sum(axis=1)).ravel() > 0.7).astype(int)
    monkeypatch.setattr(sparse.csr_matrix, "toarray", toarray)
    for solver in SOLVERS:
        NumpyMLPClassifier(solver=solver, max_iter=3).fit(X, y).predict(X)


@pytest.mark.parametrize("solver", SOLVERS)
def test_sparse_rows_take_no_more_memory_than_their_entries(solver):
    n_features = 50_000
    X = sparse.random(300, n_features, density=4e-4, format="csr", random_state=0)
    y = np.arange(300) % 2
    classifier = NumpyMLPClassifier((2,), solver=solver, max_iter=2, random_state=0)
    tracemalloc.start()
    classifier.fit(X, y).predict(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Parameters, gradient, moments and L-BFGS's ten pairs; a dense batch alone is 80 MB.
    assert peak < 60 * (2 * n_features) * 8


def test_multioutput_on_real_data():
    X, y = load_linnerud(return_X_y=True)
    regressor = NumpyMLPRegressor(solver="lbfgs", max_iter=50, random_state=0)
    assert regressor.fit(scale(X), scale(y)).predict(scale(X)).shape == (20, 3)


def test_sample_weight_by_metadata_routing():
    X, y = load_iris(return_X_y=True)
    with sklearn.config_context(enable_metadata_routing=True):
        classifier = NumpyMLPClassifier(max_iter=5, random_state=0)
        classifier.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        weight = np.where(y == 0, 5.0, 1.0)
        scores = cross_validate(classifier, scale(X), y, params={"sample_weight": weight}, cv=3)
        plain = cross_validate(classifier, scale(X), y, cv=3)
    assert not np.allclose(scores["test_score"], plain["test_score"])


def test_pipeline_and_cross_val_score():
    X, y = load_breast_cancer(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), NumpyMLPClassifier(max_iter=40, random_state=0))
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.95


def test_grid_search_in_two_processes():
    X, y = load_wine(return_X_y=True)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), NumpyMLPClassifier(max_iter=30, random_state=0)),
        {"numpymlpclassifier__alpha": [1e-4, 1.0], "numpymlpclassifier__solver": ["adam", "lbfgs"]},
        cv=3,
        n_jobs=2,
    ).fit(X, y)
    assert search.best_score_ > 0.9
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()


def test_calibrated_classifier():
    X, y = load_breast_cancer(return_X_y=True)
    classifier = NumpyMLPClassifier(max_iter=20, random_state=0)
    calibrated = CalibratedClassifierCV(classifier, cv=2).fit(scale(X), y)
    assert calibrated.score(scale(X), y) > 0.95


def test_bagging():
    X, y = load_iris(return_X_y=True)
    bagging = BaggingClassifier(
        NumpyMLPClassifier(solver="lbfgs", max_iter=50), n_estimators=4, random_state=0
    )
    assert bagging.fit(scale(X), y).score(scale(X), y) > 0.95


def test_permutation_importance():
    X, y = load_diabetes(return_X_y=True)
    regressor = NumpyMLPRegressor(solver="lbfgs", hidden_layer_sizes=(), random_state=0)
    regressor.fit(scale(X), scale(y))
    importances = permutation_importance(regressor, scale(X), scale(y), random_state=0)
    assert importances.importances_mean.argmax() in (2, 4, 8)  # bmi, s1, s5


@pytest.mark.parametrize("kind", KINDS)
def test_partial_fit_is_for_stochastic_solvers(kind):
    assert hasattr(kind(solver="sgd"), "partial_fit")
    assert not hasattr(kind(solver="lbfgs"), "partial_fit")


@pytest.mark.parametrize("kind", KINDS)
def test_unfitted(kind):
    with pytest.raises(NotFittedError):
        kind().predict(np.zeros((1, 2)))


def test_a_fit_forgets_what_another_solver_left_behind():
    X, y = problem(NumpyMLPClassifier)
    classifier = NumpyMLPClassifier(max_iter=3, random_state=0, early_stopping=True).fit(X, y)
    assert classifier.validation_scores_ is not None
    classifier.set_params(solver="lbfgs").fit(X, y)
    assert not hasattr(classifier, "loss_curve_")
    assert not hasattr(classifier, "validation_scores_")


def test_warm_start_can_change_the_solver():
    X, y = problem(NumpyMLPClassifier)
    classifier = NumpyMLPClassifier(max_iter=5, random_state=0, warm_start=True, solver="lbfgs")
    loss = classifier.fit(X, y).loss_
    classifier.set_params(solver="adam").fit(X, y)
    assert classifier.loss_ < loss


def test_the_best_of_early_stopping_is_kept():
    X, y = problem(NumpyMLPClassifier)
    classifier = NumpyMLPClassifier(
        early_stopping=True, validation_fraction=0.3, max_iter=40, random_state=0, tol=0
    ).fit(X, y)
    assert classifier.best_validation_score_ == max(classifier.validation_scores_)
    assert len(classifier.validation_scores_) == classifier.n_iter_
    assert classifier.best_loss_ is None


def test_a_linear_model_has_one_layer():
    X, y = load_iris(return_X_y=True)
    classifier = NumpyMLPClassifier(hidden_layer_sizes=(), solver="lbfgs", max_iter=500)
    classifier.fit(scale(X), y)
    assert [coef.shape for coef in classifier.coefs_] == [(4, 3)]
    assert classifier.n_layers_ == 2


@pytest.mark.parametrize("sizes", [5, [5], (5,), np.array([5]), np.int64(5)])
def test_ways_to_write_hidden_layer_sizes(sizes):
    X, y = load_iris(return_X_y=True)
    classifier = NumpyMLPClassifier(sizes, max_iter=2, random_state=0).fit(X, y)
    assert [coef.shape for coef in classifier.coefs_] == [(4, 5), (5, 3)]
