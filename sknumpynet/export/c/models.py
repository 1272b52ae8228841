"""What of a fitted model goes into C: how rows are read, and the networks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.network import Network
from sknumpynet.estimators.mlp import BaseNumpyMLP
from sknumpynet.estimators.tabular import BaseTabularMLP
from sknumpynet.export.c.columns import table_inputs
from sknumpynet.export.c.inputs import Inputs, array_inputs
from sknumpynet.export.c.scalers import SCALERS, scaler_code
from sknumpynet.export.c.table_source import TableSource
from sknumpynet.preprocessing import TabularPreprocessor

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
    steps = _steps_of(model)
    estimator = steps.pop()[1]
    _check_kind(estimator, model)
    check_is_fitted(estimator)
    stacks = _stacks_of(estimator)
    _check_size(estimator, stacks)
    n_inputs = max(network.fan_in for network, _ in stacks)
    if isinstance(estimator, BaseTabularMLP):
        if steps:
            raise NotImplementedError(
                f"the step {steps[0][0]!r} before an estimator for tables has no form in C: "
                "export the estimator, which scales by itself"
            )
        source = _source_of(estimator.preprocessor_, estimator)
        return Parts(estimator, table_inputs(source, prefix, n_inputs), stacks)
    first = steps[0][1] if steps else estimator
    if type(first) is TabularPreprocessor:
        del steps[0]
        check_is_fitted(first)
        inputs = table_inputs(_source_of(first, first), prefix, n_inputs=0)
    else:
        names = getattr(first, "feature_names_in_", None)
        inputs = array_inputs(names, first.n_features_in_)
    return Parts(estimator, _scaled(inputs, steps), stacks)


def _steps_of(model: Any) -> list[tuple[str, Any]]:
    """Return the steps of a pipeline, those that do something; of another model itself."""
    if not isinstance(model, Pipeline):
        return [("model", model)]
    steps = []
    for name, step in model.steps:
        if isinstance(step, Pipeline):
            steps += [(f"{name}__{own}", inner) for own, inner in _steps_of(step)]
        elif step is not None and not (isinstance(step, str) and step == "passthrough"):
            steps.append((name, step))
    return steps


def _check_kind(estimator: Any, model: Any) -> None:
    if hasattr(model, "best_estimator_"):
        raise TypeError(
            f"a search has no form in C, got a {type(model).__name__}: export what it found, as "
            "by to_c(search.best_estimator_, path)"
        )
    if not isinstance(estimator, BaseNumpyMLP | BaseTabularMLP):
        raise TypeError(
            "to_c takes this package's networks, and pipelines that end in one, got a "
            f"{type(estimator).__name__}"
        )


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


def _source_of(preprocessor: TabularPreprocessor, owner: Any) -> TableSource:
    names = getattr(owner, "feature_names_in_", None)
    if names is None:
        names = [f"x{k}" for k in range(owner.n_features_in_)]
    return TableSource(preprocessor._learned(), list(map(str, names)), preprocessor.dtype)


def _scaled(inputs: Inputs, steps: Sequence[tuple[str, Any]]) -> Inputs:
    """Return inputs that go through scalers."""
    for place, (name, step) in enumerate(steps):
        if type(step) not in SCALERS:
            known = ", ".join(kind.__name__ for kind in SCALERS)
            raise NotImplementedError(
                f"the step {name!r}, a {type(step).__name__}, has no form in C, only {known} have"
            )
        check_is_fitted(step)
        tables, statements = scaler_code(step, f"step_{place}")
        inputs = replace(
            inputs,
            tables=[*inputs.tables, *tables],
            statements=[*inputs.statements, *statements],
        )
    return inputs
