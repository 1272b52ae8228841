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

from sknumpynet.core.activations import ACTIVATIONS, Activation, activation_of
from sknumpynet.core.layers import (
    BoundDense,
    BoundLayer,
    BoundSparseDense,
    Context,
    Dense,
    Layer,
    with_ones,
)
from sknumpynet.core.losses import PREDICTIONS
from sknumpynet.core.parameters import Layout

__all__ = [
    "Network",
    "Propagation",
    "activated",
    "as_columns",
    "backward_propagation",
    "dense_network",
    "forward_propagation",
    "initialize_parameters",
    "predict",
    "predict_raw",
    "predictions_of",
    "raw_outputs",
]

# Rows are predicted in blocks whose widest activations take about this many bytes: with its
# neighbours such a block stays in the second-level cache.
PREDICTION_BLOCK_BYTES = 2**19


@dataclass(frozen=True)
class Network:
    """What a network is, without its parameters.

    Parameters
    ----------
    layers : tuple of Layer
        From the data to the raw outputs, of which a loss makes predictions; the last is dense.
    """

    layers: tuple[Layer, ...]

    @cached_property
    def dense_layers(self) -> tuple[Dense, ...]:
        """Those of the layers that are dense, the last of which makes the raw outputs."""
        return tuple(layer for layer in self.layers if isinstance(layer, Dense))

    @cached_property
    def is_perceptron(self) -> bool:
        """Whether all layers are dense."""
        return len(self.dense_layers) == len(self.layers)

    @property
    def fan_in(self) -> int:
        """Columns of the data."""
        return self.layers[0].fan_in

    @property
    def fan_out(self) -> int:
        """Raw outputs."""
        return self.layers[-1].fan_out

    @cached_property
    def layout(self) -> Layout:
        """Where the layers' parameters lie in a flat buffer."""
        return Layout([layer.parameter_shape for layer in self.layers])

    @cached_property
    def is_decayed(self) -> np.ndarray:
        """Which parameters the L2 penalty and weight decay shrink, a boolean vector (P,)."""
        return np.concatenate([layer.is_decayed().ravel() for layer in self.layers])

    @cached_property
    def learning_rates(self) -> np.ndarray | None:
        """Each parameter's factor on the learning rate, (P,); None if all are 1."""
        rates = np.concatenate([layer.learning_rates().ravel() for layer in self.layers])
        return None if (rates == 1.0).all() else rates

    @property
    def hidden_activations(self) -> tuple[Activation, ...]:
        """The activation of each hidden dense layer."""
        return tuple(layer.activation for layer in self.dense_layers[:-1])


def dense_network(layer_sizes: Sequence[int], activation: Any | Sequence[Any]) -> Network:
    """Return a multilayer perceptron.

    Parameters
    ----------
    layer_sizes : sequence of int
        Features, units of each hidden layer, outputs.
    activation : str, object or list
        Of all hidden layers, see `activation_of`; a list has one for each.

    Raises
    ------
    ValueError
        For a list of another length than there are hidden layers.

    Examples
    --------
    >>> dense_network([2, 3, 1], "logistic").layout.size
    13
    """
    n_hidden = len(layer_sizes) - 2
    if isinstance(activation, list | tuple):
        if len(activation) != n_hidden:
            raise ValueError(
                f"activation must be one, or a list of one for each of the {n_hidden} hidden "
                f"layers, got {activation!r}"
            )
        hidden = [activation_of(own) for own in activation]
    else:
        hidden = [activation_of(activation)] * max(n_hidden, 1)
    gains = [2.0 if own.name == "logistic" else 6.0 for own in hidden] or [6.0]
    sizes = list(itertools.pairwise(layer_sizes))
    layers = [
        Dense(*size, own, gain)
        for size, own, gain in zip(sizes[:-1], hidden[:n_hidden], gains[:n_hidden], strict=True)
    ]
    # scikit-learn draws the output layer by the rule for the hidden ones.
    layers.append(Dense(*sizes[-1], ACTIVATIONS["identity"], gains[-1]))
    return Network(tuple(layers))


def initialize_parameters(
    network: Network,
    random_state: np.random.RandomState | Sequence[np.random.RandomState],
    dtype: Any = np.float64,
    initializer: str = "auto",
    inputs: np.ndarray | None = None,
) -> np.ndarray:
    """Draw starting parameters, layer by layer, of a dense one matrix then bias.

    Parameters
    ----------
    network : Network
    random_state : RandomState or sequence of K RandomState
        One source gives one network, a sequence a stack.
    dtype : dtype
        Draws are made in float64 and rounded.
    initializer : str
        A key of ``INITIALIZERS``.
    inputs : ndarray of shape (n_samples, n_features), optional
        Rows of the data, for initialisers that look at what reaches a layer.

    Returns
    -------
    ndarray of shape (P,) or (K, P)

    Examples
    --------
    >>> import numpy as np
    >>> network = dense_network([2, 3, 1], "logistic")
    >>> initialize_parameters(network, np.random.RandomState(0)).shape
    (13,)
    """
    if not isinstance(random_state, np.random.RandomState):
        return np.stack(
            [
                initialize_parameters(network, source, dtype, initializer, inputs)
                for source in random_state
            ]
        )
    parameters = np.empty(network.layout.size, dtype)
    columns = None if inputs is None else as_columns(inputs, parameters.dtype)
    for layer, view in zip(network.layers, network.layout.views(parameters), strict=True):
        layer.initialize(random_state, view, initializer, columns)
        columns = None if columns is None else layer.apply(view, columns)
    return parameters


def as_columns(X: np.ndarray, dtype: Any) -> np.ndarray:
    """Return rows of data as columns with a last row of ones, as training has them.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    dtype : dtype

    Returns
    -------
    ndarray of shape (n_features + 1, n_samples)

    Examples
    --------
    >>> import numpy as np
    >>> as_columns(np.array([[2.0, 3.0]]), float).tolist()
    [[2.0], [3.0], [1.0]]
    """
    columns = with_ones((), X.shape[1], X.shape[0], dtype)
    columns[:-1] = X.T
    return columns


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
    dropout : sequence of bool, optional
        For each hidden layer whether units are dropped out.
    """

    def __init__(
        self,
        network: Network,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_samples: int,
        *,
        sparse_inputs: bool = False,
        dropout: Sequence[bool] = (),
    ) -> None:
        self.n_samples = n_samples
        drops = iter([*(dropout or [False] * (len(network.dense_layers) - 1)), False])
        views = zip(network.layout.views(parameters), network.layout.views(gradient), strict=True)
        bound: list[BoundLayer] = []
        for layer, (view, gradient_view) in zip(network.layers, views, strict=True):
            context = Context(
                n_samples,
                below=bound[-1].units if bound else None,
                below_is_dense=bool(bound) and isinstance(bound[-1], BoundDense),
                dropout=isinstance(layer, Dense) and next(drops),
            )
            if sparse_inputs and not bound:
                # Only a dense layer can be over sparse rows.
                bound.append(BoundSparseDense(layer, view, gradient_view, context))
            else:
                bound.append(layer.bind(view, gradient_view, context))
        *self.upwards, self.output_layer = bound
        self.downwards = self.upwards[::-1]
        self.hidden_layers = [own for own in self.upwards if isinstance(own, BoundDense)]


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
    for layer in propagation.upwards:
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
    for layer in propagation.downwards:
        upstream = layer.backward(upstream)


def predict(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[Activation],
    output_activation: str,
    X: Any,
) -> np.ndarray:
    """Return the predictions for rows of X, in blocks: memory does not grow with hidden layers.

    Parameters
    ----------
    weights : sequence of ndarray of shape (..., fan_in, fan_out)
    biases : sequence of ndarray of shape (..., 1, fan_out) or, without members, (fan_out,)
    activations : sequence of Activation
        Of each hidden layer.
    output_activation : str
        A key of ``PREDICTIONS``; turns raw outputs into predictions.
    X : ndarray or sparse matrix of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (..., n_samples, n_outputs)

    Examples
    --------
    >>> import numpy as np
    >>> weights, biases = [np.array([[2.0]])], [np.array([[1.0]])]
    >>> predict(weights, biases, [], "identity", np.array([[3.0]]))
    array([[7.]])
    """
    return activated(predict_raw(weights, biases, activations, X), output_activation)


def predictions_of(
    network: Network, parameters: np.ndarray, X: Any, output_activation: str
) -> np.ndarray:
    """Return a network's predictions for rows of X, shape (..., n_samples, n_outputs).

    Parameters
    ----------
    network : Network
    parameters : ndarray of shape (..., P)
    X : ndarray or, for a perceptron, sparse matrix of shape (n_samples, n_features)
    output_activation : str
        A key of ``PREDICTIONS``.

    Examples
    --------
    >>> import numpy as np
    >>> network = dense_network([1, 1], "identity")
    >>> predictions_of(network, np.array([2.0, 1.0]), np.array([[3.0]]), "identity")
    array([[7.]])
    """
    return activated(raw_outputs(network, parameters, X), output_activation)


def raw_outputs(
    network: Network, parameters: np.ndarray, X: Any, dense_dtype: Any = None
) -> np.ndarray:
    """Return a network's raw outputs.

    Parameters
    ----------
    network : Network
    parameters : ndarray of shape (..., P)
    X : ndarray or, for a perceptron, sparse matrix of shape (n_samples, n_features)
    dense_dtype : dtype, optional
        What the dense layers above others compute in; by default the parameters' type.

    Returns
    -------
    ndarray of shape (..., n_samples, n_outputs)

    Examples
    --------
    >>> import numpy as np
    >>> network = dense_network([1, 1], "identity")
    >>> raw_outputs(network, np.array([2.0, 1.0]), np.array([[3.0]]))
    array([[7.]])
    """
    views = network.layout.views(parameters)
    if network.is_perceptron:
        biases = [view[..., -1:, :] for view in views]
        return predict_raw(
            [view[..., :-1, :] for view in views], biases, network.hidden_activations, X
        )
    dense_dtype = parameters.dtype if dense_dtype is None else dense_dtype
    types = [
        dense_dtype if isinstance(layer, Dense) else parameters.dtype for layer in network.layers
    ]
    views = [view.astype(own, copy=False) for view, own in zip(views, types, strict=True)]
    members, n_samples = parameters.shape[:-1], X.shape[0]
    raw = np.empty((*members, n_samples, network.fan_out), dense_dtype)
    widest = max(layer.fan_out for layer in network.layers)
    row_bytes = raw.itemsize * max([1, *members]) * widest
    block_size = max(PREDICTION_BLOCK_BYTES // row_bytes, 16)
    for start in range(0, n_samples, block_size):
        rows = slice(start, start + block_size)
        outputs = as_columns(X[rows], parameters.dtype)
        for layer, view, own in zip(network.layers, views, types, strict=True):
            outputs = layer.apply(view, outputs.astype(own, copy=False))
        raw[..., rows, :] = outputs[..., :-1, :].swapaxes(-1, -2)
    return raw


def activated(raw: np.ndarray, output_activation: str) -> np.ndarray:
    """Turn raw outputs into predictions, in place, and return them.

    Parameters
    ----------
    raw : ndarray of shape (..., n_samples, n_outputs)
    output_activation : str
        A key of ``PREDICTIONS``.

    Examples
    --------
    >>> import numpy as np
    >>> activated(np.array([[0.0, 0.0]]), "softmax").tolist()
    [[0.5, 0.5]]
    """
    if output_activation == "softmax":
        # Logits that overflow to infinity would give NaN.
        largest = np.finfo(raw.dtype).max
        np.clip(raw, -largest, largest, out=raw)
    transposed = raw.swapaxes(-1, -2)
    PREDICTIONS[output_activation](transposed, transposed)
    return raw


def predict_raw(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[Activation],
    X: Any,
) -> np.ndarray:
    """Return the raw outputs for rows of X; arguments and shape as for `predict`."""
    n_samples = X.shape[0]
    dtype = np.result_type(X.dtype, *weights, *biases)
    members = weights[0].shape[:-2]
    row_bytes = dtype.itemsize * max([1, *members]) * max(weight.shape[-1] for weight in weights)
    block = max(PREDICTION_BLOCK_BYTES // row_bytes, 16)
    if n_samples <= block:
        return _raw_block(weights, biases, activations, X)
    raw = np.empty((*members, n_samples, weights[-1].shape[-1]), dtype)
    for start in range(0, n_samples, block):
        rows = slice(start, start + block)
        raw[..., rows, :] = _raw_block(weights, biases, activations, X[rows])
    return raw


def _raw_block(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[Activation],
    X: Any,
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
    for activation, weight, bias in zip(activations, weights[1:], biases[1:], strict=True):
        activation.apply(outputs)
        outputs = np.matmul(outputs, weight)
        outputs += bias
    return outputs
