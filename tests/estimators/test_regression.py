"""What regressors have beside scikit-learn's: losses, quantiles."""

import numpy as np
import pytest
from helpers.networks import REGRESSION_LOSSES, STOCHASTIC, make, positive_targets, problem
from sklearn.base import clone
from sklearn.linear_model import GammaRegressor, HuberRegressor, QuantileRegressor
from sklearn.metrics import mean_pinball_loss

from sknumpynet import NumpyMLPRegressor
from sknumpynet.core.losses import LOSSES, HuberLoss

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def linear(loss, **parameters):
    return NumpyMLPRegressor(
        loss, (), solver="lbfgs", alpha=0.0, max_iter=5000, max_fun=10**5, tol=1e-8, **parameters
    )


def test_gamma_is_a_glm():
    X, y = positive_targets()
    ours, theirs = linear("gamma").fit(X, y), GammaRegressor(alpha=0, tol=1e-8, max_iter=10**4)
    np.testing.assert_allclose(ours.predict(X), theirs.fit(X, y).predict(X), rtol=1e-3)


@pytest.mark.parametrize("quantile", [0.2, 0.5, 0.9])
def test_a_quantile_is_that_of_a_linear_program(quantile):
    X, y = positive_targets()
    model = NumpyMLPRegressor(
        "quantile",
        (),
        quantile=quantile,
        alpha=0.0,
        learning_rate="linear",
        learning_rate_init=0.02,
        max_iter=1500,
        random_state=0,
    ).fit(X, y)
    theirs = QuantileRegressor(quantile=quantile, alpha=0.0).fit(X, y)
    best = mean_pinball_loss(y, theirs.predict(X), alpha=quantile)
    assert mean_pinball_loss(y, model.predict(X), alpha=quantile) < 1.01 * best
    assert np.mean(y < model.predict(X)) == pytest.approx(quantile, abs=0.03)
    assert model.quantiles_ == [quantile]
    if quantile == 0.5:
        absolute = NumpyMLPRegressor(
            "absolute_error",
            (),
            alpha=0.0,
            learning_rate="linear",
            learning_rate_init=0.02,
            max_iter=1500,
            random_state=0,
        ).fit(X, y)
        np.testing.assert_allclose(absolute.predict(X), model.predict(X), atol=0.05)


def test_huber_is_between_the_mean_and_the_median():
    X, y = positive_targets()
    y[:10] += 100.0
    robust, mean = linear("huber").fit(X, y), linear("squared_error").fit(X, y)
    assert (
        abs(robust.predict(X)[10:] - y[10:]).mean() < abs(mean.predict(X)[10:] - y[10:]).mean() / 3
    )
    wide = linear(HuberLoss(1e6)).fit(X, y)
    np.testing.assert_allclose(wide.predict(X), mean.predict(X), rtol=1e-2, atol=1e-2)
    theirs = HuberRegressor(alpha=0.0, max_iter=10_000, tol=1e-8).fit(X, y)
    # scikit-learn's estimates a scale s: its distance is epsilon s.
    ours = linear(HuberLoss(theirs.epsilon * theirs.scale_)).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-2, atol=1e-2)


def test_several_quantiles():
    X, y = problem(NumpyMLPRegressor, 400)
    levels = [0.05, 0.5, 0.95]
    model = make(NumpyMLPRegressor, loss="quantile", quantile=levels, max_iter=200).fit(X, y)
    predictions = model.predict(X)
    assert predictions.shape == (400, 3)
    assert (np.diff(predictions) > 0).all()
    assert 0.8 < np.mean((predictions[:, 0] < y) & (y < predictions[:, 2])) < 1
    losses = [
        mean_pinball_loss(y, own, alpha=level)
        for own, level in zip(predictions.T, levels, strict=True)
    ]
    assert model.score(X, y) == pytest.approx(-np.mean(losses))
    assert model.n_outputs_ == 3
    assert model.out_activation_ == "quantiles"
    # Far from the data too.
    assert (np.diff(model.predict(1000 * X)) >= 0).all()
    ensemble = clone(model).set_params(n_members=2, max_iter=20).fit(X, y)
    assert ensemble.predict_members(X).shape == (2, 400, 3)
    assert (np.diff(ensemble.predict(X)) > 0).all()
    stopped = clone(model).set_params(early_stopping=True, max_iter=20).fit(X, y)
    assert stopped.best_validation_score_ < 0


@pytest.mark.parametrize(
    ("quantile", "message"),
    [
        ([0.9, 0.1], r"must ascend, got \[0.9, 0.1\]"),
        ([0.0, 0.5], "between 0 and 1"),
        ([], "between 0 and 1"),
        (1.0, "'quantile' parameter"),
    ],
    ids=str,
)
def test_quantiles_that_are_refused(quantile, message):
    with pytest.raises(ValueError, match=message):
        make(NumpyMLPRegressor, loss="quantile", quantile=quantile).fit(*problem(NumpyMLPRegressor))


def test_quantiles_are_of_one_target():
    X, y = problem(NumpyMLPRegressor)
    with pytest.raises(ValueError, match="takes one column of y, got 2"):
        make(NumpyMLPRegressor, loss="quantile").fit(X, np.column_stack([y, y]))


@pytest.mark.parametrize(("loss", "value"), [("gamma", 0.0), ("poisson", -1.0)])
def test_targets_out_of_a_losss_range(loss, value):
    X, y = positive_targets()
    y[3] = value
    for given in (loss, LOSSES[loss]):
        with pytest.raises(ValueError, match=f"valid range of the loss '{loss}'.* got {value}"):
            make(NumpyMLPRegressor, loss=given).fit(X, y)


def test_losses_of_classes_are_refused():
    with pytest.raises(ValueError, match=r"loss must be one of .*, got _BinaryCrossEntropy"):
        make(NumpyMLPRegressor, loss=LOSSES["binary_cross_entropy"]).fit(*positive_targets())


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_tags_follow_the_loss(loss):
    for given in (loss, LOSSES[loss]):
        tags = NumpyMLPRegressor(given).__sklearn_tags__()
        assert tags.target_tags.positive_only == (loss in ("gamma", "poisson"))
        assert tags.target_tags.multi_output == (loss != "quantile")


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("solver", [*STOCHASTIC, "lbfgs"])
@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_every_loss_with_every_solver(loss, solver, n_outputs):
    if loss == "quantile" and n_outputs > 1:
        pytest.skip("of one target")
    X, y = positive_targets(n_outputs)
    model = make(NumpyMLPRegressor, loss=loss, solver=solver, max_iter=40, early_stopping=True)
    model.fit(X, y)
    assert model.history_["loss"][-1] < model.history_["loss"][0]
    assert model.predict(X).shape == y.shape
    if loss in ("gamma", "poisson"):
        assert (model.predict(X) > 0).all()
    ensemble = make(NumpyMLPRegressor, loss=loss, solver=solver, n_members=2).fit(X, y)
    seed = ensemble.member_seeds_[1]
    alone = make(NumpyMLPRegressor, loss=loss, solver=solver, random_state=seed).fit(X, y)
    np.testing.assert_allclose(ensemble.coefs_[0][1], alone.coefs_[0], rtol=1e-6, atol=1e-8)
