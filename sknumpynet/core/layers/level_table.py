"""The layer by which each network sees its own statistics of the levels of categories."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sknumpynet.core.layers.base import BoundLayer, Context, FixedLayer, Scratch
from sknumpynet.core.layers.categorical import CategoryEmbedding
from sknumpynet.core.types import FloatArray

__all__ = ["LevelTable"]


@dataclass(frozen=True)
class LevelTable(FixedLayer):
    """Columns are passed on, but for codes, which become what a table has of their levels.

    The table holds parameters that are not learned: so the networks of a stack may differ in it,
    and whatever is kept of a network says what its levels stand for. A network is trained above
    this layer, as training rows see other statistics than new ones (see
    `sknumpynet.training.level_statistics`).

    Parameters
    ----------
    n_passed_on : int
        How many columns are passed on, the first ones.
    n_codes : tuple of int
        For each of the columns after them, which are codes, how many there are.
    width : int
        How many numbers the table has of a level.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LevelTable(n_passed_on=1, n_codes=(2, 3), width=1)
    >>> layer.fan_in, layer.fan_out
    (3, 3)
    >>> inputs = np.array([[0.5], [1.0], [2.0], [1.0]])
    >>> layer.apply(np.arange(5.0)[:, np.newaxis] * 10, inputs)[:, 0]
    array([ 0.5, 10. , 40. ,  1. ])
    """

    n_passed_on: int
    n_codes: tuple[int, ...]
    width: int

    @property
    def fan_in(self) -> int:
        """Columns of the data."""
        return self.n_passed_on + len(self.n_codes)

    @property
    def fan_out(self) -> int:
        """Columns that are passed on, and what the table has of each column of codes."""
        return self.n_passed_on + self.lookup.fan_out

    @cached_property
    def lookup(self) -> CategoryEmbedding:
        """What looks codes up."""
        return CategoryEmbedding(self.n_codes, self.width)

    @property
    def code_columns(self) -> slice:
        """The columns whose codes are looked up."""
        return slice(self.n_passed_on, self.fan_in)

    @property
    def parameter_shape(self) -> tuple[int, int]:
        """So many numbers for each level of each column of codes."""
        return self.lookup.parameter_shape

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Nothing is known of any level."""
        parameters[...] = 0.0

    def write(
        self, parameters: FloatArray, inputs: FloatArray, units: FloatArray, scratch: Scratch
    ) -> None:
        """Write the columns that are passed on, and what the table has of codes, to units."""
        units[..., : self.n_passed_on, :] = inputs[..., : self.n_passed_on, :]
        looked_up = units[..., self.n_passed_on :, :]
        self.lookup.write(parameters, inputs[..., self.code_columns, :], looked_up, scratch)

    def bind(
        self, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> "_BoundLevelTable":
        """Return the layer with scratch for a batch; its inputs can only be the data."""
        return _BoundLevelTable(self, parameters, gradient, context)


class _BoundLevelTable(BoundLayer):
    def __init__(
        self, layer: LevelTable, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> None:
        super().__init__(layer, parameters, context)
        self.layer = layer
        self.passed_on, looked_up = np.split(self.units, [layer.n_passed_on], axis=-2)
        own_context = Context(context.n_samples, units=looked_up)
        self.lookup = layer.lookup.bind(parameters, gradient, own_context)

    def forward(self, inputs: FloatArray) -> FloatArray:
        self.passed_on[...] = inputs[..., : self.layer.n_passed_on, :]
        self.lookup.forward(inputs[..., self.layer.code_columns, :])
        return self.outputs

    def backward(self, upstream: FloatArray) -> None:
        self.lookup.backward(upstream[..., self.layer.n_passed_on :, :])
