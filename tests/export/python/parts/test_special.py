"""SciPy's functions in plain Python."""

import numpy as np
import pytest
import scipy.special

from sknumpynet.export.python.parts.special import expit, ndtr

Z = np.concatenate([np.linspace(-800, 800, 999), np.linspace(-3, 3, 999), [np.inf, -np.inf, 0]])


def test_expit_has_the_bits_of_scipy_in_double_precision():
    found = np.empty_like(Z)
    expit(Z, found)
    np.testing.assert_array_equal(found, scipy.special.expit(Z))


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 2e-7), (np.float64, 1e-12)])
def test_functions_in_place_and_in_any_shape(dtype, rtol):
    z = Z.astype(dtype).reshape(3, -1)
    np.testing.assert_allclose(ndtr(z), scipy.special.ndtr(z), rtol=rtol, atol=1e-300)
    expected = scipy.special.expit(z)
    expit(z, z)
    assert z.dtype == dtype
    np.testing.assert_allclose(z, expected, rtol=rtol, atol=1e-300)
