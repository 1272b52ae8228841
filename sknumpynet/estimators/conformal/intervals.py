"""Bounds of new targets, by how wrong networks are about rows that had no part in them."""

import warnings
from typing import Literal

import numpy as np

from sknumpynet.core.types import FloatArray
from sknumpynet.estimators.conformal.held_out_rows import HeldOutRows
from sknumpynet.estimators.conformal.order_statistics import SortedScores

__all__ = ["IntervalMethod", "bounds_of"]

IntervalMethod = Literal["plus", "minmax", "mean"]


def bounds_of(
    held_out: HeldOutRows,
    of_held_out: FloatArray,
    of_new: FloatArray,
    level: float,
    method: IntervalMethod,
    scatter: float = 0.0,
) -> FloatArray:
    """Return bounds of the targets of new rows, for one output.

    Parameters
    ----------
    held_out : HeldOutRows
        Of one target.
    of_held_out : ndarray of shape (n_rows, 2)
        What is said of the rows held out: a lower and an upper value, such as two quantiles.
    of_new : ndarray of shape (n_networks, n_new, 2)
        What all networks say of new rows.
    level : float
        Part of the targets to be held.
    method : {'plus', 'minmax', 'mean'}
        With 'mean' all networks are taken to say the same of new rows, which is up to the caller.
    scatter : float
        With 'mean' the standard deviation that errors of single networks have and those of their
        mean do not: errors are shrunk by it.

    Returns
    -------
    ndarray of shape (n_new, 2)

    References
    ----------
    R. Barber, E. Candès, A. Ramdas, R. Tibshirani, "Predictive Inference with the Jackknife+",
    Annals of Statistics 49, 2021, sections 3 and 4, for folds; of quantiles Y. Romano,
    E. Patterson, E. Candès, "Conformalized Quantile Regression", NeurIPS 2019, equation 6.
    """
    target = held_out.targets[:, 0]
    errors = np.maximum(of_held_out[:, 0] - target, target - of_held_out[:, 1])
    largest = np.abs(errors).max()
    if method == "mean" and largest > 0.0:
        # Relative to the largest, of which squares do not overflow.
        total = np.average((errors / largest) ** 2, weights=held_out.sample_weight)
        errors = errors * np.sqrt(max(1.0 - (scatter / largest) ** 2 / total, 0.0))
    scores = SortedScores(
        errors,
        held_out.networks,
        held_out.sample_weight,
        len(np.unique(held_out.rows)),
    )
    if scores.needed(level) > scores.total:
        n_rows, n_needed = len(np.unique(held_out.rows)), int(np.ceil(level / (1.0 - level)))
        warnings.warn(
            f"{n_rows} rows held out cannot tell bounds of level {level}, which are infinite: it "
            f"takes {n_needed} rows of equal weight, or a lower level",
            stacklevel=4,
        )
    lower, upper = -of_new[scores.networks, :, 0], of_new[scores.networks, :, 1]
    if method == "minmax":
        lower, upper = (np.broadcast_to(own.max(axis=0), own.shape) for own in (lower, upper))
    return np.stack([-scores.upper(lower, level), scores.upper(upper, level)], axis=-1)
