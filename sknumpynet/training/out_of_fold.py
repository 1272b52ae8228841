"""What members say of rows that they never saw."""

from collections.abc import Sequence

import numpy as np

from sknumpynet.core.inference import activated, raw_outputs
from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.training.runs import EnsembleRuns

__all__ = ["mean_out_of_fold", "out_of_fold"]


def out_of_fold(trained: EnsembleRuns) -> FloatArray | None:
    """Let every member predict the rows that it never saw; None where all see all.

    Parameters
    ----------
    trained : EnsembleRuns

    Returns
    -------
    ndarray of shape (n_samples, n_outputs) or None
        See `mean_out_of_fold`.
    """
    problem = trained.problem
    X = problem.data.X
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
    return mean_out_of_fold(predictions, held_out, X.shape[0])


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
