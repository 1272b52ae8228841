import math

import numpy as np
import pytest

from sknumpynet.core.layers import PeriodicEmbedding


def parabola(turns):
    """The wave as in a textbook: arcs through the sine's zeros and extremes."""
    place = turns % 1.0
    return 16 * place * (0.5 - place) if place < 0.5 else -16 * (place - 0.5) * (1 - place)


def test_parabolas_are_nearly_sines():
    turns = np.linspace(-2, 2, 801)
    heights = np.array([parabola(own) for own in turns])
    assert np.abs(heights - np.sin(2 * np.pi * turns)).max() < 0.06
    assert np.abs(heights).max() == 1.0


@pytest.mark.parametrize("wave", ["parabola", "cosine"])
def test_both_waves_are_learned_alike(wave, rng):
    """Angles in turns or in radians, of one sine: steps of Adam turn them as far."""
    rates = PeriodicEmbedding(2, wave=wave).learning_rates()
    waves, weights = PeriodicEmbedding(2, wave=wave).views(rates)
    turn = 2 * np.pi if wave == "cosine" else 1.0
    assert waves[..., 0] / turn == pytest.approx(0.1)
    assert waves[..., 1] / turn == pytest.approx(0.1 / (2 * np.pi))
    assert weights == pytest.approx(0.1)


@pytest.mark.parametrize(("wave", "turn"), [("cosine", 2 * np.pi), ("parabola", 1.0)])
def test_starting_values(wave, turn):
    embedding = PeriodicEmbedding(400, sigmas=(0.3, 0.3), wave=wave)
    parameters = np.empty(embedding.parameter_shape)
    embedding.initialize(np.random.RandomState(0), parameters)
    waves, weights = embedding.views(parameters)
    frequencies, phases = waves[..., 0], waves[..., 1]
    assert frequencies.std() == pytest.approx(turn * 0.3, rel=0.05)
    assert np.abs(phases).max() <= turn / 2
    assert phases.std() == pytest.approx(turn / math.sqrt(12), rel=0.05)
    assert np.abs(weights).max() <= 1 / 4
    scales = []
    for seed in range(100):
        PeriodicEmbedding(400, sigmas=(0.1, 0.4), wave=wave).initialize(
            np.random.RandomState(seed), parameters
        )
        scales.append(waves[..., 0].std() / turn)
    assert 0.09 < min(scales) < 0.12
    assert 0.35 < max(scales) < 0.44
    assert np.median(scales) == pytest.approx(0.2, rel=0.2)
