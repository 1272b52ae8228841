"""`partial_fit` of estimators for tables: what goes on, what stays, and what is refused."""

import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from helpers.passengers import KINDS, outputs, quick
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

import sknumpynet.training.workers
from sknumpynet import TabularMLPClassifier, TabularMLPRegressor, TabularPreprocessor
from sknumpynet.core.architectures import TableShape, table_network
from sknumpynet.estimators import inputs, network_specs

CLASSES = ["no", "yes"]


def part(number, n_rows=97):
    """Return a part of a stream of numbers, gaps, a few levels and many."""
    rng = np.random.default_rng(number)
    X = pd.DataFrame(
        {
            "size": rng.normal(size=n_rows),
            "age": np.where(rng.random(n_rows) < 0.1, np.nan, rng.integers(1, 80, n_rows)),
            "colour": rng.choice(["red", "green", "blue"], n_rows),
            "city": [f"city {k}" for k in rng.integers(20, size=n_rows)],
        }
    )
    return X, X["size"] * np.where(X["colour"] == "red", 1.0, -1.0)


def target_of(kind, values):
    return np.where(values > 0, "yes", "no") if kind is TabularMLPClassifier else values.to_numpy()


def learn(model, number, n_rows=97, **arguments):
    X, values = part(number, n_rows)
    if is_classifier(model):
        arguments.setdefault("classes", CLASSES)
    return model.partial_fit(X, target_of(type(model), values), **arguments)


def streamed(kind, n_parts=3, **parameters):
    model = quick(kind).set_params(**parameters)
    for number in range(n_parts):
        learn(model, number)
    return model


# What it learns ----------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["fast", "default"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_learned(kind, preset):
    model = kind(preset, random_state=0, n_jobs=1)
    scores = []
    for number in range(16):
        X, values = part(number)
        if number:
            scores.append(model.score(X, target_of(kind, values)))
        learn(model, number)
    assert scores[-1] > 0.8
    assert np.mean(scores[-3:]) > np.mean(scores[:3]) + 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_is_as_alone(kind):
    stack = streamed(kind, dropout=0.2)
    X, _ = part(9)
    for k, seed in enumerate(stack.member_seeds_):
        alone = streamed(kind, n_members=1, random_state=int(seed), dropout=0.2)
        assert_allclose(stack.predict_members(X)[k], alone.predict_members(X)[0], rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_workers_change_no_bit(kind, monkeypatch):
    here = streamed(kind, preset="default", n_jobs=1, n_members=4)
    monkeypatch.setattr(sknumpynet.training.workers, "FEWEST_SECONDS", 0.0)
    monkeypatch.setattr(sknumpynet.training.workers, "START_SECONDS", 0.0)
    monkeypatch.setattr(sknumpynet.training.workers, "IMPORT_SECONDS", 0.0)
    with joblib.parallel_config(n_jobs=2):
        elsewhere = streamed(kind, preset="default", n_jobs=2, n_members=4)
    assert_array_equal(elsewhere.parameters_, here.parameters_)


COPIERS = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("copier", COPIERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_goes_on_with_the_same_bits_on_its_own(kind, copier):
    model = streamed(kind, preset="default")
    X, _ = part(9)
    before = outputs(model, X)
    copied = COPIERS[copier](model)
    for number in (5, 6):
        learn(copied, number)
    assert_array_equal(outputs(model, X), before)
    for number in (5, 6):
        learn(model, number)
    assert_array_equal(outputs(copied, X), outputs(model, X))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_one_by_one(kind):
    model = streamed(kind, n_parts=1)
    X, _ = part(9)
    before = outputs(model, X)
    for number in range(3):
        learn(model, number + 20, n_rows=1)
    assert (outputs(model, X) != before).any()
    assert model.t_.tolist() == [100] * 5


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_weight_0_are_as_if_absent(kind):
    X, values = part(1)
    y, weight = target_of(kind, values), np.arange(97) % 3
    classes = {"classes": CLASSES} if kind is TabularMLPClassifier else {}
    one, other = streamed(kind, 1), streamed(kind, 1)
    one.partial_fit(X, y, sample_weight=weight, **classes)
    kept = weight > 0
    other.partial_fit(X[kept], y[kept], sample_weight=weight[kept], **classes)
    assert_array_equal(one.parameters_, other.parameters_)


# What columns and targets are --------------------------------------------------------------------


def test_what_the_first_part_did_not_see():
    model = streamed(TabularMLPRegressor)
    X, _ = part(0)
    new = X[:2].assign(colour=["pink", None], city=["city 99", None], size=[1e6, 1e9])
    encoded = model.preprocessor_.transform(new)
    names = model.preprocessor_.get_feature_names_out().tolist()
    levels = [names.index(name) for name in names if name.startswith(("colour", "city"))]
    assert not encoded[:, levels].any()
    rank = names.index("size_rank")
    assert encoded[0, rank] == encoded[1, rank] == model.preprocessor_.transform(X)[:, rank].max()
    assert encoded[:, names.index("size")].max() <= 3


def test_predictions_stay_in_the_range_of_all_that_was_seen():
    X = np.linspace(0, 1, 200).reshape(-1, 1)
    model = TabularMLPRegressor("fast", random_state=0).partial_fit(X, X[:, 0])
    assert model.predict(X).max() <= 1
    unit = model._unit
    for _ in range(20):
        model.partial_fit(X, 5 * X[:, 0])
    assert 2 < model.predict(X).max() <= 5
    for name in ("centre", "spread", "lowest"):
        assert_array_equal(model._unit[name], unit[name])


@pytest.mark.parametrize("kind", KINDS)
def test_a_preprocessor_of_history_says_what_columns_are(kind):
    history = pd.concat([part(number)[0] for number in range(5)])
    preprocessor = TabularPreprocessor(ranks=False).fit(history)
    model = quick(kind)
    learn(model, 0, n_rows=2, preprocessor=preprocessor)
    learn(model, 1)
    X, _ = part(9)
    assert_array_equal(model.preprocessor_.transform(X), preprocessor.transform(X))
    assert model.feature_names_in_.tolist() == [*X]
    preprocessor.fit(X[["size"]])  # the caller's is the caller's
    assert outputs(model, X).shape[0] == len(X)


def test_a_preprocessor_of_a_fitted_model():
    X, values = part(0)
    y = target_of(TabularMLPClassifier, values)
    fitted = quick(TabularMLPClassifier, n_members=10).fit(X, y)
    model = streamed(TabularMLPClassifier, 0)
    learn(model, 0, preprocessor=fitted.preprocessor_)
    assert not any("level_codes" in shape for shape in model._shapes)
    assert model.predict(X).shape == (97,)


def test_several_labels():
    X, values = part(0)
    y = np.column_stack([values > 0, X["age"] > 40]).astype(int)
    model = quick(TabularMLPClassifier).partial_fit(X, y, classes=[0, 1])
    model.partial_fit(X[:5], y[:5])
    assert model.predict(X).shape == (97, 2)


def test_hundreds_of_columns(monkeypatch):
    monkeypatch.setattr(network_specs, "MOST_INPUTS", 20)
    monkeypatch.setattr(inputs, "MOST_RANKED", 5)
    X = np.random.default_rng(0).normal(size=(90, 17))
    model = quick(TabularMLPClassifier).partial_fit(X, X[:, 3] > 0, classes=[False, True])
    seen = model.member_columns_
    assert not seen.all()
    assert_array_equal(model.partial_fit(-X, X[:, 3] < 0).member_columns_, seen)


# Beside fit --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_fit_begins_anew(kind):
    X, values = part(0)
    y = target_of(kind, values)
    model = streamed(kind).fit(X, y)
    expected = quick(kind).fit(X, y)
    assert_array_equal(model.parameters_, expected.parameters_)
    assert vars(model).keys() == vars(expected).keys()


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_on_after_fit(kind):
    X, values = part(0, 300)
    y = target_of(kind, values)
    model = kind(n_members=4, max_iter=8, random_state=0).fit(X, y)
    score, tables = model.score(X, y), tables_of(model)
    assert tables  # members that are told statistics of levels
    preprocessor, n_epochs = model.preprocessor_, len(model.history_["epoch"])
    learn(model, 1)
    assert model.preprocessor_ is preprocessor
    assert model.score(X, y) > score - 0.1
    for before, after in zip(tables, tables_of(model), strict=True):
        assert_array_equal(after, before)
    assert len(model.history_["epoch"]) == n_epochs + 4
    for name in ("oof_prediction_", "oof_score_", "_conformal", "_held_out"):
        assert not hasattr(model, name)


def tables_of(model):
    """Return what networks have been told of levels."""
    networks = [table_network(TableShape.from_plain(shape)) for shape in model._shapes]
    tables = []
    for k, row in enumerate(model.parameters_):
        layer = networks[k % len(networks)].level_table
        if layer is not None:
            tables.append(row[: np.prod(layer.parameter_shape)])
    return tables


def test_rows_held_out_once_are_forgotten():
    X, values = part(0)
    model = quick(TabularMLPRegressor).fit(X, values)
    assert model.predict_interval(X).shape == (97, 2)
    learn(model, 1)
    with pytest.raises(ValueError, match="knows of no rows that had no part in its training"):
        model.predict_interval(X)
    with pytest.raises(ValueError, match="rows"):
        model.column_importances(X, values)


# What is refused ---------------------------------------------------------------------------------


def missing_column(model):
    model.partial_fit(part(1)[0].drop(columns="age"), np.repeat("yes", 97))


REFUSED = {
    "no classes": (
        {},
        lambda model: quick(TabularMLPClassifier).partial_fit(*part(0)),
        "classes must be passed on the first call",
    ),
    "another class": (
        {},
        lambda model: model.partial_fit(part(1)[0], np.repeat("perhaps", 97)),
        "has classes not in",
    ),
    "another schema": ({}, missing_column, "feature names"),
    "more members": (
        {"n_members": 3},
        lambda model: learn(model, 1),
        "as many members as were fitted, 5: got n_members=3",
    ),
    "other layers": (
        {"hidden_layer_sizes": (8,)},
        lambda model: learn(model, 1),
        r"layers of the same sizes, \[64, 64\]: got hidden_layer_sizes=\(8,\)",
    ),
    "a preprocessor later": (
        {},
        lambda model: learn(model, 1, preprocessor=TabularPreprocessor().fit(part(0)[0])),
        "preprocessor is for the first call",
    ),
    "no weight": (
        {},
        lambda model: learn(model, 1, sample_weight=np.zeros(97)),
        "at least one non-zero",
    ),
    "a single row first": (
        {},
        lambda model: learn(quick(TabularMLPClassifier), 0, n_rows=1),
        "minimum of 2 is required",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_leaves_the_model_as_it_was(name):
    settings, ask, message = REFUSED[name]
    model = streamed(TabularMLPClassifier, 1).set_params(**settings)
    before = vars(model).copy()
    with pytest.raises(ValueError, match=message):
        ask(model)
    assert vars(model) == before


def test_other_targets_than_at_first():
    model = streamed(TabularMLPRegressor, 1)
    X, values = part(1)
    with pytest.raises(ValueError, match="targets for 1 outputs, as at first: got such for 2"):
        model.partial_fit(X, np.column_stack([values, values]))


def test_another_transformer_is_no_preprocessor():
    with pytest.raises(TypeError, match=r"a TabularPreprocessor, got StandardScaler\(\)"):
        learn(quick(TabularMLPRegressor), 0, preprocessor=StandardScaler())


def test_a_preprocessor_that_is_not_fitted():
    with pytest.raises(NotFittedError):
        learn(quick(TabularMLPRegressor), 0, preprocessor=TabularPreprocessor())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"class_weight": "balanced"}, "give a dict"), ({"calibrate": "temperature"}, "no rows out")],
)
def test_where_it_is_not_there(parameters, message):
    model = TabularMLPClassifier(**parameters)
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError) as error:
        model.partial_fit  # noqa: B018
    assert message in str(error.value.__cause__)
