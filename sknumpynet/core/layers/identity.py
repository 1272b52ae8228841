"""The layer that passes on what it gets."""

from dataclasses import dataclass

import numpy as np

from sknumpynet.core.layers.base import BaseLayer, BoundLayer, Context, Scratch
from sknumpynet.core.types import FloatArray, IntArray

__all__ = ["Identity"]


@dataclass(frozen=True)
class Identity(BaseLayer):
    """Columns of the data that are passed on as they are.

    Parameters
    ----------
    fan_in : int
        How many.

    Examples
    --------
    >>> Identity(3).parameter_shape
    (0,)
    """

    fan_in: int

    @property
    def fan_out(self) -> int:
        """Rows that come out."""
        return self.fan_in

    @property
    def parameter_shape(self) -> tuple[int]:
        """None."""
        return (0,)

    def origins(self) -> IntArray:
        """Return of which column each row is made that comes out."""
        return np.arange(self.fan_in)

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """There is nothing to draw."""

    def write(
        self, parameters: FloatArray, inputs: FloatArray, units: FloatArray, scratch: Scratch
    ) -> None:
        """Write the inputs to units."""
        units[...] = inputs[..., : self.fan_in, :]

    def bind(
        self, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> "_BoundIdentity":
        """Return the layer for a batch; its inputs can only be the data."""
        return _BoundIdentity(self, parameters, context)


class _BoundIdentity(BoundLayer):
    def __init__(self, layer: Identity, parameters: FloatArray, context: Context) -> None:
        super().__init__(layer, parameters, context)
        self.fan_in = layer.fan_in

    def forward(self, inputs: FloatArray) -> FloatArray:
        self.units[...] = inputs[..., : self.fan_in, :]
        return self.outputs

    def backward(self, upstream: FloatArray) -> None:
        pass
