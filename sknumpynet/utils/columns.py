"""The columns of a table, read the same way whatever the table is made of.

pandas, polars and Arrow are known by what their tables can do, and never imported.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from numbers import Complex, Integral, Real
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_array

from sknumpynet.utils.text import NumberFormat, parse_number

__all__ = ["Column", "Level", "as_table", "read_columns"]

Level = str | int | float | bool

# Integers read in chunks are numbers in one and text in the next.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")

_BOOLS = (bool, np.bool_)
_TIMES = (date, time, timedelta, np.datetime64, np.timedelta64)


class Column:
    """A column of a table.

    Parameters
    ----------
    name : object
        What errors call it.
    values : ndarray or Series of shape (n_samples,)

    Raises
    ------
    TypeError
        If it holds dates or times.
    ValueError
        If it holds complex numbers.
    """

    def __init__(self, name: Any, values: Any) -> None:
        self.name, self.values = name, values
        kind = getattr(values.dtype, "kind", "O")
        if kind in "mM":
            raise _time_error(name, values.dtype)
        if kind == "c":
            raise _complex_error(name, values.dtype)

    def looks_categorical(self) -> bool:
        """Return whether it is a category by its dtype, or by its cells where they are objects."""
        kinds = [kind for kind in set(map(type, self._cells())) if not _is_missing_type(kind)]
        return not kinds or not all(map(_is_real, kinds))

    def is_text(self) -> bool:
        """Return whether some cells are text, no levels of a category, and the others numbers."""
        if hasattr(getattr(self.values, "dtype", None), "categories"):
            return False
        kinds = [kind for kind in set(map(type, self._cells())) if not _is_missing_type(kind)]
        has_text = any(issubclass(kind, str) for kind in kinds)
        return has_text and all(issubclass(kind, str) or _is_real(kind) for kind in kinds)

    def texts(self) -> dict[str, int]:
        """Return how often each text occurs."""
        return Counter(map(str.__str__, filter(_is_text, self._cells())))

    def n_known(self) -> int:
        """Return how many cells are not missing."""
        return sum(not _is_missing(cell) for cell in self._cells())

    def unknown_texts(self, number_format: NumberFormat) -> list[str]:
        """Return what stands for a missing number and is none of the markers, in order."""
        known = {*number_format.markers}
        return [
            text
            for text in self.texts()
            if text not in known and parse_number(text, number_format.decimal_mark) is None
        ]

    def numbers(self, number_format: NumberFormat | None = None) -> np.ndarray:
        """Return its numbers, NaN where they are missing.

        Parameters
        ----------
        number_format : NumberFormat, optional
            How text is read; without it text is an error.

        Returns
        -------
        ndarray of float64 of shape (n_samples,)

        Raises
        ------
        TypeError
            If it holds dates or times.
        ValueError
            If it holds infinity or what is not a number.
        """
        numbers = self._floats() if number_format is None else self._parsed(number_format)
        infinite = np.isinf(numbers)
        if infinite.any():
            row = int(infinite.argmax())
            raise ValueError(
                f"Column {self.name!r} contains infinity: {numbers[row]} in row {row}. Numbers "
                "must be finite; NaN stands for a missing one."
            )
        return numbers

    def levels(self) -> list[Level]:
        """Return the levels that occur, numbers before text and each of them sorted.

        Numbers that are equal in single precision are one level, such as 1, 1.0, True and '1', or
        0.1 in either precision.

        Raises
        ------
        TypeError
            If cells are neither text nor numbers.
        """
        values, positions = self._distinct()
        occurs = np.bincount(positions + 1, minlength=len(values) + 1)[1:] > 0
        levels = {
            _plain(value, self.name)
            for value, there in zip(values, occurs.tolist(), strict=True)
            if there and not _is_missing(value)
        }
        return sorted(levels, key=lambda level: (isinstance(level, str), level))

    def codes(self, levels: list[Level]) -> np.ndarray:
        """Return each cell's place among ``levels``, from 1; 0 where it is missing or another.

        Returns
        -------
        ndarray of int of shape (n_samples,)

        Raises
        ------
        TypeError
            If cells are neither text nor numbers.
        """
        values, positions = self._distinct()
        code_of = {_plain(level, self.name): code for code, level in enumerate(levels, start=1)}
        codes = [
            0 if _is_missing(value) else code_of.get(_plain(value, self.name), 0)
            for value in values
        ]
        # The position -1, for a missing cell, reads the last.
        return np.array([*codes, 0])[positions]

    def _cells(self) -> list[Any]:
        return self.values.tolist()

    def _floats(self) -> np.ndarray:
        return _floats(self._cells(), self.name)

    def _parsed(self, number_format: NumberFormat) -> np.ndarray:
        """Return numbers of which some are text."""
        cells = self._cells()
        if not any(isinstance(cell, str) for cell in cells):
            return self._floats()
        number_of = {
            cell: parse_number(cell, number_format.decimal_mark)
            for cell in set(filter(_is_text, cells))
        }
        wrong = [text for text in number_of if number_of[text] is None and _has_digit(text)]
        if wrong:
            raise ValueError(
                f"Column {self.name!r} must hold numbers, got {min(wrong)!r}; text is read with "
                f"{number_format.decimal_mark!r} as the decimal mark."
            )
        return _floats([number_of[cell] if _is_text(cell) else cell for cell in cells], self.name)

    def _distinct(self) -> tuple[list[Any], np.ndarray]:
        """Return distinct values, and the position among them of each cell, -1 if missing."""
        cells = self._cells()
        # A signaling NaN cannot be hashed.
        cells = [None if isinstance(cell, Decimal) and cell.is_nan() else cell for cell in cells]
        try:
            position = {cell: k for k, cell in enumerate(dict.fromkeys(cells))}
        except TypeError as error:
            cell = next(cell for cell in cells if not _is_hashable(cell))
            raise _cell_error(self.name, cell) from error
        positions = map(position.__getitem__, cells)
        return list(position), np.fromiter(positions, dtype=np.intp, count=len(cells))


class ArrayColumn(Column):
    """A column of an array."""

    def looks_categorical(self) -> bool:
        """Return whether some cell is not a number."""
        return self.values.dtype.kind not in "biuf" and super().looks_categorical()

    def _floats(self) -> np.ndarray:
        if self.values.dtype.kind in "biuf":
            return self.values.astype(np.float64)
        return super()._floats()


class PandasColumn(Column):
    """A column of a pandas DataFrame."""

    def looks_categorical(self) -> bool:
        """Return whether it is a category by its dtype, or by its cells where they are objects."""
        dtype = self.values.dtype
        if hasattr(dtype, "categories") or dtype.kind == "b":
            return True
        return dtype.kind not in "iuf" and super().looks_categorical()

    def _floats(self) -> np.ndarray:
        if self.values.dtype.kind in "biuf":
            return self.values.to_numpy(dtype=np.float64, na_value=np.nan)
        return super()._floats()

    def _distinct(self) -> tuple[list[Any], np.ndarray]:
        if hasattr(self.values.dtype, "categories"):
            categories = self.values.cat.categories.tolist()
            return categories, self.values.cat.codes.to_numpy().astype(np.intp)
        return super()._distinct()


class PolarsColumn(Column):
    """A column of a polars DataFrame."""

    def __init__(self, name: Any, values: Any) -> None:
        super().__init__(name, values)
        if values.dtype.is_temporal():
            raise _time_error(name, values.dtype)

    def looks_categorical(self) -> bool:
        """Return whether it is a category by its dtype, or by its cells where they are objects."""
        return not self.values.dtype.is_numeric() and super().looks_categorical()

    def _cells(self) -> list[Any]:
        return self.values.to_list()

    def _floats(self) -> np.ndarray:
        if self.values.dtype.is_numeric():
            return self.values.cast(float).to_numpy()
        return super()._floats()


class ArrowColumn(Column):
    """A column of an Arrow table or record batch."""

    def __init__(self, name: Any, values: Any) -> None:
        self.name, self.values = name, values
        self.type = str(values.type)
        if self.type.startswith(("date", "time", "duration", "month_day_nano")):
            raise _time_error(name, self.type)

    def looks_categorical(self) -> bool:
        """Return whether it is a category by its type, or by its cells where that says nothing."""
        if self.type.startswith(("dictionary", "bool")):
            return True
        return not self._is_numeric() and super().looks_categorical()

    def is_text(self) -> bool:
        """Return whether some cells are text, no levels of a dictionary, and the others numbers."""
        return not self.type.startswith("dictionary") and super().is_text()

    def _is_numeric(self) -> bool:
        return self.type.startswith(("int", "uint", "float", "halffloat", "double"))

    def _cells(self) -> list[Any]:
        return self.values.to_pylist()

    def _floats(self) -> np.ndarray:
        if self._is_numeric():
            return np.asarray(self.values.to_numpy(zero_copy_only=False), np.float64)
        return super()._floats()


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
    if isinstance(X, type):
        return X
    if hasattr(type(X), "compute"):  # of the type: a frame may have a column of that name
        X = X.compute()
    speaks_arrow = hasattr(X, "__arrow_c_stream__") or hasattr(X, "__arrow_c_array__")
    if not speaks_arrow or _is_pandas(X) or _is_polars(X) or _is_arrow(X) or _is_column(X):
        return X
    try:
        import pyarrow
    except ImportError:
        return X.to_pandas() if hasattr(X, "to_pandas") else X
    return pyarrow.table(X)


def _is_column(X: Any) -> bool:
    is_table = hasattr(X, "column_names") or hasattr(X, "num_columns")
    return len(getattr(X, "shape", (0, 0))) == 1 or (hasattr(X, "to_pylist") and not is_table)


def _is_pandas(X: Any) -> bool:
    return hasattr(X, "iloc") and hasattr(X, "columns")


def _is_polars(X: Any) -> bool:
    return hasattr(X, "get_columns")


def _is_arrow(X: Any) -> bool:
    return hasattr(X, "column_names") and hasattr(X, "combine_chunks") and hasattr(X, "column")


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
        If the table is sparse or a column holds dates or times.
    ValueError
        If it is not two-dimensional, is empty, or holds complex numbers.

    Examples
    --------
    >>> columns = read_columns([[1.5, "red"], [None, "blue"]])
    >>> columns[0].numbers(), columns[1].levels()
    (array([1.5, nan]), ['blue', 'red'])
    """
    columns = list(_columns(X))
    for name, count in Counter(column.name for column in columns).items():
        if count > 1:
            raise ValueError(f"columns must have names of their own, got {count} of name {name!r}")
    return columns


def _columns(X: Any) -> Iterator[Column]:
    X = as_table(X)
    if _is_pandas(X) and not isinstance(X, type):
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


def _as_array(X: Any) -> np.ndarray:
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
    return check_array(X, dtype=None, ensure_all_finite=False, input_name="X")


def _unmasked(X: np.ma.MaskedArray) -> np.ndarray:
    if X.dtype.kind in "biuf":
        return X.astype(np.float64).filled(np.nan)
    if X.dtype.kind in "cmM":  # no column can be made of them
        return X.data
    cells = X.data.astype(object)
    cells[np.ma.getmaskarray(X)] = None
    return cells


def _floats(cells: list[Any], name: Any) -> np.ndarray:
    kinds = set(map(type, cells))
    missing = {kind for kind in kinds if _is_missing_type(kind)}
    wrong = {kind for kind in kinds - missing if not (_is_real(kind) or issubclass(kind, _BOOLS))}
    if wrong:
        raise _number_error(name, next(cell for cell in cells if type(cell) in wrong))
    if missing - {type(None)} or any(issubclass(kind, Decimal) for kind in kinds):
        cells = [None if _is_missing(cell) else cell for cell in cells]
    try:
        with np.errstate(over="ignore"):  # infinity is refused later
            return np.array(cells, dtype=np.float64)
    except OverflowError as error:
        raise _overflow_error(name) from error


def _is_real(kind: type) -> bool:
    return issubclass(kind, (Real, Decimal)) and not issubclass(kind, bool)


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str)


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def _is_missing_type(kind: type) -> bool:
    return kind.__name__ in {"NoneType", "NAType", "NaTType"}


def _is_missing(cell: Any) -> bool:
    if isinstance(cell, Decimal):
        return cell.is_nan()  # a signaling one cannot be compared
    # Only what stands for nothing differs from itself.
    return _is_missing_type(type(cell)) or cell != cell


def _is_hashable(cell: Any) -> bool:
    try:
        hash(cell)
    except TypeError:
        return False
    return True


def _plain(cell: Any, name: Any) -> Level:
    """Return a cell as a plain scalar: the same for all cells that are one level."""
    if _is_time(cell):
        raise _time_error(name, cell)
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, str):
        return int(cell) if _INTEGER.fullmatch(cell) else str.__str__(cell)
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, Integral):
        return int(cell)
    if isinstance(cell, (Real, Decimal)):
        try:
            number = float(cell)
        except OverflowError as error:
            raise _overflow_error(name) from error
        return int(number) if number.is_integer() else _shortest(number)
    if isinstance(cell, Complex):
        raise _complex_error(name, cell)
    if type(cell).__name__ == "Interval":  # what pandas.cut makes
        return str(cell)
    raise _cell_error(name, cell)


def _shortest(number: float) -> Level:
    """Return the shortest decimal of the same single-precision number."""
    single = float(str(np.float32(number)))
    return int(single) if single.is_integer() else single


def _is_time(cell: Any) -> bool:
    return isinstance(cell, _TIMES) or type(cell).__name__ == "Period"


def _time_error(name: Any, got: Any) -> TypeError:
    return TypeError(
        f"Column {name!r} holds dates or times, got {got}. Turn it into numbers "
        "before, such as year, month, weekday or days since a date."
    )


def _complex_error(name: Any, got: Any) -> ValueError:
    return ValueError(
        f"Complex data not supported: got {got} in column {name!r}. Give its real "
        "and imaginary parts as two columns."
    )


def _overflow_error(name: Any) -> ValueError:
    return ValueError(
        f"Column {name!r} holds a number that is infinity as a floating-point number; "
        "its logarithm may do."
    )


def _cell_error(name: Any, cell: Any) -> TypeError:
    return TypeError(
        f"The argument must be a table of strings and numbers, got {cell!r} of type "
        f"{type(cell).__name__} in column {name!r}."
    )


def _number_error(name: Any, cell: Any) -> Exception:
    if _is_time(cell):
        return _time_error(name, cell)
    if isinstance(cell, Complex):
        return _complex_error(name, cell)
    if not isinstance(cell, str):
        return _cell_error(name, cell)
    return ValueError(
        f"Column {name!r} must hold numbers, got {cell!r}. If it is a category, name it in "
        "categorical_features, or let categorical_features='from_dtype' find it."
    )
