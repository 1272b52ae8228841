"""Shapley values of a table's columns, by sampled permutations.

A row x walks to a background row b: in the order of a permutation each column takes the value that
it has in b, and what the prediction changes by is what the column adds. The mean over permutations
and background rows is the Shapley value [1]_; whatever is drawn, the sum is exact. Orders come in
pairs, each with its reverse [2]_, by which functions of two columns at a time are exact too.

Most of the error would come of the few background rows that there is time to walk to. So rows walk
on, from b to all other background rows b'; that is the same for all x, and cheap. What columns add
without regard of each other does not depend then on which b was passed, and as the Shapley values
from b to b' and from b' to b differ by their sign alone, the detour is 0 on average.

References
----------
.. [1] Štrumbelj and Kononenko, "Explaining prediction models and individual predictions with
   feature contributions", Knowledge and Information Systems 41, 2014.
.. [2] Mitchell, Cooper, Frank and Holmes, "Sampling Permutations for Shapley Value Estimation",
   JMLR 23, 2022.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sknumpynet.core.blocks import slices
from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.explanations.columns import EncodedColumns

__all__ = ["ShapleyValues", "shapley_values"]

# So many cells of mixed rows are made at a time: 4 MB in single precision.
BLOCK_CELLS = 2**20

Predict = Callable[[FloatArray], FloatArray]


class ShapleyValues(NamedTuple):
    """What columns add to the predictions of rows.

    Parameters
    ----------
    values, error : ndarray of shape (n_samples, n_columns, ...)
    base_values : ndarray of shape (...)
    """

    values: FloatArray
    error: FloatArray
    base_values: FloatArray


class Points(NamedTuple):
    """Rows and what is predicted for them.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_encoded)
    predictions : ndarray of shape (n_samples, ...)
    """

    rows: FloatArray
    predictions: FloatArray

    def take(self, some: slice) -> "Points":
        """Return some of them; of a single one it is the one."""
        return self if len(self.rows) == 1 else Points(self.rows[some], self.predictions[some])


def shapley_values(
    predict: Predict,
    columns: EncodedColumns,
    rows: FloatArray,
    background: FloatArray,
    n_permutations: int,
    random_state: np.random.RandomState,
) -> ShapleyValues:
    """Return Shapley values with their standard errors.

    Parameters
    ----------
    predict : callable(rows)
        Returns predictions of shape (n_samples, ...).
    columns : EncodedColumns
    rows : ndarray of shape (n_samples, n_encoded)
    background : ndarray of shape (n_background, n_encoded)
    n_permutations : int
        Of each row; even.
    random_state : RandomState

    Examples
    --------
    >>> import numpy as np
    >>> columns = EncodedColumns(np.arange(2), 2)
    >>> rows, background = np.array([[1.0, 5.0]]), np.array([[0.0, 0.0], [2.0, 4.0]])
    >>> def predict(X):
    ...     return X @ [10.0, 1.0]
    >>> values, error, base = shapley_values(
    ...     predict, columns, rows, background, 4, np.random.RandomState(0)
    ... )
    >>> values.tolist(), error.tolist(), float(base)
    ([[0.0, 3.0]], [[0.0, 0.0]], 12.0)
    """
    n_pairs = n_permutations // 2
    explained = Points(rows, predict(rows))
    others = Points(background, predict(background))
    mean = np.zeros((len(rows), columns.n_columns, *explained.predictions.shape[1:]))
    squares = np.zeros_like(mean)
    passed = np.resize(random_state.permutation(len(background)), n_pairs)
    seeds = random_state.randint(np.iinfo(np.int32).max, size=(n_pairs, 2))
    for n, (place, (seed, seed_onward)) in enumerate(zip(passed, seeds, strict=True), start=1):
        by_way_of = others.take(slice(place, place + 1))
        added = _walks(predict, columns, explained, by_way_of, seed)
        added += _walks(predict, columns, by_way_of, others, seed_onward).mean(axis=0)
        # Welford's updates, without a copy of all.
        difference = added - mean
        mean += difference / n
        squares += difference * (added - mean)
    error = np.full_like(mean, np.nan)
    if n_pairs > 1:
        error = np.sqrt(squares / (n_pairs * (n_pairs - 1)))
    return ShapleyValues(mean, error, others.predictions.mean(axis=0))


def _walks(
    predict: Predict, columns: EncodedColumns, starts: Points, ends: Points, seed: int
) -> FloatArray:
    """Return what columns add on the way, the mean of a random order and its reverse.

    Parameters
    ----------
    predict : callable(rows)
    columns : EncodedColumns
    starts, ends : Points
        As many of both, or one for all.
    seed : int
        Of the orders, each row's own. Those of first rows do not know how many there are.

    Returns
    -------
    ndarray of shape (n_samples, n_columns, ...)
    """
    n_samples, n_used = max(len(starts.rows), len(ends.rows)), len(columns.used)
    keys = np.random.RandomState(seed).random_sample((n_samples, n_used))
    orders = columns.used[keys.argsort(axis=1)]
    cells_of_row = max(2 * n_used * starts.rows.shape[1], 1)
    parts = []
    for some in slices(n_samples, max(BLOCK_CELLS // cells_of_row, 1)):
        both = np.stack([orders[some], orders[some, ::-1]], axis=1)
        added = _added(predict, columns, starts.take(some), ends.take(some), both)
        parts.append(added.mean(axis=1))
    return np.concatenate(parts)


def _added(
    predict: Predict, columns: EncodedColumns, starts: Points, ends: Points, orders: IntArray
) -> FloatArray:
    """Return what each column adds in each order.

    Parameters
    ----------
    predict : callable(rows)
    columns : EncodedColumns
    starts, ends : Points
    orders : ndarray of int of shape (n_samples, n_orders, n_used)

    Returns
    -------
    ndarray of shape (n_samples, n_orders, n_columns, ...)
    """
    n_samples, n_orders, n_used = orders.shape
    n_between, outputs = max(n_used - 1, 0), starts.predictions.shape[1:]
    # In which step each column changes, never if it is not used.
    step = np.full((n_samples, n_orders, columns.n_columns), n_used)
    np.put_along_axis(step, orders, np.arange(n_used), axis=-1)
    has_changed = step[:, :, np.newaxis] <= np.arange(n_between)[:, np.newaxis]
    from_rows, to_rows = (own.rows[:, np.newaxis, np.newaxis] for own in (starts, ends))
    between = columns.mixed(from_rows, to_rows, has_changed)
    path = np.empty((n_samples, n_orders, n_used + 1, *outputs))
    path[:, :, 0] = starts.predictions[:, np.newaxis]
    path[:, :, -1] = ends.predictions[:, np.newaxis]
    if n_between:
        predictions = predict(between.reshape(-1, between.shape[-1]))
        path[:, :, 1:-1] = predictions.reshape(n_samples, n_orders, n_between, *outputs)
    added = np.zeros((n_samples, n_orders, columns.n_columns, *outputs))
    index = orders.reshape(*orders.shape, *[1] * len(outputs))
    np.put_along_axis(added, index, path[:, :, :-1] - path[:, :, 1:], axis=2)
    return added
