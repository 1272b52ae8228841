"""The network, and three of the engine's four verbs (the fourth, updating, is in `optimizers`).

    initialize_parameters → forward_propagation → backward_propagation → update_parameters

Every function takes one network's parameters, shape (P,), or a stack of K, shape (K, P), and
``f(stack)[k] == f(stack[k])``.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sknumpynet.core.activations import ACTIVATIONS, Activation
from sknumpynet.core.layers import BoundDense, Dense
from sknumpynet.core.losses import LOSSES, Loss
from sknumpynet.core.parameters import Layout

__all__ = [
    "Network",
    "Propagation",
    "backward_propagation",
    "dense_network",
    "forward_propagation",
    "initialize_parameters",
    "predict",
]

# Rows are predicted in blocks whose widest activations take about this many bytes: with its
# neighbours such a block stays in the second-level cache.
PREDICTION_BLOCK_BYTES = 2**19


@dataclass(frozen=True)
class Network:
    """What a network is, without its parameters.

    Parameters
    ----------
    layers : tuple of Dense
        From the data to the raw outputs.
    loss : Loss
        Turns raw outputs into predictions and gradients.
    """

    layers: tuple[Dense, ...]
    loss: Loss

    @cached_property
    def layout(self) -> Layout:
        """Where the layers' parameters lie in a flat buffer."""
        return Layout([layer.parameter_shape for layer in self.layers])


def dense_network(layer_sizes: Sequence[int], activation: str, loss: str) -> Network:
    """Return a multilayer perceptron.

    Parameters
    ----------
    layer_sizes : sequence of int
        Features, units of each hidden layer, outputs.
    activation : str
        Of the hidden layers, a key of ``ACTIVATIONS``.
    loss : str
        A key of ``LOSSES``.

    Examples
    --------
    >>> dense_network([2, 3, 1], "logistic", "binary_cross_entropy").layout.size
    13
    """
    gain = 2.0 if activation == "logistic" else 6.0
    n_hidden = len(layer_sizes) - 2
    hidden = ACTIVATIONS[activation]
    layers = tuple(
        Dense(fan_in, fan_out, hidden if i < n_hidden else ACTIVATIONS["identity"], gain)
        for i, (fan_in, fan_out) in enumerate(itertools.pairwise(layer_sizes))
    )
    return Network(layers, LOSSES[loss])


def initialize_parameters(
    network: Network,
    random_state: np.random.RandomState | Sequence[np.random.RandomState],
    dtype: Any = np.float64,
) -> np.ndarray:
    """Draw starting parameters, layer by layer, matrix then bias.

    Parameters
    ----------
    network : Network
    random_state : RandomState or sequence of K RandomState
        One source gives one network, a sequence a stack.
    dtype : dtype
        Draws are made in float64 and rounded.

    Returns
    -------
    ndarray of shape (P,) or (K, P)

    Examples
    --------
    >>> import numpy as np
    >>> network = dense_network([2, 3, 1], "logistic", "binary_cross_entropy")
    >>> initialize_parameters(network, np.random.RandomState(0)).shape
    (13,)
    """
    if not isinstance(random_state, np.random.RandomState):
        return np.stack([initialize_parameters(network, source, dtype) for source in random_state])
    parameters = np.empty(network.layout.size, dtype)
    for layer, view in zip(network.layers, network.layout.views(parameters), strict=True):
        layer.initialize(random_state, view)
    return parameters


class Propagation:
    """A network bound to its parameters, their gradient, and scratch for one batch size.

    Parameters
    ----------
    network : Network
    parameters, gradient : ndarray of shape (..., P)
        The gradient is written by `backward_propagation`.
    n_samples : int
        Samples in a batch.
    sparse_inputs : bool
        Whether batches are sparse matrices.
    """

    def __init__(
        self,
        network: Network,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_samples: int,
        *,
        sparse_inputs: bool = False,
    ) -> None:
        layers: list[BoundDense] = []
        for layer, *views in zip(
            network.layers,
            network.layout.views(parameters),
            network.layout.views(gradient),
            strict=True,
        ):
            below = layers[-1].units if layers else None
            is_sparse = sparse_inputs and below is None
            layers.append(layer.bind(*views, n_samples, below=below, sparse_inputs=is_sparse))
        *self.hidden_layers, self.output_layer = layers
        self.hidden_layers_downwards = self.hidden_layers[::-1]


def forward_propagation(propagation: Propagation, inputs: Any, out: np.ndarray) -> np.ndarray:
    """Return the raw outputs of a batch, keeping what `backward_propagation` needs.

    Parameters
    ----------
    propagation : Propagation
    inputs : ndarray of shape (..., n_features + 1, n_samples) or sparse (n_samples, n_features)
        Samples are columns, and the last row is all ones.
    out : ndarray of shape (..., n_outputs, n_samples)
        Where the raw outputs go.
    """
    for layer in propagation.hidden_layers:
        inputs = layer.forward(inputs)
    return propagation.output_layer.preactivate(inputs, out)


def backward_propagation(propagation: Propagation, delta: np.ndarray) -> None:
    """Write the gradient of the batch that went forward last, whose activations are used up.

    Parameters
    ----------
    propagation : Propagation
        Its gradient buffer is overwritten with the sum over samples.
    delta : ndarray of shape (..., n_outputs, n_samples)
        Gradient of the loss with respect to the raw outputs.
    """
    upstream = propagation.output_layer.backward(delta)
    for layer in propagation.hidden_layers_downwards:
        upstream = layer.backward(upstream)


def predict(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activation: Activation,
    loss: Loss,
    X: Any,
) -> np.ndarray:
    """Return the predictions for rows of X, in blocks: memory does not grow with hidden layers.

    Parameters
    ----------
    weights : sequence of ndarray of shape (..., fan_in, fan_out)
    biases : sequence of ndarray of shape (..., 1, fan_out) or, without members, (fan_out,)
    activation : Activation
        Of the hidden layers.
    loss : Loss
        Its output activation turns raw outputs into predictions.
    X : ndarray or sparse matrix of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (..., n_samples, n_outputs)

    Examples
    --------
    >>> import numpy as np
    >>> weights, biases = [np.array([[2.0]])], [np.array([[1.0]])]
    >>> predict(weights, biases, ACTIVATIONS["relu"], LOSSES["squared_error"], np.array([[3.0]]))
    array([[7.]])
    """
    raw = _raw_outputs(weights, biases, activation, X)
    if loss.output_activation == "softmax":
        # Logits that overflow to infinity would give NaN.
        largest = np.finfo(raw.dtype).max
        np.clip(raw, -largest, largest, out=raw)
    transposed = raw.swapaxes(-1, -2)
    loss.predict(transposed, transposed)
    return raw


def _raw_outputs(
    weights: Sequence[np.ndarray], biases: Sequence[np.ndarray], activation: Activation, X: Any
) -> np.ndarray:
    n_samples = X.shape[0]
    dtype = np.result_type(X.dtype, *weights, *biases)
    members = weights[0].shape[:-2]
    row_bytes = dtype.itemsize * max([1, *members]) * max(weight.shape[-1] for weight in weights)
    block = max(PREDICTION_BLOCK_BYTES // row_bytes, 16)
    if n_samples <= block:
        return _raw_block(weights, biases, activation, X)
    raw = np.empty((*members, n_samples, weights[-1].shape[-1]), dtype)
    for start in range(0, n_samples, block):
        rows = slice(start, start + block)
        raw[..., rows, :] = _raw_block(weights, biases, activation, X[rows])
    return raw


def _raw_block(
    weights: Sequence[np.ndarray], biases: Sequence[np.ndarray], activation: Activation, X: Any
) -> np.ndarray:
    if isinstance(X, np.ndarray):
        outputs = np.matmul(X, weights[0])
    else:
        first = weights[0]
        shape = (*first.shape[:-2], X.shape[0], first.shape[-1])
        outputs = np.empty(shape, np.result_type(X.dtype, first.dtype))
        for member in np.ndindex(first.shape[:-2]):
            outputs[member] = X @ first[member]
    outputs += biases[0]
    for weight, bias in zip(weights[1:], biases[1:], strict=True):
        activation.apply(outputs)
        outputs = np.matmul(outputs, weight)
        outputs += bias
    return outputs
