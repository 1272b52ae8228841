"""What values are, in words that checks are made of."""

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

__all__ = ["expect", "is_array", "is_count", "is_list", "is_names", "is_real"]


def expect(is_so: bool, name: str, value: Any) -> None:
    """Raise an error that names a value and shows how it begins, unless it is as it should be."""
    if not is_so:
        shown = f"an array of shape {value.shape}, {value.dtype}" if _is_any_array(value) else value
        raise ValueError(f"{name} does not fit the rest of the model, got {shown!s:.200}")


def _is_any_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def is_real(value: Any) -> bool:
    """Return whether a value is a number, which may be NaN."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_count(value: Any, lowest: int = 0) -> bool:
    """Return whether a value is an integer that is large enough."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= lowest


def is_list(value: Any, fits: Callable[[Any], bool], length: int | None = None) -> bool:
    """Return whether a value is a list of such items, maybe of that length.

    Examples
    --------
    >>> is_list([1, 2], is_count), is_list([1, 2], is_count, 3), is_list((1, 2), is_count)
    (True, False, False)
    """
    return type(value) is list and length in (None, len(value)) and all(map(fits, value))


def is_array(value: Any, kinds: str, shape: Sequence[int | None]) -> bool:
    """Return whether a value is an array of one of NumPy's kinds of types and that shape.

    Parameters
    ----------
    value : object
    kinds : str
        Letters of ``dtype.kind``.
    shape : sequence of int or None
        None for any length.

    Examples
    --------
    >>> is_array(np.ones((2, 3)), "f", (None, 3)), is_array(np.ones(3), "iu", (3,))
    (True, False)
    """
    return (
        isinstance(value, np.ndarray)
        and value.dtype.kind in kinds
        and value.ndim == len(shape)
        and all(own in (None, n) for own, n in zip(shape, value.shape, strict=True))
    )


def is_names(value: Any, n_features: int) -> bool:
    """Return whether a value is the names of so many columns."""
    return is_array(value, "O", (n_features,)) and all(type(name) is str for name in value)
