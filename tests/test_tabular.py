"""Estimators for tables: messy frames, what each part is for, floors, and scikit-learn's tools."""

import copy
import multiprocessing
import pickle
from dataclasses import asdict
from functools import cache, partial

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    load_wine,
    make_classification,
)
from sklearn.exceptions import (
    DataConversionWarning,
    UndefinedMetricWarning,
)
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.metrics import log_loss, mean_pinball_loss, r2_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from sknumpynet import (
    NumpyMLPRegressor,
    StackedGridSearchCV,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
    TrainingDisplay,
)
from sknumpynet.core import architectures
from sknumpynet.core.architectures import TableShape, table_network
from sknumpynet.core.layers import Identity, Scale
from sknumpynet.core.losses import HuberLoss
from sknumpynet.estimators.targets import TargetUnit
from sknumpynet.presets import PRESETS
from sknumpynet.training.splits import EvenFolds

KINDS = [TabularMLPClassifier, TabularMLPRegressor]

# Passengers have names.
pytestmark = pytest.mark.filterwarnings(
    "ignore:nearly all levels have a single row in column '(name|x1)'"
)

# Folds and batches hold rows, whatever their weights.
EXPECTED = {
    f"check_sample_weight_equivalence_on_{kind}_data": "a row of weight 2 is not two rows"
    for kind in ("dense", "sparse")
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_check_estimator(kind):
    results = check_estimator(
        kind(n_members=4, n_jobs=1), on_skip=None, expected_failed_checks=EXPECTED
    )
    statuses = [result["status"] for result in results]
    assert statuses.count("passed") > 50
    assert statuses.count("xfail") <= 1
    assert statuses.count("skipped") <= 2  # array API switched off; no decision_function


# Tables as they come -----------------------------------------------------------------------------


@cache
def titanic(n_rows=240):
    """An invented frame with columns of the kinds that titanic's has."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["male", "female"], n_rows)
    passenger_class = rng.choice([1, 2, 3], n_rows)
    frame = pd.DataFrame(
        {
            "pclass": passenger_class,
            "name": [f"passenger {i}" for i in range(n_rows)],
            "ticket": [f"ticket {i}" for i in rng.integers(50, size=n_rows)],
            "sex": sex,
            "age": np.where(rng.random(n_rows) < 0.2, np.nan, rng.integers(1, 80, n_rows)),
            "sibsp": rng.integers(0, 4, n_rows),
            "fare": np.exp(rng.normal(3, 1, n_rows)),
            "cabin": pd.Series(rng.choice(["A1", "B2", None], n_rows), dtype="object"),
            "embarked": pd.Categorical(rng.choice(["S", "C", "Q"], n_rows)),
            "adult": rng.random(n_rows) < 0.5,
            "body": np.full(n_rows, np.nan),
            "ship": "Titanic",
        }
    )
    logit = 2.5 * (sex == "female") - 1.0 * (passenger_class - 2) - 1.2
    return frame, (rng.random(n_rows) < 1 / (1 + np.exp(-logit))).astype(int)


def test_a_newcomers_three_lines(tmp_path):
    frame, survived = titanic()
    frame.assign(survived=survived).to_csv(tmp_path / "titanic.csv", index=False)
    passengers = pd.read_csv(tmp_path / "titanic.csv")
    model = TabularMLPClassifier("fast", random_state=0)
    model.fit(passengers.drop(columns="survived")[:180], passengers.survived[:180])
    probabilities = model.predict_proba(passengers.drop(columns="survived")[180:])
    assert roc_auc_score(survived[180:], probabilities[:, 1]) > 0.7


def target_of(kind):
    frame, survived = titanic()
    return survived if kind is TabularMLPClassifier else survived + 0.1 * frame.age.fillna(30)


def quick(kind, **parameters):
    return kind("fast", **{"max_iter": 4, "random_state": 0} | parameters)


def outputs(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


@cache
def fitted(kind):
    return quick(kind).fit(titanic()[0], target_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_polars_gives_the_same(kind):
    frame, _ = titanic()
    cells = {
        name: [None if pd.isna(cell) else cell for cell in column] for name, column in frame.items()
    }
    of_polars = pl.DataFrame(cells, strict=False)
    model = quick(kind).fit(of_polars, target_of(kind))
    assert_array_equal(outputs(model, of_polars), outputs(fitted(kind), frame))


@pytest.mark.parametrize("kind", KINDS)
def test_an_array_of_objects_gives_the_same(kind):
    frame, _ = titanic()
    objects = frame.astype(object).to_numpy()
    model = quick(kind).fit(objects, target_of(kind))
    assert_array_equal(outputs(model, objects), outputs(fitted(kind), frame))


MESSES = {
    "unseen levels": lambda frame: frame.assign(embarked="X", sex="unknown"),
    "missing where none was": lambda frame: frame.assign(fare=np.nan, sex=None),
    "all missing": lambda frame: frame.assign(**dict.fromkeys(frame, None)),
    "far outside": lambda frame: frame.assign(fare=1e300, sibsp=-(10**15)),
    "known where all was missing": lambda frame: frame.assign(body=3.0),
}


@pytest.mark.parametrize("mess", MESSES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:100% of the known cells of column")
def test_messes_are_predicted(kind, mess):
    values = outputs(fitted(kind), MESSES[mess](titanic()[0].astype(object)))
    assert np.isfinite(values).all()


def test_levels_that_have_changed_their_type_are_told():
    X = pd.DataFrame({"grade": ["1.0", "2.0", "3.0"] * 10})
    model = quick(TabularMLPClassifier).fit(X, X.grade == "1.0")
    with pytest.warns(UserWarning, match="column 'grade' .* such as 1 where it learned such as '1"):
        model.predict(X.astype({"grade": float}))
    with pytest.warns(UserWarning, match="column 'grade' .* such as '4.0' where it learned"):
        model.predict(X.assign(grade="4.0"))
    model.predict(X.assign(grade=None))


def test_numbers_for_a_classifier():
    X, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="continuous"):
        quick(TabularMLPClassifier).fit(X, y + 0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_are_checked_by_name(kind):
    frame, _ = titanic()
    with pytest.raises(ValueError, match="feature names should match"):
        fitted(kind).predict(frame[frame.columns[::-1]])
    with pytest.raises(ValueError, match="feature names should match"):
        fitted(kind).predict(frame.drop(columns="age"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_refused(kind):
    frame, _ = titanic()
    y = target_of(kind)
    for error, match, wrong in [
        (ValueError, "fare.*inf", frame.assign(fare=np.inf)),
        (TypeError, "born.*(year|days)", frame.assign(born=pd.Timestamp("1900-01-01"))),
    ]:
        with pytest.raises(error, match=match):
            quick(kind).fit(wrong, y)
    with pytest.raises(ValueError, match="at least 2 rows of weight above 0"):
        quick(kind).fit(frame, y, sample_weight=np.arange(len(y)) == 3)
    if kind is TabularMLPRegressor:
        with pytest.raises(ValueError, match="y contains NaN"):
            quick(kind).fit(frame, np.array([None, *y[1:]], dtype=object))
    for parameters, match in [
        ({"hidden_layer_sizes": [5.9]}, "integers.*5.9"),
        ({"hidden_layer_sizes": (0,)}, "> 0.*0"),
        ({"n_jobs": 0}, "n_jobs.*0"),
        ({"preset": "quick"}, "preset.*'quick'"),
        ({"scoring": None}, "scoring"),
        ({"n_members": 0}, "n_members.*0"),
        ({"categorical_features": ["colour"]}, "colour"),
    ]:
        with pytest.raises(ValueError, match=match):
            kind(**parameters).fit(frame, y)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_that_say_nothing(kind):
    X = pd.DataFrame({"constant": [1.0] * 60, "missing": [None] * 60})
    y = np.arange(60) % 2
    model = kind("fast", random_state=0).fit(X, y)
    expected = [0.5, 0.5] if kind is TabularMLPClassifier else 0.5
    assert_allclose(outputs(model, X)[0], expected, atol=0.05)


@pytest.mark.parametrize("n_rows", [2, 3, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_fewer_rows_than_folds(kind, n_rows):
    X, y = np.arange(n_rows, dtype=float).reshape(-1, 1), np.arange(n_rows) % 2
    assert np.isfinite(outputs(quick(kind).fit(X, y), X)).all()
    with pytest.raises(ValueError, match="1 sample"):
        quick(kind).fit(X[:1], y[:1])


def test_ten_thousand_categories():
    rng = np.random.default_rng(0)
    city = np.array([f"city {i}" for i in range(10_000)])
    X = pd.DataFrame({"city": np.concatenate([city, rng.permutation(city)])})
    y = (X.city.str[-1].astype(int) < 5).astype(float)
    model = quick(TabularMLPRegressor, max_iter=1, n_members=1, batch_size=1000).fit(X, y)
    assert model.predict(pd.DataFrame({"city": ["city 1", "elsewhere", None]})).shape == (3,)


# Each part has a task that only it solves --------------------------------------------------------


def passed_on(n_features, **settings):
    return Identity(n_features)


def score_of(model, X, y):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    return model.fit(X_train, y_train).score(X_test, y_test)


def test_numerical_embeddings_follow_a_high_frequency(monkeypatch):
    X = np.random.default_rng(0).uniform(-1, 1, (500, 1))
    y = np.sin(12 * X[:, 0])
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1)
    assert score_of(model, X, y) > 0.95
    monkeypatch.setattr(architectures, "PeriodicEmbedding", passed_on)
    assert score_of(model, X, y) < 0.8


def test_ranks_tell_apart_what_distances_do_not(monkeypatch):
    exponent = np.random.default_rng(0).uniform(-12, 12, 500)
    X, y = 10 ** exponent[:, np.newaxis], np.sin(exponent / 2)
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1)
    assert score_of(model, X, y) > 0.95
    only_distances = partial(TabularPreprocessor, ranks=False)
    monkeypatch.setattr("sknumpynet.estimators.inputs.TabularPreprocessor", only_distances)
    assert score_of(model, X, y) < 0.6


def test_category_embeddings_tell_rare_levels_apart(monkeypatch):
    rng = np.random.default_rng(0)
    levels = rng.integers(100, size=1000)
    X = pd.DataFrame({"city": [f"city {level}" for level in levels]})
    y = rng.normal(size=100)[levels]
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1)
    assert score_of(model, X, y) > 0.8
    monkeypatch.setattr(architectures, "CategoryEmbedding", lambda *shape: Identity(1))
    assert score_of(model, X, y) < 0.4


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
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 8)), rng.integers(2, size=300)
    model = TabularMLPClassifier("fast", random_state=0).fit(X[:150], y[:150])
    assert log_loss(y[150:], model.predict_proba(X[150:])) < np.log(2) + 0.05
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


# Folds -------------------------------------------------------------------------------------------


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
    assert len(model.validation_scores_) == PRESETS["fast"].classification.n_members
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
    assert len(members) == PRESETS["fast"].classification.n_members


# Everything the other estimators have ------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_whatever_the_number_of_workers(kind, monkeypatch):
    frame, _ = titanic()
    expected = outputs(fitted(kind), frame)
    monkeypatch.setattr("sknumpynet.estimators.tabular.FEWEST_SAMPLES_FOR_WORKERS", 0)
    for n_jobs in (1, 2, 3):
        with joblib.parallel_config("threading"):
            model = quick(kind, n_jobs=n_jobs).fit(frame, target_of(kind))
        assert_array_equal(outputs(model, frame), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_worker_processes_give_the_same(kind, monkeypatch):
    frame, _ = titanic()
    monkeypatch.setattr("sknumpynet.estimators.tabular.FEWEST_SAMPLES_FOR_WORKERS", 0)
    model = quick(kind, n_jobs=2).fit(frame, target_of(kind))
    assert_array_equal(outputs(model, frame), outputs(fitted(kind), frame))


def _fit_in_a_child(connection):
    model = TabularMLPRegressor("fast", max_iter=1000, max_time=0.1, random_state=0)
    model.fit(np.arange(300.0).reshape(-1, 1), np.arange(300.0))
    connection.send(len(model.parameters_))


def test_a_child_of_multiprocessing_ends():
    # joblib's workers, which such a fit starts elsewhere, would not let it.
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe()
    child = context.Process(target=_fit_in_a_child, args=(its,))
    child.start()
    assert mine.poll(60)
    assert mine.recv() == PRESETS["fast"].regression.n_members
    child.join(30)
    assert child.exitcode == 0


@pytest.mark.parametrize(
    "through", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
@pytest.mark.parametrize("kind", KINDS)
def test_copies(kind, through):
    frame, _ = titanic()
    model = fitted(kind)
    assert_array_equal(outputs(through(model), frame), outputs(model, frame))
    assert clone(model).get_params() == model.get_params()


def test_skops():
    skops_io = pytest.importorskip("skops.io")
    frame, _ = titanic()
    saved = skops_io.dumps(fitted(TabularMLPClassifier))
    trusted = [
        "sknumpynet.preprocessing.TabularPreprocessor",
        "sknumpynet.tabular.TabularMLPClassifier",
    ]
    assert set(skops_io.get_untrusted_types(data=saved)) <= set(trusted)
    loaded = skops_io.loads(saved, trusted=trusted)
    assert_array_equal(loaded.predict_proba(frame), outputs(fitted(TabularMLPClassifier), frame))


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_configured_output_does_not_get_in_the_way(container):
    frame, y = titanic()
    with sklearn.config_context(transform_output=container):
        model = quick(TabularMLPClassifier).fit(frame, y)
        assert_array_equal(model.predict_proba(frame), outputs(fitted(type(model)), frame))


def test_what_members_predict_has_the_mean_that_is_predicted():
    X, y = load_diabetes(return_X_y=True)
    model = quick(TabularMLPRegressor).fit(X, y)
    mean, std = model.predict(3 * X, return_std=True)
    assert_array_equal(mean, model.predict(3 * X))
    assert_array_equal(std, model.predict_members(3 * X).std(axis=0))


def test_a_scorer_may_use_a_table_of_its_own():
    frame, y = titanic()
    scores = []

    def on_own_table(model, X, y_held_out):
        scores.append(model.score(frame, y))
        return scores[-1]

    model = quick(TabularMLPClassifier, n_members=1, scoring=on_own_table).fit(frame, y)
    assert model.score(frame, y) == max(scores)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("fails", [lambda: np.nan, lambda: log_loss([0], [0.5])])
def test_a_score_that_is_lost_in_training_leaves_all_epochs_to_the_loss(fails, n_members):
    frame, y = titanic()
    calls = []

    def once(model, X, y):
        calls.append(model)
        # Every member is tried before training, and fails in its second epoch.
        return 0.5 if len(calls) <= 2 * n_members else fails()

    with pytest.warns(UndefinedMetricWarning, match="gave no number in some epochs of") as caught:
        model = quick(TabularMLPClassifier, n_members=n_members, scoring=once).fit(frame, y)
    assert [own.category for own in caught].count(UndefinedMetricWarning) == 1
    judged = quick(TabularMLPClassifier, n_members=n_members, scoring="loss").fit(frame, y)
    assert model.validation_scores_ == judged.validation_scores_
    assert_array_equal(model.predict_proba(frame), judged.predict_proba(frame))


def test_after_an_error_the_model_is_as_it_was():
    frame, y = titanic()
    model = quick(TabularMLPClassifier).fit(frame, y)
    before = model.predict_proba(frame)
    with pytest.raises(ValueError, match="inf"):
        model.fit(frame.assign(fare=np.inf), y)
    assert_array_equal(model.predict_proba(frame), before)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_history_and_display(kind, n_members):
    pytest.importorskip("matplotlib").use("agg")
    frame, _ = titanic()
    model = quick(kind, n_members=n_members).fit(frame, target_of(kind))
    assert len(model.history_["epoch"]) == 4 * n_members
    assert TrainingDisplay.from_estimator(model).best_points_ is not None


def test_max_time_and_verbose(capsys):
    frame, y = titanic()
    model = quick(TabularMLPClassifier, max_time=1e-9, max_iter=500, verbose=True).fit(frame, y)
    assert set(np.ravel(model.n_iter_)) == {1}
    assert "Validation score" in capsys.readouterr().out


def test_class_weights_move_predictions():
    frame, y = titanic()
    plain, weighted = (
        quick(TabularMLPClassifier, class_weight=weight, max_iter=16).fit(frame, y)
        for weight in (None, {0: 1.0, 1: 20.0})
    )
    assert weighted.predict(frame).sum() > plain.predict(frame).sum() + 20


@pytest.mark.parametrize("scoring", ["loss", "accuracy", "neg_log_loss"])
def test_scoring_chooses_the_epoch(scoring):
    frame, y = titanic()
    model = quick(TabularMLPClassifier, scoring=scoring).fit(frame, y)
    assert_allclose(model.best_validation_score_, [max(own) for own in model.validation_scores_])


@pytest.mark.parametrize(
    "loss",
    ["squared_error", "absolute_error", "huber", "poisson", "gamma", HuberLoss(0.5)],
    ids=str,
)
def test_losses_of_the_regressor(loss):
    X, y = load_diabetes(return_X_y=True)
    model = TabularMLPRegressor("fast", loss=loss, random_state=0)
    assert score_of(model, X, y) > 0.25  # a linear model has 0.36


def test_quantiles():
    X, y = load_diabetes(return_X_y=True)
    model = TabularMLPRegressor("fast", loss="quantile", quantile=[0.1, 0.5, 0.9], random_state=0)
    values = model.fit(X[:300], y[:300]).predict(X[300:])
    assert (np.diff(values, axis=1) >= 0).all()
    assert 0.6 < ((values[:, 0] <= y[300:]) & (y[300:] <= values[:, 2])).mean() < 0.95
    constant = mean_pinball_loss(
        y[300:], np.full(len(y) - 300, np.quantile(y[:300], 0.9)), alpha=0.9
    )
    assert mean_pinball_loss(y[300:], values[:, 2], alpha=0.9) < constant


def test_several_targets_and_several_labels():
    X, y = load_diabetes(return_X_y=True)
    both = np.column_stack([y, -3 * y + X[:, 2]])
    values = TabularMLPRegressor("fast", random_state=0).fit(X, both).predict(X)
    assert np.corrcoef(values[:, 0], -values[:, 1])[0, 1] > 0.9
    labels = np.column_stack([y > 100, y > 200]).astype(int)
    assert quick(TabularMLPClassifier).fit(X, labels).predict(X).shape == (len(y), 2)


@pytest.mark.parametrize("kind", KINDS)
def test_sparse_targets(kind):
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = np.maximum(X[:, :2], 0)
    y = (y > 0).astype(int) if kind is TabularMLPClassifier else y
    dense, sparse = (quick(kind).fit(X, own) for own in (y, sp.csr_matrix(y)))
    assert_array_equal(outputs(sparse, X), outputs(dense, X))
    assert sparse.oof_score_ == dense.oof_score_


@pytest.mark.parametrize("kind", KINDS)
def test_scikit_learns_tools(kind):
    frame, _ = titanic()
    y = target_of(kind)
    frame = frame.assign(fare=frame.fare.astype(float))
    pipeline = make_pipeline(quick(kind))
    assert np.isfinite(cross_val_score(pipeline, frame, y, cv=2)).all()
    importance = permutation_importance(fitted(kind), frame, y, n_repeats=1, random_state=0)
    assert importance.importances_mean.shape == (frame.shape[1],)
    dependence = partial_dependence(fitted(kind), frame, ["fare"], grid_resolution=5)
    assert dependence["average"].shape == (1, 5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stacked_search_gives_scikit_learns_results(kind):
    frame, _ = titanic()
    grid = {"learning_rate_init": [0.01, 0.1], "weight_decay": [0.0, 0.1]}
    arguments = (quick(kind, n_members=2, n_jobs=1), grid)
    theirs = GridSearchCV(*arguments, cv=2).fit(frame, target_of(kind))
    ours = StackedGridSearchCV(*arguments, cv=2).fit(frame, target_of(kind))
    assert_allclose(
        ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"], rtol=1e-6
    )
    assert ours.stacking_report_["alone"] == []
    assert_array_equal(outputs(ours, frame), outputs(theirs, frame))


def test_metadata_routing():
    frame, y = titanic()
    weight = np.linspace(0, 2, len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        model = quick(TabularMLPClassifier).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(model).fit(frame, y, sample_weight=weight)
    expected = quick(TabularMLPClassifier).fit(frame, y, sample_weight=weight)
    assert_array_equal(pipeline.predict_proba(frame), expected.predict_proba(frame))


@pytest.mark.parametrize("kind", KINDS)
def test_callbacks(kind):
    callback = pytest.importorskip("sklearn.callback")
    frame, _ = titanic()
    metric = "accuracy" if kind is TabularMLPClassifier else "r2"
    monitor = callback.ScoringMonitor(scoring=metric)
    model = quick(kind, n_members=2).set_callbacks(monitor).fit(frame, target_of(kind))
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(rows) == 8
    assert_array_equal(
        outputs(model, frame), outputs(clone(model).fit(frame, target_of(kind)), frame)
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_presets(preset):
    X, y = load_iris(return_X_y=True)
    model = TabularMLPClassifier(preset, random_state=0, max_iter=2).fit(X[::5], y[::5])
    assert len(model.parameters_) == PRESETS[preset].classification.n_members


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
    shape = quick(TabularMLPClassifier).fit(frame, y)._shape
    network = table_network(TableShape.from_plain(shape))
    numbers, plain, tickets = network.layers[0].layers  # no name is another's
    assert numbers.fan_in == 8  # age, sibsp, fare and pclass, and their ranks
    assert plain.fan_in == 7  # sex, cabin, adult, three harbours, whether the age is missing
    assert tickets.n_codes == frame.ticket.value_counts().gt(1).sum() + 1


# Tables of other makes, and text.


def survivors(n=120):
    """Return a frame of numbers and categories, and targets that they tell."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": np.round(rng.normal(40, 12, n), 1),
            "colour": pd.Categorical(rng.choice(["red", "green", "blue"], n)),
        }
    )
    return frame, ((frame["age"] > 40) ^ (frame["colour"] == "red")).to_numpy()


OTHER_FRAMES = {
    "Dask": lambda frame: pytest.importorskip("dask.dataframe").from_pandas(frame, npartitions=3),
    "Arrow": lambda frame: pytest.importorskip("pyarrow").Table.from_pandas(frame),
    "polars": pl.from_pandas,
}


@pytest.mark.parametrize("make", OTHER_FRAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_of_any_make_fits_and_predicts_as_pandas(kind, make):
    make = OTHER_FRAMES[make]
    X, y = survivors()
    weight = np.arange(len(y)) % 3
    parameters = {"n_members": 2, "max_iter": 2, "n_jobs": 1, "random_state": 0}
    validation = {"X_val": X[:20], "y_val": y[:20]}
    for given in ({}, {"sample_weight": weight}, validation):
        other = given | ({"X_val": make(X[:20])} if "X_val" in given else {})
        model = kind("fast", **parameters).fit(X, y, **given)
        same = kind("fast", **parameters).fit(make(X), y, **other)
        assert_array_equal(same.predict(make(X)), model.predict(X))
        assert_array_equal(same.predict(X), model.predict(X))
        assert same.feature_names_in_.tolist() == ["age", "colour"]


def test_targets_may_be_of_dask_too():
    X, y = survivors()
    frame = pytest.importorskip("dask.dataframe").from_pandas(X.assign(y=y), npartitions=2)
    model = TabularMLPClassifier("fast", max_iter=2, n_jobs=1, random_state=0)
    expected = clone(model).fit(X, y).predict_proba(X)
    features = frame[["age", "colour"]]
    assert_array_equal(model.fit(features, frame["y"]).predict_proba(features), expected)


def test_numbers_are_learned_from_however_they_arrive():
    X, y = survivors(400)
    marked = X.assign(age=["?" if k % 60 == 7 else f"{age}" for k, age in enumerate(X["age"])])
    for rows in (X, X.to_numpy(dtype=str), marked):
        model = TabularMLPClassifier("fast", random_state=0, n_jobs=1)
        if rows is X:
            model.fit(rows[:300], y[:300])
        else:
            with pytest.warns(UserWarning, match="read as numbers") as caught:
                model.fit(rows[:300], y[:300])
            assert [warning.filename for warning in caught] == [__file__]
        assert model.score(rows[300:], y[300:]) > 0.9


def test_a_last_bit_moves_predictions_by_a_last_bit():
    rng = np.random.default_rng(0)
    v = rng.choice([0.1, 0.2, 0.3, 0.7, 1.1], 300, p=[0.1, 0.1, 0.6, 0.1, 0.1])
    X = pd.DataFrame({"v": v, "x": rng.normal(size=300)})
    y = (v == 0.3) * 2.0 + 0.1 * X["x"]
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1).fit(X[:200], y[:200])
    expected = model.predict(X[200:])
    for moved in (X.astype("float32"), X + 1 - 1, np.nextafter(X, np.inf)):
        assert_allclose(model.predict(moved[200:]), expected, atol=1e-4)
    again = clone(model).fit(X[:200].astype("float32"), y[:200])
    assert_allclose(again.predict(X[200:]), again.predict(X[200:].astype("float32")), atol=1e-4)
