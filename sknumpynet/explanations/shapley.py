"""Shapley values of a table's columns, by sampled permutations.

A row x walks to a background row b: in the order of a permutation each column takes the value that
it has in b, and what the prediction changes by is what the column adds. The mean over permutations
and background rows is the Shapley value [1]_; whatever is drawn, the sum is exact. Orders come in
pairs, each with its reverse [2]_, by which functions of two columns at a time are exact too.

Most of the error would come of the few background rows that there is time to walk to. What a walk
to b says too little or too much is about the same for all rows: what columns add on the way from b
to the background as a whole. So that is added to each walk, `_onward`: over all b its sum is 0, so
nothing becomes wrong by it, and what columns add without regard of each other becomes exact by a
single walk. (Six orders of the 10 columns of diabetes have 0.29 of the error that they have without
it, of the 30 of breast cancer 0.55.)

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
# Background rows that each background row walks to: with 2, 3 and 6 the error on diabetes is 2.66,
# 2.47 and 2.20.
N_HOPS = 3

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

    def take(self, some: slice | IntArray) -> "Points":
        """Return some of them."""
        return Points(self.rows[some], self.predictions[some])


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
    onward = _onward(predict, columns, others, random_state)
    # Each row begins somewhere among the background rows, and takes the next each time.
    order, seed = random_state.permutation(len(background)), _seed(random_state)
    first = np.random.RandomState(seed).randint(len(background), size=len(rows))
    for n in range(n_pairs):
        passed = order[(first + n) % len(background)]
        added = _walks(predict, columns, explained, others.take(passed), _seed(random_state))
        added += onward[passed]
        # Welford's updates, without a copy of all.
        difference = added - mean
        mean += difference / (n + 1)
        squares += difference * (added - mean)
    error = np.full_like(mean, np.nan)
    if n_pairs > 1:
        error = np.sqrt(squares / (n_pairs * (n_pairs - 1)))
    return ShapleyValues(mean, error, others.predictions.mean(axis=0))


def _onward(
    predict: Predict,
    columns: EncodedColumns,
    background: Points,
    random_state: np.random.RandomState,
) -> FloatArray:
    """Return about what columns add from each background row to all; over all rows the sum is 0.

    Each walks to a few others, some places further round a circle. What they add to the mean of all
    is what fits these differences best, by least squares; Fourier transforms solve that on a
    circle.

    Returns
    -------
    ndarray of shape (n_background, n_columns, ...)
    """
    n = len(background.rows)
    hops = np.append(1, 2 + random_state.permutation(max(n - 3, 0)))[: min(N_HOPS, n - 1)]
    shape = (n, columns.n_columns, *background.predictions.shape[1:])
    total, weight = np.zeros(shape, complex), np.zeros(n)
    for hop in hops:
        ends = background.take((np.arange(n) + hop) % n)
        added = _walks(predict, columns, background, ends, _seed(random_state))
        # What a hop makes of each wave: value here minus value there.
        factor = 1 - np.exp(2j * np.pi * hop * np.arange(n) / n)
        total += np.fft.fft(added, axis=0) * factor.conj().reshape(-1, *[1] * (len(shape) - 1))
        weight += np.abs(factor) ** 2
    total[1:] /= weight[1:].reshape(-1, *[1] * (len(shape) - 1))
    total[0] = 0.0
    return np.asarray(np.fft.ifft(total, axis=0).real)


def _seed(random_state: np.random.RandomState) -> int:
    return int(random_state.randint(np.iinfo(np.int32).max))


def _walks(
    predict: Predict, columns: EncodedColumns, starts: Points, ends: Points, seed: int
) -> FloatArray:
    """Return what columns add on the way, the mean of a random order and its reverse.

    Parameters
    ----------
    predict : callable(rows)
    columns : EncodedColumns
    starts, ends : Points
        As many of both.
    seed : int
        Of the orders, each row's own. Those of first rows do not know how many there are.

    Returns
    -------
    ndarray of shape (n_samples, n_columns, ...)
    """
    n_samples, n_used = len(starts.rows), len(columns.used)
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
