"""Pairs of categories' levels."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknumpynet.utils.encoding.pairs import CodePairs, PairLimits


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def codes_of(rng, *n_codes, n_rows=997):
    """Return codes of which low ones are frequent, and 0 now and then."""
    return np.column_stack([(n * rng.random(n_rows) ** 2).astype(int) for n in n_codes])


def test_pairs_have_the_same_code_where_they_are_the_same(rng):
    codes = codes_of(rng, 7, 11, 13)
    pairs = CodePairs.learned(codes, [7, 11, 13])
    assert sorted(pairs.pairs) == [(0, 1), (0, 2), (1, 2)]
    encoded = pairs.encoded(codes)
    for (one, other), own, n_levels in zip(pairs.pairs, encoded.T, pairs.n_levels(), strict=True):
        both = codes[:, [one, other]]
        known = (both > 0).all(axis=1)
        assert_array_equal(own > 0, known)
        distinct, places = np.unique(both[known], axis=0, return_inverse=True)
        assert_array_equal(own[known], places.reshape(-1) + 1)
        assert n_levels == len(distinct) + 1


def test_rows_that_were_not_learned_from(rng):
    codes = codes_of(rng, 7, 11, 13)
    pairs = CodePairs.learned(codes[:500], [7, 11, 13])
    known = pairs.encoded(codes[:500])
    for rows in (codes[500:], codes[500:501], codes[:0]):
        for (one, other), own, its in zip(pairs.pairs, pairs.encoded(rows).T, known.T, strict=True):
            code_of = dict(zip(map(tuple, codes[:500, [one, other]].tolist()), its, strict=True))
            both = map(tuple, rows[:, [one, other]].tolist())
            assert own.tolist() == [code_of.get(pair, 0) for pair in both]


def test_the_columns_whose_pairs_recur_most_come_first(rng):
    codes = np.column_stack([codes_of(rng, 40, 40), rng.permutation(997) + 1])
    pairs = CodePairs.learned(codes, [40, 40, 998])
    assert pairs.pairs == [(0, 1)], "with a column of names no pair recurs"


def test_a_column_that_says_the_other_makes_no_pair(rng):
    codes = codes_of(rng, 50, 6)
    nested = np.column_stack([codes, codes[:, 0] // 5 + 1])
    assert CodePairs.learned(nested, [50, 6, 11]).pairs == [(0, 1), (1, 2)]


def test_limits(rng):
    codes, n_codes = codes_of(rng, 7, 11, 13, 5), [7, 11, 13, 5]
    first = CodePairs.learned(codes, n_codes)
    two = CodePairs.learned(codes, n_codes, PairLimits(n_pairs=2))
    assert two.pairs == first.pairs[:2]
    some = CodePairs.learned(codes, n_codes, PairLimits(n_columns=3))
    assert sorted(some.pairs) == [(0, 1), (0, 2), (1, 2)], "of the columns of most levels"
    bound = sum(first.n_levels()[:3])
    for n_levels, expected in [(bound, 3), (bound - 1, 2), (0, 0)]:
        limited = CodePairs.learned(codes, n_codes, PairLimits(n_levels=n_levels))
        assert limited.pairs == first.pairs[:expected]
        assert limited.encoded(codes).shape == (len(codes), expected)


def test_one_column_has_no_pairs(rng):
    codes = codes_of(rng, 7)
    pairs = CodePairs.learned(codes, [7])
    assert pairs.pairs == []
    assert pairs.encoded(codes).shape == (997, 0)


def test_numbers_of_pairs_may_be_large():
    """Of 50 pairs of columns of a million levels each numbers do not overflow."""
    n = 10**6
    codes = np.array([[n - 1] * 11, [1] * 11, [n - 1] * 11, [1, *[n - 1] * 10]])
    pairs = CodePairs.learned(codes, [n] * 11, PairLimits(n_pairs=50))
    assert {(0, k) for k in range(1, 11)} <= set(pairs.pairs)
    assert (pairs.encoded(codes) > 0).all()


def test_what_is_saved_is_plain(rng):
    codes = codes_of(rng, 7, 11)
    pairs = CodePairs.learned(codes, [7, 11])
    again = CodePairs(*pickle.loads(pickle.dumps(pairs.to_plain())))
    assert_array_equal(again.encoded(codes), pairs.encoded(codes))
