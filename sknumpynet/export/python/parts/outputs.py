"""From raw outputs to predictions."""

from collections.abc import Callable

import numpy as np

from sknumpynet.core.types import FloatArray

__all__ = ["activated", "finite"]


def finite(raw: FloatArray) -> FloatArray:
    """Return logits that are finite, in place: those that overflow would give NaN."""
    largest = np.finfo(raw.dtype).max
    return np.clip(raw, -largest, largest, out=raw)


def activated(raw: FloatArray, write: Callable[[FloatArray, FloatArray], None]) -> FloatArray:
    """Return predictions, in place, by a function for which samples are columns."""
    transposed = raw.swapaxes(-1, -2)
    write(transposed, transposed)
    return raw
