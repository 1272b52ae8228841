"""The conversion of fitted networks to ONNX, in the form that `skl2onnx` asks for."""

from typing import Any

import numpy as np
from skl2onnx.common.data_types import guess_tensor_type

from sknumpynet.onnx.graph import Graph, dtype_of_input
from sknumpynet.onnx.labels import label_type, labels, n_probabilities, probabilities
from sknumpynet.onnx.operators import hidden_activation, inverse_link

__all__ = ["classifier_shapes", "convert_classifier", "convert_regressor", "regressor_shapes"]


def _predictions(graph: Graph, model: Any, X: str) -> str:
    """Return the activated outputs, shape (n_samples, n_outputs), the mean of the members'."""
    values = graph.cast(X)
    hidden = [hidden_activation(own) for own in model._hidden_activations]
    for i, (coef, intercept) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        values = graph.node("MatMul", values, graph.constant(coef))
        values = graph.node("Add", values, graph.constant(np.expand_dims(intercept, -2)))
        if i < len(model.coefs_) - 1:
            values = hidden[i](graph, values)
    values = inverse_link(graph, values, model.out_activation_, model.n_outputs_)
    return graph.mean_of_members(values) if model.coefs_[0].ndim == 3 else values


# Regressor ---------------------------------------------------------------------------------------


def regressor_shapes(operator: Any) -> None:
    """Tell what a regressor gives."""
    X, model = operator.inputs[0], operator.raw_operator
    output_type = guess_tensor_type(X.type)
    output_type.shape = [X.get_first_dimension(), model.n_outputs_]
    operator.outputs[0].set_type(output_type)


def convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of a regressor."""
    X = operator.inputs[0]
    graph = Graph(scope, container, dtype_of_input(X.type))
    activated = _predictions(graph, operator.raw_operator, X.full_name)
    graph.set_output(activated, operator.outputs[0])


# Classifier --------------------------------------------------------------------------------------


def classifier_shapes(operator: Any) -> None:
    """Tell what a classifier gives: labels and probabilities."""
    X, model = operator.inputs[0], operator.raw_operator
    n_rows = X.get_first_dimension()
    operator.outputs[0].set_type(label_type(model, n_rows))
    probability_type = guess_tensor_type(X.type)
    probability_type.shape = [n_rows, n_probabilities(model)]
    operator.outputs[1].set_type(probability_type)


def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of a classifier."""
    X, model = operator.inputs[0], operator.raw_operator
    graph = Graph(scope, container, dtype_of_input(X.type))
    found = probabilities(graph, model, _predictions(graph, model, X.full_name))
    graph.set_output(found, operator.outputs[1])
    graph.set_output(labels(graph, model, found), operator.outputs[0])
