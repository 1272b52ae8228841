"""The parameters that optimisers declare, as the estimators have them."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from sknumpynet.core.optimizers import (
    OPTIMIZERS,
    Hyperparameter,
    hyperparameters_by_parameter,
)
from sknumpynet.estimators.parameters.base import Parameter
from sknumpynet.utils.scikit_learn import Interval, StrOptions

__all__ = ["OPTIMIZER_PARAMETERS", "SOLVER", "optimizer_settings"]


def _parameter(own: Hyperparameter) -> Parameter:
    """Return a hyperparameter as a parameter of an estimator."""
    if isinstance(own.default, bool):
        return Parameter(f"bool, default={own.default}", ["boolean"], own.description)
    kind, name = (Integral, "int") if isinstance(own.default, int) else (Real, "float")
    interval = Interval(kind, own.lowest, own.highest, closed=own.closed)
    default = repr(own.default).replace("e-0", "e-")
    return Parameter(f"{name}, default={default}", [interval], own.description)


OPTIMIZER_PARAMETERS = {
    name: _parameter(own) for name, own in hyperparameters_by_parameter().items()
}


def _solver() -> Parameter:
    (first, stochastic), *others = OPTIMIZERS.items()
    said = [f"'{first}' is {stochastic.description}"]
    said += [f"'{name}' {kind.description}" for name, kind in others]
    names = ", ".join(f"'{name}'" for name in ("lbfgs", *OPTIMIZERS))
    return Parameter(
        f"{{{names}}}, default='adam'",
        [StrOptions({"lbfgs", *OPTIMIZERS})],
        f"{', '.join(said)}, 'lbfgs' a quasi-Newton method over all of the data, good for small "
        "data sets. The others are the stochastic solvers.",
    )


SOLVER = _solver()


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
    return {
        own.name: parameters[own.parameter]
        if own.is_shared
        else type(own.default)(parameters[own.parameter])
        for own in OPTIMIZERS[solver].hyperparameters
    }
