"""Sets of classes for new rows, by how wrong networks are about rows that had no part in them."""

import warnings
from typing import Any, Literal, NamedTuple

import numpy as np

from sknumpynet.core.types import BoolArray, FloatArray, IntArray
from sknumpynet.estimators.conformal.order_statistics import SortedScores

__all__ = ["LabelScores", "SetMethod", "scores_of_classes", "sets_of"]

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
    networks : ndarray of int of shape (n_rows,)
        Whose scores they are.
    rows : ndarray of int of shape (n_rows,)
        See `HeldOutRows`.
    sample_weight : ndarray of shape (n_rows,) or None
    """

    scores: FloatArray
    labels: IntArray
    networks: IntArray
    rows: IntArray
    sample_weight: FloatArray | None

    def sorted(self, label: int | None = None) -> SortedScores:
        """Return the scores of all rows, or of those of one class."""
        own: Any = slice(None) if label is None else self.labels == label
        weight = self.sample_weight
        return SortedScores(
            self.scores[own],
            self.networks[own],
            None if weight is None else weight[own],
            len(np.unique(self.rows[own])),
        )


def sets_of(
    held_out: LabelScores, of_new: FloatArray, level: float, *, per_class: bool = False
) -> BoolArray:
    """Return which classes belong to the sets of new rows.

    Parameters
    ----------
    held_out : LabelScores
    of_new : ndarray of shape (n_networks, n_new, n_classes)
        Scores of all classes, of new rows, by each network.
    level : float
        Part of the labels to be held.
    per_class : bool
        Whether each class is held so often by itself.

    Returns
    -------
    ndarray of bool of shape (n_new, n_classes)

    References
    ----------
    Y. Romano, M. Sesia, E. Candès, "Classification with Valid and Adaptive Coverage", NeurIPS 2020,
    section 2.3; M. Sadinle, J. Lei, L. Wasserman, "Least Ambiguous Set-Valued Classifiers with
    Bounded Error Levels", JASA 114, 2019. By class: V. Vovk, "Conditional Validity of Inductive
    Conformal Predictors", ACML 2012.
    """
    n_classes = of_new.shape[-1]
    belongs = np.ones(of_new.shape[1:], bool)
    few: list[int] = []
    of_all = None if per_class else held_out.sorted()
    for label in range(n_classes):
        sorted_scores = of_all or held_out.sorted(label)
        needed = sorted_scores.needed(level)
        if needed > sorted_scores.total:
            few.append(label)
            continue
        values = of_new[sorted_scores.networks, :, label]
        belongs[:, label] = sorted_scores.less_than(values) < needed
    if few:
        whose = f"of classes {few}" if per_class else "held out"
        warnings.warn(
            f"the rows {whose} are too few for sets of level {level}: "
            + ("these classes are" if per_class else "all classes are")
            + " in every set",
            stacklevel=4,
        )
    return belongs
