"""Gradient descent."""

import numpy as np

from sknumpynet.core.optimizers.base import Optimizer, Piece, cast, times
from sknumpynet.core.optimizers.hyperparameters import Hyperparameter
from sknumpynet.core.types import BoolArray, FloatArray, Scalar

__all__ = ["SGD"]


class SGD(Optimizer):
    """Gradient descent with momentum, plain or Nesterov's.

    Parameters
    ----------
    learning_rate, momentum : float or ndarray of shape (K, 1)
    nesterov : bool
        Look ahead along the new velocity.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning",
    ICML 2013, equations 1 to 4 in the form that keeps the looked-ahead point.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.core.optimizers import Update, update_parameters
    >>> parameters = np.array([1.0])
    >>> update = Update(SGD(0.1, momentum=0.0, nesterov=False), parameters)
    >>> update.gradient[:] = 2.0
    >>> penalty = update_parameters(update, scale=1.0)
    >>> parameters
    array([0.8])
    """

    n_buffers = 1
    description = "gradient descent with momentum"
    hyperparameters = (
        Hyperparameter("momentum", 0.9, "Momentum of 'sgd', in [0, 1].", 0, 1, "both"),
        Hyperparameter(
            "nesterov",
            True,
            "Whether 'sgd' uses Nesterov's momentum.",
            is_shared=True,
            parameter="nesterovs_momentum",
        ),
    )

    _rate: FloatArray
    _momentum: FloatArray

    def __init__(
        self, learning_rate: Scalar, *, momentum: Scalar = 0.9, nesterov: bool = True
    ) -> None:
        super().__init__(learning_rate)
        self.momentum = momentum
        self.nesterov = nesterov

    def begin_step(self, taken: int | BoolArray) -> None:
        """Count the step; the learning rate may have changed since the last."""
        super().begin_step(taken)
        self._rate = cast(self.learning_rate, self._dtype)
        self._momentum = cast(self.momentum, self._dtype)

    def step(self, piece: Piece) -> None:
        """Take the piece's velocity on and move along it."""
        (velocity,), move = piece.state, piece.gradient
        np.multiply(move, times(self._rate, piece.rates), out=move)
        np.multiply(velocity, self._momentum, out=velocity)
        np.subtract(velocity, move, out=velocity)
        if not self.nesterov:
            np.add(piece.parameters, velocity, out=piece.parameters)
            return
        np.multiply(velocity, self._momentum, out=piece.scratch)
        np.subtract(piece.scratch, move, out=move)
        np.add(piece.parameters, move, out=piece.parameters)
