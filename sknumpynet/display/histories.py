"""The numbers that are drawn of a history, by member and epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["best_epochs_of", "by_member", "mean_of_those_that_train"]


def by_member(history: Mapping[str, Sequence[float]], column: str) -> npt.NDArray[np.float64]:
    """Return a column as (n_members, n_epochs), NaN where a member has no such epoch."""
    epochs, columns = np.unique(history["epoch"], return_inverse=True)
    members, rows = np.unique(history.get("member", np.zeros(len(columns))), return_inverse=True)
    values = np.full((len(members), len(epochs)), np.nan)
    values[rows, columns] = history.get(column, np.nan)
    return values


def mean_of_those_that_train(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean over members of what is not NaN."""
    training = ~np.isnan(values)
    sums = np.where(training, values, 0).sum(axis=0)
    counts = training.sum(axis=0)
    means = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def best_epochs_of(history: Mapping[str, Sequence[float]]) -> list[int] | None:
    """Return each member's first epoch with its best score, which early stopping keeps."""
    scores = by_member(history, "validation_score")
    if np.isnan(scores).all(axis=1).any():
        return None
    best: list[int] = np.unique(history["epoch"])[np.nanargmax(scores, axis=1)].tolist()
    return best
