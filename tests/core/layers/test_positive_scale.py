import numpy as np
from numpy.testing import assert_array_equal

from sknumpynet.core.layers import PositiveScale, Scale


def test_it_is_a_scale_but_for_its_bounds(rng):
    factors, inputs = rng.random(3), rng.normal(size=(4, 5))
    assert_array_equal(PositiveScale(3).apply(factors, inputs), Scale(3).apply(factors, inputs))
    assert_array_equal(PositiveScale(3).bounds(), [[0.0] * 3, [np.inf] * 3])
    assert np.isinf(Scale(3).bounds()).all()
