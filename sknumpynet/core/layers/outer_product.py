"""The gradient below a dense layer with one output."""

from typing import final

import numpy as np

from sknumpynet.core.types import FloatArray

__all__ = ["OuterProduct"]


@final
class OuterProduct:
    """The gradient below a layer with one output, ``weights @ delta``, not yet multiplied out.

    Parameters
    ----------
    weights : ndarray of shape (..., fan_in, 1)
    out : ndarray of shape (..., fan_in, n_samples)
        Where `multiply_out` puts the product.

    Attributes
    ----------
    delta : ndarray of shape (..., 1, n_samples)
    """

    __slots__ = ("delta", "out", "weights", "weights_transposed")

    delta: FloatArray

    def __init__(self, weights: FloatArray, out: FloatArray) -> None:
        self.weights = weights
        self.weights_transposed = weights.swapaxes(-1, -2)
        self.out = out

    def multiply_out(self) -> FloatArray:
        """Return the product; by broadcasting, a matrix product takes more than twice as long."""
        return np.multiply(self.weights, self.delta, out=self.out)
