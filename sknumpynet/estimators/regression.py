"""What makes a regressor of networks: targets, losses, quantiles."""

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import issparse
from sklearn.base import RegressorMixin
from sklearn.metrics import mean_pinball_loss, r2_score
from sklearn.utils import Tags, column_or_1d

from sknumpynet.core.losses import LOSSES, Loss, OwnLoss, QuantileLoss
from sknumpynet.utils.scikit_learn import HasMethods, Interval, StrOptions

__all__ = ["NetworkRegressor"]

_LOSSES = {"squared_error", "poisson", "gamma", "absolute_error", "huber", "quantile"}


class NetworkRegressor(RegressorMixin):  # type: ignore[misc]
    """The half of a regressor that is about its targets; comes before the kind of network."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "loss": [
            StrOptions(_LOSSES),
            Loss,
            HasMethods(["value", "gradient"]),
        ],
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
    }

    def predict(
        self, X: Any, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Return the predicted value of each row, the mean over members.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        return_std : bool, default=False
            Whether to return the members' spread as well.

        Returns
        -------
        mean : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        std : ndarray of the same shape
            Standard deviation over members, 0 for a single network; only if ``return_std``. It
            says where members disagree, not how far targets scatter: that takes quantiles.
        """
        if not return_std:
            return self._as_output(self._predictions(X))
        activated = self._activated(self._check_for_prediction(X))
        members = activated if activated.ndim == 3 else activated[np.newaxis]
        mean = self._as_output(members.mean(axis=0))
        return mean, self._as_output(members).std(axis=0)

    def _as_output(self, predictions: np.ndarray) -> np.ndarray:
        return predictions[..., 0] if predictions.shape[-1] == 1 else predictions

    def _encode(self, y: Any, *, fresh: bool, incremental: bool) -> np.ndarray:
        if issparse(y):
            y = y.toarray()
        if y.dtype.kind not in "biuf":
            raise ValueError(f"y must be real numbers, got values of dtype {y.dtype}.")
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        targets: np.ndarray = y.reshape(len(y), -1)
        if isinstance(self._network_loss(), QuantileLoss) and targets.shape[1] > 1:
            raise ValueError(
                f"the loss 'quantile' takes one column of y, got {targets.shape[1]}: use "
                "sklearn.multioutput.MultiOutputRegressor"
            )
        return targets

    def _check_range(self, targets: np.ndarray) -> None:
        if len(targets) == 0:
            return
        loss, lowest = self._network_loss(), targets.min()
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

    def _network_loss(self) -> Loss:
        if isinstance(self.loss, Loss):
            if self.loss.name not in _LOSSES:
                raise ValueError(f"loss must be one of {sorted(_LOSSES)}, got {self.loss!r}")
            return self.loss
        if not isinstance(self.loss, str):
            return OwnLoss(self.loss, "identity")
        if self.loss == "quantile":
            return QuantileLoss(tuple(float(level) for level in np.ravel(self.quantile)))
        return LOSSES[self.loss]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R² of the predictions; for several quantiles minus their mean pinball loss.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
        """
        levels = getattr(self, "quantiles_", [])
        if len(levels) < 2:
            return float(super().score(X, y, sample_weight))
        predictions = self._as_output(self._predictions(X))
        return _negative_pinball_loss(np.ravel(y), predictions, levels, sample_weight)

    def _validation_score(
        self, targets: np.ndarray, predictions: np.ndarray, sample_weight: np.ndarray | None
    ) -> float:
        if not np.isfinite(predictions).all():
            return np.nan
        loss = self._network_loss()
        if isinstance(loss, QuantileLoss) and predictions.shape[1] > targets.shape[1]:
            return _negative_pinball_loss(targets[:, 0], predictions, loss.levels, sample_weight)
        return float(r2_score(targets, predictions, sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Tags are asked for before parameters are validated.
        name = self.loss if isinstance(self.loss, str) else ""
        if isinstance(self.loss, Loss):
            name = self.loss.name
        tags.target_tags.multi_output = name != "quantile"
        tags.target_tags.positive_only = name in ("poisson", "gamma")
        return tags


def _negative_pinball_loss(
    y: np.ndarray, predictions: np.ndarray, levels: Sequence[float], sample_weight: Any
) -> float:
    losses = [
        mean_pinball_loss(y, prediction, sample_weight=sample_weight, alpha=level)
        for prediction, level in zip(predictions.T, levels, strict=True)
    ]
    return -float(np.mean(losses))
