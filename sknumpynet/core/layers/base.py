"""What every layer is: a description of its parameters, and a form bound to them that propagates.

While a network trains, samples are *columns*, as in the tutorial: an array of activations has
shape (..., features + 1, n_samples), and its last row is all ones, the input that the biases are
the weights of. A unit's values then lie side by side in memory, so that every elementwise call
runs over long contiguous stretches however narrow the layer is.

A new layer is a file of its own, with a frozen dataclass and its bound form, and one more entry in
``LAYERS``; the tests run through that table.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from sknumpynet.core.types import BoolArray, FloatArray, IntArray

__all__ = [
    "BLOCK_SAMPLES",
    "BaseLayer",
    "BoundLayer",
    "ColumnLayer",
    "Context",
    "FixedLayer",
    "Layer",
    "Scratch",
    "unbounded",
    "with_ones",
]

# Arrays of a scratch begin at multiples of so many bytes, as lines of the cache do.
ALIGNMENT = 64

# Samples of a block, see `core.blocks`.
BLOCK_SAMPLES = 16


def unbounded(shape: tuple[int, ...]) -> FloatArray:
    """Return bounds that allow everything, shape ``(2, *shape)``."""
    bounds = np.full((2, *shape), np.inf)
    bounds[0] = -np.inf
    return bounds


def with_ones(
    members: tuple[int, ...], fan_out: int, n_samples: int, dtype: npt.DTypeLike
) -> FloatArray:
    """Return a buffer for activations, shape ``(*members, fan_out + 1, n_samples)``, all ones."""
    return np.ones((*members, fan_out + 1, n_samples), dtype)


class Scratch:
    """Memory that is used again and again, as what is new to the process is slow at first.

    Examples
    --------
    >>> Scratch().array((3, 5), np.dtype(np.float32)).shape
    (3, 5)
    """

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> FloatArray:
        """Return an array with anything in it, in the place of the one before."""
        (array,) = self.arrays([shape], [dtype])
        return array

    def arrays(
        self, shapes: Sequence[tuple[int, ...]], dtypes: Sequence[np.dtype[Any]]
    ) -> list[FloatArray]:
        """Return several, in the place of those before."""
        sizes = [
            math.prod(shape) * dtype.itemsize for shape, dtype in zip(shapes, dtypes, strict=True)
        ]
        ends = [*accumulate((-(-size // ALIGNMENT) * ALIGNMENT for size in sizes), initial=0)]
        if ends[-1] > self._memory.size:
            self._memory = np.empty(ends[-1], np.uint8)
        return [
            self._memory[start : start + size].view(dtype).reshape(shape)
            for start, size, dtype, shape in zip(ends, sizes, dtypes, shapes, strict=False)
        ]


class Context(NamedTuple):
    """What a layer is bound among.

    Parameters
    ----------
    n_samples : int
        Samples in a batch.
    below : ndarray of shape (..., fan_in, n_samples), optional
        The units that are the inputs: once their values are used, `BoundLayer.backward` overwrites
        them with their gradient. None if the inputs are the data, which get none.
    units : ndarray of shape (..., fan_out, n_samples), optional
        Where the outputs go; by default to a buffer of the layer's own.
    below_is_dense : bool
        Whether what is below can use an `OuterProduct`, as dense layers can.
    dropout : bool
        Whether units are dropped out.
    """

    n_samples: int
    below: FloatArray | None = None
    units: FloatArray | None = None
    below_is_dense: bool = False
    dropout: bool = False


class Layer(Protocol):
    """What a network is made of: a frozen dataclass without parameters.

    All arrays of parameters have `parameter_shape`, behind the member axis of a stack.
    """

    def __hash__(self) -> int:
        """Return the hash of a value."""

    @property
    def fan_in(self) -> int:
        """Units or columns that go in."""

    @property
    def fan_out(self) -> int:
        """Units that come out."""

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        """The shape of one network's parameters."""

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Draw starting values into ``parameters``, those of one network.

        Parameters
        ----------
        random_state : RandomState
        parameters : ndarray
        initializer : str
            A key of ``INITIALIZERS``, for weights.
        inputs : ndarray of shape (fan_in + 1, n_samples), optional
            Some that the layer will see, as in `BoundLayer.forward`.
        """

    def learning_rates(self) -> FloatArray:
        """Return each parameter's factor on the network's learning rate."""

    def is_decayed(self) -> BoolArray:
        """Return which parameters the penalty and weight decay shrink."""

    def bounds(self) -> FloatArray:
        """Return the least and the largest of each parameter, shape ``(2, *parameter_shape)``."""

    def apply(self, parameters: FloatArray, inputs: FloatArray) -> FloatArray:
        """Return the outputs with their row of ones, for inputs that have one.

        Parameters
        ----------
        parameters : ndarray of shape ``(..., *parameter_shape)``
            Leading axes of both, members and blocks, are broadcast.
        inputs : ndarray of shape (..., fan_in + 1, n_samples)
        """

    def write(
        self, parameters: FloatArray, inputs: FloatArray, units: FloatArray, scratch: "Scratch"
    ) -> None:
        """Write to units what they are for inputs, keeping nothing for a way back.

        Parameters
        ----------
        parameters, inputs
            See `apply`. Those of embeddings are the data, which members share.
        units : ndarray of shape (..., fan_out, n_samples)
        scratch : Scratch
        """

    def bind(self, parameters: FloatArray, gradient: FloatArray, context: Context) -> "BoundLayer":
        """Return the layer bound to views of the flat buffers, with scratch for a batch."""


class ColumnLayer(Layer, Protocol):
    """A layer each of whose rows is made of one column of the data, such as an embedding."""

    def origins(self) -> IntArray:
        """Return of which column each row is made that comes out, shape (fan_out,)."""


class BaseLayer:
    """What layers say and do unless they say otherwise."""

    def learning_rates(self: Layer) -> FloatArray:
        """Return each parameter's factor on the network's learning rate: 1."""
        return np.ones(self.parameter_shape)

    def is_decayed(self: Layer) -> BoolArray:
        """Return which parameters the penalty and weight decay shrink: all."""
        return np.ones(self.parameter_shape, bool)

    def bounds(self: Layer) -> FloatArray:
        """Return the least and the largest that each parameter may be: anything."""
        return unbounded(self.parameter_shape)

    def apply(self: Layer, parameters: FloatArray, inputs: FloatArray) -> FloatArray:
        """Return the outputs with their row of ones, for inputs that have one."""
        members = parameters.shape[: parameters.ndim - len(self.parameter_shape)]
        leading = np.broadcast_shapes(members, inputs.shape[:-2])
        outputs = with_ones(leading, self.fan_out, inputs.shape[-1], parameters.dtype)
        self.write(parameters, inputs, outputs[..., :-1, :], Scratch())
        return outputs


class FixedLayer(BaseLayer):
    """A layer whose parameters are the network's own, but not learned: they stay as they start."""

    def learning_rates(self: Layer) -> FloatArray:
        """Return each parameter's factor on the learning rate: 0."""
        return np.zeros(self.parameter_shape)

    def is_decayed(self: Layer) -> BoolArray:
        """Return which parameters are shrunk: none."""
        return np.zeros(self.parameter_shape, bool)


class BoundLayer(ABC):
    """A layer bound to views of its parameters and to scratch for one batch size.

    Made once per training run and used at every step, so that a step allocates nothing.

    Parameters
    ----------
    layer : Layer
    parameters : ndarray of shape ``(..., *layer.parameter_shape)``
    context : Context

    Attributes
    ----------
    units : ndarray of shape (..., fan_out, n_samples)
        The outputs, which what is above overwrites with their gradient.
    outputs : ndarray of shape (..., fan_out + 1, n_samples)
        The units with their row of ones; without it if the context says where units go.
    """

    def __init__(self, layer: Layer, parameters: FloatArray, context: Context) -> None:
        self.below = context.below
        if context.units is not None:
            self.outputs = self.units = context.units
            return
        members = parameters.shape[: parameters.ndim - len(layer.parameter_shape)]
        self.outputs = with_ones(members, layer.fan_out, context.n_samples, parameters.dtype)
        self.units = self.outputs[..., :-1, :]

    @abstractmethod
    def forward(self, inputs: Any) -> FloatArray:
        """Return `outputs`, keeping what `backward` needs.

        Parameters
        ----------
        inputs : ndarray of shape (..., fan_in + 1, n_samples)
            The last row is all ones. Within a `Concatenate` it is missing, so that only dense
            layers may read it.
        """

    @abstractmethod
    def backward(self, upstream: Any) -> Any:
        """Write the gradient of the parameters, return that of the inputs.

        Layers whose inputs can only be the data, such as embeddings, return None.

        Parameters
        ----------
        upstream : ndarray of shape (..., fan_out, n_samples)
            Gradient of the loss with respect to the units. Overwritten.
        """
