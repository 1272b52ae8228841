"""What makes a regressor of networks: targets, losses, quantiles."""

import itertools
from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from sknumpynet.core.inference import member_blocks, member_mean
from sknumpynet.core.losses import Loss
from sknumpynet.estimators.conformal import (
    HeldOutRows,
    IntervalMethod,
    SortedScores,
    bounds_of,
    check_option,
    checked_levels,
    scores_of_errors,
    warn_of_few_rows,
)
from sknumpynet.estimators.targets import (
    LOSSES_OF_NUMBERS,
    NumberTargets,
    negative_pinball_loss,
    squeezed,
)
from sknumpynet.utils.scikit_learn import HasMethods, Interval, StrOptions

__all__ = ["NetworkRegressor"]


class _JudgedBounds(NamedTuple):
    """What bounds of a target at a level go by.

    Parameters
    ----------
    level : float
    outputs, centre : list of int
        Two outputs that bounds lie around, and two that they hold.
    scores : SortedScores
        How far off networks were.
    """

    level: float
    outputs: list[int]
    centre: list[int]
    scores: SortedScores


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
        judged = self._judged(held_out, levels, method)
        bounds = np.concatenate(
            [
                self._bounds(held_out, judged, X[rows], method)
                for rows in member_blocks(X.shape[0], held_out.n_networks * self.n_outputs_)
            ]
        )
        bounds = bounds.reshape(len(bounds), -1, len(levels), 2).swapaxes(2, 3)
        if is_single:
            bounds = bounds[..., 0]
        return bounds[:, 0] if held_out.targets.shape[1] == 1 else bounds

    def _judged(
        self, held_out: HeldOutRows, levels: Sequence[float], method: IntervalMethod
    ) -> list["_JudgedBounds"]:
        """Return what bounds go by, of each target the levels in turn."""
        said = self._in_range(held_out.predictions, held_out, held_out.networks)
        known: dict[tuple[int, ...], SortedScores] = {}
        judged = []
        for target, level in itertools.product(range(held_out.targets.shape[1]), levels):
            outputs = self._outputs_between(target, level)
            key = (target, *outputs)
            if key not in known:
                scatter = self._scatter(held_out, outputs) if method == "mean" else 0.0
                known[key] = scores_of_errors(held_out, target, said[:, outputs], scatter)
            if target == 0:  # all targets are of the same rows
                warn_of_few_rows(known[key], level, stacklevel=3)
            centre = self._outputs_between(target, 0.0)
            judged.append(_JudgedBounds(level, outputs, centre, known[key]))
        return judged

    def _bounds(
        self,
        held_out: HeldOutRows,
        judged: Sequence["_JudgedBounds"],
        X: Any,
        method: IntervalMethod,
    ) -> np.ndarray:
        """Return bounds of checked rows, of shape (n_samples, len(judged), 2)."""
        mean = self._as_output(self._mean_activated(X))
        mean = mean.reshape(len(mean), -1)
        networks = np.arange(held_out.n_networks)
        if method == "mean":
            of_new = np.broadcast_to(mean, (len(networks), *mean.shape))
        else:
            of_new = self._of_all_networks(held_out, X)
            of_new = self._in_range(of_new, held_out, networks[:, np.newaxis])
        bounds = np.empty((len(mean), len(judged), 2))
        for place, own in enumerate(judged):
            found = bounds_of(own.scores, of_new[..., own.outputs], own.level, method)
            low, high = mean[:, own.centre].T
            bounds[:, place, 0] = np.minimum(found[:, 0], low)
            bounds[:, place, 1] = np.maximum(found[:, 1], high)
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
            Of a stream, which estimators for tables take, targets and weights may be names.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
        """
        y, sample_weight = self._targets_of(X, y, sample_weight)
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
