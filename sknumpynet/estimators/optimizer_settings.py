"""An estimator's parameters as the settings of its optimiser."""

from collections.abc import Mapping
from typing import Any

from sknumpynet.core.optimizers import OPTIMIZERS

__all__ = ["optimizer_settings"]

# An optimiser's settings are named as the estimator's parameters are, but for these.
_PARAMETER_OF = {"nesterov": "nesterovs_momentum"}


def optimizer_settings(solver: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the class of a solver takes beside the learning rate.

    Parameters
    ----------
    solver : str
    parameters : mapping
        Of an estimator, by name.
    """
    if solver not in OPTIMIZERS:
        return {}
    kind = OPTIMIZERS[solver]
    settings: dict[str, Any] = {name: float(parameters[name]) for name in kind.settings}
    for name in kind.shared_settings:
        settings[name] = parameters[_PARAMETER_OF.get(name, name)]
    return settings
