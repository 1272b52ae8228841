"""The layer that multiplies by learned factors."""

from dataclasses import dataclass

import numpy as np

from sknumpynet.core.layers.base import BaseLayer, BoundLayer, Context, Scratch
from sknumpynet.core.types import FloatArray, IntArray

__all__ = ["Scale"]


@dataclass(frozen=True)
class Scale(BaseLayer):
    """Every row is multiplied by a learned factor of its own, which starts as 1.

    Parameters
    ----------
    fan_in : int
    learning_rate : float
        Factor on the learning rate of the network.

    References
    ----------
    Holzmüller et al., "Better by Default", NeurIPS 2024, section 3.

    Examples
    --------
    >>> Scale(5).parameter_shape
    (5,)
    """

    fan_in: int
    learning_rate: float = 6.0

    @property
    def fan_out(self) -> int:
        """Rows that come out."""
        return self.fan_in

    @property
    def parameter_shape(self) -> tuple[int]:
        """A factor for each row."""
        return (self.fan_in,)

    def origins(self) -> IntArray:
        """Return of which row each one is made that comes out."""
        return np.arange(self.fan_in)

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Begin with ones."""
        parameters[...] = 1.0

    def learning_rates(self) -> FloatArray:
        """Return each parameter's factor on the learning rate."""
        return np.full(self.parameter_shape, self.learning_rate)

    def write(
        self, parameters: FloatArray, inputs: FloatArray, units: FloatArray, scratch: Scratch
    ) -> None:
        """Write the scaled inputs to units."""
        # As wide as the inputs, so that the product does not stop at every row of a few samples.
        factors = parameters[..., np.newaxis].repeat(inputs.shape[-1], axis=-1)
        np.multiply(inputs[..., : self.fan_in, :], factors, out=units)

    def bind(self, parameters: FloatArray, gradient: FloatArray, context: Context) -> "_BoundScale":
        """Return the layer with scratch for a batch."""
        return _BoundScale(self, parameters, gradient, context)


class _BoundScale(BoundLayer):
    def __init__(
        self, layer: Scale, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> None:
        super().__init__(layer, parameters, context)
        self.fan_in = layer.fan_in
        self.factors, self.gradient = parameters[..., np.newaxis], gradient
        self.inputs: FloatArray

    def forward(self, inputs: FloatArray) -> FloatArray:
        self.inputs = inputs[..., : self.fan_in, :]
        np.multiply(self.inputs, self.factors, out=self.units)
        return self.outputs

    def backward(self, upstream: FloatArray) -> FloatArray | None:
        np.vecdot(self.inputs, upstream, out=self.gradient)
        if self.below is None:
            return None
        return np.multiply(upstream, self.factors, out=self.below)
