"""Kinds of tables that are hard for networks, each with a part of the recipe that solves it."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import log_loss, r2_score

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor, presets
from sknumpynet.core import architectures
from sknumpynet.core.layers import CategoryEmbedding
from sknumpynet.estimators import inputs
from sknumpynet.presets import WAVES

pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.oldest


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


def heavy_tails(n, rng):
    """Classes by numbers over many powers of ten, as of balance sheets."""
    logarithms = rng.normal(size=(n, 6))
    noise = 0.3 * rng.normal(size=n)
    first, second, third = logarithms.T[:3]
    return np.exp(4 * logarithms), (np.sin(2 * first) + second * third + noise > 0) * 1


def loss_of(model, make):
    rng = np.random.default_rng(0)
    (X, y), (X_new, y_new) = make(600, rng), make(2_000, rng)
    return log_loss(y_new, model.fit(X, y).predict_proba(X_new))


def test_pieces_between_splits_of_trees_learn_thresholds(monkeypatch):
    model = TabularMLPClassifier(random_state=0, n_jobs=1)
    pieces = loss_of(model, sharp)
    monkeypatch.setitem(presets.EMBEDDINGS, "classes", (WAVES,))
    assert pieces < 0.6 * loss_of(model, sharp)


def test_pieces_learn_numbers_of_few_values(monkeypatch):
    model = TabularMLPClassifier(random_state=0, n_jobs=1)
    pieces = loss_of(model, few_values)
    monkeypatch.setitem(presets.EMBEDDINGS, "classes", ({**WAVES, "sigmas": (0.15, 0.45)},))
    assert pieces < 0.7 * loss_of(model, few_values)


def test_ranks_learn_heavy_tails(monkeypatch):
    model = TabularMLPClassifier("fast", random_state=0, n_jobs=1)
    ranks = loss_of(model, heavy_tails)
    monkeypatch.setattr(inputs, "MOST_RANKED", False)
    assert ranks < 0.95 * loss_of(model, heavy_tails)


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


# Kinds in turn ----------------------------------------------------------------------------------


def kinds_of(model):
    return [(shape["embedding"], "level_codes" in shape) for shape in map(plain, model._shapes)]


def plain(shape):
    return {"embedding": "periodic", **shape}


@pytest.mark.parametrize(
    ("kind", "codes", "expected"),
    [
        (TabularMLPClassifier, False, [("piecewise", False)]),
        (TabularMLPRegressor, False, [("periodic", False), ("piecewise", False)]),
        (TabularMLPClassifier, True, [("piecewise", False), ("piecewise", True)]),
        (TabularMLPRegressor, True, [("periodic", False), ("piecewise", True)]),
    ],
)
def test_what_members_are_in_turn(kind, codes, expected):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    X, y = X[:120], (y[:120] > 100) * 1
    if codes:
        X = X.assign(code=[f"level {k % 12}" for k in range(len(X))])
    model = kind(n_members=2, max_iter=1, random_state=0).fit(X, y)
    assert kinds_of(model) == expected


def test_rows_to_validate_by_judge_all_members_alike():
    X, y = load_breast_cancer(return_X_y=True)
    model = TabularMLPClassifier(n_members=4, max_iter=2, random_state=0, n_jobs=1, scoring="f1")
    model.fit(X[:100], y[:100], X_val=X[100:200], y_val=y[100:200])
    scores = [
        ((members[:, 1] > 0.5) == y[100:200]).mean()
        for members in model.predict_members(X[100:200])
    ]
    assert np.min(scores) > 0.5


def test_models_of_one_kind_go_on_predicting():
    """As earlier versions saved them: one shape, no weights."""
    X, y = load_diabetes(return_X_y=True)
    model = TabularMLPRegressor("fast", n_members=2, max_iter=1, random_state=0, n_jobs=1)
    model.fit(X[:50], y[:50])
    state = model.__getstate__()
    (state["_shape"],), state["_format"] = state.pop("_shapes"), 2
    older = TabularMLPRegressor.__new__(TabularMLPRegressor)
    older.__setstate__(state)
    assert_array_equal(older.predict_members(X)[0], model.predict_members(X)[0])


def test_few_members_embed_numbers_in_one_way():
    X, y = load_diabetes(return_X_y=True)
    model = TabularMLPRegressor("fast", max_iter=1, random_state=0).fit(X, y)
    assert kinds_of(model) == [("piecewise", False)]
