"""The graph that a converter fills, node by node."""

from typing import Any

import numpy as np
from skl2onnx.common.data_types import guess_proto_type
from skl2onnx.proto import onnx_proto

__all__ = ["Graph"]


class Graph:
    """Adds nodes to what a converter fills, and names their outputs."""

    def __init__(self, scope: Any, container: Any, input_type: Any) -> None:
        self.scope, self.container = scope, container
        is_double = guess_proto_type(input_type) == onnx_proto.TensorProto.DOUBLE
        self.proto_type = (
            onnx_proto.TensorProto.DOUBLE if is_double else onnx_proto.TensorProto.FLOAT
        )

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of some inputs and return the name of its output."""
        output: str = self.scope.get_unique_variable_name(kind.lower())
        name = self.scope.get_unique_operator_name(kind)
        self.container.add_node(kind, list(inputs), output, name=name, **attributes)
        return output

    def constant(self, values: Any, proto_type: int | None = None) -> str:
        """Add a constant, of the precision of the inputs unless told otherwise."""
        name: str = self.scope.get_unique_variable_name("constant")
        values = np.asarray(values)
        proto_type = self.proto_type if proto_type is None else proto_type
        self.container.add_initializer(name, proto_type, values.shape, values.ravel().tolist())
        return name

    def mean_of_members(self, values: str) -> str:
        """Return the mean over the first axis."""
        if self.container.target_opset >= 18:
            axes = self.constant([0], onnx_proto.TensorProto.INT64)
            return self.node("ReduceMean", values, axes, keepdims=0)
        return self.node("ReduceMean", values, axes=[0], keepdims=0)

    def set_output(self, values: str, variable: Any) -> None:
        """Let an output of the graph be these values."""
        name = self.scope.get_unique_operator_name("Identity")
        self.container.add_node("Identity", [values], variable.full_name, name=name)
