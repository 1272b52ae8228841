"""Losses of the residual: half its square, its absolute value, and Huber's between the two."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sknumpynet.core.losses.base import Loss, sum_outputs
from sknumpynet.core.types import FloatArray

__all__ = ["HuberLoss", "_AbsoluteError", "_SquaredError"]


@dataclass(frozen=True)
class _SquaredError(Loss):
    name = "squared_error"
    output_activation = "identity"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        residuals = raw - targets
        return 0.5 * sum_outputs(np.multiply(residuals, residuals, out=residuals))

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        return np.divide(self.value(raw, targets), raw.shape[-2])


@dataclass(frozen=True)
class _AbsoluteError(Loss):
    name = "absolute_error"
    output_activation = "identity"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        return sum_outputs(np.abs(raw - targets))

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        np.sign(np.subtract(predictions, targets, out=out), out=out)


@dataclass(frozen=True)
class HuberLoss(Loss):
    """Half the squared error up to a distance, from there on as steep as it is there.

    Parameters
    ----------
    delta : float
        The distance, in the unit of the targets.

    References
    ----------
    Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 35,
    1964.

    Examples
    --------
    >>> import numpy as np
    >>> HuberLoss(delta=2.0).value(np.array([[1.0, 10.0]]), np.zeros((1, 2))).tolist()
    [0.5, 18.0]
    """

    delta: float = 1.0
    name: ClassVar[str] = "huber"
    output_activation: ClassVar[str] = "identity"

    def __post_init__(self) -> None:
        if not 0 < self.delta < np.inf:
            raise ValueError(f"delta must be positive and finite, got {self.delta}")

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        """Return the loss of each sample."""
        distance = np.abs(raw - targets)
        near = np.minimum(distance, self.delta)
        return sum_outputs(near * (distance - 0.5 * near))

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        """Write the residuals, no larger than ``delta``."""
        np.clip(np.subtract(predictions, targets, out=out), -self.delta, self.delta, out=out)
