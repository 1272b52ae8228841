"""Blocks below the dense layers: what a table's columns become before the first matrix product.

As in `layers`, samples are columns while a network trains, and the last row of what goes into a
block and comes out of it is all ones.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from sknumpynet.core.embeddings import (
    CategoryEmbedding,
    Learned,
    PeriodicEmbedding,
    Unchanged,
)
from sknumpynet.core.layers import with_ones
from sknumpynet.core.parameters import Layout

__all__ = ["Scale", "SideBySide"]

Part = Unchanged | PeriodicEmbedding | CategoryEmbedding


@dataclass(frozen=True)
class SideBySide:
    """Parts that each take some of the rows; their outputs follow each other.

    Parameters
    ----------
    parts : tuple of part

    Examples
    --------
    >>> block = SideBySide((PeriodicEmbedding(5), Unchanged(3), CategoryEmbedding(100)))
    >>> block.fan_in, block.fan_out
    (9, 31)
    """

    parts: tuple[Part, ...]

    @property
    def fan_in(self) -> int:
        """Rows that go in."""
        return sum(part.fan_in for part in self.parts)

    @property
    def fan_out(self) -> int:
        """Rows that come out."""
        return sum(part.fan_out for part in self.parts)

    @cached_property
    def layout(self) -> Layout:
        """Where the parts' parameters lie."""
        return Layout([part.parameter_shape for part in self.parts])

    @property
    def parameter_shape(self) -> tuple[int]:
        """The parts' parameters, one after another."""
        return (self.layout.size,)

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: np.ndarray,
        initializer: str = "auto",
        inputs: np.ndarray | None = None,
    ) -> None:
        """Draw every part's starting values."""
        for part, view in zip(self.parts, self.layout.views(parameters), strict=True):
            part.initialize(random_state, view)

    def learning_rates(self) -> np.ndarray:
        """Return each parameter's factor on the learning rate."""
        return np.concatenate([part.learning_rates().ravel() for part in self.parts])

    def is_decayed(self) -> np.ndarray:
        """Return which parameters are shrunk."""
        return np.concatenate([part.is_decayed().ravel() for part in self.parts])

    @cached_property
    def rows(self) -> list[tuple[slice, slice]]:
        """Which rows each part takes, and which it makes."""
        ends_in, ends_out = (
            np.cumsum([0, *(getattr(part, name) for part in self.parts)]).tolist()
            for name in ("fan_in", "fan_out")
        )
        return [
            (slice(*taken), slice(*made))
            for taken, made in zip(pairwise(ends_in), pairwise(ends_out), strict=True)
        ]

    def apply(self, parameters: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Return the outputs for inputs of shape (..., fan_in + 1, n_samples)."""
        n_samples = inputs.shape[-1]
        outputs = with_ones(parameters.shape[:-1], self.fan_out, n_samples, parameters.dtype)
        views = self.layout.views(parameters)
        for part, view, (taken, made) in zip(self.parts, views, self.rows, strict=True):
            part.apply(view, inputs[..., taken, :], outputs[..., made, :])
        return outputs

    def bind(
        self,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_samples: int,
        *,
        below: np.ndarray | None = None,
    ) -> "_BoundSideBySide":
        """Return the block with scratch for a batch of ``n_samples``; it is the first block."""
        return _BoundSideBySide(self, parameters, gradient, n_samples)


class _BoundSideBySide:
    def __init__(
        self,
        block: SideBySide,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_samples: int,
    ) -> None:
        self.rows = block.rows
        views = block.layout.views(parameters), block.layout.views(gradient)
        self.parts = [
            part.bind(*view, n_samples) for part, *view in zip(block.parts, *views, strict=True)
        ]
        members = parameters.shape[:-1]
        self.outputs = with_ones(members, block.fan_out, n_samples, parameters.dtype)
        self.units = self.outputs[..., :-1, :]

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        for part, (taken, made) in zip(self.parts, self.rows, strict=True):
            part.forward(inputs[..., taken, :], self.units[..., made, :])
        return self.outputs

    def backward(self, delta: np.ndarray) -> None:
        for part, (_, made) in zip(self.parts, self.rows, strict=True):
            part.backward(delta[..., made, :])


@dataclass(frozen=True)
class Scale(Learned):
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

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: np.ndarray,
        initializer: str = "auto",
        inputs: np.ndarray | None = None,
    ) -> None:
        """Begin with ones."""
        parameters[...] = 1.0

    def learning_rates(self) -> np.ndarray:
        """Return each parameter's factor on the learning rate."""
        return np.full(self.parameter_shape, self.learning_rate)

    def apply(self, parameters: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Return the outputs for inputs of shape (..., fan_in + 1, n_samples)."""
        outputs = with_ones(parameters.shape[:-1], self.fan_out, inputs.shape[-1], parameters.dtype)
        np.multiply(inputs[..., :-1, :], parameters[..., np.newaxis], out=outputs[..., :-1, :])
        return outputs

    def bind(
        self,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_samples: int,
        *,
        below: np.ndarray | None = None,
    ) -> "_BoundScale":
        """Return the block with scratch for a batch of ``n_samples``."""
        return _BoundScale(self, parameters, gradient, n_samples, below)


class _BoundScale:
    def __init__(
        self,
        block: Scale,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_samples: int,
        below: np.ndarray | None,
    ) -> None:
        self.factors, self.gradient, self.below = parameters[..., np.newaxis], gradient, below
        self.outputs = with_ones(parameters.shape[:-1], block.fan_out, n_samples, parameters.dtype)
        self.units = self.outputs[..., :-1, :]
        self.inputs: Any = None

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        self.inputs = inputs[..., :-1, :]
        np.multiply(self.inputs, self.factors, out=self.units)
        return self.outputs

    def backward(self, delta: np.ndarray) -> np.ndarray | None:
        np.vecdot(self.inputs, delta, out=self.gradient)
        return None if self.below is None else np.multiply(delta, self.factors, out=self.below)
