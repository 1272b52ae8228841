import math

import numpy as np
import pytest

from sknumpynet.core.layers import LAYERS, PeriodicEmbedding


def test_slowly(rng):
    embedding = LAYERS["periodic"]
    parameters = rng.normal(size=embedding.parameter_shape)
    x, J, M = rng.normal(size=(3, 4)), 5, 2
    out = embedding.apply(parameters, x)[:-1]
    assert out.shape == (embedding.fan_out, 4)
    for feature in range(3):
        own = parameters[feature].tolist()
        frequencies, phases, weights = own[: 2 * J : 2], own[1 : 2 * J : 2], own[2 * J :]
        for sample in range(4):
            value = x[feature, sample]
            assert out[3 * M + feature, sample] == value
            for mixture in range(M):
                mixed = sum(
                    weights[j * M + mixture] * math.cos(frequencies[j] * value + phases[j])
                    for j in range(J)
                )
                assert out[feature * M + mixture, sample] == pytest.approx(mixed)


def test_starting_values():
    embedding = PeriodicEmbedding(400, sigmas=(0.3, 0.3))
    parameters = np.empty(embedding.parameter_shape)
    embedding.initialize(np.random.RandomState(0), parameters)
    waves, weights = embedding.views(parameters)
    frequencies, phases = waves[..., 0], waves[..., 1]
    assert frequencies.std() == pytest.approx(2 * np.pi * 0.3, rel=0.05)
    assert np.abs(phases).max() <= np.pi
    assert phases.std() == pytest.approx(2 * np.pi / math.sqrt(12), rel=0.05)
    assert np.abs(weights).max() <= 1 / 4
    scales = []
    for seed in range(100):
        PeriodicEmbedding(400, sigmas=(0.1, 0.4)).initialize(
            np.random.RandomState(seed), parameters
        )
        scales.append(waves[..., 0].std() / (2 * np.pi))
    assert 0.09 < min(scales) < 0.12
    assert 0.35 < max(scales) < 0.44
    assert np.median(scales) == pytest.approx(0.2, rel=0.2)
