"""Which rows the members of a stack train on, and in which order."""

import copy
from collections.abc import Sequence

import numpy as np

from sknumpynet.core.batching import Dataset
from sknumpynet.core.types import IntArray

__all__ = ["RowOrder"]


class RowOrder:
    """The rows of every member in the order of an epoch, for all in one where it is the same.

    Parameters
    ----------
    dataset : Dataset
    sources : sequence of RandomState
        Each member's; who has the same object shares its shuffles.
    shuffles : bool
        Whether each epoch permutes the order of the last.
    is_single : bool
        Whether it is for one network, not for a stack.

    Attributes
    ----------
    rows : ndarray of int of shape (n_samples,) or (K, n_samples)
    lengths : ndarray of int of shape (K,) or None
        How many rows each member has, where they have not equally many.
    has_own_rows : bool
        Whether each member of a stack has an order of its own.
    """

    def __init__(
        self,
        dataset: Dataset,
        sources: Sequence[np.random.RandomState],
        *,
        shuffles: bool,
        is_single: bool,
    ) -> None:
        self.sources, self.shuffles = list(sources), shuffles
        rows = dataset.used_rows
        have_one_order = not shuffles or len({id(source) for source in sources}) == 1
        have_same_rows = rows.ndim == 1 and dataset.lengths is None
        self.has_own_rows = not is_single and not (have_same_rows and have_one_order)
        self.rows: IntArray = rows
        self.lengths = dataset.lengths
        if self.has_own_rows:
            self.rows = np.broadcast_to(rows, (len(sources), rows.shape[-1])).copy()

    def n_rows(self, position: int) -> int:
        """Return how many rows a member trains on, padding not counted."""
        return self.rows.shape[-1] if self.lengths is None else int(self.lengths[position])

    def rows_of(self, position: int) -> IntArray:
        """Return a member's rows, without padding."""
        rows = self.rows[position] if self.has_own_rows else self.rows
        return rows[: self.n_rows(position)]

    def resume(self, position: int, rows: IntArray) -> None:
        """Go on from the order that a member's rows were in; who shares it is to go on too."""
        if self.has_own_rows:
            self.rows[position, : len(rows)] = rows
        else:
            self.rows = rows

    def shuffle(self) -> None:
        """Let every source draw one permutation, if there is shuffling at all."""
        if not self.shuffles:
            return
        if not self.has_own_rows:
            self.rows = self.rows[self.sources[0].permutation(self.n_rows(0))]
            return
        permutations: dict[int, IntArray] = {}
        for position, (source, rows) in enumerate(zip(self.sources, self.rows, strict=True)):
            n_rows = self.n_rows(position)
            if id(source) not in permutations:
                permutations[id(source)] = source.permutation(n_rows)
            rows[:n_rows] = rows[permutations[id(source)]]

    def take(self, positions: Sequence[int]) -> "RowOrder":
        """Return the order of some members, a copy."""
        some = copy.copy(self)
        some.sources = [self.sources[i] for i in positions]
        if self.has_own_rows:
            some.rows = self.rows[positions]
        if self.lengths is not None:
            # As many as before: the bits of a product depend on its size.
            some.lengths = self.lengths[positions]
        return some
