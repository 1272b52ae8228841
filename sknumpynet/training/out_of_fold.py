"""What members say of rows that they never saw, and how much each kind of member counts.

trained runs → predictions of rows held out → weights of kinds → their mean for every row
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.inference import activated, raw_outputs
from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.training.kind_weights import weights_of_kinds
from sknumpynet.training.runs import EnsembleRuns

__all__ = ["OutOfFold", "mean_out_of_fold", "out_of_fold"]


class OutOfFold(NamedTuple):
    """What an ensemble says of rows, by the members that never saw them.

    Parameters
    ----------
    mean : ndarray of shape (n_samples, n_outputs)
        Of the members that held a row out, NaN where there are none. Weights are those that the
        other folds give.
    weights : ndarray of shape (n_members,), optional
        How much each counts, by its kind, where kinds hold out the same folds; they add up to 1.
    """

    mean: FloatArray
    weights: FloatArray | None


def out_of_fold(trained: EnsembleRuns) -> OutOfFold | None:
    """Let every member predict the rows that it never saw; None where all see all.

    Parameters
    ----------
    trained : EnsembleRuns
    """
    problem = trained.problem
    X, n_kinds = problem.data.X, len(problem.networks)
    held_out = [rows.held_out for rows in trained.rows if rows.held_out is not None]
    if not held_out:
        return None
    predictions = [
        activated(
            raw_outputs(problem.network_of(k), run.whole_parameters, X[rows]),
            run.loss.output_activation,
        )
        for k, (run, rows) in enumerate(zip(trained.runs, held_out, strict=True))
    ]
    holds_fold = trained.rows[:n_kinds]
    if n_kinds == 1 or len(holds_fold) < n_kinds or holds_fold[0] is not holds_fold[-1]:
        return OutOfFold(mean_out_of_fold(predictions, held_out, X.shape[0]), None)
    folds = held_out[::n_kinds]
    of_folds = [
        np.stack(predictions[k * n_kinds : (k + 1) * n_kinds]).astype(np.float64)
        for k in range(len(folds))
    ]
    weights = _weights(trained, of_folds, folds)
    cross_fitted = [
        np.tensordot(
            _weights(trained, _all_but(of_folds, k), _all_but(folds, k)), of_folds[k], axes=1
        )
        for k in range(len(folds))
    ]
    mean = mean_out_of_fold(cross_fitted, folds, X.shape[0])
    return OutOfFold(mean, np.tile(weights / len(folds), len(folds)))


def _all_but(parts: Sequence[Any], k: int) -> list[Any]:
    return [part for j, part in enumerate(parts) if j != k]


def _weights(
    trained: EnsembleRuns, predictions: Sequence[FloatArray], folds: Sequence[IntArray]
) -> FloatArray:
    """Return the weights of kinds by some folds, equal ones by none."""
    if not folds:
        n_kinds = len(trained.problem.networks)
        return np.full(n_kinds, 1 / n_kinds)
    data, rows = trained.problem.data, np.concatenate(folds)
    return weights_of_kinds(
        np.concatenate(predictions, axis=1),
        data.targets[rows],
        trained.problem.loss,
        None if data.sample_weight is None else data.sample_weight[rows],
    )


def mean_out_of_fold(
    predictions: Sequence[FloatArray], held_out: Sequence[IntArray], n_samples: int
) -> FloatArray:
    """Return each row's mean over the members that never saw it, NaN where there is none.

    Parameters
    ----------
    predictions : sequence of ndarray of shape (n_held_out, n_outputs)
    held_out : sequence of ndarray of int of shape (n_held_out,)
    n_samples : int

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    total = np.zeros((n_samples, predictions[0].shape[1]), predictions[0].dtype)
    counts = np.zeros((n_samples, 1), total.dtype)
    for rows, values in zip(held_out, predictions, strict=True):
        np.add.at(total, rows, values)
        np.add.at(counts, rows, 1)
    return np.divide(total, counts, out=np.full_like(total, np.nan), where=counts > 0)
