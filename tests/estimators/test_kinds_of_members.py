"""Kinds of tables that are hard for networks, each with a part of the recipe that solves it."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import PredefinedSplit, ShuffleSplit

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor, presets
from sknumpynet.core import architectures
from sknumpynet.core.layers import CategoryEmbedding
from sknumpynet.estimators import tabular

pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.oldest

WAVES, PIECES = presets.EMBEDDINGS


def sharp(n, rng):
    """Classes by thresholds of some columns among noise, as of a robot's sensors."""
    X = rng.uniform(size=(n, 8))
    y = (X[:, 0] > 0.62) * 2 + ((X[:, 1] > 0.21) & (X[:, 2] < 0.71))
    return X, y


def few_values(n, rng):
    """Classes that any change of a small number may change."""
    X = rng.integers(12, size=(n, 2)).astype(float)
    label = np.random.default_rng(1).integers(2, size=(12, 12))
    return X, label[X[:, 0].astype(int), X[:, 1].astype(int)]


def exact(n, rng):
    """Numbers that follow without noise from others, as of simulations."""
    X = rng.uniform(size=(n, 3))
    return X, np.exp(-8 * ((X - 0.5) ** 2).sum(axis=1)) + X[:, 0]


def loss_of(model, make):
    rng = np.random.default_rng(0)
    (X, y), (X_new, y_new) = make(600, rng), make(2_000, rng)
    return log_loss(y_new, model.fit(X, y).predict_proba(X_new))


def test_pieces_between_splits_of_trees_learn_thresholds(monkeypatch):
    model = TabularMLPClassifier(random_state=0, n_jobs=1)
    both = loss_of(model, sharp)
    assert model.member_weights_[1] > 2 * model.member_weights_[0]
    monkeypatch.setattr(tabular, "EMBEDDINGS", (WAVES,))
    assert both < 0.6 * loss_of(model, sharp)


def test_waves_of_high_frequency_learn_numbers_of_few_values(monkeypatch):
    model = TabularMLPClassifier(random_state=0, n_jobs=1)
    both = loss_of(model, few_values)
    monkeypatch.setattr(tabular, "EMBEDDINGS", ({**WAVES, "sigmas": (0.15, 0.45)},))
    assert both < 0.7 * loss_of(model, few_values)


def test_small_tables_without_noise_get_epochs(monkeypatch):
    rng = np.random.default_rng(0)
    (X, y), (X_new, y_new) = exact(500, rng), exact(1_000, rng)
    model = TabularMLPRegressor(random_state=0, n_jobs=1)
    noise = 1 - r2_score(y_new, model.fit(X, y).predict(X_new))
    monkeypatch.setattr(presets, "ROWS_OF_MORE_EPOCHS", 0)
    assert noise < 0.9 * (1 - r2_score(y_new, model.fit(X, y).predict(X_new)))


def test_levels_that_tell_nothing_do_little_harm(monkeypatch):
    rng = np.random.default_rng(0)
    X, y = sharp(1_200, rng)
    frame = pd.DataFrame(X).add_prefix("x")
    level = pd.Series(rng.integers(50, size=len(X)), name="state").astype("category")
    model = TabularMLPClassifier(n_members=10, random_state=0, n_jobs=1)

    def loss(frame):
        fitted = model.fit(frame[:400], y[:400])
        return log_loss(y[400:], fitted.predict_proba(frame[400:]))

    without, slowly = loss(frame), loss(frame.assign(state=level))
    monkeypatch.setattr(
        architectures, "CategoryEmbedding", partial(CategoryEmbedding, learning_rate=1.0)
    )
    assert slowly - without < 0.7 * (loss(frame.assign(state=level)) - without)


# Weights of kinds --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [TabularMLPClassifier, TabularMLPRegressor])
def test_predictions_are_the_weighted_mean_of_members(kind):
    load = load_breast_cancer if kind is TabularMLPClassifier else load_diabetes
    X, y = load(return_X_y=True)
    X, y = X[:200], y[:200]
    model = kind("fast", n_members=10, max_iter=3, random_state=0, n_jobs=1).fit(X, y)
    weights = model.member_weights_
    assert weights.shape == (10,)
    assert weights.sum() == pytest.approx(1)
    # All of a kind count the same.
    assert_array_equal(weights[2:], weights[:-2])
    members = model.predict_members(X)
    # Of a regressor those that do not leave the range of the targets.
    within = np.array([(own > y.min()) & (own < y.max()) for own in members])
    kept = within.all(axis=0) if kind is TabularMLPRegressor else slice(None)
    mean = np.average(members, axis=0, weights=weights)
    if kind is TabularMLPClassifier:
        assert_allclose(model.predict_proba(X), mean, rtol=1e-6)
        return
    assert_allclose(model.predict(X)[kept], mean[kept], rtol=1e-6)
    found, std = model.predict(X, return_std=True)
    assert_array_equal(found, model.predict(X))
    assert_allclose(std**2, np.average((members - mean) ** 2, axis=0, weights=weights), rtol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"n_members": 5},  # too few for two of each fold
        {"n_members": 11},
        {"n_members": 10, "resample": "bootstrap"},
        {"n_members": 10, "resample": PredefinedSplit(np.arange(100) % 10)},
        {"n_members": 1},
    ],
)
def test_members_that_hold_out_different_rows_count_the_same(settings):
    X, y = load_diabetes(return_X_y=True)
    model = TabularMLPRegressor("fast", max_iter=2, random_state=0, n_jobs=1, **settings)
    model.fit(X[:100], y[:100])
    assert not hasattr(model, "member_weights_")
    members = model.predict_members(X)
    within = ((members > y[:100].min()) & (members < y[:100].max())).all(axis=0)
    assert within.any()
    assert_allclose(model.predict(X)[within], members.mean(axis=0)[within], rtol=1e-6)


def test_a_splitter_may_hold_a_fold_out_from_both_kinds():
    X, y = load_diabetes(return_X_y=True)
    splitter = PredefinedSplit(np.arange(100) % 3)
    model = TabularMLPRegressor("fast", n_members=6, max_iter=2, resample=splitter, random_state=0)
    assert model.fit(X[:100], y[:100]).member_weights_.shape == (6,)
    with pytest.raises(
        ValueError, match=r"makes 3 splits.* as many, or 2 times as many, got n_members=7"
    ):
        model.set_params(n_members=7).fit(X[:100], y[:100])


def test_a_single_fold_has_no_others_to_weigh_its_kinds_by():
    X, y = load_diabetes(return_X_y=True)
    splitter = ShuffleSplit(1, random_state=0)
    model = TabularMLPRegressor("fast", n_members=2, max_iter=2, resample=splitter, random_state=0)
    model.fit(X[:100], y[:100])
    assert model.member_weights_.sum() == pytest.approx(1)
    held_out = np.isfinite(model.oof_prediction_)
    assert held_out.sum() == 10
    members = model.predict_members(X[:100])
    within = ((members > y[:100].min()) & (members < y[:100].max())).all(axis=0) & held_out
    assert within.sum() > 5
    assert_allclose(model.oof_prediction_[within], members.mean(axis=0)[within], rtol=1e-5)


def test_rows_to_validate_by_judge_all_members_alike():
    X, y = load_breast_cancer(return_X_y=True)
    model = TabularMLPClassifier(n_members=4, max_iter=2, random_state=0, n_jobs=1, scoring="f1")
    model.fit(X[:100], y[:100], X_val=X[100:200], y_val=y[100:200])
    scores = [
        ((members[:, 1] > 0.5) == y[100:200]).mean()
        for members in model.predict_members(X[100:200])
    ]
    assert np.min(scores) > 0.5
    assert not hasattr(model, "member_weights_")


def test_out_of_fold_predictions_do_not_know_the_weights_that_their_rows_chose():
    """Where one kind is right by chance on a fold, its weight for that fold is of the others."""
    X, y = load_breast_cancer(return_X_y=True)
    X, y = X[:150], y[:150]
    model = TabularMLPClassifier(n_members=10, max_iter=3, random_state=0, n_jobs=1).fit(X, y)
    waves, pieces = model.member_weights_[:2] * 5
    assert waves + pieces == pytest.approx(1)
    oof = model.oof_prediction_[:, -1]
    assert np.isfinite(oof).all()
    members = model.predict_members(X)[..., 1]
    assert len(oof) == len(X)
    folds = []
    for k in range(5):
        # The fold whose predictions lie between those of its two members.
        low, high = np.sort(members[2 * k : 2 * k + 2], axis=0)
        folds.append((low - 1e-6 <= oof) & (oof <= high + 1e-6))
    assert np.any(folds, axis=0).all()


def test_models_of_one_kind_go_on_predicting():
    """As earlier versions saved them: one shape, no weights."""
    X, y = load_diabetes(return_X_y=True)
    model = TabularMLPRegressor("fast", n_members=2, max_iter=1, random_state=0, n_jobs=1)
    model.fit(X[:50], y[:50])
    state = model.__getstate__()
    (state["_shape"], _), state["_format"] = state.pop("_shapes"), 2
    older = TabularMLPRegressor.__new__(TabularMLPRegressor)
    older.__setstate__(state)
    assert_array_equal(older.predict_members(X)[0], model.predict_members(X)[0])
