import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
)

from sknumpynet.core.losses import (
    LINKS,
    LOSSES,
    PREDICTIONS,
    CustomLoss,
    HuberLoss,
    Loss,
    QuantileDistance,
    QuantileLoss,
)

CROSS_ENTROPIES = ["binary_cross_entropy", "categorical_cross_entropy"]


def predicted(loss, raw):
    out = np.full_like(raw, np.nan)
    loss.predict(raw, out)
    return out


# With two outputs, as most tests have.
VARIANTS = [*LOSSES.values(), HuberLoss(0.3), QuantileLoss((0.2, 0.9)), QuantileDistance()]


@pytest.fixture(params=VARIANTS, ids=lambda loss: f"{loss.name}-{loss.output_activation}")
def loss(request):
    return request.param


@pytest.fixture
def make_labels(rng):
    """Targets at the ends of what a cross-entropy allows."""

    def make(name, n_outputs, n_samples):
        if name == "binary_cross_entropy":
            return rng.integers(2, size=(n_outputs, n_samples)).astype(float)
        return np.eye(n_outputs)[:, rng.integers(n_outputs, size=n_samples)]

    return make


def gradient_of(loss, raw, targets):
    out = np.full_like(raw, np.nan)
    loss.differentiate(raw, predicted(loss, raw), targets, out)
    return out


def along_each_output(n_outputs):
    return np.eye(n_outputs)[:, :, np.newaxis]


def test_table_is_keyed_by_name():
    assert [loss.name for loss in LOSSES.values()] == list(LOSSES)


@pytest.mark.parametrize("kind", [*map(type, LOSSES.values()), Loss, CustomLoss])
def test_a_pickle_finds_its_class_where_it_was(kind):
    """When all losses were in one file."""
    assert pickle.loads(f"csknumpynet.core.losses\n{kind.__name__}\n.".encode()) is kind


def test_gradient_by_differences(loss, rng, make_targets, check_slopes):
    raw, targets = rng.normal(size=(2, 7)), make_targets(loss, (2, 7))
    check_slopes(
        gradient_of(loss, raw, targets),
        lambda raw: loss.value(raw, targets),
        raw,
        along_each_output(2),
        rtol=1e-7,
        atol=1e-8,
    )


def test_law(loss, rng, make_targets):
    for n_samples in (7, 3):  # and as many samples as members
        raw = rng.normal(size=(3, 2, n_samples))
        own, shared = make_targets(loss, raw.shape), make_targets(loss, raw.shape[1:])
        predictions = predicted(loss, raw)
        for targets in (own, shared):
            value = loss.value(raw, targets)
            reported = loss.reported_value(raw, predictions, targets)
            assert value.shape == reported.shape == (3, n_samples)
            for k in range(3):
                targets_k = targets[k] if targets is own else targets
                assert_allclose(predictions[k], predicted(loss, raw[k]), rtol=1e-14)
                gradient, alone = np.empty((2, *raw.shape))
                loss.differentiate(raw, predictions, targets, gradient)
                loss.differentiate(raw[k], predictions[k], targets_k, alone[k])
                assert_allclose(gradient[k], alone[k], rtol=1e-13, atol=1e-15)
                assert_allclose(value[k], loss.value(raw[k], targets_k), rtol=1e-13, atol=1e-15)
                assert_allclose(
                    reported[k],
                    loss.reported_value(raw[k], predictions[k], targets_k),
                    rtol=1e-13,
                    atol=1e-15,
                )


def test_arguments_stay_as_they_are(loss, rng, make_targets):
    raw, targets = rng.normal(size=(2, 7)), make_targets(loss, (2, 7))
    predictions = predicted(loss, raw)
    kept = raw.copy(), targets.copy(), predictions.copy()
    loss.value(raw, targets)
    loss.reported_value(raw, predictions, targets)
    gradient_of(loss, raw, targets)
    for array, before in zip((raw, targets, predictions), kept, strict=True):
        assert_array_equal(array, before)
    in_place = raw.copy()
    loss.predict(in_place, in_place)
    assert_array_equal(in_place, predictions)


def test_keeps_float32(loss, rng, make_targets):
    raw = rng.normal(size=(3, 2, 7)).astype(np.float32)
    targets = make_targets(loss, (2, 7)).astype(np.float32)
    predictions = predicted(loss, raw)
    assert loss.value(raw, targets).dtype == np.float32
    precise = gradient_of(loss, raw.astype(float), targets.astype(float))
    assert_allclose(gradient_of(loss, raw, targets), precise, rtol=1e-4, atol=1e-5)
    assert loss.reported_value(raw, predictions, targets).dtype == np.float32


def test_finite_at_extremes(loss, make_targets):
    # exp(709.8) is the largest in float64, so no loss with a log link can go further.
    size = 700.0 if loss.output_activation == "exp" else 1e3
    raw = size * np.array([[-1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, 1.0]])
    targets = make_targets(loss, raw.shape)
    predictions = predicted(loss, raw)
    assert np.isfinite(predictions).all()
    assert np.isfinite(loss.value(raw, targets)).all()
    assert np.isfinite(loss.reported_value(raw, predictions, targets)).all()


@pytest.mark.parametrize("name", CROSS_ENTROPIES)
def test_surely_wrong_costs_the_distance(name, make_labels):
    loss, labels = LOSSES[name], make_labels(name, 2, 11)
    raw = 1000.0 * (1 - 2 * labels)
    distance = 2000.0  # two outputs wrong by 1000 each, or a gap of 2000 between two classes
    assert_allclose(loss.value(raw, labels), distance)
    assert_allclose(loss.value(-raw, labels), 0.0, atol=1e-12)
    clipped = loss.reported_value(raw, predicted(loss, raw), labels)
    n_logs = 2 if name == "binary_cross_entropy" else 1
    assert_allclose(clipped, n_logs * 52 * np.log(2))


@pytest.mark.parametrize("name", CROSS_ENTROPIES)
@pytest.mark.parametrize("n_outputs", [2, 5])
def test_reports_the_value_of_labels(name, n_outputs, rng, make_labels):
    loss, labels = LOSSES[name], make_labels(name, n_outputs, 11)
    raw = rng.normal(size=(3, n_outputs, 11))
    reported = loss.reported_value(raw, predicted(loss, raw), labels)
    assert_allclose(reported, loss.value(raw, labels), rtol=1e-12)


def test_binary_cross_entropy_is_log_loss(rng):
    raw, y = 2 * rng.normal(size=(1, 101)), rng.integers(2, size=(1, 101))
    loss = LOSSES["binary_cross_entropy"]
    assert_allclose(predicted(loss, raw), expit(raw))
    assert loss.value(raw, y).mean() == pytest.approx(log_loss(y[0], expit(raw[0])), rel=1e-12)
    both = np.concatenate([raw, raw]), np.concatenate([y, 1 - y])
    expected = loss.value(raw, y) + loss.value(raw, 1 - y)
    assert_allclose(loss.value(*both), expected, rtol=1e-12)


def test_categorical_cross_entropy_is_log_loss(rng):
    raw, y = 2 * rng.normal(size=(5, 101)), rng.integers(5, size=101)
    loss, probabilities = LOSSES["categorical_cross_entropy"], softmax(raw, axis=0)
    assert_allclose(predicted(loss, raw), probabilities)
    value = loss.value(raw, np.eye(5)[:, y]).mean()
    assert value == pytest.approx(log_loss(y, probabilities.T, labels=range(5)), rel=1e-12)
    # Only differences between raw outputs count.
    assert_allclose(loss.value(raw + 300.0, np.eye(5)[:, y]).mean(), value, rtol=1e-12)


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_squared_error(n_outputs, rng):
    raw, y = rng.normal(size=(2, n_outputs, 101))
    loss = LOSSES["squared_error"]
    half = mean_squared_error(y.T, raw.T) / 2  # averaged over outputs
    assert loss.value(raw, y).mean() == pytest.approx(half * n_outputs, rel=1e-12)
    assert loss.reported_value(raw, raw, y).mean() == pytest.approx(half, rel=1e-12)


def test_poisson_is_half_the_deviance(rng):
    raw, y = rng.normal(size=(1, 101)), rng.poisson(2.0, (1, 101)).astype(float)
    assert (y == 0).any()
    loss = LOSSES["poisson"]
    half = mean_poisson_deviance(y[0], np.exp(raw[0])) / 2
    assert loss.value(raw, y).mean() == pytest.approx(half, rel=1e-12)
    assert loss.reported_value(raw, np.exp(raw), y).mean() == pytest.approx(half, rel=1e-12)
    assert_allclose(loss.value(np.log(y + 1), y + 1), 0.0, atol=1e-14)


def test_gamma_is_half_the_deviance(rng):
    raw, y = rng.normal(size=(1, 101)), rng.gamma(2.0, size=(1, 101))
    loss = LOSSES["gamma"]
    half = mean_gamma_deviance(y[0], np.exp(raw[0])) / 2
    assert loss.value(raw, y).mean() == pytest.approx(half, rel=1e-12)


def test_absolute_error(rng):
    raw, y = rng.normal(size=(2, 1, 101))
    expected = mean_absolute_error(y[0], raw[0])
    assert LOSSES["absolute_error"].value(raw, y).mean() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("delta", [0.3, 1.0, 5.0])
def test_huber_is_pytorchs(delta, rng):
    torch = pytest.importorskip("torch")
    raw, y = 2 * rng.normal(size=(2, 1, 101))
    tensor = torch.tensor(raw, requires_grad=True)
    value = torch.nn.functional.huber_loss(tensor, torch.tensor(y), delta=delta, reduction="none")
    value.sum().backward()
    loss = HuberLoss(delta)
    assert_allclose(loss.value(raw, y), value.detach().numpy()[0], rtol=1e-12)
    assert_allclose(gradient_of(loss, raw, y), tensor.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("delta", [0.0, -1.0, np.inf, np.nan])
def test_what_huber_refuses(delta):
    with pytest.raises(ValueError, match=f"delta must be positive and finite, got {delta}"):
        HuberLoss(delta)


@pytest.mark.parametrize("levels", [(0.5,), (0.1, 0.9), (0.05, 0.25, 0.5, 0.95)], ids=str)
def test_quantiles_cost_the_pinball_loss(levels, rng, check_slopes):
    loss, raw, y = QuantileLoss(levels), rng.normal(size=(len(levels), 101)), rng.normal(size=101)
    predictions = predicted(loss, raw)
    expected = sum(
        mean_pinball_loss(y, own, alpha=level)
        for own, level in zip(predictions, levels, strict=True)
    )
    assert loss.value(raw, y[np.newaxis]).mean() == pytest.approx(expected, rel=1e-12)
    check_slopes(
        gradient_of(loss, raw, y[np.newaxis]),
        lambda raw: loss.value(raw, y[np.newaxis]),
        raw,
        along_each_output(len(levels)),
        rtol=1e-6,
        atol=1e-8,
    )


def test_quantiles_never_cross(rng):
    raw = np.array([[-1e3, 0.0, 1e3, 5.0], [-1e3, -30.0, 1e3, 0.0], [1e3, 1e-9, -1e3, -5.0]])
    predictions = predicted(QuantileLoss((0.1, 0.5, 0.9)), raw)
    assert (np.diff(predictions, axis=0) >= 0).all()
    assert_array_equal(predictions[0], raw[0])


def test_distances_of_quantiles_are_half_squared_errors(rng):
    loss, raw, targets = QuantileDistance(), *rng.normal(size=(2, 3, 101))
    half = mean_squared_error(targets.T, predicted(loss, raw).T) / 2  # averaged over outputs
    assert loss.value(raw, targets).mean() == pytest.approx(3 * half, rel=1e-12)


def test_every_prediction_has_a_link():
    assert LINKS.keys() == PREDICTIONS.keys()


@pytest.mark.parametrize("name", LINKS)
def test_a_link_leads_back_to_the_predictions(name, rng):
    raw = 2 * rng.normal(size=(3, 2, 7))
    predictions, again = np.empty((2, *raw.shape))
    PREDICTIONS[name](raw, predictions)
    kept = predictions.copy()
    PREDICTIONS[name](LINKS[name](predictions), again)
    assert_allclose(again, kept, rtol=1e-12)
    assert_array_equal(predictions, kept)
    for k in range(3):
        assert_array_equal(LINKS[name](predictions[k]), LINKS[name](predictions)[k])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LINKS)
def test_a_link_is_finite_where_predictions_are_rounded(name, dtype):
    rounded = np.array([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]], dtype)
    raw = LINKS[name](rounded)
    assert raw.dtype == dtype
    assert np.isfinite(raw).all()


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ((), "between 0 and 1, got"),
        ((0.0, 0.5), r"between 0 and 1, got \[0.0, 0.5\]"),
        ((0.5, 1.5), "between 0 and 1"),
        ((0.9, 0.1), r"must ascend, got \[0.9, 0.1\]"),
        ((0.5, 0.5), "must ascend"),
    ],
)
def test_what_quantiles_refuse(levels, message):
    with pytest.raises(ValueError, match=message):
        QuantileLoss(levels)


def test_equal_losses_are_one():
    assert HuberLoss(1.0) == LOSSES["huber"]
    assert hash(QuantileLoss((0.1, 0.9))) == hash(QuantileLoss((0.1, 0.9)))
    assert HuberLoss(2.0) != HuberLoss(1.0)
    one = LogCosh()
    assert CustomLoss(one) == CustomLoss(one) != CustomLoss(one, "logistic")


class LogCosh:
    def value(self, raw, targets):
        return np.log(np.cosh(raw - targets)).sum(axis=-2)

    def gradient(self, raw, targets):
        return np.tanh(raw - targets)


class Flat(LogCosh):
    def gradient(self, raw, targets):
        return raw * 0


class Total(LogCosh):
    def value(self, raw, targets):
        return super().value(raw, targets).sum()


class OneGradient(LogCosh):
    def gradient(self, raw, targets):
        return super().gradient(raw, targets)[..., :1]


class Undefined(LogCosh):
    def value(self, raw, targets):
        return np.log(super().value(raw, targets) * 0 - 1)


class Valueless:
    gradient = LogCosh.gradient


def test_a_loss_of_ones_own(rng):
    loss, raw, targets = CustomLoss(LogCosh()), rng.normal(size=(3, 2, 7)), rng.normal(size=(2, 7))
    loss.check(targets)
    assert_allclose(loss.value(raw, targets), LogCosh().value(raw, targets))
    assert_allclose(gradient_of(loss, raw, targets), np.tanh(raw - targets))
    assert loss.value(raw.astype("f"), targets.astype("f")).dtype == np.float32
    assert_array_equal(predicted(CustomLoss(LogCosh(), "logistic"), raw), expit(raw))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Flat, "gradient of the loss Flat is 0 where its value has the slope"),
        (Total, r"value of the loss Total must return finite numbers of shape \(2, 7\)"),
        (Undefined, "must return finite numbers"),
        (OneGradient, r"must return the shape \(2, 2, 7\) of the raw outputs, got \(2, 2, 1\)"),
        (Valueless, "needs a method 'value'"),
    ],
)
def test_the_contract_of_a_loss_is_checked(kind, message, rng):
    with pytest.raises(ValueError, match=message):
        CustomLoss(kind()).check(rng.normal(size=(2, 7)))
