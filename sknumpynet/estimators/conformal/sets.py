"""Sets of classes for new rows, by how wrong networks are about rows that had no part in them."""

import warnings
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from sknumpynet.core.types import BoolArray, FloatArray, IntArray
from sknumpynet.estimators.conformal.held_out_rows import HeldOutRows
from sknumpynet.estimators.conformal.order_statistics import SortedScores

__all__ = [
    "LabelScores",
    "SetMethod",
    "scores_by_class",
    "scores_of_classes",
    "sets_of",
    "warn_of_few_labels",
]

SetMethod = Literal["adaptive", "least_ambiguous"]


def scores_of_classes(
    probabilities: FloatArray, method: SetMethod, share: FloatArray | None = None
) -> FloatArray:
    """Return how badly each class fits.

    Parameters
    ----------
    probabilities : ndarray of shape (..., n_rows, n_classes)
    method : {'adaptive', 'least_ambiguous'}
        The probability of all classes that are as probable or more; or 1 less the class's own.
    share : ndarray of shape (n_rows,), optional
        How much of the class's own probability counts among the former; all by default.

    Returns
    -------
    ndarray of the shape of ``probabilities``

    Examples
    --------
    >>> import numpy as np
    >>> probabilities = np.array([[0.5, 0.25, 0.25]])
    >>> scores_of_classes(probabilities, "adaptive")
    array([[0.5, 1. , 1. ]])
    >>> scores_of_classes(probabilities, "least_ambiguous")
    array([[0.5 , 0.75, 0.75]])
    """
    if method == "least_ambiguous":
        return np.asarray(1.0 - probabilities)
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, axis=-1)
    sums = np.cumsum(ordered, axis=-1)
    # Classes that are as probable as others count with these, whatever their order.
    for k in range(sums.shape[-1] - 2, -1, -1):
        tied = ordered[..., k] == ordered[..., k + 1]
        sums[..., k] = np.where(tied, sums[..., k + 1], sums[..., k])
    scores = np.empty_like(sums)
    np.put_along_axis(scores, order, sums, axis=-1)
    if share is not None:
        scores -= (1.0 - share)[:, np.newaxis] * probabilities
    return scores


class LabelScores(NamedTuple):
    """How badly the own classes of rows held out fit.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
    labels : ndarray of int of shape (n_rows,)
        The classes.
    held_out : HeldOutRows
        The rows.
    """

    scores: FloatArray
    labels: IntArray
    held_out: HeldOutRows

    def sorted(self, label: int | None = None) -> SortedScores:
        """Return the scores of all rows, or of those of one class."""
        own: Any = slice(None) if label is None else self.labels == label
        weight = self.held_out.sample_weight
        return SortedScores(
            self.scores[own],
            self.held_out.networks[own],
            None if weight is None else weight[own],
            len(np.unique(self.held_out.rows[own])),
        )


def scores_by_class(known: LabelScores, n_classes: int, *, per_class: bool) -> list[SortedScores]:
    """Return the scores that each class is judged by: those of its own rows, or of all."""
    if per_class:
        return [known.sorted(label) for label in range(n_classes)]
    return [known.sorted()] * n_classes


def warn_of_few_labels(
    scores: Sequence[SortedScores], level: float, *, per_class: bool, stacklevel: int
) -> None:
    """Warn where rows held out cannot tell whether classes belong to sets of a level."""
    few = [label for label, own in enumerate(scores) if own.needed(level) > own.total]
    if few:
        whose = f"of classes {few}" if per_class else "held out"
        warnings.warn(
            f"the rows {whose} are too few for sets of level {level}: "
            + ("these classes are" if per_class else "all classes are")
            + " in every set",
            stacklevel=stacklevel + 1,
        )


def sets_of(scores: Sequence[SortedScores], of_new: FloatArray, level: float) -> BoolArray:
    """Return which classes belong to the sets of new rows.

    Parameters
    ----------
    scores : sequence of SortedScores
        Those that each class is judged by.
    of_new : ndarray of shape (n_networks, n_new, n_classes)
        Scores of all classes, of new rows, by each network.
    level : float
        Part of the labels to be held.

    Returns
    -------
    ndarray of bool of shape (n_new, n_classes)
        A class of too few rows belongs to all.

    References
    ----------
    Y. Romano, M. Sesia, E. Candès, "Classification with Valid and Adaptive Coverage", NeurIPS 2020,
    section 2.3; M. Sadinle, J. Lei, L. Wasserman, "Least Ambiguous Set-Valued Classifiers with
    Bounded Error Levels", JASA 114, 2019. By class: V. Vovk, "Conditional Validity of Inductive
    Conformal Predictors", ACML 2012.
    """
    belongs = np.ones(of_new.shape[1:], bool)
    for label, own in enumerate(scores):
        needed = own.needed(level)
        if needed <= own.total:
            belongs[:, label] = own.less_than(of_new[own.networks, :, label]) < needed
    return belongs
