"""Intervals hold what they say, of rows that had no part in them."""

import pickle
from typing import get_args

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold

from sknumpynet import NumpyMLPRegressor, TabularMLPRegressor
from sknumpynet.estimators.conformal import IntervalMethod

pytestmark = pytest.mark.oldest

LEVELS = [0.5, 0.8, 0.9]
METHODS = get_args(IntervalMethod)

NOISE = {
    "normal": lambda rng, X: rng.normal(size=len(X)),
    "of many sizes": lambda rng, X: rng.normal(size=len(X)) * (0.2 + np.abs(X[:, 1])),
    "heavy tails": lambda rng, X: rng.standard_t(2, size=len(X)),
    "skewed": lambda rng, X: rng.exponential(size=len(X)),
}


def rows(noise, n, rng):
    X = rng.normal(size=(n, 3))
    return X, X[:, 0] + NOISE[noise](rng, X)


def linear(n_members=10, **settings):
    """Return a regressor whose members are least squares: no epoch is chosen."""
    return NumpyMLPRegressor(
        hidden_layer_sizes=(),
        solver="lbfgs",
        alpha=0.0,
        n_members=n_members,
        random_state=0,
        **{"resample": "folds", **settings},
    )


def small(**settings):
    return TabularMLPRegressor(
        "fast",
        **{"max_iter": 6, "hidden_layer_sizes": (8,), "random_state": 0, "n_jobs": 1, **settings},
    )


def held(bounds, y):
    """Return the part of targets within the bounds of each level."""
    inside = (bounds[:, 0] <= y[:, np.newaxis]) & (y[:, np.newaxis] <= bounds[:, 1])
    return inside.mean(axis=0)


@pytest.mark.parametrize("noise", NOISE)
def test_about_as_many_targets_are_held_as_asked(noise):
    parts = {method: [] for method in METHODS}
    for seed in range(100):
        rng = np.random.default_rng(seed)
        (X, y), (X_new, y_new) = rows(noise, 120, rng), rows(noise, 100, rng)
        model = linear().fit(X, y)
        for method, own in parts.items():
            own.append(held(model.predict_interval(X_new, LEVELS, method=method), y_new))
    for method, own in parts.items():
        mean = np.mean(own, axis=0)
        assert (mean > np.array(LEVELS) - 0.01).all(), method
        if method != "minmax":
            assert (mean < np.array(LEVELS) + 0.03).all(), method


@pytest.mark.parametrize("noise", ["normal", "heavy tails"])
def test_epochs_that_rows_chose_do_not_make_intervals_too_narrow(noise):
    """Of members that learn their rows by heart, unless an epoch is chosen well."""
    parts = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        (X, y), (X_new, y_new) = rows(noise, 60, rng), rows(noise, 500, rng)
        model = small(max_iter=16, hidden_layer_sizes=(64,), random_state=seed).fit(X, y)
        parts.append(held(model.predict_interval(X_new, LEVELS, method="mean"), y_new))
    assert (np.mean(parts, axis=0) > np.array(LEVELS) - 0.01).all()


def test_bounds_are_those_of_the_paper():
    """Of least squares on folds, written out as in its equation for folds."""
    X, y = load_diabetes(return_X_y=True)
    X, y, X_new = X[:60], y[:60], X[60:80]
    folds = KFold(6, shuffle=True, random_state=0)
    lower, upper = [], []
    for train, test in folds.split(X):
        member = LinearRegression().fit(X[train], y[train])
        residuals = np.abs(y[test] - member.predict(X[test]))
        lower += [member.predict(X_new) - residual for residual in residuals]
        upper += [member.predict(X_new) + residual for residual in residuals]
    model = linear(6, resample=folds, max_iter=5_000, tol=1e-10).fit(X, y)
    found = model.predict_interval(X_new, level=0.8)
    rank = int(np.ceil(0.8 * 61))
    assert_allclose(found[:, 1], np.sort(upper, axis=0)[rank - 1], rtol=2e-3)
    assert_allclose(found[:, 0], np.sort(lower, axis=0)[60 - rank], rtol=2e-3)


def test_intervals_follow_quantiles():
    rng = np.random.default_rng(0)
    (X, y), (X_new, y_new) = (rows("of many sizes", n, rng) for n in (600, 2_000))
    model = small(loss="quantile", quantile=[0.05, 0.5, 0.95], max_iter=30).fit(X, y)
    bounds = model.predict_interval(X_new)
    assert 0.88 < held(bounds[..., np.newaxis], y_new)[0] < 0.95
    width = bounds[:, 1] - bounds[:, 0]
    noisy = np.abs(X_new[:, 1]) > 1
    assert width[noisy].mean() > 1.5 * width[~noisy].mean()


@pytest.mark.parametrize("method", METHODS)
def test_bounds_hold_the_prediction_and_those_of_lower_levels(method):
    X, y = load_diabetes(return_X_y=True)
    model = small().fit(X[:100], y[:100])
    bounds = model.predict_interval(X, [0.1, 0.5, 0.9], method=method)
    assert bounds.shape == (442, 2, 3)
    prediction = model.predict(X)[:, np.newaxis]
    assert ((bounds[:, 0] <= prediction) & (prediction <= bounds[:, 1])).all()
    assert (np.diff(bounds[:, 0]) <= 0).all()
    assert (np.diff(bounds[:, 1]) >= 0).all()
    assert_array_equal(model.predict_interval(X, 0.5, method=method), bounds[..., 1])


def test_several_targets_have_bounds_of_their_own():
    X, y = load_diabetes(return_X_y=True)
    both = np.column_stack([y, -3 * y])
    model = small().fit(X[:100], both[:100])
    assert model.predict_interval(X).shape == (442, 2, 2)
    assert model.predict_interval(X, [0.5, 0.9]).shape == (442, 2, 2, 2)
    lower, upper = model.predict_interval(X).transpose(2, 0, 1)
    inside = (lower <= both) & (both <= upper)
    assert (inside[100:].mean(axis=0) > 0.85).all()


def test_few_rows_have_infinite_bounds():
    X, y = load_diabetes(return_X_y=True)
    model = small().fit(X[:15], y[:15])
    with pytest.warns(UserWarning, match=r"15 rows held out cannot tell bounds of level 0.95"):
        bounds = model.predict_interval(X, 0.95)
    assert_array_equal(bounds, np.broadcast_to([-np.inf, np.inf], bounds.shape))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-300, 1e-6, 1e300])
def test_bounds_have_the_unit_of_the_targets(method, scale):
    X, y = load_diabetes(return_X_y=True)
    plain = small().fit(X[:100], y[:100]).predict_interval(X, method=method)
    scaled = small().fit(X[:100], scale * y[:100]).predict_interval(X, method=method)
    assert_allclose(scaled / scale, plain, rtol=1e-2, atol=1.0)


def test_constant_targets_have_no_width():
    X, _ = load_diabetes(return_X_y=True)
    bounds = small().fit(X[:60], np.full(60, 7.0)).predict_interval(X)
    assert_allclose(bounds, 7.0)


def test_rows_of_weight_0_are_as_if_absent():
    X, y = load_diabetes(return_X_y=True)
    weight = np.ones(80)
    weight[::4] = 0
    wrong = np.where(weight > 0, y[:80], 1e6)
    with_zeros = small().fit(X[:80], wrong, sample_weight=weight)
    kept = weight > 0
    without = small().fit(X[:80][kept], y[:80][kept], sample_weight=weight[kept])
    assert_array_equal(with_zeros.predict_interval(X), without.predict_interval(X))


def test_weights_count_in_quantiles():
    """Half of the rows are noisy; they count little, so that intervals are of the others."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    noisy = np.arange(400) % 2 == 1
    y = X[:, 0] + np.where(noisy, 10.0, 0.1) * rng.normal(size=400)
    width = [
        np.ptp(linear().fit(X, y, sample_weight=weight).predict_interval(X), axis=1).mean()
        for weight in (np.ones(400), np.where(noisy, 0.01, 1.0))
    ]
    assert width[1] < 0.1 * width[0]


def test_rows_that_several_members_hold_out_count_once():
    X, y = load_diabetes(return_X_y=True)
    settings = {"max_iter": 5_000, "tol": 1e-10}
    folds = [RepeatedKFold(n_splits=5, n_repeats=n, random_state=0) for n in (1, 3)]
    models = [linear(5 * n, resample=own, **settings) for n, own in zip((1, 3), folds, strict=True)]
    once, often = (model.fit(X[:99], y[:99]) for model in models)
    with pytest.warns(UserWarning, match="99 rows held out cannot tell bounds of level 0.995"):
        often.predict_interval(X, 0.995)
    width = [np.ptp(model.predict_interval(X), axis=1).mean() for model in (once, often)]
    assert width[1] == pytest.approx(width[0], rel=0.1)  # of other folds


def test_intervals_of_new_groups_want_groups_held_out():
    """Rows of a group have the same columns, and so can be known by heart."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 10)

    def table():
        X, y = rng.normal(size=(60, 2)), rng.normal(size=60)
        return X[groups], y[groups] + 0.1 * rng.normal(size=600)

    (X, y), (X_new, y_new) = table(), table()
    settings = {"max_iter": 60, "hidden_layer_sizes": (64, 64)}
    by_rows = small(**settings).fit(X, y)
    by_groups = small(**settings, resample=GroupKFold(5)).fit(X, y, groups=groups)
    parts = [
        held(model.predict_interval(X_new)[..., np.newaxis], y_new)[0]
        for model in (by_rows, by_groups)
    ]
    assert parts[0] < 0.6
    assert parts[1] > 0.88


def test_intervals_do_not_depend_on_other_rows_nor_workers():
    X, y = load_diabetes(return_X_y=True)
    model = small().fit(X[:100], y[:100])
    bounds = model.predict_interval(X)
    assert_array_equal(model.predict_interval(X[7:8]), bounds[7:8])
    restored = pickle.loads(pickle.dumps(model))
    assert_array_equal(restored.predict_interval(X), bounds)
    assert_array_equal(small(n_jobs=2).fit(X[:100], y[:100]).predict_interval(X), bounds)


@pytest.mark.parametrize(
    "settings",
    [{"resample": None}, {"resample": "bootstrap"}, {"conformal": False}],
)
def test_without_rows_that_were_held_out_there_are_no_intervals(settings):
    X, y = load_diabetes(return_X_y=True)
    model = small(**settings).fit(X[:60], y[:60])
    with pytest.raises(ValueError, match="knows of no rows that had no part in its training"):
        model.predict_interval(X)


def test_intervals_of_the_last_fit():
    X, y = load_diabetes(return_X_y=True)
    model = small().fit(X[:60], y[:60])
    model.set_params(resample=None).fit(X[:60], y[:60])
    with pytest.raises(ValueError, match="no rows"):
        model.predict_interval(X)


@pytest.mark.parametrize("level", [0.0, 1.0, -1, 1.5, [0.5, 2.0], np.nan])
def test_levels_are_parts(level):
    X, y = load_diabetes(return_X_y=True)
    model = linear(2).fit(X[:60], y[:60])
    with pytest.raises(ValueError, match="level must be above 0 and below 1, got"):
        model.predict_interval(X, level)


@pytest.mark.parametrize("level", ["0.9", None, True, [], ["x"]])
def test_levels_are_numbers(level):
    X, y = load_diabetes(return_X_y=True)
    model = linear(2).fit(X[:60], y[:60])
    with pytest.raises(TypeError, match="level must be a number or a list of them, got"):
        model.predict_interval(X, level)


def test_methods_that_are_none():
    X, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match=r"method must be one of \['plus', .*got 'naive'"):
        linear(2).fit(X[:60], y[:60]).predict_interval(X, method="naive")


@pytest.mark.parametrize("method", ["plus", "minmax"])
def test_mapie_has_the_same_bounds(method):
    regression = pytest.importorskip("mapie.regression")
    X, y = load_diabetes(return_X_y=True)
    folds = KFold(6, shuffle=True, random_state=0)
    model = linear(6, resample=folds, max_iter=5_000, tol=1e-10).fit(X[:100], y[:100])
    peer = regression.CrossConformalRegressor(
        LinearRegression(), confidence_level=[0.5, 0.8], method=method, cv=folds
    )
    expected = peer.fit_conformalize(X[:100], y[:100]).predict_interval(X[100:])[1]
    found = model.predict_interval(X[100:], [0.5, 0.8], method=method)
    assert_allclose(found, expected, rtol=2e-3, atol=0.2)
