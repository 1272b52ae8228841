"""The dense layer that keeps directions: what rises, what falls, and what is free."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sknumpynet.core.layers.base import unbounded
from sknumpynet.core.layers.dense import Dense
from sknumpynet.core.types import FloatArray

__all__ = ["MonotoneDense"]


@dataclass(frozen=True)
class MonotoneDense(Dense):
    """A dense layer whose weights have the signs that lead inputs' directions on to units.

    Every unit rises (1) with the constrained columns of the data, falls (-1) with them, or knows
    nothing of them (0), and so does every input. A weight from 0 is free, one from 1 to 1 or from
    -1 to -1 not negative, from 1 to -1 or back not positive, and from 1 or -1 to 0 there is none:
    it is 0. The activation must rise. A convex one gives units that rise convex and, where units
    that fall have negative weights above, concave [1]_.

    Parameters
    ----------
    fan_in, fan_out, activation, initial_gain, learning_rate, bias_learning_rate
        See `Dense`.
    directions_in, directions_out : tuple of int
        1, -1 or 0 for each input and for each unit.

    References
    ----------
    .. [1] D. Runje, S. M. Shankaranarayana, "Constrained Monotonic Neural Networks", ICML 2023.

    Examples
    --------
    >>> from sknumpynet.core.activations import ACTIVATIONS
    >>> layer = MonotoneDense(
    ...     2, 3, ACTIVATIONS["smelu"], directions_in=(1, 0), directions_out=(1, -1, 0)
    ... )
    >>> lowest, highest = layer.bounds()
    >>> lowest[0], highest[0]
    (array([  0., -inf,   0.]), array([inf,  0.,  0.]))
    """

    directions_in: tuple[int, ...] = ()
    directions_out: tuple[int, ...] = ()

    @cached_property
    def _signs(self) -> FloatArray:
        """The sign of each weight of directed inputs, (fan_in, fan_out)."""
        return np.outer(self.directions_in, self.directions_out).astype(np.float64)

    @cached_property
    def _is_directed(self) -> list[bool]:
        return [direction != 0 for direction in self.directions_in]

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Draw starting weights as `Dense` does, and give them their signs.

        With inputs, the pre-activations of units that rise or fall have mean 0: of weights of one
        sign it would be far from there.
        """
        super().initialize(random_state, parameters, initializer)
        own = self._is_directed
        signs = self._signs[own]
        parameters[:-1][own] = np.abs(parameters[:-1][own]) * signs
        if inputs is not None:
            self.scale_to_unit_variance(parameters, inputs)
            means = (parameters[:-1].T @ inputs[:-1]).mean(axis=1)
            parameters[-1] -= np.where(np.array(self.directions_out) != 0, means, 0.0)

    def bounds(self) -> FloatArray:
        """Return the least and the largest that each weight may be."""
        bounds = unbounded(self.parameter_shape)
        lowest, highest = bounds[:, :-1]
        own = np.array(self._is_directed)[:, np.newaxis]
        lowest[own & (self._signs >= 0)] = 0.0
        highest[own & (self._signs <= 0)] = 0.0
        return bounds
