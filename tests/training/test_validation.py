"""Rows that are held out: given or set aside, what they are scored by, and what is kept."""

import warnings

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, mean_squared_error, roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpynet.core import training
from sknumpynet.search import StackedGridSearchCV
from sknumpynet.training import in_process

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]


def parts(kind):
    load = load_breast_cancer if kind is NumpyMLPClassifier else load_diabetes
    X, y = load(return_X_y=True)
    X, y = scale(X)[:240], y[:240] if kind is NumpyMLPClassifier else scale(y)[:240]
    return train_test_split(X, y, test_size=0.25, random_state=0)


def make(kind, **parameters):
    return kind(**({"hidden_layer_sizes": (7,), "max_iter": 12, "random_state": 0} | parameters))


def assert_same_network(one, other):
    for name in ("coefs_", "intercepts_"):
        for mine, its in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_allclose(mine, its, rtol=1e-10, atol=1e-12)


def loss_of(model, X, y):
    if isinstance(model, NumpyMLPClassifier):
        return log_loss(y, model.predict_proba(X))
    return mean_squared_error(y, model.predict(X)) / 2


VALIDATION_WORDS = [
    "eval_set",
    "eval_X",
    "eval_y",
    "eval_sample_weight",
    "validation_data",
    "validation_set",
    "valid_sets",
    "val_set",
    "X_valid",
    "y_valid",
    "x_val",
    "Y_VAL",
    "X_eval",
    "X_dev",
    "xval",
]


@pytest.mark.parametrize("word", VALIDATION_WORDS)
@pytest.mark.parametrize(
    "estimator",
    [
        NumpyMLPClassifier(),
        NumpyMLPRegressor(),
        NumpyMLPClassifier(n_members=2, resample=KFold(2)),
        TabularMLPClassifier("fast"),
        TabularMLPRegressor("fast"),
    ],
)
def test_others_words_for_validation_data_point_to_ours(estimator, word):
    X, X_val, y, y_val = parts(NumpyMLPClassifier)
    for routing in (False, True):
        with (
            sklearn.config_context(enable_metadata_routing=routing),
            pytest.raises(TypeError, match=rf"\['{word}'\].*X_val.*y_val.*sample_weight_val"),
        ):
            estimator.fit(X, y, **{word: [(X_val, y_val)]})
    assert not hasattr(estimator, "classes_")


@pytest.mark.parametrize("word", ["eval_metric", "validation_split", "epochs", "values", "groups"])
def test_other_words_do_not(word):
    X, _, y, _ = parts(NumpyMLPClassifier)
    with pytest.raises(TypeError, match=word) as caught:
        NumpyMLPClassifier().fit(X, y, **{word: 1})
    assert "X_val" not in str(caught.value)


@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd", "lbfgs"])
@pytest.mark.parametrize("kind", KINDS)
def test_given_rows_are_recorded_and_change_nothing(kind, solver):
    X, X_val, y, y_val = parts(kind)
    model = make(kind, solver=solver).fit(X, y, X_val=X_val, y_val=y_val)
    plain = make(kind, solver=solver).fit(X, y)
    assert_same_network(model, plain)
    assert len(model.validation_scores_) == len(model.validation_loss_curve_) == model.n_iter_
    assert model.validation_scores_[-1] == pytest.approx(model.score(X_val, y_val))
    assert model.validation_loss_curve_[-1] == pytest.approx(loss_of(model, X_val, y_val))
    assert model.history_["validation_score"] == model.validation_scores_
    assert model.history_["validation_loss"] == model.validation_loss_curve_
    assert model.best_validation_score_ == max(model.validation_scores_) or solver == "lbfgs"
    assert getattr(plain, "validation_scores_", None) is None


@pytest.mark.parametrize("kind", KINDS)
def test_given_rows_take_the_place_of_a_split(kind):
    X, X_val, y, y_val = parts(kind)
    model = make(kind, early_stopping=True).fit(X, y, X_val=X_val, y_val=y_val)
    # No split is drawn: all rows are trained on, in the order of a fit without one.
    assert model.t_ == model.n_iter_ * len(X)
    plain = make(kind, max_iter=model.n_iter_).fit(X, y)
    np.testing.assert_allclose(model.loss_curve_, plain.loss_curve_, rtol=1e-12)
    best = int(np.argmax(model.validation_scores_))
    assert_same_network(model, make(kind, max_iter=best + 1).fit(X, y))


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_epoch_is_kept_where_the_epochs_run_out(kind):
    X, X_val, y, y_val = parts(kind)
    parameters = {"early_stopping": True, "scoring": "loss", "learning_rate_init": 0.3}
    model = make(kind, **parameters).fit(X, y, X_val=X_val, y_val=y_val)
    scores = model.validation_scores_
    assert model.n_iter_ == 12
    assert scores[-1] < max(scores) == model.best_validation_score_
    assert loss_of(model, X_val, y_val) == pytest.approx(-max(scores))


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize(
    ("kind", "scoring", "expected"),
    [
        (NumpyMLPClassifier, None, lambda m, X, y, w: m.score(X, y, w)),
        (
            NumpyMLPClassifier,
            "loss",
            lambda m, X, y, w: -log_loss(y, m.predict_proba(X), sample_weight=w),
        ),
        (
            NumpyMLPClassifier,
            "roc_auc",
            lambda m, X, y, w: roc_auc_score(y, m.predict_proba(X)[:, 1], sample_weight=w),
        ),
        (
            NumpyMLPClassifier,
            lambda m, X, y, sample_weight=None: m.predict_proba(X)[0, 0],
            lambda m, X, y, w: m.predict_proba(X)[0, 0],
        ),
        (NumpyMLPRegressor, None, lambda m, X, y, w: m.score(X, y, w)),
        (
            NumpyMLPRegressor,
            "loss",
            lambda m, X, y, w: -mean_squared_error(y, m.predict(X), sample_weight=w) / 2,
        ),
        (
            NumpyMLPRegressor,
            "neg_mean_absolute_error",
            lambda m, X, y, w: -np.average(abs(y - m.predict(X)), weights=w),
        ),
    ],
    ids=["accuracy", "log_loss", "roc_auc", "callable", "r2", "squared_error", "absolute_error"],
)
def test_scoring(kind, scoring, expected, weights):
    X, X_val, y, y_val = parts(kind)
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y_val)) if weights else None
    model = make(kind, early_stopping=True, scoring=scoring)
    model.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weight)
    assert model.best_validation_score_ == max(model.validation_scores_)
    best = expected(model, X_val, y_val, weight)
    assert model.best_validation_score_ == pytest.approx(best, rel=1e-10)


def test_an_early_stop_by_the_loss_of_a_split():
    X, _, y, _ = parts(NumpyMLPClassifier)
    model = make(
        NumpyMLPClassifier, early_stopping=True, scoring="loss", max_iter=400, tol=1e-3
    ).fit(X, y)
    assert model.n_iter_ < 400
    assert model.best_validation_score_ == -min(model.validation_loss_curve_)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("kind", KINDS)
def test_members_have_curves_of_their_own(kind, solver):
    X, X_val, y, y_val = parts(kind)
    model = make(kind, n_members=3, solver=solver).fit(X, y, X_val=X_val, y_val=y_val)
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == 3
    for k, seed in enumerate(model.member_seeds_):
        alone = make(kind, solver=solver, random_state=seed).fit(X, y, X_val=X_val, y_val=y_val)
        np.testing.assert_allclose(
            model.validation_loss_curve_[k], alone.validation_loss_curve_, rtol=1e-7
        )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("X_val",), "X_val was given without y_val"),
        (("y_val",), "y_val was given without X_val"),
        (("X_val", "sample_weight_val"), "X_val was given without y_val"),
        (("sample_weight_val",), "sample_weight_val was given without X_val and y_val"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_one_without_the_other_is_an_error(kind, given, message):
    X, X_val, y, y_val = parts(kind)
    everything = {"X_val": X_val, "y_val": y_val, "sample_weight_val": np.ones(len(y_val))}
    with pytest.raises(ValueError, match=message):
        make(kind).fit(X, y, **{name: everything[name] for name in given})


@pytest.mark.parametrize("kind", KINDS)
def test_what_given_rows_must_be(kind):
    X, X_val, y, y_val = parts(kind)
    model = make(kind)
    with pytest.raises(ValueError, match="features"):
        model.fit(X, y, X_val=X_val[:, :3], y_val=y_val)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y, X_val=X_val, y_val=y_val[:-1])
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X, y, X_val=np.full_like(X_val, np.nan), y_val=y_val)
    with pytest.raises(ValueError, match="Negative values"):
        model.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=-np.ones(len(y_val)))
    if kind is NumpyMLPClassifier:
        with pytest.raises(ValueError, match="classes not in"):
            model.fit(X, y, X_val=X_val, y_val=y_val + 5)
    else:
        with pytest.raises(ValueError, match=r"as many columns as y, 1, got \(60, 2\)"):
            model.fit(X, y, X_val=X_val, y_val=np.column_stack([y_val, y_val]))
        with pytest.raises(ValueError, match=r"at least 2 rows, got X_val of shape \(1, 10\)"):
            model.fit(X, y, X_val=X_val[:1], y_val=y_val[:1])
    assert not hasattr(model, "coefs_")


def test_a_scorer_that_there_is_none_of():
    X, X_val, y, y_val = parts(NumpyMLPClassifier)
    with pytest.raises(ValueError, match="'nonsense'"):
        make(NumpyMLPClassifier, scoring="nonsense").fit(X, y, X_val=X_val, y_val=y_val)


@pytest.mark.parametrize("kind", KINDS)
def test_through_a_pipeline_that_transforms_them(kind):
    X, X_val, y, y_val = parts(kind)
    X, X_val = 5 + 3 * X, 5 + 3 * X_val
    with sklearn.config_context(enable_metadata_routing=True):
        network = make(kind, early_stopping=True).set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(StandardScaler(), network, transform_input=["X_val"])
        pipeline.fit(X, y, X_val=X_val, y_val=y_val)
    scaler = StandardScaler().fit(X)
    given = {"X_val": scaler.transform(X_val), "y_val": y_val}
    expected = make(kind, early_stopping=True).fit(scaler.transform(X), y, **given)
    assert pipeline[-1].validation_scores_ == expected.validation_scores_
    assert_same_network(pipeline[-1], expected)


@pytest.mark.parametrize("search", [GridSearchCV, StackedGridSearchCV])
def test_a_search_hands_them_on(search):
    X, X_val, y, y_val = parts(NumpyMLPClassifier)
    network = make(NumpyMLPClassifier, early_stopping=True)
    found = search(network, {"alpha": [0.1, 1.0]}, cv=2)
    found.fit(X, y, X_val=X_val, y_val=y_val)
    assert len(X_val) != len(X)
    best = network.set_params(**found.best_params_).fit(X, y, X_val=X_val, y_val=y_val)
    assert_same_network(found.best_estimator_, best)


def test_a_search_cuts_rows_that_are_as_many():
    X, _, y, _ = parts(NumpyMLPClassifier)
    network = make(NumpyMLPClassifier)
    results = [
        search(network, {"alpha": [0.1, 1.0]}, cv=2).fit(X, y, X_val=X[::-1], y_val=y[::-1])
        for search in (GridSearchCV, StackedGridSearchCV)
    ]
    np.testing.assert_allclose(*(r.cv_results_["mean_test_score"] for r in results))


class Clock:
    """Goes on by a second whenever it is read."""

    def __init__(self):
        self.seconds = 0

    def perf_counter(self):
        self.seconds += 1
        return float(self.seconds)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("kind", KINDS)
def test_max_time_stops_training(kind, solver, n_members, monkeypatch):
    X, X_val, y, y_val = parts(kind)
    for module in (training, in_process):
        monkeypatch.setattr(module, "time", Clock())
    model = make(kind, solver=solver, max_iter=5000, tol=0.0, max_time=30, n_members=n_members).fit(
        X, y, X_val=X_val, y_val=y_val
    )
    n_epochs = np.atleast_1d(model.n_iter_)
    assert ((n_epochs >= 1) & (n_epochs < 40)).all()
    losses = np.asarray(model.history_["loss"])
    assert len(losses) == n_epochs.sum()


def test_max_time_keeps_the_best(monkeypatch):
    X, X_val, y, y_val = parts(NumpyMLPClassifier)
    monkeypatch.setattr(training, "time", Clock())
    model = make(
        NumpyMLPClassifier,
        early_stopping=True,
        learning_rate_init=0.5,
        max_iter=5000,
        n_iter_no_change=5000,
        max_time=60,
    ).fit(X, y, X_val=X_val, y_val=y_val)
    assert model.n_iter_ < 60
    assert model.score(X_val, y_val) == pytest.approx(max(model.validation_scores_))


def test_a_stop_by_time_is_no_warning(monkeypatch):
    X, _, y, _ = parts(NumpyMLPClassifier)
    monkeypatch.setattr(training, "time", Clock())
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        make(NumpyMLPClassifier, max_iter=5000, tol=0.0, max_time=10).fit(X, y)


def test_candidates_with_a_time_of_their_own_are_not_stacked():
    X, _, y, _ = parts(NumpyMLPClassifier)
    search = StackedGridSearchCV(make(NumpyMLPClassifier, max_time=60), {"alpha": [0.1, 1.0]}, cv=2)
    report = search.fit(X, y).stacking_report_
    assert report["stacks"] == []
    assert "max_time" in report["alone"][0]["reason"]


def test_data_are_judged_in_their_type():
    X, X_val, y, y_val = parts(NumpyMLPRegressor)
    model = make(NumpyMLPRegressor, dtype="float32", early_stopping=True)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert model.coefs_[0].dtype == np.float32
    assert model.best_validation_score_ == pytest.approx(model.score(X_val, y_val), rel=1e-5)


def test_the_split_of_early_stopping_is_as_before():
    """`scoring` alone draws nothing."""
    X, _, y, _ = parts(NumpyMLPClassifier)
    model = make(NumpyMLPClassifier, early_stopping=True).fit(X, y)
    by_name = make(NumpyMLPClassifier, early_stopping=True, scoring="accuracy").fit(X, y)
    assert model.validation_scores_ == by_name.validation_scores_
    assert_same_network(model, by_name)
