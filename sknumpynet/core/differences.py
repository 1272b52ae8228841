"""A user's derivative held against central differences of what it is the derivative of."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.types import FloatArray

__all__ = ["Disagreement", "disagreement"]

_STEP = 1e-6


class Disagreement(NamedTuple):
    """Where a derivative is wrong first, what it is there and what the slope is."""

    position: tuple[int, ...]
    derivative: Any
    slope: Any


def disagreement(
    derivative: FloatArray,
    function: Callable[[FloatArray], Any],
    at: FloatArray,
    direction: float | FloatArray = 1.0,
    *,
    atol: float,
) -> Disagreement | None:
    """Return where a derivative is not a function's slope, None if it is everywhere.

    Parameters
    ----------
    derivative : ndarray
        Along ``direction``, of the shape of the function's values.
    function : callable(at)
    at : ndarray
        Where to look.
    direction : float or ndarray
        Broadcasts to the shape of ``at``; all ones for an elementwise function.
    atol : float
        What the difference may be beside a thousandth of the slope.

    Examples
    --------
    >>> import numpy as np
    >>> at = np.array([1.0, 2.0])
    >>> disagreement(np.array([2.0, 4.0]), np.square, at, atol=1e-5)
    >>> disagreement(np.array([2.0, 5.0]), np.square, at, atol=1e-5).position
    (1,)
    """
    shift = _STEP * direction
    above, below = np.asarray(function(at + shift)), np.asarray(function(at - shift))
    slope = (above - below) / (2 * _STEP)
    wrong = ~np.isclose(derivative, slope, rtol=1e-3, atol=atol)
    if not wrong.any():
        return None
    position = tuple(np.argwhere(wrong)[0].tolist())
    return Disagreement(position, derivative[wrong][0], slope[wrong][0])
