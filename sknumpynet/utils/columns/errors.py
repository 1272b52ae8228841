"""What is said of cells that a table may not hold."""

from numbers import Complex
from typing import Any

from sknumpynet.utils.dates import TimeFormat, TimeKind, time_kind_of

__all__ = [
    "cell_error",
    "complex_error",
    "mixture_error",
    "moment_error",
    "number_error",
    "overflow_error",
    "range_error",
    "time_error",
    "zone_error",
]

NOUNS: dict[TimeKind, str] = {
    "date": "dates",
    "time": "times of day",
    "duration": "durations",
}


def time_error(name: Any, got: Any) -> TypeError:
    """Return the error for dates and times where numbers are expected."""
    return TypeError(f"Column {name!r} must hold numbers, got the date or time {got}.")


def mixture_error(name: Any, got: Any) -> TypeError:
    """Return the error for other cells beside dates and times."""
    return TypeError(
        f"Column {name!r} holds dates or times beside other cells, got {got!r} of type "
        f"{type(got).__name__}; dates, times of day and durations have columns of their own."
    )


def moment_error(name: Any, time_format: TimeFormat, got: Any) -> Exception:
    """Return the error for a cell that is not of the kind that its column is."""
    message = f"Column {name!r} must hold {NOUNS[time_format.kind]}, got {got!r}"
    if not isinstance(got, str):
        return TypeError(f"{message} of type {type(got).__name__}.")
    if time_format.kind == "duration":
        return ValueError(f"{message}; text is not read as durations.")
    order = "day before the month" if time_format.day_first else "month before the day"
    return ValueError(f"{message}; text is read with the {order} where both are numbers.")


def zone_error(name: Any, zone: str | None, got: Any) -> ValueError:
    """Return the error for dates with a zone among those that know none, or without one."""
    if zone is None:
        return ValueError(f"Column {name!r} must hold dates without a time zone, got {got}.")
    return ValueError(
        f"Column {name!r} must hold dates with a time zone, since it is read in {zone}, got {got}."
    )


def range_error(name: Any, got: Any) -> ValueError:
    """Return the error for times that are not within 290,000 years of 1970."""
    return ValueError(f"Column {name!r} holds a time that is out of range, got {got}.")


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
    if time_kind_of(type(cell)) is not None:
        return time_error(name, cell)
    if isinstance(cell, Complex):
        return complex_error(name, cell)
    if not isinstance(cell, str):
        return cell_error(name, cell)
    return ValueError(
        f"Column {name!r} must hold numbers, got {cell!r}. If it is a category, name it in "
        "categorical_features, or let categorical_features='from_dtype' find it."
    )
