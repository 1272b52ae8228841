"""Rows of weight 0: for tables they are dropped, elsewhere what they hold has no effect."""

import math
from typing import Any

import numpy as np
from sklearn.utils import indexable

from sknumpynet.utils.columns import as_table
from sknumpynet.utils.scikit_learn import check_sample_weight, num_samples, rows_of

__all__ = [
    "has_weight_above_0",
    "is_constant",
    "n_rows_of_weight",
    "rows_of_weight",
    "unit_of_weights",
    "without_effect",
]


def rows_of_weight(X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any, np.ndarray | None]:
    """Return the rows of weight above 0, and a mask of them, or None if those are all.

    Parameters
    ----------
    X, y, sample_weight : array-like
        As they were given; only weights and lengths are validated.

    Raises
    ------
    ValueError
        For weights that are not valid, and for targets that are not as many.
    """
    if sample_weight is None:
        return X, y, None, None
    X, y = as_table(X), as_table(y)
    # Not X itself: weights are not asked to be of its kind of array.
    n_rows = num_samples(X)
    weight = check_sample_weight(sample_weight, np.empty(n_rows), allow_all_zero=False)
    is_kept = weight > 0
    if is_kept.all() or y is None:
        return X, y, sample_weight, None
    X, y = indexable(X, y)
    rows = np.flatnonzero(is_kept)
    return rows_of(X, rows), rows_of(y, rows), weight[rows], is_kept


def n_rows_of_weight(X: Any, sample_weight: Any) -> int:
    """Return how many rows have a weight above 0."""
    n_rows: int = num_samples(X)
    if sample_weight is None:
        return n_rows
    weight = check_sample_weight(sample_weight, np.empty(n_rows), allow_all_zero=False)
    return int(np.count_nonzero(weight))


def has_weight_above_0(sample_weight: np.ndarray | None) -> np.ndarray | None:
    """Return which rows have a weight above 0, None if all have."""
    return None if sample_weight is None or sample_weight.all() else sample_weight > 0


def unit_of_weights(largest: float) -> float:
    """Return what to divide weights by so that the largest is between 1 and 2.

    Only their ratios to each other and to the penalty count. A power of two divides without
    rounding; sums of huge weights would overflow, and tiny ones vanish in float32.

    Parameters
    ----------
    largest : float
        Above 0.

    Examples
    --------
    >>> unit_of_weights(0.3), unit_of_weights(5.0)
    (0.25, 4.0)
    """
    return math.ldexp(1.0, math.frexp(largest)[1] - 1)


def is_constant(sample_weight: np.ndarray | None) -> bool:
    """Return whether there are weights, and all are the same."""
    return sample_weight is not None and bool(np.all(sample_weight == sample_weight[:1]))


def without_effect(values: Any, has_weight: np.ndarray | None) -> Any:
    """Return rows of which those of weight 0 are replaced by one of another weight.

    Weights cannot do it alone: zero times what overflows is not zero.

    Parameters
    ----------
    values : ndarray or CSR matrix of shape (n_samples, n_columns)
    has_weight : ndarray of bool of shape (n_samples,) or None

    Examples
    --------
    >>> import numpy as np
    >>> without_effect(np.array([[1e308], [2.0], [3.0]]), np.array([False, True, True])).tolist()
    [[2.0], [2.0], [3.0]]
    """
    if has_weight is None:
        return values
    return values[np.where(has_weight, np.arange(len(has_weight)), has_weight.argmax())]
