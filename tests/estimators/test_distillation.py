"""Distilling: a network is as near to its ensemble as can be told, whatever it learns."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import (
    log_loss,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
)
from sklearn.model_selection import KFold

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor
from sknumpynet.estimators import distillation

pytestmark = pytest.mark.oldest


def halves(load):
    X, y = load(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))[:300]
    train, test = np.split(order, [len(order) // 2])
    return X[train], y[train], X[test], y[test]


def labels(load):
    """Return several labels a row, made of an only one."""
    X, y, X_test, y_test = halves(load)
    return X, _as_labels(y, X), X_test, _as_labels(y_test, X_test)


def _as_labels(y, X):
    return np.column_stack([y == 1, X[:, 0] > X[:, 1]]).astype(int)


def two_targets(load):
    X, y, X_test, y_test = halves(load)
    return X, np.column_stack([y, X[:, 2]]), X_test, np.column_stack([y_test, X_test[:, 2]])


class HalfSquare:
    def __repr__(self):
        return "HalfSquare()"

    def value(self, raw, targets):
        return 0.5 * ((raw - targets) ** 2).sum(axis=-2)

    def gradient(self, raw, targets):
        return raw - targets


CLASSIFIER, REGRESSOR = TabularMLPClassifier, TabularMLPRegressor
CASES = {
    "two classes": (CLASSIFIER, {}, halves, load_breast_cancer),
    "three classes": (CLASSIFIER, {}, halves, load_iris),
    "labels": (CLASSIFIER, {}, labels, load_breast_cancer),
    "class weights": (CLASSIFIER, {"class_weight": "balanced"}, halves, load_breast_cancer),
    "numbers": (REGRESSOR, {}, halves, load_diabetes),
    "two targets": (REGRESSOR, {}, two_targets, load_diabetes),
    "quantiles": (
        REGRESSOR,
        {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]},
        halves,
        load_diabetes,
    ),
    "a quantile": (REGRESSOR, {"loss": "quantile", "quantile": 0.7}, halves, load_diabetes),
    **{
        loss: (REGRESSOR, {"loss": loss}, halves, load_diabetes)
        for loss in ("poisson", "gamma", "absolute_error", "huber")
    },
    "a loss of one's own": (REGRESSOR, {"loss": HalfSquare()}, halves, load_diabetes),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """Return an ensemble, rows to learn from, others with targets, and what was distilled."""
    kind, parameters, data, load = CASES[request.param]
    X, y, X_test, y_test = data(load)
    ensemble = kind("fast", random_state=0, n_jobs=1, **parameters).fit(X, y)
    before = pickle.dumps(ensemble)
    distilled = ensemble.distil(X, X_val=X_test, y_val=y_test)
    assert pickle.dumps(ensemble) == before
    return ensemble, X, X_test, y_test, distilled


def outputs(model, X):
    return getattr(model, "predict_proba", model.predict)(X)


def test_it_is_nearer_to_the_ensemble_than_members_are(case):
    ensemble, _, X_test, _, distilled = case
    expected = outputs(ensemble, X_test)
    distance = np.abs(outputs(distilled, X_test) - expected).mean()
    members = np.abs(ensemble.predict_members(X_test) - expected).mean()
    assert distance < 0.75 * members


def test_it_is_a_fitted_estimator_of_one_network(case):
    ensemble, _, X_test, y_test, distilled = case
    assert type(distilled) is type(ensemble)
    assert len(distilled.parameters_) == 1
    assert str(distilled.get_params()) == str({**ensemble.get_params(), "n_members": 1})
    assert outputs(distilled, X_test).shape == outputs(ensemble, X_test).shape
    assert np.isfinite(distilled.score(X_test, y_test))
    if hasattr(ensemble, "classes_"):
        assert_array_equal(distilled.classes_, ensemble.classes_)
    loaded = pickle.loads(pickle.dumps(distilled))
    assert_array_equal(outputs(loaded, X_test), outputs(distilled, X_test))
    assert loaded.distillation_ == distilled.distillation_
    assert not hasattr(clone(distilled), "parameters_")


def in_units(ensemble, values):
    """Return numbers in the units that the network learns them in."""
    unit = ensemble._unit
    return (np.asarray(values, float) - unit["centre"]) / unit["spread"]


def pinball(y, predictions, levels):
    pairs = zip(np.reshape(predictions, (len(y), -1)).T, levels, strict=True)
    return sum(mean_pinball_loss(y, own, alpha=level) for own, level in pairs)


# scikit-learn's metric of targets and predictions, both in units.
METRICS = {
    "squared_error": lambda y, own: mean_squared_error(y, own) * y.shape[1] / 2,
    "poisson": lambda y, own: mean_poisson_deviance(y[:, 0], own[:, 0]) / 2,
    "gamma": lambda y, own: mean_gamma_deviance(y[:, 0], own[:, 0]) / 2,
    "absolute_error": lambda y, own: np.abs(y - own).mean(),
}


def expected_loss(ensemble, model, X, y):
    if hasattr(ensemble, "classes_"):
        probabilities = model.predict_proba(X).astype(float)
        if y.ndim == 2:
            pairs = zip(y.T, probabilities.T, strict=True)
            return sum(log_loss(own, probability) for own, probability in pairs)
        weight = None
        if ensemble.class_weight is not None:
            weight = 1 / np.bincount(y)[y]
        return log_loss(y, probabilities, sample_weight=weight)
    y = in_units(ensemble, y.reshape(len(y), -1))
    own = in_units(ensemble, model.predict(X).reshape(len(X), -1))
    if ensemble.loss == "quantile":
        return pinball(y[:, 0], own, np.ravel(ensemble.quantile))
    if ensemble.loss == "huber":
        distance = np.abs(y - own)
        return np.where(distance < 1, distance**2 / 2, distance - 0.5).mean()
    return METRICS.get(ensemble.loss, METRICS["squared_error"])(y, own)


def test_losses_are_those_of_scikit_learn(case):
    ensemble, _, X_test, y_test, distilled = case
    found = distilled.distillation_
    assert found["targets"] == "y_val"
    assert found["n_rows"] == len(X_test)
    for name, model in (("ensemble_loss", ensemble), ("distilled_loss", distilled)):
        expected = expected_loss(ensemble, model, X_test, y_test)
        assert found[name] == pytest.approx(expected, rel=1e-4)
    assert found["member_loss"] >= found["ensemble_loss"]  # all losses are convex


# With other parameters ----------------------------------------------------------------------------


@pytest.fixture
def is_brief(monkeypatch):
    monkeypatch.setattr(distillation, "PASSES", 20)


@pytest.fixture(scope="module")
def fitted():
    X, y, _, _ = halves(load_breast_cancer)
    return TabularMLPClassifier("fast", random_state=0, n_jobs=1).fit(X, y), X, y


def test_without_targets_the_distance_is_from_the_ensemble(case):
    ensemble, X, *_ = case
    found = ensemble.distil(X).distillation_
    assert found["targets"] == "ensemble"
    assert found["n_rows"] == round(len(X) / 20)
    assert found["ensemble_loss"] <= found["distilled_loss"] < found["member_loss"]


@pytest.mark.usefixtures("is_brief")
@pytest.mark.parametrize("n_members", [1, 3])
def test_the_same_seed_gives_the_same(fitted, n_members):
    ensemble, X, _ = fitted
    one, same, other = (
        ensemble.distil(X, n_members=n_members, random_state=seed) for seed in (1, 1, 2)
    )
    assert one.parameters_.shape[0] == n_members
    assert_array_equal(one.parameters_, same.parameters_)
    assert one.distillation_ == same.distillation_
    assert (one.parameters_ != other.parameters_).any()


@pytest.mark.usefixtures("is_brief")
def test_parameters_are_those_of_the_result(fitted):
    ensemble, X, _ = fitted
    distilled = ensemble.distil(X, hidden_layer_sizes=(7,), random_state=1, max_time=60.0)
    assert distilled._shapes[0]["hidden_layer_sizes"] == [7]
    changed = {"n_members": 1, "hidden_layer_sizes": (7,), "random_state": 1, "max_time": 60.0}
    assert distilled.get_params() == {**ensemble.get_params(), **changed}


@pytest.mark.usefixtures("is_brief")
def test_time_is_kept_to(fitted):
    ensemble, X, _ = fitted
    assert ensemble.distil(X, max_time=1e-9).n_iter_ == 1


@pytest.mark.usefixtures("is_brief")
def test_a_clone_and_the_next_fit_are_plain(fitted):
    _, X, y = fitted
    splitter = TabularMLPClassifier("fast", resample=KFold(5), random_state=0, n_jobs=1).fit(X, y)
    distilled = splitter.distil(X)
    again = clone(distilled).fit(X, y)
    alone = TabularMLPClassifier("fast", n_members=1, random_state=0, n_jobs=1).fit(X, y)
    assert_array_equal(again.parameters_, alone.parameters_)
    assert not hasattr(distilled, "oof_score_")
    assert not hasattr(distilled.fit(X, y), "distillation_")
    assert_array_equal(distilled.parameters_, alone.parameters_)


@pytest.mark.usefixtures("is_brief")
def test_rows_of_weight_0_are_as_if_absent(fitted):
    ensemble, X, _ = fitted
    weight = np.arange(len(X)) % 3 / 2.0
    counts = weight > 0
    weighted = ensemble.distil(X, sample_weight=weight)
    alone = ensemble.distil(X[counts], sample_weight=weight[counts])
    assert_array_equal(weighted.parameters_, alone.parameters_)
    assert weighted.distillation_ == alone.distillation_


def test_a_weight_is_what_counts():
    X = np.linspace(-1, 1, 200)[:, np.newaxis]
    y = np.abs(X[:, 0])
    ensemble = TabularMLPRegressor("fast", random_state=0, n_jobs=1).fit(X, y)
    weight = np.where(X[:, 0] < 0, 1.0, 1e-3)
    # A network without hidden layers cannot follow both slopes.
    narrow = {"hidden_layer_sizes": (), "random_state": 0}
    errors = [
        np.abs(ensemble.distil(X, sample_weight=own, **narrow).predict(X) - y)[:100].mean()
        for own in (weight, weight[::-1])
    ]
    assert errors[0] < errors[1]


@pytest.mark.usefixtures("is_brief")
def test_weights_of_rows_to_compare_by(fitted):
    ensemble, X, y = fitted
    weight = np.arange(len(X)) % 3 / 2.0
    counts = weight > 0
    found = ensemble.distil(X, X_val=X, y_val=y, sample_weight_val=weight).distillation_
    assert found["n_rows"] == counts.sum()
    expected = log_loss(y, ensemble.predict_proba(X), sample_weight=weight)
    assert found["ensemble_loss"] == pytest.approx(expected, rel=1e-5)


# Tables -------------------------------------------------------------------------------------------


def frame(n_rows=150):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": np.where(rng.random(n_rows) < 0.2, np.nan, rng.integers(1, 80, n_rows)),
            "colour": rng.choice(["red", "green", "blue", None], n_rows),
            "two": pd.Categorical(rng.choice(["x", "y"], n_rows)),
            "many": rng.choice([f"level {k}" for k in range(12)], n_rows),
            "constant": 1.0,
            "when": pd.date_range("2024-01-01", periods=n_rows, freq="31h"),
            "note": [f"the {k} th of {k % 7} red and {k % 5} white" for k in range(n_rows)],
        }
    )


def as_polars(table):
    return pytest.importorskip("polars").from_pandas(table)


def as_arrow(table):
    return pytest.importorskip("pyarrow").Table.from_pandas(table)


@pytest.mark.usefixtures("is_brief")
@pytest.mark.parametrize("make", [lambda table: table, as_polars, as_arrow])
def test_tables_of_all_makes(make):
    X = frame()
    y = np.where((X["colour"] == "red") ^ (X["age"] > 40), "yes", "no")
    ensemble = TabularMLPClassifier("fast", random_state=0, n_jobs=1).fit(make(X), y)
    distilled = ensemble.distil(make(X), X_val=make(X), y_val=y)
    assert_array_equal(distilled.feature_names_in_, X.columns)
    agreement = distilled.predict(make(X)) == ensemble.predict(make(X))
    assert agreement.mean() > 0.8
    # Its own, so that nothing is shared with the ensemble.
    assert distilled.preprocessor_ is not ensemble.preprocessor_


@pytest.mark.usefixtures("is_brief")
def test_a_table_of_which_nothing_is_learned():
    X, y = np.ones((20, 2)), np.arange(20) % 2
    distilled = TabularMLPClassifier("fast", random_state=0, n_jobs=1).fit(X, y).distil(X)
    assert_allclose(distilled.predict_proba(X), 0.5, atol=0.1)


@pytest.mark.usefixtures("is_brief")
def test_an_only_class():
    X = np.arange(20.0)[:, np.newaxis]
    distilled = TabularMLPClassifier("fast", random_state=0, n_jobs=1).fit(X, [3] * 20).distil(X)
    assert_array_equal(distilled.predict(X), [3] * 20)


@pytest.mark.usefixtures("is_brief")
def test_two_rows_will_do(fitted):
    ensemble, X, _ = fitted
    assert ensemble.distil(X[:2]).distillation_["n_rows"] == 1


# Errors -------------------------------------------------------------------------------------------

BAD_CALLS = {
    "a loss": ({"loss": HalfSquare()}, r"distil keeps what is learned .* got loss=HalfSquare"),
    "columns": ({"categorical_features": [0]}, r"got categorical_features=\[0\]"),
    "no such parameter": ({"depth": 3}, "Invalid parameter 'depth'"),
    "no members": ({"n_members": 0}, "'n_members' parameter .* Got 0"),
    "no targets": ({"X_val": np.ones((3, 30))}, "X_val was given without y_val"),
    "no rows": ({"y_val": [0, 1]}, "y_val was given without X_val"),
    "a class unknown": ({"X_val": np.ones((3, 30)), "y_val": [0, 1, 2]}, "`y` has classes not in"),
    "weights": ({"sample_weight": -np.ones(150)}, "Negative values in data"),
    "one weight": ({"sample_weight": np.arange(150) == 3}, "at least 2 rows .* above 0 .* got 1"),
}


@pytest.mark.parametrize("case_of", BAD_CALLS)
def test_what_is_refused(fitted, case_of):
    ensemble, X, _ = fitted
    arguments, message = BAD_CALLS[case_of]
    with pytest.raises(ValueError, match=message):
        ensemble.distil(X, **arguments)


def test_rows_that_cannot_be_predicted(fitted):
    ensemble, X, _ = fitted
    with pytest.raises(
        ValueError, match="X has 29 features, but TabularMLPClassifier is expecting"
    ):
        ensemble.distil(X[:, 1:])
    with pytest.raises(ValueError, match="at least 2 rows of weight above 0 are needed, got 1"):
        ensemble.distil(X[:1])


def test_before_fit():
    with pytest.raises(NotFittedError, match="This TabularMLPRegressor instance is not fitted"):
        TabularMLPRegressor().distil([[1.0], [2.0]])
