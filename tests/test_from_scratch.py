"""The tutorial's network, first for itself and then as the engine's oracle."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_moons

from sknumpynet import from_scratch
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.batching import Dataset
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.members import Member, Settings
from sknumpynet.core.optimizers import SGD
from sknumpynet.core.training import train


@pytest.fixture
def moons():
    X, y = make_moons(101, noise=0.1, random_state=0)
    return X.T, y[np.newaxis]


def test_sigmoid_closed_forms():
    assert_allclose(from_scratch.sigmoid(np.log([1.0, 3.0, 1 / 3])), [0.5, 0.75, 0.25])
    slopes = from_scratch.sigmoid_derivative(np.log([1.0, 3.0, 1 / 3]))
    assert_allclose(slopes, [1 / 4, 3 / 16, 3 / 16])


def test_sigmoid_extremes():
    Z = np.array([-np.inf, -1e308, -750.0, -700.0, 700.0, 750.0, 1e308, np.inf])
    assert_allclose(from_scratch.sigmoid(Z), [0, 0, 0, np.exp(-700), 1, 1, 1, 1], atol=1e-320)
    slopes = [0, 0, 0, np.exp(-700), np.exp(-700), 0, 0, 0]
    assert_allclose(from_scratch.sigmoid_derivative(Z), slopes, atol=1e-320)


def test_sigmoid_derivative_by_differences():
    Z, step = np.linspace(-5, 5, 101), 1e-6
    slope = (from_scratch.sigmoid(Z + step) - from_scratch.sigmoid(Z - step)) / (2 * step)
    assert_allclose(from_scratch.sigmoid_derivative(Z), slope, rtol=1e-7)


def test_binary_cross_entropy():
    Y = np.array([[1, 0, 1]])
    loss = from_scratch.binary_cross_entropy(Y, np.array([[0.5, 0.25, 0.125]]))
    assert loss == pytest.approx(np.log([2, 4 / 3, 8]).mean())
    sure = np.array([[1.0, 0.0, 1.0]])
    assert from_scratch.binary_cross_entropy(Y, sure) == 0.0
    assert from_scratch.binary_cross_entropy(Y, 1 - sure) == pytest.approx(52 * np.log(2))


def test_initialize_parameters():
    parameters = from_scratch.initialize_parameters(2, 3, 1, seed=5)
    assert [p.shape for p in parameters] == [(3, 2), (3, 1), (1, 3), (1, 1)]
    rng = np.random.default_rng(5)
    for parameter, again in zip(
        parameters, from_scratch.initialize_parameters(2, 3, 1, seed=rng), strict=True
    ):
        assert_array_equal(parameter, again)
    draws = np.concatenate(
        [p.ravel() for p in from_scratch.initialize_parameters(97, 101, 89, seed=0)]
    )
    assert abs(draws.mean()) < 0.03
    assert abs(draws.std() - 1) < 0.03


def test_forward_propagation_by_hand():
    W1, b1 = np.array([[1.0, 0.0], [0.0, -1.0]]), np.array([[0.0], [np.log(3)]])
    W2, b2 = np.array([[4.0, -8.0]]), np.array([[1.0]])
    X = np.array([[0.0, np.log(3)], [0.0, np.log(3)]])
    Z1, A1, Z2, A2 = from_scratch.forward_propagation(X, W1, b1, W2, b2)
    assert_allclose(Z1, [[0, np.log(3)], [np.log(3), 0]])
    assert_allclose(A1, [[1 / 2, 3 / 4], [3 / 4, 1 / 2]])
    assert_allclose(Z2, [[-3, 0]], atol=1e-14)
    assert_allclose(A2, [[1 / (1 + np.exp(3)), 1 / 2]])


def test_gradients_by_differences(moons):
    X, Y = moons
    parameters = from_scratch.initialize_parameters(2, 3, 1, seed=1)
    activations = from_scratch.forward_propagation(X, *parameters)
    gradients = from_scratch.backward_propagation(X, Y, *activations, *parameters)

    def loss():
        return from_scratch.binary_cross_entropy(
            Y, from_scratch.forward_propagation(X, *parameters)[-1]
        )

    step = 1e-6
    for parameter, gradient in zip(parameters, gradients, strict=True):
        for index in np.ndindex(parameter.shape):
            kept = parameter[index]
            parameter[index] = kept + step
            above = loss()
            parameter[index] = kept - step
            below = loss()
            parameter[index] = kept
            assert gradient[index] == pytest.approx((above - below) / (2 * step), abs=1e-9)


def test_update_parameters_leaves_its_arguments_alone():
    before = [np.full(shape, 2.0) for shape in [(3, 2), (3, 1), (1, 3), (1, 1)]]
    gradients = [np.full(p.shape, i + 1.0) for i, p in enumerate(before)]
    after = from_scratch.update_parameters(*before, *gradients, 0.5)
    assert [p.ravel()[0] for p in after] == [1.5, 1.0, 0.5, 0.0]
    assert all((p == 2.0).all() for p in before)


def test_train_nn_learns_the_moons(moons):
    X, Y = moons
    parameters = from_scratch.train_nn(X, Y, epochs=2000, learning_rate=5.0, seed=0)
    labels = from_scratch.predict(X, *parameters)
    assert labels.shape == Y.shape
    assert labels.dtype == int
    assert (labels == Y).mean() > 0.95


def test_engine_follows_step_for_step(moons):
    X, Y = moons
    epochs, learning_rate = 300, 1.5
    W1, b1, W2, b2 = from_scratch.initialize_parameters(2, 3, 1, seed=3)

    network = dense_network([2, 3, 1], "logistic")
    parameters = network.layout.pack([W1.T, W2.T], [b1.T, b2.T])
    history = []
    settings = Settings(
        batch_size=X.shape[1],
        max_epochs=epochs,
        shuffle=False,
        patience=np.inf,
        report=lambda line: history.append(parameters.copy()),
    )
    member = Member(np.random.RandomState(0), settings)
    trained, (result,) = train(
        network,
        LOSSES["binary_cross_entropy"],
        parameters,
        Dataset(X.T, Y.T),
        SGD(learning_rate, momentum=0.0, nesterov=False),
        [member],
    )

    loss_curve = []
    for after_step in history:
        activations = from_scratch.forward_propagation(X, W1, b1, W2, b2)
        loss_curve.append(from_scratch.binary_cross_entropy(Y, activations[-1]))
        gradients = from_scratch.backward_propagation(X, Y, *activations, W1, b1, W2, b2)
        W1, b1, W2, b2 = from_scratch.update_parameters(W1, b1, W2, b2, *gradients, learning_rate)
        longhand = network.layout.pack([W1.T, W2.T], [b1.T, b2.T])
        assert_allclose(after_step, longhand, rtol=1e-12, atol=1e-12)
    assert len(loss_curve) == epochs
    assert_allclose(result.state.loss_curve, loss_curve, rtol=1e-12)
    assert_array_equal(trained, history[-1])

    for ours, theirs in zip(
        from_scratch.train_nn(X, Y, epochs, learning_rate, seed=3), (W1, b1, W2, b2), strict=True
    ):
        assert_array_equal(ours, theirs)
