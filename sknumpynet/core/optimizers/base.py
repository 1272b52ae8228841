"""What an optimiser is: hyperparameters, a state, and a step that changes some parameters."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from sknumpynet.core.optimizers.hyperparameters import Hyperparameter
from sknumpynet.core.types import BoolArray, FloatArray, IntArray, Scalar

__all__ = ["Optimizer", "Piece", "cast", "times"]


class Piece(NamedTuple):
    """Views of the same parameters in every buffer, and scratch of their number.

    All are of shape (..., n), ``penalty``, ``decayed`` and ``rates`` of one that broadcasts to it,
    ``bounds`` of shape (2, n).
    ``shape`` is that of the layer whose parameters these are, for optimisers that step by layer,
    otherwise (n,).
    """

    parameters: FloatArray
    raw_gradient: FloatArray
    gradient: FloatArray
    state: tuple[FloatArray, ...]
    scratch: FloatArray
    penalty: FloatArray | None
    decayed: FloatArray | None
    rates: FloatArray | None
    bounds: FloatArray | None
    shape: tuple[int, ...]

    def shaped(self, buffer: FloatArray) -> FloatArray:
        """Return a view of one of the piece's buffers, shape ``(..., *shape)``."""
        return buffer.reshape(buffer.shape[:-1] + self.shape)


class Optimizer(ABC):
    """What the optimisers share.

    One that is derived from it declares its ``hyperparameters``, named as in its ``__init__`` and
    its attributes; whoever makes, stacks or saves optimisers goes by these names. What it prepares
    when it is bound or begins a step is private.

    Parameters
    ----------
    learning_rate : float or ndarray of shape (K, 1)

    Attributes
    ----------
    n_buffers : int
        How many buffers of the parameters' shape the state has.
    hyperparameters : tuple of Hyperparameter
        All but the learning rate.
    description : str
        What ``solver`` says of it, after its name.
    settings, shared_settings : tuple of str
        The names of those hyperparameters that each member of a stack has of its own, and of those
        that they have in common.
    progress : tuple of str
        What changes as training goes on, beside the state.
    steps_by_layer : bool
        Whether a step is over all parameters of one layer, whose shape `Piece.shape` says; else it
        is over any that lie next to each other.
    state : ndarray of shape (n_buffers, ..., P) or None
        None until the optimiser is bound to parameters.
    n_updates : int or ndarray of shape (K, 1)
        Steps taken.
    weight_decay : float, ndarray of shape (K, 1) or None
        None for an optimiser without.
    """

    n_buffers: ClassVar[int]
    hyperparameters: ClassVar[tuple[Hyperparameter, ...]] = ()
    description: ClassVar[str] = ""
    settings: ClassVar[tuple[str, ...]] = ()
    shared_settings: ClassVar[tuple[str, ...]] = ()
    progress: ClassVar[tuple[str, ...]] = ("initial_learning_rate", "learning_rate", "n_updates")
    steps_by_layer: ClassVar[bool] = False

    weight_decay: Scalar | None = None
    _dtype: np.dtype[Any]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.settings = tuple(own.name for own in cls.hyperparameters if not own.is_shared)
        cls.shared_settings = tuple(own.name for own in cls.hyperparameters if own.is_shared)

    def __init__(self, learning_rate: Scalar) -> None:
        self.initial_learning_rate = learning_rate
        self.learning_rate = learning_rate
        self.n_updates: int | IntArray = 0
        self.state: FloatArray | None = None

    def stack_key(self) -> Hashable:
        """Return what the optimisers of a stack have in common."""
        shared = tuple(getattr(self, name) for name in self.shared_settings)
        return type(self), self.state is None, shared

    def bind(self, parameters: FloatArray) -> FloatArray:
        """Return a state for these parameters, a new one unless there is one to go on from."""
        if self.state is None:
            self.state = np.zeros((self.n_buffers, *parameters.shape), parameters.dtype)
        self._dtype = self.state.dtype
        return self.state

    def resumed(self, progress: Mapping[str, Any], state: FloatArray | None) -> "Optimizer":
        """Return one of the same hyperparameters that goes on from where another had come to.

        Parameters
        ----------
        progress : mapping
            What that one's attributes of these names were.
        state : ndarray of shape (n_buffers, P) or None
            None before its first step.
        """
        other = copy.copy(self)
        for name in self.progress:
            setattr(other, name, progress[name])
        other.state = state
        return other

    def begin_step(self, taken: int | BoolArray) -> None:
        """Count the step and prepare what is the same for all of its pieces."""
        self.n_updates = self.n_updates + taken

    @abstractmethod
    def step(self, piece: Piece) -> None:
        """Change ``piece.parameters`` and ``piece.state`` in place."""


def cast(scalar: Scalar, dtype: np.dtype[Any]) -> FloatArray:
    """Return an array that does not upcast; as an operand it is quicker than a Python float."""
    return np.asarray(scalar, dtype)


def times(scalar: FloatArray, factors: FloatArray | None) -> FloatArray:
    """Return a scalar times each parameter's factor, if they have factors.

    A column in which all members are equal is taken for one number: a vector for all of them, and
    no pass over the stack.
    """
    if factors is None:
        return scalar
    is_column_of_one = scalar.size > 1 and bool((scalar == scalar[0]).all())
    return (scalar[0] if is_column_of_one else scalar) * factors
