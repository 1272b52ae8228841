"""The embedding of categories."""

from dataclasses import dataclass

import numpy as np

from sknumpynet.core.layers.base import BaseLayer, BoundLayer, Context
from sknumpynet.core.types import FloatArray, IntArray

__all__ = ["CategoryEmbedding"]


@dataclass(frozen=True)
class CategoryEmbedding(BaseLayer):
    """A column of codes becomes, for each sample, the learned vector of its code.

    Parameters
    ----------
    n_codes : int
        Codes are 0 to ``n_codes - 1``. Vectors of code 0, which stands for levels that are not
        known, start as zeros.
    fan_out : int
        Length of a vector.

    References
    ----------
    Guo and Berkhahn, "Entity Embeddings of Categorical Variables", 2016.

    Examples
    --------
    >>> CategoryEmbedding(100).parameter_shape
    (100, 8)
    """

    n_codes: int
    fan_out: int = 8

    @property
    def fan_in(self) -> int:
        """One column, of codes."""
        return 1

    @property
    def parameter_shape(self) -> tuple[int, int]:
        """A vector for each code."""
        return self.n_codes, self.fan_out

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Draw vectors from N(0, 0.3²): those of levels that a fold lacks stay as they are."""
        parameters[...] = random_state.normal(0.0, 0.3, parameters.shape)
        parameters[0] = 0.0

    def bind(
        self, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> "_BoundCategoryEmbedding":
        """Return the embedding for a batch; its inputs can only be the data."""
        return _BoundCategoryEmbedding(self, parameters, gradient, context)


class _BoundCategoryEmbedding(BoundLayer):
    def __init__(
        self,
        layer: CategoryEmbedding,
        parameters: FloatArray,
        gradient: FloatArray,
        context: Context,
    ) -> None:
        super().__init__(layer, parameters, context)
        self.parameters, self.gradient = parameters, gradient
        self.members, self.fan_out = parameters.shape[:-2], layer.fan_out
        self.offsets = np.arange(self.fan_out)[:, np.newaxis]
        self.codes: IntArray

    def forward(self, inputs: FloatArray) -> FloatArray:
        codes = inputs[..., 0, :].astype(np.intp)
        self.codes = np.broadcast_to(codes, (*self.members, codes.shape[-1]))
        for member in np.ndindex(self.members):
            self.units[member] = self.parameters[member].take(self.codes[member], axis=0).T
        return self.outputs

    def backward(self, upstream: FloatArray) -> None:
        self.gradient[...] = 0.0
        for member in np.ndindex(self.members):
            # Flat: on rows `add.at` takes nearly three times as long.
            places = self.codes[member] * self.fan_out + self.offsets
            flat = self.gradient[member].reshape(-1)
            np.add.at(flat, places.reshape(-1), upstream[member].reshape(-1))
