import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kurtosis

from sknumpynet.core.initializers import INITIALIZERS, glorot_uniform

# Variance of the weights for fan_in 307 and fan_out 103, and whether they are uniform.
FAN_IN, FAN_OUT = 307, 103
MOMENTS = {
    "auto": (2 / 410, True),
    "he_normal": (2 / 307, False),
    "he_uniform": (2 / 307, True),
    "glorot_normal": (2 / 410, False),
    "glorot_uniform": (2 / 410, True),
    "lecun_normal": (1 / 307, False),
    "orthogonal": (1 / 307, False),
    "standard_normal": (1.0, False),
}
WITH_BIASES = {"auto", "standard_normal"}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_moments(name):
    source = np.random.RandomState(0)
    weights, biases = INITIALIZERS[name](source, FAN_IN, FAN_OUT, 6.0)
    assert weights.shape == (FAN_IN, FAN_OUT)
    assert biases.shape == (1, FAN_OUT)
    variance, is_uniform = MOMENTS[name]
    # 31,621 weights: the mean is known to a standard error of 0.6 %, the variance to 0.8 %.
    assert abs(weights.mean()) < 0.02 * np.sqrt(variance)
    assert weights.var() == pytest.approx(variance, rel=0.03)
    assert kurtosis(weights, axis=None) == pytest.approx(-1.2 if is_uniform else 0.0, abs=0.1)
    if is_uniform:
        assert abs(weights).max() == pytest.approx(np.sqrt(3 * variance), rel=0.01)
    assert (name in WITH_BIASES) == biases.any()
    if name in WITH_BIASES:
        assert biases.var() == pytest.approx(variance, rel=0.4)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_seed_decides(name):
    draws = [INITIALIZERS[name](np.random.RandomState(seed), 5, 3, 6.0) for seed in (7, 7, 8)]
    assert_array_equal(draws[0][0], draws[1][0])
    assert (draws[0][0] != draws[2][0]).any()


@pytest.mark.parametrize("shape", [(13, 5), (5, 13), (7, 7), (1, 3), (3, 1)], ids=str)
def test_orthogonal(shape):
    weights, _ = INITIALIZERS["orthogonal"](np.random.RandomState(0), *shape, 6.0)
    assert weights.shape == shape
    narrow = weights if shape[0] >= shape[1] else weights.T
    assert_allclose(narrow.T @ narrow, np.eye(min(shape)), atol=1e-12)


def test_orthogonal_matrices_have_either_sign():
    signs = [
        np.sign(INITIALIZERS["orthogonal"](np.random.RandomState(seed), 1, 1, 6.0)[0].item())
        for seed in range(20)
    ]
    assert set(signs) == {-1.0, 1.0}


@pytest.mark.parametrize("gain", [2.0, 6.0])
def test_glorot_uniform(gain):
    weights, biases = glorot_uniform(np.random.RandomState(0), 101, 89, gain)
    bound = np.sqrt(gain / 190)
    assert abs(weights).max() <= bound
    assert abs(weights).max() > 0.99 * bound
    assert abs(biases).max() <= bound
    assert abs(biases).max() > 0.9 * bound
    assert abs(weights.mean()) < 0.02 * bound
    # A uniform draw from ±b has the standard deviation b / √3.
    assert weights.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)


def test_draws_the_matrix_then_the_biases():
    weights, biases = glorot_uniform(np.random.RandomState(5), 2, 3, 6.0)
    source = np.random.RandomState(5)
    bound = np.sqrt(6 / 5)
    assert_array_equal(weights, source.uniform(-bound, bound, (2, 3)))
    assert_array_equal(biases, source.uniform(-bound, bound, (1, 3)))
