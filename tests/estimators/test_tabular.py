"""Networks for tables: what each part is for, by a task that only it solves, and floors."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from helpers.passengers import KINDS, quick, score_of, target_of, titanic
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    load_wine,
    make_classification,
)
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import (
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpynet.core import architectures
from sknumpynet.core.architectures import TableShape, table_network
from sknumpynet.core.layers import Identity, Scale
from sknumpynet.estimators.targets import TargetUnit

# Passengers have names.
pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore:nearly all levels have a single row in column '(name|x1)'"),
]

# Each part has a task that only it solves --------------------------------------------------------


def test_numerical_embeddings_follow_a_high_frequency(monkeypatch):
    X = np.random.default_rng(0).uniform(-1, 1, (500, 1))
    y = np.sin(12 * X[:, 0])
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1)
    assert score_of(model, X, y) > 0.95
    monkeypatch.setattr(architectures, "_number_embedding", lambda shape: Identity(1))
    assert score_of(model, X, y) < 0.8


def test_ranks_tell_apart_what_distances_do_not(monkeypatch):
    exponent = np.random.default_rng(0).uniform(-12, 12, 500)
    X, y = 10 ** exponent[:, np.newaxis], np.sin(exponent / 2)
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1)
    assert score_of(model, X, y) > 0.95
    monkeypatch.setattr("sknumpynet.estimators.inputs.MOST_RANKED", False)
    assert score_of(model, X, y) < 0.6


def test_category_embeddings_tell_rare_levels_apart(monkeypatch):
    rng = np.random.default_rng(0)
    levels = rng.integers(100, size=1000)
    X = pd.DataFrame({"city": [f"city {level}" for level in levels]})
    y = rng.normal(size=100)[levels]
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1)
    # Of levels, statistics tell as much.
    monkeypatch.setattr(TabularPreprocessor, "_level_codes", lambda self: [])
    assert score_of(model, X, y) > 0.8
    monkeypatch.setattr(
        architectures, "CategoryEmbedding", lambda n_codes, _: Identity(len(n_codes))
    )
    assert score_of(model, X, y) < 0.4


def test_parts_of_dates_tell_what_elapsed_time_does_not():
    hours = np.random.default_rng(0).integers(2 * 366 * 24, size=(800, 1))
    X = np.datetime64("2023-01-02T00", "h") + hours  # a Monday
    y = np.where(hours[:, 0] // 24 % 7 >= 5, 1.0, 0.0) + (hours[:, 0] % 24 >= 18)
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1)
    assert score_of(model, X, y) > 0.9
    assert score_of(model, hours, y) < 0.1


def test_words_tell_what_levels_of_one_row_do_not():
    rng = np.random.default_rng(0)
    nouns = ["apples", "bread", "cheese", "milk", "onions", "rice", "sugar", "tea", "wine", "yeast"]
    notes = [" ".join(rng.choice(nouns, 6)) for _ in range(800)]
    assert len(set(notes)) > 790
    y = np.array([float("tea" in note) - ("milk" in note) for note in notes])
    X = np.array(notes, dtype=object)[:, np.newaxis]
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1)
    assert score_of(model, X, y) > 0.8
    as_levels = clone(model).set_params(column_kinds={0: "category"})
    assert score_of(as_levels, X, y) < 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_after_a_vectorizer_of_skrub(kind):
    skrub = pytest.importorskip("skrub")
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "note": [
                " ".join(rng.choice(["apples", "bread", "cheese", "milk", "onions", "tea"], 5))
                for _ in range(200)
            ],
            "when": pd.date_range("2024-01-01", periods=200),
            "town": rng.choice(["Aachen", "Bonn", None], 200),
            "size": np.where(rng.random(200) < 0.1, np.nan, rng.normal(size=200)),
        }
    )
    y = np.where(X["note"].str.contains("tea"), 1, 0)
    model = make_pipeline(skrub.TableVectorizer(), quick(kind, max_iter=16)).fit(X[:150], y[:150])
    assert model.score(X[150:], y[150:]) > 0.5
    names = model[-1].feature_names_in_.tolist()
    assert {"note_00", "when_day", "town_Bonn", "size"} <= {*names}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_columns_are_handed_on(kind):
    frame, _ = titanic()
    model = quick(kind, column_kinds={"pclass": "category"}).fit(frame, target_of(kind))
    is_categorical = dict(zip(frame, model.preprocessor_.is_categorical_, strict=True))
    assert is_categorical["pclass"]
    with pytest.raises(ValueError, match="got column_kinds=None"):
        model.distil(frame, column_kinds=None)
    with pytest.raises(ValueError, match="column_kinds has the name 'deck'"):
        quick(kind, column_kinds={"deck": "category"}).fit(frame, target_of(kind))


def test_smooth_clipping_bears_heavy_tails():
    rng = np.random.default_rng(0)
    X = rng.standard_cauchy((600, 2)) ** 3
    y = np.tanh(X[:, 0]) + np.tanh(X[:, 1])
    assert score_of(TabularMLPRegressor("fast", random_state=0), X, y) > 0.9
    # What a network makes of standardised columns, in which only the outliers differ.
    network = NumpyMLPRegressor(learning_rate="one_cycle", learning_rate_init=0.01, max_iter=50)
    assert score_of(make_pipeline(StandardScaler(), network.set_params(random_state=0)), X, y) < 0.6


def test_flags_tell_what_is_missing():
    X = np.random.default_rng(0).normal(size=(400, 2))
    missing = np.arange(400) % 3 == 0
    X[missing, 0] = np.nan
    assert score_of(TabularMLPClassifier("fast", random_state=0), X, missing) == 1.0


def test_the_scale_finds_the_column_that_counts(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 40))
    y = np.abs(X[:, 3])
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1)
    with_scale = score_of(model, X, y)
    monkeypatch.setattr(architectures, "Scale", lambda fan_in: Scale(fan_in, learning_rate=0.0))
    assert 1 - with_scale < 0.8 * (1 - score_of(model, X, y))


def test_the_best_epoch_is_kept_where_there_is_only_noise():
    losses = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(300, 8)), rng.integers(2, size=300)
        model = TabularMLPClassifier("fast", random_state=0).fit(X[:150], y[:150])
        losses.append(log_loss(y[150:], model.predict_proba(X[150:])))
    assert np.mean(losses) < np.log(2) + 0.05
    curves = model.validation_loss_curve_
    best = [min(curve) for curve in curves]
    assert_allclose(-model.best_validation_score_, best)
    assert np.mean([curve[-1] for curve in curves]) > np.mean(best) + 0.1


def test_targets_of_any_unit():
    X, y = load_diabetes(return_X_y=True)
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1)
    plain = model.fit(X, y).predict(X)
    for scale, shift in [(1e-6, 0.0), (1e9, -1e12)]:
        moved = model.fit(X, scale * y + shift).predict(X)
        assert_allclose((moved - shift) / scale, plain, rtol=1e-2)


def test_predictions_stay_in_the_range_that_was_seen():
    X = np.linspace(0, 1, 100).reshape(-1, 1)
    y = 3 * X[:, 0]
    values = quick(TabularMLPRegressor, max_iter=20).fit(X, y).predict(100 * X)
    assert values.min() >= 0
    assert values.max() <= 3


def test_an_ensemble_is_better_than_its_members():
    X, y = make_classification(400, 10, n_informative=5, flip_y=0.1, random_state=0)
    model = TabularMLPClassifier("fast", random_state=0).fit(X[:200], y[:200])
    alone = [log_loss(y[200:], member) for member in model.predict_members(X[200:])]
    assert log_loss(y[200:], model.predict_proba(X[200:])) < 0.97 * np.mean(alone)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_weight_0_are_as_if_absent(kind):
    frame, _ = titanic()
    y = target_of(kind)
    weight = (np.arange(len(y)) >= 20).astype(float)
    wild = frame.assign(fare=frame.fare.where(weight > 0, 1e9))
    expected = y.copy()
    if kind is TabularMLPRegressor:
        y = np.where(weight > 0, y, 1e9)
    model = quick(kind).fit(wild, y, sample_weight=weight)
    fitted_unit = getattr(model, "_unit", {"highest": np.max(expected)})
    assert fitted_unit["highest"] <= expected.max()
    columns = TabularPreprocessor().fit(frame[20:])
    assert_array_equal(model.preprocessor_.transform(frame), columns.transform(frame))


def test_units_are_those_of_weighted_rows():
    y = np.array([1.0, 2.0, 4.0])
    twice = y[[0, 0, 1, 2, 2, 2]][:, np.newaxis]
    once = TargetUnit.of(twice, None, keeps_zero=False)
    weighted = TargetUnit.of(y[:, np.newaxis], np.array([2.0, 1.0, 3.0]), keeps_zero=False)
    for name, value in asdict(once).items():
        assert_allclose(getattr(weighted, name), value)


def test_constant_columns_of_layers_do_not_blow_up():
    # Each initial row alike but for rounding.
    X = pd.DataFrame({"a": ["a", "b"] * 1000})
    model = TabularMLPRegressor("fast", max_iter=2, n_members=1, random_state=0)
    assert np.abs(model.fit(X, X.a == "a").parameters_).max() < 100


# Floors ------------------------------------------------------------------------------------------


# In log loss and nRMSE; in parentheses histogram gradient boosting.
FLOORS = {
    "breast_cancer": (load_breast_cancer, 0.13),
    "wine": (load_wine, 0.08),
    "iris": (load_iris, 0.12),
    "diabetes": (load_diabetes, 0.87),
}


@pytest.mark.parametrize("name", FLOORS)
def test_floors(name):
    load, floor = FLOORS[name]
    X, y = load(return_X_y=True, as_frame=True)
    is_classes = name != "diabetes"
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, random_state=0, stratify=y if is_classes else None
    )
    if is_classes:
        model = TabularMLPClassifier(random_state=0).fit(X_train, y_train)
        assert log_loss(y_test, model.predict_proba(X_test)) < floor
    else:
        model = TabularMLPRegressor(random_state=0).fit(X_train, y_train)
        error = np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)) / y_test.std()
        assert error < floor


def test_the_network_is_what_the_columns_ask_for():
    frame, y = titanic()
    shapes = quick(TabularMLPClassifier).fit(frame, y)._shapes
    assert [shape.get("embedding", "periodic") for shape in shapes] == ["piecewise", "piecewise"]
    network = table_network(TableShape.from_plain(shapes[0]))
    numbers, ranks, plain, tickets = network.layers[0].layers  # no name is another's
    assert numbers.fan_in == ranks.fan_in == 4  # age, sibsp, fare and pclass
    assert ranks.fan_out == 16
    assert plain.fan_in == 7  # sex, cabin, adult, three harbours, whether the age is missing
    assert tickets.n_codes[0] == frame.ticket.value_counts().gt(1).sum() + 1


# A prediction is a row's own ---------------------------------------------------------------------


def rows_of_all_kinds(n_classes, rng):
    """Return a table with two flags, a few and many levels, and targets."""
    n = 400
    X = pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "age": rng.integers(99, size=n),
            "flag": rng.integers(2, size=n).astype(bool),
            "colour": rng.choice(["red", "green", "blue"], n),
            "city": [f"city {k}" for k in rng.integers(30, size=n)],
        }
    )
    return X, rng.integers(n_classes, size=n)


@pytest.mark.parametrize("n_members", [1, 3, 16])
@pytest.mark.parametrize("n_classes", [2, 3, 11])
def test_no_bit_of_a_rows_prediction_depends_on_others(n_classes, n_members):
    X, y = rows_of_all_kinds(n_classes, np.random.default_rng(0))
    settings = {"n_members": n_members, "max_iter": 2, "random_state": 0, "n_jobs": 1}
    model = TabularMLPClassifier(**settings).fit(X, y)
    expected = model.predict_proba(X)
    assert expected.dtype == np.float64
    members = model.predict_members(X)
    for n_rows in (1, 2, 15, 16, 17, 33, 300):
        assert_array_equal(model.predict_proba(X[:n_rows]), expected[:n_rows])
        assert_array_equal(model.predict_proba(X[-n_rows:]), expected[-n_rows:])
        assert_array_equal(model.predict_members(X[:n_rows]), members[:, :n_rows])
    regressor = TabularMLPRegressor(**settings).fit(X, y)
    expected = regressor.predict(X)
    assert_array_equal(
        np.concatenate([regressor.predict(X[k : k + 1]) for k in range(9)]), expected[:9]
    )


def test_parameters_that_are_changed_predict():
    X, y = rows_of_all_kinds(2, np.random.default_rng(0))
    model = TabularMLPClassifier(n_members=3, max_iter=2, random_state=0, n_jobs=1).fit(X, y)
    expected = model.predict_members(X)[[2, 1, 2]]
    model.parameters_[0] = model.parameters_[2]
    assert_array_equal(model.predict_members(X), expected)
    model.parameters_ = model.parameters_.astype(float)
    assert_allclose(model.predict_members(X), expected, atol=1e-5)


def test_threads_predict_with_one_estimator():
    X, y = rows_of_all_kinds(3, np.random.default_rng(0))
    model = TabularMLPClassifier(n_members=3, max_iter=2, random_state=0, n_jobs=1).fit(X, y)
    expected = model.predict_proba(X)
    with ThreadPoolExecutor(4) as threads:
        for own in threads.map(lambda k: (k, model.predict_proba(X[k:])), range(60)):
            assert_array_equal(own[1], expected[own[0] :])
