"""Half deviances of counts and of positive numbers; what is learned is the mean's logarithm."""

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from sknumpynet.core.losses.base import Loss, sum_outputs
from sknumpynet.core.types import FloatArray

__all__ = ["_Gamma", "_Poisson"]


@dataclass(frozen=True)
class _Poisson(Loss):
    """Half the Poisson deviance: zero where the prediction is the target."""

    name = "poisson"
    output_activation = "exp"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        return self.reported_value(raw, np.exp(raw), targets)

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        return sum_outputs(xlogy(targets, targets) - targets - targets * raw + predictions)


@dataclass(frozen=True)
class _Gamma(Loss):
    """Half the gamma deviance, over the logarithm of the mean: zero at the target."""

    name = "gamma"
    output_activation = "exp"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        distance = raw - np.log(targets)
        return sum_outputs(distance + np.expm1(-distance))

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        np.subtract(1.0, targets / predictions, out=out)
