"""The dense layer over sparse rows."""

from typing import Any

import numpy as np

from sknumpynet.core.layers.base import Context
from sknumpynet.core.layers.dense import BoundDense, Dense
from sknumpynet.core.types import FloatArray

__all__ = ["BoundSparseDense"]


class BoundSparseDense(BoundDense):
    """The first layer over a sparse batch of shape (n_samples, fan_in), which has no ones.

    Parameters
    ----------
    layer, parameters, gradient, context
        See `BoundDense`.
    """

    def __init__(
        self, layer: Dense, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> None:
        super().__init__(layer, parameters, gradient, context)
        self.biases_transposed = self.parameters_transposed[..., -1:]
        self.scaled_inputs = None

    def preactivate(self, inputs: Any, out: FloatArray) -> FloatArray:
        """Write ``(inputs · weights)ᵀ + biasesᵀ`` to ``out``."""
        self.inputs = inputs
        for member in np.ndindex(self.weights.shape[:-2]):
            out[member] = (inputs @ self.weights[member]).T
        return np.add(out, self.biases_transposed, out=out)

    def accumulate(self, delta: FloatArray) -> None:
        """Write the gradient of the parameters, weights and biases apart."""
        for member in np.ndindex(self.weights.shape[:-2]):
            self.gradient[member][:-1] = self.inputs.T @ delta[member].T
        np.sum(delta, axis=-1, out=self.gradient[..., -1, :])
