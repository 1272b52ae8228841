"""A batch's gradient: forward, the loss, backward."""

from collections.abc import Sequence

import numpy as np

from sknumpynet.core.batching import Batch
from sknumpynet.core.losses import PREDICTIONS, Loss
from sknumpynet.core.network import (
    Network,
    Propagation,
    backward_propagation,
    forward_propagation,
)
from sknumpynet.core.types import FloatArray

__all__ = ["Backpropagation", "penalty_factors"]


class Backpropagation:
    """A network and a loss, bound to parameters, their gradient, and scratch for one batch size.

    Parameters
    ----------
    network : Network
    loss : Loss
    parameters, gradient : ndarray of shape (..., P)
    n_samples : int
        Samples in a batch.
    sparse_inputs : bool
        Whether batches are sparse matrices.
    dropout : sequence of bool, optional
        For each hidden layer whether units are dropped out.

    Attributes
    ----------
    propagation : Propagation
    scale : ndarray of shape ()
        One over the batch's size, in the parameters' type.
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        parameters: FloatArray,
        gradient: FloatArray,
        n_samples: int,
        *,
        sparse_inputs: bool = False,
        dropout: Sequence[bool] = (),
    ) -> None:
        self.propagation = Propagation(
            network,
            parameters,
            gradient,
            n_samples,
            sparse_inputs=sparse_inputs,
            dropout=dropout,
        )
        self.predict = PREDICTIONS[loss.output_activation]
        self.differentiate = loss.differentiate
        shape = (*parameters.shape[:-1], network.fan_out, n_samples)
        self.delta = np.empty(shape, parameters.dtype)
        self.scale = np.asarray(1.0 / n_samples, parameters.dtype)

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


def penalty_factors(network: Network, alpha: float | FloatArray) -> FloatArray:
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
