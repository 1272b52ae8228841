"""Real numbers in units of their own as targets."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from sknumpynet.core.types import BoolArray
from sknumpynet.estimators.targets.numbers import NumberTargets, squeezed
from sknumpynet.training.data import TrainingData
from sknumpynet.utils.sketches import Moments

__all__ = ["ScaledNumberTargets", "TargetUnit"]


@dataclass(frozen=True)
class TargetUnit:
    """What the network's targets are measured in, a number for each column.

    Parameters
    ----------
    centre, spread : ndarray of shape (n_outputs,)
    lowest, highest : ndarray of shape (n_outputs,)
        The range that was seen, which predictions do not leave.
    """

    centre: np.ndarray
    spread: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray

    @classmethod
    def of(
        cls, targets: np.ndarray, sample_weight: np.ndarray | None, *, keeps_zero: bool
    ) -> "TargetUnit":
        """Return mean and standard deviation, or where zero has to stay zero the mean alone."""
        largest = np.abs(targets).max(axis=0)
        largest[largest == 0] = 1.0  # squares of the largest floats would overflow
        relative = targets / largest
        mean = np.average(relative, axis=0, weights=sample_weight)
        variance = np.average((relative - mean) ** 2, axis=0, weights=sample_weight)
        centre, spread = (np.zeros_like(mean), mean) if keeps_zero else (mean, np.sqrt(variance))
        return cls(
            centre * largest,
            np.where(spread > 0, spread, 1.0) * largest,
            targets.min(axis=0),
            targets.max(axis=0),
        )

    @classmethod
    def of_moments(cls, moments: Moments, *, keeps_zero: bool) -> "TargetUnit":
        """Return the same of targets that came in parts."""
        mean, spread = moments.mean, moments.deviation
        if keeps_zero:
            mean, spread = np.zeros_like(mean), mean
        spread = np.where(spread > 0, spread, 1.0)
        return cls(mean, spread, moments.lowest, moments.highest)

    def widened(self, targets: np.ndarray) -> "TargetUnit":
        """Return the same units with a range that holds these targets too."""
        return replace(
            self,
            lowest=np.minimum(self.lowest, targets.min(axis=0)),
            highest=np.maximum(self.highest, targets.max(axis=0)),
        )

    def scaled(self, targets: np.ndarray) -> np.ndarray:
        """Return targets in units, in the precision that networks of tables have."""
        return np.asarray((targets - self.centre) / self.spread, np.float32)

    def in_own(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions in the targets' own units."""
        return np.asarray(predictions.astype(np.float64) * self.spread + self.centre)

    def decoded(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions in the targets' own units, in the shape that users see."""
        return squeezed(np.clip(self.in_own(predictions), self.lowest, self.highest))


class ScaledNumberTargets(NumberTargets):
    """Numbers, which the network learns in units that are found in the first of them.

    Parameters
    ----------
    loss : str, Loss or object
        The estimator's.
    quantile : float or list of float
        The estimator's.
    known : dict
        The units, if they are known before: ``_unit`` of an estimator.
    """

    def __init__(self, loss: Any, quantile: Any, known: dict[str, Any]) -> None:
        super().__init__(loss, quantile)
        self._unit = TargetUnit(**known["_unit"]) if "_unit" in known else None

    @property
    def unit(self) -> TargetUnit:
        """The units, once targets were seen."""
        assert self._unit is not None
        return self._unit

    @property
    def attributes(self) -> dict[str, Any]:
        """The units, as a plain dict, and the levels of quantiles."""
        return {**super().attributes, "_unit": asdict(self.unit)}

    def in_units(self, targets: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
        """Return targets in units, those of the first if that is later."""
        targets = targets.astype(np.float64)
        if self._unit is None:
            # Where the loss is over the logarithm of the mean, zero has to stay zero.
            keeps_zero = self.loss.output_activation == "exp"
            self._unit = TargetUnit.of(targets, sample_weight, keeps_zero=keeps_zero)
        return self.unit.scaled(targets)

    def take_in(self, data: TrainingData) -> None:
        """Widen the range that was seen; the units stay."""
        self._unit = self.unit.widened(data.y.reshape(len(data.y), -1).astype(np.float64))

    def decoded(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions in the targets' own units."""
        return self.unit.decoded(predictions)

    def bounded(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions within the range that was seen, in units."""
        unit = self.unit
        lowest, highest = unit.scaled(unit.lowest), unit.scaled(unit.highest)
        return np.asarray(np.clip(predictions, lowest, highest))

    def out_of_fold_score(
        self, data: TrainingData, mean: np.ndarray, known: BoolArray, sample_weight: Any
    ) -> float:
        """Return the score in the targets' own units."""
        targets = data.y.reshape(len(data.y), -1)[known].astype(np.float64)
        predictions = self.decoded(mean).reshape(len(mean), -1)[known]
        # Squares of huge numbers overflow. A power of two changes no digit, nor does R².
        exponents = np.frexp(np.abs(targets).max(axis=0))[1]
        targets, predictions = np.ldexp(targets, -exponents), np.ldexp(predictions, -exponents)
        score = self.score(targets, predictions, sample_weight)
        is_loss = predictions.shape[1] > targets.shape[1]
        return float(np.ldexp(score, exponents[0])) if is_loss else score
