"""Blocks: what a network is made of. The first is the dense layer.

While a network trains, samples are *columns*, as in the tutorial: an array of activations has
shape (..., features + 1, n_samples), and its last row is all ones, the input that the biases are
the weights of. A unit's values then lie side by side in memory, so that every elementwise call
runs over long contiguous stretches however narrow the layer is.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.core.activations import Activation
from sknumpynet.core.initializers import INITIALIZERS

__all__ = ["BoundDense", "Dense", "OuterProduct", "with_ones"]


def with_ones(members: tuple[int, ...], fan_out: int, n_samples: int, dtype: Any) -> np.ndarray:
    """Return a buffer for activations, shape (*members, fan_out + 1, n_samples), all ones."""
    return np.ones((*members, fan_out + 1, n_samples), dtype)


class OuterProduct:
    """The gradient below a layer with one output, ``weights @ delta``, not yet multiplied out.

    Parameters
    ----------
    weights : ndarray of shape (..., fan_in, 1)
    out : ndarray of shape (..., fan_in, n_samples)
        Where `multiply_out` puts the product.

    Attributes
    ----------
    delta : ndarray of shape (..., 1, n_samples)
    """

    __slots__ = ("delta", "out", "weights", "weights_transposed")

    def __init__(self, weights: np.ndarray, out: np.ndarray) -> None:
        self.weights = weights
        self.weights_transposed = weights.swapaxes(-1, -2)
        self.out = out
        self.delta: np.ndarray | None = None

    def multiply_out(self) -> np.ndarray:
        """Return the product; by broadcasting, a matrix product takes more than twice as long."""
        return np.multiply(self.weights, self.delta, out=self.out)


@dataclass(frozen=True)
class Dense:
    """A dense layer: every output unit is ``activation(inputs · weights + bias)``.

    Parameters
    ----------
    fan_in, fan_out : int
        Units below and above.
    activation : Activation
        Applied to the outputs.
    initial_gain : float
        Of scikit-learn's rule for starting weights, see `glorot_uniform`.
    learning_rate, bias_learning_rate : float
        Factors on the network's learning rate.

    Examples
    --------
    >>> from sknumpynet.core.activations import ACTIVATIONS
    >>> Dense(2, 3, ACTIVATIONS["relu"]).parameter_shape
    (3, 3)
    """

    fan_in: int
    fan_out: int
    activation: Activation
    initial_gain: float = 6.0
    learning_rate: float = 1.0
    bias_learning_rate: float = 1.0

    @property
    def parameter_shape(self) -> tuple[int, int]:
        """Weights with the bias as one more row."""
        return self.fan_in + 1, self.fan_out

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: np.ndarray,
        initializer: str = "auto",
        inputs: np.ndarray | None = None,
    ) -> None:
        """Draw starting weights into ``parameters``, shape `parameter_shape`.

        Parameters
        ----------
        random_state : RandomState
        parameters : ndarray
        initializer : str
            A key of ``INITIALIZERS``.
        inputs : ndarray of shape (fan_in + 1, n_samples), optional
            Some that the layer will see: the weights of every unit are scaled so that its
            pre-activation has variance 1 on them.
        """
        parameters[:-1], parameters[-1:] = INITIALIZERS[initializer](
            random_state, self.fan_in, self.fan_out, self.initial_gain
        )
        if inputs is not None:
            preactivation = parameters[:-1].T @ inputs[:-1]
            spread = preactivation.std(axis=1)
            is_constant = spread <= 1e-4 * np.abs(preactivation).max(axis=1, initial=0.0)
            parameters[:-1] /= np.where(is_constant, 1.0, spread)

    def learning_rates(self) -> np.ndarray:
        """Return each parameter's factor on the learning rate."""
        rates = np.full(self.parameter_shape, self.learning_rate)
        rates[-1] = self.bias_learning_rate
        return rates

    def is_decayed(self) -> np.ndarray:
        """Return which parameters the penalty and weight decay shrink: weights, not biases."""
        mask = np.ones(self.parameter_shape, bool)
        mask[-1] = False
        return mask

    def apply(self, parameters: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Return the activated outputs with their row of ones, for inputs that have one."""
        members, n_samples = parameters.shape[:-2], inputs.shape[-1]
        outputs = with_ones(members, self.fan_out, n_samples, parameters.dtype)
        units = outputs[..., :-1, :]
        np.matmul(parameters.swapaxes(-1, -2), inputs, out=units)
        self.activation.apply(units)
        return outputs

    def bind(
        self,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_samples: int,
        *,
        below: np.ndarray | None = None,
        sparse_inputs: bool = False,
        dropout: bool = False,
        hands_down_outer_product: bool = True,
    ) -> "BoundDense":
        """Return the layer with its parameters, and scratch for a batch of ``n_samples``."""
        kind = BoundSparseDense if sparse_inputs else BoundDense
        return kind(
            self,
            parameters,
            gradient,
            n_samples,
            below,
            dropout=dropout,
            hands_down_outer_product=hands_down_outer_product,
        )


class BoundDense:
    """A dense layer bound to views of its parameters and to scratch for one batch size.

    Made once per training run and used at every step, so that a step allocates nothing.

    Parameters
    ----------
    layer : Dense
    parameters, gradient : ndarray of shape (..., fan_in + 1, fan_out)
        Views of the flat buffers. `backward` overwrites the gradient.
    n_samples : int
        Samples in a batch.
    below : ndarray of shape (..., fan_in, n_samples) or None
        The units that are the inputs: once their values are used, `backward` overwrites them with
        their gradient. None if the inputs are the data, which get none.
    dropout : bool
        Whether units are dropped out.
    hands_down_outer_product : bool
        Whether what is below can use an `OuterProduct`, as dense layers can.

    Attributes
    ----------
    kept : ndarray of shape (..., fan_out, n_samples) or None
        With dropout, what `forward` multiplies the outputs by: 0 for a unit that is dropped.
    """

    def __init__(
        self,
        layer: Dense,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_samples: int,
        below: np.ndarray | None,
        *,
        dropout: bool = False,
        hands_down_outer_product: bool = True,
    ) -> None:
        members, dtype = parameters.shape[:-2], parameters.dtype
        self.apply_with_derivative = layer.activation.apply_with_derivative
        self.is_linear = self.apply_with_derivative is None and not dropout

        self.parameters_transposed = parameters.swapaxes(-1, -2)
        self.weights = parameters[..., :-1, :]
        self.gradient = gradient
        self.below = below
        self.outer_product = None
        if below is not None and layer.fan_out == 1 and hands_down_outer_product:
            self.outer_product = OuterProduct(self.weights, below)

        self.inputs: Any = None
        self.outputs = with_ones(members, layer.fan_out, n_samples, dtype)
        self.units = self.outputs[..., :-1, :]
        # See `backward`; worth it unless the inputs are much wider than the layer.
        scales_inputs = below is None and not self.is_linear and layer.fan_in < 2 * layer.fan_out
        self.scaled_inputs = (
            np.empty((*members, layer.fan_in + 1, n_samples), dtype) if scales_inputs else None
        )
        shape = (0, 0) if self.is_linear else self.units.shape
        self.mask = np.empty(shape, dtype=bool)
        # A mask of bytes stays in the cache, but a matrix product needs it as floats.
        if layer.activation.derivative_is_mask and not scales_inputs and not dropout:
            self.derivative = self.mask
        else:
            self.derivative = np.empty(shape, dtype)
        self.derivative_transposed = self.derivative.swapaxes(-1, -2)
        self.kept = np.ones_like(self.units) if dropout else None

    def preactivate(self, inputs: Any, out: np.ndarray) -> np.ndarray:
        """Write ``weightsᵀ · inputs + biasesᵀ`` to ``out``, shape (..., fan_out, n_samples).

        Parameters
        ----------
        inputs : ndarray of shape (..., fan_in + 1, n_samples)
            The last row is all ones.
        """
        self.inputs = inputs
        return np.matmul(self.parameters_transposed, inputs, out=out)

    def accumulate(self, delta: np.ndarray) -> None:
        """Write the gradient of the parameters, ``inputs · deltaᵀ``."""
        np.matmul(self.inputs, delta.swapaxes(-1, -2), out=self.gradient)

    def forward(self, inputs: Any) -> np.ndarray:
        """Return the activated outputs with their row of ones, (..., fan_out + 1, n_samples)."""
        self.preactivate(inputs, self.units)
        if self.apply_with_derivative is not None:
            self.apply_with_derivative(self.units, self.derivative, self.mask)
        if self.kept is not None:
            self._drop_out(self.kept)
        return self.outputs

    def _drop_out(self, kept: np.ndarray) -> None:
        np.multiply(self.units, kept, out=self.units)
        if self.apply_with_derivative is None:
            np.copyto(self.derivative, kept)
        else:
            np.multiply(self.derivative, kept, out=self.derivative)

    def backward(self, upstream: np.ndarray | OuterProduct) -> np.ndarray | OuterProduct | None:
        """Write the gradient of the parameters, return that of the inputs (None for the data).

        Parameters
        ----------
        upstream : ndarray of shape (..., fan_out, n_samples) or OuterProduct
            Gradient of the loss with respect to the activated outputs. Overwritten.
        """
        if type(upstream) is OuterProduct:
            if self.scaled_inputs is not None:
                # inputs · (weights δ ∘ derivative)ᵀ = (inputs ∘ δ) · derivativeᵀ ∘ weightsᵀ needs
                # no pass over an array of this layer's size: 17 instead of 43 µs for 100 units,
                # 200 samples, float64.
                np.multiply(self.inputs, upstream.delta, out=self.scaled_inputs)
                np.matmul(self.scaled_inputs, self.derivative_transposed, out=self.gradient)
                np.multiply(self.gradient, upstream.weights_transposed, out=self.gradient)
                return None
            upstream = upstream.multiply_out()
        delta = upstream if self.is_linear else np.multiply(upstream, self.derivative, out=upstream)
        self.accumulate(delta)
        if self.below is None:
            return None
        if self.outer_product is not None:
            self.outer_product.delta = delta
            return self.outer_product
        return np.matmul(self.weights, delta, out=self.below)


class BoundSparseDense(BoundDense):
    """The first layer over a sparse batch of shape (n_samples, fan_in), which has no ones."""

    def __init__(
        self,
        layer: Dense,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_samples: int,
        below: np.ndarray | None,
        **settings: bool,
    ) -> None:
        super().__init__(layer, parameters, gradient, n_samples, below, **settings)
        self.biases_transposed = self.parameters_transposed[..., -1:]
        self.scaled_inputs = None

    def preactivate(self, inputs: Any, out: np.ndarray) -> np.ndarray:
        """Write ``(inputs · weights)ᵀ + biasesᵀ`` to ``out``."""
        self.inputs = inputs
        for member in np.ndindex(self.weights.shape[:-2]):
            out[member] = (inputs @ self.weights[member]).T
        return np.add(out, self.biases_transposed, out=out)

    def accumulate(self, delta: np.ndarray) -> None:
        """Write the gradient of the parameters, weights and biases apart."""
        for member in np.ndindex(self.weights.shape[:-2]):
            self.gradient[member][:-1] = self.inputs.T @ delta[member].T
        np.sum(delta, axis=-1, out=self.gradient[..., -1, :])
