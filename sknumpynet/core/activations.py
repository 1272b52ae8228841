"""Activation functions, each with the derivative that training needs.

A new activation is one more entry in ``ACTIVATIONS``; the tests run through that table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, ndtr

from sknumpynet.core.types import BoolArray, FloatArray

__all__ = ["ACTIVATIONS", "Activation", "AnyActivation", "activation_of", "logistic", "softplus"]


@dataclass(frozen=True)
class Activation:
    """An elementwise function and its derivative, both written in place.

    Parameters
    ----------
    name : str
        What an estimator's ``activation`` parameter calls it.
    apply : callable(z)
        Replaces the pre-activations ``z`` by the activations.
    apply_with_derivative : callable(z, derivative, mask) or None
        The same, and writes the derivative at ``z`` into ``derivative``. Value and derivative are
        made together because they share work (the mask of a relu, the square of a tanh). ``mask``
        is a boolean scratch array of the shape of ``z``. None says that the derivative is 1.
    derivative_is_mask : bool
        Whether the derivative is only ever 0 or 1, so that ``derivative`` may be ``mask`` itself.

    Examples
    --------
    >>> import numpy as np
    >>> z, derivative = np.array([-1.0, 2.0]), np.empty(2)
    >>> ACTIVATIONS["relu"].apply_with_derivative(z, derivative, np.empty(2, dtype=bool))
    >>> bool((z == [0.0, 2.0]).all()), bool((derivative == [0.0, 1.0]).all())
    (True, True)
    """

    name: str
    apply: Callable[[FloatArray], None]
    apply_with_derivative: Callable[[FloatArray, Any, BoolArray], None] | None
    derivative_is_mask: bool = False


_ZEROS = {char: np.zeros((), char) for char in "fd"}

LEAKY_SLOPE = 0.01

# Klambauer et al., "Self-normalizing neural networks", NIPS 2017, equation 14: with them mean 0
# and variance 1 are a fixed point.
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772

# tanh(softplus(z)) is 1 in float64 from about here on.
MISH_SATURATES_AT = 20.0


def _identity(z: FloatArray) -> None:
    pass


# From about this many entries on, four vectorised passes are quicker than SciPy's one scalar pass:
# 51 instead of 219 µs for 200 x 100 float64, 28 instead of 160 µs in float32.
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
    if z.size < FEWEST_ENTRIES_TO_VECTORISE:
        expit(z, out=out)
        return
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
    # A row in place of the scalar: see `_relu`.
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


def _softplus(z: FloatArray) -> None:
    np.copyto(z, softplus(z))


def _softplus_with_derivative(z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
    logistic(z, derivative)
    _softplus(z)


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", _identity, None),
        Activation("logistic", _logistic, _logistic_with_derivative),
        Activation("tanh", _tanh, _tanh_with_derivative),
        Activation("relu", _relu, _relu_with_derivative, derivative_is_mask=True),
        Activation("leaky_relu", _leaky_relu, _leaky_relu_with_derivative),
        Activation("elu", _elu, _elu_with_derivative),
        Activation("selu", _selu, _selu_with_derivative),
        Activation("softplus", _softplus, _softplus_with_derivative),
        Activation("silu", _silu, _silu_with_derivative),
        Activation("gelu", _gelu, _gelu_with_derivative),
        Activation("mish", _mish, _mish_with_derivative),
    )
}


@dataclass(frozen=True)
class OwnActivation:
    """An activation object of a user's, with the interface of `Activation`.

    Objects that are equal count as one activation, so that their networks share a stack.
    """

    function: Any
    derivative_is_mask: bool = False

    def __hash__(self) -> int:
        # The object may be one that has no hash.
        return hash(type(self.function))

    @property
    def name(self) -> str:
        return str(getattr(self.function, "name", type(self.function).__name__))

    def apply(self, z: FloatArray) -> None:
        z[...] = self.function.value(z.copy())

    def apply_with_derivative(self, z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
        before = z.copy()
        self.apply(z)
        derivative[...] = self.function.derivative(before, z.copy())


AnyActivation = Activation | OwnActivation


# Where an activation of one's own is held against its differences; kinks like relu's at 0 are
# missed on purpose.
_PROBES = np.array([-7.03, -2.51, -1.17, -0.32, -0.013, 0.017, 0.43, 1.29, 2.67, 6.91])


def activation_of(activation: Any) -> AnyActivation:
    """Return an activation for training, from its name or from an object of one's own.

    Parameters
    ----------
    activation : str or object
        A key of ``ACTIVATIONS``, or an object with two methods of arrays of any shape, both
        elementwise and both returning an array of that shape: ``value(z)``, and
        ``derivative(z, output)`` with the pre-activations ``z`` and ``output = value(z)``. An
        attribute ``name`` is optional.

    Raises
    ------
    ValueError
        If an object lacks a method, or does not keep to this.

    Examples
    --------
    >>> class Square:
    ...     def value(self, z):
    ...         return z**2
    ...     def derivative(self, z, output):
    ...         return 2 * z
    >>> activation_of(Square()).name, activation_of("gelu").name
    ('Square', 'gelu')
    """
    if isinstance(activation, str):
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {list(ACTIVATIONS)}, got {activation!r}")
        return ACTIVATIONS[activation]
    for method in ("value", "derivative"):
        if not callable(getattr(activation, method, None)):
            raise ValueError(
                f"an activation of one's own needs a method {method!r}, got {activation!r}"
            )
    _check_own(activation)
    return OwnActivation(activation)


def _check_own(activation: Any) -> None:
    step = 1e-6
    with np.errstate(all="ignore"):
        value = np.asarray(activation.value(_PROBES.copy()))
        if value.shape != _PROBES.shape or not np.isfinite(value).all():
            raise ValueError(
                f"value of the activation {activation!r} must return finite numbers of the shape "
                f"{_PROBES.shape} of its argument, got {value!r}"
            )
        derivative = np.asarray(activation.derivative(_PROBES.copy(), value.copy()))
        if derivative.shape != _PROBES.shape:
            raise ValueError(
                f"derivative of the activation {activation!r} must return the shape "
                f"{_PROBES.shape} of its arguments, got {derivative.shape}"
            )
        above, below = activation.value(_PROBES + step), activation.value(_PROBES - step)
        slope = (np.asarray(above) - np.asarray(below)) / (2 * step)
    wrong = ~np.isclose(derivative, slope, rtol=1e-3, atol=1e-5)
    if wrong.any():
        z, given, found = _PROBES[wrong][0], derivative[wrong][0], slope[wrong][0]
        raise ValueError(
            f"derivative of the activation {activation!r} is {given:.6g} at z={z}, where its value "
            f"has the slope {found:.6g}"
        )
