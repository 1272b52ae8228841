"""What a pickle, a copy or a skops file of an estimator holds: arrays and plain Python objects.

Nothing in it depends on where the engine or scikit-learn keeps a class, so that a model saved once
can be loaded by later versions of both. Losses and schedules of the engine that are parameters
are saved by name, an Index or Series as a list. Estimators for tables also hold their
`TabularPreprocessor`, whose state is plain too.
"""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from sklearn.preprocessing import LabelBinarizer

from sknumpynet.core.losses import LOSSES, Loss
from sknumpynet.core.optimizers import OPTIMIZERS, Optimizer
from sknumpynet.core.schedules import SCHEDULES, fading
from sknumpynet.utils.estimator_state import as_plain

__all__ = [
    "LOSS_KINDS",
    "restored_loss",
    "restored_state",
    "saved_loss",
    "saved_state",
]

# To be raised whenever states are written that the versions before cannot read; `restored_state`
# goes on reading all formats from 1.
_FORMAT = 3

# Not classes derived from them, which are a user's.
LOSS_KINDS = {type(loss): name for name, loss in LOSSES.items()}

# The schedules that a user may give as functions.
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "fading": fading,
    **{
        name: schedule.over_progress
        for name, schedule in SCHEDULES.items()
        if schedule.over_progress is not None
    },
}

# These describe a fitted LabelBinarizer in every scikit-learn; its parameters are the default.
_BINARIZER_ATTRIBUTES = ("classes_", "y_type_", "sparse_input_")


def saved_state(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return an estimator's attributes as they are saved; arrays are shared, not copied.

    Parameters
    ----------
    attributes : dict
        Stays as it is.

    Returns
    -------
    dict
        For `restored_state`.
    """
    state = {name: _saved(value) for name, value in attributes.items()}
    state.pop("_check_for_prediction", None)  # of a view, see `fitted_view`
    state["_format"] = _FORMAT
    if "_schedule" in state:
        schedule, power = state["_schedule"]
        state["_schedule"] = (_saved(schedule), power)
    if "_optimizer" in state:
        own = state["_optimizer"]
        several = isinstance(own, list)
        state["_optimizer"] = (
            [_saved_optimizer(one) for one in own] if several else _saved_optimizer(own)
        )
    if "_label_binarizer" in state:
        binarizer = state["_label_binarizer"]
        state["_label_binarizer"] = {
            name: getattr(binarizer, name) for name in _BINARIZER_ATTRIBUTES
        }
    return state


def restored_state(kind: type, state: dict[str, Any]) -> dict[str, Any]:
    """Return an estimator's attributes from what was saved.

    Parameters
    ----------
    kind : type
        The estimator's. Parameters that it did not have when it was saved get their defaults.
    state : dict
        Of `saved_state`; stays as it is.

    Raises
    ------
    ValueError
        If it was saved by a later version that saves differently.
    """
    attributes = {**_parameter_defaults(kind), **state}
    attributes = {name: _restored(value) for name, value in attributes.items()}
    if "_schedule" in attributes:
        schedule, power = attributes["_schedule"]
        attributes["_schedule"] = (_restored(schedule), power)
    number = attributes.pop("_format", _FORMAT)
    if number > _FORMAT:
        raise ValueError(
            f"the {kind.__name__} was saved in format {number}, this version of sknumpynet reads "
            f"formats up to {_FORMAT}: load it with the version that saved it, or a later one"
        )
    if "_optimizer" in attributes:
        saved = attributes["_optimizer"]
        several = isinstance(saved, list)
        attributes["_optimizer"] = (
            [_restored_optimizer(one) for one in saved] if several else _restored_optimizer(saved)
        )
    if "_shape" in attributes:  # all members were of one kind
        attributes["_shapes"] = [attributes.pop("_shape")]
    if "_label_binarizer" in attributes:
        binarizer = LabelBinarizer()
        vars(binarizer).update(attributes["_label_binarizer"])
        attributes["_label_binarizer"] = binarizer
    return attributes


def saved_loss(loss: Loss) -> dict[str, Any]:
    """Return a loss of the engine, of ``LOSS_KINDS``, as it is saved."""
    return {"engine_loss": LOSS_KINDS[type(loss)], "settings": dict(vars(loss))}


def restored_loss(saved: dict[str, Any]) -> Loss:
    """Return a loss from what `saved_loss` made of it."""
    return type(LOSSES[saved["engine_loss"]])(**saved["settings"])


def _saved(value: Any) -> Any:
    """Return an attribute as it is saved."""
    if type(value) in LOSS_KINDS:
        return saved_loss(value)
    for name, function in _FUNCTIONS.items():
        if value is function:
            return {"engine_schedule": name}
    return as_plain(value)


def _restored(value: Any) -> Any:
    """Return an attribute from what `_saved` made of it."""
    if not isinstance(value, dict):
        return value
    # The names of classes may be keys of their weights, which are numbers.
    if isinstance(value.get("engine_loss"), str):
        return restored_loss(value)
    name = value.get("engine_schedule")
    return _FUNCTIONS[name] if isinstance(name, str) else value


def _saved_optimizer(optimizer: Optimizer) -> dict[str, Any]:
    """Return all but what is made anew when the optimiser is bound."""
    kind = type(optimizer)
    return {
        "name": next(name for name, one in OPTIMIZERS.items() if one is kind),
        "settings": {
            name: getattr(optimizer, name) for name in (*kind.settings, *kind.shared_settings)
        },
        **{name: getattr(optimizer, name) for name in kind.progress},
        "moments": optimizer.state,
    }


def _restored_optimizer(saved: dict[str, Any]) -> Optimizer:
    optimizer = OPTIMIZERS[saved["name"]](saved["learning_rate"], **saved["settings"])
    for name in optimizer.progress:
        setattr(optimizer, name, saved[name])
    optimizer.state = saved["moments"]
    return optimizer


@cache
def _parameter_defaults(kind: type) -> dict[str, Any]:
    parameters = inspect.signature(kind).parameters.values()
    return {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.default is not parameter.empty
    }
