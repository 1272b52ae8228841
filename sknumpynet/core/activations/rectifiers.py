"""The identity and functions that are it above 0 or near, or a multiple of it."""

import numpy as np

from sknumpynet.core.activations.base import Activation
from sknumpynet.core.types import BoolArray, FloatArray

__all__ = [
    "ELU",
    "IDENTITY",
    "LEAKY_RELU",
    "LEAKY_SLOPE",
    "RELU",
    "SELU",
    "SELU_ALPHA",
    "SELU_SCALE",
    "SMELU",
    "SMELU_BEND",
]


_ZEROS = {char: np.zeros((), char) for char in "fd"}

LEAKY_SLOPE = 0.01

# Klambauer et al., "Self-normalizing neural networks", NIPS 2017, equation 14: with them mean 0
# and variance 1 are a fixed point.
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772

# Half the width of the parabola. With 1 tables were learned as well, see RESULTS, `tabular_step`.
SMELU_BEND = 2.0


def _identity(z: FloatArray) -> None:
    pass


def _relu(z: FloatArray) -> None:
    # A row of zeros instead of the scalar: NumPy's maximum is vectorised only over two arrays
    # (13 instead of 29 µs for 200 x 100 float64).
    np.maximum(z, np.zeros(z.shape[-1], z.dtype), out=z)


def _relu_with_derivative(
    z: FloatArray, derivative: FloatArray | BoolArray, mask: BoolArray
) -> None:
    # A product with the mask costs less than a maximum, and training needs the mask in any case.
    np.greater(z, _ZEROS[z.dtype.char], out=mask)
    if derivative is not mask:
        derivative[...] = mask
    np.multiply(z, derivative, out=z)


def _leaky_relu(z: FloatArray) -> None:
    np.maximum(z, LEAKY_SLOPE * z, out=z)


def _leaky_relu_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    np.greater(z, _ZEROS[z.dtype.char], out=mask)
    np.multiply(mask, 1.0 - LEAKY_SLOPE, out=derivative)
    np.add(derivative, LEAKY_SLOPE, out=derivative)
    np.multiply(z, derivative, out=z)


def _elu(z: FloatArray) -> None:
    below = np.expm1(np.minimum(z, 0.0))
    np.maximum(z, 0.0, out=z)
    np.add(z, below, out=z)


def _elu_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    # The derivative is exp(z) below 0 and 1 above, which is exp(min(z, 0)) in either case.
    np.minimum(z, 0.0, out=derivative)
    np.maximum(z, 0.0, out=z)
    np.add(z, np.expm1(derivative), out=z)
    np.exp(derivative, out=derivative)


def _selu(z: FloatArray) -> None:
    below = np.expm1(np.minimum(z, 0.0))
    np.multiply(below, SELU_ALPHA * SELU_SCALE, out=below)
    np.maximum(z, 0.0, out=z)
    np.multiply(z, SELU_SCALE, out=z)
    np.add(z, below, out=z)


def _selu_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    np.greater(z, _ZEROS[z.dtype.char], out=mask)
    np.minimum(z, 0.0, out=derivative)
    np.exp(derivative, out=derivative)
    np.multiply(derivative, SELU_ALPHA * SELU_SCALE, out=derivative)
    np.copyto(derivative, SELU_SCALE, where=mask)
    _selu(z)


def _smelu(z: FloatArray) -> None:
    _smelu_with_derivative(z, np.empty_like(z), np.empty(0, bool))


def _smelu_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    # With s = z + b and the slope d, which is s / 2b between 0 and 1: d (s - b d). That is 0, the
    # parabola s² / 4b and z, without a choice.
    np.add(z, SMELU_BEND, out=z)
    np.multiply(z, 0.5 / SMELU_BEND, out=derivative)
    np.clip(derivative, 0.0, 1.0, out=derivative)
    np.subtract(z, SMELU_BEND * derivative, out=z)
    np.multiply(z, derivative, out=z)


IDENTITY = Activation("identity", _identity, None)
RELU = Activation("relu", _relu, _relu_with_derivative, derivative_is_mask=True)
LEAKY_RELU = Activation("leaky_relu", _leaky_relu, _leaky_relu_with_derivative)
ELU = Activation("elu", _elu, _elu_with_derivative)
SELU = Activation("selu", _selu, _selu_with_derivative)
# Shamir et al., "Smooth activations and reproducibility in deep networks", 2020, section 4.
SMELU = Activation("smelu", _smelu, _smelu_with_derivative)
