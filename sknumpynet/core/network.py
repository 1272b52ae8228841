"""The network, and three of the engine's four verbs (the fourth, updating, is in `optimizers`).

    initialize_parameters → forward_propagation → backward_propagation → update_parameters

Every function takes one network's parameters, shape (P,), or a stack of K, shape (K, P), and
``f(stack)[k] == f(stack[k])``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.core.activations import AnyActivation
from sknumpynet.core.layers import (
    BoundDense,
    BoundLayer,
    BoundSparseDense,
    ColumnSelection,
    Context,
    Dense,
    Layer,
    LevelTable,
    with_ones,
)
from sknumpynet.core.parameters import Layout
from sknumpynet.core.types import BoolArray, FloatArray, IntArray

__all__ = [
    "Network",
    "Propagation",
    "as_columns",
    "backward_propagation",
    "forward_propagation",
    "initialize_parameters",
]


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

    @cached_property
    def selection(self) -> ColumnSelection | None:
        """The layer that selects columns, if the network begins with one."""
        first = self.layers[0]
        return first if isinstance(first, ColumnSelection) else None

    @property  # cached, a network that is this one would keep itself alive
    def above_selection(self) -> "Network":
        """The network that takes selected columns: all but the layer that selects, if any."""
        return self if self.selection is None else Network(self.layers[1:])

    def columns_seen(self, parameters: FloatArray) -> IntArray | None:
        """Return which columns each network sees, (..., n_seen), None if all see all."""
        if self.selection is None:
            return None
        return self.selection.columns(self.layout.views(parameters)[0])

    @cached_property
    def level_table(self) -> LevelTable | None:
        """The layer that says what levels stand for, if the network begins with one."""
        first = self.layers[0]
        return first if isinstance(first, LevelTable) else None

    @property
    def above_level_table(self) -> "Network":
        """The network that is trained: all but the layer with the table of levels, if any."""
        return self if self.level_table is None else Network(self.layers[1:])

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
    def is_decayed(self) -> BoolArray:
        """Which parameters the L2 penalty and weight decay shrink, a boolean vector (P,)."""
        return np.concatenate([layer.is_decayed().ravel() for layer in self.layers])

    @cached_property
    def learning_rates(self) -> FloatArray | None:
        """Each parameter's factor on the learning rate, (P,); None if all are 1."""
        rates = np.concatenate([layer.learning_rates().ravel() for layer in self.layers])
        return None if (rates == 1.0).all() else rates

    @cached_property
    def bounds(self) -> FloatArray | None:
        """The least and the largest that each parameter may be, (2, P); None if all may be any."""
        bounds = np.hstack([layer.bounds().reshape(2, -1) for layer in self.layers])
        return None if np.isinf(bounds).all() else bounds

    @property
    def hidden_activations(self) -> tuple[AnyActivation, ...]:
        """The activation of each hidden dense layer."""
        return tuple(layer.activation for layer in self.dense_layers[:-1])


def initialize_parameters(
    network: Network,
    random_state: np.random.RandomState | Sequence[np.random.RandomState],
    dtype: npt.DTypeLike = np.float64,
    initializer: str = "auto",
    inputs: FloatArray | None = None,
    known: Mapping[int, FloatArray] | None = None,
) -> FloatArray:
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
    known : mapping of int to ndarray, optional
        What layers, by their position, start from; for them nothing is drawn.

    Returns
    -------
    ndarray of shape (P,) or (K, P)

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.core.architectures import dense_network
    >>> network = dense_network([2, 3, 1], "logistic")
    >>> initialize_parameters(network, np.random.RandomState(0)).shape
    (13,)
    """
    if not isinstance(random_state, np.random.RandomState):
        return np.stack(
            [
                initialize_parameters(network, source, dtype, initializer, inputs, known)
                for source in random_state
            ]
        )
    parameters = np.empty(network.layout.size, dtype)
    columns = None if inputs is None else as_columns(inputs, parameters.dtype)
    views = network.layout.views(parameters)
    for position, (layer, view) in enumerate(zip(network.layers, views, strict=True)):
        if known is not None and position in known:
            view[...] = known[position]
        else:
            layer.initialize(random_state, view, initializer, columns)
        columns = None if columns is None else layer.apply(view, columns)
    return parameters


def as_columns(X: FloatArray, dtype: npt.DTypeLike) -> FloatArray:
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

    Attributes
    ----------
    raw_shape : tuple of int
        (..., n_outputs, n_samples), of the raw outputs.
    dtype : dtype
        Of the parameters.
    """

    def __init__(
        self,
        network: Network,
        parameters: FloatArray,
        gradient: FloatArray,
        n_samples: int,
        *,
        sparse_inputs: bool = False,
        dropout: Sequence[bool] = (),
    ) -> None:
        self.n_samples, self.dtype = n_samples, parameters.dtype
        self.raw_shape = (*parameters.shape[:-1], network.fan_out, n_samples)
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
            if sparse_inputs and not bound and isinstance(layer, Dense):
                bound.append(BoundSparseDense(layer, view, gradient_view, context))
            else:
                bound.append(layer.bind(view, gradient_view, context))
        *self.upwards, output_layer = bound
        if not isinstance(output_layer, BoundDense):
            raise TypeError(f"the last layer must be dense, got {network.layers[-1]}")
        self.output_layer = output_layer
        self.downwards = self.upwards[::-1]
        self.hidden_layers = [own for own in self.upwards if isinstance(own, BoundDense)]


def forward_propagation(propagation: Propagation, inputs: Any, out: FloatArray) -> FloatArray:
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


def backward_propagation(propagation: Propagation, delta: FloatArray) -> None:
    """Write the gradient of the batch that went forward last, whose activations are used up.

    Parameters
    ----------
    propagation : Propagation
        Its gradient buffer is overwritten with the sum over samples.
    delta : ndarray of shape (..., n_outputs, n_samples)
        Gradient of the loss with respect to the raw outputs.
    """
    # An array, unless the layers on both sides of it agree on something else.
    upstream: Any = propagation.output_layer.backward(delta)
    for layer in propagation.downwards:
        upstream = layer.backward(upstream)
