import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.metrics import log_loss, mean_poisson_deviance, mean_squared_error

from sknumpynet.core.losses import LOSSES

CROSS_ENTROPIES = ["binary_cross_entropy", "categorical_cross_entropy"]


def predicted(loss, raw):
    out = np.full_like(raw, np.nan)
    loss.predict(raw, out)
    return out


@pytest.fixture(params=LOSSES)
def loss(request):
    return LOSSES[request.param]


@pytest.fixture
def make_labels(rng):
    """Targets at the ends of what a cross-entropy allows."""

    def make(name, n_outputs, n_samples):
        if name == "binary_cross_entropy":
            return rng.integers(2, size=(n_outputs, n_samples)).astype(float)
        return np.eye(n_outputs)[:, rng.integers(n_outputs, size=n_samples)]

    return make


def test_table_is_keyed_by_name(loss):
    assert LOSSES[loss.name] is loss


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_gradient_by_differences(loss, n_outputs, rng, make_targets):
    raw, targets = rng.normal(size=(n_outputs, 7)), make_targets(loss.name, (n_outputs, 7))
    gradient = predicted(loss, raw) - targets
    step = 1e-6
    for output in range(n_outputs):
        shift = step * (np.arange(n_outputs) == output)[:, np.newaxis]
        slope = (loss.value(raw + shift, targets) - loss.value(raw - shift, targets)) / (2 * step)
        assert_allclose(gradient[output], slope, rtol=1e-7, atol=1e-8)


def test_law(loss, rng, make_targets):
    for n_samples in (7, 3):  # and as many samples as members
        raw = rng.normal(size=(3, 2, n_samples))
        own, shared = make_targets(loss.name, raw.shape), make_targets(loss.name, raw.shape[1:])
        predictions = predicted(loss, raw)
        for targets in (own, shared):
            value = loss.value(raw, targets)
            reported = loss.reported_value(raw, predictions, targets)
            assert value.shape == reported.shape == (3, n_samples)
            for k in range(3):
                targets_k = targets[k] if targets is own else targets
                assert_allclose(predictions[k], predicted(loss, raw[k]), rtol=1e-14)
                assert_allclose(value[k], loss.value(raw[k], targets_k), rtol=1e-13, atol=1e-15)
                assert_allclose(
                    reported[k],
                    loss.reported_value(raw[k], predictions[k], targets_k),
                    rtol=1e-13,
                    atol=1e-15,
                )


def test_arguments_stay_as_they_are(loss, rng, make_targets):
    raw, targets = rng.normal(size=(2, 7)), make_targets(loss.name, (2, 7))
    predictions = predicted(loss, raw)
    kept = raw.copy(), targets.copy(), predictions.copy()
    loss.value(raw, targets)
    loss.reported_value(raw, predictions, targets)
    for array, before in zip((raw, targets, predictions), kept, strict=True):
        assert_array_equal(array, before)
    in_place = raw.copy()
    loss.predict(in_place, in_place)
    assert_array_equal(in_place, predictions)


def test_keeps_float32(loss, rng, make_targets):
    raw = rng.normal(size=(3, 2, 7)).astype(np.float32)
    targets = make_targets(loss.name, (2, 7)).astype(np.float32)
    predictions = predicted(loss, raw)
    assert loss.value(raw, targets).dtype == np.float32
    assert loss.reported_value(raw, predictions, targets).dtype == np.float32


def test_finite_at_extremes(loss, make_targets):
    # exp(709.8) is the largest in float64, so no loss with a log link can go further.
    size = 700.0 if loss.output_activation == "exp" else 1e3
    raw = size * np.array([[-1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, 1.0]])
    targets = make_targets(loss.name, raw.shape)
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
