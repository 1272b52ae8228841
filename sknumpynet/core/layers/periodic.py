"""The embedding of numbers by waves."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sknumpynet.core.layers.mixture import MixtureEmbedding
from sknumpynet.core.types import FloatArray

__all__ = ["PeriodicEmbedding", "Wave"]

Wave = Literal["cosine", "parabola"]


def write_parabolas(turns: FloatArray, distances: FloatArray, heights: FloatArray) -> None:
    """Write the parabolas of angles, u (|u| - 1/2) from -1/16 to 1/16: five passes.

    Parameters
    ----------
    turns : ndarray
        Angles; overwritten by u, what they are from the nearest whole turn.
    distances : ndarray of the same shape
        Gets |u| - 1/2, of which slopes are made.
    heights : ndarray of the same shape
        May be ``turns``.
    """
    np.rint(turns, out=distances)
    np.subtract(turns, distances, out=turns)
    np.abs(turns, out=distances)
    np.subtract(distances, 0.5, out=distances)
    np.multiply(turns, distances, out=heights)


@dataclass(frozen=True)
class PeriodicEmbedding(MixtureEmbedding):
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
    def n_functions(self) -> int:
        """Waves of each feature."""
        return self.n_frequencies

    @property
    def height(self) -> float:
        """What waves are written without."""
        return 1.0 if self.wave == "cosine" else -16.0

    @property
    def slope(self) -> float:
        """What slopes are written without."""
        return -1.0 if self.wave == "cosine" else 2.0

    @property
    def turn(self) -> float:
        """A whole turn, in the unit of angles."""
        return 2 * np.pi if self.wave == "cosine" else 1.0

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Draw frequencies, phases from all of a turn, and weights."""
        waves, _ = self.views(parameters)
        sigma = math.exp(random_state.uniform(*np.log(self.sigmas)))
        waves[..., 0] = self.turn * random_state.normal(0, sigma, waves.shape[:-1])
        waves[..., 1] = random_state.uniform(-self.turn / 2, self.turn / 2, waves.shape[:-1])
        self.initialize_weights(random_state, parameters)

    def learning_rates(self) -> FloatArray:
        """Return each parameter's factor: frequencies are learned in turns, phases in radians."""
        rates = np.full(self.parameter_shape, self.learning_rate)
        waves, _ = self.views(rates)
        waves[..., 0] *= self.turn
        waves[..., 1] *= self.turn / (2 * np.pi)
        return rates

    def write_values(self, arguments: FloatArray, spare: FloatArray, values: FloatArray) -> None:
        """Write the waves of angles; of parabolas spare gets ``|u| - 1/2``."""
        if self.wave == "cosine":
            np.cos(arguments, out=values)
        else:
            write_parabolas(arguments, spare, values)

    def write_slopes(self, arguments: FloatArray, spare: FloatArray, values: FloatArray) -> None:
        """Write the slopes of waves; of a parabola ``|u| - 1/4``."""
        if self.wave == "cosine":
            np.sin(arguments, out=spare)
        else:
            np.add(spare, 0.25, out=spare)
