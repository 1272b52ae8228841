"""What scorers are given, and what judges where they cannot."""

import copy
import pickle
import re
import warnings
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.metrics import (
    accuracy_score,
    cohen_kappa_score,
    f1_score,
    fbeta_score,
    log_loss,
    make_scorer,
    max_error,
    roc_auc_score,
    top_k_accuracy_score,
)
from sklearn.model_selection import GridSearchCV

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedGridSearchCV,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpynet.estimators.fitting import encode, make_fit
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.training.ensemble import prepare_ensemble
from sknumpynet.utils.scorers import described

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

# Estimators that hold rows out in every way ------------------------------------------------------

SETTINGS = {
    "table": (TabularMLPClassifier, {"preset": "fast"}),
    "table of numbers": (TabularMLPRegressor, {"preset": "fast"}),
    "one table": (TabularMLPClassifier, {"preset": "fast", "n_members": 1, "resample": None}),
    "drop-in": (NumpyMLPClassifier, {"early_stopping": True}),
    "drop-in of numbers": (NumpyMLPRegressor, {"early_stopping": True}),
    "single": (NumpyMLPClassifier, {"early_stopping": True, "dtype": "float32"}),
    "folds": (
        NumpyMLPClassifier,
        {"early_stopping": True, "n_members": 4, "resample": "folds", "solver": "adamw"},
    ),
    "lbfgs": (NumpyMLPClassifier, {"solver": "lbfgs"}),
}


def described_without_address(own):
    """Return a name that is the same in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(own))


def make(setting, **parameters):
    kind, own = SETTINGS[setting]
    common = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}
    return kind(**(common | own | parameters))


N_ROWS = 90


def numbers():
    X = np.random.default_rng(0).normal(size=(N_ROWS, 3))
    X[:, 0] = np.arange(N_ROWS) / N_ROWS  # which tells the rows apart
    return X, (X[:, 1] + X[:, 2] > 0).astype(int)


CONTAINERS = {
    "float64": lambda X: X,
    "float32": lambda X: X.astype(np.float32),
    "fortran": np.asfortranarray,
    "objects": lambda X: X.astype(object),
    "list": lambda X: X.tolist(),
    "csr": sp.csr_array,
    "csc": sp.csc_array,
    "coo": sp.coo_array,
    "pandas": lambda X: pd.DataFrame(X, columns=list("abc"), index=np.arange(len(X)) + 1000),
    "pandas without names": pd.DataFrame,
    "nullable": lambda X: pd.DataFrame(X, columns=list("abc")).convert_dtypes(),
    "polars": lambda X: pl.DataFrame(X, schema=list("abc")),
    "arrow": lambda X: pytest.importorskip("pyarrow").table(dict(zip("abc", X.T, strict=True))),
}


def contained(container, X):
    return CONTAINERS[container](X)


def skip_what_is_not_taken(setting, container):
    if "table" in setting and container in ("csr", "csc", "coo"):
        pytest.skip("no sparse tables")
    if "table" in setting and container == "arrow":
        pytest.importorskip("pyarrow")


def dense(rows):
    rows = rows.toarray() if sp.issparse(rows) else rows
    rows = rows.to_pandas() if hasattr(rows, "schema") and hasattr(rows, "to_pandas") else rows
    return np.asarray(rows, dtype=float)


def outputs(model, X):
    return getattr(model, "predict_proba", model.predict)(X)


class Recorder:
    """A scorer that keeps what it is given."""

    def __init__(self):
        self.rows, self.targets, self.views = [], [], []

    def __call__(self, view, X, y):
        self.rows.append(X)
        self.targets.append(y)
        self.views.append(view)
        return view.score(X, y)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("setting", ["table", "one table", "folds", "single", "lbfgs"])
@pytest.mark.parametrize("from_outside", [False, True], ids=["held out", "X_val"])
def test_rows_are_those_that_were_given(setting, container, from_outside):
    skip_what_is_not_taken(setting, container)
    if setting == "lbfgs" and not from_outside:
        pytest.skip("holds nothing out")
    X, y = numbers()
    given = contained(container, X)
    scorer = Recorder()
    validation = {"X_val": given, "y_val": y} if from_outside else {}
    make(setting, scoring=scorer).fit(given, y, **validation)
    lookup = dict(zip(np.float32(X[:, 0]), y, strict=True))
    assert scorer.rows
    for rows, targets in zip(scorer.rows, scorer.targets, strict=True):
        if not sp.issparse(given):
            assert type(rows) is type(given)
        if container == "pandas":
            assert rows.columns.tolist() == list("abc")
            assert (rows.index >= 1000).all()
        values = np.float32(dense(rows))
        assert [lookup[first] for first in values[:, 0]] == targets.tolist()
        if from_outside:
            assert_array_equal(values, np.float32(X))
    if setting == "folds" and not from_outside:
        firsts = {value for rows in scorer.rows for value in np.float32(dense(rows))[:, 0]}
        assert firsts == set(np.float32(X[:, 0]))


def cut(rows, places):
    if sp.issparse(rows):
        return rows[places]
    if hasattr(rows, "iloc"):
        return rows.iloc[places]
    if hasattr(rows, "take"):
        return rows.take(places) if hasattr(rows, "schema") else rows[places]
    return [rows[place] for place in places] if isinstance(rows, list) else rows[places]


def predicts_anything(view, X, y):
    whole = outputs(view, X)
    assert_allclose(outputs(view, copy.deepcopy(X)), whole, rtol=1e-6)
    order = np.random.default_rng(0).permutation(len(y))
    assert_allclose(outputs(view, cut(X, order)), whole[order], rtol=1e-5)
    assert_allclose(outputs(view, cut(X, order[:1])), whole[order[:1]], rtol=1e-5)
    for again in (copy.copy(view), copy.deepcopy(view), pickle.loads(pickle.dumps(view))):
        assert type(again) is type(view)
        assert_allclose(outputs(again, X), whole, rtol=1e-5)
        assert again.predict_members(cut(X, order[:2])).shape[:2] == (1, 2)
    return whole.mean()


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("setting", ["table", "table of numbers", "folds", "single"])
def test_a_view_predicts_whatever_is_made_of_the_rows(setting, container):
    skip_what_is_not_taken(setting, container)
    X, y = numbers()
    make(setting, scoring=predicts_anything).fit(contained(container, X), y)


@pytest.mark.parametrize("setting", ["table", "one table", "folds", "drop-in"])
@pytest.mark.parametrize(
    "predicted",
    [
        lambda view, X: view.predict(X.copy()),
        lambda view, X: view.predict(X[:]),
        lambda view, X: np.concatenate([view.predict(X[:1]), view.predict(X[1:])]),
        lambda view, X: view.predict(X[::-1])[::-1],
        lambda view, X: copy.deepcopy(view).predict(X),
        lambda view, X: pickle.loads(pickle.dumps(view.set_params(scoring="accuracy"))).predict(X),
    ],
    ids=["copy", "slice", "parts", "reversed", "deepcopy", "pickle"],
)
def test_scores_are_those_of_the_rows_as_they_are(setting, predicted):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (N_ROWS, 2)).astype(float)
    y = (X[:, 0] != X[:, 1]).astype(int)
    own, usual = (
        make(setting, scoring=scoring, max_iter=8).fit(X, y).validation_scores_
        for scoring in (lambda view, X, y: np.mean(predicted(view, X) == y), "accuracy")
    )
    assert own == usual


@pytest.mark.parametrize("container", ["float64", "objects", "pandas", "list", "polars"])
@pytest.mark.parametrize("setting", ["table", "folds"])
@pytest.mark.parametrize("from_outside", [False, True], ids=["held out", "X_val"])
def test_what_a_scorer_changes_is_there_again(setting, container, from_outside):
    X, y = numbers()
    given = contained(container, X)
    validation = {"X_val": given, "y_val": y.copy()} if from_outside else {}

    def changed(view, X, y):
        if container == "pandas":
            X["b"] = 10 * X["b"]
        elif container == "polars":
            X.replace_column(1, 10 * X["b"])
        elif container == "list":
            for row in X:
                row[1] *= 10
        else:
            X[:, 1] *= 10
        y[:] = 1 - y
        return outputs(view, X)[:, 0].sum() + y.sum()

    def expected(view, X, y):
        factors = np.array([1, 10, 1])
        rows = contained(container, dense(X) * factors)
        return outputs(view, rows)[:, 0].sum() + (1 - y).sum()

    scores = [
        make(setting, scoring=scoring).fit(given, y, **validation).validation_scores_
        for scoring in (changed, expected)
    ]
    assert_allclose(*scores, rtol=1e-6)
    assert_array_equal(dense(given), X)
    assert_array_equal(y, numbers()[1])


@pytest.mark.parametrize("container", ["float64", "objects", "pandas", "nullable", "polars"])
def test_the_usual_scorer_does_not_encode_in_every_epoch(container, monkeypatch):
    calls = []
    transform = TabularPreprocessor.transform

    def counted(self, X):
        calls.append(X)
        return transform(self, X)

    X, y = numbers()
    X[::7, 1] = np.nan
    monkeypatch.setattr(TabularPreprocessor, "transform", counted)
    make("table", scoring="roc_auc", max_iter=4).fit(contained(container, X), y)
    assert calls == []  # fit_transform has encoded them


@pytest.mark.parametrize("weighted", [False, True])
def test_members_with_the_same_rows_try_a_scorer_once(weighted):
    X, y = numbers()
    weight = np.arange(30) % 3.0 if weighted else None
    calls = []

    def counted(view, X, y, sample_weight=None):
        calls.append(len(y))
        return view.score(X, y, sample_weight)

    model = make("drop-in", n_members=4, scoring=counted)
    model.fit(X[30:], y[30:], X_val=X[:30], y_val=y[:30], sample_weight_val=weight)
    assert calls == [20 if weighted else 30] * (1 + 4 * 3)


def test_a_copy_of_a_view_is_a_plain_estimator():
    X, y = numbers()
    scorer = Recorder()
    model = make("table", scoring=scorer).fit(X, y)
    for again in (copy.copy(scorer.views[-1]), copy.deepcopy(scorer.views[-1])):
        assert set(vars(again)) < set(vars(model))


@pytest.mark.parametrize("setting", ["table", "folds"])
@pytest.mark.parametrize("in_fit", [True, False], ids=["names in fit", "no names in fit"])
def test_names_that_are_only_on_one_side_are_spoken_of_once(setting, in_fit):
    X, y = numbers()
    named = pd.DataFrame(X, columns=list("abc"))
    fitted, judged = (named, X) if in_fit else (X, named)

    def cuts(view, X, y):
        return (view.predict(X) == y).mean() + (view.predict(X[3:]) == y[3:]).mean()

    with warnings.catch_warnings(record=True) as log:
        warnings.simplefilter("always", UserWarning)
        make(setting, scoring=cuts, resample=None).fit(fitted, y, X_val=judged, y_val=y)
    assert len([entry for entry in log if "feature names" in str(entry.message)]) == 1


def test_levels_that_are_not_known_are_spoken_of_once():
    X, y = numbers()
    levels = np.arange(N_ROWS) % 3
    frame = pd.DataFrame({"a": X[:, 0], "b": pd.Categorical(levels)})
    other = frame.assign(b=pd.Categorical(levels.astype(float).astype(str)))

    def cuts(view, X, y):
        return (view.predict(X[3:]) == y[3:]).mean()

    with pytest.warns(UserWarning, match="column 'b' have levels that fit did not learn") as log:
        make("table", scoring=cuts).fit(frame, y, X_val=other, y_val=y)
    assert len(log) == 1


@pytest.mark.parametrize("setting", ["table", "folds"])
def test_feature_names_are_those_of_the_frame(setting):
    X, y = numbers()
    frame = pd.DataFrame(X, columns=list("abc"))

    def names(view, X, y):
        assert view.feature_names_in_.tolist() == X.columns.tolist()
        with pytest.raises(ValueError, match="feature names"):
            view.predict(X[["b", "a", "c"]])
        return view.predict(X).mean()

    make(setting, scoring=names).fit(frame, y)


def on_frame(view, X, y):
    return (view.predict(X.loc[X.index]) == y).mean() + X["a"].mean()


@pytest.mark.parametrize("setting", ["table", "folds"])
def test_scorers_of_frames_in_worker_processes(setting):
    joblib = pytest.importorskip("joblib")
    X, y = numbers()
    frame = pd.DataFrame(X, columns=list("abc"))
    here = make(setting, scoring=on_frame).fit(frame, y)
    own = {"n_jobs": 2} if setting == "table" else {}
    with joblib.parallel_config(n_jobs=2):
        there = make(setting, scoring=on_frame, **own).fit(frame, y)
    assert here.validation_scores_ == there.validation_scores_


@pytest.mark.parametrize("scoring", [None, "loss", "accuracy", on_frame])
def test_rows_are_kept_only_for_a_scorer(scoring):
    X, y = numbers()
    frame = pd.DataFrame(X, columns=list("abc"))
    for validation in [None, GivenRows(frame, y)]:
        model = make("folds", scoring=scoring)
        encoded = encode(model, GivenRows(frame, y), validation)
        for run in prepare_ensemble(make_fit(model, encoded).task).runs:
            given = run.member.validate.validation.given
            assert (given is None) == (scoring in (None, "loss"))


def test_a_search_hands_scorers_what_scikit_learn_does():
    X, y = numbers()
    frame = pd.DataFrame(X, columns=list("abc"))
    grid = {"learning_rate_init": [0.01, 0.1]}
    scores = [
        search(make("table", scoring=on_frame, n_jobs=1), grid, cv=2)
        .fit(frame, y)
        .best_estimator_.validation_scores_
        for search in (GridSearchCV, StackedGridSearchCV)
    ]
    assert_allclose(*scores, rtol=1e-6)


# Classes that are missing from the rows held out -------------------------------------------------


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


# Weights -----------------------------------------------------------------------------------------

seen = []


def without(view, X, y):
    return view.score(X, y)


def by_name(view, X, y, sample_weight=None):
    seen.append(sample_weight)
    return view.score(X, y, sample_weight)


def required(view, X, y, *, sample_weight):
    return by_name(view, X, y, sample_weight)


def anything(view, X, y, **params):
    return by_name(view, X, y, **params)


class Own:
    """A scorer that is an object."""

    def __call__(self, view, X, y):
        return view.score(X, y)


def unweighted_metric(y_true, y_pred):
    return accuracy_score(y_true, y_pred)


@pytest.mark.parametrize(
    ("scoring", "takes"),
    [
        (without, False),
        (Own(), False),
        (partial(without), False),
        (make_scorer(unweighted_metric), False),
        (by_name, True),
        (required, True),
        (anything, True),
        (partial(by_name), True),
        (make_scorer(accuracy_score), True),
        ("accuracy", True),
    ],
    ids=described_without_address,
)
@pytest.mark.parametrize("setting", ["table", "folds", "drop-in"])
def test_weights_go_to_what_takes_them(setting, scoring, takes):
    X, y = numbers()
    weight = np.random.default_rng(0).uniform(0.1, 2, N_ROWS)
    seen.clear()
    own, weighted, unweighted = (
        make(setting, scoring=own, max_iter=6).fit(X, y, sample_weight=weight).validation_scores_
        for own in (scoring, by_name, without)
    )
    assert own == (weighted if takes else unweighted)
    assert weighted != unweighted
    assert all(own is not None for own in seen)


def test_metrics_without_weights():
    X, y = numbers()
    scoring = make_scorer(max_error, greater_is_better=False)
    model = make("table of numbers", scoring=scoring)
    model.fit(X, X[:, 1], sample_weight=np.linspace(0.1, 2, N_ROWS))
    assert np.isfinite(model.validation_scores_).all()
    model = make("table", scoring=without, class_weight="balanced").fit(X, y)
    assert np.isfinite(model.validation_scores_).all()
