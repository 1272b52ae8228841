import numpy as np
from numpy.testing import assert_array_equal

from sknumpynet.core.layers import Scratch


def test_scratch_is_used_again():
    scratch = Scratch()
    single, double = scratch.arrays([(2, 3), (5,)], [np.dtype(np.float32), np.dtype(float)])
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    single[...], double[...] = 7.0, 9.0
    assert_array_equal(single, np.full((2, 3), 7.0))  # they do not overlap
    again = scratch.array((2, 2), np.dtype(np.float32))
    assert np.shares_memory(again, single)
    assert_array_equal(again, np.full((2, 2), 7.0))
    assert not np.shares_memory(scratch.array((1000,), np.dtype(float)), single)
    assert scratch.array((0, 3), np.dtype(float)).shape == (0, 3)
