"""What makes a regressor of networks: targets, losses, quantiles."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from sknumpynet.core.inference import member_mean
from sknumpynet.core.losses import Loss
from sknumpynet.estimators.targets import (
    LOSSES_OF_NUMBERS,
    NumberTargets,
    negative_pinball_loss,
    squeezed,
)
from sknumpynet.utils.scikit_learn import HasMethods, Interval, StrOptions

__all__ = ["NetworkRegressor"]


class NetworkRegressor(RegressorMixin):  # type: ignore[misc]
    """The half of a regressor that is about its targets; comes before the kind of network."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "loss": [
            StrOptions(LOSSES_OF_NUMBERS),
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
        return self._as_output(member_mean(members)), self._as_output(members).std(axis=0)

    def _as_output(self, predictions: np.ndarray) -> np.ndarray:
        return squeezed(predictions)

    def _targets(self, known: dict[str, Any]) -> NumberTargets:
        return NumberTargets(self.loss, self.quantile)

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
        return negative_pinball_loss(np.ravel(y), predictions, levels, sample_weight)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Tags are asked for before parameters are validated.
        name = self.loss if isinstance(self.loss, str) else ""
        if isinstance(self.loss, Loss):
            name = self.loss.name
        tags.target_tags.multi_output = name != "quantile"
        tags.target_tags.positive_only = name in ("poisson", "gamma")
        return tags
