"""Rows as they come."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["cells_of", "columns_of", "numbers_by_dtype"]


def columns_of(rows: Any, names: Sequence[str], *, had_names: bool = True) -> dict[str, Any]:
    """Return the columns of a table by name, each as many cells.

    Parameters
    ----------
    rows : dict, list of dict, frame or array
        A dict of columns, or of the cells of one row; a list of such rows; a frame of any library
        that gives its columns by name; or an array with the columns in order. Columns of other
        names are left alone.
    names : sequence of str
    had_names : bool, default=True
        Whether columns had names when the model was fitted; a frame need not have its names else,
        and gives as many columns in order.
    """
    if isinstance(rows, Mapping):
        check_names(rows, names)
        columns = _of_mapping({name: rows[name] for name in names})
    elif isinstance(rows, list | tuple) and len(rows) > 0 and isinstance(rows[0], Mapping):
        for place, row in enumerate(rows):
            check_names(row, names, f"row {place}")
        columns = {name: [row[name] for row in rows] for name in names}
    elif hasattr(rows, "columns"):
        known = list(getattr(rows, "column_names", rows.columns))
        if had_names or len(known) != len(names) or set(names) <= set(known):
            check_names(known, names)
            known = list(names)
        columns = {name: rows[own] for name, own in zip(names, known, strict=True)}
    else:
        columns = dict(zip(names, _as_array(rows, len(names)).T, strict=True))
    first, *others = names
    n_rows = len(columns[first])
    if n_rows == 0:
        raise ValueError("there are no rows to predict")
    for name in others:
        if len(columns[name]) != n_rows:
            raise ValueError(
                f"column {name!r} has {len(columns[name])} rows, column {first!r} has {n_rows}"
            )
    return columns


def check_names(known: Any, names: Sequence[str], where: str = "the table") -> None:
    """Raise if columns are missing."""
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(f"{where} has no column {', '.join(map(repr, missing))}")


def _of_mapping(cells: dict[str, Any]) -> dict[str, Any]:
    """Return columns; of single cells such of one row."""
    single = [name for name, own in cells.items() if isinstance(own, str) or not _is_many(own)]
    if not single:
        return cells
    if len(single) < len(cells):
        raise TypeError(f"column {single[0]!r} is one cell, {cells[single[0]]!r}, beside columns")
    return {name: [own] for name, own in cells.items()}


def _is_many(value: Any) -> bool:
    return hasattr(value, "__len__") and getattr(value, "shape", None) != ()


def _as_array(rows: Any, n_columns: int) -> npt.NDArray[Any]:
    """Return nested lists or an array with two dimensions."""
    array = rows if isinstance(rows, np.ndarray) else np.asarray(rows)
    if array is not rows and array.dtype.kind in "US":
        # NumPy has made text of numbers beside text.
        array = np.asarray(rows, dtype=object)
    if array.ndim != 2 or array.shape[1] != n_columns:
        raise ValueError(f"rows of {n_columns} columns are needed, got the shape {array.shape}")
    return array


def cells_of(values: Any) -> list[Any]:
    """Return a column's cells, as Python has them."""
    if isinstance(values, list):
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
        return list(values)
    for method in ("tolist", "to_list", "to_pylist"):
        if hasattr(values, method):
            cells: list[Any] = getattr(values, method)()
            return cells
    return list(values)


def numbers_by_dtype(values: Any) -> npt.NDArray[Any] | None:
    """Return a column that holds numbers by its dtype as an array, None for any other."""
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    return values if type(values) is np.ndarray and values.dtype.kind in "biuf" else None
