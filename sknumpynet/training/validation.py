"""What is said of a network by the rows that are held out from its training."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse

from sknumpynet.core.inference import raw_outputs
from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network
from sknumpynet.core.types import IntArray
from sknumpynet.training.data import ValidationSet
from sknumpynet.training.level_statistics import with_table
from sknumpynet.utils.columns import as_table
from sknumpynet.utils.scorers import takes_sample_weight

__all__ = ["Scoring", "Validator", "sliceable", "uses_scorer"]


@dataclass(frozen=True)
class Scoring:
    """How a network is scored; can be sent to another process.

    Parameters
    ----------
    metric : callable(targets, predictions, sample_weight), optional
        Of targets as the network learns them. Without it, and without a scorer, minus the loss.
    scorer : callable(model, X, y), optional
        In the place of the metric.
    model : callable(parameters, given, encoded), optional
        Returns a model for the scorer, which predicts from rows as users give them.
    classes : ndarray of shape (n_classes,), optional
        Of a scorer's targets; None for numbers.
    kind_of_classes : str, optional
        As scikit-learn calls it: 'binary', 'multiclass' or 'multilabel-indicator'.
    """

    metric: Callable[[np.ndarray, np.ndarray, np.ndarray | None], float] | None = None
    scorer: Any = None
    model: Callable[..., Any] | None = None
    classes: np.ndarray | None = None
    kind_of_classes: str | None = None


@dataclass(frozen=True)
class Validator:
    """Scores parameters on a validation set; can be sent to another process.

    Parameters
    ----------
    network : Network
    loss : Loss
    validation : ValidationSet
    scoring : Scoring
    table : ndarray, optional
        Parameters of the network that come before those that are scored, see `Run`.
    parts : tuple of ndarray of int
        Parts of the validation set, by their places in it, whose losses are told too.
    """

    network: Network
    loss: Loss
    validation: ValidationSet
    scoring: Scoring
    table: np.ndarray | None = None
    parts: tuple[IntArray, ...] = ()

    def __call__(self, parameters: np.ndarray) -> tuple[float, ...]:
        """Return the score, the loss and those of the parts of parameters of shape (P,)."""
        rows, scoring = self.validation, self.scoring
        raw = raw_outputs(self.network, with_table(self.table, parameters), rows.inputs())
        # The engine's losses have samples last, and contiguous.
        raw = np.ascontiguousarray(raw.T)
        predictions, targets = np.empty_like(raw), rows.targets.T.astype(raw.dtype)
        self.loss.predict(raw, predictions)
        values = self.loss.reported_value(raw, predictions, targets)
        losses = [_mean(values, rows.sample_weight), *self._of_parts(values)]
        if scoring.scorer is not None:
            try:
                return self.scored(parameters), *losses
            except ValueError:  # of predictions that a metric does not take
                return math.nan, *losses
        if scoring.metric is None:
            return -losses[0], *losses
        return scoring.metric(rows.targets, predictions.T, rows.sample_weight), *losses

    def _of_parts(self, values: np.ndarray) -> list[float]:
        weight = self.validation.sample_weight
        return [
            _mean(values[part], None if weight is None else weight[part]) for part in self.parts
        ]

    def scored(self, parameters: np.ndarray) -> float:
        """Return what the scorer says of parameters of shape (P,)."""
        rows, scoring = self.validation, self.scoring
        assert scoring.model is not None
        whole = with_table(self.table, parameters)
        model = scoring.model(self.network, whole, rows.given, rows.inputs())
        weight = self.scorer_weight
        weights = {} if weight is None else {"sample_weight": weight.copy()}
        # Copies: what a scorer changes is there again in the next epoch.
        score = scoring.scorer(model, _copy_of_rows(rows.given), rows.y.copy(), **weights)
        try:
            return float(score)
        except (TypeError, ValueError) as error:
            raise TypeError(f"scoring must give a number for a network, got {score!r}") from error

    @property
    def scorer_weight(self) -> np.ndarray | None:
        """The weights of the rows, if there are any and the scorer takes them."""
        weight, scoring = self.validation.sample_weight, self.scoring
        if weight is None:
            return None
        is_multiclass = scoring.kind_of_classes == "multiclass"
        return weight if takes_sample_weight(scoring.scorer, is_multiclass=is_multiclass) else None

    def by_loss(self) -> "Validator":
        """Return one that goes by minus the loss."""
        return replace(self, validation=self.validation._replace(given=None), scoring=Scoring())


def _mean(values: np.ndarray, weight: np.ndarray | None) -> float:
    return float(np.average(values, weights=weight))


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


def _copy_of_rows(rows: Any) -> Any:
    """Return a copy of a table, in which changes do not show in the table."""
    if isinstance(rows, list | tuple):
        return copy.deepcopy(rows)
    for name in ("copy", "clone"):  # of arrays and pandas, of polars
        if hasattr(rows, name):
            return getattr(rows, name)()
    return rows  # Arrow's tables cannot be changed
