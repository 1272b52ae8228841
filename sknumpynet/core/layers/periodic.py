"""The embedding of numbers by cosines."""

import math
from dataclasses import dataclass

import numpy as np

from sknumpynet.core.layers.base import BaseLayer, BoundLayer, Context
from sknumpynet.core.types import BoolArray, FloatArray

__all__ = ["PeriodicEmbedding"]


@dataclass(frozen=True)
class PeriodicEmbedding(BaseLayer):
    """Each feature x becomes x itself and ``n_mixtures`` mixtures of cosines of it.

    A mixture is a weighted sum of ``n_frequencies`` waves cos(frequency · x + phase), where
    frequencies, phases and weights are each feature's own, and learned.

    Parameters
    ----------
    fan_in : int
        Features.
    n_frequencies, n_mixtures : int
    sigmas : (float, float)
        The first frequencies are 2π times draws from N(0, s²), where s is each network's own, drawn
        log-uniformly between these: members of an ensemble see at different scales.
    learning_rate : float
        Factor on the learning rate of the network.

    References
    ----------
    Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS
    2022, section 3.3, with phases and without an activation as in Holzmüller et al., "Better by
    Default", NeurIPS 2024, appendix A ("PBLD").

    Examples
    --------
    >>> embedding = PeriodicEmbedding(5)
    >>> embedding.fan_out, embedding.parameter_shape
    (20, (5, 80))
    """

    fan_in: int
    n_frequencies: int = 16
    n_mixtures: int = 3
    sigmas: tuple[float, float] = (0.15, 0.45)
    learning_rate: float = 0.1

    @property
    def fan_out(self) -> int:
        """Rows that come out: first each feature's mixtures, then the features."""
        return self.fan_in * (self.n_mixtures + 1)

    @property
    def parameter_shape(self) -> tuple[int, int]:
        """For each feature its waves and weights, see `views`."""
        return self.fan_in, self.n_frequencies * (2 + self.n_mixtures)

    def views(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the waves (..., F, J, 2) and the weights (..., F, J, n_mixtures) in parameters.

        A wave is its frequency and its phase.
        """
        members, J = parameters.shape[:-1], self.n_frequencies
        return (
            parameters[..., : 2 * J].reshape(*members, J, 2),
            parameters[..., 2 * J :].reshape(*members, J, self.n_mixtures),
        )

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Draw frequencies, phases from U(-π, π), and weights from U(-1, 1) / √n_frequencies."""
        waves, weights = self.views(parameters)
        sigma = math.exp(random_state.uniform(*np.log(self.sigmas)))
        waves[..., 0] = 2 * np.pi * random_state.normal(0, sigma, waves.shape[:-1])
        waves[..., 1] = random_state.uniform(-np.pi, np.pi, waves.shape[:-1])
        weights[...] = random_state.uniform(-1, 1, weights.shape) / math.sqrt(self.n_frequencies)

    def learning_rates(self) -> FloatArray:
        """Return each parameter's factor: frequencies are learned in units of 2π."""
        rates = np.full(self.parameter_shape, self.learning_rate)
        self.views(rates)[0][..., 0] *= 2 * np.pi
        return rates

    def is_decayed(self) -> BoolArray:
        """Return which parameters are shrunk: the weights of the waves."""
        mask = np.zeros(self.parameter_shape, bool)
        mask[:, 2 * self.n_frequencies :] = True
        return mask

    def bind(
        self, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> "_BoundPeriodicEmbedding":
        """Return the embedding with scratch for a batch; its inputs can only be the data."""
        return _BoundPeriodicEmbedding(self, parameters, gradient, context)


class _BoundPeriodicEmbedding(BoundLayer):
    def __init__(
        self,
        layer: PeriodicEmbedding,
        parameters: FloatArray,
        gradient: FloatArray,
        context: Context,
    ) -> None:
        super().__init__(layer, parameters, context)
        members, n_samples, dtype = parameters.shape[:-1], context.n_samples, parameters.dtype
        self.fan_in, self.n_mixed = layer.fan_in, layer.fan_in * layer.n_mixtures
        self.waves, self.weights = layer.views(parameters)
        self.weights_transposed = self.weights.swapaxes(-1, -2)
        self.gradients = layer.views(gradient)
        self.mixed_shape = (*members, layer.n_mixtures, n_samples)
        self.mixed = self.units[..., : self.n_mixed, :].reshape(self.mixed_shape)
        self.passed_on = self.units[..., self.n_mixed :, :]
        # Each feature with a row of ones, so that a matrix product makes all of its angles: for 36
        # features forward takes 0.29 instead of 0.46 ms, backward 0.55 instead of 0.64 ms.
        self.features = np.ones((*members, 2, n_samples), dtype)
        self.features_transposed = self.features.swapaxes(-1, -2)
        self.angles = np.empty((*members, layer.n_frequencies, n_samples), dtype)
        self.heights = np.empty_like(self.angles)

    def forward(self, inputs: FloatArray) -> FloatArray:
        inputs = inputs[..., : self.fan_in, :]
        self.features[..., 0, :] = inputs
        np.matmul(self.waves, self.features, out=self.angles)
        np.cos(self.angles, out=self.heights)
        np.matmul(self.weights_transposed, self.heights, out=self.mixed)
        self.passed_on[...] = inputs
        return self.outputs

    def backward(self, upstream: FloatArray) -> None:
        delta = upstream[..., : self.n_mixed, :].reshape(self.mixed_shape)
        waves, weights = self.gradients
        np.matmul(self.heights, delta.swapaxes(-1, -2), out=weights)
        slopes = np.sin(self.angles, out=self.angles)
        np.matmul(self.weights, delta, out=self.heights)
        np.multiply(slopes, self.heights, out=slopes)
        np.matmul(slopes, self.features_transposed, out=waves)
        np.negative(waves, out=waves)
