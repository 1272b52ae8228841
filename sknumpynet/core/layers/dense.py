"""The dense layer."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sknumpynet.core.activations import AnyActivation
from sknumpynet.core.initializers import INITIALIZERS
from sknumpynet.core.layers.base import BLOCK_SAMPLES, BaseLayer, BoundLayer, Context, Scratch
from sknumpynet.core.layers.outer_product import OuterProduct
from sknumpynet.core.types import BoolArray, FloatArray

__all__ = ["BoundDense", "Dense", "slices_of_inputs"]

# Multiplications of the largest product that OpenBLAS leaves to one thread.
SHARED_PRODUCT = 2**18


@dataclass(frozen=True)
class Dense(BaseLayer):
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
    activation: AnyActivation
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
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Draw starting weights.

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
            self.scale_to_unit_variance(parameters, inputs)

    def scale_to_unit_variance(self, parameters: FloatArray, inputs: FloatArray) -> None:
        """Scale the weights of every unit so that its pre-activation has variance 1 on inputs."""
        preactivation = parameters[:-1].T @ inputs[:-1]
        spread = preactivation.std(axis=1)
        is_constant = spread <= 1e-4 * np.abs(preactivation).max(axis=1, initial=0.0)
        parameters[:-1] /= np.where(is_constant, 1.0, spread)

    def learning_rates(self) -> FloatArray:
        """Return each parameter's factor on the learning rate."""
        rates = np.full(self.parameter_shape, self.learning_rate)
        rates[-1] = self.bias_learning_rate
        return rates

    def is_decayed(self) -> BoolArray:
        """Return which parameters the penalty and weight decay shrink: weights, not biases."""
        mask = np.ones(self.parameter_shape, bool)
        mask[-1] = False
        return mask

    def write(
        self, parameters: FloatArray, inputs: FloatArray, units: FloatArray, scratch: Scratch
    ) -> None:
        """Write the activated outputs to units."""
        parameters = parameters.swapaxes(-1, -2)
        first, *others = slices_of_inputs(self.fan_in + 1, self.fan_out, inputs.shape[-1])
        np.matmul(parameters[..., first], inputs[..., first, :], out=units)
        for own in others:
            product = scratch.array(units.shape, units.dtype)
            np.matmul(parameters[..., own], inputs[..., own, :], out=product)
            np.add(units, product, out=units)
        # In long stretches: a block's rows of samples are short.
        self.activation.apply(units.reshape(*units.shape[:-2], math.prod(units.shape[-2:])))

    def bind(self, parameters: FloatArray, gradient: FloatArray, context: Context) -> "BoundDense":
        """Return the layer bound to views of the flat buffers, with scratch for a batch."""
        return BoundDense(self, parameters, gradient, context)


def slices_of_inputs(n_inputs: int, fan_out: int, n_samples: int) -> list[slice]:
    """Return the inputs that a product of few samples takes at a time, evenly.

    OpenBLAS shares larger products among its threads, and their bits depend on how many there are.
    """
    if n_samples > BLOCK_SAMPLES:
        return [slice(None)]
    n_slices = -(-n_inputs // max(SHARED_PRODUCT // (n_samples * fan_out), 1))
    ends = [n_inputs * k // n_slices for k in range(n_slices + 1)]
    return [slice(*own) for own in pairwise(ends)]


class BoundDense(BoundLayer):
    """A dense layer bound to views of its parameters and to scratch for one batch size.

    Parameters
    ----------
    layer : Dense
    parameters, gradient : ndarray of shape (..., fan_in + 1, fan_out)
        `backward` overwrites the gradient.
    context : Context

    Attributes
    ----------
    kept : ndarray of shape (..., fan_out, n_samples) or None
        With dropout, what `forward` multiplies the outputs by: 0 for a unit that is dropped.
    """

    def __init__(
        self, layer: Dense, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> None:
        super().__init__(layer, parameters, context)
        below, dropout, dtype = context.below, context.dropout, parameters.dtype
        self.apply_with_derivative = layer.activation.apply_with_derivative
        self.is_linear = self.apply_with_derivative is None and not dropout

        self.parameters_transposed = parameters.swapaxes(-1, -2)
        self.weights = parameters[..., :-1, :]
        self.gradient = gradient
        self.outer_product = None
        if below is not None and layer.fan_out == 1 and context.below_is_dense:
            self.outer_product = OuterProduct(self.weights, below)

        self.inputs: Any = None
        # See `backward`; worth it unless the inputs are much wider than the layer.
        scales_inputs = below is None and not self.is_linear and layer.fan_in < 2 * layer.fan_out
        self.scaled_inputs = None
        if scales_inputs:
            members, n_samples = parameters.shape[:-2], context.n_samples
            self.scaled_inputs = np.empty((*members, layer.fan_in + 1, n_samples), dtype)
        shape = (0, 0) if self.is_linear else self.units.shape
        self.mask = np.empty(shape, dtype=bool)
        # A mask of bytes stays in the cache, but a matrix product needs it as floats.
        self.derivative: Any
        if layer.activation.derivative_is_mask and not scales_inputs and not dropout:
            self.derivative = self.mask
        else:
            self.derivative = np.empty(shape, dtype)
        self.derivative_transposed = self.derivative.swapaxes(-1, -2)
        self.kept = np.ones_like(self.units) if dropout else None

    def preactivate(self, inputs: Any, out: FloatArray) -> FloatArray:
        """Write ``weightsᵀ · inputs + biasesᵀ`` to ``out``, shape (..., fan_out, n_samples).

        Parameters
        ----------
        inputs : ndarray of shape (..., fan_in + 1, n_samples)
            The last row is all ones.
        """
        self.inputs = inputs
        return np.matmul(self.parameters_transposed, inputs, out=out)

    def accumulate(self, delta: FloatArray) -> None:
        """Write the gradient of the parameters, ``inputs · deltaᵀ``."""
        np.matmul(self.inputs, delta.swapaxes(-1, -2), out=self.gradient)

    def forward(self, inputs: Any) -> FloatArray:
        """Return the activated outputs with their row of ones, (..., fan_out + 1, n_samples)."""
        self.preactivate(inputs, self.units)
        if self.apply_with_derivative is not None:
            self.apply_with_derivative(self.units, self.derivative, self.mask)
        if self.kept is not None:
            self._drop_out(self.kept)
        return self.outputs

    def _drop_out(self, kept: FloatArray) -> None:
        np.multiply(self.units, kept, out=self.units)
        if self.apply_with_derivative is None:
            np.copyto(self.derivative, kept)
        else:
            np.multiply(self.derivative, kept, out=self.derivative)

    def backward(self, upstream: FloatArray | OuterProduct) -> FloatArray | OuterProduct | None:
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
