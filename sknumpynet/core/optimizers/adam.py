"""Adam."""

from typing import Any, ClassVar

import numpy as np

from sknumpynet.core.optimizers.base import Optimizer, Piece, cast, times
from sknumpynet.core.optimizers.hyperparameters import Hyperparameter
from sknumpynet.core.types import BoolArray, FloatArray, Scalar

__all__ = ["Adam"]


class Adam(Optimizer):
    """Adam, in the variant whose epsilon is not divided by the bias correction.

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon : float or ndarray of shape (K, 1)

    Notes
    -----
    The moments are kept divided by (1 - beta), which makes them plain decaying sums, and the
    factors go into the step size and epsilon: 10 NumPy calls a step instead of 14.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, the reformulation at
    the end of section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.core.optimizers import Update, update_parameters
    >>> parameters = np.array([1.0])
    >>> update = Update(Adam(0.1), parameters)
    >>> update.gradient[:] = 5.0
    >>> penalty = update_parameters(update, scale=1.0)
    >>> parameters.round(6)
    array([0.9])
    """

    n_buffers = 2
    description = "the method of Kingma and Ba"
    hyperparameters: ClassVar[tuple[Hyperparameter, ...]] = (
        Hyperparameter(
            "beta_1", 0.9, "Decay of the first moment in 'adam' and 'adamw', in [0, 1).", 0, 1
        ),
        Hyperparameter(
            "beta_2", 0.999, "Decay of the second moment in 'adam' and 'adamw', in [0, 1).", 0, 1
        ),
        Hyperparameter(
            "epsilon",
            1e-8,
            "Added to the root of the second moment in 'adam' and 'adamw'.",
            0,
            closed="neither",
        ),
    )

    _betas: tuple[FloatArray, FloatArray]
    _has_betas_of_members: bool
    _moment_scale: Scalar
    _epsilon: FloatArray
    _step_size: FloatArray

    def __init__(
        self,
        learning_rate: Scalar,
        *,
        beta_1: Scalar = 0.9,
        beta_2: Scalar = 0.999,
        epsilon: Scalar = 1e-8,
    ) -> None:
        super().__init__(learning_rate)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def bind(self, parameters: FloatArray) -> FloatArray:
        """Return a state; make the constants in the shape and type that it needs."""
        dtype = parameters.dtype
        self._betas = cast(self.beta_1, dtype), cast(self.beta_2, dtype)
        self._has_betas_of_members = any(beta.ndim > 0 for beta in self._betas)
        self._moment_scale = np.sqrt(1.0 - self.beta_2)
        self._epsilon = cast(self.epsilon / self._moment_scale, dtype)
        return super().bind(parameters)

    def begin_step(self, taken: int | BoolArray) -> None:
        """Count the step and make its bias corrections."""
        super().begin_step(taken)
        settings: Any = self.beta_1, self.beta_2, self.n_updates
        correction: Scalar
        if self._has_betas_of_members or isinstance(self.n_updates, np.ndarray):
            correction = _bias_corrections(*settings).astype(float)
        else:
            correction = _bias_correction(*settings)
        step_size = self.learning_rate * correction * (1.0 - self.beta_1) / self._moment_scale
        self._step_size = cast(step_size, self._dtype)

    def step(self, piece: Piece) -> None:
        """Take both moments on and move by their ratio."""
        (first, second), move = piece.state, piece.scratch
        np.multiply(first, self._betas[0], out=first)
        np.add(first, piece.gradient, out=first)
        np.multiply(piece.gradient, piece.gradient, out=move)
        np.multiply(second, self._betas[1], out=second)
        np.add(second, move, out=second)
        np.sqrt(second, out=move)
        np.add(move, self._epsilon, out=move)
        np.divide(first, move, out=move)
        np.multiply(move, times(self._step_size, piece.rates), out=move)
        np.subtract(piece.parameters, move, out=piece.parameters)


def _bias_correction(beta_1: float, beta_2: float, n_updates: int) -> float:
    t = max(n_updates, 1)  # 0: a member that has yet to take a step
    correction: float = (1.0 - beta_2**t) ** 0.5 / (1.0 - beta_1**t)
    return correction


# Of columns, member by member: NumPy's powers of an array differ from those of numbers in the last
# bit, and a member's bits would tell which others are in its stack.
_bias_corrections = np.frompyfunc(_bias_correction, 3, 1)
