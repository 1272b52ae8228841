"""The S-shaped functions, and the integral of one of them, softplus."""

import math

import numpy as np
from scipy.special import expit

from sknumpynet.core.activations.base import Activation
from sknumpynet.core.types import BoolArray, FloatArray

__all__ = [
    "FEWEST_ENTRIES_TO_VECTORISE",
    "LOGISTIC",
    "SOFTPLUS",
    "TANH",
    "logistic",
    "softplus",
    "vectorised_logistic",
]


# From about this many entries of a member on, four vectorised passes are quicker than SciPy's one
# scalar pass: 51 instead of 219 µs for 200 x 100 float64, 28 instead of 160 µs in float32.
FEWEST_ENTRIES_TO_VECTORISE = 1000


def logistic(z: FloatArray, out: FloatArray) -> None:
    """Write 1 / (1 + exp(-z)) to ``out``, which may be ``z`` itself.

    Parameters
    ----------
    z, out : ndarray of the same shape

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-np.inf, 0.0, np.inf])
    >>> logistic(z, z)
    >>> z.tolist()
    [0.0, 0.5, 1.0]
    """
    # The two ways differ in the last bit: how many members there are must not choose.
    if math.prod(z.shape[-2:]) < FEWEST_ENTRIES_TO_VECTORISE:
        expit(z, out=out)
    else:
        vectorised_logistic(z, out)


def vectorised_logistic(z: FloatArray, out: FloatArray) -> None:
    """Do what `logistic` does, in the same way for few entries and for many.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-np.inf, 0.0, np.inf])
    >>> vectorised_logistic(z, z)
    >>> z.tolist()
    [0.0, 0.5, 1.0]
    """
    with np.errstate(over="ignore"):  # exp(-z) is infinite where the result is 0
        np.negative(z, out=out)
        np.exp(out, out=out)
    np.add(out, 1.0, out=out)
    np.reciprocal(out, out=out)


def softplus(z: FloatArray) -> FloatArray:
    """Return log(1 + exp(z)), finite wherever ``z`` is.

    Examples
    --------
    >>> import numpy as np
    >>> softplus(np.array([-1000.0, 0.0, 1000.0])).round(3).tolist()
    [0.0, 0.693, 1000.0]
    """
    values = np.negative(np.abs(z))
    np.exp(values, out=values)
    np.log1p(values, out=values)
    return np.add(values, np.maximum(z, 0.0), out=values)


def _logistic(z: FloatArray) -> None:
    logistic(z, z)


def _logistic_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    logistic(z, z)
    np.multiply(z, z, out=derivative)
    np.subtract(z, derivative, out=derivative)


def _tanh(z: FloatArray) -> None:
    np.tanh(z, out=z)


def _tanh_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    np.tanh(z, out=z)
    np.multiply(z, z, out=derivative)
    np.subtract(1.0, derivative, out=derivative)


def _softplus(z: FloatArray) -> None:
    np.copyto(z, softplus(z))


def _softplus_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    logistic(z, derivative)
    _softplus(z)


LOGISTIC = Activation("logistic", _logistic, _logistic_with_derivative)
TANH = Activation("tanh", _tanh, _tanh_with_derivative)
SOFTPLUS = Activation("softplus", _softplus, _softplus_with_derivative)
