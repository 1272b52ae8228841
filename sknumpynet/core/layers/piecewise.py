"""The embedding of numbers by piecewise linear functions."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from sknumpynet.core.layers.mixture import MixtureEmbedding
from sknumpynet.core.types import FloatArray

__all__ = ["PiecewiseLinearEmbedding"]

# Knots are so far apart at least: a step that nothing can be learned of would be steeper.
LEAST_DISTANCE = 1e-3


@dataclass(frozen=True)
class PiecewiseLinearEmbedding(MixtureEmbedding):
    """Each feature x becomes x itself and ``n_mixtures`` piecewise linear functions of it.

    Such a function is a weighted sum of ``n_pieces`` ramps, each of which goes from -1/2 to 1/2
    between two neighbours among ``n_pieces + 1`` knots. Where knots are close it can be a
    threshold, which waves can only learn by high frequencies everywhere. Knots start where they
    are set, see `set_knots`, and are learned as the weights are.

    Parameters
    ----------
    fan_in : int
        Features.
    n_pieces, n_mixtures : int
    learning_rate : float
        Factor on the learning rate of the network.

    References
    ----------
    Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS
    2022, section 3.2, with mixtures of pieces and knots that are learned.

    Examples
    --------
    >>> import numpy as np
    >>> embedding = PiecewiseLinearEmbedding(1, n_pieces=2, n_mixtures=1)
    >>> parameters = np.ones(embedding.parameter_shape)
    >>> embedding.set_knots(parameters, np.array([[0.0, 1.0, 3.0]]))
    >>> embedding.apply(parameters, np.array([[-9.0, 0.5, 2.0, 9.0], np.ones(4)]))[0]
    array([-1. , -0.5,  0.5,  1. ])
    """

    fan_in: int
    n_pieces: int = 16
    n_mixtures: int = 3
    learning_rate: float = 0.1

    @property
    def n_functions(self) -> int:
        """Ramps of each feature."""
        return self.n_pieces

    def initialize(
        self,
        random_state: np.random.RandomState,
        parameters: FloatArray,
        initializer: str = "auto",
        inputs: FloatArray | None = None,
    ) -> None:
        """Draw weights; knots are quantiles of the inputs, or of a normal distribution."""
        shares = np.linspace(0, 1, self.n_pieces + 1)
        if inputs is None:
            quantiles = ndtri(np.clip(shares, 0.001, 0.999))
            knots = np.broadcast_to(quantiles, (self.fan_in, len(shares)))
        else:
            knots = np.quantile(inputs[: self.fan_in], shares, axis=1).T
        self.set_knots(parameters, knots)
        self.initialize_weights(random_state, parameters)

    def set_knots(self, parameters: FloatArray, knots: FloatArray) -> None:
        """Let ramps go between knots.

        Parameters
        ----------
        parameters : ndarray of shape ``(..., *parameter_shape)``
        knots : ndarray of shape (..., fan_in, n_pieces + 1)
            Ascending.
        """
        ramps, _ = self.views(parameters)
        steepness = 1.0 / np.maximum(np.diff(knots), LEAST_DISTANCE)
        ramps[..., 0] = steepness
        ramps[..., 1] = -0.5 - knots[..., :-1] * steepness

    def learning_rates(self) -> FloatArray:
        """Return each parameter's factor on the learning rate."""
        return np.full(self.parameter_shape, self.learning_rate)

    def write_values(self, arguments: FloatArray, spare: FloatArray, values: FloatArray) -> None:
        """Write the ramps."""
        np.clip(arguments, -0.5, 0.5, out=values)

    def write_slopes(self, arguments: FloatArray, spare: FloatArray, values: FloatArray) -> None:
        """Write 1 on a ramp and 0 beside it."""
        np.equal(arguments, values, out=spare)
