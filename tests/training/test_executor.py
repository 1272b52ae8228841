"""`n_members`: every member is the network that its seed alone would give."""

import pickle
import warnings

import joblib
import numpy as np
import pytest
from helpers.ensembles import KINDS, SETTINGS, alone, assert_is_member, make, outputs, problem
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import check_estimator

import sknumpynet.training.stacks
from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_each_member_is_the_network_of_its_seed(kind, settings, weighted):
    X, y = problem(kind)
    weight = np.random.RandomState(1).randint(3, size=len(y)) / 2 if weighted else None
    ensemble = make(kind, **SETTINGS[settings]).fit(X, y, weight)
    for k in range(5):
        assert_is_member(ensemble, k, alone(ensemble, k, X, y, weight), X)


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_the_members_mean(kind):
    X, y = problem(kind)
    ensemble = make(kind).fit(X, y)
    members = ensemble.predict_members(X)
    assert members.shape == (5, *outputs(ensemble, X).shape)
    np.testing.assert_allclose(outputs(ensemble, X), members.mean(axis=0))
    if kind is NumpyMLPClassifier:
        np.testing.assert_array_equal(ensemble.predict(X), members.mean(axis=0).argmax(axis=1))
        return
    mean, std = ensemble.predict(X, return_std=True)
    np.testing.assert_allclose(mean, ensemble.predict(X))
    np.testing.assert_allclose(std, members.std(axis=0))


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_network_is_its_only_member(kind):
    X, y = problem(kind)
    single = make(kind, n_members=1).fit(X, y)
    np.testing.assert_array_equal(single.predict_members(X), outputs(single, X)[np.newaxis])
    assert not hasattr(single, "member_seeds_")
    if kind is NumpyMLPRegressor:
        np.testing.assert_array_equal(single.predict(X, return_std=True)[1], 0)


def test_predictions_in_blocks_of_rows(monkeypatch):
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor).fit(X, y)
    at_once = ensemble.predict(X)
    monkeypatch.setattr("sknumpynet.core.inference.MEMBERS_BLOCK_ENTRIES", 5 * 13)
    np.testing.assert_allclose(ensemble.predict(X), at_once)


def test_as_many_members_as_samples():
    X, y = problem(NumpyMLPClassifier)
    X, y = X[::9], y[::9]
    ensemble = make(NumpyMLPClassifier, n_members=len(y), batch_size=len(y)).fit(X, y)
    for k in (0, len(y) - 1):
        assert_is_member(ensemble, k, alone(ensemble, k, X, y), X)


CUT_SETTINGS = {
    **{name: own for name, own in SETTINGS.items() if name != "lbfgs"},
    "penalty": {"alpha": 0.5},
    "folds": {"resample": "folds"},
    "bootstrap": {"resample": "bootstrap", "dropout": 0.2},
    "few logistic units": {"hidden_layer_sizes": (3,), "activation": "logistic"},
    "a last batch of one row": {"hidden_layer_sizes": (1,), "batch_size": 59, "max_iter": 40},
    "single precision": {"dtype": "float32", "resample": "folds"},
}


@pytest.mark.parametrize("settings", CUT_SETTINGS)
@pytest.mark.parametrize("chunk_bytes", [1, 20_000])
@pytest.mark.parametrize("kind", KINDS)
def test_chunks_change_no_bit(monkeypatch, kind, chunk_bytes, settings):
    X, y = problem(kind)
    y = y > 0 if kind is NumpyMLPClassifier else y
    fit = make(kind, n_members=7, **CUT_SETTINGS[settings]).fit
    whole = vars(fit(X, y)).copy()
    monkeypatch.setattr(sknumpynet.training.stacks, "CHUNK_BYTES", chunk_bytes)
    cut = vars(fit(X, y))
    for name in ("coefs_", "intercepts_", "loss_curve_", "validation_scores_"):
        for ours, others in zip(cut[name] or [], whole[name] or [], strict=True):
            np.testing.assert_array_equal(ours, others)


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("kind", KINDS)
def test_workers_change_no_bit(kind):
    X, y = problem(kind)
    one = make(kind).fit(X, y)
    with joblib.parallel_config(n_jobs=2):
        two = make(kind).fit(X, y)
    for ours, others in zip(two.coefs_, one.coefs_, strict=True):
        np.testing.assert_array_equal(ours, others)
    assert two.loss_curve_ == one.loss_curve_


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("way", ["partial_fit", "warm_start"])
def test_members_go_on_learning(kind, solver, way):
    X, y = problem(kind)
    ensemble = make(kind, solver=solver, warm_start=way == "warm_start")
    classes = {"classes": np.unique(y)} if kind is NumpyMLPClassifier else {}

    def learn(estimator):
        for _ in range(3):
            if way == "warm_start":
                estimator.fit(X, y)
            else:
                estimator.partial_fit(X, y, **classes)
        return estimator

    learn(ensemble)
    for k in range(5):
        single = clone(ensemble).set_params(
            n_members=1, random_state=int(ensemble.member_seeds_[k])
        )
        assert_is_member(ensemble, k, learn(single), X)
    with pytest.raises(ValueError, match="as many members as were fitted, 5: got n_members=4"):
        learn(ensemble.set_params(n_members=4))


@pytest.mark.parametrize("kind", KINDS)
def test_sparse_rows_train_one_by_one(kind):
    X, y = problem(kind)
    dense = make(kind).fit(X, y)
    ensemble = make(kind).fit(sparse.csr_array(X), y)
    np.testing.assert_allclose(ensemble.predict_members(X), dense.predict_members(X), rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "solver"),
    [(NumpyMLPClassifier, "adam"), (NumpyMLPRegressor, "sgd")],
)
@pytest.mark.filterwarnings("ignore")
def test_check_estimator(kind, solver):
    results = check_estimator(kind(n_members=2, solver=solver, max_iter=100), on_skip=None)
    assert sum(result["status"] == "passed" for result in results) > 50


def test_a_member_that_diverges_is_named_and_leaves_the_ensemble_as_it_was():
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor, solver="sgd").fit(X, y)
    before = ensemble.predict(X)
    with pytest.raises(ValueError, match="Member 0: Solver produced non-finite"):
        ensemble.set_params(learning_rate_init=1e8).fit(X, y)
    np.testing.assert_array_equal(ensemble.predict(X), before)


def test_members_that_did_not_converge_are_counted():
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor, tol=0.02, n_iter_no_change=1, max_iter=60).fit(X, y)
    longest = ensemble.n_iter_.max()
    count = int((ensemble.n_iter_ == longest).sum())
    assert 0 < count < 5
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ensemble.set_params(max_iter=longest - 1).fit(X, y)
    (warning,) = caught
    assert f"hasn't converged yet for {count} of 5 members" in str(warning.message)
    assert warning.filename == __file__


@pytest.mark.parametrize("kind", KINDS)
def test_pickles(kind):
    X, y = problem(kind)
    ensemble = make(kind, resample="folds").fit(X, y)
    copied = pickle.loads(pickle.dumps(ensemble))
    np.testing.assert_array_equal(outputs(copied, X), outputs(ensemble, X))


def test_members_do_not_keep_their_stack_alive():
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor).fit(X, y)
    for array in (*ensemble.coefs_, *ensemble.intercepts_):
        assert array.base is None or array.base.size == array.size
    for optimizer in ensemble._optimizer:
        assert optimizer.state.base is None


def test_works_in_cross_validation():
    X, y = problem(NumpyMLPClassifier)
    assert cross_val_score(make(NumpyMLPClassifier, max_iter=60), X, y).mean() > 0.9


def test_an_interrupted_ensemble_stays_as_it_was(monkeypatch):
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor).fit(X, y)
    before = vars(ensemble).copy()

    def interrupt(epochs, time_is_over):
        raise KeyboardInterrupt

    monkeypatch.setattr("sknumpynet.core.epochs.Epochs.run", interrupt)
    for solver in ("adam", "lbfgs"):
        monkeypatch.setattr("sknumpynet.core.lbfgs.Objective.__call__", interrupt_call)
        with pytest.raises(KeyboardInterrupt):
            ensemble.set_params(solver=solver).fit(X, y)
        assert vars(ensemble.set_params(solver="adam")) == before


def interrupt_call(objective, parameters):
    raise KeyboardInterrupt


def test_attributes_keep_their_types():
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor)
    for _ in range(3):
        ensemble.partial_fit(X, y)
        for name in ("t_", "n_iter_", "loss_", "best_loss_"):
            assert isinstance(getattr(ensemble, name), np.ndarray)


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("n_rows", [439, 441, 442])  # folds of 5 rows more or less, or not
@pytest.mark.parametrize("kind", [TabularMLPRegressor, TabularMLPClassifier])
def test_networks_of_tables_are_the_same_for_any_number_of_workers(kind, n_rows):
    X, y = load_diabetes(return_X_y=True)
    X, y = X[:n_rows], y[:n_rows] if kind is TabularMLPRegressor else y[:n_rows] > 140
    one, *others = (
        kind("fast", max_iter=2, random_state=0, n_jobs=n_jobs).fit(X, y).parameters_
        for n_jobs in (1, 2, 3)
    )
    for parameters in others:
        np.testing.assert_array_equal(parameters, one)
