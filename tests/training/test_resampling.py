"""`resample`: which rows a member trains on, and what is said of those that it never saw."""

import numpy as np
import pytest
import sklearn
from helpers.ensembles import KINDS, alone, assert_is_member, make, outputs, problem
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


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


def test_resampled_members_do_not_go_on_with_other_rows():
    X, y = problem(NumpyMLPRegressor)
    ensemble = make(NumpyMLPRegressor, resample="folds", warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="cannot be continued on new samples"):
        ensemble.fit(X, y)


def test_held_out_rows_without_weight_have_no_score():
    X, y = problem(NumpyMLPRegressor)
    splitter = ShuffleSplit(2, test_size=0.1, random_state=0)
    weight = np.ones(len(y))
    for _, test in splitter.split(X):
        weight[test] = 0.0
    ensemble = make(NumpyMLPRegressor, n_members=2, resample=splitter).fit(X, y, weight)
    assert np.isnan(ensemble.oof_score_)
    assert np.isfinite(ensemble.oof_prediction_).any()
