"""A sample of the texts that occur, each with how often it does."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Self

__all__ = ["DistinctSample"]


class DistinctSample:
    """All texts, or of more than ``size`` those with the smallest hashes, and their counts.

    The hash has nothing to do with what a text says, so that these are as good as drawn; and what
    is among the smallest of all is so from its first time on, so that its count is exact.

    Parameters
    ----------
    size : int

    Attributes
    ----------
    counts : dict of str to int

    References
    ----------
    Z. Bar-Yossef et al., "Counting Distinct Elements in a Data Stream", RANDOM 2002.

    Examples
    --------
    >>> sample = DistinctSample(size=3)
    >>> for number in range(100):
    ...     sample.add({f"text {number % 10}": 1})
    >>> len(sample.counts), set(sample.counts.values())
    (3, {10})
    """

    def __init__(self, size: int = 20_000) -> None:
        self.size = size
        self.counts: dict[str, int] = {}
        self._hashes: dict[str, int] = {}
        self._bound = 1 << 64

    def add(self, counts: Mapping[str, int]) -> None:
        """Take in how often texts occur in a part."""
        for text, count in counts.items():
            if text in self.counts:
                self.counts[text] += count
                continue
            hashed = _hash(text)
            if hashed < self._bound:
                self.counts[text], self._hashes[text] = count, hashed
        self._drop()

    def merged(self, other: "DistinctSample") -> Self:
        """Return the sample of both.

        Raises
        ------
        ValueError
            If they are of different sizes.
        """
        if self.size != other.size:
            raise ValueError(f"samples must have one size, got {self.size} and {other.size}")
        both = type(self)(self.size)
        both._bound = min(self._bound, other._bound)
        for sample in (self, other):
            for text, count in sample.counts.items():
                if sample._hashes[text] < both._bound:
                    both.counts[text] = both.counts.get(text, 0) + count
                    both._hashes[text] = sample._hashes[text]
        both._drop()
        return both

    def _drop(self) -> None:
        if len(self.counts) <= self.size:
            return
        self._bound = sorted(self._hashes.values())[self.size]
        self._hashes = {text: own for text, own in self._hashes.items() if own < self._bound}
        self.counts = {text: self.counts[text] for text in self._hashes}


def _hash(text: str) -> int:
    """Return a hash that is the same in every process."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())
