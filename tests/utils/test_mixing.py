"""Cells that are read encode as their table does; rows mixed of two hold what either could."""

import random

import numpy as np
import pytest
from helpers.tables import KINDS, MAKERS, MAKERS_OF_TEXT, random_table
from numpy.testing import assert_array_equal

from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.columns import read_columns
from sknumpynet.utils.encoding.mixing import ReadCells

pytestmark = pytest.mark.filterwarnings("ignore")  # of text, which is not what this is about


def read(X):
    preprocessor = TabularPreprocessor().fit(X)
    return preprocessor, ReadCells.of(read_columns(X), preprocessor._learned())


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("seed", range(5))
def test_cells_encode_as_their_table(maker, seed):
    X = MAKERS[maker](random_table(random.Random(seed), 40, KINDS))
    preprocessor, cells = read(X)
    encoded = cells.encoded(preprocessor._learned(), "float32")
    assert_array_equal(encoded, preprocessor.transform(X))


@pytest.mark.parametrize("maker", MAKERS_OF_TEXT)
def test_text_that_holds_numbers(maker):
    X = MAKERS_OF_TEXT[maker]([*(f"{k / 4:,}" for k in range(0, 12_000, 300)), "unknown"])
    preprocessor, cells = read(X)
    encoded = cells.encoded(preprocessor._learned(), "float32")
    assert_array_equal(encoded, preprocessor.transform(X))


def mixed_of(*columns, n_mixed=2_000):
    first, second = np.random.default_rng(0).integers(len(columns[0]), size=(2, n_mixed))
    cells = ReadCells([np.asarray(column) for column in columns])
    return first, second, cells.mixed(first, second, np.random.RandomState(0)).columns


def test_levels_are_those_of_either_row():
    codes = np.arange(11)
    first, second, (mixed,) = mixed_of(codes)
    assert mixed.dtype.kind == "i"
    other = mixed == second
    assert ((mixed == first) | other).all()
    assert 0.4 < other[first != second].mean() < 0.6


def test_numbers_lie_between_those_of_both_rows():
    numbers = np.random.default_rng(1).normal(size=13)
    first, second, (mixed,) = mixed_of(numbers)
    ends = np.sort([numbers[first], numbers[second]], axis=0)
    assert ((mixed >= ends[0] - 1e-15) & (mixed <= ends[1] + 1e-15)).all()
    assert 0.4 < (mixed == numbers[first])[first != second].mean() < 0.6


def test_a_missing_number_is_missing_or_the_others():
    numbers = np.array([1.0, np.nan, 3.0])
    first, second, (mixed,) = mixed_of(numbers)
    from_missing = mixed[(first == 1) & (second == 0)]
    to_missing = mixed[(first == 0) & (second == 1)]
    for found in (from_missing, to_missing):
        assert set(np.nan_to_num(found, nan=-1.0)) == {-1.0, 1.0}
    assert np.isnan(mixed[(first == 1) & (second == 1)]).all()
    assert not np.isnan(mixed[(first != 1) & (second != 1)]).any()


def test_rows_change_in_none_to_all_of_their_columns():
    first, second, mixed = mixed_of(*[np.arange(7)] * 10)
    changed = np.mean([cells != np.arange(7)[first] for cells in mixed], axis=0)[first != second]
    assert {0.0, 0.5, 1.0} < set(changed)


def test_the_largest_numbers_do_not_overflow():
    *_, (mixed,) = mixed_of([-1.7e308, 1.7e308])
    assert np.isfinite(mixed).all()
