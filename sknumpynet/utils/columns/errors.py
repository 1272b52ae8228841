"""What is said of cells that a table may not hold."""

from datetime import date, time, timedelta
from numbers import Complex
from typing import Any

import numpy as np

__all__ = [
    "cell_error",
    "complex_error",
    "is_time",
    "number_error",
    "overflow_error",
    "time_error",
]

_TIMES = (date, time, timedelta, np.datetime64, np.timedelta64)


def is_time(cell: Any) -> bool:
    """Return whether a cell is a date, a time or a span of time."""
    return isinstance(cell, _TIMES) or type(cell).__name__ == "Period"


def time_error(name: Any, got: Any) -> TypeError:
    """Return the error for dates and times."""
    return TypeError(
        f"Column {name!r} holds dates or times, got {got}. Turn it into numbers "
        "before, such as year, month, weekday or days since a date."
    )


def complex_error(name: Any, got: Any) -> ValueError:
    """Return the error for complex numbers."""
    return ValueError(
        f"Complex data not supported: got {got} in column {name!r}. Give its real "
        "and imaginary parts as two columns."
    )


def overflow_error(name: Any) -> ValueError:
    """Return the error for numbers that no floating-point number comes near."""
    return ValueError(
        f"Column {name!r} holds a number that is infinity as a floating-point number; "
        "its logarithm may do."
    )


def cell_error(name: Any, cell: Any) -> TypeError:
    """Return the error for what is neither text nor a number."""
    return TypeError(
        f"The argument must be a table of strings and numbers, got {cell!r} of type "
        f"{type(cell).__name__} in column {name!r}."
    )


def number_error(name: Any, cell: Any) -> Exception:
    """Return the error for a cell of a numerical column that is not a number."""
    if is_time(cell):
        return time_error(name, cell)
    if isinstance(cell, Complex):
        return complex_error(name, cell)
    if not isinstance(cell, str):
        return cell_error(name, cell)
    return ValueError(
        f"Column {name!r} must hold numbers, got {cell!r}. If it is a category, name it in "
        "categorical_features, or let categorical_features='from_dtype' find it."
    )
