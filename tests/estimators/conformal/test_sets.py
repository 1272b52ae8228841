"""Sets of classes hold what they say, of rows that had no part in them."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from sknumpynet import NumpyMLPClassifier, TabularMLPClassifier
from sknumpynet.estimators.conformal.sets import scores_of_classes

pytestmark = pytest.mark.oldest

METHODS = ["adaptive", "least_ambiguous"]


def linear(n_members=6, **settings):
    """Return a classifier whose members are logistic regressions: no epoch is chosen."""
    return NumpyMLPClassifier(
        hidden_layer_sizes=(),
        solver="lbfgs",
        alpha=1e-3,
        n_members=n_members,
        random_state=0,
        **{"resample": "folds", **settings},
    )


def small(**settings):
    return TabularMLPClassifier(
        "fast",
        **{"max_iter": 6, "hidden_layer_sizes": (8,), "random_state": 0, "n_jobs": 1, **settings},
    )


def rows(n, rng, weights=(0.5, 0.3, 0.2)):
    """Return three classes that overlap."""
    y = rng.choice(3, n, p=weights)
    return rng.normal(size=(n, 2)) + np.array([[0, 0], [1.5, 0], [0, 1.5]])[y], y


def held(sets, y):
    return sets[np.arange(len(y)), y]


def test_about_as_many_labels_are_held_as_asked():
    parts = {(method, level): [] for method in METHODS for level in (0.8, 0.95)}
    for seed in range(100):
        rng = np.random.default_rng(seed)
        (X, y), (X_new, y_new) = rows(120, rng), rows(400, rng)
        model = linear().fit(X, y)
        for (method, level), own in parts.items():
            own.append(held(model.predict_set(X_new, level, method=method), y_new))
    for (method, level), own in parts.items():
        assert np.mean(own) > level - 0.01, (method, level)
        # Adaptive scores jump from one class to the next: a label on the way is held too.
        assert np.mean(own) < level + (0.03 if method == "least_ambiguous" else 0.08)


def test_randomized_sets_hold_no_more_than_asked():
    parts = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        (X, y), (X_new, y_new) = rows(120, rng), rows(400, rng)
        sets = linear().fit(X, y).predict_set(X_new, 0.8, randomized=True, random_state=seed)
        parts.append(held(sets, y_new))
    assert 0.79 < np.mean(parts) < 0.84


def test_rare_classes_are_held_as_often_if_that_is_asked():
    parts = {False: [], True: []}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X, y = rows(300, rng, weights=(0.8, 0.1, 0.1))
        X_new, y_new = rows(2_000, rng, weights=(0.8, 0.1, 0.1))
        model = linear().fit(X, y)
        for per_class, own in parts.items():
            sets = model.predict_set(X_new, 0.9, method="least_ambiguous", per_class=per_class)
            own.append([held(sets, y_new)[y_new == k].mean() for k in range(3)])
    assert np.mean(parts[False], axis=0)[1:].max() < 0.85
    assert np.mean(parts[True], axis=0).min() > 0.89


def test_epochs_that_rows_chose_do_not_make_sets_too_small():
    parts = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        (X, y), (X_new, y_new) = rows(60, rng), rows(400, rng)
        model = small(max_iter=16, hidden_layer_sizes=(64,), random_state=seed).fit(X, y)
        parts.append(held(model.predict_set(X_new, 0.8, method="least_ambiguous"), y_new))
    assert np.mean(parts) > 0.79


@pytest.mark.parametrize("method", METHODS)
def test_sets_are_those_of_the_paper(method):
    """Of logistic regressions on folds, written out as in its equation for folds."""
    rng = np.random.default_rng(0)
    (X, y), (X_new, _) = rows(90, rng), rows(30, rng)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    settings = {"max_iter": 5_000, "tol": 1e-9}
    model = linear(5, resample=folds, **settings).fit(X, y)
    n_lower = np.zeros((30, 3))
    for train, test in folds.split(X, y):
        member = LogisticRegression(C=1 / 1e-3, tol=1e-9, max_iter=5_000).fit(X[train], y[train])

        def badness(X, member=member):
            probabilities = member.predict_proba(X)
            if method == "least_ambiguous":
                return 1 - probabilities
            as_probable = probabilities[:, np.newaxis] >= probabilities[:, :, np.newaxis]
            return (as_probable * probabilities[:, np.newaxis]).sum(axis=2)

        for score in badness(X[test])[np.arange(len(test)), y[test]]:
            n_lower += score < badness(X_new)
    expected = n_lower < 0.8 * 91
    expected[np.arange(30), model.predict_proba(X_new).argmax(axis=1)] = True
    found = model.predict_set(X_new, 0.8, method=method)
    assert (found == expected).mean() > 0.97  # both are fitted to their tolerance


def test_adaptive_scores_are_sums_of_what_is_as_probable():
    probabilities = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]])
    expected = [[1.0, 0.5, 0.8], [0.8, 1.0, 0.8]]
    assert_allclose(scores_of_classes(probabilities, "adaptive"), expected)
    half = scores_of_classes(probabilities, "adaptive", np.array([0.5, 0.0]))
    assert_allclose(half, [[0.9, 0.25, 0.65], [0.4, 0.8, 0.4]])


@pytest.mark.parametrize("per_class", [False, True])
def test_sets_hold_the_prediction(per_class):
    X, y = load_iris(return_X_y=True)
    model = small().fit(X[::2], y[::2])
    sets = model.predict_set(X, 0.5, per_class=per_class)
    assert sets.shape == (150, 3)
    assert sets.dtype == bool
    assert held(sets, model.predict_proba(X).argmax(axis=1)).all()


def test_two_classes_and_text():
    X, y = make_classification(300, random_state=0)
    y = np.where(y, "yes", "no")
    model = small().fit(X[:200], y[:200])
    sets = model.predict_set(X[200:], 0.9)
    assert sets.shape == (100, 2)
    assert held(sets, np.searchsorted(model.classes_, y[200:])).mean() > 0.8


def test_classes_of_three_rows_are_in_every_set():
    rng = np.random.default_rng(0)
    X, y = rows(100, rng)
    y[y == 2] = 0
    y[:3] = 2
    model = small().fit(X, y)
    with pytest.warns(
        UserWarning, match=r"rows of classes \[2\] are too few for sets of level 0.8"
    ):
        sets = model.predict_set(X, 0.8, method="least_ambiguous", per_class=True)
    assert sets[:, 2].all()
    assert not sets[:, :2].all()


def test_sets_do_not_depend_on_other_rows_nor_workers():
    X, y = load_iris(return_X_y=True)
    model = small().fit(X[::2], y[::2])
    sets = model.predict_set(X)
    assert_array_equal(model.predict_set(X[7:8]), sets[7:8])
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_set(X), sets)
    assert_array_equal(small(n_jobs=2).fit(X[::2], y[::2]).predict_set(X), sets)


def test_several_labels_a_row_have_no_set():
    X, y = load_iris(return_X_y=True)
    model = small().fit(X, np.eye(3, dtype=int)[y] | np.eye(3, dtype=int)[0])
    with pytest.raises(ValueError, match="one label a row"):
        model.predict_set(X)


def test_what_sets_are_asked_is_checked():
    X, y = load_iris(return_X_y=True)
    model = linear(2).fit(X, y)
    with pytest.raises(ValueError, match="level must be one number for sets"):
        model.predict_set(X, [0.5, 0.9])
    with pytest.raises(ValueError, match=r"method must be one of \['adaptive', .*got 'naive'"):
        model.predict_set(X, method="naive")
    with pytest.raises(ValueError, match="no rows that had no part"):
        small(resample=None).fit(X, y).predict_set(X)
