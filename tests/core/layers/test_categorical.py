import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.layers import LAYERS, CategoryEmbedding, Context


def test_slowly(rng):
    embedding = LAYERS["category"]
    parameters, codes = rng.normal(size=(7, 2)), [0, 6, 3, 3]
    gradient = np.empty((7, 2))
    bound = embedding.bind(parameters, gradient, Context(4))
    bound.forward(np.array([codes], float))
    assert_array_equal(bound.units.T, [parameters[code] for code in codes])
    delta = rng.normal(size=(2, 4))
    bound.backward(delta)
    expected = np.zeros((7, 2))
    for sample, code in enumerate(codes):
        expected[code] += delta[:, sample]
    assert_allclose(gradient, expected, rtol=1e-12)


def test_starting_values():
    embedding = CategoryEmbedding(400)
    vectors = np.empty(embedding.parameter_shape)
    embedding.initialize(np.random.RandomState(0), vectors)
    assert_array_equal(vectors[0], 0.0)
    assert vectors[1:].std() == pytest.approx(0.3, rel=0.05)
