"""Fixtures that pose a problem for any loss, so that a new loss needs no new test code."""

import numpy as np
import pytest
import scipy.sparse as sp

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.batching import Dataset
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.network import Propagation, backward_propagation, forward_propagation


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(
    params=[(name, "squared_error") for name in ACTIVATIONS] + [("tanh", name) for name in LOSSES],
    ids="-".join,
)
def activation_and_loss(request):
    """Every activation and every loss; with each other they meet where gradients are checked."""
    return request.param


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

    def run(network, parameters, inputs, targets, *, spoiled=True):
        is_sparse = sp.issparse(inputs)
        n_samples = targets.shape[-1]
        gradient = np.full_like(parameters, np.nan)
        propagation = Propagation(network, parameters, gradient, n_samples, sparse_inputs=is_sparse)
        if spoiled:
            _spoil(propagation)
        shape = (*parameters.shape[:-1], network.layers[-1].fan_out, n_samples)
        raw = np.full(shape, np.nan, dtype=parameters.dtype)
        returned = forward_propagation(propagation, inputs, out=raw)
        assert returned is raw
        predictions, delta = np.empty_like(raw), np.empty_like(raw)
        network.loss.predict(raw, predictions)
        network.loss.differentiate(raw, predictions, targets, delta)
        backward_propagation(propagation, delta)
        return raw, gradient

    return run
