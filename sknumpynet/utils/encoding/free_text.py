"""Free text as numbers: the directions in which the n-grams of its characters vary most.

What is called latent semantic analysis, of n-grams within words instead of words, so that words
that resemble each other, by endings or mistakes, count as alike.
"""

import re
from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.utils.extmath import randomized_svd

from sknumpynet.utils.blas import blas_threads

__all__ = ["TextVectors", "is_free_text", "learn_text_vectors"]

# Text with fewer levels is a category: 60 numbers for each of 100 texts would name them.
FEWEST_TEXTS = 100
# Of letters, in a text, on average. With two to three, as names of firms and devices have, losses
# are those of a category; with more they are lower on 12 of 13 columns, by 18 % on average.
FEWEST_WORDS = 3
_WORD = re.compile(r"\b[^\W\d_]{2,}\b")

N_GRAMS = (2, 4)
# Places that n-grams are hashed to; of four times as many losses are 1 % lower.
N_FEATURES = 2**12
# Losses are 10 % higher with 10 in place of 30, 4 % lower with 60, and a fit takes a fifth longer.
MOST_NUMBERS = 60
# Texts whose directions are sought: of 10,000 with 130 characters in 0.8 s, of 20,000 in 1.6 s.
MOST_TEXTS = 10_000
# Texts that become numbers at once: by 500 it takes three times as long, for all meet most words.
CHUNK = 8_000
# Directions with less of the largest singular value are noise of single precision.
LEAST_SINGULAR = 1e-3

Numbers = npt.NDArray[np.float32]


class TextVectors(NamedTuple):
    """What makes numbers of texts.

    Parameters
    ----------
    weights : ndarray of shape (N_FEATURES,)
        Of n-grams: the larger, the fewer rows have them; 0 where none had.
    directions : ndarray of shape (N_FEATURES, width)
    centre : ndarray of shape (width,)

    Examples
    --------
    >>> vectors = learn_text_vectors({"red wine": 3, "white wine": 2, "ale": 1})
    >>> red, reds, ale = vectors.of(["red wine", "RED wines", "ale"])
    >>> bool(np.linalg.norm(red - reds) < 0.5 * np.linalg.norm(red - ale))
    True
    """

    weights: Numbers
    directions: Numbers
    centre: Numbers

    @property
    def width(self) -> int:
        """How many numbers a text becomes."""
        return len(self.centre)

    def of(self, texts: list[str]) -> Numbers:
        """Return the numbers of each text; those of one do not depend on the others.

        Parameters
        ----------
        texts : list of str

        Returns
        -------
        ndarray of shape (n_texts, width)
        """
        numbers = np.empty((len(texts), self.width), np.float32)
        for start in range(0, len(texts), CHUNK):
            some = slice(start, start + CHUNK)
            units = _units(_n_grams(texts[some]), self.weights)
            numbers[some] = units @ self.directions - self.centre
        return numbers


def learn_text_vectors(counts: Mapping[str, int]) -> TextVectors:
    """Learn what makes numbers of texts: centred, with a standard deviation of at most 1.

    They have no outliers, for a text's weighted n-grams are a vector of length 1.

    Parameters
    ----------
    counts : mapping of str to int
        How many rows have each text.

    Returns
    -------
    TextVectors
        Of width 0 where texts do not differ.
    """
    texts = sorted(counts)
    if len(texts) > MOST_TEXTS:
        places = np.linspace(0, len(texts) - 1, MOST_TEXTS).astype(np.intp)
        texts = [texts[k] for k in places]
    n_rows = np.array([counts[text] for text in texts], np.float32)
    grams = _n_grams(texts)
    n_having = np.bincount(grams.indices, n_rows[_rows(grams)], N_FEATURES)
    rarity = 1 + np.log((1 + n_rows.sum()) / (1 + n_having))
    weights = np.where(n_having > 0, rarity, 0).astype(np.float32)
    units = _units(grams, weights)
    directions = _directions(units, n_rows)
    numbers = units @ directions
    centre = np.average(numbers, axis=0, weights=n_rows) if directions.size else np.zeros(0)
    variances = n_rows @ np.square(numbers - centre) / max(n_rows.sum(), 1)
    scale = np.sqrt(variances.max(initial=0.0))
    if scale < LEAST_SINGULAR:  # all texts are alike
        directions, centre, scale = directions[:, :0], centre[:0], 1.0
    return TextVectors(weights, directions / np.float32(scale), (centre / scale).astype(np.float32))


def is_free_text(texts: Collection[str]) -> bool:
    """Return whether texts are many, and say something by their words.

    Parameters
    ----------
    texts : collection of str
        That differ.

    Examples
    --------
    >>> is_free_text([f"wine of {name} grapes" for name in map(chr, range(1000, 1200))])
    True
    >>> is_free_text([f"user {number}" for number in range(1000)])
    False
    """
    if len(texts) < FEWEST_TEXTS:
        return False
    n_words = sum(len(_WORD.findall(text)) for text in texts)
    return n_words >= FEWEST_WORDS * len(texts)


def _n_grams(texts: list[str]) -> Any:
    """Return how often each text has each n-gram, as 1 plus its logarithm.

    Of each word n-grams are made once: of 100,000 texts of 130 characters that takes 2.5 s,
    not 9.6.
    """
    place_of: dict[str, int] = {"": 0}
    words = [
        [place_of.setdefault(word, len(place_of)) for word in text.lower().split()]
        for text in texts
    ]
    places = np.fromiter(chain.from_iterable(words), np.intp)
    bounds = np.cumsum([0, *map(len, words)])
    of_texts = csr_matrix(
        (np.ones(len(places), np.float32), places, bounds), (len(texts), len(place_of))
    )
    hashing = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=N_GRAMS,
        n_features=N_FEATURES,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    grams = of_texts @ hashing.transform(place_of)
    grams.data = 1 + np.log(grams.data)
    return grams


def _rows(matrix: Any) -> npt.NDArray[np.intp]:
    """Return the row of each entry of a sparse matrix."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _units(grams: Any, weights: Numbers) -> Any:
    """Return weighted n-grams, of each text a vector of length 1, or 0 where it has none."""
    rows, data = _rows(grams), grams.data * weights[grams.indices]
    norms = np.sqrt(np.bincount(rows, np.square(data), grams.shape[0]))
    data /= np.maximum(norms, np.finfo(np.float32).tiny)[rows]
    return csr_matrix((data, grams.indices, grams.indptr), grams.shape)


def _directions(units: Any, n_rows: Numbers) -> Numbers:
    """Return the first right singular vectors of all rows' vectors, as columns."""
    if units.nnz == 0:
        return np.empty((units.shape[1], 0), np.float32)
    roots = np.sqrt(n_rows)[_rows(units)]  # a text that several rows have counts so often
    weighted = csr_matrix((units.data * roots, units.indices, units.indptr), units.shape)
    with blas_threads(1):  # the same bits however many there are
        _, sizes, vectors = randomized_svd(
            weighted, min(MOST_NUMBERS, *weighted.shape), random_state=0
        )
    kept = vectors[sizes > LEAST_SINGULAR * sizes[0]]
    return np.ascontiguousarray(kept.T, np.float32)
