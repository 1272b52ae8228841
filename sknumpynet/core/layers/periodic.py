"""The embedding of numbers by waves."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import EllipsisType
from typing import Literal, NamedTuple

import numpy as np

from sknumpynet.core.layers.base import BaseLayer, BoundLayer, Context, Scratch
from sknumpynet.core.types import BoolArray, FloatArray, IntArray

__all__ = ["PeriodicEmbedding", "Wave"]

Wave = Literal["cosine", "parabola"]

# A piece of parabolas takes about this many entries, so that what one pass writes the next still
# finds in the cache. See `benchmarks.tabular_step`.
PIECE_ENTRIES = 2**16


# What parabolas and their slopes are kept without: it is multiplied to the weights, which are few.
HEIGHT, SLOPE = -16.0, 2.0


def write_parabolas(turns: FloatArray, distances: FloatArray, heights: FloatArray) -> None:
    """Write the parabolas of angles, u (|u| - 1/2) from -1/16 to 1/16: five passes.

    Parameters
    ----------
    turns : ndarray
        Angles; overwritten by u, what they are from the nearest whole turn.
    distances : ndarray of the same shape
        Gets |u| - 1/2, of which backward makes slopes.
    heights : ndarray of the same shape
        May be ``turns``.
    """
    np.rint(turns, out=distances)
    np.subtract(turns, distances, out=turns)
    np.abs(turns, out=distances)
    np.subtract(distances, 0.5, out=distances)
    np.multiply(turns, distances, out=heights)


@dataclass(frozen=True)
class PeriodicEmbedding(BaseLayer):
    """Each feature x becomes x itself and ``n_mixtures`` mixtures of waves of it.

    A mixture is a weighted sum of ``n_frequencies`` waves of angle ``frequency · x + phase``, where
    frequencies, phases and weights are each feature's own, and learned. A parabola, through the
    zeros and the extremes of the sine, learns as well and takes no transcendental function: of an
    angle of w turns, with ``u = w - round(w)``, it is ``8 u - 16 u |u|``, its slope ``8 - 32 |u|``.

    Parameters
    ----------
    fan_in : int
        Features.
    n_frequencies, n_mixtures : int
    sigmas : (float, float)
        The first frequencies are draws from N(0, s²), in turns, where s is each network's own,
        drawn log-uniformly between these: members of an ensemble see at different scales.
    learning_rate : float
        Factor on the learning rate of the network.
    wave : {'cosine', 'parabola'}
        Angles of parabolas are in turns, those of cosines in radians.

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
    wave: Wave = "parabola"

    @property
    def turn(self) -> float:
        """A whole turn, in the unit of angles."""
        return 2 * np.pi if self.wave == "cosine" else 1.0

    @property
    def fan_out(self) -> int:
        """Rows that come out: first each feature's mixtures, then the features."""
        return self.fan_in * (self.n_mixtures + 1)

    @property
    def parameter_shape(self) -> tuple[int, int]:
        """For each feature its waves and weights, see `views`."""
        return self.fan_in, self.n_frequencies * (2 + self.n_mixtures)

    def origins(self) -> IntArray:
        """Return of which feature each row is made that comes out."""
        features = np.arange(self.fan_in)
        return np.concatenate([np.repeat(features, self.n_mixtures), features])

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
        """Draw frequencies, phases from all of a turn, weights from U(-1, 1) / √n_frequencies."""
        waves, weights = self.views(parameters)
        sigma = math.exp(random_state.uniform(*np.log(self.sigmas)))
        waves[..., 0] = self.turn * random_state.normal(0, sigma, waves.shape[:-1])
        waves[..., 1] = random_state.uniform(-self.turn / 2, self.turn / 2, waves.shape[:-1])
        weights[...] = random_state.uniform(-1, 1, weights.shape) / math.sqrt(self.n_frequencies)

    def learning_rates(self) -> FloatArray:
        """Return each parameter's factor: frequencies are learned in turns, phases in radians."""
        rates = np.full(self.parameter_shape, self.learning_rate)
        waves, _ = self.views(rates)
        waves[..., 0] *= self.turn
        waves[..., 1] *= self.turn / (2 * np.pi)
        return rates

    def is_decayed(self) -> BoolArray:
        """Return which parameters are shrunk: the weights of the waves."""
        mask = np.zeros(self.parameter_shape, bool)
        mask[:, 2 * self.n_frequencies :] = True
        return mask

    def write(
        self, parameters: FloatArray, inputs: FloatArray, units: FloatArray, scratch: Scratch
    ) -> None:
        """Write mixtures and features to units."""
        waves, weights = self.views(parameters)
        inputs, n_mixed = inputs[..., : self.fan_in, :], self.fan_in * self.n_mixtures
        units[..., n_mixed:, :] = inputs
        *leading, _, n_samples = units.shape
        mixed = units[..., :n_mixed, :].reshape(*leading, self.fan_in, self.n_mixtures, n_samples)
        features = np.ones((*inputs.shape[:-1], 2, n_samples), parameters.dtype)
        features[..., 0, :] = inputs
        if self.wave == "parabola":
            weights = weights * HEIGHT
        size = math.prod(leading) * self.n_frequencies * n_samples
        step = max(PIECE_ENTRIES // max(size, 1), 1)
        for start in range(0, self.fan_in, step):
            own = slice(start, start + step)
            piece = features[..., own, :, :]
            shape = (2, *leading, piece.shape[-3], self.n_frequencies, n_samples)
            heights, distances = scratch.array(shape, parameters.dtype)
            np.matmul(waves[..., own, :, :], piece, out=heights)
            if self.wave == "cosine":
                np.cos(heights, out=heights)
            else:
                write_parabolas(heights, distances, heights)
            np.matmul(weights[..., own, :, :].swapaxes(-1, -2), heights, out=mixed[..., own, :, :])

    def bind(
        self, parameters: FloatArray, gradient: FloatArray, context: Context
    ) -> "_BoundPeriodicEmbedding":
        """Return the embedding with scratch for a batch; its inputs can only be the data."""
        kind = _BoundCosines if self.wave == "cosine" else _BoundParabolas
        return kind(self, parameters, gradient, context)


class _BoundPeriodicEmbedding(BoundLayer):
    """What waves of either kind have."""

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
        self.gradients = layer.views(gradient)
        self.mixed_shape = (*members, layer.n_mixtures, n_samples)
        self.mixed = self.units[..., : self.n_mixed, :].reshape(self.mixed_shape)
        self.passed_on = self.units[..., self.n_mixed :, :]
        # Each feature with a row of ones, so that a matrix product makes all of its angles: for 36
        # features forward takes 0.29 instead of 0.46 ms, backward 0.55 instead of 0.64 ms.
        self.features = np.ones((*members, 2, n_samples), dtype)
        self.features_transposed = self.features.swapaxes(-1, -2)
        self.heights = np.empty((*members, layer.n_frequencies, n_samples), dtype)
        # What backward makes slopes of.
        self.angles = np.empty_like(self.heights)

    def _pass_on(self, inputs: FloatArray) -> None:
        """Take the batch in, and let it out beside the mixtures."""
        inputs = inputs[..., : self.fan_in, :]
        self.features[..., 0, :] = inputs
        self.passed_on[...] = inputs

    def _delta(self, upstream: FloatArray) -> FloatArray:
        """Return the gradient of the mixtures."""
        return upstream[..., : self.n_mixed, :].reshape(self.mixed_shape)


class _BoundCosines(_BoundPeriodicEmbedding):
    def forward(self, inputs: FloatArray) -> FloatArray:
        self._pass_on(inputs)
        np.matmul(self.waves, self.features, out=self.angles)
        np.cos(self.angles, out=self.heights)
        np.matmul(self.weights.swapaxes(-1, -2), self.heights, out=self.mixed)
        return self.outputs

    def backward(self, upstream: FloatArray) -> None:
        delta = self._delta(upstream)
        waves, weights = self.gradients
        np.matmul(self.heights, delta.swapaxes(-1, -2), out=weights)
        slopes = np.sin(self.angles, out=self.angles)
        np.matmul(self.weights, delta, out=self.heights)
        np.multiply(slopes, self.heights, out=slopes)
        np.matmul(slopes, self.features_transposed, out=waves)
        np.negative(waves, out=waves)


Place = tuple[int | slice | EllipsisType, ...]


class _Piece(NamedTuple):
    """Views of some features in every buffer."""

    place: Place
    waves: FloatArray
    features: FloatArray
    features_transposed: FloatArray
    turns: FloatArray
    distances: FloatArray
    heights: FloatArray
    weights: FloatArray
    weights_transposed: FloatArray
    mixed: FloatArray
    waves_gradient: FloatArray
    weights_gradient: FloatArray


class _BoundParabolas(_BoundPeriodicEmbedding):
    """Parabolas, a piece at a time.

    Of a height, see `write_parabolas`, the slope is kept as |u| - 1/4, half of what it is: two
    passes backward.
    """

    def __init__(
        self,
        layer: PeriodicEmbedding,
        parameters: FloatArray,
        gradient: FloatArray,
        context: Context,
    ) -> None:
        super().__init__(layer, parameters, gradient, context)
        self.distances = self.angles  # |u| - 1/2
        self.scaled_weights = np.empty_like(self.weights)
        places = list(self._places())
        # The angles of a piece are over when it is.
        largest = max((self.heights[place].size for place in places), default=0)
        scratch = np.empty(largest, self.heights.dtype)
        self.pieces = [self._piece(place, scratch) for place in places]

    def _places(self) -> Iterator[Place]:
        """Yield where pieces are: some features of a member, or all there is if that is little."""
        if self.heights.size <= PIECE_ENTRIES:
            yield (...,)
            return
        n_features = max(PIECE_ENTRIES // math.prod(self.heights.shape[-2:]), 1)
        for member in np.ndindex(self.heights.shape[:-3]):
            for start in range(0, self.fan_in, n_features):
                yield (*member, slice(start, start + n_features))

    def _piece(self, place: Place, scratch: FloatArray) -> _Piece:
        heights = self.heights[place]
        waves_gradient, weights_gradient = self.gradients
        return _Piece(
            place,
            self.waves[place],
            self.features[place],
            self.features_transposed[place],
            scratch[: heights.size].reshape(heights.shape),
            self.distances[place],
            heights,
            self.scaled_weights[place],
            self.scaled_weights.swapaxes(-1, -2)[place],
            self.mixed[place],
            waves_gradient[place],
            weights_gradient[place],
        )

    def forward(self, inputs: FloatArray) -> FloatArray:
        self._pass_on(inputs)
        np.multiply(self.weights, HEIGHT, out=self.scaled_weights)
        for piece in self.pieces:
            np.matmul(piece.waves, piece.features, out=piece.turns)
            write_parabolas(piece.turns, piece.distances, piece.heights)
            np.matmul(piece.weights_transposed, piece.heights, out=piece.mixed)
        return self.outputs

    def backward(self, upstream: FloatArray) -> None:
        delta = self._delta(upstream)
        transposed = delta.swapaxes(-1, -2)
        for piece in self.pieces:
            slopes, heights = piece.distances, piece.heights
            np.matmul(heights, transposed[piece.place], out=piece.weights_gradient)
            np.matmul(piece.weights, delta[piece.place], out=heights)
            np.add(slopes, 0.25, out=slopes)
            np.multiply(slopes, heights, out=slopes)
            np.matmul(slopes, piece.features_transposed, out=piece.waves_gradient)
        waves, weights = self.gradients
        np.multiply(weights, HEIGHT, out=weights)
        np.multiply(waves, SLOPE, out=waves)
