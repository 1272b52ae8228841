"""Weights of classes, on top of those of rows."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

__all__ = ["ClassWeights"]


@dataclass(frozen=True)
class ClassWeights:
    """A weight for each class.

    Parameters
    ----------
    class_weight : dict or str
        What asked for them.
    classes : ndarray of shape (n_classes,)
        Sorted.
    weights : ndarray of shape (n_classes,)
    """

    class_weight: Any
    classes: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(
        cls, class_weight: Any, classes: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None
    ) -> "ClassWeights":
        """Return the weights that ``class_weight`` asks for.

        Raises
        ------
        ValueError
            For weights that are negative or not finite.
        """
        labels = np.ravel(y)
        if isinstance(class_weight, str) and class_weight == "balanced":
            places = np.searchsorted(classes, labels)
            return cls(class_weight, classes, _balanced(places, len(classes), sample_weight))
        for weight in class_weight.values():
            if not (isinstance(weight, Real) and 0 <= float(weight) < np.inf):
                raise ValueError(
                    f"weights of classes must be finite and not negative, got {class_weight}"
                )
        weights = compute_class_weight(class_weight, classes=classes, y=labels)
        return cls(class_weight, classes, weights)

    def weighted(
        self,
        y: np.ndarray,
        sample_weight: np.ndarray | None,
        *,
        what: str = "row",
        allow_all_zero: bool = False,
    ) -> np.ndarray:
        """Return the weights of rows by their classes, times those that they have beside.

        Raises
        ------
        ValueError
            If all are 0, which leaves no ``what`` to learn from.
        """
        weights: np.ndarray = self.weights[np.searchsorted(self.classes, np.ravel(y))]
        weights = weights if sample_weight is None else sample_weight * weights
        if not weights.any() and not allow_all_zero:
            raise ValueError(
                f"class_weight={self.class_weight!r} leaves no {what} a weight above 0"
            )
        return weights


def _balanced(places: np.ndarray, n_classes: int, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return a weight for each class, by which all count the same.

    Rows count by their weights, so that a weight of 2 is the same as a row twice.
    """
    counts = np.bincount(places, sample_weight, minlength=n_classes)
    n_seen = np.count_nonzero(counts)
    weights = np.zeros(n_classes)
    np.divide(counts.sum() / n_seen, counts, out=weights, where=counts > 0)
    return weights
