"""The rows that are held out from training, and what is said of the network by them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.metrics import check_scoring

from sknumpynet._fitted import fitted_view
from sknumpynet._sklearn import rows_of
from sknumpynet.core.network import Network, raw_outputs

if TYPE_CHECKING:
    from sknumpynet._base import BaseNetwork

__all__ = ["HeldOut", "Judge", "judge_for"]


class HeldOut(NamedTuple):
    """Rows to judge by.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
    y : ndarray
        The targets as they were given.
    targets : ndarray of shape (n_samples, n_outputs)
        The targets as the network learns them.
    sample_weight : ndarray of shape (n_samples,) or None
    counts : ndarray of bool of shape (n_samples,) or None
        Which rows have a ``sample_weight`` of their own above 0, if not all.
    """

    X: Any
    y: np.ndarray
    targets: np.ndarray
    sample_weight: np.ndarray | None
    counts: np.ndarray | None = None


@dataclass(frozen=True)
class Judge:
    """Scores parameters by the rows held out; can be sent to another process.

    Parameters
    ----------
    network : Network
    held_out : HeldOut
    score : callable(targets, predictions, sample_weight) or None
        None for the negative loss.
    scorer : callable(estimator, X, y) or None
        Takes the place of ``score``.
    estimator : BaseNetwork or None
        For the scorer.
    """

    network: Network
    held_out: HeldOut
    score: Callable[[np.ndarray, np.ndarray, np.ndarray | None], float] | None
    scorer: Callable[..., float] | None = None
    estimator: Any = None

    def __call__(self, parameters: np.ndarray) -> tuple[float, float]:
        """Return the score and the loss of parameters of shape (P,)."""
        network, held_out = self.network, self.held_out
        raw = raw_outputs(network, parameters, held_out.X)
        # The engine's losses have samples last, and contiguous.
        raw = np.ascontiguousarray(raw.T)
        predictions, targets = np.empty_like(raw), held_out.targets.T.astype(raw.dtype)
        network.loss.predict(raw, predictions)
        values = network.loss.reported_value(raw, predictions, targets)
        loss = float(np.average(values, weights=held_out.sample_weight))
        return self._score(parameters, predictions, loss), loss

    def _score(self, parameters: np.ndarray, predictions: np.ndarray, loss: float) -> float:
        held_out = self.held_out
        if self.scorer is not None:
            view = fitted_view(self.estimator, self.network, parameters, held_out.X)
            if not hasattr(view, "preprocessor_"):
                # The rows held out are arrays, without names; encoded ones are not checked.
                vars(view).pop("feature_names_in_", None)
            weight = held_out.sample_weight
            given = {} if weight is None else {"sample_weight": weight}
            return float(self.scorer(view, held_out.X, held_out.y, **given))
        if self.score is None:
            return -loss
        return self.score(held_out.targets, predictions.T, held_out.sample_weight)


def judge_for(estimator: "BaseNetwork", recipe: Any, network: Network, held_out: HeldOut) -> Judge:
    """Return the judge that a recipe's ``scoring`` asks for.

    Raises
    ------
    ValueError
        For a scorer that there is none of.
    """
    scoring = recipe.scoring
    if scoring is None:
        return Judge(network, held_out, estimator._validation_score)
    if isinstance(scoring, str) and scoring == "loss":
        return Judge(network, held_out, None)
    scorer = check_scoring(estimator, scoring=scoring)
    return Judge(network, _rows_that_count(held_out), None, scorer, estimator)


def _rows_that_count(held_out: HeldOut) -> HeldOut:
    """Return the rows that count: what a scorer makes of others, weighted by 0, is not known."""
    if held_out.counts is None:
        return held_out
    rows = np.flatnonzero(held_out.counts)
    return HeldOut(*(None if values is None else rows_of(values, rows) for values in held_out))
