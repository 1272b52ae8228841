"""The rows that are held out from training, and what is said of the network by them."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse

from sknumpynet.core.inference import raw_outputs
from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network
from sknumpynet.utils.columns import as_table
from sknumpynet.utils.scikit_learn import rows_of, takes_sample_weight

__all__ = [
    "HeldOut",
    "Judge",
    "ScoredTargets",
    "held_out_rows_that_count",
    "sliceable",
    "uses_scorer",
]


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
    given : object
        The rows as they were given, for a scorer; None where there is none.
    """

    X: Any
    y: np.ndarray
    targets: np.ndarray
    sample_weight: np.ndarray | None
    counts: np.ndarray | None = None
    given: Any = None


@dataclass(frozen=True)
class ScoredTargets:
    """What a scorer's targets are.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,), optional
        None for numbers.
    kind : str, optional
        As scikit-learn calls classes: 'binary', 'multiclass' or 'multilabel-indicator'.
    """

    classes: np.ndarray | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Judge:
    """Scores parameters by the rows held out; can be sent to another process.

    Parameters
    ----------
    network : Network
    loss : Loss
    held_out : HeldOut
    score : callable(targets, predictions, sample_weight) or None
        None for the negative loss.
    scorer : callable(model, X, y) or None
        Takes the place of ``score``.
    view : callable(network, parameters, given, encoded) or None
        Returns a model for the scorer, which predicts from rows as users give them; can be
        pickled.
    targets : ScoredTargets
        What a scorer's targets are.
    """

    network: Network
    loss: Loss
    held_out: HeldOut
    score: Callable[[np.ndarray, np.ndarray, np.ndarray | None], float] | None
    scorer: Any = None
    view: Callable[..., Any] | None = None
    targets: ScoredTargets = field(default_factory=ScoredTargets)

    def __call__(self, parameters: np.ndarray) -> tuple[float, float]:
        """Return the score and the loss of parameters of shape (P,)."""
        held_out = self.held_out
        raw = raw_outputs(self.network, parameters, held_out.X)
        # The engine's losses have samples last, and contiguous.
        raw = np.ascontiguousarray(raw.T)
        predictions, targets = np.empty_like(raw), held_out.targets.T.astype(raw.dtype)
        self.loss.predict(raw, predictions)
        values = self.loss.reported_value(raw, predictions, targets)
        loss = float(np.average(values, weights=held_out.sample_weight))
        if self.scorer is not None:
            try:
                return self.scored(parameters), loss
            except ValueError:  # of predictions that a metric does not take
                return math.nan, loss
        if self.score is None:
            return -loss, loss
        return self.score(held_out.targets, predictions.T, held_out.sample_weight), loss

    def scored(self, parameters: np.ndarray) -> float:
        """Return what the scorer says of parameters of shape (P,)."""
        held_out = self.held_out
        assert self.view is not None
        view = self.view(self.network, parameters, held_out.given, held_out.X)
        weight = self.scorer_weight
        weights = {} if weight is None else {"sample_weight": weight.copy()}
        # Copies: what a scorer changes is there again in the next epoch.
        rows, y = copy_of_rows(held_out.given), held_out.y.copy()
        score = self.scorer(view, rows, y, **weights)
        try:
            return float(score)
        except (TypeError, ValueError) as error:
            raise TypeError(f"scoring must give a number for a network, got {score!r}") from error

    @property
    def scorer_weight(self) -> np.ndarray | None:
        """The weights of the rows, if there are any and the scorer takes them."""
        weight = self.held_out.sample_weight
        if weight is None:
            return None
        is_multiclass = self.targets.kind == "multiclass"
        return weight if takes_sample_weight(self.scorer, is_multiclass=is_multiclass) else None

    def by_loss(self) -> "Judge":
        """Return one that goes by the negative loss."""
        return Judge(self.network, self.loss, self.held_out._replace(given=None), None)


def uses_scorer(scoring: Any) -> bool:
    """Return whether ``scoring`` asks for a scorer, which predicts rows as they were given."""
    return scoring is not None and not (isinstance(scoring, str) and scoring == "loss")


def sliceable(X: Any, validated: Any) -> Any:
    """Return rows as they were given, as something that scikit-learn can cut.

    Parameters
    ----------
    X : object
    validated : ndarray or CSR matrix
        What an estimator made of them.
    """
    if issparse(X):
        return validated
    X = as_table(X)
    if isinstance(X, np.ndarray | list | tuple) or hasattr(X, "columns"):
        return X
    return np.asarray(X)


def copy_of_rows(rows: Any) -> Any:
    """Return a copy of a table, in which changes do not show in the table."""
    if isinstance(rows, list | tuple):
        return copy.deepcopy(rows)
    for name in ("copy", "clone"):  # of arrays and pandas, of polars
        if hasattr(rows, name):
            return getattr(rows, name)()
    return rows  # Arrow's tables cannot be changed


def held_out_rows_that_count(held_out: HeldOut) -> HeldOut:
    """Return the rows that count: what a scorer makes of others, weighted by 0, is not known."""
    if held_out.counts is None:
        return held_out
    rows = np.flatnonzero(held_out.counts)

    def cut(values: Any) -> Any:
        return None if values is None else rows_of(values, rows)

    return HeldOut(
        cut(held_out.X),
        cut(held_out.y),
        cut(held_out.targets),
        cut(held_out.sample_weight),
        cut(held_out.counts),
        cut(held_out.given),
    )
