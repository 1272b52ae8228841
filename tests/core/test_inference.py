import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core import inference
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.inference import (
    activated,
    mean_of_members,
    perceptron_outputs,
    raw_outputs,
)
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.network import as_columns, initialize_parameters

MEMBERS = 3
HIDDEN = [(), (2,), (13,), (7, 1), (13, 7)]


def sources(*seeds):
    return [np.random.RandomState(seed) for seed in seeds]


def predict(weights, biases, activations, output_activation, X):
    return activated(perceptron_outputs(weights, biases, activations, X), output_activation)


@pytest.mark.parametrize("block_bytes", [1, 2**18], ids=["blocks", "at_once"])
@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
def test_predict(activation_and_loss, hidden, block_bytes, rng, propagate, monkeypatch):
    activation, loss = activation_and_loss
    # A block has at least 16 rows: 37 samples make two full ones and a rest.
    monkeypatch.setattr(inference, "BLOCK_BYTES", block_bytes)
    network = dense_network([5, *hidden, 2], activation)
    stack = initialize_parameters(network, sources(0, 1, 2))
    weights, biases = network.layout.unpack(stack)
    functions = network.hidden_activations, LOSSES[loss].output_activation
    for n_samples in (37, MEMBERS):
        inputs = as_columns(rng.normal(size=(n_samples, 5)), float)
        X = inputs[:-1].T
        predictions = predict(weights, biases, *functions, X)
        sparse = predict(weights, biases, *functions, sp.csr_array(X))
        assert predictions.shape == (MEMBERS, n_samples, 2)
        assert_allclose(sparse, predictions, rtol=1e-12, atol=1e-14)
        for k in range(MEMBERS):
            # A single network may have biases without their row axis, as in scikit-learn.
            own = [w[k] for w in weights], [b[k, 0] for b in biases]
            alone = predict(*own, *functions, X)
            assert_allclose(predictions[k], alone, rtol=1e-12, atol=1e-14)
            raw, _ = propagate(network, stack[k], inputs, np.zeros((2, n_samples)), loss=loss)
            LOSSES[loss].predict(raw, raw)
            assert_allclose(alone, raw.T, rtol=1e-12, atol=1e-14)


def test_predict_leaves_x_alone(rng):
    network = dense_network([2, 2], "identity")
    weights, biases = network.layout.unpack(
        initialize_parameters(network, np.random.RandomState(0))
    )
    X = rng.normal(size=(7, 2))
    kept = X.copy()
    predict(weights, biases, [], "softmax", X)
    assert_array_equal(X, kept)


@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
def test_buffers_and_weights_give_the_same(members, rng):
    network = dense_network([5, 13, 2], "tanh")
    seeds = sources(0, 1, 2) if members else np.random.RandomState(0)
    parameters, X = initialize_parameters(network, seeds), rng.normal(size=(37, 5))
    weights, biases = network.layout.unpack(parameters)
    expected = perceptron_outputs(weights, biases, network.hidden_activations, X)
    assert_array_equal(raw_outputs(network, parameters, X), expected)


def test_the_mean_of_members_is_made_in_blocks_of_rows(rng, monkeypatch):
    X, seen = rng.normal(size=(11, 2)), []

    def predict_members(rows):
        seen.append(len(rows))
        return np.stack([rows, rows**2, -rows])

    at_once = mean_of_members(predict_members, X, 3 * 2)
    assert_array_equal(at_once, predict_members(X).mean(axis=0))
    monkeypatch.setattr(inference, "MEMBERS_BLOCK_ENTRIES", 4 * 3 * 2)
    seen.clear()
    assert_array_equal(mean_of_members(predict_members, X, 3 * 2), at_once)
    assert seen == [4, 4, 3]
    assert_array_equal(mean_of_members(lambda rows: rows, X, 2), X)
