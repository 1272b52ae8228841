"""Single cells: which are missing, which are numbers, and as what levels they count."""

import re
from decimal import Decimal
from numbers import Complex, Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns.errors import (
    cell_error,
    complex_error,
    number_error,
    overflow_error,
)
from sknumpynet.utils.columns.moments import moment_level, moment_of

__all__ = [
    "Level",
    "floats_of",
    "is_hashable",
    "is_missing",
    "is_missing_decimal",
    "is_missing_type",
    "is_real",
    "is_text",
    "plain_level",
    "plain_scalar",
]

Level = str | int | float | bool

# Integers read in chunks are numbers in one and text in the next.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")

_BOOLS = (bool, np.bool_)


def is_real(kind: type) -> bool:
    """Return whether cells of a type are numbers."""
    return issubclass(kind, (Real, Decimal)) and not issubclass(kind, bool)


def is_text(cell: Any) -> bool:
    """Return whether a cell is text."""
    return isinstance(cell, str)


def is_missing_type(kind: type) -> bool:
    """Return whether cells of a type stand for nothing."""
    return kind.__name__ in {"NoneType", "NAType", "NaTType"}


def is_missing(cell: Any) -> bool:
    """Return whether a cell stands for nothing."""
    if isinstance(cell, Decimal):
        return is_missing_decimal(cell)
    # Only what stands for nothing differs from itself.
    return is_missing_type(type(cell)) or cell != cell


def is_missing_decimal(cell: Any) -> bool:
    """Return whether a cell is a decimal NaN, of which signaling ones cannot be compared."""
    return isinstance(cell, Decimal) and cell.is_nan()


def is_hashable(cell: Any) -> bool:
    """Return whether a cell has a hash, as scalars do."""
    try:
        hash(cell)
    except TypeError:
        return False
    return True


def floats_of(cells: list[Any], name: Any) -> npt.NDArray[np.float64]:
    """Return the numbers of cells, NaN where they are missing.

    Raises
    ------
    TypeError, ValueError
        For cells that are not numbers, of the column of that name.
    """
    kinds = set(map(type, cells))
    missing = {kind for kind in kinds if is_missing_type(kind)}
    wrong = {kind for kind in kinds - missing if not (is_real(kind) or issubclass(kind, _BOOLS))}
    if wrong:
        raise number_error(name, next(cell for cell in cells if type(cell) in wrong))
    if missing - {type(None)} or any(issubclass(kind, Decimal) for kind in kinds):
        cells = [None if is_missing(cell) else cell for cell in cells]
    try:
        with np.errstate(over="ignore"):  # infinity is refused later
            return np.array(cells, dtype=np.float64)
    except OverflowError as error:
        raise overflow_error(name) from error


def plain_level(cell: Any, name: Any) -> Level:
    """Return a cell as a plain scalar: the same for all cells that are one level."""
    moment = None if isinstance(cell, str) else moment_of(cell, name)
    if moment is not None:
        cell = moment_level(moment)
    return plain_scalar(cell, name)


def plain_scalar(cell: Any, name: Any) -> Level:
    """Return a cell that is neither a date nor a time as a plain scalar, see `plain_level`."""
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
            raise overflow_error(name) from error
        return int(number) if number.is_integer() else _shortest(number)
    if isinstance(cell, Complex):
        raise complex_error(name, cell)
    if type(cell).__name__ == "Interval":  # what pandas.cut makes
        return str(cell)
    raise cell_error(name, cell)


def _shortest(number: float) -> Level:
    """Return the shortest decimal of the same single-precision number."""
    single = float(str(np.float32(number)))
    return int(single) if single.is_integer() else single
