"""The layer by which each network of a stack sees columns of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sknumpynet.core.layers.base import BoundLayer, Context, FixedLayer, Scratch
from sknumpynet.core.types import FloatArray, IntArray

__all__ = ["ColumnKind", "ColumnSelection"]


class ColumnKind(NamedTuple):
    """Columns that are alike.

    Parameters
    ----------
    n_columns : int
        How many there are.
    n_seen : int
        How many of them a network sees.
    width : int
        Each is so many columns of the data: a number may come with its rank, all ranks after all
        numbers.
    """

    n_columns: int
    n_seen: int
    width: int = 1


@dataclass(frozen=True)
class ColumnSelection(FixedLayer):
    """Some columns of the data are passed on, each network's own, of each kind as many.

    Which ones are parameters that are not learned: so the networks of a stack may differ in them,
    and whatever is kept of a network says what it sees. While a network trains, `core.epochs` has
    batches gathered of these columns alone, and begins above this layer.

    Parameters
    ----------
    kinds : tuple of ColumnKind
        In the order of the data, which have up to 2²⁴ columns: a parameter in single precision
        holds no larger index.

    Examples
    --------
    >>> import numpy as np
    >>> selection = ColumnSelection((ColumnKind(3, 1, width=2), ColumnKind(4, 2)))
    >>> selection.fan_in, selection.fan_out
    (10, 4)
    >>> selection.columns_of([np.array([1]), np.array([0, 3])])
    array([1, 4, 6, 9])
    """

    kinds: tuple[ColumnKind, ...]

    @property
    def fan_in(self) -> int:
        """Columns of the data."""
        return sum(kind.n_columns * kind.width for kind in self.kinds)

    @property
    def fan_out(self) -> int:
        """How many of them a network sees."""
        return sum(kind.n_seen * kind.width for kind in self.kinds)

    def columns_of(self, chosen: Sequence[IntArray]) -> IntArray:
        """Return columns of the data from what was chosen of each kind, in ascending order."""
        columns, start = [], 0
        for kind, own in zip(self.kinds, chosen, strict=True):
            places = np.arange(kind.width)[:, np.newaxis] * kind.n_columns + np.sort(own)
            columns.append(start + places.reshape(-1))
            start += kind.n_columns * kind.width
        return np.concatenate(columns)

    @property
    def parameter_shape(self) -> tuple[int]:
        """An index for each column that is seen."""
        return (self.fan_out,)

    def columns(self, parameters: FloatArray) -> IntArray:
        """Return the indices as integers, shape (..., fan_out)."""
        return np.clip(parameters.astype(np.intp), 0, self.fan_in - 1)

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Draw columns of every kind."""
        drawn = [random_state.permutation(kind.n_columns)[: kind.n_seen] for kind in self.kinds]
        parameters[...] = self.columns_of(drawn)

    def write(
        self, parameters: FloatArray, inputs: FloatArray, units: FloatArray, scratch: Scratch
    ) -> None:
        """Write the columns that each network sees to units."""
        columns = self.columns(parameters).reshape(-1, self.fan_out)
        of_members = units.reshape(len(columns), -1, *units.shape[-2:])
        data = np.broadcast_to(inputs, (*units.shape[:-2], *inputs.shape[-2:]))
        data = data.reshape(len(columns), -1, *inputs.shape[-2:])
        for own_columns, own_data, own in zip(columns, data, of_members, strict=True):
            np.take(own_data, own_columns, axis=-2, out=own, mode="clip")

    def bind(
        self, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> "_BoundColumnSelection":
        """Return the layer with scratch for a batch; its inputs can only be the data."""
        return _BoundColumnSelection(self, parameters, gradient, context)


class _BoundColumnSelection(BoundLayer):
    def __init__(
        self,
        layer: ColumnSelection,
        parameters: FloatArray,
        gradient: FloatArray,
        context: Context,
    ) -> None:
        super().__init__(layer, parameters, context)
        self.layer, self.parameters, self.gradient = layer, parameters, gradient
        self.scratch = Scratch()

    def forward(self, inputs: FloatArray) -> FloatArray:
        self.layer.write(self.parameters, inputs, self.units, self.scratch)
        return self.outputs

    def backward(self, upstream: FloatArray | None) -> None:
        self.gradient[...] = 0.0
