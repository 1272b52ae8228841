"""The product of what comes in and a gate, a smooth step from 0 to 1."""

import numpy as np
from scipy.special import ndtr

from sknumpynet.core.activations.base import Activation
from sknumpynet.core.activations.sigmoidal import logistic
from sknumpynet.core.types import BoolArray, FloatArray

__all__ = ["GELU", "MISH", "MISH_SATURATES_AT", "SILU"]


# tanh(softplus(z)) is 1 in float64 from about here on.
MISH_SATURATES_AT = 20.0


def _silu(z: FloatArray) -> None:
    gate = np.empty_like(z)
    logistic(z, gate)
    np.multiply(z, gate, out=z)


def _silu_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    # With the gate s: (z s)' = s + z s (1 - s).
    logistic(z, derivative)
    np.multiply(z, derivative, out=z)
    rest = np.subtract(1.0, derivative)
    np.multiply(rest, z, out=rest)
    np.add(derivative, rest, out=derivative)


def _gelu(z: FloatArray) -> None:
    np.multiply(z, ndtr(z), out=z)


def _gelu_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    # Φ(z) + z φ(z), with the normal distribution Φ and its density φ.
    with np.errstate(over="ignore"):
        np.multiply(z, z, out=derivative)
    np.multiply(derivative, -0.5, out=derivative)
    np.exp(derivative, out=derivative)
    np.multiply(derivative, (2.0 * np.pi) ** -0.5, out=derivative)
    np.multiply(derivative, z, out=derivative)
    below = ndtr(z)
    np.add(derivative, below, out=derivative)
    np.multiply(z, below, out=z)


def _mish_terms(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return w = exp(z) and n = w (w + 2), with which tanh(softplus(z)) = n / (n + 2)."""
    # A row in place of the scalar: see `_relu` in `rectifiers`.
    w = np.minimum(z, np.full(z.shape[-1], MISH_SATURATES_AT, z.dtype))
    np.exp(w, out=w)
    n = np.add(w, 2.0)
    return w, np.multiply(n, w, out=n)


def _mish(z: FloatArray) -> None:
    _, n = _mish_terms(z)
    np.multiply(z, n / (n + 2.0), out=z)


def _mish_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    w, n = _mish_terms(z)
    # tanh(softplus(z)) + 4 z w (w + 1) / (n + 2)², where the last is sech² times the logistic.
    np.add(w, 1.0, out=derivative)
    np.multiply(derivative, w, out=derivative)
    np.multiply(derivative, 4.0, out=derivative)
    np.add(n, 2.0, out=w)
    np.divide(derivative, w, out=derivative)
    np.divide(derivative, w, out=derivative)
    np.multiply(derivative, z, out=derivative)
    np.divide(n, w, out=n)
    np.add(derivative, n, out=derivative)
    np.multiply(z, n, out=z)


SILU = Activation("silu", _silu, _silu_with_derivative)
GELU = Activation("gelu", _gelu, _gelu_with_derivative)
MISH = Activation("mish", _mish, _mish_with_derivative)
