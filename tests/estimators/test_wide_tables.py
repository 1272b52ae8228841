"""Tables of more columns than a network takes: each member sees a part of them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from helpers.passengers import KINDS, outputs, quick
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, KFold

from sknumpynet import StackedGridSearchCV, TabularMLPClassifier, TabularMLPRegressor
from sknumpynet.estimators import inputs, network_specs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def narrow_limits(monkeypatch):
    """Make 17 numbers a wide table: a network sees 5 of them without ranks."""
    monkeypatch.setattr(network_specs, "MOST_INPUTS", 20)
    monkeypatch.setattr(inputs, "MOST_RANKED", 5)


def table(n_columns=17, n_rows=90, informative=11):
    X = np.random.default_rng(0).normal(size=(n_rows, n_columns))
    return X, (X[:, informative] > 0).astype(int)


def mixed_frame(n_rows=120):
    """Numbers, some of them missing, flags, levels, and two columns of codes."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"number {k}": rng.normal(size=n_rows) for k in range(9)})
    frame["number 3"] = frame["number 3"].where(rng.random(n_rows) < 0.8)
    for k in range(4):
        frame[f"level {k}"] = rng.choice(["a", "b", "c"], n_rows)
    for k in range(2):
        frame[f"code {k}"] = rng.choice([f"city {i}" for i in range(12)], n_rows)
    frame["same"] = 1.0
    return frame, (frame["number 5"] > 0).astype(int).to_numpy()


def test_one_informative_column_among_ten_thousand():
    X, y = table(10_000, 500, informative=1_234)
    model = TabularMLPClassifier("fast", random_state=0).fit(X[:300], y[:300])
    seen = model.member_columns_
    assert seen.shape == (5, 10_000)
    assert seen[:, 1_234].all()
    assert (seen.sum(axis=1) == 500).all()
    assert model.score(X[300:], y[300:]) > 0.85
    assert model.parameters_.shape[1] < 200_000
    # Intervals go by two networks more of each member.
    assert len(pickle.dumps(model)) < 3 * 10e6
    small = model.set_params(conformal=False, max_iter=1).fit(X[:300], y[:300])
    assert len(pickle.dumps(small)) < 10e6


def test_noise_is_not_mistaken_for_knowledge():
    X, y = table(3_000, 200)
    y = np.random.default_rng(1).permutation(y)
    model = TabularMLPClassifier("fast", random_state=0).fit(X, y)
    # Columns were not chosen by the rows held out, of which a third more would be right.
    assert abs(model.oof_score_ - 0.5) < 0.12


@pytest.mark.parametrize("kind", KINDS)
def test_members_see_parts_and_all_columns_are_seen(kind, narrow_limits):
    X, y = table()
    model = quick(kind, n_members=8).fit(X, y)
    seen = model.member_columns_
    assert seen.dtype == bool
    assert (seen.sum(axis=1) == 5).all()
    assert seen[:, 11].all()
    assert seen.any(axis=0).all()
    assert not model.preprocessor_.get_feature_names_out().tolist()[-1].endswith("_rank")


def test_rows_held_out_have_no_say_in_a_members_columns(narrow_limits):
    X, y = table(n_columns=200)
    folds = KFold(5, shuffle=True, random_state=0)
    model = quick(TabularMLPClassifier, resample=folds).fit(X, y)
    for k, (_, held_out) in enumerate(folds.split(X)):
        other = y.copy()
        other[held_out] = 1 - other[held_out]
        again = quick(TabularMLPClassifier, resample=folds).fit(X, other)
        is_same = (again.member_columns_ == model.member_columns_).all(axis=1)
        assert is_same[k]
        assert not is_same.all()


@pytest.mark.parametrize("resample", [None, "bootstrap"])
def test_columns_without_folds(resample, narrow_limits):
    X, y = table()
    model = quick(TabularMLPClassifier, resample=resample).fit(X, y)
    assert model.member_columns_[:, 11].all()
    validated = quick(TabularMLPClassifier, resample=resample).fit(X, y, X_val=X[:9], y_val=y[:9])
    assert validated.member_columns_[:, 11].all()


def test_a_mixed_frame(narrow_limits):
    X, y = mixed_frame()
    model = quick(TabularMLPClassifier, n_members=7).fit(X, y)
    seen = pd.DataFrame(model.member_columns_, columns=model.feature_names_in_)
    assert seen[["code 0", "code 1"]].all(axis=None)  # codes are seen by all
    assert not seen["same"].any()
    assert 1 <= seen.filter(like="number").sum(axis=1).max() < 9
    assert outputs(model, X).shape == (120, 2)


def test_members_see_all_of_a_narrow_table():
    X, y = mixed_frame()
    model = quick(TabularMLPClassifier, n_members=2).fit(X, y)
    assert model.member_columns_.all(axis=0).tolist() == [name != "same" for name in X]
    assert all("kinds" not in shape for shape in model._shapes)
    with pytest.raises(NotFittedError):
        TabularMLPClassifier().member_columns_  # noqa: B018


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_predicts_the_same_and_rows_do_not_depend_on_their_neighbours(kind, narrow_limits):
    X, y = mixed_frame()
    model = quick(kind).fit(X, y)
    expected = outputs(model, X)
    assert_array_equal(outputs(pickle.loads(pickle.dumps(model)), X), expected)
    assert_allclose(outputs(model, X.iloc[7:20]), expected[7:20], rtol=1e-13)


def test_workers_give_the_same(narrow_limits):
    X, y = table()
    one, two = (quick(TabularMLPClassifier, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2))
    assert_array_equal(one.parameters_, two.parameters_)


@pytest.mark.parametrize("scoring", ["loss", "accuracy"])
def test_what_an_epoch_is_chosen_by_is_what_the_member_predicts(scoring, narrow_limits):
    X, y = table()
    model = quick(TabularMLPClassifier, scoring=scoring).fit(
        X[:60], y[:60], X_val=X[60:], y_val=y[60:]
    )
    proba = model.predict_members(X[60:])
    for k in range(5):
        score = -log_loss(y[60:], proba[k])
        if scoring == "accuracy":
            score = (proba[k].argmax(axis=1) == y[60:]).mean()
        assert_allclose(model.best_validation_score_[k], score, rtol=1e-5)


def test_a_search_stacks_them(narrow_limits):
    X, y = table()
    grid = {"weight_decay": [0.0, 0.1]}
    ours, theirs = (
        search(quick(TabularMLPRegressor), grid, cv=2).fit(X, y)
        for search in (StackedGridSearchCV, GridSearchCV)
    )
    assert_allclose(ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"])
    assert ours.stacking_report_["stacks"][0]["n_networks"] > 1


def test_weights_count_as_rows_and_rows_of_weight_0_not_at_all(narrow_limits):
    X, y = table()
    weight = np.ones(len(X))
    weight[::3] = 0
    weighted = quick(TabularMLPClassifier).fit(X, y, sample_weight=weight)
    left = quick(TabularMLPClassifier).fit(X[weight > 0], y[weight > 0])
    assert_array_equal(weighted.member_columns_, left.member_columns_)
