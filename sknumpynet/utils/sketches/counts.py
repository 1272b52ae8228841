"""How often each of many things occurs, as far as it occurs often."""

from collections.abc import Hashable, Mapping
from typing import Generic, Self, TypeVar

import numpy as np

__all__ = ["FrequentCounts"]

K = TypeVar("K", bound=Hashable)


class FrequentCounts(Generic[K]):
    """Counts of the most frequent things, each at most `error` too small.

    When more than ``2 * size`` things are counted, the count of the one in place ``size + 1`` is
    taken off all, and what has none left is dropped. Each time that takes so much off more than
    ``size`` counts: `error` is at most the part ``1 / (size + 1)`` of all that was counted, and
    what occurs more often is kept. As long as nothing is dropped, counts are exact.

    Parameters
    ----------
    size : int

    Attributes
    ----------
    counts : dict
    n : int
        How many were counted, dropped ones too.
    error : int
        What counts may lack.

    References
    ----------
    J. Misra, D. Gries, "Finding Repeated Elements", Science of Computer Programming 2, 1982;
    P. Agarwal et al., "Mergeable Summaries", PODS 2012.

    Examples
    --------
    >>> counts = FrequentCounts(size=2)
    >>> counts.add({"a": 5, "b": 1, "c": 3, "d": 1, "e": 1})
    >>> counts.counts, counts.error, counts.n
    ({'a': 4, 'c': 2}, 1, 11)
    """

    def __init__(self, size: int = 2**16) -> None:
        self.size, self.n, self.error = size, 0, 0
        self.counts: dict[K, int] = {}

    def add(self, counts: Mapping[K, int]) -> None:
        """Take in how often things occur in a part."""
        for key, count in counts.items():
            self.counts[key] = self.counts.get(key, 0) + count
        self.n += sum(counts.values())
        self._drop()

    def merged(self, other: "FrequentCounts[K]") -> Self:
        """Return the counts of both.

        Raises
        ------
        ValueError
            If they are of different sizes.
        """
        if self.size != other.size:
            raise ValueError(f"counts must have one size, got {self.size} and {other.size}")
        both = type(self)(self.size)
        both.counts, both.n = dict(self.counts), self.n + other.n
        both.error = self.error + other.error
        for key, count in other.counts.items():
            both.counts[key] = both.counts.get(key, 0) + count
        both._drop()
        return both

    def _drop(self) -> None:
        if len(self.counts) <= 2 * self.size:
            return
        values = np.fromiter(self.counts.values(), np.int64)
        place = len(values) - self.size - 1
        taken = int(np.partition(values, place)[place])
        self.counts = {key: own - taken for key, own in self.counts.items() if own > taken}
        self.error += taken
