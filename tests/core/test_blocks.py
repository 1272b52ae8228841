"""Blocks below the dense layers: slow versions, finite differences, the law, one table of stems."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.batching import Dataset
from sknumpynet.core.blocks import Scale, SideBySide
from sknumpynet.core.embeddings import CategoryEmbedding, PeriodicEmbedding, Unchanged
from sknumpynet.core.lbfgs import Objective
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.network import (
    Network,
    Propagation,
    as_columns,
    backward_propagation,
    dense_network,
    forward_propagation,
    initialize_parameters,
    predictions_of,
    raw_outputs,
)
from sknumpynet.core.table import Columns, table_network

# Columns of the data that each part takes: numbers, or codes below 7.
PARTS = {
    "unchanged": Unchanged(3),
    "periodic": PeriodicEmbedding(3, n_frequencies=5, n_mixtures=2, sigmas=(0.5, 0.5)),
    "category": CategoryEmbedding(7, n_outputs=2),
}


def stem_of(*names, scaled=True):
    block = SideBySide(tuple(PARTS[name] for name in names))
    return (block, Scale(block.fan_out)) if scaled else (block,)


STEMS = {
    **{name: stem_of(name) for name in PARTS},
    "all": stem_of("periodic", "unchanged", "category", "category"),
    "no scale": stem_of("unchanged", "periodic", scaled=False),
    "scale alone": (Scale(3),),
}
HIDDEN = [(), (2,), (5, 3)]
MEMBERS = 3


def network_of(stem, hidden=(5,), n_outputs=2, activation="tanh", loss="squared_error"):
    stem = STEMS[stem]
    layers = dense_network([stem[-1].fan_out, *hidden, n_outputs], activation, loss).layers
    return Network(layers, LOSSES[loss], stem)


def rows_of(rng, network, n_samples):
    """Return data that have codes where the first block reads codes."""
    first = network.blocks[0]
    columns = []
    for part in getattr(first, "parts", [Unchanged(first.fan_in)]):
        if isinstance(part, CategoryEmbedding):
            columns.append(rng.integers(part.n_codes, size=(n_samples, 1)).astype(float))
        else:
            columns.append(rng.normal(size=(n_samples, part.fan_in)))
    return np.hstack(columns)


def parameters_of(network, *seeds):
    sources = [np.random.RandomState(seed) for seed in seeds]
    parameters = initialize_parameters(network, sources)
    # No value where a derivative vanishes or a wrong sign does not show.
    return parameters + np.random.RandomState(7).normal(0, 0.3, parameters.shape)


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("stem", STEMS)
def test_gradient(stem, n_outputs, hidden, rng):
    network = network_of(stem, hidden, n_outputs)
    dataset = Dataset(rows_of(rng, network, 11), rng.normal(size=(11, n_outputs)))
    objective = Objective(network, dataset, alpha=0.3)
    (parameters,) = parameters_of(network, 0)
    _, gradient = objective(parameters)
    gradient, step, slope = gradient.copy(), 1e-6, np.empty_like(parameters)
    for i in range(parameters.size):
        shift = step * (np.arange(parameters.size) == i)
        slope[i] = (objective(parameters + shift)[0] - objective(parameters - shift)[0]) / step / 2
    assert_allclose(gradient, slope, rtol=1e-6, atol=1e-8)


def propagated(network, parameters, inputs, delta):
    """Return raw outputs and gradient, through scratch that was full of noise before."""
    gradient = np.full_like(parameters, np.nan)
    propagation = Propagation(network, parameters, gradient, inputs.shape[-1])
    for block in propagation.upwards:
        block.units[...] = np.nan
        for part in getattr(block, "parts", []):
            for name in ("angles", "heights"):
                if hasattr(part, name):
                    getattr(part, name)[...] = np.nan
    raw = np.full(delta.shape, np.nan)
    forward_propagation(propagation, inputs, out=raw)
    backward_propagation(propagation, delta.copy())
    return raw, gradient


@pytest.mark.parametrize("own_rows", [False, True], ids=["shared rows", "own rows"])
@pytest.mark.parametrize("n_samples", [11, MEMBERS])
@pytest.mark.parametrize("stem", STEMS)
def test_law(stem, n_samples, own_rows, rng):
    network = network_of(stem)
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


@pytest.mark.parametrize("stem", STEMS)
def test_prediction_is_what_training_computes(stem, rng):
    network = network_of(stem)
    parameters = parameters_of(network, 0, 1, 2)
    X = rows_of(rng, network, 29)
    raw, _ = propagated(network, parameters, as_columns(X, float), np.zeros((MEMBERS, 2, 29)))
    assert_allclose(raw_outputs(network, parameters, X), raw.swapaxes(-1, -2), rtol=1e-12)
    for k in range(MEMBERS):
        assert_allclose(raw_outputs(network, parameters[k], X), raw[k].T, rtol=1e-12)


def test_prediction_in_blocks_of_rows(rng, monkeypatch):
    network = network_of("all")
    parameters, X = parameters_of(network, 0, 1), rows_of(rng, network, 101)
    at_once = predictions_of(network, parameters, X)
    monkeypatch.setattr("sknumpynet.core.network.PREDICTION_BLOCK_BYTES", 1)
    assert_allclose(predictions_of(network, parameters, X), at_once, rtol=1e-12)


def test_periodic_embedding_slowly(rng):
    embedding = PARTS["periodic"]
    parameters = rng.normal(size=embedding.parameter_shape)
    x, J, M = rng.normal(size=(3, 4)), 5, 2
    out = np.empty((embedding.fan_out, 4))
    embedding.apply(parameters, x, out)
    for feature in range(3):
        own = parameters[feature].tolist()
        frequencies, phases, weights = own[: 2 * J : 2], own[1 : 2 * J : 2], own[2 * J :]
        for sample in range(4):
            value = x[feature, sample]
            assert out[3 * M + feature, sample] == value
            for mixture in range(M):
                mixed = sum(
                    weights[j * M + mixture] * math.cos(frequencies[j] * value + phases[j])
                    for j in range(J)
                )
                assert out[feature * M + mixture, sample] == pytest.approx(mixed)


def test_category_embedding_slowly(rng):
    embedding = PARTS["category"]
    parameters, codes = rng.normal(size=(7, 2)), [0, 6, 3, 3]
    out, gradient = np.empty((2, 4)), np.empty((7, 2))
    bound = embedding.bind(parameters, gradient, 4)
    bound.forward(np.array([codes], float), out)
    assert_array_equal(out.T, [parameters[code] for code in codes])
    delta = rng.normal(size=(2, 4))
    bound.backward(delta)
    expected = np.zeros((7, 2))
    for sample, code in enumerate(codes):
        expected[code] += delta[:, sample]
    assert_allclose(gradient, expected, rtol=1e-12)


def test_scale_slowly(rng):
    factors, inputs = rng.normal(size=3), as_columns(rng.normal(size=(4, 3)), float)
    outputs = Scale(3).apply(factors, inputs)
    assert_array_equal(outputs[:-1], factors[:, np.newaxis] * inputs[:-1])
    assert_array_equal(outputs[-1], 1.0)


def test_starting_values():
    random_state = np.random.RandomState(0)
    embedding = PeriodicEmbedding(400, sigmas=(0.3, 0.3))
    parameters = np.empty(embedding.parameter_shape)
    embedding.initialize(random_state, parameters)
    waves, weights = embedding.views(parameters)
    frequencies, phases = waves[..., 0], waves[..., 1]
    assert frequencies.std() == pytest.approx(2 * np.pi * 0.3, rel=0.05)
    assert np.abs(phases).max() <= np.pi
    assert phases.std() == pytest.approx(2 * np.pi / math.sqrt(12), rel=0.05)
    assert np.abs(weights).max() <= 1 / 4
    scales = []
    for seed in range(100):
        PeriodicEmbedding(400, sigmas=(0.1, 0.4)).initialize(
            np.random.RandomState(seed), parameters
        )
        scales.append(waves[..., 0].std() / (2 * np.pi))
    assert 0.09 < min(scales) < 0.12
    assert 0.35 < max(scales) < 0.44
    assert np.median(scales) == pytest.approx(0.2, rel=0.2)
    category = CategoryEmbedding(400)
    vectors = np.empty(category.parameter_shape)
    category.initialize(random_state, vectors)
    assert_array_equal(vectors[0], 0.0)
    assert vectors[1:].std() == pytest.approx(0.3, rel=0.05)
    factors = np.empty(5)
    Scale(5).initialize(random_state, factors)
    assert_array_equal(factors, 1.0)


@pytest.mark.parametrize("stem", STEMS)
def test_rates_and_decay_have_a_value_for_each_parameter(stem):
    network = network_of(stem)
    for block in network.blocks:
        assert block.learning_rates().shape == block.parameter_shape
        assert block.is_decayed().shape == block.parameter_shape
    assert network.is_decayed.shape == (network.layout.size,)
    rates = network.learning_rates
    assert rates is None or rates.shape == (network.layout.size,)


def test_starting_weights_fitted_to_data_give_unit_variance(rng):
    network = table_network(Columns(3, 2, (7,)), [13, 11], "mish", 2, LOSSES["squared_error"])
    X = np.hstack([rng.normal(size=(200, 5)) * 30, rng.integers(7, size=(200, 1))])
    parameters = initialize_parameters(
        network, np.random.RandomState(0), np.float64, "lecun_normal", X
    )
    inputs = as_columns(X, float)
    for block, view in zip(network.blocks, network.layout.views(parameters), strict=True):
        if block in network.layers:
            preactivation = view[:-1].T @ inputs[:-1]
            assert_allclose(preactivation.std(axis=1), 1.0)
        inputs = block.apply(view, inputs)


@pytest.mark.parametrize(
    "columns", [Columns(0, 0), Columns(0, 2), Columns(2, 0), Columns(0, 0, (3,))]
)
def test_a_table_without_some_kind_of_column(columns, rng):
    network = table_network(columns, [5], "mish", 1, LOSSES["squared_error"])
    parameters = initialize_parameters(network, np.random.RandomState(0))
    X = np.zeros((4, columns.n_numerical + columns.n_plain + len(columns.n_codes)))
    assert raw_outputs(network, parameters, X).shape == (4, 1)


def test_table_network_learns_at_the_rates_of_its_blocks():
    network = table_network(Columns(2, 1), [5], "relu", 1, LOSSES["squared_error"])
    embeddings, scale, hidden, output = network.layout.views(network.learning_rates)
    assert embeddings.min() == pytest.approx(0.1)
    assert embeddings.max() == pytest.approx(0.1 * 2 * np.pi)
    assert_array_equal(scale, 6.0)
    assert_allclose(hidden[:-1], 1 / 3)  # 2 x 4 + 1 = 9 inputs
    assert_allclose(hidden[-1], 0.1)
    assert_allclose(output[:-1], 1 / math.sqrt(5))
