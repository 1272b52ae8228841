"""Folds of a table's rows, and what is scored out of them."""

import numpy as np
import pandas as pd
import pytest
from helpers.passengers import KINDS, fitted, outputs, quick, target_of, titanic
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import GroupKFold

from sknumpynet import TabularMLPClassifier
from sknumpynet.presets import PRESETS
from sknumpynet.training.splits import EvenFolds

# Passengers have names.
pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore:nearly all levels have a single row in column '(name|x1)'"),
]


@pytest.mark.parametrize("n_splits", [1, 5, 12])
def test_even_folds(n_splits):
    rng = np.random.default_rng(0)
    y = rng.exponential(size=103)
    counts = rng.random(103) < 0.9
    splits = list(EvenFolds(n_splits, 5, 0, y[:, np.newaxis], counts.astype(float)).split(y))
    assert len(splits) == n_splits
    for train, held_out in splits:
        assert_array_equal(np.sort(np.concatenate([train, held_out])), np.arange(103))
        assert abs(counts[held_out].sum() - counts.sum() / 5) < 2
        assert abs(y[held_out].mean() - y.mean()) < 0.3 * y.std()
    for start in range(0, n_splits - 4, 5):
        covered = np.concatenate([held_out for _, held_out in splits[start : start + 5]])
        assert_array_equal(np.sort(covered), np.arange(103))
    if n_splits > 5:
        assert set(splits[0][1]) != set(splits[5][1])


def test_a_class_of_two_rows_is_in_two_folds():
    y = np.array([[0]] * 50 + [[1]] * 2)
    held = [y[held_out].sum() for _, held_out in EvenFolds(10, 10, 0, y).split(y)]
    assert sorted(held) == [0] * 8 + [1, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_out_of_fold_predictions(kind):
    frame, _ = titanic()
    model = fitted(kind)
    assert model.oof_prediction_.shape == outputs(model, frame).shape
    assert np.isfinite(model.oof_prediction_).all()  # five members, five folds
    assert np.isfinite(model.oof_score_)


@pytest.mark.parametrize("kind", KINDS)
def test_the_out_of_fold_score_is_that_of_the_predictions(kind):
    model, y = fitted(kind), target_of(kind)
    if kind is TabularMLPClassifier:
        expected = (model.oof_prediction_.argmax(axis=1) == y).mean()
    else:
        expected = r2_score(y, model.oof_prediction_)
    assert_allclose(model.oof_score_, expected)


@pytest.mark.parametrize("resample", ["bootstrap", None])
@pytest.mark.parametrize("kind", KINDS)
def test_without_folds_a_tenth_is_set_aside(kind, resample):
    frame, _ = titanic()
    model = quick(kind, resample=resample).fit(frame, target_of(kind))
    assert not hasattr(model, "oof_prediction_")
    assert len(model.validation_scores_) == PRESETS["fast"].classification.most_members
    few = quick(kind, resample=resample).fit(frame[:9], target_of(kind)[:9])
    assert np.isfinite(outputs(few, frame)).all()


def test_labels_of_any_form():
    frame, y = titanic()
    text = np.where(y == 1, "yes", "no").astype(object)
    expected = quick(TabularMLPClassifier).fit(frame, text).predict(frame)
    for form in (text[:, np.newaxis], pd.DataFrame({"label": text})):
        with pytest.warns(DataConversionWarning):
            model = quick(TabularMLPClassifier).fit(frame, form)
        assert_array_equal(model.predict(frame), expected)


def test_groups_do_not_straddle_folds():
    frame, y = titanic()
    groups = np.arange(len(frame)) % 6
    model = quick(TabularMLPClassifier, n_members=6, resample=GroupKFold(6))
    assert model.fit(frame, y, groups=groups).oof_prediction_.shape == (len(frame), 2)


@pytest.mark.parametrize("kind", KINDS)
def test_own_validation_data(kind):
    frame, _ = titanic()
    y = target_of(kind)
    model = quick(kind).fit(frame[:200], y[:200], X_val=frame[200:], y_val=y[200:])
    assert not hasattr(model, "oof_prediction_")
    members = model.predict_members(frame[200:])
    if kind is TabularMLPClassifier:
        losses = [log_loss(y[200:], member) for member in members]
        assert_allclose(losses, [min(curve) for curve in model.validation_loss_curve_], rtol=1e-4)
    assert len(members) == PRESETS["fast"].classification.most_members
