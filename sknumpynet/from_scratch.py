"""A neural network from scratch: 2 inputs, 3 hidden units, 1 output, in plain NumPy.

Every sample is a *column* of ``X`` (n_features, n_samples), its 0/1 label a column of ``Y``
(1, n_samples). Weights have a row per unit of the layer and a column per unit below it, biases
are a column. The engine in `sknumpynet.core` computes the same thing faster, and its tests hold
it to this page.

>>> X = np.array([[0.0, 0.2, 0.9, 1.0], [0.1, 0.0, 1.0, 0.8]])
>>> Y = np.array([[0, 0, 1, 1]])
>>> predict(X, *train_nn(X, Y, epochs=500, learning_rate=1.0, seed=0))
array([[0, 0, 1, 1]])
"""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "backward_propagation",
    "binary_cross_entropy",
    "forward_propagation",
    "initialize_parameters",
    "predict",
    "sigmoid",
    "sigmoid_derivative",
    "train_nn",
    "update_parameters",
]

Array = npt.NDArray[Any]
Parameters = tuple[Array, Array, Array, Array]


def sigmoid(Z: Array) -> Array:
    """Return 1 / (1 + exp(-Z)), between 0 and 1.

    Written as exp(-log(exp(0) + exp(-Z))), for which NumPy has a function that cannot overflow.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return np.exp(-np.logaddexp(0.0, -Z))


def sigmoid_derivative(Z: Array) -> Array:
    """Return the slope of the sigmoid at Z: sigmoid(Z) · (1 - sigmoid(Z)).

    >>> sigmoid_derivative(np.array([0.0]))
    array([0.25])
    """
    return sigmoid(Z) * sigmoid(-Z)  # sigmoid(-Z) is 1 - sigmoid(Z), but keeps its digits near 0


def binary_cross_entropy(Y: Array, A2: Array) -> float:
    """Return the mean of -log(probability that A2 gives to the true label).

    >>> round(binary_cross_entropy(np.array([[1, 0]]), np.array([[0.5, 0.5]])), 4)
    0.6931
    """
    smallest = np.finfo(float).eps  # log(0) is -inf: a sure but wrong answer costs 36 instead
    log_yes = np.log(np.maximum(A2, smallest))
    log_no = np.log(np.maximum(1.0 - A2, smallest))
    return float(np.mean(-Y * log_yes - (1 - Y) * log_no))


def initialize_parameters(
    input_size: int,
    hidden_size: int,
    output_size: int,
    seed: int | np.random.Generator | None = None,
) -> Parameters:
    """Draw W1, b1, W2 and b2 from the standard normal distribution.

    >>> [parameter.shape for parameter in initialize_parameters(2, 3, 1)]
    [(3, 2), (3, 1), (1, 3), (1, 1)]
    """
    rng = np.random.default_rng(seed)
    W1 = rng.standard_normal((hidden_size, input_size))
    b1 = rng.standard_normal((hidden_size, 1))
    W2 = rng.standard_normal((output_size, hidden_size))
    b2 = rng.standard_normal((output_size, 1))
    return W1, b1, W2, b2


def forward_propagation(
    X: Array, W1: Array, b1: Array, W2: Array, b2: Array
) -> tuple[Array, Array, Array, Array]:
    """Return the weighted sums Z and activations A of both layers; A2 is P(label 1)."""
    Z1 = W1 @ X + b1
    A1 = sigmoid(Z1)
    Z2 = W2 @ A1 + b2
    A2 = sigmoid(Z2)
    return Z1, A1, Z2, A2


def backward_propagation(
    X: Array,
    Y: Array,
    Z1: Array,
    A1: Array,
    Z2: Array,
    A2: Array,
    W1: Array,
    b1: Array,
    W2: Array,
    b2: Array,
) -> Parameters:
    """Return dW1, db1, dW2, db2: the slope of the mean loss along each parameter.

    The chain rule, from the loss down; dZ2 is simple because the cross-entropy's slope,
    (A2 - Y) / (A2 · (1 - A2)), meets the sigmoid's, A2 · (1 - A2).
    """
    m = X.shape[1]
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = dZ2.sum(axis=1, keepdims=True) / m
    dZ1 = W2.T @ dZ2 * sigmoid_derivative(Z1)
    dW1 = dZ1 @ X.T / m
    db1 = dZ1.sum(axis=1, keepdims=True) / m
    return dW1, db1, dW2, db2


def update_parameters(
    W1: Array,
    b1: Array,
    W2: Array,
    b2: Array,
    dW1: Array,
    db1: Array,
    dW2: Array,
    db2: Array,
    learning_rate: float,
) -> Parameters:
    """Return the parameters a small step downhill."""
    W1 = W1 - learning_rate * dW1
    b1 = b1 - learning_rate * db1
    W2 = W2 - learning_rate * dW2
    b2 = b2 - learning_rate * db2
    return W1, b1, W2, b2


def train_nn(
    X: Array,
    Y: Array,
    epochs: int,
    learning_rate: float,
    hidden_size: int = 3,
    seed: int | np.random.Generator | None = None,
) -> Parameters:
    """Return W1, b1, W2, b2 after as many steps downhill on all samples as there are epochs."""
    parameters = initialize_parameters(X.shape[0], hidden_size, Y.shape[0], seed)
    for _ in range(epochs):
        activations = forward_propagation(X, *parameters)
        gradients = backward_propagation(X, Y, *activations, *parameters)
        parameters = update_parameters(*parameters, *gradients, learning_rate)
    return parameters


def predict(X: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Array:
    """Return the more probable label of every sample, 0 or 1, shape (1, n_samples)."""
    _, _, _, A2 = forward_propagation(X, W1, b1, W2, b2)
    return (A2 > 0.5).astype(int)
