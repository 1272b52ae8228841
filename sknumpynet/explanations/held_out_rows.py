"""What a fit keeps of which rows were held out from whom, and how the rows are known again."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sknumpynet.core.blocks import slices
from sknumpynet.core.types import BoolArray, FloatArray, IntArray

__all__ = ["held_out_state", "masks_of_held_out"]

# Rows that are looked at in double precision at a time.
BLOCK_ROWS = 4096
# Of what the same rows differ by where another machine has encoded them.
TOLERANCE = 1e-5


def held_out_state(
    X: FloatArray, targets: FloatArray | BoolArray, held_out: Sequence[IntArray]
) -> dict[str, Any]:
    """Return a bit for each member and row, and what the rows are known by: no row itself.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_encoded)
    targets : ndarray of shape (n_samples, n_outputs)
    held_out : sequence of ndarray of int
        The rows held out from each member.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.arange(10.0).reshape(5, 2), np.ones((5, 1))
    >>> state = held_out_state(X, y, [np.array([0, 3]), np.array([1])])
    >>> masks_of_held_out(state, X, y).astype(int)
    array([[1, 0, 0, 1, 0],
           [0, 1, 0, 0, 0]])
    """
    masks = np.zeros((len(held_out), len(X)), bool)
    for mask, rows in zip(masks, held_out, strict=True):
        mask[rows] = True
    return {
        "n_rows": len(X),
        "bits": np.packbits(masks, axis=1),
        "fingerprint": _projection(X, targets)[0],
    }


def masks_of_held_out(
    state: dict[str, Any], X: FloatArray, targets: FloatArray | BoolArray
) -> BoolArray:
    """Return which rows were held out from each member, shape (n_members, n_samples).

    Raises
    ------
    ValueError
        For other rows or targets than those of the fit, and for another order.
    """
    if len(X) != state["n_rows"]:
        raise ValueError(
            f"X and y must be those of fit, {state['n_rows']} rows of weight above 0, got {len(X)}"
        )
    projection, size = _projection(X, targets)
    difference = np.abs(projection - state["fingerprint"])
    if not (difference <= TOLERANCE * size).all():
        wrong = int(np.argmax(difference - TOLERANCE * size))
        what = "y" if wrong >= X.shape[1] else f"X, whose encoded column {wrong} is another,"
        raise ValueError(f"X and y must be those of fit in the same order, got another {what}")
    return np.unpackbits(state["bits"], axis=1, count=len(X)).astype(bool)


def _projection(X: FloatArray, targets: FloatArray | BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return sums of rows times weights that differ, and of what they are made of without signs."""
    weights = np.cos(np.arange(len(X)))
    n_columns = X.shape[1] + targets.shape[1]
    projection, size = np.zeros(n_columns), np.zeros(n_columns)
    for rows in slices(len(X), BLOCK_ROWS):
        values = np.concatenate([X[rows], targets[rows]], axis=1, dtype=np.float64)
        projection += weights[rows] @ values
        size += np.abs(weights[rows]) @ np.abs(values)
    return projection, size
