"""What ``monotonic_cst`` asks of the numbers of a table."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.scikit_learn import check_monotonic_cst

__all__ = ["check_outputs", "directions_of_numbers"]


def directions_of_numbers(
    estimator: BaseEstimator, monotonic_cst: Any, preprocessor: TabularPreprocessor
) -> tuple[int, ...]:
    """Return 1, -1 or 0 for each number that comes first in the array, and for each rank.

    Parameters
    ----------
    estimator : estimator
        With the attributes that describe the columns; errors name it.
    monotonic_cst : dict, array-like or None
    preprocessor : TabularPreprocessor
        Fitted to the columns.

    Returns
    -------
    tuple of int
        Empty where nothing is constrained.

    Raises
    ------
    ValueError
        For columns that there are not, other values, and columns that are no numbers.
    """
    if monotonic_cst is None:
        return ()
    constraints = check_monotonic_cst(estimator, monotonic_cst)
    constrained = np.flatnonzero(constraints).tolist()
    others = [k for k in constrained if not preprocessor._is_number(k)]
    if others:
        names = getattr(estimator, "feature_names_in_", range(len(constraints)))
        raise ValueError(
            "monotonic_cst is for numbers, not for categories, text, dates and times of day, got "
            + ", ".join(f"{constraints[k]} for column {names[k]!r}" for k in others[:5])
        )
    if not constrained:
        return ()
    of_numbers = preprocessor._origins()[: preprocessor.n_numerical_]
    return tuple(constraints[of_numbers].tolist())


def check_outputs(monotonic_cst: Any, n_outputs: int) -> None:
    """Refuse constraints on several probabilities: these cannot all rise.

    Raises
    ------
    ValueError
        For more than one output of a classifier.
    """
    if monotonic_cst is not None and n_outputs > 1:
        raise ValueError(
            "monotonic_cst is not supported for multiclass and multilabel classification, got "
            f"{n_outputs} classes or labels"
        )
