"""Lazy predictions of a collection's partitions."""

from typing import Any

import numpy as np

from sknumpynet.dask.libraries import dask_module, is_array
from sknumpynet.utils.columns.tables import check_has_columns, column_names, with_columns

__all__ = ["lazily_predicted"]


def lazily_predicted(model: Any, method: str, X: Any) -> Any:
    """Return what a method of a fitted model gives of a collection, partition by partition.

    Parameters
    ----------
    model : BaseTabularMLP
    method : {'predict', 'predict_proba'}
    X : collection of Dask

    Returns
    -------
    collection of Dask
        An array of an array; of a DataFrame a Series or, of several outputs, a DataFrame, with
        its index. Nothing is computed yet.
    """
    outputs, dtype = _outputs_of(model, method)
    # One task holds the model, whatever the number of partitions.
    shared = dask_module("dask").delayed(model, pure=True, traverse=False)
    if not is_array(X):
        if X.ndim == 2 and hasattr(model, "feature_names_in_"):
            # Read no others. Without, Dask also cannot hold what is predicted of files against
            # another column of theirs, since of that one it reads several files as one partition.
            names = model.feature_names_in_.tolist()
            check_has_columns([*X.columns], names)
            X = X[names]
        meta = _as_frame(_empty(outputs, dtype), outputs, X._meta.index[:0])
        return X.map_partitions(_predict_frame, shared, method, outputs, dtype, meta=meta)
    X = X.rechunk({1: -1})
    keywords = {"drop_axis": 1} if outputs is None else {"chunks": (X.chunks[0], (len(outputs),))}
    meta = _empty(outputs, dtype)
    return X.map_blocks(_predict_array, shared, method, outputs, dtype, meta=meta, **keywords)


def _outputs_of(model: Any, method: str) -> tuple[list[Any] | None, np.dtype[Any]]:
    """Return what columns of predictions are called, None of a single one, and their dtype."""
    classes = getattr(model, "classes_", None)
    if method == "predict_proba":
        return list(model.classes_), np.dtype(np.float64)
    n_outputs = model.n_outputs_
    if classes is None:
        return (list(range(n_outputs)) if n_outputs > 1 else None), np.dtype(np.float64)
    is_multilabel = model._label_binarizer.y_type_.startswith("multilabel")
    return (list(range(n_outputs)), np.dtype(np.int64)) if is_multilabel else (None, classes.dtype)


def _empty(outputs: list[Any] | None, dtype: np.dtype[Any]) -> np.ndarray:
    return np.empty(0 if outputs is None else (0, len(outputs)), dtype)


def _as_frame(values: np.ndarray, outputs: list[Any] | None, index: Any) -> Any:
    pandas = dask_module("pandas")
    if outputs is None:
        return pandas.Series(values, index=index, name="prediction")
    return pandas.DataFrame(values, index=index, columns=outputs)


def _predict_array(
    X: Any, model: Any, method: str, outputs: list[Any] | None, dtype: np.dtype[Any]
) -> np.ndarray:
    if len(X) == 0:
        return _empty(outputs, dtype)
    values: np.ndarray = getattr(model, method)(X)
    return values.astype(dtype, copy=False)


def _predict_frame(
    X: Any, model: Any, method: str, outputs: list[Any] | None, dtype: np.dtype[Any]
) -> Any:
    names = model.feature_names_in_.tolist() if hasattr(model, "feature_names_in_") else None
    table = X if names is None or column_names(X) == names else with_columns(X, names)
    return _as_frame(_predict_array(table, model, method, outputs, dtype), outputs, X.index)
