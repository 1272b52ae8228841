"""Cross-entropies: of labels each by itself, and of classes that exclude each other."""

from dataclasses import dataclass

import numpy as np

from sknumpynet.core.losses.base import Loss, sum_outputs
from sknumpynet.core.types import FloatArray

__all__ = ["_BinaryCrossEntropy", "_CategoricalCrossEntropy"]


def _negative_log(probabilities: FloatArray) -> FloatArray:
    """Return -log(p), p clipped from below only: at 1 scikit-learn's clip moves it by 2e-16."""
    floor = np.finfo(probabilities.dtype).eps
    np.maximum(probabilities, floor, out=probabilities)
    np.log(probabilities, out=probabilities)
    return np.negative(probabilities, out=probabilities)


@dataclass(frozen=True)
class _BinaryCrossEntropy(Loss):
    name = "binary_cross_entropy"
    output_activation = "logistic"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        return sum_outputs(np.logaddexp(0.0, raw) - targets * raw)

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        # |(1 - y) - p| is the probability given to the true class, without rounding a small p away.
        given = (1.0 - targets) - predictions
        return sum_outputs(_negative_log(np.abs(given, out=given)))


@dataclass(frozen=True)
class _CategoricalCrossEntropy(Loss):
    name = "categorical_cross_entropy"
    output_activation = "softmax"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        largest = raw.max(axis=-2, keepdims=True)
        log_normaliser: FloatArray = np.log(np.exp(raw - largest).sum(axis=-2))
        of_target: FloatArray = (targets * (raw - largest)).sum(axis=-2)
        return log_normaliser - of_target

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        return _negative_log((predictions * targets).sum(axis=-2))
