"""``monotonic_cst`` holds for whoever predicts, and is refused where it cannot."""

import pickle

import numpy as np
import pandas as pd
import pytest
from helpers.passengers import KINDS, outputs, quick, target_of, titanic
from numpy.testing import assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import HistGradientBoostingRegressor

from sknumpynet import StackedGridSearchCV, TabularMLPClassifier, TabularMLPRegressor
from sknumpynet.core.architectures import TableShape

# Passengers have names.
pytestmark = pytest.mark.filterwarnings("ignore:nearly all levels have a single row")

# What encodes numbers and reads outputs rounds: so much of the range of predictions.
ROUNDING = 1e-6
CONSTRAINTS = {"age": -1, "fare": 1, "sibsp": 1}


def frame_with_gaps():
    """Return passengers with numbers that are missing, text of free form, dates and codes."""
    frame, _ = titanic()
    day = pd.date_range("2020-01-01", periods=len(frame))
    return frame.assign(day=day, hours=pd.to_timedelta(np.arange(len(frame)) % 7, unit="h"))


def against(frame):
    """Return a target that goes against every constraint, so that they all bind."""
    age = frame.age.fillna(frame.age.median())
    return np.asarray(age - 10 * np.log(frame.fare) - 8 * frame.sibsp, float)


def fitted(kind, X, y, **parameters):
    labels = y > np.median(y) if kind is TabularMLPClassifier else y
    return quick(kind, **parameters).fit(X, labels)


def largest_step_back(model, frame, constraints, predict=None):
    """Return how far predictions go the wrong way at most, as a part of their range."""
    worst, rows = 0.0, frame.iloc[::12]
    for column, sign in constraints.items():
        known = frame[column].dropna().astype(float)
        spread = known.max() - known.min()
        grid = np.linspace(known.min() - spread, known.max() + spread, 401)
        grid = np.unique(np.r_[grid, known, np.nextafter(known, np.inf)])
        many = rows.loc[rows.index.repeat(len(grid))].copy()
        many[column] = np.tile(grid, len(rows))
        predicted = (predict or outputs)(model, many)
        if predicted.ndim == 2 and is_classifier(model):
            predicted = predicted[:, 1]
        predicted = predicted.reshape(len(rows), len(grid), -1)
        back = np.diff(predicted, axis=1) * -sign
        worst = max(worst, back.max() / max(np.ptp(predicted), 1e-300))
    return worst


VARIANTS = {
    "": {},
    "linear": {"hidden_layer_sizes": ()},
    "dropout": {"dropout": 0.3},
    "three members": {"n_members": 3},
    "bootstrap": {"resample": "bootstrap"},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", KINDS)
def test_predictions_go_the_way_that_is_asked_for(kind, variant):
    frame = frame_with_gaps()
    parameters = VARIANTS[variant]
    model = fitted(kind, frame, against(frame), monotonic_cst=CONSTRAINTS, **parameters)
    assert largest_step_back(model, frame, CONSTRAINTS) <= ROUNDING
    if not variant:
        free = fitted(kind, frame, against(frame))
        assert largest_step_back(free, frame, CONSTRAINTS) > 1_000 * ROUNDING


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile", "poisson", "gamma"])
def test_for_every_loss(loss):
    frame = frame_with_gaps()
    y = against(frame)
    levels = {"quantile": [0.1, 0.9]} if loss == "quantile" else {}
    model = quick(TabularMLPRegressor, loss=loss, monotonic_cst=CONSTRAINTS, **levels)
    model.fit(frame, y - y.min() + 1)
    assert largest_step_back(model, frame, CONSTRAINTS) <= ROUNDING


def test_for_every_target():
    frame = frame_with_gaps()
    y = np.stack([against(frame), np.arange(len(frame))], axis=1)
    model = quick(TabularMLPRegressor, monotonic_cst=CONSTRAINTS).fit(frame, y)
    assert largest_step_back(model, frame, CONSTRAINTS) <= ROUNDING


@pytest.mark.parametrize("kind", KINDS)
def test_members_the_distilled_and_the_loaded_keep_it(kind):
    frame = frame_with_gaps()
    model = fitted(kind, frame, against(frame), monotonic_cst=CONSTRAINTS)
    distilled = model.distil(frame)
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(outputs(loaded, frame), outputs(model, frame))
    for own in (distilled, loaded):
        assert largest_step_back(own, frame, CONSTRAINTS) <= ROUNDING
    for k in range(2):

        def of_member(model, X, k=k):
            return model.predict_members(X)[k].reshape(len(X), -1)[:, -1]

        assert largest_step_back(model, frame, CONSTRAINTS, of_member) <= ROUNDING


def test_a_candidate_of_a_search_keeps_it():
    frame = frame_with_gaps()
    grid = {"monotonic_cst": [None, CONSTRAINTS], "learning_rate_init": [0.05]}
    search = StackedGridSearchCV(quick(TabularMLPRegressor, n_members=2), grid, cv=2, refit=False)
    search.fit(frame, against(frame))
    free, bound = search.cv_results_["mean_test_score"]
    assert free > bound
    model = clone(search.estimator).set_params(monotonic_cst=CONSTRAINTS).fit(frame, against(frame))
    assert largest_step_back(model, frame, CONSTRAINTS) <= ROUNDING


def test_names_and_places_say_the_same():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    places = [{"bmi": 1, "s3": -1}.get(column, 0) for column in X]
    by_name, by_place, in_array = (
        quick(TabularMLPRegressor, monotonic_cst=own).fit(rows, y)
        for own, rows in (({"bmi": 1, "s3": -1}, X), (places, X), (np.array(places), X.to_numpy()))
    )
    assert_array_equal(by_name.predict(X), by_place.predict(X))
    assert_array_equal(by_name.predict(X), in_array.predict(X.to_numpy()))
    directions = TableShape.from_plain(by_name._shapes[0]).directions
    assert directions == tuple(places) * 2


@pytest.mark.parametrize("nothing", [{}, {"bmi": 0}, [0] * 10])
def test_no_constraint_is_none(nothing):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    free, own = (quick(TabularMLPRegressor, monotonic_cst=own).fit(X, y) for own in (None, nothing))
    assert_array_equal(own.predict(X), free.predict(X))


def test_it_costs_little_where_it_is_true():
    """Against histogram boosting under the same constraints."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    own = {"bmi": 1, "bp": 1, "s5": 1}
    model = TabularMLPRegressor("fast", monotonic_cst=own, random_state=0).fit(X[::2], y[::2])
    trees = HistGradientBoostingRegressor(monotonic_cst=own, max_iter=50).fit(X[::2], y[::2])
    assert model.score(X[1::2], y[1::2]) > trees.score(X[1::2], y[1::2])


def test_hundreds_of_columns_have_no_ranks_and_all_are_seen():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 600))
    constraints = np.zeros(600, int)
    constraints[[0, 599]] = 1, -1
    model = quick(TabularMLPRegressor, n_members=2, monotonic_cst=constraints)
    model.fit(X, -X[:, 0] + X[:, 599])
    assert model.member_columns_.all()
    frame = pd.DataFrame(X)
    frame.columns = range(600)
    predict = largest_step_back(model, frame, {0: 1, 599: -1}, lambda m, X: m.predict(X.to_numpy()))
    assert predict <= ROUNDING


FRAME = frame_with_gaps()
# Constraints, and words of the error.
REFUSED = {
    "a category": ({"sex": 1}, "not for categories, .* got 1 for column 'sex'"),
    "a flag": ({"adult": -1}, "got -1 for column 'adult'"),
    "a date": ({"day": 1}, "got 1 for column 'day'"),
    "one level": ({"ship": 1}, "got 1 for column 'ship'"),
    "several": ({"sex": 1, "age": 1, "cabin": 1}, "1 for column 'sex', 1 for column 'cabin'"),
    "no such column": ({"Age": 1}, r"unexpected feature names: \['Age'\]"),
    "no such value": ({"age": 2}, r"monotonic_cst\['age'\] must be either -1, 0 or 1. Got 2"),
    "values": ([3] * 14, r"Observed values: \[3\]"),
    "too few": ([1, 0], r"has shape \(2,\) but the input data X has 14 features"),
    "a word": ("increasing", "'monotonic_cst' parameter"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("kind", KINDS)
def test_refused(kind, name):
    constraints, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        quick(kind, monotonic_cst=constraints).fit(FRAME, target_of(kind))


def test_a_duration_and_a_constant_are_numbers():
    frame = FRAME.assign(seven=7.0)
    model = fitted(
        TabularMLPRegressor, frame, against(frame), monotonic_cst={"hours": 1, "seven": 1}
    )
    assert np.isfinite(model.predict(frame)).all()


def test_names_need_names():
    X, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="not fitted on data with feature names"):
        quick(TabularMLPRegressor, monotonic_cst={"x0": 1}).fit(X, y)


def test_classes_are_two():
    X, y = load_iris(return_X_y=True)
    model = quick(TabularMLPClassifier, monotonic_cst=[1, 0, 0, 0])
    with pytest.raises(ValueError, match="multiclass and multilabel classification, got 3 classes"):
        model.fit(X, y)
    with pytest.raises(ValueError, match="got 2 classes or labels"):
        model.fit(X, np.stack([y == 0, y == 1], axis=1).astype(int))
