"""The layer that gives every kind of column a layer of its own."""

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from sknumpynet.core.layers.base import BaseLayer, BoundLayer, ColumnLayer, Context, Scratch
from sknumpynet.core.parameters import Layout
from sknumpynet.core.types import BoolArray, FloatArray, IntArray

__all__ = ["Concatenate"]


@dataclass(frozen=True)
class Concatenate(BaseLayer):
    """Layers that each take some of the columns; their outputs follow each other.

    Parameters
    ----------
    layers : tuple of ColumnLayer
        Any but dense ones.

    Examples
    --------
    >>> from sknumpynet.core.layers import CategoryEmbedding, Identity, PeriodicEmbedding
    >>> layer = Concatenate((PeriodicEmbedding(5), Identity(3), CategoryEmbedding((100,))))
    >>> layer.fan_in, layer.fan_out
    (9, 31)
    """

    layers: tuple[ColumnLayer, ...]

    @property
    def fan_in(self) -> int:
        """Columns that go in."""
        return sum(layer.fan_in for layer in self.layers)

    @property
    def fan_out(self) -> int:
        """Rows that come out."""
        return sum(layer.fan_out for layer in self.layers)

    @cached_property
    def layout(self) -> Layout:
        """Where the layers' parameters lie."""
        return Layout([layer.parameter_shape for layer in self.layers])

    @property
    def parameter_shape(self) -> tuple[int]:
        """The layers' parameters, one after another."""
        return (self.layout.size,)

    def origins(self) -> IntArray:
        """Return of which column each row is made that comes out."""
        return np.concatenate(
            [
                taken.start + layer.origins()
                for layer, (taken, _) in zip(self.layers, self.rows, strict=True)
            ]
        )

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Draw every layer's starting values."""
        views = self.layout.views(parameters)
        for layer, view, (taken, _) in zip(self.layers, views, self.rows, strict=True):
            own_inputs = None if inputs is None else inputs[taken]
            layer.initialize(random_state, view, initializer, own_inputs)

    def learning_rates(self) -> FloatArray:
        """Return each parameter's factor on the learning rate."""
        return np.concatenate([layer.learning_rates().ravel() for layer in self.layers])

    def is_decayed(self) -> BoolArray:
        """Return which parameters are shrunk."""
        return np.concatenate([layer.is_decayed().ravel() for layer in self.layers])

    def bounds(self) -> FloatArray:
        """Return the least and the largest that each parameter may be."""
        return np.hstack([layer.bounds().reshape(2, -1) for layer in self.layers])

    @cached_property
    def rows(self) -> list[tuple[slice, slice]]:
        """Which rows each layer takes, and which it makes."""
        ends_in = accumulate((layer.fan_in for layer in self.layers), initial=0)
        ends_out = accumulate((layer.fan_out for layer in self.layers), initial=0)
        return [
            (slice(*taken), slice(*made))
            for taken, made in zip(pairwise(ends_in), pairwise(ends_out), strict=True)
        ]

    def write(
        self, parameters: FloatArray, inputs: FloatArray, units: FloatArray, scratch: Scratch
    ) -> None:
        """Write each layer's outputs to its units."""
        views = self.layout.views(parameters)
        for layer, view, (taken, made) in zip(self.layers, views, self.rows, strict=True):
            layer.write(view, inputs[..., taken, :], units[..., made, :], scratch)

    def bind(
        self, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> "_BoundConcatenate":
        """Return the layer with scratch for a batch; its inputs can only be the data."""
        return _BoundConcatenate(self, parameters, gradient, context)


class _BoundConcatenate(BoundLayer):
    def __init__(
        self, layer: Concatenate, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> None:
        super().__init__(layer, parameters, context)
        self.rows = layer.rows
        self.layers = [
            own.bind(view, own_gradient, Context(context.n_samples, units=self.units[..., made, :]))
            for own, view, own_gradient, (_, made) in zip(
                layer.layers,
                layer.layout.views(parameters),
                layer.layout.views(gradient),
                self.rows,
                strict=True,
            )
        ]

    def forward(self, inputs: FloatArray) -> FloatArray:
        for layer, (taken, _) in zip(self.layers, self.rows, strict=True):
            layer.forward(inputs[..., taken, :])
        return self.outputs

    def backward(self, upstream: FloatArray) -> None:
        for layer, (_, made) in zip(self.layers, self.rows, strict=True):
            layer.backward(upstream[..., made, :])
