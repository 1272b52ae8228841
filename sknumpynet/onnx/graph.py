"""The graph that a converter fills, node by node."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from skl2onnx.common.data_types import DoubleTensorType
from skl2onnx.proto import onnx_proto

__all__ = ["Graph", "dtype_of_input"]

_TYPES: dict[np.dtype[Any], int] = {
    np.dtype(np.float32): onnx_proto.TensorProto.FLOAT,
    np.dtype(np.float64): onnx_proto.TensorProto.DOUBLE,
    np.dtype(np.int64): onnx_proto.TensorProto.INT64,
    np.dtype(np.bool_): onnx_proto.TensorProto.BOOL,
}


class Graph:
    """Adds nodes to what a converter fills, and names their outputs.

    Parameters
    ----------
    scope, container : object
        What `skl2onnx` hands to a converter.
    dtype : dtype
        Of constants that are not said to be of another.
    """

    def __init__(self, scope: Any, container: Any, dtype: npt.DTypeLike) -> None:
        self.scope, self.container, self.dtype = scope, container, np.dtype(dtype)

    def of(self, dtype: npt.DTypeLike) -> "Graph":
        """Return what adds nodes to the same, with constants of another type."""
        return Graph(self.scope, self.container, dtype)

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of some inputs and return the name of its output."""
        output: str = self.scope.get_unique_variable_name(kind.lower())
        name = self.scope.get_unique_operator_name(kind)
        self.container.add_node(kind, list(inputs), output, name=name, **attributes)
        return output

    def constant(self, values: Any, dtype: npt.DTypeLike | None = None) -> str:
        """Add a constant, of the graph's type unless told otherwise."""
        values = np.asarray(values, self.dtype if dtype is None else dtype)
        name: str = self.scope.get_unique_variable_name("constant")
        # As bytes: a list of each number would be made of it otherwise.
        tensor = onnx_proto.TensorProto(
            data_type=_TYPES[values.dtype], dims=values.shape, raw_data=values.tobytes()
        )
        self.container.add_initializer(name, None, None, tensor)
        return name

    def texts(self, values: Sequence[str]) -> str:
        """Add a constant of strings."""
        name: str = self.scope.get_unique_variable_name("texts")
        encoded = [value.encode() for value in values]
        kind = onnx_proto.TensorProto.STRING
        self.container.add_initializer(name, kind, [len(encoded)], encoded)
        return name

    def cast(self, values: str, dtype: npt.DTypeLike | None = None) -> str:
        """Return values in the graph's type unless told otherwise."""
        own = self.dtype if dtype is None else np.dtype(dtype)
        return self.node("Cast", values, to=_TYPES[own])

    def gather(self, values: str, places: Any, axis: int = 0) -> str:
        """Return what stands at some places of an axis."""
        return self.node("Gather", values, self.constant(places, np.int64), axis=axis)

    def reshape(self, values: str, shape: Sequence[int]) -> str:
        """Return values in another shape."""
        return self.node("Reshape", values, self.constant(shape, np.int64))

    def concatenated(self, parts: Sequence[str], axis: int) -> str:
        """Return several one after another."""
        return parts[0] if len(parts) == 1 else self.node("Concat", *parts, axis=axis)

    def clipped(self, values: str, lowest: Any, highest: Any) -> str:
        """Return values within bounds, which may be arrays."""
        above = self.node("Max", values, self.constant(lowest))
        return self.node("Min", above, self.constant(highest))

    def mean_of_members(self, values: str) -> str:
        """Return the mean over the first axis."""
        if self.container.target_opset >= 18:
            axes = self.constant([0], np.int64)
            return self.node("ReduceMean", values, axes, keepdims=0)
        return self.node("ReduceMean", values, axes=[0], keepdims=0)

    def set_output(self, values: str, variable: Any) -> None:
        """Let an output of the graph be these values."""
        name = self.scope.get_unique_operator_name("Identity")
        self.container.add_node("Identity", [values], variable.full_name, name=name)


def dtype_of_input(input_type: Any) -> npt.DTypeLike:
    """Return what a network computes in whose input is of a type: double only for double."""
    return np.float64 if isinstance(input_type, DoubleTensorType) else np.float32
