"""Which table is whose, and the columns of each."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse
from sklearn.utils.validation import check_array

from sknumpynet.utils.columns.column import Column
from sknumpynet.utils.columns.libraries import (
    ArrayColumn,
    ArrowColumn,
    PandasColumn,
    PolarsColumn,
)

__all__ = [
    "as_table",
    "check_has_columns",
    "check_names_differ",
    "column_cells",
    "column_names",
    "joined_tables",
    "read_columns",
    "with_columns",
]


def as_table(X: Any) -> Any:
    """Return what a user gave as a table whose rows and columns lie in memory.

    Parameters
    ----------
    X : object
        Tables that offer ``compute``, as Dask's do, are computed; those that speak Arrow and are
        neither pandas' nor polars' become pyarrow's.

    Returns
    -------
    object
        For `read_columns`, and what scikit-learn takes rows of.
    """
    if _offers(X, "compute"):
        X = X.compute()
    speaks_arrow = _offers(X, "__arrow_c_stream__") or _offers(X, "__arrow_c_array__")
    if not speaks_arrow or _is_pandas(X) or _is_polars(X) or _is_arrow(X) or _is_column(X):
        return X
    try:
        import pyarrow
    except ImportError:
        return X.to_pandas() if _offers(X, "to_pandas") else X
    return pyarrow.table(X)


def _offers(X: Any, *names: str) -> bool:
    """Return whether its type has attributes: its own may be columns, and a class is no table."""
    return all(hasattr(type(X), name) for name in names)


def _is_column(X: Any) -> bool:
    is_table = _offers(X, "column_names") or _offers(X, "num_columns")
    return len(getattr(X, "shape", (0, 0))) == 1 or (_offers(X, "to_pylist") and not is_table)


def _is_pandas(X: Any) -> bool:
    return _offers(X, "iloc", "columns")


def _is_polars(X: Any) -> bool:
    return _offers(X, "get_columns")


def _is_arrow(X: Any) -> bool:
    return _offers(X, "column_names", "combine_chunks", "column")


def column_names(X: Any) -> list[Any] | None:
    """Return the names of a table's columns, None of what has no names."""
    if _is_pandas(X) or _is_polars(X):
        return list(X.columns)
    return list(X.column_names) if _is_arrow(X) else None


def check_has_columns(known: Sequence[Any], names: Sequence[Any]) -> None:
    """Raise for names of columns that are not among those that are known."""
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(f"the columns {missing} are not among those of the table, {known}")


def check_names_differ(names: Iterable[Any]) -> None:
    """Raise for names that several columns have."""
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"columns must have names of their own, got {count} of name {name!r}")


def with_columns(X: Any, names: Sequence[Any]) -> Any:
    """Return some columns of a table that has names.

    Raises
    ------
    ValueError
        For columns that are not there.
    """
    check_has_columns(column_names(X) or [], names)
    return X[list(names)] if _is_pandas(X) else X.select(list(names))


def column_cells(X: Any, name: Any) -> npt.NDArray[Any]:
    """Return the cells of a column of a table that has names, as an array."""
    with_columns(X, [name])
    if not _is_arrow(X):
        cells: npt.NDArray[Any] = X[name].to_numpy()
        return cells
    column = X.column(name)
    is_number = str(column.type).startswith(("int", "uint", "float", "double"))
    if is_number and column.null_count == 0:
        return np.asarray(column.to_numpy(zero_copy_only=False))
    return np.array(column.to_pylist())


def joined_tables(tables: Sequence[Any]) -> Any:
    """Return tables of one library, with the same columns, as one.

    Types may differ, such as those of whole numbers and others, or of a column that is all missing.

    Raises
    ------
    TypeError
        If they are of several libraries.
    """
    if len(tables) == 1:
        return tables[0]
    kinds = list(dict.fromkeys(map(type, tables)))
    library = _library_of(tables[0])
    if any(_library_of(own) is not library for own in tables):
        raise TypeError(
            "all frames must be of one library, got " + ", ".join(own.__module__ for own in kinds)
        )
    if _is_arrow(tables[0]):
        return library.concat_tables(map(library.table, tables), promote_options="permissive")
    if _is_polars(tables[0]):
        return library.concat(tables, how="vertical_relaxed")
    pooled = library.concat(tables)
    return pooled.reset_index(drop=True) if _is_pandas(pooled) else pooled


def _library_of(X: Any) -> Any:
    """Return the library that a table is of, which whoever made it has imported."""
    return import_module(type(X).__module__.partition(".")[0])


def read_columns(X: Any) -> list[Column]:
    """Return the columns of a table.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_samples, n_features)
        Of pandas, polars, Arrow, Dask or NumPy, or nested lists.

    Returns
    -------
    list of Column

    Raises
    ------
    TypeError
        If the table is sparse.
    ValueError
        If it is not two-dimensional, is empty, or holds complex numbers.

    Examples
    --------
    >>> columns = read_columns([[1.5, "red"], [None, "blue"]])
    >>> columns[0].numbers(), columns[1].levels()
    (array([1.5, nan]), ['blue', 'red'])
    """
    columns = list(_columns(X))
    check_names_differ(column.name for column in columns)
    return columns


def _columns(X: Any) -> Iterator[Column]:
    X = as_table(X)
    if _is_pandas(X):
        _check_shape(X.shape)
        for name, series in X.items():
            yield PandasColumn(name, series)
    elif _is_polars(X):
        _check_shape(X.shape)
        for series in X.get_columns():
            yield PolarsColumn(series.name, series)
    elif _is_arrow(X):
        _check_shape((X.num_rows, X.num_columns))
        for k, name in enumerate(X.column_names):
            yield ArrowColumn(name, X.column(k))
    else:
        for k, values in enumerate(_as_array(X).T):
            yield ArrayColumn(f"x{k}", values)


def _check_shape(shape: tuple[int, int]) -> None:
    for n, what in zip(shape, ("sample(s)", "feature(s)"), strict=True):
        if n == 0:
            raise ValueError(
                f"Found a table with 0 {what} (shape={shape}) while a minimum of 1 is required."
            )


def _as_array(X: Any) -> npt.NDArray[Any]:
    if type(X) is np.ndarray and X.dtype.kind in "biuf" and X.ndim == 2 and X.size > 0:
        return X  # `check_array` would take 0.1 ms to find nothing amiss
    are_frames = isinstance(X, list | tuple) and len(X) > 0 and column_names(X[0]) is not None
    if are_frames or isinstance(X, str | os.PathLike):
        raise TypeError(
            "a table in memory is asked for here, got a stream, which fit and predict take: "
            + (f"a {type(X).__name__} of frames" if are_frames else repr(X))
        )
    if isinstance(X, np.ma.MaskedArray):
        X = _unmasked(X)
    elif not isinstance(X, np.ndarray) and not issparse(X):
        try:
            array = np.asarray(X)
        except ValueError as error:
            raise ValueError(
                f"a table must have as many cells in every row, and a single value in each: {error}"
            ) from error
        # Next to text, NumPy would make text of numbers and of NaN.
        X = np.asarray(X, dtype=object) if array.dtype.kind in "US" else array
    checked: npt.NDArray[Any]
    checked = check_array(X, dtype=None, ensure_all_finite=False, input_name="X")
    return checked


def _unmasked(X: np.ma.MaskedArray[Any, Any]) -> npt.NDArray[Any]:
    if X.dtype.kind in "biuf":
        numbers: npt.NDArray[np.float64] = np.ma.filled(X.astype(np.float64), np.nan)
        return numbers
    if X.dtype.kind in "mM":
        return np.where(np.ma.getmaskarray(X), np.array("NaT", X.dtype), X.data)
    if X.dtype.kind == "c":  # no column can be made of them
        return np.asarray(X.data)
    cells = X.data.astype(object)
    cells[np.ma.getmaskarray(X)] = None
    return cells
