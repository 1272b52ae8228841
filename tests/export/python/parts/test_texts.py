"""Free text becomes the numbers that it is elsewhere, to the bit."""

import numpy as np
import pytest
from helpers.python_modules import WORDS
from sklearn.utils import murmurhash3_32

from sknumpynet.export.python.parts.levels import level_of
from sknumpynet.export.python.parts.texts import TextNumbers, hashed, text_numbers
from sknumpynet.utils.encoding.free_text import N_FEATURES, learn_text_vectors

TEXTS = ["", " ", "a", "ab", "red wine", "RED  wines\n", "Käse", "北京 x", "İstanbul", "é", "😀 😀"]


@pytest.mark.parametrize("gram", [" a", "abc", "abcd", "ä b", "北京大学", "x" * 13, "😀"])
def test_hashes_are_those_of_scikit_learn(gram):
    assert hashed(gram) == abs(murmurhash3_32(gram, seed=0)) % N_FEATURES


def test_many_hashes(rng):
    for _ in range(2000):
        gram = "".join(map(chr, rng.integers(1, 3000, rng.integers(1, 5))))
        assert hashed(gram) == abs(murmurhash3_32(gram, seed=0)) % N_FEATURES


@pytest.mark.parametrize("n_words", [1, 2, 12])
def test_numbers_of_texts(n_words, rng):
    learned = learn_text_vectors({" ".join(rng.choice(WORDS[:n_words], 6)): 1 for _ in range(200)})
    texts = [*TEXTS, *(" ".join(rng.choice(WORDS, 40)) for _ in range(50))]
    found = text_numbers(texts, "note", TextNumbers(*learned), level_of)
    np.testing.assert_array_equal(found, learned.of(texts))
    if learned.width:
        assert np.isnan(text_numbers([None], "note", TextNumbers(*learned), level_of)).all()
