"""Columns of numbers."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.export.python.parts.rows import cells_of, numbers_by_dtype
from sknumpynet.utils.columns.cells import is_missing
from sknumpynet.utils.text import is_marker, parse_number

__all__ = ["check_finite", "numbers_in_text", "numbers_of"]

# Cells that NumPy turns into numbers as they are meant, None into NaN.
PLAIN = frozenset({float, int, bool, type(None)})


def numbers_of(
    table: Mapping[str, Any], names: Sequence[str]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return the numbers of some columns, NaN where they are missing."""
    return {name: floats_of(table[name], name) for name in names}


def floats_of(values: Any, name: str) -> npt.NDArray[np.float64]:
    """Return the numbers of a column."""
    array = None if type(values) is list else numbers_by_dtype(values)
    if array is not None:
        return array.astype(np.float64)
    cells = cells_of(values)
    if not PLAIN.issuperset(map(type, cells)):
        cells = [float_of(cell, name) for cell in cells]
    try:
        return np.array(cells, np.float64)
    except OverflowError as error:
        raise ValueError(f"column {name!r} holds a number that is too large: {error}") from error


def float_of(cell: Any, name: str) -> Any:
    """Return the number of a cell, None where it is missing."""
    if isinstance(cell, Real | Decimal | np.bool_):
        return None if is_missing(cell) else cell
    if isinstance(cell, str | bytes | list | np.ndarray) or not is_missing(cell):
        raise TypeError(
            f"column {name!r} must hold numbers, got {cell!r} of type {type(cell).__name__}"
        )
    return None


def numbers_in_text(
    table: Mapping[str, Any], names: Sequence[str], decimal_mark: str
) -> dict[str, npt.NDArray[np.float64]]:
    """Return the numbers of some columns, of which some are text."""
    return {name: parsed_floats(table[name], name, decimal_mark) for name in names}


def parsed_floats(values: Any, name: str, decimal_mark: str) -> npt.NDArray[np.float64]:
    """Return the numbers of a column that may hold text; text without a digit is missing."""

    @cache
    def parsed(text: str) -> float | None:
        number = parse_number(text, decimal_mark)
        if number is None and not is_marker(text):
            raise ValueError(
                f"column {name!r} must hold numbers, got {text!r}; text is read with "
                f"{decimal_mark!r} as the decimal mark"
            )
        return number

    if numbers_by_dtype(values) is None:
        values = [parsed(own) if isinstance(own, str) else own for own in cells_of(values)]
    return floats_of(values, name)


def check_finite(numbers: Mapping[Any, npt.NDArray[np.float64]]) -> None:
    """Raise if a column holds infinity."""
    if np.isinf(np.array([*numbers.values()])).any():
        for name, own in numbers.items():
            if np.isinf(own).any():
                raise ValueError(f"column {name!r} holds infinity in row {np.isinf(own).argmax()}")
