"""Layers in a graph, a function for each kind: samples are columns, as in the engine.

Arrays have shape (K, features, n_samples) for a stack of K networks, or (1, features, n_samples)
for data that all of them see.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sknumpynet.core.activations import Activation
from sknumpynet.core.layers import (
    CategoryEmbedding,
    ColumnSelection,
    Concatenate,
    Dense,
    Identity,
    Layer,
    LevelTable,
    MixtureEmbedding,
    MonotoneDense,
    MonotonePiecewiseEmbedding,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    PositiveScale,
    Scale,
)
from sknumpynet.core.network import Network
from sknumpynet.core.types import FloatArray
from sknumpynet.onnx.graph import Graph
from sknumpynet.onnx.operators import hidden_activation

__all__ = ["LAYERS", "REFUSED", "add_layer", "raw_outputs"]


def raw_outputs(graph: Graph, network: Network, parameters: FloatArray, x: str) -> str:
    """Return the raw outputs of a stack, of shape (K, n_outputs, n_samples).

    Parameters
    ----------
    graph : Graph
    network : Network
    parameters : ndarray of shape (K, P)
    x : str
        Columns of the data, of shape (1, n_columns, n_samples).

    Raises
    ------
    NotImplementedError
        For a layer or an activation without a form in ONNX.
    """
    for layer, own in zip(network.layers, network.layout.views(parameters), strict=True):
        x = add_layer(graph, layer, own, x)
    return x


def add_layer(graph: Graph, layer: Layer, parameters: FloatArray, x: str) -> str:
    """Return the units of a layer.

    Parameters
    ----------
    graph : Graph
    layer : Layer
    parameters : ndarray of shape ``(K, *layer.parameter_shape)``
    x : str
        The units below, or the data.
    """
    add = LAYERS.get(type(layer))
    if add is None:
        raise NotImplementedError(
            f"a layer of type {type(layer).__name__} cannot be exported to ONNX"
        )
    return add(graph, layer, parameters, x)


# Dense --------------------------------------------------------------------------------------------


def _dense(graph: Graph, layer: Dense, parameters: FloatArray, x: str) -> str:
    own = layer.activation
    activation = hidden_activation(own.name if isinstance(own, Activation) else own)
    weights, biases = parameters[:, :-1].swapaxes(1, 2), parameters[:, -1, :, np.newaxis]
    z = graph.node("MatMul", graph.constant(weights), x)
    return activation(graph, graph.node("Add", z, graph.constant(biases)))


def _scale(graph: Graph, layer: Scale, parameters: FloatArray, x: str) -> str:
    return graph.node("Mul", x, graph.constant(parameters[..., np.newaxis]))


# Columns of the data ------------------------------------------------------------------------------


def _rows(graph: Graph, x: str, rows: slice) -> str:
    start, stop = (graph.constant([own], np.int64) for own in (rows.start, rows.stop))
    return graph.node("Slice", x, start, stop, graph.constant([1], np.int64))


def _for_all(graph: Graph, n_members: int, x: str) -> str:
    """Return data that all members see as each member's own."""
    return graph.node("Expand", x, graph.constant([n_members, 1, 1], np.int64))


def _identity(graph: Graph, layer: Identity, parameters: FloatArray, x: str) -> str:
    return _for_all(graph, len(parameters), x)


def _concatenate(graph: Graph, layer: Concatenate, parameters: FloatArray, x: str) -> str:
    views = layer.layout.views(parameters)
    parts = [
        add_layer(graph, own, view, _rows(graph, x, taken))
        for own, view, (taken, _) in zip(layer.layers, views, layer.rows, strict=True)
    ]
    return graph.concatenated(parts, axis=1)


def _selection(graph: Graph, layer: ColumnSelection, parameters: FloatArray, x: str) -> str:
    columns = layer.columns(parameters)
    seen = graph.gather(x, columns, axis=1)  # (1, K, n_seen, n_samples)
    return graph.reshape(seen, [len(columns), layer.fan_out, -1])


def _category(graph: Graph, layer: CategoryEmbedding, parameters: FloatArray, x: str) -> str:
    n_members, n_vectors, _ = parameters.shape
    # The vectors of all members are one table.
    first = np.arange(n_members)[:, np.newaxis] * n_vectors + layer.first_vectors
    codes = graph.cast(x, np.int64)
    places = graph.node("Add", codes, graph.constant(first[..., np.newaxis], np.int64))
    table = graph.constant(parameters.reshape(-1, layer.length))
    vectors = graph.node("Gather", table, places, axis=0)  # (K, fan_in, n_samples, length)
    vectors = graph.node("Transpose", vectors, perm=[0, 1, 3, 2])
    return graph.reshape(vectors, [n_members, layer.fan_out, -1])


def _level_table(graph: Graph, layer: LevelTable, parameters: FloatArray, x: str) -> str:
    passed_on = _rows(graph, x, slice(0, layer.n_passed_on))
    codes = _rows(graph, x, layer.code_columns)
    looked_up = _category(graph, layer.lookup, parameters, codes)
    return graph.concatenated([_for_all(graph, len(parameters), passed_on), looked_up], axis=1)


# Embeddings of numbers ----------------------------------------------------------------------------


def _mixtures(values: Callable[[Graph, Any, str], str]) -> Callable[..., str]:
    """Return what adds an embedding whose functions are of that form."""

    def add(graph: Graph, layer: MixtureEmbedding, parameters: FloatArray, x: str) -> str:
        n_members = len(parameters)
        functions, weights = layer.views(parameters)
        slopes, offsets = (functions[..., k, np.newaxis] for k in (0, 1))
        features = graph.node("Unsqueeze", x, graph.constant([2], np.int64))
        arguments = graph.node("Mul", graph.constant(slopes), features)
        arguments = graph.node("Add", arguments, graph.constant(offsets))
        weights = weights.swapaxes(-1, -2) * parameters.dtype.type(layer.height)
        mixed = graph.node("MatMul", graph.constant(weights), values(graph, layer, arguments))
        mixed = graph.reshape(mixed, [n_members, layer.fan_in * layer.n_mixtures, -1])
        return graph.concatenated([mixed, _for_all(graph, n_members, x)], axis=1)

    return add


def _waves(graph: Graph, layer: PeriodicEmbedding, angles: str) -> str:
    if layer.wave == "cosine":
        return graph.node("Cos", angles)
    turns = graph.node("Sub", angles, graph.node("Round", angles))
    distances = graph.node("Sub", graph.node("Abs", turns), graph.constant(0.5))
    return graph.node("Mul", turns, distances)


def _ramps(graph: Graph, layer: PiecewiseLinearEmbedding, arguments: str) -> str:
    return graph.node("Clip", arguments, graph.constant(-0.5), graph.constant(0.5))


LAYERS: Mapping[type, Callable[..., str]] = {
    Dense: _dense,
    MonotoneDense: _dense,
    Scale: _scale,
    PositiveScale: _scale,
    Identity: _identity,
    Concatenate: _concatenate,
    ColumnSelection: _selection,
    CategoryEmbedding: _category,
    LevelTable: _level_table,
    PeriodicEmbedding: _mixtures(_waves),
    PiecewiseLinearEmbedding: _mixtures(_ramps),
    MonotonePiecewiseEmbedding: _mixtures(_ramps),
}

# Layers that have no form in ONNX, for a reason that stands beside each: none.
REFUSED: frozenset[type] = frozenset()
