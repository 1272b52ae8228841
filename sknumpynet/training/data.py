"""What training is given: rows, targets and weights, and which of them are whose."""

from typing import Any, NamedTuple, Self

import numpy as np

from sknumpynet.core.types import BoolArray, FloatArray, IntArray
from sknumpynet.utils.scikit_learn import rows_of

__all__ = ["MemberRows", "TrainingData", "ValidationSet", "Warned"]

# A message and its category.
Warned = tuple[str, type[Warning]]


class ValidationSet(NamedTuple):
    """Rows that a network is scored on while it is trained.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
        A table that they are in.
    y : ndarray
        The targets as they were given.
    targets : ndarray of shape (n_samples, n_outputs)
        The targets as the network learns them.
    sample_weight : ndarray of shape (n_samples,) or None
    has_weight : ndarray of bool of shape (n_samples,) or None
        Which rows have a ``sample_weight`` of their own above 0, if not all.
    given : object
        The rows as they were given, for a scorer; None where there is none.
    rows : ndarray of int of shape (n_samples,) or None
        Which rows of the table they are; None for all.
    """

    X: Any
    y: np.ndarray
    targets: np.ndarray
    sample_weight: np.ndarray | None
    has_weight: BoolArray | None = None
    given: Any = None
    rows: IntArray | None = None

    def inputs(self) -> Any:
        """Return the rows as the network takes them.

        Where they are a part of the table this is a copy, made when it is asked for: copies of
        what all members hold out would be the table once more, here and on its way to workers.
        """
        return self.X if self.rows is None else self.X[self.rows]

    def with_weight_only(self) -> "ValidationSet":
        """Return the rows of weight above 0.

        What a scorer makes of others, weighted by 0, is not known.
        """
        if self.has_weight is None:
            return self
        kept = np.flatnonzero(self.has_weight)
        X, *others = self
        rows = kept if self.rows is None else self.rows[kept]
        parts = [None if part is None else rows_of(part, kept) for part in others]
        return ValidationSet(X, *parts)._replace(rows=rows)  # type: ignore[arg-type]


class TrainingData(NamedTuple):
    """Validated data, which the networks of many estimators can share.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
    training_X : ndarray or CSR matrix of shape (n_samples, n_features)
        X, but for what rows of weight 0 hold.
    y : ndarray
        The targets as they were given.
    targets : ndarray of shape (n_samples, n_outputs)
        The targets as the network learns them.
    n_classes : int
        Over how many classes labels are smoothed; 1 where there is nothing to smooth.
    sample_weight : ndarray of shape (n_samples,) or None
        Divided by ``weight_unit``.
    weight_unit : float
    has_weight : ndarray of bool of shape (n_samples,) or None
        Which rows have a ``sample_weight`` of their own above 0, if not all.
    is_kept : ndarray of bool of shape (n_rows_given,) or None
        Which of the rows that were given these are, if not all.
    given : object
        The rows as they were given.
    validation : ValidationSet or None
        Rows that were given to validate by.
    """

    X: Any
    training_X: Any
    y: np.ndarray
    targets: np.ndarray
    n_classes: int
    sample_weight: np.ndarray | None
    weight_unit: float
    has_weight: BoolArray | None
    is_kept: BoolArray | None
    given: Any
    validation: ValidationSet | None

    @classmethod
    def of_arrays(
        cls,
        X: FloatArray,
        targets: FloatArray | BoolArray,
        sample_weight: FloatArray | None,
        validation: ValidationSet | None = None,
    ) -> Self:
        """Return rows of which all is known already, and which nobody gave."""
        return cls(
            X,
            training_X=X,
            y=targets,
            targets=targets,
            n_classes=1,
            sample_weight=sample_weight,
            weight_unit=1.0,
            has_weight=None,
            is_kept=None,
            given=None,
            validation=validation,
        )


class MemberRows(NamedTuple):
    """What one member sees: all there is, unless a field says otherwise.

    Parameters
    ----------
    sample_weight : ndarray of shape (n_samples,) or None
        A bootstrap sample as weights, those of the data multiplied in.
    rows : ndarray of int or None
        The rows it trains on.
    held_out : ndarray of int or None
        The rows it never sees.
    """

    sample_weight: np.ndarray | None = None
    rows: IntArray | None = None
    held_out: IntArray | None = None
