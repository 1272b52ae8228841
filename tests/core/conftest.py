"""Fixtures that pose a problem for any loss, so that a new loss needs no new test code."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.batching import Dataset
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.network import Propagation, backward_propagation, forward_propagation
from sknumpynet.core.optimizers import OPTIMIZERS, Hyperparameter, Optimizer


def pytest_collection_modifyitems(items):
    """All of the engine also runs against the oldest versions."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("oldest")


@pytest.fixture(
    params=[(name, "squared_error") for name in ACTIVATIONS] + [("tanh", name) for name in LOSSES],
    ids="-".join,
)
def activation_and_loss(request):
    """Every activation and every loss; with each other they meet where gradients are checked."""
    return request.param


class SpectralDescent(Optimizer):
    """Moves every weight matrix by its momentum over that one's spectral norm, as far as its power
    iterations find it: an optimiser that needs the shapes of the layers, such as a user's.
    """

    n_buffers = 1
    hyperparameters = (
        Hyperparameter("momentum", 0.5, "Of 'spectral'.", 0, 1, parameter="spectral_momentum"),
        Hyperparameter("n_iterations", 3, "Of 'spectral'.", 1, is_shared=True),
    )
    steps_by_layer = True

    def __init__(self, learning_rate, *, momentum=0.5, n_iterations=3):
        super().__init__(learning_rate)
        self.momentum, self.n_iterations = momentum, n_iterations

    def begin_step(self, taken):
        super().begin_step(taken)
        self._rate = np.asarray(self.learning_rate, self.state.dtype)
        self._momentum = np.asarray(self.momentum, self.state.dtype)

    def step(self, piece):
        (momentum,) = piece.state
        np.multiply(momentum, self._momentum, out=momentum)
        np.add(momentum, piece.gradient, out=momentum)
        np.multiply(momentum, self._rate, out=piece.scratch)
        if len(piece.shape) == 2:
            matrix = np.asarray(piece.shaped(momentum))
            vector = np.ones((*matrix.shape[:-2], piece.shape[1], 1), matrix.dtype)
            for _ in range(self.n_iterations):
                vector = matrix.swapaxes(-1, -2) @ (matrix @ vector)
                length = np.sqrt(np.vecdot(vector, vector, axis=-2))[..., np.newaxis]
                vector = vector / np.maximum(length, 1e-30)
            image = matrix @ vector
            norm = np.sqrt(np.vecdot(image, image, axis=-2))
            np.divide(piece.scratch, np.maximum(norm, 1e-30), out=piece.scratch)
        if piece.rates is not None:
            np.multiply(piece.scratch, piece.rates, out=piece.scratch)
        np.subtract(piece.parameters, piece.scratch, out=piece.parameters)


@pytest.fixture(params=[*OPTIMIZERS, "spectral"])
def optimizer(request, monkeypatch):
    """Every key of the table, and of one that is added to it."""
    monkeypatch.setitem(OPTIMIZERS, "spectral", SpectralDescent)
    return request.param


@pytest.fixture
def optimizer_class(optimizer):
    return OPTIMIZERS[optimizer]


@pytest.fixture
def make_targets(rng):
    """Targets that the loss itself could predict: probabilities, counts, whatever it takes."""

    def make(loss, shape):
        loss, targets = LOSSES.get(loss, loss), np.empty(shape)
        loss.predict(rng.normal(size=shape), targets)
        if loss.name == "quantile":  # one target for all of its outputs
            targets = targets[..., :1, :]
        return targets

    return make


@pytest.fixture
def make_dataset(rng, make_targets):
    """A dataset of the given size; weights have the shape (*weight_members, n_samples)."""

    def make(loss, n_samples=11, n_features=5, n_outputs=2, weight_members=None, dtype=float):
        weights = None
        if weight_members is not None:
            weights = rng.uniform(0.5, 2.0, (*weight_members, n_samples)).astype(dtype)
        return Dataset(
            rng.normal(size=(n_samples, n_features)).astype(dtype),
            make_targets(loss, (n_outputs, n_samples)).T.astype(dtype),
            weights,
        )

    return make


def _check_slopes(derivative, function, at, directions, *, rtol, atol, step=1e-6):
    """Hold a derivative along each direction against central differences of the function."""
    slopes = [
        (function(at + step * direction) - function(at - step * direction)) / (2 * step)
        for direction in directions
    ]
    assert_allclose(derivative, slopes, rtol=rtol, atol=atol)


def _check_gradient(objective, parameters):
    gradient = objective(parameters)[1].copy()
    along_each = np.eye(parameters.size)
    _check_slopes(
        gradient, lambda at: objective(at)[0], parameters, along_each, rtol=1e-6, atol=1e-8
    )


@pytest.fixture
def check_slopes():
    return _check_slopes


@pytest.fixture
def check_gradient():
    """Check the gradient that ``objective(parameters)`` returns beside its value."""
    return _check_gradient


def _spoil(propagation):
    """Fill all scratch with noise: whatever is read before it is written shows in the results."""
    for layer in [*propagation.hidden_layers, propagation.output_layer]:
        layer.mask[...] = True
        for array in (layer.units, layer.derivative, layer.below, layer.scaled_inputs):
            if array is not None:
                array[...] = np.nan


@pytest.fixture
def spoil():
    return _spoil


@pytest.fixture
def propagate():
    """Return raw outputs and gradient of a batch of columns, through fresh spoiled scratch."""

    def run(network, parameters, inputs, targets, *, loss="squared_error", spoiled=True):
        is_sparse = sp.issparse(inputs)
        n_samples = targets.shape[-1]
        gradient = np.full_like(parameters, np.nan)
        propagation = Propagation(network, parameters, gradient, n_samples, sparse_inputs=is_sparse)
        if spoiled:
            _spoil(propagation)
        shape = (*parameters.shape[:-1], network.fan_out, n_samples)
        raw = np.full(shape, np.nan, dtype=parameters.dtype)
        returned = forward_propagation(propagation, inputs, out=raw)
        assert returned is raw
        predictions, delta = np.empty_like(raw), np.empty_like(raw)
        LOSSES[loss].predict(raw, predictions)
        LOSSES[loss].differentiate(raw, predictions, targets, delta)
        backward_propagation(propagation, delta)
        return raw, gradient

    return run
