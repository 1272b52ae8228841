"""What two columns do only together: second differences of predictions.

A row gets the values of a background row in column i, in column j and in both. Without an
interaction the last changes the prediction by as much as the other two together.
"""

import itertools
from collections.abc import Callable

import numpy as np

from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.explanations.columns import EncodedColumns

__all__ = ["interaction_strengths"]

Predict = Callable[[FloatArray], FloatArray]


def interaction_strengths(
    predict: Predict,
    columns: EncodedColumns,
    rows: FloatArray,
    background: FloatArray,
    chosen: IntArray,
    random_state: np.random.RandomState,
) -> FloatArray:
    """Return the mean absolute second difference of each two columns, one draw for each row.

    Parameters
    ----------
    predict : callable(rows)
    columns : EncodedColumns
    rows : ndarray of shape (n_samples, n_encoded)
    background : ndarray of shape (n_background, n_encoded)
        Of which one is drawn for each row.
    chosen : ndarray of int
        The columns that are paired.
    random_state : RandomState

    Returns
    -------
    ndarray of shape (n_columns, n_columns, ...)
        Symmetric, NaN of columns that were not chosen and on the diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> columns = EncodedColumns(np.arange(3), 3)
    >>> rows, background = np.array([[2.0, 3.0, 9.0]]), np.zeros((1, 3))
    >>> def predict(X):
    ...     return X[:, 0] * X[:, 1] + X[:, 2]
    >>> interaction_strengths(
    ...     predict, columns, rows, background, np.array([0, 1, 2]), np.random.RandomState(0)
    ... )
    array([[nan,  6.,  0.],
           [ 6., nan,  0.],
           [ 0.,  0., nan]])
    """
    others = background[random_state.randint(len(background), size=len(rows))]
    every = np.arange(columns.n_columns)

    def without(*places: int) -> FloatArray:
        return predict(columns.mixed(rows, others, np.isin(every, places)))

    whole, alone = predict(rows), {k: without(k) for k in chosen.tolist()}
    strengths = np.full((columns.n_columns, columns.n_columns, *whole.shape[1:]), np.nan)
    for i, j in itertools.combinations(alone, 2):
        differences = np.abs(whole - alone[i] - alone[j] + without(i, j))
        strengths[i, j] = strengths[j, i] = differences.mean(axis=0)
    return strengths
