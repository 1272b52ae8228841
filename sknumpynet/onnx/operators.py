"""Activations and inverse links in ONNX, made of what runs in both precisions, in stable forms."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from sknumpynet.core.activations import (
    LEAKY_SLOPE,
    MISH_SATURATES_AT,
    SELU_ALPHA,
    SELU_SCALE,
    SMELU_BEND,
)
from sknumpynet.onnx.graph import Graph

__all__ = ["hidden_activation", "inverse_link", "link"]


# Activations -------------------------------------------------------------------------------------


def _minus_relu_of_minus(graph: Graph, z: str) -> str:
    return graph.node("Neg", graph.node("Relu", graph.node("Neg", z)))


def _leaky_relu(graph: Graph, z: str) -> str:
    below = graph.node("Mul", _minus_relu_of_minus(graph, z), graph.constant(LEAKY_SLOPE))
    return graph.node("Add", graph.node("Relu", z), below)


def _elu(graph: Graph, z: str, alpha: float = 1.0, scale: float = 1.0) -> str:
    power = graph.node("Exp", _minus_relu_of_minus(graph, z))
    below = graph.node("Sub", power, graph.constant(1.0))
    below = graph.node("Mul", below, graph.constant(alpha * scale))
    above = graph.node("Mul", graph.node("Relu", z), graph.constant(scale))
    return graph.node("Add", above, below)


def _selu(graph: Graph, z: str) -> str:
    return _elu(graph, z, alpha=SELU_ALPHA, scale=SELU_SCALE)


def _smelu(graph: Graph, z: str) -> str:
    shifted = graph.node("Add", z, graph.constant(SMELU_BEND))
    slope = graph.node("Mul", shifted, graph.constant(0.5 / SMELU_BEND))
    slope = graph.node("Clip", slope, graph.constant(0.0), graph.constant(1.0))
    less = graph.node("Mul", slope, graph.constant(SMELU_BEND))
    return graph.node("Mul", slope, graph.node("Sub", shifted, less))


def _softplus(graph: Graph, z: str) -> str:
    power = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    rest = graph.node("Log", graph.node("Add", power, graph.constant(1.0)))
    return graph.node("Add", graph.node("Relu", z), rest)


def _silu(graph: Graph, z: str) -> str:
    return graph.node("Mul", z, graph.node("Sigmoid", z))


def _gelu(graph: Graph, z: str) -> str:
    scaled = graph.node("Mul", z, graph.constant(math.sqrt(0.5)))
    # onnxruntime has Erf in single precision only.
    single = graph.cast(scaled, np.float32)
    error = graph.cast(graph.node("Erf", single))
    half = graph.node("Mul", z, graph.constant(0.5))
    return graph.node("Mul", half, graph.node("Add", error, graph.constant(1.0)))


def _mish(graph: Graph, z: str) -> str:
    # With w = exp(z), tanh(softplus(z)) = n / (n + 2) of n = w (w + 2): one function, not three.
    w = graph.node("Exp", graph.node("Min", z, graph.constant(MISH_SATURATES_AT)))
    n = graph.node("Mul", w, graph.node("Add", w, graph.constant(2.0)))
    gate = graph.node("Div", n, graph.node("Add", n, graph.constant(2.0)))
    return graph.node("Mul", z, gate)


_ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "identity": lambda graph, z: z,
    "logistic": lambda graph, z: graph.node("Sigmoid", z),
    "tanh": lambda graph, z: graph.node("Tanh", z),
    "relu": lambda graph, z: graph.node("Relu", z),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "smelu": _smelu,
    "softplus": _softplus,
    "silu": _silu,
    "gelu": _gelu,
    "mish": _mish,
}


def hidden_activation(activation: Any) -> Callable[[Graph, str], str]:
    """Return what adds an activation to a graph.

    Raises
    ------
    NotImplementedError
        For one that is not the engine's.
    """
    if not isinstance(activation, str):
        raise NotImplementedError(
            f"an activation of one's own cannot be exported to ONNX, got {activation!r}: take one "
            f"of {list(_ACTIVATIONS)}"
        )
    return _ACTIVATIONS[activation]


# Links -------------------------------------------------------------------------------------------

_LINKS = {"logistic": "Sigmoid", "softmax": "Softmax", "exp": "Exp"}


def inverse_link(graph: Graph, raw: str, name: str, n_outputs: int) -> str:
    """Return what the raw outputs predict.

    Parameters
    ----------
    graph : Graph
    raw : str
        Of shape (..., n_samples, n_outputs).
    name : str
        As in ``out_activation_``.
    n_outputs : int
    """
    if name == "identity":
        return raw
    if name == "quantiles":
        return _quantiles(graph, raw, n_outputs)
    kind = _LINKS[name]
    return graph.node(kind, raw, **({"axis": -1} if kind == "Softmax" else {}))


def link(graph: Graph, probabilities: str, name: str) -> str:
    """Return raw outputs that predict probabilities, which may be 0 and 1.

    Parameters
    ----------
    graph : Graph
        In double precision.
    probabilities : str
    name : {'logistic', 'softmax'}
    """
    limits = np.finfo(np.float64)
    if name == "softmax":
        return graph.node("Log", graph.clipped(probabilities, limits.tiny, 1.0))
    inner = graph.clipped(probabilities, limits.tiny, 1.0 - limits.epsneg)
    others = graph.node("Sub", graph.constant(1.0), inner)
    return graph.node("Sub", graph.node("Log", inner), graph.node("Log", others))


def _quantiles(graph: Graph, raw: str, n_outputs: int) -> str:
    """Sum up the lowest quantile and the distances to those above it."""
    lowest = graph.gather(raw, [0], axis=-1)
    distances = _softplus(graph, graph.gather(raw, range(1, n_outputs), axis=-1))
    steps = graph.node("Concat", lowest, distances, axis=-1)
    return graph.node("MatMul", steps, graph.constant(np.triu(np.ones((n_outputs, n_outputs)))))
