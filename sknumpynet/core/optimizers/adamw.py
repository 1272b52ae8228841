"""Adam with decoupled weight decay."""

import numpy as np

from sknumpynet.core.optimizers.adam import Adam
from sknumpynet.core.optimizers.base import Piece, cast, times
from sknumpynet.core.optimizers.hyperparameters import Hyperparameter
from sknumpynet.core.types import BoolArray, FloatArray, Scalar

__all__ = ["AdamW"]


class AdamW(Adam):
    """Adam with weights that decay by themselves, not through the gradient.

    Parameters
    ----------
    learning_rate, weight_decay, beta_1, beta_2, epsilon : float or ndarray of shape (K, 1)
        In a step weights shrink by ``learning_rate * weight_decay`` of their size, whatever their
        own factors on the learning rate.

    References
    ----------
    Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.core.optimizers import Update, update_parameters
    >>> parameters = np.array([1.0])
    >>> update = Update(AdamW(0.1, weight_decay=0.5), parameters)
    >>> penalty = update_parameters(update, scale=1.0)
    >>> parameters.round(6)
    array([0.95])
    """

    description = "the same with ``weight_decay``"
    hyperparameters = (
        *Adam.hyperparameters,
        Hyperparameter(
            "weight_decay",
            0.01,
            "Of 'adamw': each step takes this times the learning rate off the weights, but not off "
            "the biases. ``alpha`` is there as well, as a penalty.",
            0,
        ),
    )

    weight_decay: Scalar
    _shrinkage: FloatArray

    def __init__(
        self,
        learning_rate: Scalar,
        *,
        beta_1: Scalar = 0.9,
        beta_2: Scalar = 0.999,
        epsilon: Scalar = 1e-8,
        weight_decay: Scalar = 0.01,
    ) -> None:
        super().__init__(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)
        self.weight_decay = weight_decay

    def begin_step(self, taken: int | BoolArray) -> None:
        """Count the step; make its bias corrections and the size of the decay."""
        super().begin_step(taken)
        self._shrinkage = cast(self.learning_rate * self.weight_decay, self._dtype)

    def step(self, piece: Piece) -> None:
        """Let the piece's weights decay, then take Adam's step."""
        lost = times(self._shrinkage, piece.decayed)
        kept = np.subtract(1.0, lost, dtype=lost.dtype)
        np.multiply(piece.parameters, kept, out=piece.parameters)
        super().step(piece)
