"""What networks see of columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.encoding.scaling import interpolated_ranks, smooth_clip

__all__ = ["ranks", "scaled", "side_by_side", "split_knots"]

Columns = npt.NDArray[np.float64]


def scaled(numbers: Sequence[Columns], half_medians: Columns, half_scales: Columns) -> Columns:
    """Return numbers as columns, from their medians in units of their ranges, bent into (-3, 3)."""
    halves = np.array(numbers).T * 0.5  # so that differences cannot overflow
    halves -= half_medians
    with np.errstate(over="ignore"):
        halves /= half_scales
    halves[np.isnan(halves)] = 0.0
    return smooth_clip(halves)


def ranks(numbers: Sequence[Columns], knots: Sequence[tuple[Columns, Columns]]) -> Columns:
    """Return the normal quantiles of numbers' ranks as columns, interpolated between knots."""
    return interpolated_ranks(np.array(numbers).T * 0.5, knots)


def split_knots(
    halves: Columns, heights: Columns, ends: npt.NDArray[np.int64]
) -> list[tuple[Columns, Columns]]:
    """Return halves of numbers and their heights, of each column those up to its end."""
    return list(zip(np.split(halves, ends), np.split(heights, ends), strict=True))


def side_by_side(
    columns: Sequence[npt.NDArray[Any]], dtype: type[np.floating[Any]]
) -> npt.NDArray[Any]:
    """Return columns as one array, a row of it after the other."""
    array = np.concatenate(columns, axis=1, dtype=dtype, casting="unsafe")
    return np.ascontiguousarray(array)
