"""Every layer of the table: finite differences, the law, prediction, what it says of parameters."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.batching import Dataset
from sknumpynet.core.inference import raw_outputs
from sknumpynet.core.layers import LAYERS, Concatenate, Context, Dense, Scale
from sknumpynet.core.lbfgs import Objective
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.network import (
    Network,
    Propagation,
    as_columns,
    backward_propagation,
    forward_propagation,
    initialize_parameters,
)

# Layers that a `Concatenate` takes.
OF_COLUMNS = [name for name, layer in LAYERS.items() if not isinstance(layer, Dense)]


def first_layers(*names, scaled=True):
    """Return a layer of several, with a scale above it if asked for."""
    layer = Concatenate(tuple(LAYERS[name] for name in names))
    return (layer, Scale(layer.fan_out)) if scaled else (layer,)


# What comes below dense layers.
FIRST_LAYERS = {
    **{f"{name} alone": (layer,) for name, layer in LAYERS.items()},
    **{name: first_layers(name) for name in OF_COLUMNS},
    "all": first_layers("periodic", "identity", "category", "category"),
    "every": first_layers(*OF_COLUMNS),
    "no scale": first_layers("identity", "periodic", scaled=False),
}
HIDDEN = [(), (2,), (5, 3)]
MEMBERS = 3


def network_of(first, hidden=(5,), n_outputs=2, activation="tanh"):
    below = FIRST_LAYERS[first]
    dense = dense_network([below[-1].fan_out, *hidden, n_outputs], activation)
    return Network((*below, *dense.layers))


def table_for(rng, layer, n_samples):
    """Return rows of data that have codes where the layer reads codes."""
    if hasattr(layer, "layers"):
        return np.hstack([table_for(rng, own, n_samples) for own in layer.layers])
    if hasattr(layer, "n_passed_on"):
        codes = table_for(rng, layer.lookup, n_samples)
        return np.hstack([rng.normal(size=(n_samples, layer.n_passed_on)), codes])
    if hasattr(layer, "n_codes"):
        return rng.integers(layer.n_codes, size=(n_samples, len(layer.n_codes))).astype(float)
    return rng.normal(size=(n_samples, layer.fan_in))


def rows_of(rng, network, n_samples):
    return table_for(rng, network.layers[0], n_samples)


def parameters_of(network, *seeds):
    sources = [np.random.RandomState(seed) for seed in seeds]
    parameters = initialize_parameters(network, sources)
    # No value where a derivative vanishes or a wrong sign does not show.
    return parameters + np.random.RandomState(7).normal(0, 0.3, parameters.shape)


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("first", FIRST_LAYERS)
def test_gradient(first, n_outputs, hidden, rng, check_gradient):
    network = network_of(first, hidden, n_outputs)
    dataset = Dataset(rows_of(rng, network, 11), rng.normal(size=(11, n_outputs)))
    objective = Objective(network, LOSSES["squared_error"], dataset, alpha=0.3)
    (parameters,) = parameters_of(network, 0)
    check_gradient(objective, parameters)


def spoil(propagation):
    """Fill what is written before it is read with noise."""
    for layer in propagation.upwards:
        layer.units[...] = np.nan
        for own in [layer, *getattr(layer, "layers", [])]:
            for name in ("angles", "heights", "derivative", "scaled_inputs"):
                if isinstance(getattr(own, name, None), np.ndarray):
                    getattr(own, name)[...] = np.nan


def propagated(network, parameters, inputs, delta):
    """Return raw outputs and gradient, through scratch that was full of noise before."""
    gradient = np.full_like(parameters, np.nan)
    propagation = Propagation(network, parameters, gradient, inputs.shape[-1])
    spoil(propagation)
    raw = np.full(delta.shape, np.nan)
    forward_propagation(propagation, inputs, out=raw)
    backward_propagation(propagation, delta.copy())
    return raw, gradient


@pytest.mark.parametrize("own_rows", [False, True], ids=["shared rows", "own rows"])
@pytest.mark.parametrize("n_samples", [11, MEMBERS])
@pytest.mark.parametrize("first", FIRST_LAYERS)
def test_law(first, n_samples, own_rows, rng):
    network = network_of(first)
    parameters = parameters_of(network, 0, 1, 2)
    tables = [rows_of(rng, network, n_samples) for _ in range(MEMBERS if own_rows else 1)]
    inputs = np.stack([as_columns(X, float) for X in tables])
    inputs = inputs if own_rows else inputs[0]
    delta = rng.normal(size=(MEMBERS, 2, n_samples))
    raw, gradients = propagated(network, parameters, inputs, delta)
    for k in range(MEMBERS):
        own = inputs[k] if own_rows else inputs
        alone, gradient = propagated(network, parameters[k], own, delta[k])
        assert_array_equal(raw[k], alone)
        assert_array_equal(gradients[k], gradient)


@pytest.mark.parametrize("first", FIRST_LAYERS)
def test_a_batch_knows_nothing_of_the_one_before(first, rng):
    network = network_of(first)
    parameters = parameters_of(network, 0, 1, 2)
    gradient = np.empty_like(parameters)
    propagation, raw = Propagation(network, parameters, gradient, 11), np.empty((MEMBERS, 2, 11))
    for _ in range(2):
        inputs = as_columns(rows_of(rng, network, 11), float)
        delta = rng.normal(size=raw.shape)
        forward_propagation(propagation, inputs, out=raw)
        backward_propagation(propagation, delta.copy())
        fresh_raw, fresh_gradient = propagated(network, parameters, inputs, delta)
        assert_array_equal(raw, fresh_raw)
        assert_array_equal(gradient, fresh_gradient)


@pytest.mark.parametrize("first", FIRST_LAYERS)
def test_prediction_is_what_training_computes(first, rng):
    network = network_of(first)
    parameters = parameters_of(network, 0, 1, 2)
    X = rows_of(rng, network, 29)
    raw, _ = propagated(network, parameters, as_columns(X, float), np.zeros((MEMBERS, 2, 29)))
    assert_allclose(raw_outputs(network, parameters, X), raw.swapaxes(-1, -2), rtol=1e-12)
    for k in range(MEMBERS):
        assert_allclose(raw_outputs(network, parameters[k], X), raw[k].T, rtol=1e-12)


@pytest.mark.parametrize("first", FIRST_LAYERS)
def test_prediction_in_blocks_of_rows(first, rng, monkeypatch):
    network = network_of(first)
    parameters, X = parameters_of(network, 0, 1), rows_of(rng, network, 101)
    at_once = raw_outputs(network, parameters, X)
    monkeypatch.setattr("sknumpynet.core.inference.BLOCK_BYTES", 1)
    assert_allclose(raw_outputs(network, parameters, X), at_once, rtol=1e-12)


@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LAYERS)
def test_apply_is_what_the_bound_form_computes(name, dtype, members, rng):
    layer = LAYERS[name]
    parameters = rng.normal(size=(*members, *layer.parameter_shape)).astype(dtype)
    inputs = as_columns(table_for(rng, layer, 11), dtype)
    bound = layer.bind(parameters, np.empty_like(parameters), Context(11))
    outputs = layer.apply(parameters, inputs)
    assert outputs.shape == (*members, layer.fan_out + 1, 11)
    assert outputs.dtype == dtype
    assert_array_equal(outputs[..., -1, :], 1.0)
    assert_array_equal(bound.forward(inputs), outputs)
    assert_array_equal(bound.units, outputs[..., :-1, :])


@pytest.mark.parametrize("name", OF_COLUMNS)
def test_a_layer_writes_where_it_is_told(name, rng):
    layer = LAYERS[name]
    parameters = rng.normal(size=(MEMBERS, *layer.parameter_shape))
    columns = as_columns(table_for(rng, layer, 11), float)
    room = np.full((MEMBERS, layer.fan_out + 5, 11), np.nan)
    context = Context(11, units=room[:, 2 : layer.fan_out + 2])
    layer.bind(parameters, np.empty_like(parameters), context).forward(columns[:-1])
    assert_array_equal(room[:, 2:-3], layer.apply(parameters, columns)[:, :-1])
    assert np.isnan(room[:, :2]).all()
    assert np.isnan(room[:, -3:]).all()


@pytest.mark.parametrize("name", LAYERS)
def test_starting_values_are_drawn_into_a_view_and_depend_on_the_seed_alone(name):
    layer, draws = LAYERS[name], []
    for _ in range(2):
        parameters = np.full(layer.parameter_shape, np.nan)
        layer.initialize(np.random.RandomState(3), parameters)
        assert np.isfinite(parameters).all()
        draws.append(parameters)
    assert_array_equal(*draws)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_values(name):
    layer = LAYERS[name]
    again = type(layer)(**{field: getattr(layer, field) for field in layer.__dataclass_fields__})
    assert layer == again
    assert hash(layer) == hash(again)


@pytest.mark.parametrize("first", FIRST_LAYERS)
def test_rates_and_decay_have_a_value_for_each_parameter(first):
    network = network_of(first)
    for layer in network.layers:
        assert layer.learning_rates().shape == layer.parameter_shape
        assert layer.is_decayed().shape == layer.parameter_shape
        assert layer.is_decayed().dtype == bool
    sizes = [math.prod(layer.parameter_shape) for layer in network.layers]
    assert network.layout.size == sum(sizes)
    assert network.is_decayed.shape == (network.layout.size,)
    rates = network.learning_rates
    assert rates is None or rates.shape == (network.layout.size,)
