"""A batch's gradient: forward, the loss, backward."""

import numpy as np

from sknumpynet.core.batching import Batch
from sknumpynet.core.losses import PREDICTIONS, Loss
from sknumpynet.core.network import (
    Network,
    Propagation,
    backward_propagation,
    forward_propagation,
)
from sknumpynet.core.types import FloatArray, Scalar

__all__ = ["Backpropagation", "penalty_factors"]


class Backpropagation:
    """A loss, and a network bound to its parameters, for one batch size.

    Parameters
    ----------
    loss : Loss
    propagation : Propagation

    Attributes
    ----------
    scale : ndarray of shape ()
        One over the batch's size, in the parameters' type.
    """

    def __init__(self, loss: Loss, propagation: Propagation) -> None:
        self.propagation = propagation
        self.predict = PREDICTIONS[loss.output_activation]
        self.differentiate = loss.differentiate
        self.delta = np.empty(propagation.raw_shape, propagation.dtype)
        self.scale = np.asarray(1.0 / propagation.n_samples, propagation.dtype)

    def run(self, batch: Batch) -> None:
        """Write the gradient, the sum over the batch's samples, each times its weight.

        What the network makes of the batch is in its ``raw`` and ``predictions`` then.
        """
        delta = self.delta
        forward_propagation(self.propagation, batch.inputs, out=batch.raw)
        self.predict(batch.raw, batch.predictions)
        self.differentiate(batch.raw, batch.predictions, batch.targets, delta)
        if batch.weights is not None:
            np.multiply(delta, batch.weights, out=delta)
        backward_propagation(self.propagation, delta)


def penalty_factors(network: Network, alpha: Scalar) -> FloatArray:
    """Return each parameter's factor in the L2 penalty ½ Σ factor · parameter².

    Parameters
    ----------
    network : Network
    alpha : float or ndarray of shape (K, 1)
        The factor of the weights; biases have none.

    Returns
    -------
    ndarray of shape (P,) or (K, P)
    """
    # Not by multiplication: a penalty beside tiny weights may be infinite.
    return np.where(network.is_decayed, alpha, 0.0)
