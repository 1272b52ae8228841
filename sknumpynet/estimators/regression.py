"""What makes a regressor of networks: targets, losses, quantiles."""

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from sknumpynet.core.inference import member_blocks, member_mean
from sknumpynet.core.losses import Loss
from sknumpynet.estimators.conformal import (
    HeldOutRows,
    IntervalMethod,
    bounds_of,
    check_option,
    checked_levels,
)
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

    def predict_interval(
        self, X: Any, level: float | Sequence[float] = 0.9, *, method: IntervalMethod = "plus"
    ) -> np.ndarray:
        """Return bounds that hold the targets of so many new rows.

        Networks say how wrong they are about rows that had no part in them: neither in what they
        learned nor in the epoch that they keep. New rows must be such as these were, in any order:
        where they come later in time, or from elsewhere, nothing is promised.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        level : float or list of float, default=0.9
            Part of the targets that is to be held, above 0 and below 1.
        method : {'plus', 'minmax', 'mean'}, default='plus'
            'plus' holds ``level`` of new targets and more: 0.92 in place of 0.9 of 1,500 noisy
            rows, 0.96 of 200, where networks differ. Proven is ``1 - 2 (1 - level)``, and of K
            folds of n rows at most ``(1 - 1/K) / (n/K + 1)`` less. 'minmax' is wider: proven is
            ``level``. 'mean' is narrower and closest to ``level``: bounds are as far from the
            prediction as networks were off, less what their mean does not scatter. Nothing is
            proven of them.

        Returns
        -------
        ndarray of shape (n_samples, 2), (n_samples, 2, n_levels), (n_samples, n_outputs, 2) or \
                (n_samples, n_outputs, 2, n_levels)
            Lower and upper bounds, which hold the prediction too. Infinite, with a warning, where
            the rows held out are too few for the level. With ``loss='quantile'`` they follow the
            two quantiles that are closest to the level's, widened by how often these fail.

        Raises
        ------
        ValueError
            For levels and methods that are none, and where no rows were held out.

        Notes
        -----
        Rows held out count by their ``sample_weight``, a new one as the mean of them. The unit that
        targets are learned in is of all rows.

        References
        ----------
        R. Barber, E. Candès, A. Ramdas, R. Tibshirani, "Predictive Inference with the Jackknife+",
        Annals of Statistics 49, 2021; Y. Romano, E. Patterson, E. Candès, "Conformalized Quantile
        Regression", NeurIPS 2019.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sknumpynet import TabularMLPRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> regressor = TabularMLPRegressor("fast", random_state=0).fit(X[:300], y[:300])
        >>> lower, upper = regressor.predict_interval(X[300:], level=0.9).T
        >>> bool(((lower <= y[300:]) & (y[300:] <= upper)).mean() > 0.85)
        True
        """
        levels, is_single = checked_levels(level)
        check_option("method", method, IntervalMethod)
        held_out = self._held_out_rows()
        X = self._check_for_prediction(X)
        n_networks = self._n_fitted() * max(len(held_out.ensembles), 1)
        blocks = member_blocks(X.shape[0], n_networks * self.n_outputs_)
        bounds = np.concatenate(
            [self._bounds(held_out, X[rows], levels, method) for rows in blocks]
        )
        if is_single:
            bounds = bounds[..., 0]
        return bounds[:, 0] if held_out.targets.shape[1] == 1 else bounds

    def _bounds(
        self, held_out: HeldOutRows, X: Any, levels: Sequence[float], method: IntervalMethod
    ) -> np.ndarray:
        """Return bounds of checked rows, of shape (n_samples, n_targets, 2, n_levels)."""
        n_targets = held_out.targets.shape[1]
        networks = np.arange(self._n_fitted() * max(len(held_out.ensembles), 1))
        of_held_out = self._in_range(held_out.predictions, held_out, held_out.networks)
        mean = self._as_output(self._mean_activated(X))
        mean = mean.reshape(len(mean), -1)
        if method == "mean":
            of_new = np.broadcast_to(mean, (len(networks), *mean.shape))
        else:
            of_new = self._of_all_networks(held_out, X)
            of_new = self._in_range(of_new, held_out, networks[:, np.newaxis])
        bounds = np.empty((X.shape[0], n_targets, 2, len(levels)))
        for place, level in enumerate(levels):
            for k in range(n_targets):
                ends = self._outputs_between(k, level)
                bounds[:, k, :, place] = bounds_of(
                    held_out.of_target(k),
                    of_held_out[:, ends],
                    of_new[..., ends],
                    level,
                    method,
                    self._scatter(held_out, ends),
                )
                centre = mean[:, self._outputs_between(k, 0.0)]
                bounds[:, k, 0, place] = np.minimum(bounds[:, k, 0, place], centre[:, 0])
                bounds[:, k, 1, place] = np.maximum(bounds[:, k, 1, place], centre[:, 1])
        return bounds

    def _outputs_between(self, target: int, level: float) -> list[int]:
        """Return the outputs that say between what a target lies."""
        quantiles = getattr(self, "quantiles_", None)
        if quantiles is None:
            return [target, target]
        tail = (1.0 - level) / 2
        return [int(np.argmin(np.abs(np.array(quantiles) - end))) for end in (tail, 1.0 - tail)]

    def _scatter(self, held_out: HeldOutRows, outputs: list[int]) -> float:
        """Return the deviation of one network's errors that the mean of all does not have."""
        low, high = outputs
        if low != high or held_out.member_variance is None:
            return 0.0
        n_members = self._n_fitted()
        spread = np.sqrt(held_out.member_variance[low]) * self._unit_of_outputs()[low]
        return float(np.sqrt(1.0 - 1.0 / n_members) * spread)

    def _unit_of_outputs(self) -> np.ndarray:
        """Return what the network's outputs are measured in."""
        return np.ones(self.n_outputs_)

    def _in_range(
        self, predictions: np.ndarray, held_out: HeldOutRows, networks: np.ndarray
    ) -> np.ndarray:
        """Return what networks say, in the targets' units, within what each has seen of them."""
        return predictions.astype(np.float64)

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
