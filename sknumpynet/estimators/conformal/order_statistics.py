"""Order statistics of sums that are not written out: of what each network says, and of scores.

For a new row there are as many sums as rows held out. They are not made: the scores of each network
are sorted once, and how many sums lie below a value is looked up in them.
"""

import numpy as np

from sknumpynet.core.types import BoolArray, FloatArray, IntArray

__all__ = ["SortedScores"]

# Halvings of a bracket until neighbouring floats are left of it.
MOST_HALVINGS = 80


class SortedScores:
    """The scores of rows held out, sorted for each network, with their weights.

    A new row counts as much as they do on average: of n rows of equal weight it is one of n + 1.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
    networks : ndarray of int of shape (n_rows,)
        Whose score each is.
    sample_weight : ndarray of shape (n_rows,) or None
    n_rows : int
        How many rows there are, of which some may have several scores.

    Attributes
    ----------
    n_rows : int
    networks : ndarray of int
        Those that have scores, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> scores = SortedScores(np.array([1.0, 3.0, 2.0]), np.array([0, 0, 1]), None, 3)
    >>> values = np.array([[10.0], [20.0]])  # of one row, by both networks
    >>> scores.upper(values, 0.5)  # of 11, 13 and 22 the second, as 2 of 3 + 1 are half
    array([13.])
    >>> scores.upper(values, 0.9)
    array([inf])
    """

    def __init__(
        self,
        scores: FloatArray,
        networks: IntArray,
        sample_weight: FloatArray | None,
        n_rows: int,
    ) -> None:
        weight = np.ones(len(scores)) if sample_weight is None else sample_weight
        self.n_rows, self.networks = n_rows, np.unique(networks)
        self._scores, self._weights = [], []
        for network in self.networks:
            own = np.flatnonzero(networks == network)
            own = own[np.argsort(scores[own], kind="stable")]
            self._scores.append(scores[own])
            self._weights.append(np.concatenate([[0.0], np.cumsum(weight[own])]))
        self.total: float = sum((float(own[-1]) for own in self._weights), 0.0)
        self.of_new_row: float = self.total / n_rows if n_rows else 1.0

    def needed(self, level: float) -> float:
        """Return the weight of the rows that are to lie below, more than all if it is not to be.

        A little less than in theory, for what adding up rounds.
        """
        return level * (self.total + self.of_new_row) - 1e-9 * self.total

    def below(self, values: FloatArray, bound: FloatArray) -> FloatArray:
        """Return the weight of the sums of values and scores that are at most a bound.

        Parameters
        ----------
        values : ndarray of shape (len(networks), n)
        bound : ndarray of shape (n,)
        """
        weight = np.zeros(len(bound))
        for own, scores, weights in zip(values, self._scores, self._weights, strict=True):
            weight += weights[np.searchsorted(scores, bound - own, side="right")]
        return weight

    def less_than(self, values: FloatArray) -> FloatArray:
        """Return the weight of the scores that are less than each network's own value.

        Parameters
        ----------
        values : ndarray of shape (len(networks), n)
        """
        weight = np.zeros(values.shape[1])
        for own, scores, weights in zip(values, self._scores, self._weights, strict=True):
            weight += weights[np.searchsorted(scores, own, side="left")]
        return weight

    def upper(self, values: FloatArray, level: float) -> FloatArray:
        """Return the least bound that sums lie below, by the part of their weight that is asked.

        Parameters
        ----------
        values : ndarray of shape (len(networks), n)
            What each network says of n new rows.
        level : float
            The part, in which a new row counts too.

        Returns
        -------
        ndarray of shape (n,)
            Infinite where the rows are too few for the level.
        """
        n_new = values.shape[1]
        needed = self.needed(level)
        if needed > self.total:
            return np.full(n_new, np.inf)
        # Between the bounds that there would be if all networks said the lowest, or the highest.
        own = self._order_statistic(needed)
        high = np.nextafter(values.max(axis=0) + own, np.inf)
        low = np.nextafter(values.min(axis=0) + own, -np.inf)
        for _ in range(MOST_HALVINGS):
            middle = low + (high - low) / 2
            if ((middle == low) | (middle == high)).all():
                break
            reached: BoolArray = np.asarray(self.below(values, middle) >= needed)
            high = np.where(reached, middle, high)
            low = np.where(reached, low, middle)
        return np.asarray(high)

    def _order_statistic(self, needed: float) -> float:
        """Return the least score by which scores have so much weight."""
        scores = np.concatenate(self._scores)
        weight = np.concatenate([np.diff(own) for own in self._weights])
        order = np.argsort(scores, kind="stable")
        place = int(np.searchsorted(np.cumsum(weight[order]), needed))
        return float(scores[order[min(place, len(order) - 1)]])
