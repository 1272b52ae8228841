"""The estimators' parameters: one table for what each may be and what its docstring says."""

from sknumpynet.estimators.parameters.base import Parameter, constraints_of, entries_of
from sknumpynet.estimators.parameters.optimizers import optimizer_settings
from sknumpynet.estimators.parameters.perceptron import PERCEPTRON_PARAMETERS
from sknumpynet.estimators.parameters.tabular import TABULAR_PARAMETERS

__all__ = [
    "PERCEPTRON_PARAMETERS",
    "TABULAR_PARAMETERS",
    "Parameter",
    "constraints_of",
    "entries_of",
    "optimizer_settings",
]
