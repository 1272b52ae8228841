"""One optimiser for a stack of networks, and what of it is a member's."""

import copy
from collections.abc import Sequence

import numpy as np

from sknumpynet.core.optimizers.base import Optimizer
from sknumpynet.core.types import FloatArray

__all__ = ["put_member", "stack_optimizers", "take_member", "take_members"]


def stack_optimizers(optimizers: Sequence[Optimizer]) -> Optimizer:
    """Return one optimiser for a stack of K networks, each of which had its own.

    Parameters
    ----------
    optimizers : sequence of K Optimizer
        Equal in their `Optimizer.stack_key`.

    Examples
    --------
    >>> from sknumpynet.core.optimizers import SGD
    >>> stacked = stack_optimizers([SGD(0.1, momentum=0.9), SGD(0.2, momentum=0.9)])
    >>> stacked.learning_rate.tolist(), stacked.momentum
    ([[0.1], [0.2]], 0.9)
    """
    stacked = copy.copy(optimizers[0])
    for name in _own_of_members(stacked):
        values = [getattr(optimizer, name) for optimizer in optimizers]
        # A number for all is quicker than a column.
        if any(value != values[0] for value in values):
            setattr(stacked, name, np.array(values)[:, np.newaxis])
    if stacked.state is not None:
        stacked.state = np.stack([_state(optimizer) for optimizer in optimizers], axis=1)
    return stacked


def take_members(optimizer: Optimizer, positions: Sequence[int]) -> Optimizer:
    """Return an optimiser for some members of a stack, with a copy of their state."""
    taken = copy.copy(optimizer)
    for name in _own_of_members(optimizer):
        value = getattr(optimizer, name)
        if isinstance(value, np.ndarray):
            setattr(taken, name, value[positions])
    taken.state = _state(optimizer)[:, positions]
    return taken


def take_member(optimizer: Optimizer, position: int) -> Optimizer:
    """Return an optimiser for one network of a stack, with a copy of its state."""
    single = copy.copy(optimizer)
    for name in [name for name in vars(optimizer) if name.startswith("_")]:
        delattr(single, name)  # made anew, without a member axis, when it is bound
    for name in _own_of_members(optimizer):
        value = getattr(optimizer, name)
        if isinstance(value, np.ndarray):
            setattr(single, name, value[position, 0].item())
    single.state = _state(optimizer)[:, position].copy()
    return single


def put_member(optimizer: Optimizer, position: int, other: Optimizer, other_position: int) -> None:
    """Take over where a member of another optimiser's stack has come to.

    Parameters
    ----------
    optimizer : Optimizer
        Of a stack; changed in place.
    position : int
        The member's place in this stack.
    other : Optimizer
        May be the same one.
    other_position : int
        Its place in the other stack.
    """
    state, other_state = _state(optimizer), _state(other)
    for name in ("learning_rate", "n_updates"):
        column = np.broadcast_to(getattr(optimizer, name), (state.shape[1], 1)).copy()
        others = np.broadcast_to(getattr(other, name), (other_state.shape[1], 1))
        column[position] = others[other_position]
        setattr(optimizer, name, column)
    state[:, position] = other_state[:, other_position]


def _own_of_members(optimizer: Optimizer) -> tuple[str, ...]:
    """Return the names of what may differ between members."""
    return (*optimizer.progress, *optimizer.settings)


def _state(optimizer: Optimizer) -> FloatArray:
    if optimizer.state is None:
        raise ValueError(f"{type(optimizer).__name__} has no state: it was never bound")
    return optimizer.state
