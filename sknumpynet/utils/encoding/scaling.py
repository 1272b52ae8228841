"""Numbers made fit for a network: robustly scaled, and as normal quantiles of their ranks."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

__all__ = [
    "interpolated_ranks",
    "knots_of_quantiles",
    "median_and_scale",
    "rank_knots",
    "smooth_clip",
]

Numbers = npt.NDArray[np.float64]

# Ranks are interpolated between so many numbers of the training data.
MOST_KNOTS = 256
# Its normal quantile is -3.1.
LOWEST_RANK = 1e-3
# Numbers of the training data so few units in the last place apart are one, as 0.3 and 0.1 + 0.2.
TIED_ULPS = 4


def median_and_scale(known: Numbers) -> tuple[float, float] | None:
    """Return the median and what to divide by, None for less than two values."""
    if len(known) == 0:
        return None
    lower, median, upper = np.percentile(known, [25, 50, 75])
    scale = upper - lower
    if scale == 0:
        # Most are the same, as where zeros are inflated: half the range would be an outlier's.
        distances = np.abs(known - median)
        others = distances[distances > 0]
        scale = 1.5 * np.median(others) if len(others) else 0.0
    return None if scale == 0 else (float(median), float(scale))


def rank_knots(known: Numbers) -> tuple[Numbers, Numbers]:
    """Return numbers of the training data that ascend, and the normal quantile of each's rank.

    Of equal numbers the rank is the middle of theirs. Numbers between are not knots: beside a
    tie they would lend their ranks to what is a bit off it.
    """
    ascending = np.sort(known)
    distinct, starts = np.unique(ascending, return_index=True)
    gaps = np.diff(distinct)
    is_new = np.append(True, gaps > TIED_ULPS * np.spacing(np.abs(distinct[1:])))
    tie = np.cumsum(is_new) - 1
    bounds = np.append(starts[is_new], len(ascending))
    middles = (bounds[:-1] + bounds[1:]) / 2 / len(ascending)
    heights = ndtri(np.clip(middles, LOWEST_RANK, 1 - LOWEST_RANK))[tie]
    if len(distinct) > MOST_KNOTS:
        chosen = np.quantile(ascending, np.linspace(0, 1, MOST_KNOTS), method="inverted_cdf")
        places = np.searchsorted(distinct, np.unique(chosen))
        distinct, heights = distinct[places], heights[places]
    return distinct, heights


def knots_of_quantiles(quantiles: Numbers) -> tuple[Numbers, Numbers]:
    """Return the same of quantiles, between which ranks were interpolated once."""
    distinct, first, counts = np.unique(quantiles, return_index=True, return_counts=True)
    ranks = (first + (counts - 1) / 2) / max(len(quantiles) - 1, 1)
    return distinct, ndtri(np.clip(ranks, LOWEST_RANK, 1 - LOWEST_RANK))


def interpolated_ranks(x: Numbers, knots_of: Sequence[tuple[Numbers, Numbers]]) -> Numbers:
    """Return the normal quantiles of numbers' ranks; 0, the median's, where they are missing.

    Parameters
    ----------
    x : ndarray of shape (n_samples, n_columns)
    knots_of : sequence of tuple of ndarray
        For each column what `rank_knots` returned.
    """
    ranks = np.empty_like(x)
    for own, column, (knots, heights) in zip(ranks.T, x.T, knots_of, strict=True):
        own[...] = np.interp(column, knots, heights)
    # Between subnormal knots the slope overflows.
    lowest, highest = np.array([heights[[0, -1]] for _, heights in knots_of]).T
    np.clip(ranks, lowest, highest, out=ranks)
    ranks[np.isnan(ranks)] = 0.0
    return ranks


def smooth_clip(x: Numbers) -> Numbers:
    """Bend numbers into (-3, 3); changes ``x``."""
    np.clip(x, -1e6, 1e6, out=x)  # so that no square overflows
    clipped: Numbers = x / np.sqrt(1 + (x / 3) ** 2)
    return clipped
