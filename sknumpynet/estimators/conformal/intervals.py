"""Bounds of new targets, by how wrong networks are about rows that had no part in them."""

import warnings
from typing import Literal

import numpy as np

from sknumpynet.core.types import FloatArray
from sknumpynet.estimators.conformal.held_out_rows import HeldOutRows
from sknumpynet.estimators.conformal.order_statistics import SortedScores

__all__ = ["IntervalMethod", "bounds_of", "scores_of_errors", "warn_of_few_rows"]

IntervalMethod = Literal["plus", "minmax", "mean"]


def scores_of_errors(
    held_out: HeldOutRows, target: int, said: FloatArray, scatter: float = 0.0
) -> SortedScores:
    """Return how far off networks were about a target of rows that had no part in them.

    Parameters
    ----------
    held_out : HeldOutRows
    target : int
        Which of the targets.
    said : ndarray of shape (n_rows, 2)
        Between what they said that it lies: the same twice, or two quantiles.
    scatter : float
        The standard deviation that errors of single networks have and those of their mean do not:
        errors are shrunk by it.

    References
    ----------
    Of quantiles Y. Romano, E. Patterson, E. Candès, "Conformalized Quantile Regression", NeurIPS
    2019, equation 6.
    """
    targets = held_out.targets[:, target]
    errors = np.maximum(said[:, 0] - targets, targets - said[:, 1])
    largest = np.abs(errors).max()
    if largest > 0.0:
        # Relative to the largest, of which squares do not overflow.
        total = np.average((errors / largest) ** 2, weights=held_out.sample_weight)
        errors = errors * np.sqrt(max(1.0 - (scatter / largest) ** 2 / total, 0.0))
    n_rows = len(np.unique(held_out.rows))
    return SortedScores(errors, held_out.networks, held_out.sample_weight, n_rows)


def warn_of_few_rows(scores: SortedScores, level: float, stacklevel: int) -> None:
    """Warn where rows held out cannot tell bounds of a level."""
    if scores.needed(level) > scores.total:
        warnings.warn(
            f"{scores.n_rows} rows held out cannot tell bounds of level {level}, which are "
            f"infinite: it takes {int(np.ceil(level / (1.0 - level)))} rows of equal weight, or a "
            "lower level",
            stacklevel=stacklevel + 1,
        )


def bounds_of(
    scores: SortedScores, of_new: FloatArray, level: float, method: IntervalMethod
) -> FloatArray:
    """Return bounds of a target of new rows.

    Parameters
    ----------
    scores : SortedScores
        Of rows held out.
    of_new : ndarray of shape (n_networks, n_new, 2)
        Between what all networks say that it lies; with 'mean' they are taken to say the same,
        which is up to the caller.
    level : float
        Part of the targets to be held.
    method : {'plus', 'minmax', 'mean'}

    Returns
    -------
    ndarray of shape (n_new, 2)

    References
    ----------
    R. Barber, E. Candès, A. Ramdas, R. Tibshirani, "Predictive Inference with the Jackknife+",
    Annals of Statistics 49, 2021, sections 3 and 4, for folds.
    """
    lower, upper = -of_new[scores.networks, :, 0], of_new[scores.networks, :, 1]
    if method == "minmax":
        lower, upper = (np.broadcast_to(own.max(axis=0), own.shape) for own in (lower, upper))
    return np.stack([-scores.upper(lower, level), scores.upper(upper, level)], axis=-1)
