import numpy as np
import pytest

from sknumpynet.core.layers import MonotonePiecewiseEmbedding, PiecewiseLinearEmbedding

MONOTONE = (True, False, True)


@pytest.fixture
def embedding():
    return MonotonePiecewiseEmbedding(3, n_pieces=4, n_mixtures=2, is_monotone=MONOTONE)


def test_bounds(embedding):
    lowest, highest = embedding.bounds()
    functions, weights = embedding.views(lowest)
    assert (highest == np.inf).all()
    assert (functions[..., 1] == -np.inf).all()  # offsets are free
    for k, is_monotone in enumerate(MONOTONE):
        least = 0.0 if is_monotone else -np.inf
        assert (functions[k, :, 0] == least).all()
        assert (weights[k] == least).all()


def test_starts_as_one_that_is_free_but_for_signs(embedding, rng):
    inputs = rng.normal(size=(4, 100))
    own, free = (np.empty(embedding.parameter_shape) for _ in range(2))
    embedding.initialize(np.random.RandomState(0), own, inputs=inputs)
    other = PiecewiseLinearEmbedding(3, n_pieces=4, n_mixtures=2)
    other.initialize(np.random.RandomState(0), free, inputs=inputs)
    lowest, _ = embedding.bounds()
    assert (own >= lowest).all()
    assert (np.abs(own) == np.abs(free)).all()
    assert (own[1] == free[1]).all()
    assert not (own == free).all()
