"""Classes that are missing from the rows held out, and scores that are no number."""

import re
import warnings
from functools import partial

import numpy as np
import pytest
from helpers.scorers import SETTINGS, described_without_address, make, numbers
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.metrics import (
    accuracy_score,
    cohen_kappa_score,
    f1_score,
    fbeta_score,
    log_loss,
    make_scorer,
    roc_auc_score,
    top_k_accuracy_score,
)
from sklearn.model_selection import GridSearchCV

from sknumpynet import StackedGridSearchCV
from sknumpynet.utils.scorers import described

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def with_a_rare_class(n_rare=3):
    """150 rows, of which a third class has fewer than there are folds."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3))
    y = (X[:, 0] > 0).astype(int)
    y[rng.choice(150, n_rare, replace=False)] = 2
    return X, y


def lists(model, name):
    """Return an attribute as a list for each member."""
    value = getattr(model, name)
    return value if np.ndim(model.n_iter_) else [value]


def are_by_loss(model):
    pairs = zip(
        lists(model, "validation_scores_"), lists(model, "validation_loss_curve_"), strict=True
    )
    return [scores == [-loss for loss in losses] for scores, losses in pairs]


def plain_log_loss(view, X, y):
    return -log_loss(y, view.predict_proba(X))


def plain_auc(view, X, y):
    return roc_auc_score(y, view.predict_proba(X), multi_class="ovr")


# Whether the scorer judges members whose rows lack a class, or the loss does.
OF_THREE_CLASSES = {
    "neg_log_loss": True,
    "d2_log_loss_score": True,
    "neg_brier_score": True,
    "top_k_accuracy": True,
    "roc_auc_ovo": True,
    "roc_auc_ovo_weighted": True,
    "roc_auc_ovr": False,
    "roc_auc_ovr_weighted": False,
    "average_precision": False,
    "accuracy": True,
    "f1_macro": True,
    "f1_weighted": True,
    "recall_macro": True,
    "precision_macro": True,
    "jaccard_macro": True,
    "matthews_corrcoef": True,
    plain_log_loss: False,
    plain_auc: False,
    make_scorer(cohen_kappa_score): True,
    make_scorer(partial(fbeta_score, beta=2, average="macro")): True,
    make_scorer(partial(roc_auc_score, multi_class="ovr"), response_method="predict_proba"): False,
    make_scorer(f1_score, average="macro", zero_division=0.5): True,
    make_scorer(top_k_accuracy_score, response_method="predict_proba", k=1): True,
}


def is_there(scoring):
    from sklearn.metrics import get_scorer_names

    return not isinstance(scoring, str) or scoring in get_scorer_names()


def fit_told(model, *args, **params):
    """Return a fitted model and what it warned of, but for what metrics say every epoch."""
    with warnings.catch_warnings(record=True) as log:
        warnings.simplefilter("always")
        model.fit(*args, **params)
    ours = ("scoring=", "Only one class", "divide", "No positive", "feature names", "epoch")
    messages = [str(entry.message) for entry in log if entry.category is not ConvergenceWarning]
    return model, [message for message in messages if any(own in message for own in ours)]


def members_of(message):
    found = re.findall(r"members \[([\d, ]+)\]", message)
    return sorted(int(k) for group in found for k in group.split(","))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scoring", OF_THREE_CLASSES, ids=described_without_address)
@pytest.mark.parametrize("setting", ["table", "folds"])
@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
def test_a_class_with_fewer_rows_than_folds(setting, scoring, weighted):
    if not is_there(scoring):
        pytest.skip("not in this scikit-learn")
    X, y = with_a_rare_class()
    weight = np.random.default_rng(1).uniform(0.5, 2, len(y)) if weighted else None
    model, messages = fit_told(make(setting, scoring=scoring), X, y, sample_weight=weight)
    by_loss = are_by_loss(model)
    assert all(np.isfinite(scores).all() for scores in model.validation_scores_)
    assert_array_equal(
        model.best_validation_score_, [max(scores) for scores in model.validation_scores_]
    )
    if OF_THREE_CLASSES[scoring]:
        assert messages == []
        assert scoring == "neg_log_loss" or not any(by_loss)
    else:
        (message,) = messages
        assert "classes [2]" in message
        assert f"scoring={described(scoring)}" in message
        told = members_of(message)
        assert 1 <= len(told) < len(by_loss)
        assert set(told) <= set(np.flatnonzero(by_loss))
        assert len(told) == sum(by_loss) or scoring is plain_log_loss
    if scoring == "neg_log_loss":
        losses = np.array(model.validation_loss_curve_)
        assert_allclose(model.validation_scores_, -losses, rtol=1e-5)
    known = ~np.isnan(model.oof_prediction_).any(axis=1)
    chosen = model.classes_[model.oof_prediction_[known].argmax(axis=1)]
    score = accuracy_score(
        y[known], chosen, sample_weight=None if weight is None else weight[known]
    )
    assert model.oof_score_ == pytest.approx(score)


@pytest.mark.parametrize("scoring", OF_THREE_CLASSES, ids=described_without_address)
@pytest.mark.parametrize("setting", ["table", "drop-in", "lbfgs"])
def test_given_rows_without_a_class(setting, scoring):
    if not is_there(scoring):
        pytest.skip("not in this scikit-learn")
    X, y = with_a_rare_class(30)
    there = y != 2
    model, messages = fit_told(
        make(setting, scoring=scoring, resample=None), X, y, X_val=X[there], y_val=y[there]
    )
    assert np.isfinite(np.concatenate(lists(model, "validation_scores_"))).all()
    if OF_THREE_CLASSES[scoring]:
        assert messages == []
    else:
        (message,) = messages
        assert "no row held out is of classes [2]" in message
        assert all(are_by_loss(model))


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("setting", ["table", "drop-in"])
def test_scores_with_labels_are_those_of_the_metric(setting, text):
    X, y = with_a_rare_class(30)
    there = y != 2
    y = np.array(["no", "yes", "perhaps"], dtype=object)[y] if text else y
    labels = np.unique(y)

    def f1(view, X, y):
        return f1_score(y, view.predict(X), labels=labels, average="macro", zero_division=0)

    def loss(view, X, y):
        return -log_loss(y, view.predict_proba(X), labels=labels)

    for expected, name in [(f1, "f1_macro"), (loss, "neg_log_loss")]:
        scores = [
            make(setting, scoring=scoring, max_iter=20)
            .fit(X, y, X_val=X[there], y_val=y[there])
            .validation_scores_
            for scoring in (name, expected)
        ]
        assert scores[0] == scores[1]


OF_TWO_CLASSES = {
    "roc_auc": False,
    "average_precision": False,
    "d2_brier_score": False,
    "neg_log_loss": True,
    "neg_brier_score": True,
    "accuracy": True,
    "f1": True,
    "recall": True,
    "precision": True,
}


@pytest.mark.parametrize("scoring", OF_TWO_CLASSES)
@pytest.mark.parametrize("setting", ["table", "one table", "folds", "drop-in"])
@pytest.mark.parametrize("rare", [0, 1])
@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
def test_rows_of_a_single_class(setting, scoring, rare):
    if not is_there(scoring):
        pytest.skip("not in this scikit-learn")
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = np.full(60, 1 - rare)
    y[:2] = rare
    validation = {}
    if setting in ("one table", "drop-in"):
        validation = {"X_val": X[2:], "y_val": y[2:]}
    model, messages = fit_told(make(setting, scoring=scoring), X, y, **validation)
    assert np.isfinite(np.concatenate(lists(model, "validation_scores_"))).all()
    if OF_TWO_CLASSES[scoring]:
        assert not any(scoring in message for message in messages)
    else:
        (message,) = messages
        assert f"classes [{rare}]" in message
        assert sum(are_by_loss(model)) >= 1


@pytest.mark.parametrize("scoring", ["roc_auc", "roc_auc_ovr", "f1_macro", "neg_log_loss"])
@pytest.mark.parametrize("setting", ["table", "folds"])
def test_labels_that_no_row_held_out_has(setting, scoring):
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = np.column_stack([X[:, 0] > 0, np.arange(60) < 2, X[:, 1] > 0]).astype(int)
    model, messages = fit_told(make(setting, scoring=scoring), X, y)
    assert np.isfinite(model.validation_scores_).all()
    if scoring.startswith("roc"):
        (message,) = messages
        assert "of labels [1]" in message
        assert members_of(message) == np.flatnonzero(are_by_loss(model)).tolist()
        assert any(are_by_loss(model))
    else:
        assert not any(f"scoring={scoring!r}" in message for message in messages)


def test_a_class_that_is_there_with_weight_zero_only():
    X, y = with_a_rare_class(30)
    weight = np.where(y == 2, 0.0, 1.0)
    for scoring in ("roc_auc_ovr", plain_auc):
        model, messages = fit_told(
            make("drop-in", scoring=scoring), X, y, X_val=X, y_val=y, sample_weight_val=weight
        )
        assert "classes [2]" in messages[0]
        assert are_by_loss(model) == [True]


@pytest.mark.parametrize("search", [GridSearchCV, StackedGridSearchCV])
@pytest.mark.parametrize("scoring", ["neg_log_loss", "roc_auc_ovr"])
def test_in_a_search(search, scoring):
    X, y = with_a_rare_class(4)
    grid = {"learning_rate_init": [0.01, 0.1]}
    model = search(make("table", scoring=scoring, n_jobs=1), grid, cv=2, error_score="raise")
    model, messages = fit_told(model, X, y)
    assert np.isfinite(model.cv_results_["mean_test_score"]).all()
    assert all(scoring in message for message in messages)
    # Two candidates on two splits, and the best on all rows.
    assert len(messages) == (5 if scoring == "roc_auc_ovr" else 0)
    if search is StackedGridSearchCV:
        assert model.stacking_report_["alone"] == []


def broken(view, X, y):
    raise TypeError("this scorer is broken")


def impossible(view, X, y):
    return view.no_such_method(X)


@pytest.mark.parametrize(
    ("scoring", "error", "message"),
    [
        (broken, TypeError, "this scorer is broken"),
        (impossible, AttributeError, "no_such_method"),
        ("nonsense", ValueError, "'nonsense'"),
        ("roc_auc", ValueError, "multi_class must be in"),
        ("f1", ValueError, "average='binary'"),
        (lambda view, X, y: "no number", TypeError, "must give a number .* got 'no number'"),
        (lambda view, X, y: None, TypeError, "must give a number .* got None"),
        (lambda view, X, y: np.zeros(3), TypeError, "must give a number .* got array"),
    ],
)
@pytest.mark.parametrize("n_rare", [3, 50])
@pytest.mark.parametrize("setting", ["table", "folds", "drop-in"])
@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
def test_a_scorer_that_cannot_work_is_an_error(setting, n_rare, scoring, error, message):
    X, y = with_a_rare_class(n_rare)
    validation = {}
    if setting == "drop-in":
        kept = y != (2 if n_rare == 3 else -1)
        validation = {"X_val": X[kept], "y_val": y[kept]}
    model = make(setting, scoring=scoring)
    with pytest.raises(error, match=message):
        model.fit(X, y, **validation)
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_score_that_is_no_number(setting, value):
    X, y = numbers()
    model = make(setting, scoring=lambda view, X, y: value)
    with pytest.warns(UndefinedMetricWarning, match=f"it gave {value}") as log:
        model.fit(X, y, X_val=X, y_val=y)
    assert len([entry for entry in log if entry.category is UndefinedMetricWarning]) == 1
    assert all(are_by_loss(model))


def test_a_single_row_has_no_r2():
    X = numbers()[0]
    model = make("table of numbers", scoring="r2", resample="folds")
    with warnings.catch_warnings(record=True) as log:
        warnings.simplefilter("always")
        model.fit(X[:5], X[:5, 1])
    ours = [str(entry.message) for entry in log if "scoring='r2'" in str(entry.message)]
    assert len(ours) == 1
    assert all(are_by_loss(model))


@pytest.mark.parametrize("setting", ["table", "folds"])
def test_epochs_are_never_chosen_by_a_score_that_is_no_number(setting):
    X, y = numbers()
    calls = []

    def sometimes(view, X, y):
        calls.append(view)
        score = view.score(X, y)
        return np.nan if len(calls) > 5 and len(calls) % 3 == 0 else score

    model, messages = fit_told(make(setting, scoring=sometimes, max_iter=9), X, y)
    assert len(messages) == 1
    assert "gave no number in some epochs of" in messages[0]
    assert any(are_by_loss(model))
    assert np.isfinite(np.array(model.validation_scores_)).all()
