import numpy as np
import pytest

from sknumpynet.core.differences import disagreement

AT = np.array([[0.5, -1.0, 2.0], [3.0, -0.3, 0.1]])


def test_a_derivative_that_is_right():
    assert disagreement(np.cos(AT), np.sin, AT, atol=1e-5) is None


@pytest.mark.parametrize("wrong", [0.7, np.nan])
def test_the_first_place_where_it_is_wrong(wrong):
    derivative = np.cos(AT)
    derivative[0, 2] = derivative[1, 1] = wrong
    position, given, slope = disagreement(derivative, np.sin, AT, atol=1e-5)
    assert position == (0, 2)
    assert given == pytest.approx(wrong, nan_ok=True)
    assert slope == pytest.approx(np.cos(2.0))


def test_along_a_direction():
    def product(at):
        return at[0] * at[1]

    first, second = np.eye(2)[:, :, np.newaxis]
    assert disagreement(AT[1], product, AT, first, atol=1e-5) is None
    assert disagreement(AT[0], product, AT, second, atol=1e-5) is None
    assert disagreement(AT[0], product, AT, first, atol=1e-5).position == (0,)


@pytest.mark.parametrize(("error", "is_seen"), [(1e-6, False), (1e-4, True)])
def test_what_is_let_pass(error, is_seen):
    flat = np.zeros(3)
    assert (disagreement(flat + error, np.zeros_like, flat, atol=1e-5) is not None) == is_seen
