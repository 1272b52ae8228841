"""Optimisers, and the engine's fourth verb: update_parameters.

An optimiser is its hyperparameters and its state: buffers of the parameters' shape. A
hyperparameter is a number, or for a stack a column of shape (K, 1). A new optimiser is a file and
one more entry in ``OPTIMIZERS``; the tests run through that table.
"""

from sknumpynet.core.optimizers.adam import Adam
from sknumpynet.core.optimizers.adamw import AdamW
from sknumpynet.core.optimizers.base import Optimizer, Piece
from sknumpynet.core.optimizers.hyperparameters import Hyperparameter
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
    "Hyperparameter",
    "Optimizer",
    "Piece",
    "Update",
    "hyperparameters_by_parameter",
    "put_member",
    "stack_optimizers",
    "take_member",
    "take_members",
    "update_parameters",
]

OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW}


def hyperparameters_by_parameter() -> dict[str, Hyperparameter]:
    """Return the hyperparameters of all optimisers, under the names that estimators give them.

    Raises
    ------
    ValueError
        If two optimisers declare one differently.

    Examples
    --------
    >>> list(hyperparameters_by_parameter())
    ['momentum', 'nesterovs_momentum', 'beta_1', 'beta_2', 'epsilon', 'weight_decay']
    """
    found: dict[str, Hyperparameter] = {}
    for kind in OPTIMIZERS.values():
        for own in kind.hyperparameters:
            other = found.setdefault(own.parameter, own)
            if other != own:
                raise ValueError(f"optimisers declare {own.parameter} as {other} and as {own}")
    return found
