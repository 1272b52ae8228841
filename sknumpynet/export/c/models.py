"""What of a fitted model goes into C: how rows are read, and the networks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.network import Network
from sknumpynet.estimators.mlp import BaseNumpyMLP
from sknumpynet.estimators.tabular import BaseTabularMLP
from sknumpynet.export.c.columns import table_inputs
from sknumpynet.export.c.inputs import Inputs, array_inputs
from sknumpynet.export.c.scalers import SCALERS, scaler_code
from sknumpynet.export.c.table_source import TableSource
from sknumpynet.export.models import read_model

__all__ = ["MOST_PARAMETERS", "Parts", "parts_of"]

# Beyond them a source file is megabytes, and a small machine's memory is full.
MOST_PARAMETERS = 50_000


class Parts(NamedTuple):
    """What a file in C is made of.

    Parameters
    ----------
    estimator : estimator
        That of the networks.
    inputs : Inputs
    stacks : list of tuple of Network and ndarray
        Each kind of network with its members' parameters, shape (n_members, P).
    """

    estimator: Any
    inputs: Inputs
    stacks: list[tuple[Network, np.ndarray]]


def parts_of(model: Any, prefix: str) -> Parts:
    """Return the parts of an estimator, or of a pipeline that ends in one.

    Parameters
    ----------
    model : estimator
    prefix : str
        Of all names that others see.

    Raises
    ------
    TypeError, NotImplementedError, ValueError
        As `to_c`.
    """
    read = read_model(model, SCALERS, "C")
    stacks = _stacks_of(read.estimator)
    _check_size(read.estimator, stacks)
    if read.preprocessor is None:
        inputs = array_inputs(read.names if read.has_names else None, len(read.names))
    else:
        # What statistics of levels are made of comes last, if networks take it.
        n_inputs = max(network.fan_in for network, _ in stacks) if read.is_for_tables else 0
        learned, dtype = read.preprocessor._learned(), read.preprocessor.dtype
        inputs = table_inputs(TableSource(learned, read.names, dtype), prefix, n_inputs)
    return Parts(read.estimator, _scaled(inputs, read.scalers), stacks)


def _stacks_of(estimator: BaseNumpyMLP | BaseTabularMLP) -> list[tuple[Network, np.ndarray]]:
    if isinstance(estimator, BaseTabularMLP):
        return [(network, parameters) for network, parameters, _ in estimator._stacks()]
    # What users see is what predicts.
    coefs, biases = estimator.coefs_, estimator.intercepts_
    sizes = [coefs[0].shape[-2], *(coef.shape[-1] for coef in coefs)]
    network = dense_network(sizes, list(estimator._hidden_activations))
    parameters = network.layout.pack(coefs, [bias[..., np.newaxis, :] for bias in biases])
    return [(network, np.array(parameters, ndmin=2))]


def _check_size(estimator: Any, stacks: Sequence[tuple[Network, np.ndarray]]) -> None:
    n_parameters = sum(parameters.size for _, parameters in stacks)
    if n_parameters <= MOST_PARAMETERS:
        return
    n_members = sum(map(len, (parameters for _, parameters in stacks)))
    advice = (
        "distil(X) makes one network of them, and distil(X, hidden_layer_sizes=32) a smaller one"
        if isinstance(estimator, BaseTabularMLP)
        else "take fewer members or smaller hidden layers"
    )
    raise ValueError(
        f"networks of {MOST_PARAMETERS:,} parameters at most go into one C file, got "
        f"{n_parameters:,} in {n_members} network(s): {advice}"
    )


def _scaled(inputs: Inputs, scalers: Sequence[Any]) -> Inputs:
    """Return inputs that go through scalers."""
    for place, scaler in enumerate(scalers):
        tables, statements = scaler_code(scaler, f"step_{place}")
        inputs = replace(
            inputs,
            tables=[*inputs.tables, *tables],
            statements=[*inputs.statements, *statements],
        )
    return inputs
