"""The rows that are explained, and those that they are compared with."""

from numbers import Integral
from typing import Any

import numpy as np

from sknumpynet.core.types import FloatArray
from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.utils.columns import as_table, read_columns

__all__ = ["background_rows", "cells_of", "column_names", "column_number"]


def background_rows(estimator: NetworkEstimator, background: Any) -> FloatArray:
    """Return the rows that others are compared with, encoded.

    Parameters
    ----------
    estimator : NetworkEstimator
        Fitted.
    background : table or None
        None for those that its `fit` kept.

    Raises
    ------
    ValueError
        If it kept none.
    """
    if background is not None:
        encoded: FloatArray = estimator._check_for_prediction(background)
        return encoded
    kept: FloatArray | None = getattr(estimator, "background_", None)
    if kept is None:
        raise ValueError(
            "the model holds no rows to compare others with, for it was fitted with "
            "n_background=0 or by an earlier version: give some as background, got background=None"
        )
    return kept


def column_names(estimator: NetworkEstimator) -> np.ndarray:
    """Return what the table's columns are called, "x0", "x1", ... where they have no names."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        names = [f"x{k}" for k in range(estimator.n_features_in_)]
    return np.array(names, dtype=object)


def column_number(estimator: NetworkEstimator, column: Any) -> int:
    """Return the place of a column that is given by its name or its index.

    Raises
    ------
    ValueError
        If there is none.
    """
    names: list[Any] = column_names(estimator).tolist()
    if isinstance(column, str) and column in names:
        return names.index(column)
    is_index = isinstance(column, Integral) and not isinstance(column, bool)
    if is_index and 0 <= column < len(names):
        return int(column)
    raise ValueError(f"a column must be one of {names}, or an index of one, got {column!r}")


def cells_of(X: Any) -> np.ndarray:
    """Return a table as an array: of numbers if all columns are numbers, else of objects.

    Examples
    --------
    >>> cells_of([[1.5, "red"], [None, "blue"]])
    array([[1.5, 'red'],
           [None, 'blue']], dtype=object)
    """
    columns = read_columns(as_table(X))
    if all(column.is_numeric() for column in columns):
        return np.stack([column.numbers() for column in columns], axis=1)
    cells = np.empty((len(columns[0].values), len(columns)), object)
    for k, column in enumerate(columns):
        cells[:, k] = column.cells()
    return cells
