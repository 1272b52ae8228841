"""Starting weights.

A new initialiser is one more entry in ``INITIALIZERS``; the tests run through that table.
"""

import math
from collections.abc import Callable

import numpy as np

from sknumpynet.core.types import FloatArray

__all__ = ["INITIALIZERS", "Initializer", "glorot_uniform"]

# From a random source, fan_in, fan_out and the gain of scikit-learn's rule to weights of shape
# (fan_in, fan_out) and biases of shape (1, fan_out).
Initializer = Callable[[np.random.RandomState, int, int, float], tuple[FloatArray, FloatArray]]


def glorot_uniform(
    random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
) -> tuple[FloatArray, FloatArray]:
    """Draw a layer's weights and biases uniformly from ±sqrt(gain / (fan_in + fan_out)).

    Parameters
    ----------
    random_state : numpy.random.RandomState
        Drawn from twice: the matrix first, then the biases, as in scikit-learn.
    fan_in, fan_out : int
        Units below and above the weights.
    gain : float
        6 in the paper; scikit-learn takes 2 with logistic hidden layers.

    Returns
    -------
    weights : ndarray of shape (fan_in, fan_out)
    biases : ndarray of shape (1, fan_out)

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010, equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> weights, biases = glorot_uniform(np.random.RandomState(0), 2, 3, gain=6.0)
    >>> weights.shape, biases.shape
    ((2, 3), (1, 3))
    """
    bound = math.sqrt(gain / (fan_in + fan_out))
    weights = random_state.uniform(-bound, bound, (fan_in, fan_out))
    biases = random_state.uniform(-bound, bound, (1, fan_out))
    return weights, biases


def _normal(variance: Callable[[int, int], float]) -> Initializer:
    """Weights from a normal distribution, no biases."""

    def initialize(
        random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
    ) -> tuple[FloatArray, FloatArray]:
        scale = math.sqrt(variance(max(fan_in, 1), fan_out))
        return random_state.normal(0.0, scale, (fan_in, fan_out)), np.zeros((1, fan_out))

    return initialize


def _uniform(variance: Callable[[int, int], float]) -> Initializer:
    """Weights from a uniform distribution around 0, no biases."""

    def initialize(
        random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
    ) -> tuple[FloatArray, FloatArray]:
        bound = math.sqrt(3.0 * variance(fan_in, fan_out))
        return random_state.uniform(-bound, bound, (fan_in, fan_out)), np.zeros((1, fan_out))

    return initialize


def _orthogonal(
    random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
) -> tuple[FloatArray, FloatArray]:
    """Orthonormal columns, or rows where there are fewer of them; no biases (Saxe et al. 2014)."""
    larger, smaller = max(fan_in, fan_out), min(fan_in, fan_out)
    orthonormal, upper = np.linalg.qr(random_state.normal(size=(larger, smaller)))
    # With these signs the matrix is distributed evenly over all orthogonal ones.
    orthonormal = orthonormal * np.sign(np.diag(upper))
    return orthonormal if fan_in >= fan_out else orthonormal.T, np.zeros((1, fan_out))


def _standard_normal(
    random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
) -> tuple[FloatArray, FloatArray]:
    """Weights and biases alike, as in the tutorial that this package began with."""
    weights = random_state.normal(size=(fan_in, fan_out))
    return weights, random_state.normal(size=(1, fan_out))


# He et al., "Delving Deep into Rectifiers", ICCV 2015; Glorot and Bengio, AISTATS 2010; LeCun et
# al., "Efficient BackProp", 1998; Saxe et al., "Exact solutions to the nonlinear dynamics of
# learning in deep linear neural networks", ICLR 2014.
INITIALIZERS: dict[str, Initializer] = {
    "auto": glorot_uniform,
    "he_normal": _normal(lambda fan_in, fan_out: 2.0 / fan_in),
    "he_uniform": _uniform(lambda fan_in, fan_out: 2.0 / fan_in),
    "glorot_normal": _normal(lambda fan_in, fan_out: 2.0 / (fan_in + fan_out)),
    "glorot_uniform": _uniform(lambda fan_in, fan_out: 2.0 / (fan_in + fan_out)),
    "lecun_normal": _normal(lambda fan_in, fan_out: 1.0 / fan_in),
    "orthogonal": _orthogonal,
    "standard_normal": _standard_normal,
}
