"""`n_members`: every member is the network that its seed alone would give."""

import pickle
import warnings

import joblib
import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_wine
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from sklearn.utils.estimator_checks import check_estimator

import sknumpynet.training.stacks
from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]

# Parameters that every test below runs through.
SETTINGS = {
    "adam": {},
    "early stopping": {"early_stopping": True, "max_iter": 40},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 1},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling"},
    "some converge": {"tol": 0.02, "n_iter_no_change": 1, "max_iter": 60},
    "no shuffle": {"shuffle": False},
    "two layers": {"hidden_layer_sizes": (5, 3), "activation": "tanh"},
    "linear": {"hidden_layer_sizes": ()},
    "lbfgs": {"solver": "lbfgs"},
}


def problem(kind):
    load = load_wine if kind is NumpyMLPClassifier else load_diabetes
    X, y = load(return_X_y=True)
    return scale(X), y if kind is NumpyMLPClassifier else scale(y)


def make(kind, **parameters):
    defaults = {
        "hidden_layer_sizes": (7,),
        "batch_size": 31,
        "max_iter": 12,
        "random_state": 0,
        "n_members": 5,
    }
    return kind(**(defaults | parameters))


def outputs(estimator, X):
    return getattr(estimator, "predict_proba", estimator.predict)(X)


def alone(ensemble, k, *data, **parameters):
    """Return the single network of a member's seed."""
    seed = int(ensemble.member_seeds_[k])
    single = clone(ensemble).set_params(n_members=1, resample=None, random_state=seed)
    return single.set_params(**parameters).fit(*data)


def assert_is_member(ensemble, k, single, X):
    np.testing.assert_allclose(
        ensemble.predict_members(X)[k], outputs(single, X), rtol=1e-6, atol=1e-9
    )
    for ours, theirs in zip(ensemble.coefs_, single.coefs_, strict=True):
        np.testing.assert_allclose(ours[k], theirs, rtol=1e-6, atol=1e-9)
    for ours, theirs in zip(ensemble.intercepts_, single.intercepts_, strict=True):
        np.testing.assert_allclose(ours[k], theirs, rtol=1e-6, atol=1e-9)
    for name in ("n_iter_", "t_", "loss_", "best_loss_", "loss_curve_", "validation_scores_"):
        theirs = getattr(single, name, None)
        ours = getattr(ensemble, name, None)
        assert (theirs is None) == (ours is None)
        if theirs is not None:
            np.testing.assert_allclose(ours[k], theirs, rtol=1e-6)


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


@pytest.mark.parametrize("chunk_bytes", [1, 20_000])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_chunks_and_workers_change_nothing(monkeypatch, chunk_bytes, n_jobs):
    X, y = problem(NumpyMLPClassifier)
    whole = make(NumpyMLPClassifier).fit(X, y)
    monkeypatch.setattr(sknumpynet.training.stacks, "CHUNK_BYTES", chunk_bytes)
    with joblib.parallel_config(n_jobs=n_jobs):
        cut = make(NumpyMLPClassifier).fit(X, y)
    np.testing.assert_allclose(cut.predict_members(X), whole.predict_members(X), rtol=1e-9)


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


# Resampling ----------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_bootstrap_members_see_a_sample_as_weights(kind, weighted):
    X, y = problem(kind)
    weight = np.random.RandomState(1).uniform(size=len(y)) if weighted else None
    ensemble = make(kind, resample="bootstrap").fit(X, y, weight)
    # The ensemble's source, after it has drawn the seeds.
    source = np.random.RandomState(0)
    source.randint(np.iinfo(np.int32).max, size=5)
    for k in range(5):
        counts = np.bincount(source.randint(len(y), size=len(y)), minlength=len(y))
        assert counts.max() > 1
        own = counts if weight is None else counts * weight
        assert_is_member(ensemble, k, alone(ensemble, k, X, y, own), X)
    assert not hasattr(ensemble, "oof_prediction_")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_fold_members_train_without_their_fold(kind, weighted):
    X, y = problem(kind)
    weight = np.random.RandomState(1).uniform(size=len(y)) if weighted else None
    splitter = KFold(5, shuffle=True, random_state=3)
    ensemble = make(kind, resample=splitter).fit(X, y, weight)
    for k, (train, test) in enumerate(splitter.split(X)):
        own = (X[train], y[train]) if weight is None else (X[train], y[train], weight[train])
        single = alone(ensemble, k, *own)
        assert_is_member(ensemble, k, single, X)
        np.testing.assert_allclose(
            ensemble.oof_prediction_[test], outputs(single, X[test]), rtol=1e-6, atol=1e-9
        )
    if kind is NumpyMLPClassifier:
        score = accuracy_score(y, ensemble.oof_prediction_.argmax(axis=1), sample_weight=weight)
    else:
        score = r2_score(y, ensemble.oof_prediction_, sample_weight=weight)
    assert ensemble.oof_score_ == pytest.approx(score)


def test_folds_are_stratified_for_classifiers():
    X, y = problem(NumpyMLPClassifier)
    rare = np.sort(y == 0)
    rare[:] = False
    rare[:6] = True
    ensemble = make(NumpyMLPClassifier, n_members=3, resample="folds", max_iter=300)
    ensemble.fit(X, np.where(rare, "rare", "common"))
    assert np.isfinite(ensemble.oof_prediction_).all()
    assert ensemble.oof_prediction_.shape == (len(y), 2)
    again = make(NumpyMLPClassifier, n_members=3, resample="folds", max_iter=300)
    again.fit(X, np.where(rare, "rare", "common"))
    np.testing.assert_array_equal(again.oof_prediction_, ensemble.oof_prediction_)


def test_early_stopping_is_judged_on_the_fold():
    X, y = problem(NumpyMLPRegressor)
    splitter = KFold(5)
    ensemble = make(NumpyMLPRegressor, resample=splitter, early_stopping=True).fit(X, y)
    for k, (_, test) in enumerate(splitter.split(X)):
        best = ensemble.best_validation_score_[k]
        assert best == max(ensemble.validation_scores_[k])
        assert r2_score(y[test], ensemble.predict_members(X[test])[k]) == pytest.approx(best)


def test_rows_never_held_out_have_no_prediction():
    X, y = problem(NumpyMLPRegressor)
    splitter = ShuffleSplit(2, test_size=0.2, random_state=0)
    ensemble = make(NumpyMLPRegressor, n_members=2, resample=splitter).fit(X, y)
    first, second = (test for _, test in splitter.split(X))
    expected = np.setdiff1d(np.arange(len(y)), np.concatenate([first, second]))
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(ensemble.oof_prediction_)), expected)
    members = ensemble.predict_members(X)
    both = np.intersect1d(first, second)
    np.testing.assert_allclose(ensemble.oof_prediction_[both], members[:, both].mean(axis=0))


class Masks:
    """A splitter that speaks in masks."""

    def __init__(self, n_splits, *, empty=False):
        self.n_splits, self.empty = n_splits, empty

    def get_n_splits(self, X=None, y=None, groups=None):
        return self.n_splits

    def split(self, X, y=None, groups=None):
        for k in range(self.n_splits):
            held_out = np.arange(X.shape[0]) % self.n_splits == k
            yield np.zeros(X.shape[0], bool) if self.empty else ~held_out, held_out


def test_a_splitter_may_speak_in_masks():
    X, y = problem(NumpyMLPRegressor)
    masked = make(NumpyMLPRegressor, resample=Masks(5)).fit(X, y)
    for k, (_, test) in enumerate(Masks(5).split(X)):
        np.testing.assert_allclose(masked.oof_prediction_[test], masked.predict_members(X)[k, test])
    assert (masked.t_ < masked.n_iter_ * len(y)).all()
    with pytest.raises(ValueError, match="no rows to train on"):
        make(NumpyMLPRegressor, resample=Masks(5, empty=True)).fit(X, y)


def test_multilabel_and_multioutput_folds():
    X, y = problem(NumpyMLPClassifier)
    labels = np.column_stack([y == 0, y != 1, y == 2]).astype(int)
    classifier = make(NumpyMLPClassifier, resample="folds").fit(X, labels)
    assert classifier.oof_prediction_.shape == labels.shape
    regressor = make(NumpyMLPRegressor, resample="folds").fit(X, labels.astype(float))
    assert regressor.oof_prediction_.shape == labels.shape
    assert regressor.predict_members(X).shape == (5, *labels.shape)


@pytest.mark.parametrize("routing", [False, True])
def test_groups_reach_the_splitter(routing):
    X, y = problem(NumpyMLPRegressor)
    groups = np.arange(len(y)) % 7
    ensemble = make(NumpyMLPRegressor, n_members=7, resample=GroupKFold(7))
    with sklearn.config_context(enable_metadata_routing=routing):
        ensemble.fit(X, y, groups=groups)
        with pytest.raises(TypeError, match="colour"):
            ensemble.fit(X, y, colour=groups)
    for k, (_, test) in enumerate(GroupKFold(7).split(X, y, groups)):
        np.testing.assert_allclose(
            ensemble.oof_prediction_[test], ensemble.predict_members(X)[k, test]
        )


def test_groups_are_routed_through_a_pipeline():
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor, n_members=7, resample=GroupKFold(7))
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), ensemble)
        pipeline.fit(X, y, groups=np.arange(len(y)) % 7)
    assert np.isfinite(pipeline[-1].oof_prediction_).all()


REFUSED = {
    "resample without members": ({"n_members": 1, "resample": "folds"}, "n_members of at least 2"),
    "unknown": ({"resample": "jackknife"}, "jackknife"),
    "number of splits": ({"resample": KFold(3)}, "makes 3 splits.*got n_members=5"),
    "no members": ({"n_members": 0}, "n_members"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what):
    parameters, message = REFUSED[what]
    X, y = problem(NumpyMLPRegressor)
    with pytest.raises(ValueError, match=message):
        make(NumpyMLPRegressor, **parameters).fit(X, y)


def test_arguments_without_a_splitter_are_refused():
    X, y = problem(NumpyMLPRegressor)
    with pytest.raises(TypeError, match="groups"):
        make(NumpyMLPRegressor).fit(X, y, groups=y)


def test_there_is_no_partial_fit_of_resamples():
    assert not hasattr(NumpyMLPRegressor(n_members=3, resample="folds"), "partial_fit")


# Contract ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "solver"),
    [(NumpyMLPClassifier, "adam"), (NumpyMLPRegressor, "sgd")],
)
@pytest.mark.filterwarnings("ignore")
def test_check_estimator(kind, solver):
    results = check_estimator(kind(n_members=3, solver=solver), on_skip=None)
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


def test_resampled_members_do_not_go_on_with_other_rows():
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor, resample="folds", warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="cannot be continued on new samples"):
        ensemble.fit(X, y)


def test_attributes_keep_their_types():
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor)
    for _ in range(3):
        ensemble.partial_fit(X, y)
        for name in ("t_", "n_iter_", "loss_", "best_loss_"):
            assert isinstance(getattr(ensemble, name), np.ndarray)


def test_held_out_rows_without_weight_have_no_score():
    X, y = problem(NumpyMLPRegressor)
    splitter = ShuffleSplit(2, test_size=0.1, random_state=0)
    weight = np.ones(len(y))
    for _, test in splitter.split(X):
        weight[test] = 0.0
    ensemble = make(NumpyMLPRegressor, n_members=2, resample=splitter).fit(X, y, weight)
    assert np.isnan(ensemble.oof_score_)
    assert np.isfinite(ensemble.oof_prediction_).any()
