"""Functions of SciPy in plain Python, for few entries."""

import math

import numpy as np

from sknumpynet.core.types import FloatArray

__all__ = ["expit", "ndtr"]


def expit(z: FloatArray, out: FloatArray) -> None:
    """Write 1 / (1 + exp(-z)), by the exponential of C, of which NumPy's differs in a bit.

    In single precision one entry of some thousands differs in its last bit from SciPy's.
    """
    powers = np.array([exponential(-x) for x in z.ravel().tolist()])
    one = z.dtype.type(1.0)
    with np.errstate(over="ignore"):  # infinite where the result is 0
        out[...] = (one / (one + powers.astype(z.dtype))).reshape(z.shape)


def exponential(x: float) -> float:
    """Return exp(x), infinite where it is too large."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def ndtr(z: FloatArray) -> FloatArray:
    """Return the normal distribution: SciPy's to some bits of double precision."""
    shares = [0.5 * math.erfc(-x * math.sqrt(0.5)) for x in z.ravel().tolist()]
    return np.array(shares, z.dtype).reshape(z.shape)
