import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.inference import activated, perceptron_outputs
from sknumpynet.core.initializers import INITIALIZERS
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.network import (
    Propagation,
    backward_propagation,
    forward_propagation,
    initialize_parameters,
)

MEMBERS = 3
HIDDEN = [(), (2,), (13,), (7, 1), (13, 7)]


def sources(*seeds):
    return [np.random.RandomState(seed) for seed in seeds]


def columns(rng, *shape, dtype=float):
    """Inputs with samples as columns and the row of ones."""
    inputs = rng.normal(size=shape)
    inputs[..., -1, :] = 1.0
    return inputs.astype(dtype)


def longhand(network, parameters, inputs, targets):
    """Raw outputs and gradient of one network, the textbook's way, through sample rows."""
    weights, biases = network.layout.unpack(parameters)
    outputs, derivatives = [inputs[:-1].T], []
    for layer, weight, bias in zip(network.layers, weights, biases, strict=True):
        z = outputs[-1] @ weight + bias
        derivatives.append(np.ones_like(z))
        if layer.activation.apply_with_derivative is not None:
            mask = np.empty(z.shape, dtype=bool)
            layer.activation.apply_with_derivative(z, derivatives[-1], mask)
        outputs.append(z)
    raw = outputs[-1].T
    predictions = np.empty_like(raw)
    LOSSES["squared_error"].predict(raw, predictions)
    upstream = (predictions - targets).T
    weight_gradients, bias_gradients = [], []
    for i in reversed(range(len(weights))):
        delta = upstream * derivatives[i]
        weight_gradients.insert(0, outputs[i].T @ delta)
        bias_gradients.insert(0, delta.sum(axis=0, keepdims=True))
        upstream = delta @ weights[i].T
    return raw, network.layout.pack(weight_gradients, bias_gradients)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_initialize_parameters(activation, dtype):
    network = dense_network([5, 13, 2], activation)
    stack = initialize_parameters(network, sources(0, 1, 2), dtype)
    assert stack.shape == (3, 106)
    assert stack.dtype == dtype
    for k in range(3):
        alone = initialize_parameters(network, np.random.RandomState(k), dtype)
        assert alone.dtype == dtype
        assert_array_equal(stack[k], alone)

    source, gain = np.random.RandomState(0), 2 if activation == "logistic" else 6
    weights, biases = network.layout.unpack(stack[0])
    for weight, bias in zip(weights, biases, strict=True):
        bound = np.sqrt(gain / sum(weight.shape))
        assert_array_equal(weight, source.uniform(-bound, bound, weight.shape).astype(dtype))
        assert_array_equal(bias, source.uniform(-bound, bound, bias.shape).astype(dtype))


def test_an_activation_for_each_layer(rng, propagate):
    network = dense_network([5, 13, 7, 2], ["gelu", "relu"])
    assert [own.name for own in network.hidden_activations] == ["gelu", "relu"]
    parameters = initialize_parameters(network, np.random.RandomState(0))
    inputs, targets = columns(rng, 6, 11), rng.normal(size=(2, 11))
    raw, gradient = propagate(network, parameters, inputs, targets)
    expected_raw, expected_gradient = longhand(network, parameters, inputs, targets)
    assert_allclose(raw, expected_raw, rtol=1e-12)
    assert_allclose(gradient, expected_gradient, rtol=1e-12, atol=1e-13)
    for wrong in (["relu"], ["relu"] * 3):
        with pytest.raises(ValueError, match="2 hidden layers"):
            dense_network([5, 13, 7, 2], wrong)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializers_draw_for_each_member(name):
    network = dense_network([5, 13, 2], "relu")
    stack = initialize_parameters(network, sources(0, 1, 2), float, name)
    for k in range(MEMBERS):
        alone = initialize_parameters(network, np.random.RandomState(k), float, name)
        assert_array_equal(stack[k], alone)
    assert (stack[0] != stack[1]).any()
    default = initialize_parameters(network, sources(0, 1, 2))
    assert (name == "auto") == np.array_equal(stack, default)


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_propagation_longhand(activation, n_outputs, hidden, rng, propagate):
    network = dense_network([5, *hidden, n_outputs], activation)
    parameters = initialize_parameters(network, np.random.RandomState(0))
    inputs, targets = columns(rng, 6, 11), rng.normal(size=(n_outputs, 11))
    raw, gradient = propagate(network, parameters, inputs, targets)
    expected_raw, expected_gradient = longhand(network, parameters, inputs, targets)
    assert_allclose(raw, expected_raw, rtol=1e-12, atol=1e-14)
    assert_allclose(gradient, expected_gradient, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("n_samples", [11, MEMBERS])
@pytest.mark.parametrize("own_inputs", [False, True], ids=["shared_inputs", "own_inputs"])
@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_propagation_law(activation, n_outputs, hidden, own_inputs, n_samples, rng, propagate):
    network = dense_network([5, *hidden, n_outputs], activation)
    stack = initialize_parameters(network, sources(0, 1, 2))
    members = (MEMBERS,) if own_inputs else ()
    inputs = columns(rng, *members, 6, n_samples)
    targets = rng.normal(size=(*members, n_outputs, n_samples))
    raw, gradient = propagate(network, stack, inputs, targets)
    for k in range(MEMBERS):
        batch = (inputs[k], targets[k]) if own_inputs else (inputs, targets)
        raw_k, gradient_k = propagate(network, stack[k], *batch)
        assert_allclose(raw[k], raw_k, rtol=1e-12, atol=1e-14)
        assert_allclose(gradient[k], gradient_k, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_reads_nothing_stale(activation, n_outputs, hidden, rng, propagate, spoil):
    network = dense_network([5, *hidden, n_outputs], activation)
    stack = initialize_parameters(network, sources(0, 1, 2))
    gradient = np.empty_like(stack)
    propagation = Propagation(network, stack, gradient, 11)
    for _ in range(2):
        inputs, targets = columns(rng, 6, 11), rng.normal(size=(n_outputs, 11))
        clean = propagate(network, stack, inputs, targets, spoiled=False)
        spoil(propagation)
        gradient[...] = np.nan
        raw = forward_propagation(propagation, inputs, out=np.full((3, n_outputs, 11), np.nan))
        assert_array_equal(raw, clean[0])
        backward_propagation(propagation, raw - targets)
        assert_array_equal(gradient, clean[1])


@pytest.mark.parametrize("to_sparse", [sp.csr_matrix, sp.csr_array])
@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
def test_sparse_inputs(members, n_outputs, hidden, to_sparse, rng, propagate):
    network = dense_network([5, *hidden, n_outputs], "relu")
    seeds = sources(0, 1, 2) if members else np.random.RandomState(0)
    parameters = initialize_parameters(network, seeds)
    inputs, targets = columns(rng, 6, 11), rng.normal(size=(n_outputs, 11))
    inputs[:-1][rng.random((5, 11)) < 0.7] = 0.0
    expected = propagate(network, parameters, inputs, targets)
    result = propagate(network, parameters, to_sparse(inputs[:-1].T), targets)
    assert_allclose(result[0], expected[0], rtol=1e-12, atol=1e-14)
    assert_allclose(result[1], expected[1], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
@pytest.mark.parametrize("is_sparse", [False, True], ids=["dense", "sparse"])
def test_keeps_float32(activation_and_loss, is_sparse, members, rng, make_targets, propagate):
    activation, loss = activation_and_loss
    for hidden, n_outputs in [((), 1), ((2,), 1), ((13,), 1), ((13, 7), 2)]:
        network = dense_network([5, *hidden, n_outputs], activation)
        seeds = sources(0, 1, 2) if members else np.random.RandomState(0)
        parameters = initialize_parameters(network, seeds, np.float32)
        inputs = columns(rng, 6, 11, dtype=np.float32)
        targets = make_targets(loss, (n_outputs, 11)).astype(np.float32)
        batch = sp.csr_array(inputs[:-1].T) if is_sparse else inputs
        raw, gradient = propagate(network, parameters, batch, targets, loss=loss)
        assert raw.dtype == gradient.dtype == np.float32
        exact = parameters.astype(float), inputs.astype(float)
        precise = propagate(network, *exact, targets, loss=loss)
        assert_allclose(raw, precise[0], rtol=1e-4, atol=1e-5)
        assert_allclose(gradient, precise[1], rtol=1e-4, atol=1e-4)

        propagation = Propagation(network, parameters, gradient, 11, sparse_inputs=is_sparse)
        for layer in [*propagation.hidden_layers, propagation.output_layer]:
            arrays = [a for a in vars(layer).values() if isinstance(a, np.ndarray)]
            assert {a.dtype.char for a in arrays} <= {"f", "?"}

        weights, biases = network.layout.unpack(parameters)
        X = inputs[:-1].T if not is_sparse else batch
        raw = perceptron_outputs(weights, biases, network.hidden_activations, X)
        assert activated(raw, LOSSES[loss].output_activation).dtype == np.float32
