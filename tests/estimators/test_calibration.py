"""A temperature of the ensemble, found by rows that none of its like has seen."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold

from sknumpynet import StackedGridSearchCV, TabularMLPClassifier
from sknumpynet.core.inference import tempered
from sknumpynet.core.losses import LOSSES
from sknumpynet.estimators import calibration as module


def noisy(n_rows, seed, n_classes=2):
    """Labels of which three of ten are of chance."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 6))
    labels = np.digitize(X[:, 0], [0.0] if n_classes == 2 else [-0.4, 0.4])
    is_chance = rng.random(n_rows) < 0.3
    return X, np.where(is_chance, rng.integers(n_classes, size=n_rows), labels)


class Unsure:
    """A loss whose networks are right once their logits are doubled."""

    def __init__(self, kind):
        self.kind = kind

    def value(self, raw, targets):
        loss = {"logistic": "binary_cross_entropy", "softmax": "categorical_cross_entropy"}
        return LOSSES[loss[self.kind]].value(2 * raw, targets)

    def gradient(self, raw, targets):
        found = expit(2 * raw) if self.kind == "logistic" else softmax(2 * raw, axis=-2)
        return 2 * (found - targets)


def unsure(kind="logistic", **parameters):
    settings = {"max_iter": 6, "random_state": 0, "n_jobs": 1, "calibrate": "temperature"}
    return TabularMLPClassifier("fast", loss=Unsure(kind), **(settings | parameters))


def test_a_temperature_divides_logits(rng):
    logits = rng.normal(size=(7, 3))
    assert_allclose(tempered(softmax(logits, 1), 1.7, "softmax"), softmax(logits / 1.7, 1))
    assert_allclose(tempered(expit(logits), 0.6, "logistic"), expit(logits / 0.6))
    # Of two classes both are the same.
    one = expit(logits[:, :1])
    both = tempered(np.hstack([1 - one, one]), 2.0, "softmax")
    assert_allclose(both[:, 1:], tempered(one, 2.0, "logistic"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["softmax", "logistic"])
def test_certainty_stays_finite(kind, dtype):
    sure = np.array([[0.0, 1.0]], dtype)
    for temperature in (0.2, 5.0):
        assert np.isfinite(tempered(sure, temperature, kind)).all()


@pytest.mark.parametrize(("kind", "n_classes"), [("logistic", 2), ("softmax", 3)])
def test_what_is_not_sure_enough_gets_surer(kind, n_classes):
    X, y = noisy(400, 0, n_classes)
    X_new, y_new = noisy(4_000, 1, n_classes)
    model, plain = unsure(kind).fit(X, y), unsure(kind, calibrate=None).fit(X, y)
    assert 0.35 < model.temperature_ < 0.65
    loss, before = (log_loss(y_new, own.predict_proba(X_new)) for own in (model, plain))
    assert loss < 0.97 * before
    assert_array_equal(model.predict(X_new), plain.predict(X_new))
    known = model.calibration_
    assert known["calibrated_loss"] < known["loss"]
    assert known["n_rows"] == 400
    # What was expected of new rows by the temperature of other rows.
    assert known["calibrated_loss"] == pytest.approx(loss, rel=0.1)


def test_it_is_that_of_scikit_learn():
    """Which fits it to the same kind of predictions, of folds of its own."""
    pytest.importorskip("sklearn", minversion="1.8")
    X, y = noisy(400, 0)
    X_new, _ = noisy(50, 1)
    model, judge = unsure().fit(X, y), unsure(calibrate=None)
    theirs = CalibratedClassifierCV(judge, method="temperature", ensemble=False, cv=4).fit(X, y)
    ours, other = model.predict_proba(X_new)[:, 1], theirs.predict_proba(X_new)[:, 1]
    assert np.abs(ours - other).max() < 0.05


def test_it_is_kept_only_where_it_helps():
    X, y = load_iris(return_X_y=True)
    model = TabularMLPClassifier("fast", random_state=0, n_jobs=1, calibrate="temperature")
    model.fit(X, y)
    assert model.calibration_["calibrated_loss"] >= model.calibration_["loss"]
    assert model.temperature_ == 1.0
    plain = clone(model).set_params(calibrate=None).fit(X, y)
    assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
    model.set_params(calibrate=None).fit(X, y)
    assert not hasattr(model, "temperature_")
    assert not hasattr(model, "calibration_")


def test_names_rare_classes_and_weights():
    X, y = noisy(300, 0, 3)
    names = np.array(["a", "b", "c"], object)[y]
    names[:2] = "rare"  # some ensembles have seen one of them, some none
    weight = np.ones(300)
    weight[200:] = 0
    model = unsure("softmax", class_weight="balanced").fit(X, names, sample_weight=weight)
    fewer = unsure("softmax", class_weight="balanced").fit(X[:200], names[:200])
    assert model.temperature_ == fewer.temperature_
    assert_array_equal(model.predict_proba(X), fewer.predict_proba(X))
    assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


def test_a_weight_is_a_number_of_rows(rng):
    probabilities, labels = softmax(rng.normal(size=(60, 3)), 1), rng.integers(3, size=60)
    weight = rng.integers(1, 4, size=60)
    targets = labels[:, np.newaxis] == np.arange(3)
    weighted = module._Judged(probabilities, targets, weight)
    repeated = module._Judged(
        probabilities.repeat(weight, 0), targets.repeat(weight, 0), np.ones(weight.sum())
    )
    expected = log_loss(labels, probabilities, sample_weight=weight)
    for judged in (weighted, repeated):
        assert module._loss_of_classes(judged, 1.0) == pytest.approx(expected)
    temperatures = [module._best(own, module._loss_of_classes) for own in (weighted, repeated)]
    assert temperatures[0] == pytest.approx(temperatures[1])


def test_several_labels():
    X, y = make_multilabel_classification(300, n_classes=3, random_state=0)
    y = np.where(np.random.default_rng(0).random(y.shape) < 0.2, 1 - y, y)
    model = unsure().fit(X, y)
    plain = unsure(calibrate=None).fit(X, y)
    assert model.temperature_ != 1.0
    assert_allclose(
        model.predict_proba(X), tempered(plain.predict_proba(X), model.temperature_, "logistic")
    )


def test_groups_are_held_out_whole(monkeypatch):
    X, y = noisy(240, 0)
    groups = np.repeat(np.arange(12), 20)
    seen = []
    fit = TabularMLPClassifier.fit

    def spy(self, X, *others, **params):
        seen.append(len(X))
        return fit(self, X, *others, **params)

    monkeypatch.setattr(TabularMLPClassifier, "fit", spy)
    model = unsure(n_members=4, resample=GroupKFold(4))
    model.fit(X, y, groups=groups)
    assert seen == [240, 180, 180, 180, 180]
    assert model.calibration_["n_rows"] == 240


@pytest.mark.parametrize("parameters", [{"n_members": 1}, {"resample": None}])
def test_it_takes_rows_held_out(parameters):
    X, y = noisy(60, 0)
    model = unsure(**parameters)
    with pytest.raises(ValueError, match="members that hold out different rows"):
        model.fit(X, y)
    assert not hasattr(model, "parameters_")
    with pytest.raises(ValueError, match="no X_val"):
        unsure().fit(X, y, X_val=X, y_val=y)


def test_what_follows_knows_of_it():
    X, y = noisy(300, 3)
    model = unsure(n_background=20).fit(X, y)
    assert model.temperature_ != 1.0
    explained = model.explain(X[:5], n_permutations=2)
    probability = model.predict_proba(X[:5])[:, 1]
    assert_allclose(
        explained.values.sum(axis=1) + explained.base_values,
        np.log(probability) - np.log1p(-probability),
        rtol=1e-5,
    )
    copied = pickle.loads(pickle.dumps(model))
    assert_array_equal(copied.predict_proba(X), model.predict_proba(X))
    distilled = model.distil(X)
    assert not hasattr(distilled, "temperature_")
    # The student has learned what is predicted, not what members say.
    gap = np.abs(distilled.predict_proba(X) - model.predict_proba(X)).mean()
    plain = unsure(calibrate=None).fit(X, y)
    assert gap < np.abs(distilled.predict_proba(X) - plain.predict_proba(X)).mean()


def test_searches_leave_it_to_fit():
    X, y = noisy(150, 0)
    model = unsure(max_iter=3)
    search = StackedGridSearchCV(model, {"max_iter": [2, 3]}, cv=2).fit(X, y)
    assert search.best_estimator_.calibration_["n_rows"] == 150
    assert "its calibrate takes further fits" in str(search.stacking_report_["alone"])
