"""What scorers are given: the rows as they were, with weights where they take these."""

import copy
import pickle
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers.scorers import (
    CONTAINERS,
    N_ROWS,
    Recorder,
    contained,
    dense,
    described_without_address,
    make,
    numbers,
    outputs,
    skip_what_is_not_taken,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score, make_scorer, max_error
from sklearn.model_selection import GridSearchCV

from sknumpynet import StackedGridSearchCV, TabularPreprocessor
from sknumpynet.estimators.fitting import encode, make_fit
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.training.ensemble import prepare_ensemble

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


HELD_OUT = ["table", "one table", "folds", "single"]  # L-BFGS holds nothing out


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("setting", "from_outside"),
    [(setting, False) for setting in HELD_OUT]
    + [(setting, True) for setting in [*HELD_OUT, "lbfgs"]],
)
def test_rows_are_those_that_were_given(setting, container, from_outside):
    skip_what_is_not_taken(setting, container)
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


@pytest.mark.usefixtures("workers_always_pay")
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
        for run in prepare_ensemble(make_fit(model, encoded).problem).runs:
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
