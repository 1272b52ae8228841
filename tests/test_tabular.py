"""Estimators for tables have everything that the other estimators have."""

import copy
import multiprocessing
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from helpers.passengers import KINDS, fitted, outputs, quick, target_of, titanic
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.metrics import log_loss, mean_pinball_loss
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from sknumpynet import (
    StackedGridSearchCV,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TrainingDisplay,
)
from sknumpynet.core.losses import HuberLoss
from sknumpynet.presets import PRESETS

# Passengers have names.
pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore:nearly all levels have a single row in column '(name|x1)'"),
]

# Folds and batches hold rows, whatever their weights.
EXPECTED = {
    f"check_sample_weight_equivalence_on_{kind}_data": "a row of weight 2 is not two rows"
    for kind in ("dense", "sparse")
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_check_estimator(kind):
    results = check_estimator(
        kind("fast", n_members=2, n_jobs=1), on_skip=None, expected_failed_checks=EXPECTED
    )
    statuses = [result["status"] for result in results]
    assert statuses.count("passed") > 50
    assert statuses.count("xfail") <= 1
    assert statuses.count("skipped") <= 2  # array API switched off; no decision_function


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_whatever_the_number_of_workers(kind):
    frame, _ = titanic()
    expected = outputs(fitted(kind), frame)
    for n_jobs in (1, 2, 3):
        with joblib.parallel_config("threading"):
            model = quick(kind, n_jobs=n_jobs).fit(frame, target_of(kind))
        assert_array_equal(outputs(model, frame), expected)


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("kind", KINDS)
def test_worker_processes_give_the_same(kind):
    frame, _ = titanic()
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
    assert mine.recv() == PRESETS["fast"].regression.most_members
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
    folds = KFold(3, shuffle=True, random_state=0)
    assert cross_val_score(model, X, y, cv=folds).mean() > 0.42  # a linear model has 0.49


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
    frame = frame.assign(when=pd.date_range("2024", periods=len(frame), freq="7h"))
    grid = {"learning_rate_init": [0.01, 0.1], "column_kinds": [None, {"when": "category"}]}
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
