"""Exported graphs, run by onnxruntime."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin

onnxruntime = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")
types = pytest.importorskip("skl2onnx.common.data_types")
Graph = pytest.importorskip("sknumpynet.onnx.graph").Graph

TYPES = {
    np.float32: types.FloatTensorType,
    np.float64: types.DoubleTensorType,
    np.int64: types.Int64TensorType,
    np.bool_: types.BooleanTensorType,
    np.object_: types.StringTensorType,
}


def run(graph, feed):
    """Return the outputs of a graph by their names."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as in `one_thread`, which does not know of these
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, feed), strict=True))


def assert_same_predictions(model, outputs, X):
    """Compare a classifier's or a regressor's outputs with what the model predicts."""
    if "probabilities" in outputs:
        expected = model.predict_proba(X)
        assert outputs["probabilities"].dtype == np.float32
        np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5, rtol=0)
        np.testing.assert_array_equal(outputs["label"], model.predict(X))
        return
    expected = model.predict(X).reshape(len(X), -1)
    assert outputs["variable"].dtype == np.float64
    spread = np.max(model._unit["spread"])
    np.testing.assert_allclose(outputs["variable"], expected, atol=1e-5 * spread, rtol=0)


class _Nodes(TransformerMixin, BaseEstimator):
    """What `skl2onnx` takes a function as that adds nodes to a graph."""

    def __init__(self, add, dtype):
        self.add, self.dtype = add, dtype


def _shapes(operator):
    operator.outputs[0].set_type(TYPES[operator.raw_operator.dtype]())


def _convert(scope, operator, container):
    model = operator.raw_operator
    graph = Graph(scope, container, model.dtype)
    graph.set_output(model.add(graph, operator.inputs), operator.outputs[0])


skl2onnx.update_registered_converter(_Nodes, "Nodes", _shapes, _convert)


def nodes_output(add, feed, dtype):
    """Return what a function's nodes make of inputs.

    Parameters
    ----------
    add : callable(graph, variables)
        Returns the name of what it added last.
    feed : dict of str to ndarray
    dtype : type
        Of what is returned.
    """
    kinds = [(name, TYPES[x.dtype.type]([None] * x.ndim)) for name, x in feed.items()]
    (found,) = run(skl2onnx.to_onnx(_Nodes(add, dtype), initial_types=kinds), feed).values()
    return found


def outputs_of(add, x):
    """Return what a function's nodes make of an array, in its type.

    Parameters
    ----------
    add : callable(graph, x)
        Returns the name of what it added last.
    x : ndarray
    """
    return nodes_output(lambda graph, own: add(graph, own[0].full_name), {"x": x}, x.dtype.type)
