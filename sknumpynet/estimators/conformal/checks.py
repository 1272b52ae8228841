"""What users ask of intervals and sets, checked."""

from collections.abc import Sequence
from numbers import Real
from typing import Any, get_args

import numpy as np

__all__ = ["check_option", "checked_levels"]


def checked_levels(level: Any) -> tuple[Sequence[float], bool]:
    """Return levels as a list, and whether there was but one.

    Raises
    ------
    TypeError, ValueError
        For what is no level.

    Examples
    --------
    >>> checked_levels(0.9), checked_levels([0.5, 0.8])
    (([0.9], True), ([0.5, 0.8], False))
    """
    is_single = isinstance(level, Real)
    levels = [level] if is_single else np.ravel(np.asarray(level, dtype=object)).tolist()
    wrong = [own for own in levels if isinstance(own, bool) or not isinstance(own, Real)]
    if wrong or not levels:
        raise TypeError(f"level must be a number or a list of them, got {level!r}")
    if not all(0.0 < own < 1.0 for own in levels):
        raise ValueError(f"level must be above 0 and below 1, got {level!r}")
    return [float(own) for own in levels], is_single


def check_option(name: str, value: Any, options: Any) -> None:
    """Raise a ValueError unless a value is one of a `Literal`."""
    if value not in get_args(options):
        raise ValueError(f"{name} must be one of {list(get_args(options))}, got {value!r}")
