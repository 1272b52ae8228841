"""The layer that multiplies by learned factors that are not negative."""

from dataclasses import dataclass

from sknumpynet.core.layers.base import unbounded
from sknumpynet.core.layers.scale import Scale
from sknumpynet.core.types import FloatArray

__all__ = ["PositiveScale"]


@dataclass(frozen=True)
class PositiveScale(Scale):
    """A `Scale` that turns no row around: what rises with a column does so above it.

    Parameters
    ----------
    fan_in : int
    learning_rate : float
        Factor on the learning rate of the network.

    Examples
    --------
    >>> PositiveScale(2).bounds()
    array([[ 0.,  0.],
           [inf, inf]])
    """

    def bounds(self) -> FloatArray:
        """Return the least and the largest that each factor may be."""
        bounds = unbounded(self.parameter_shape)
        bounds[0] = 0.0
        return bounds
