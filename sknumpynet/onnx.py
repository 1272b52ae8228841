"""Export to ONNX: importing this module lets `skl2onnx` convert the networks.

Needs the extra: ``pip install "sknumpynet[onnx]"``. The rest of the package does not import it.

Examples
--------
>>> import numpy as np
>>> import sknumpynet.onnx
>>> from skl2onnx import to_onnx
>>> from sklearn.datasets import load_iris
>>> from sknumpynet import NumpyMLPClassifier
>>> X, y = load_iris(return_X_y=True)
>>> model = NumpyMLPClassifier(learning_rate="cosine", random_state=0).fit(X, y)
>>> exported = to_onnx(model, X[:1].astype(np.float32), options={"zipmap": False})
>>> [output.name for output in exported.graph.output]
['label', 'probabilities']
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from sknumpynet.classifier import NumpyMLPClassifier
from sknumpynet.core.activations import LEAKY_SLOPE, SELU_ALPHA, SELU_SCALE
from sknumpynet.regressor import NumpyMLPRegressor
from sknumpynet.search import StackedGridSearchCV, StackedRandomizedSearchCV

try:
    from skl2onnx import update_registered_converter
    from skl2onnx.common.data_types import (
        Int64TensorType,
        StringTensorType,
        guess_proto_type,
        guess_tensor_type,
    )
    from skl2onnx.proto import onnx_proto
except ImportError as error:
    raise ImportError('sknumpynet.onnx needs skl2onnx: pip install "sknumpynet[onnx]"') from error

__all__: list[str] = []


class _Graph:
    """Adds nodes to what a converter fills, and names their outputs."""

    def __init__(self, scope: Any, container: Any, input_type: Any) -> None:
        self.scope, self.container = scope, container
        is_double = guess_proto_type(input_type) == onnx_proto.TensorProto.DOUBLE
        self.proto_type = (
            onnx_proto.TensorProto.DOUBLE if is_double else onnx_proto.TensorProto.FLOAT
        )

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output: str = self.scope.get_unique_variable_name(kind.lower())
        name = self.scope.get_unique_operator_name(kind)
        self.container.add_node(kind, list(inputs), output, name=name, **attributes)
        return output

    def constant(self, values: Any, proto_type: int | None = None) -> str:
        name: str = self.scope.get_unique_variable_name("constant")
        values = np.asarray(values)
        proto_type = self.proto_type if proto_type is None else proto_type
        self.container.add_initializer(name, proto_type, values.shape, values.ravel().tolist())
        return name

    def mean_of_members(self, values: str) -> str:
        if self.container.target_opset >= 18:
            axes = self.constant([0], onnx_proto.TensorProto.INT64)
            return self.node("ReduceMean", values, axes, keepdims=0)
        return self.node("ReduceMean", values, axes=[0], keepdims=0)

    def set_output(self, values: str, variable: Any) -> None:
        name = self.scope.get_unique_operator_name("Identity")
        self.container.add_node("Identity", [values], variable.full_name, name=name)


# Activations -------------------------------------------------------------------------------------

# Made of what runs in both precisions, in the stable forms.


def _minus_relu_of_minus(graph: _Graph, z: str) -> str:
    return graph.node("Neg", graph.node("Relu", graph.node("Neg", z)))


def _leaky_relu(graph: _Graph, z: str) -> str:
    below = graph.node("Mul", _minus_relu_of_minus(graph, z), graph.constant(LEAKY_SLOPE))
    return graph.node("Add", graph.node("Relu", z), below)


def _elu(graph: _Graph, z: str, alpha: float = 1.0, scale: float = 1.0) -> str:
    power = graph.node("Exp", _minus_relu_of_minus(graph, z))
    below = graph.node("Sub", power, graph.constant(1.0))
    below = graph.node("Mul", below, graph.constant(alpha * scale))
    above = graph.node("Mul", graph.node("Relu", z), graph.constant(scale))
    return graph.node("Add", above, below)


def _selu(graph: _Graph, z: str) -> str:
    return _elu(graph, z, alpha=SELU_ALPHA, scale=SELU_SCALE)


def _softplus(graph: _Graph, z: str) -> str:
    power = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    rest = graph.node("Log", graph.node("Add", power, graph.constant(1.0)))
    return graph.node("Add", graph.node("Relu", z), rest)


def _silu(graph: _Graph, z: str) -> str:
    return graph.node("Mul", z, graph.node("Sigmoid", z))


def _gelu(graph: _Graph, z: str) -> str:
    scaled = graph.node("Mul", z, graph.constant(math.sqrt(0.5)))
    # onnxruntime has Erf in single precision only.
    single = graph.node("Cast", scaled, to=onnx_proto.TensorProto.FLOAT)
    error = graph.node("Cast", graph.node("Erf", single), to=graph.proto_type)
    half = graph.node("Mul", z, graph.constant(0.5))
    return graph.node("Mul", half, graph.node("Add", error, graph.constant(1.0)))


def _mish(graph: _Graph, z: str) -> str:
    return graph.node("Mul", z, graph.node("Tanh", _softplus(graph, z)))


_ACTIVATIONS: dict[str, Callable[[_Graph, str], str]] = {
    "identity": lambda graph, z: z,
    "logistic": lambda graph, z: graph.node("Sigmoid", z),
    "tanh": lambda graph, z: graph.node("Tanh", z),
    "relu": lambda graph, z: graph.node("Relu", z),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "softplus": _softplus,
    "silu": _silu,
    "gelu": _gelu,
    "mish": _mish,
}


def _quantiles(graph: _Graph, raw: str, n_outputs: int) -> str:
    """Sum up the lowest quantile and the distances to those above it."""
    index_type = onnx_proto.TensorProto.INT64
    lowest = graph.node("Gather", raw, graph.constant([0], index_type), axis=-1)
    others = graph.constant(range(1, n_outputs), index_type)
    distances = _softplus(graph, graph.node("Gather", raw, others, axis=-1))
    steps = graph.node("Concat", lowest, distances, axis=-1)
    return graph.node("MatMul", steps, graph.constant(np.triu(np.ones((n_outputs, n_outputs)))))


def _predictions(graph: _Graph, model: Any, X: str) -> str:
    """Return the activated outputs, shape (n_samples, n_outputs), the mean of the members'."""
    values = graph.node("Cast", X, to=graph.proto_type)
    hidden = [_checked_activation(own) for own in model._hidden_activations]
    for i, (coef, intercept) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        values = graph.node("MatMul", values, graph.constant(coef))
        values = graph.node("Add", values, graph.constant(np.expand_dims(intercept, -2)))
        if i < len(model.coefs_) - 1:
            values = hidden[i](graph, values)
    if model.out_activation_ == "quantiles":
        values = _quantiles(graph, values, model.n_outputs_)
    elif model.out_activation_ != "identity":
        kind = {"logistic": "Sigmoid", "softmax": "Softmax", "exp": "Exp"}[model.out_activation_]
        values = graph.node(kind, values, **({"axis": -1} if kind == "Softmax" else {}))
    return graph.mean_of_members(values) if model.coefs_[0].ndim == 3 else values


def _checked_activation(activation: Any) -> Callable[[_Graph, str], str]:
    if not isinstance(activation, str):
        raise NotImplementedError(
            f"an activation of one's own cannot be exported to ONNX, got {activation!r}: take one "
            f"of {list(_ACTIVATIONS)}"
        )
    return _ACTIVATIONS[activation]


# Regressor ---------------------------------------------------------------------------------------


def _regressor_shapes(operator: Any) -> None:
    X, model = operator.inputs[0], operator.raw_operator
    output_type = guess_tensor_type(X.type)
    output_type.shape = [X.get_first_dimension(), model.n_outputs_]
    operator.outputs[0].set_type(output_type)


def _convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    X = operator.inputs[0]
    graph = _Graph(scope, container, X.type)
    predictions = _predictions(graph, operator.raw_operator, X.full_name)
    graph.set_output(predictions, operator.outputs[0])


# Classifier --------------------------------------------------------------------------------------


def _is_multilabel(model: Any) -> bool:
    return bool(model._label_binarizer.y_type_ == "multilabel-indicator")


def _has_one_class(model: Any) -> bool:
    return len(model.classes_) == 1


def _has_names(model: Any) -> bool:
    return model.classes_.dtype.kind in "OUS"


def _classifier_shapes(operator: Any) -> None:
    X, model = operator.inputs[0], operator.raw_operator
    n_rows = X.get_first_dimension()
    kind = StringTensorType if _has_names(model) else Int64TensorType
    labels = [n_rows, model.n_outputs_] if _is_multilabel(model) else [n_rows]
    operator.outputs[0].set_type(kind(shape=labels))
    probability_type = guess_tensor_type(X.type)
    n_columns = 1 if _has_one_class(model) else max(model.n_outputs_, 2)
    probability_type.shape = [n_rows, n_columns]
    operator.outputs[1].set_type(probability_type)


def _convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    X, model = operator.inputs[0], operator.raw_operator
    graph = _Graph(scope, container, X.type)
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


# Searches ----------------------------------------------------------------------------------------


def _refuse_search(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    raise NotImplementedError(
        f"a search is not exported to ONNX, got a {type(model).__name__}: export what it found, as "
        "by to_onnx(search.best_estimator_, X[:1])"
    )


def _no_shapes(operator: Any) -> None:
    """Stand for what is never reached: a search is refused when it is read."""


def _no_nodes(scope: Any, operator: Any, container: Any) -> None:
    """Stand for what is never reached."""


update_registered_converter(
    NumpyMLPRegressor, "SknumpynetMLPRegressor", _regressor_shapes, _convert_regressor
)
update_registered_converter(
    NumpyMLPClassifier,
    "SknumpynetMLPClassifier",
    _classifier_shapes,
    _convert_classifier,
    options={
        "zipmap": [True, False, "columns"],
        "output_class_labels": [False, True],
        "nocl": [True, False],
    },
)
for _search in (StackedGridSearchCV, StackedRandomizedSearchCV):
    update_registered_converter(
        _search,
        f"Sknumpynet{_search.__name__}",
        _no_shapes,
        _no_nodes,
        parser=_refuse_search,
    )
