"""Where an earlier training ended."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.core.members import TrainingState
from sknumpynet.core.optimizers import Optimizer
from sknumpynet.core.types import IntArray

__all__ = ["WarmStart"]


@dataclass(frozen=True)
class WarmStart:
    """What training goes on from, in place of new weights; nothing of it is changed.

    Parameters
    ----------
    coefs : list of ndarray of shape (fan_in, fan_out) or (K, fan_in, fan_out)
        Weights of each layer; none where ``parameters`` has them.
    intercepts : list of ndarray of shape (fan_out,) or (K, fan_out)
    states : list of TrainingState
        Each member's.
    optimizers : list of (Optimizer or None)
        Each member's; None where the last training had none.
    schedule : tuple or None
        What `learning_rate` asked for then, and the schedule's exponent.
    member_seeds : ndarray of int of shape (K,) or None
        None of a single network.
    history : dict of list
        The epochs up to now.
    parameters : ndarray of shape (K, P), optional
        All that members have learned, in place of weights by layer; rows may have zeros at their
        end.
    """

    coefs: list[np.ndarray]
    intercepts: list[np.ndarray]
    states: list[TrainingState]
    optimizers: list[Optimizer | None]
    schedule: tuple[Any, float] | None
    member_seeds: IntArray | None
    history: dict[str, list[Any]] | None
    parameters: np.ndarray | None = None
