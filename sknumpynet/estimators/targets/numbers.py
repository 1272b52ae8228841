"""Real numbers as targets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.metrics import mean_pinball_loss, r2_score
from sklearn.utils import column_or_1d

from sknumpynet.core.losses import LOSSES, CustomLoss, Loss, QuantileLoss
from sknumpynet.core.types import BoolArray
from sknumpynet.estimators.targets.base import Targets
from sknumpynet.utils.weights import without_effect

__all__ = ["LOSSES_OF_NUMBERS", "NumberTargets", "negative_pinball_loss", "squeezed"]

# What ``loss`` may be called.
LOSSES_OF_NUMBERS = {"squared_error", "poisson", "gamma", "absolute_error", "huber", "quantile"}


class NumberTargets(Targets):
    """Numbers, which the network learns as they are.

    Parameters
    ----------
    loss : str, Loss or object
        The estimator's.
    quantile : float or list of float
        The estimator's.
    """

    def __init__(self, loss: Any, quantile: Any = 0.5) -> None:
        self._loss, self.quantile = loss, quantile

    @property
    def loss(self) -> Loss:
        """The engine's loss of that name, or the user's."""
        loss = self._loss
        if isinstance(loss, Loss):
            if loss.name not in LOSSES_OF_NUMBERS:
                raise ValueError(f"loss must be one of {sorted(LOSSES_OF_NUMBERS)}, got {loss!r}")
            return loss
        if not isinstance(loss, str):
            return CustomLoss(loss, "identity")
        if loss == "quantile":
            return QuantileLoss(tuple(float(level) for level in np.ravel(self.quantile)))
        return LOSSES[loss]

    @property
    def attributes(self) -> dict[str, Any]:
        """The levels of quantiles, if the loss has some."""
        loss = self.loss
        return {"quantiles_": list(loss.levels)} if isinstance(loss, QuantileLoss) else {}

    def encoded(self, y: Any, *, is_part: bool) -> np.ndarray:
        """Return the numbers, a column for each output.

        Raises
        ------
        ValueError
            For what is no real number, and for several columns where a loss takes one.
        """
        if issparse(y):
            y = y.toarray()
        if y.dtype.kind not in "biuf":
            raise ValueError(f"y must be real numbers, got values of dtype {y.dtype}.")
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        targets: np.ndarray = y.reshape(len(y), -1)
        if isinstance(self.loss, QuantileLoss) and targets.shape[1] > 1:
            raise ValueError(
                f"the loss 'quantile' takes one column of y, got {targets.shape[1]}: use "
                "sklearn.multioutput.MultiOutputRegressor"
            )
        return targets

    def learnable(self, targets: np.ndarray, has_weight: BoolArray | None) -> np.ndarray:
        """Return targets that the loss is defined for in every row.

        Raises
        ------
        ValueError
            If it is not in a row of weight above 0.
        """
        self._check_range(targets if has_weight is None else targets[has_weight])
        return np.asarray(without_effect(targets, has_weight))

    def _check_range(self, targets: np.ndarray) -> None:
        if len(targets) == 0:
            return
        loss, lowest = self.loss, targets.min()
        if loss == LOSSES["poisson"] and lowest < 0:
            raise ValueError(
                "Some value(s) of y are out of the valid range of the loss 'poisson': y must not "
                f"be negative, got {lowest}."
            )
        if loss == LOSSES["gamma"] and lowest <= 0:
            raise ValueError(
                "Some value(s) of y are out of the valid range of the loss 'gamma': y must be "
                f"positive, got {lowest}."
            )

    def score(
        self, targets: np.ndarray, predictions: np.ndarray, sample_weight: np.ndarray | None
    ) -> float:
        """Return R², or of several quantiles minus their mean pinball loss."""
        if not np.isfinite(predictions).all():
            return np.nan
        loss = self.loss
        if isinstance(loss, QuantileLoss) and predictions.shape[1] > targets.shape[1]:
            return negative_pinball_loss(targets[:, 0], predictions, loss.levels, sample_weight)
        return float(r2_score(targets, predictions, sample_weight=sample_weight))

    def decoded(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions, of one output without its axis."""
        return squeezed(predictions)


def squeezed(predictions: np.ndarray) -> np.ndarray:
    """Return predictions (..., n_samples, n_outputs), of one output without its axis."""
    return predictions[..., 0] if predictions.shape[-1] == 1 else predictions


def negative_pinball_loss(
    y: np.ndarray, predictions: np.ndarray, levels: Sequence[float], sample_weight: Any
) -> float:
    """Return minus the mean of the pinball losses, a column of predictions for each level."""
    losses = [
        mean_pinball_loss(y, prediction, sample_weight=sample_weight, alpha=level)
        for prediction, level in zip(predictions.T, levels, strict=True)
    ]
    return -float(np.mean(losses))
