"""Optimisers, and the engine's fourth verb: update_parameters.

An optimiser is its hyperparameters and its state: buffers of the parameters' shape. A
hyperparameter is a number, or for a stack a column of shape (K, 1). A new optimiser is a file and
one more entry in ``OPTIMIZERS``; the tests run through that table.
"""

from sknumpynet.core.optimizers.adam import Adam
from sknumpynet.core.optimizers.adamw import AdamW
from sknumpynet.core.optimizers.base import Optimizer, Piece
from sknumpynet.core.optimizers.sgd import SGD
from sknumpynet.core.optimizers.stacking import (
    put_member,
    stack_optimizers,
    take_member,
    take_members,
)
from sknumpynet.core.optimizers.update import Factors, Update, update_parameters

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "AdamW",
    "Factors",
    "Optimizer",
    "Piece",
    "Update",
    "put_member",
    "stack_optimizers",
    "take_member",
    "take_members",
    "update_parameters",
]

OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW}
