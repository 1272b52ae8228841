"""Multilayer perceptrons."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sknumpynet.core.blocks import slices
from sknumpynet.core.inference import BLOCK_BYTES, FEWEST_ROWS
from sknumpynet.core.types import FloatArray
from sknumpynet.export.python.parts.numbers import floats_of
from sknumpynet.export.python.parts.rows import columns_of, numbers_by_dtype

__all__ = ["numeric_rows", "perceptron_outputs"]


def numeric_rows(rows: Any, names: Sequence[str], *, had_names: bool = True) -> FloatArray:
    """Return rows of numbers as an array.

    Parameters
    ----------
    rows : dict, list of dict, frame or array
    names : sequence of str
    had_names : bool, default=True
        See `columns_of`.
    """
    columns = columns_of(rows, names, had_names=had_names)
    is_numeric = type(rows) is np.ndarray and rows.dtype.kind in "biuf"
    X: FloatArray = rows if is_numeric else _stacked(columns)
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(
            f"column {names[column]!r} must hold finite numbers, got {X[row, column]} in row {row}"
        )
    return X


def _stacked(columns: Mapping[str, Any]) -> FloatArray:
    arrays = []
    for name, values in columns.items():
        array = None if type(values) is list else numbers_by_dtype(values)
        arrays.append(floats_of(values, name) if array is None else array)
    return np.stack(arrays, axis=1)


def perceptron_outputs(
    weights: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Callable[[FloatArray], None] | None],
    X: FloatArray,
) -> FloatArray:
    """Return raw outputs, of all members or of one network, some rows at a time.

    Parameters
    ----------
    weights : sequence of ndarray of shape (..., fan_in, fan_out)
    biases : sequence of ndarray of shape (..., 1, fan_out)
    activations : sequence of callable(units) or None
        Of each hidden layer, working in place.
    X : ndarray of shape (n_samples, n_features)
    """
    dtype = np.result_type(X.dtype, *weights, *biases)
    widest = max(own.shape[-1] for own in weights)
    row_bytes = dtype.itemsize * math.prod(weights[0].shape[:-2]) * widest
    raw = []
    for rows in slices(len(X), max(BLOCK_BYTES // row_bytes, FEWEST_ROWS)):
        outputs = np.matmul(X[rows], weights[0])
        outputs += biases[0]
        for activation, weight, bias in zip(activations, weights[1:], biases[1:], strict=True):
            if activation is not None:
                activation(outputs)
            outputs = np.matmul(outputs, weight)
            outputs += bias
        raw.append(outputs)
    return np.concatenate(raw, axis=-2)
