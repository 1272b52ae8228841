"""The piecewise linear embedding of numbers some of which may only rise."""

from dataclasses import dataclass

import numpy as np

from sknumpynet.core.layers.base import unbounded
from sknumpynet.core.layers.piecewise import PiecewiseLinearEmbedding
from sknumpynet.core.types import FloatArray

__all__ = ["MonotonePiecewiseEmbedding"]


@dataclass(frozen=True)
class MonotonePiecewiseEmbedding(PiecewiseLinearEmbedding):
    """A `PiecewiseLinearEmbedding` in which all that becomes of some features rises with them.

    Of these, no slope of a ramp and no weight is negative.

    Parameters
    ----------
    fan_in, n_pieces, n_mixtures, learning_rate
        See `PiecewiseLinearEmbedding`.
    is_monotone : tuple of bool
        Which features these are.

    Examples
    --------
    >>> import numpy as np
    >>> embedding = MonotonePiecewiseEmbedding(2, 4, 1, is_monotone=(True, False))
    >>> parameters = np.empty(embedding.parameter_shape)
    >>> embedding.initialize(np.random.RandomState(0), parameters)
    >>> x = np.tile(np.linspace(-2, 2), (2, 1))
    >>> (np.diff(embedding.apply(parameters, x)[:2]) >= 0).all(axis=1)
    array([ True, False])
    """

    is_monotone: tuple[bool, ...] = ()

    def initialize_weights(
        self, random_state: np.random.RandomState, parameters: FloatArray
    ) -> None:
        """Draw weights from U(-1, 1) / √n_functions, without their sign where features rise."""
        super().initialize_weights(random_state, parameters)
        _, weights = self.views(parameters)
        rising = list(self.is_monotone)
        weights[rising] = np.abs(weights[rising])

    def bounds(self) -> FloatArray:
        """Return the least and the largest that each parameter may be."""
        bounds = unbounded(self.parameter_shape)
        functions, weights = self.views(bounds[0])
        rising = list(self.is_monotone)
        functions[rising, :, 0] = 0.0
        weights[rising] = 0.0
        return bounds
