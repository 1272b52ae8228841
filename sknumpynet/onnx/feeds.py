"""What a graph of a table's model is fed with."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.onnx.inputs import MISSING_INTEGER, TableInput, level_keys
from sknumpynet.onnx.tables import inputs_of
from sknumpynet.utils.columns import Column
from sknumpynet.utils.encoding.learning import LearnedColumns

__all__ = ["cells_of", "prepare"]

_MISSING = {"O": "", "f": np.nan, "i": MISSING_INTEGER}


def prepare(model: Any, X: Any) -> dict[str, npt.NDArray[Any]]:
    """Return what the graph of an estimator for tables takes for rows of a table.

    Text that stands for numbers or dates is read, dates become days, and free text its numbers.
    What needs none of this can be fed without it, see `to_onnx`.

    Parameters
    ----------
    model : TabularMLPClassifier or TabularMLPRegressor
        The one that was exported.
    X : DataFrame or array-like of shape (n_samples, n_features)
        As for `predict`.

    Returns
    -------
    dict of str to ndarray
        For each input its cells, of shape (n_samples, 1); of free text (n_samples, width).

    Raises
    ------
    TypeError, ValueError
        As `predict` does, naming the column: for cells of another kind than those of `fit`, and
        for other columns.

    Examples
    --------
    >>> from sknumpynet import TabularMLPClassifier
    >>> from sknumpynet.onnx import prepare
    >>> X = [[0.1, "red"], [0.2, "blue"], [None, "red"], [0.4, None], [0.3, "grey"]] * 9
    >>> model = TabularMLPClassifier("fast", max_iter=2, random_state=0).fit(X, list("abaab") * 9)
    >>> prepare(model, [[0.1, "red"], [None, None]])
    {'x0': array([[0.1],
           [nan]]), 'x1': array([['red'],
           ['']], dtype=object)}
    """
    inputs = inputs_of(model)
    columns = model.preprocessor_._checked_columns(model, X)
    learned = model.preprocessor_._learned()
    return {own.name: cells_of(own, columns[own.place], learned) for own in inputs}


def cells_of(own: TableInput, column: Column, learned: LearnedColumns) -> npt.NDArray[Any]:
    """Return the cells of a column as an input takes them, of shape (n_samples, width)."""
    k = own.place
    if own.kind == "text":
        return column.vectors(learned.text_vectors[k].of)
    if own.kind == "number":
        numbers = column.numbers(learned.formats.get(k))
        with np.errstate(over="ignore"):  # infinite is as far off as anything
            return numbers.astype(own.dtype)[:, np.newaxis]
    codes = column.codes(learned.code_of(k))
    if own.kind == "present":
        return (codes > 0)[:, np.newaxis]
    # A level that is not known is as if missing.
    cells = np.full(max(learned.code_of(k).values()) + 1, _MISSING[own.dtype.kind], own.dtype)
    cells[[*learned.code_of(k).values()]] = level_keys(learned, k, own.column)
    return np.asarray(cells[codes][:, np.newaxis])
