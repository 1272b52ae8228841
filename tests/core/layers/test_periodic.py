import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.layers import LAYERS, PeriodicEmbedding, periodic
from sknumpynet.core.network import (
    Network,
    Propagation,
    backward_propagation,
    forward_propagation,
)


def parabola(turns):
    """The wave as in a textbook: arcs through the sine's zeros and extremes."""
    place = turns % 1.0
    return 16 * place * (0.5 - place) if place < 0.5 else -16 * (place - 0.5) * (1 - place)


WAVES = {"periodic": parabola, "cosines": math.cos}


@pytest.mark.parametrize("name", WAVES)
def test_slowly(name, rng):
    embedding, wave = LAYERS[name], WAVES[name]
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
                    weights[j * M + mixture] * wave(frequencies[j] * value + phases[j])
                    for j in range(J)
                )
                assert out[feature * M + mixture, sample] == pytest.approx(mixed)


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


@pytest.mark.parametrize("entries", [1, 20, 40, 2**20])
def test_pieces_change_no_bit(entries, rng, monkeypatch):
    network = Network((LAYERS["periodic"], *dense_network([9, 1], "identity").layers))
    parameters = rng.normal(size=(2, network.layout.size)).astype(np.float32)
    inputs = np.ones((2, 4, 7), np.float32)
    inputs[:, :3] = rng.normal(size=(2, 3, 7))

    def outputs_and_gradient():
        gradient = np.full_like(parameters, np.nan)
        propagation = Propagation(network, parameters, gradient, 7)
        out = np.empty((2, 1, 7), np.float32)
        forward_propagation(propagation, inputs, out)
        raw = out.copy()
        backward_propagation(propagation, out)
        return raw, gradient

    expected = outputs_and_gradient()
    monkeypatch.setattr(periodic, "PIECE_ENTRIES", entries)
    for mine, other in zip(outputs_and_gradient(), expected, strict=True):
        assert_array_equal(mine, other)


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
