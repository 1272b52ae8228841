"""Columns of free text."""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sknumpynet.export.python.parts.levels import hashable
from sknumpynet.export.python.parts.rows import cells_of
from sknumpynet.utils.columns.cells import Level, is_missing
from sknumpynet.utils.dates import time_kind_of
from sknumpynet.utils.encoding.free_text import N_FEATURES, N_GRAMS

__all__ = ["TextNumbers", "text_numbers"]

Vectors = npt.NDArray[np.float32]
MASK = 0xFFFFFFFF


class TextNumbers(NamedTuple):
    """What makes numbers of texts.

    Parameters
    ----------
    weights : ndarray of shape (N_FEATURES,)
        Of n-grams: the larger, the rarer.
    directions : ndarray of shape (N_FEATURES, width)
    centre : ndarray of shape (width,)
    """

    weights: Vectors
    directions: Vectors
    centre: Vectors


def hashed(gram: str) -> int:
    """Return where an n-gram counts: MurmurHash3 of its bytes, by A. Appleby, as a signed int."""
    data = gram.encode()
    n_whole = len(data) // 4 * 4
    h = 0
    for start in range(0, len(data), 4):
        k = int.from_bytes(data[start : start + 4], "little") * 0xCC9E2D51 & MASK
        h ^= (k << 15 | k >> 17) * 0x1B873593 & MASK
        if start < n_whole:
            h = ((h << 13 | h >> 19) & MASK) * 5 + 0xE6546B64 & MASK
    h ^= len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & MASK
    h = (h ^ h >> 13) * 0xC2B2AE35 & MASK
    h ^= h >> 16
    return min(h, 2**32 - h) % N_FEATURES


@lru_cache(maxsize=2**14)
def grams_of(word: str) -> list[tuple[int, int]]:
    """Return the places of a word's n-grams, with a space around it, and how often each is."""
    word = f" {word} "
    shortest, longest = N_GRAMS
    grams = [
        word[start : start + n]
        for n in range(shortest, longest + 1)
        for start in range(max(len(word) - n, 0) + 1)
        if n <= len(word) or n == shortest
    ]
    return sorted(Counter(map(hashed, grams)).items())


def vector_of(text: str, numbers: TextNumbers) -> Vectors:
    """Return the numbers of a text: its n-grams, a vector of length 1, seen from directions."""
    counts: dict[int, int] = {}
    for word in text.lower().split():
        for place, n in grams_of(word):
            counts[place] = counts.get(place, 0) + n
    if not counts:
        return -numbers.centre
    places = np.array([*counts][::-1])
    shares = 1 + np.log(np.array([*counts.values()][::-1], np.float32))
    shares *= numbers.weights[places]
    # Added in order, as by a sparse matrix.
    norm = np.sqrt(np.add.accumulate(np.square(shares).astype(np.float64))[-1])
    shares /= np.maximum(norm, np.finfo(np.float32).tiny)
    terms = shares[:, np.newaxis] * numbers.directions[places]
    vector: Vectors = np.add.accumulate(terms)[-1] - numbers.centre
    return vector


def text_numbers(
    values: Any, name: str, numbers: TextNumbers, level_of: Callable[[Any, Any], Level]
) -> Vectors:
    """Return the numbers of each text, NaN where it is missing."""
    cells = hashable(cells_of(values), name)
    missing = np.full(len(numbers.centre), np.nan, np.float32)
    found = {}
    for cell in set(cells):
        if not is_missing(cell) and time_kind_of(type(cell)) is not None:
            raise TypeError(f"column {name!r} must hold text, got {cell!r}")
        text = None if is_missing(cell) else str(level_of(cell, name))
        found[cell] = missing if text is None else vector_of(text, numbers)
    return np.stack([found[cell] for cell in cells])
