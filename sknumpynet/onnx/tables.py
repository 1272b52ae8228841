"""The conversion of fitted estimators for tables, from raw columns on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from skl2onnx import to_onnx as convert
from skl2onnx.common.data_types import (
    BooleanTensorType,
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.utils.validation import check_is_fitted

from sknumpynet.estimators.conformal import checked_levels
from sknumpynet.estimators.targets import TargetUnit
from sknumpynet.explanations.rows import column_names
from sknumpynet.onnx.columns import encoded_rows
from sknumpynet.onnx.graph import Graph
from sknumpynet.onnx.inputs import TableInput, table_inputs
from sknumpynet.onnx.labels import label_type, labels, n_probabilities, probabilities
from sknumpynet.onnx.layers import raw_outputs
from sknumpynet.onnx.operators import inverse_link, link
from sknumpynet.onnx.sources import sources
from sknumpynet.tabular import TabularMLPClassifier, TabularMLPRegressor

__all__ = [
    "ALIAS_OF_REGRESSORS",
    "convert_table_classifier",
    "convert_table_regressor",
    "inputs_of",
    "parse_table_regressor",
    "table_classifier_shapes",
    "table_regressor_shapes",
    "to_onnx",
]

ALIAS_OF_REGRESSORS = "SknumpynetTabularMLPRegressor"

_TYPES: dict[np.dtype[Any], type] = {
    np.dtype(np.float32): FloatTensorType,
    np.dtype(np.float64): DoubleTensorType,
    np.dtype(np.int64): Int64TensorType,
    np.dtype(np.bool_): BooleanTensorType,
    np.dtype(object): StringTensorType,
}


def to_onnx(
    model: TabularMLPClassifier | TabularMLPRegressor,
    *,
    interval: float | Sequence[float] | None = None,
    target_opset: int | dict[str, int] | None = None,
) -> Any:
    """Return an estimator for tables as an ONNX graph from raw columns on.

    Each column that predictions depend on is an input of shape (n_samples, 1), named as it is but
    for signs and spaces, which are underscores. Numbers are of type float, or double where single
    precision would lose digits of those that `fit` saw; dates, times and durations are days since
    1970 or since midnight, by the clocks of the zone of `fit`, as double. Categories are int64 or
    float where all levels are such numbers, strings elsewhere; free text is a vector of numbers,
    which only `prepare` can make. Missing are NaN, -2⁶³ and the string ''. A category that has the
    level '' has another input, "<name>_present", of type bool.

    Outputs are ``label`` and ``probabilities`` as float of shape (n_samples, n_classes), or
    ``variable`` as double of shape (n_samples, n_outputs).

    Parameters
    ----------
    model : TabularMLPClassifier or TabularMLPRegressor
        A fitted one.
    interval : float or list of float, default=None
        Of a regressor adds the output ``interval``, of the shape of
        ``model.predict_interval(X, interval, method="mean")``.
    target_opset : int or dict, default=None
        The version of ONNX's operators, 15 or later; by default the latest that `skl2onnx` knows.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    TypeError
        For other models: networks, and pipelines of them, are given to `skl2onnx.to_onnx` with a
        row of their inputs.
    NotImplementedError
        For what has no form in ONNX.
    sklearn.exceptions.NotFittedError
        Before `fit`.

    Examples
    --------
    >>> import pandas as pd
    >>> from sknumpynet import TabularMLPRegressor
    >>> from sknumpynet.onnx import to_onnx
    >>> X = pd.DataFrame({"age": [20, 30, None, 40, 50] * 9, "colour": list("rgrgb") * 9})
    >>> model = TabularMLPRegressor("fast", max_iter=2, random_state=0).fit(X, range(45))
    >>> exported = to_onnx(model, interval=0.5)
    >>> [column.name for column in exported.graph.input]
    ['age', 'colour']
    >>> [output.name for output in exported.graph.output]
    ['variable', 'interval']
    """
    inputs = inputs_of(model)
    types = [(own.name, _TYPES[own.dtype](shape=[None, own.width])) for own in inputs]
    is_classifier = isinstance(model, TabularMLPClassifier)
    if interval is not None:
        if is_classifier:
            raise TypeError(f"interval is for regressors, got interval={interval!r}")
        checked_levels(interval)
    options = {"zipmap": False} if is_classifier else {"interval": interval}
    return convert(
        model, initial_types=types, options={id(model): options}, target_opset=target_opset
    )


def inputs_of(model: Any) -> list[TableInput]:
    """Return the inputs of the graph of an estimator for tables.

    Raises
    ------
    TypeError
        For another model.
    NotImplementedError
        Where no column tells anything, or levels cannot be told apart.
    """
    if not isinstance(model, TabularMLPClassifier | TabularMLPRegressor):
        raise TypeError(
            "this is for TabularMLPClassifier and TabularMLPRegressor, got "
            f"{type(model).__name__}: networks and pipelines of them go through "
            "skl2onnx.to_onnx(model, X[:1])"
        )
    check_is_fitted(model)
    inputs = table_inputs(model.preprocessor_._learned(), column_names(model).tolist())
    if not inputs:
        raise NotImplementedError(
            "no column says anything about the targets: all predictions are the same, and a graph "
            "without inputs would not know of how many rows"
        )
    return inputs


# Networks -----------------------------------------------------------------------------------------


def _activated(graph: Graph, operator: Any) -> str:
    """Return what networks predict, shape (n_samples, n_outputs), the mean of the members'."""
    model = operator.raw_operator
    learned, single = model.preprocessor_._learned(), graph.of(np.float32)
    source = sources(graph, learned, inputs_of(model), operator.inputs)
    x = encoded_rows(graph, learned, source)
    x = graph.node("Unsqueeze", x, graph.constant([0], np.int64))
    raw = [raw_outputs(single, network, own, x) for network, own, _ in model._stacks()]
    # From here on as the estimators do, in double precision: what it costs is nothing.
    of_all = graph.cast(graph.concatenated(raw, axis=0))
    of_all = graph.node("Transpose", of_all, perm=[0, 2, 1])
    activated = inverse_link(graph, of_all, model.out_activation_, model.n_outputs_)
    mean = graph.mean_of_members(activated)
    temperature = model._temperature
    if temperature == 1.0:
        return mean
    raw_of_mean = graph.node(
        "Div", link(graph, mean, model.out_activation_), graph.constant(temperature)
    )
    return inverse_link(graph, raw_of_mean, model.out_activation_, model.n_outputs_)


# Classifier ---------------------------------------------------------------------------------------


def table_classifier_shapes(operator: Any) -> None:
    """Tell what a classifier gives: labels and probabilities."""
    model, n_rows = operator.raw_operator, operator.inputs[0].get_first_dimension()
    operator.outputs[0].set_type(label_type(model, n_rows))
    operator.outputs[1].set_type(FloatTensorType(shape=[n_rows, n_probabilities(model)]))


def convert_table_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of a classifier."""
    graph, model = Graph(scope, container, np.float64), operator.raw_operator
    found = probabilities(graph, model, _activated(graph, operator))
    graph.set_output(labels(graph, model, found), operator.outputs[0])
    # None is rounded to exactly 0, nor a logistic output to exactly 1.
    limits = np.finfo(np.float32)
    is_logistic = model.out_activation_ == "logistic" and len(model.classes_) > 1
    highest = 1.0 - float(limits.epsneg) if is_logistic else 1.0
    found = graph.cast(graph.clipped(found, float(limits.tiny), highest), np.float32)
    graph.set_output(found, operator.outputs[1])


# Regressor ----------------------------------------------------------------------------------------


def _options(source: Any, model: Any) -> Any:
    return source.get_options(model, {"interval": None})["interval"]


def parse_table_regressor(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    """Declare what a regressor gives: values and, where they are asked for, bounds."""
    operator = scope.declare_local_operator(ALIAS_OF_REGRESSORS, model)
    operator.inputs = inputs
    names = ["variable"] if _options(scope, model) is None else ["variable", "interval"]
    for name in names:
        operator.outputs.append(scope.declare_local_variable(name, DoubleTensorType()))
    return operator.outputs


def table_regressor_shapes(operator: Any) -> None:
    """Tell the shapes of values and bounds."""
    model, n_rows = operator.raw_operator, operator.inputs[0].get_first_dimension()
    operator.outputs[0].set_type(DoubleTensorType(shape=[n_rows, model.n_outputs_]))


def convert_table_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of a regressor."""
    graph, model = Graph(scope, container, np.float64), operator.raw_operator
    unit = TargetUnit(**model._unit)
    values = graph.node("Mul", _activated(graph, operator), graph.constant(unit.spread))
    values = graph.node("Add", values, graph.constant(unit.centre))
    values = graph.clipped(values, unit.lowest, unit.highest)
    graph.set_output(values, operator.outputs[0])
    level = _options(container, model)
    if level is not None:
        graph.set_output(_bounds(graph, model, level, values), operator.outputs[1])


def _bounds(graph: Graph, model: Any, level: float | Sequence[float], values: str) -> str:
    """Return the bounds of `predict_interval` by 'mean', which are as far from all predictions."""
    levels, is_single = checked_levels(level)
    held_out = model._held_out_rows()
    judged = model._judged(held_out, levels, "mean")
    # What is added to what all networks say, where that is 0.
    off = [
        own.scores.upper(np.zeros((len(own.scores.networks), 1)), own.level)[0] for own in judged
    ]
    ends = []
    for end, outward, furthest in ((0, "Sub", "Min"), (1, "Add", "Max")):
        said = graph.gather(values, [own.outputs[end] for own in judged], axis=1)
        centre = graph.gather(values, [own.centre[end] for own in judged], axis=1)
        bound = graph.node(furthest, graph.node(outward, said, graph.constant(off)), centre)
        ends.append(graph.reshape(bound, [-1, len(judged) // len(levels), 1, len(levels)]))
    n_targets = len(judged) // len(levels)
    shape = [-1, *([n_targets] if n_targets > 1 else []), 2, *([] if is_single else [len(levels)])]
    return graph.reshape(graph.concatenated(ends, axis=2), shape)
