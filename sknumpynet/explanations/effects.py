"""What is predicted on average, and for each row, for other values of one column.

Values are those that rows have, so that a column of any kind is encoded with its rows, and once.

References
----------
Friedman, "Greedy function approximation", Annals of Statistics 29, 2001: partial dependence;
Goldstein, Kapelner, Bleich and Pitkin, "Peeking Inside the Black Box", Journal of Computational and
Graphical Statistics 24, 2015: individual conditional expectation.
"""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import Bunch, check_scalar

from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.explanations.columns import EncodedColumns
from sknumpynet.explanations.response import predicted
from sknumpynet.explanations.rows import column_names, column_number
from sknumpynet.utils.columns import Column, as_table, read_columns
from sknumpynet.utils.columns.cells import is_missing

__all__ = ["column_effects"]


class Grid(NamedTuple):
    """Values of a column that rows have.

    Parameters
    ----------
    rows : ndarray of int of shape (n_values,)
        A row for each.
    values : ndarray of shape (n_values,)
    deciles : ndarray of shape (9,) or None
        Of all rows; None of categories.
    """

    rows: IntArray
    values: np.ndarray
    deciles: np.ndarray | None


def column_effects(
    estimator: NetworkEstimator,
    X: Any,
    column: str | int,
    grid_resolution: int,
    percentiles: Sequence[float],
) -> Bunch:
    """Return partial dependence and ICE; see `TabularMLPClassifier.column_effects`.

    Raises
    ------
    TypeError, ValueError
        For rows that cannot be predicted, a column that is not there or is missing in all rows.
    """
    check_scalar(grid_resolution, "grid_resolution", Integral, min_val=2)
    lowest, highest = percentiles
    if not 0 <= lowest < highest <= 1:
        raise ValueError(f"percentiles must be ascending in [0, 1], got {percentiles!r}")
    k, X = column_number(estimator, column), as_table(X)
    rows = estimator._check_for_prediction(X)
    grid = _grid(estimator, read_columns(X)[k], k, grid_resolution, (lowest, highest))
    columns = EncodedColumns.of(estimator.preprocessor_)
    takes_other = np.arange(columns.n_columns) == k
    curves = np.stack(
        [predicted(estimator, columns.mixed(rows, rows[row], takes_other)) for row in grid.rows]
    )
    # (n_values, n_samples, n_outputs) to (n_outputs, n_samples, n_values).
    individual = curves.reshape(*curves.shape[:2], -1).T
    return Bunch(
        grid_values=[grid.values],
        average=individual.mean(axis=1),
        individual=individual,
        deciles=grid.deciles,
        is_categorical=grid.deciles is None,
        feature_name=column_names(estimator)[k],
    )


def _grid(
    estimator: NetworkEstimator,
    column: Column,
    k: int,
    n_values: int,
    percentiles: tuple[float, float],
) -> Grid:
    """Return the values of a column that are tried."""
    learned = estimator.preprocessor_._learned()
    cells = np.empty(len(column.values), object)
    cells[:] = column.cells()
    if k in learned.levels or k in learned.text_vectors:
        levels, rows, counts = _distinct(cells)
        if not rows.size:
            raise ValueError(f"no row knows column {column.name!r}, got {len(cells)} rows")
        most = np.sort(np.argsort(-counts, kind="stable")[:n_values])
        return Grid(rows[most], levels[most], None)
    numbers = column.numbers(learned.formats.get(k))
    known = np.flatnonzero(~np.isnan(numbers))
    if not known.size:
        raise ValueError(f"no row knows column {column.name!r}, got {len(cells)} rows")
    values, first = np.unique(numbers[known], return_index=True)
    if len(values) > n_values:
        ends = np.quantile(numbers[known], percentiles)
        # The nearest to evenly spaced ones.
        between = (values[1:] + values[:-1]) / 2
        evenly = np.linspace(ends[0], ends[1], n_values)
        chosen = np.unique(between.searchsorted(evenly))
        values, first = values[chosen], first[chosen]
    rows = known[first]
    if column.time_kind() is not None:
        return Grid(rows, cells[rows], _deciles_of_cells(cells[known], numbers[known]))
    return Grid(rows, values, np.quantile(numbers[known], np.arange(1, 10) / 10))


def _distinct(cells: np.ndarray) -> tuple[np.ndarray, IntArray, IntArray]:
    """Return levels that are not missing, sorted as text, a row of each, and how many have it."""
    rows: dict[Any, int] = {}
    counts: dict[Any, int] = {}
    for row, cell in enumerate(cells):
        if not is_missing(cell):
            rows.setdefault(cell, row)
            counts[cell] = counts.get(cell, 0) + 1
    levels = sorted(rows, key=str)
    found = np.empty(len(levels), object)
    found[:] = levels
    return (
        found,
        np.array([rows[level] for level in levels], np.intp),
        np.array([counts[level] for level in levels], np.intp),
    )


def _deciles_of_cells(cells: np.ndarray, numbers: FloatArray) -> np.ndarray:
    order = np.argsort(numbers, kind="stable")
    return np.asarray(cells[order[np.arange(1, 10) * (len(order) - 1) // 10]])
