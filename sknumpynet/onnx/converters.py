"""The conversion of fitted estimators to ONNX, in the form that `skl2onnx` asks for."""

from typing import Any

import numpy as np
from skl2onnx.common.data_types import Int64TensorType, StringTensorType, guess_tensor_type
from skl2onnx.proto import onnx_proto

from sknumpynet.onnx.graph import Graph
from sknumpynet.onnx.operators import hidden_activation, inverse_link

__all__ = ["classifier_shapes", "convert_classifier", "convert_regressor", "regressor_shapes"]


def _predictions(graph: Graph, model: Any, X: str) -> str:
    """Return the activated outputs, shape (n_samples, n_outputs), the mean of the members'."""
    values = graph.node("Cast", X, to=graph.proto_type)
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
    graph = Graph(scope, container, X.type)
    activated = _predictions(graph, operator.raw_operator, X.full_name)
    graph.set_output(activated, operator.outputs[0])


# Classifier --------------------------------------------------------------------------------------


def _is_multilabel(model: Any) -> bool:
    return bool(model._label_binarizer.y_type_ == "multilabel-indicator")


def _has_one_class(model: Any) -> bool:
    return len(model.classes_) == 1


def _has_names(model: Any) -> bool:
    return model.classes_.dtype.kind in "OUS"


def classifier_shapes(operator: Any) -> None:
    """Tell what a classifier gives: labels and probabilities."""
    X, model = operator.inputs[0], operator.raw_operator
    n_rows = X.get_first_dimension()
    kind = StringTensorType if _has_names(model) else Int64TensorType
    labels = [n_rows, model.n_outputs_] if _is_multilabel(model) else [n_rows]
    operator.outputs[0].set_type(kind(shape=labels))
    probability_type = guess_tensor_type(X.type)
    n_columns = 1 if _has_one_class(model) else max(model.n_outputs_, 2)
    probability_type.shape = [n_rows, n_columns]
    operator.outputs[1].set_type(probability_type)


def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of a classifier."""
    X, model = operator.inputs[0], operator.raw_operator
    graph = Graph(scope, container, X.type)
    activated = _predictions(graph, model, X.full_name)
    probabilities = activated
    if _has_one_class(model):
        probabilities = graph.node("Softmax", activated, axis=-1)  # 1 in every row
    elif model.n_outputs_ == 1:
        others = graph.node("Sub", graph.constant(1.0), activated)
        probabilities = graph.node("Concat", others, activated, axis=1)
    graph.set_output(probabilities, operator.outputs[1])
    if _is_multilabel(model):
        likely = graph.node("Greater", activated, graph.constant(0.5))
        labels = graph.node("Cast", likely, to=onnx_proto.TensorProto.INT64)
    else:
        if _has_names(model):
            classes = [str(name).encode() for name in model.classes_]
            constant = scope.get_unique_variable_name("classes")
            container.add_initializer(
                constant, onnx_proto.TensorProto.STRING, [len(classes)], classes
            )
        else:
            constant = graph.constant(model.classes_.astype(np.int64), onnx_proto.TensorProto.INT64)
        places = graph.node("ArgMax", probabilities, axis=1, keepdims=0)
        labels = graph.node("Gather", constant, places, axis=0)
    graph.set_output(labels, operator.outputs[0])
