import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.layers import LAYERS, MixtureEmbedding, mixture
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


def ramp(argument):
    return min(max(argument, -0.5), 0.5)


# The embeddings of the table, by the function of an argument that each is made of.
FUNCTIONS = {
    "periodic": parabola,
    "cosines": math.cos,
    "piecewise": ramp,
    "monotone piecewise": ramp,
}


def test_every_embedding_is_in_the_table():
    mixtures = {name for name, own in LAYERS.items() if isinstance(own, MixtureEmbedding)}
    assert mixtures == FUNCTIONS.keys()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slowly(name, rng):
    embedding, function = LAYERS[name], FUNCTIONS[name]
    parameters = rng.normal(size=embedding.parameter_shape)
    x, J, M = rng.normal(size=(3, 4)), 5, 2
    out = embedding.apply(parameters, x)[:-1]
    assert out.shape == (embedding.fan_out, 4)
    for feature in range(3):
        own = parameters[feature].tolist()
        slopes, offsets, weights = own[: 2 * J : 2], own[1 : 2 * J : 2], own[2 * J :]
        for sample in range(4):
            value = x[feature, sample]
            assert out[3 * M + feature, sample] == value
            for k in range(M):
                mixed = sum(
                    weights[j * M + k] * function(slopes[j] * value + offsets[j]) for j in range(J)
                )
                assert out[feature * M + k, sample] == pytest.approx(mixed)


@pytest.mark.parametrize("entries", [1, 20, 40, 2**20])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_pieces_change_no_bit(name, entries, rng, monkeypatch):
    network = Network((LAYERS[name], *dense_network([9, 1], "identity").layers))
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
    monkeypatch.setattr(mixture, "PIECE_ENTRIES", entries)
    for mine, other in zip(outputs_and_gradient(), expected, strict=True):
        assert_array_equal(mine, other)
