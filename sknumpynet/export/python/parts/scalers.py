"""Scaling before a perceptron."""

import numpy as np

from sknumpynet.core.types import FloatArray

__all__ = ["as_floats"]


def as_floats(X: FloatArray) -> FloatArray:
    """Return a copy, in single precision if it is already."""
    return np.array(X, X.dtype if X.dtype.char in "fd" else np.float64)
