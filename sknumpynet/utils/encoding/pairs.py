"""Pairs of categories: which levels of two columns occur together, and their codes."""

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

__all__ = ["CodePairs", "PairLimits"]

Codes = npt.NDArray[np.integer[Any]]


class PairLimits(NamedTuple):
    """How many pairs are learned at most.

    Parameters
    ----------
    n_pairs : int
        Of columns.
    n_columns : int
        Only as many columns are paired, those of most levels.
    n_levels : int
        Of all pairs together.
    """

    n_pairs: int = 36
    n_columns: int = 20
    n_levels: int = 2**19


@dataclass(frozen=True)
class CodePairs:
    """Pairs of columns of codes, and the pairs of levels that are known of them.

    Parameters
    ----------
    pairs : list of tuple of int
        The two columns of each.
    keys : list of ndarray of int
        For each pair of columns the pairs of levels that are known, ascending: the first column's
        code times ``n_codes`` of the second, plus its code.
    n_codes : list of int
        How many codes each column has, with 0.

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.array([[1, 2], [1, 2], [2, 1], [2, 2], [1, 1], [0, 2]])
    >>> pairs = CodePairs.learned(codes, [3, 3])
    >>> pairs.pairs, pairs.n_levels()
    ([(0, 1)], [5])
    >>> pairs.encoded(codes)[:, 0]
    array([2, 2, 3, 4, 1, 0])
    """

    pairs: list[tuple[int, int]]
    keys: list[Codes]
    n_codes: list[int]

    @classmethod
    def learned(cls, codes: Codes, n_codes: list[int], limits: PairLimits | None = None) -> Self:
        """Learn which levels occur together, first of the columns where most pairs of them recur.

        Not of columns of which one's level says the other's: a pair tells no more than that one.
        Pairs of a single row are learned too: a new row meets them as often as rows that are
        trained on meet those of one other row.

        Parameters
        ----------
        codes : ndarray of int of shape (n_samples, n_columns)
            0 for a level that is missing or unknown, of which no pair is known.
        n_codes : list of int
            How many codes each column has, with 0.
        limits : PairLimits, optional
        """
        limits = limits or PairLimits()
        columns = np.sort(np.argsort(np.negative(n_codes), kind="stable")[: limits.n_columns])
        n_distinct = {k: len(np.unique(codes[:, k])) for k in columns.tolist()}
        found = []
        for one, other in itertools.combinations(n_distinct, 2):
            is_known = (codes[:, one] > 0) & (codes[:, other] > 0)
            keys = _keys(codes[is_known, one], codes[is_known, other], n_codes[other])
            keys, counts = np.unique(keys, return_counts=True)
            n_recurring = int((counts > 1).sum())
            is_nested = len(keys) <= max(n_distinct[one], n_distinct[other])
            if n_recurring and not is_nested:
                found.append((n_recurring, (one, other), keys))
        found.sort(key=lambda own: -own[0])
        n_levels = np.cumsum([len(keys) + 1 for *_, keys in found])
        n_kept = int((n_levels <= limits.n_levels).sum())
        kept = found[: min(n_kept, limits.n_pairs)]
        return cls([pair for _, pair, _ in kept], [keys for *_, keys in kept], list(n_codes))

    def to_plain(self) -> list[Any]:
        """Return what it is made of, in this order."""
        return [self.pairs, self.keys, self.n_codes]

    def n_levels(self) -> list[int]:
        """Return how many codes each pair of columns has, with 0."""
        return [len(keys) + 1 for keys in self.keys]

    @cached_property
    def _known(self) -> tuple[Codes, Codes, Codes]:
        """The keys of all pairs, each moved behind those before; how far, and where they begin."""
        widths = [self.n_codes[one] * self.n_codes[other] for one, other in self.pairs]
        moved = np.cumsum([0, *widths])[:-1]
        starts = np.cumsum([0, *map(len, self.keys)])[:-1]
        keys = [own + by for own, by in zip(self.keys, moved, strict=True)]
        # One more, that no pair has.
        return np.concatenate([*keys, [np.iinfo(np.int64).max]]), moved, starts

    def encoded(self, codes: Codes) -> Codes:
        """Return the codes of pairs, from 1 on, 0 where a pair of levels is not known.

        Parameters
        ----------
        codes : ndarray of int of shape (n_samples, n_columns)

        Returns
        -------
        ndarray of int of shape (n_samples, n_pairs)
        """
        known, moved, starts = self._known
        one, other = np.reshape(self.pairs, (-1, 2)).T.astype(np.intp)
        # At once for all pairs: of a single row 36 take 18 µs.
        keys = _keys(codes[:, one], codes[:, other], np.array(self.n_codes)[other]) + moved
        places = known.searchsorted(keys)
        is_known = (known[places] == keys) & (codes[:, one] > 0) & (codes[:, other] > 0)
        encoded: Codes = np.where(is_known, places - starts + 1, 0)
        return encoded


def _keys(codes: Codes, others: Codes, n_others: Any) -> Codes:
    """Return a number for each pair of levels."""
    keys: Codes = codes.astype(np.int64) * n_others + others
    return keys
