import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.layers import LAYERS, CategoryEmbedding, Context


def test_slowly(rng):
    embedding = LAYERS["category"]
    parameters, codes = rng.normal(size=(11, 2)), [[0, 6, 3, 3], [3, 0, 0, 1]]
    gradient = np.empty((11, 2))
    bound = embedding.bind(parameters, gradient, Context(4))
    bound.forward(np.array(codes, float))
    vectors = list(zip(codes[0], [7 + code for code in codes[1]], strict=True))
    assert_array_equal(bound.units.T, [np.ravel(parameters[list(own)]) for own in vectors])
    delta = rng.normal(size=(4, 4))
    bound.backward(delta)
    expected = np.zeros((11, 2))
    for sample, (first, second) in enumerate(vectors):
        expected[first] += delta[:2, sample]
        expected[second] += delta[2:, sample]
    assert_allclose(gradient, expected, rtol=1e-12)


def test_starting_values():
    embedding = CategoryEmbedding((400, 300))
    vectors = np.empty(embedding.parameter_shape)
    embedding.initialize(np.random.RandomState(0), vectors)
    assert_array_equal(vectors[[0, 400]], 0.0)
    assert vectors.std() == pytest.approx(0.3, rel=0.05)
