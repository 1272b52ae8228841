import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.dropout import RESOLUTION, Dropout
from sknumpynet.core.network import (
    Propagation,
    backward_propagation,
    forward_propagation,
    initialize_parameters,
)

MEMBERS = 3
RATES = [(0.5, 0.2), (0.0, 0.25), (0.9, 0.0)]
SEEDS = [(1, 0), (2, 0), (3, 0)]


@pytest.fixture
def network():
    return dense_network([5, 13, 7, 2], "tanh")


def propagation_of(network, dropout, n_samples, seeds=0):
    """Return it with its parameters and their gradient."""
    sources = [np.random.RandomState(seed) for seed in seeds] if seeds else np.random.RandomState(0)
    parameters = initialize_parameters(network, sources)
    gradient = np.empty_like(parameters)
    propagation = Propagation(network, parameters, gradient, n_samples, dropout=dropout.layers)
    return propagation, parameters, gradient


def masks(propagation):
    return [layer.kept for layer in propagation.hidden_layers if layer.kept is not None]


def inputs_of(rng, n_samples):
    inputs = rng.normal(size=(6, n_samples))
    inputs[-1] = 1.0
    return inputs


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9, 1 - 1e-9])
def test_what_is_kept_is_scaled_up(rate, network):
    dropout = Dropout([(rate, 0.0)], [(0,)])
    propagation, _, _ = propagation_of(network, dropout, 5003)
    dropout.draw(propagation, 5003)
    (kept,) = masks(propagation)
    rounded = min(round(rate * RESOLUTION), RESOLUTION - 1) / RESOLUTION
    assert set(np.unique(kept)) <= {0.0, 1 / (1 - rounded)}
    # 65,039 units: the part kept has a standard error of at most 0.2 %.
    assert (kept > 0).mean() == pytest.approx(1 - rate, abs=0.01)


def test_is_pytorchs_scaling(network):
    torch = pytest.importorskip("torch")
    dropped = torch.nn.functional.dropout(torch.ones(1000, dtype=torch.float64), 0.25)
    dropout = Dropout([(0.25, 0.0)], [(0,)])
    propagation, _, _ = propagation_of(network, dropout, 1009)
    dropout.draw(propagation, 1009)
    assert_allclose(masks(propagation)[0].max(), dropped.max().item())


def test_masks_change_from_step_to_step_and_go_on(network):
    dropout = Dropout([RATES[0]], [SEEDS[0]])
    propagation, _, _ = propagation_of(network, dropout, 11)
    drawn = []
    for _ in range(3):
        dropout.draw(propagation, 11)
        drawn.append([kept.copy() for kept in masks(propagation)])
    assert (drawn[0][0] != drawn[1][0]).any()
    again = Dropout([RATES[0]], [SEEDS[0]])
    again.draw(propagation, 11)
    assert_array_equal(masks(propagation)[0], drawn[0][0])
    again = again.take([0])
    again.draw(propagation, 11)
    assert_array_equal(masks(propagation)[1], drawn[1][1])


@pytest.mark.parametrize("n_samples", [11, MEMBERS])
def test_law(n_samples, network, rng):
    inputs, delta = inputs_of(rng, n_samples), rng.normal(size=(MEMBERS, 2, n_samples))
    stack = Dropout(RATES, SEEDS)
    together, parameters, gradients = propagation_of(network, stack, n_samples, range(MEMBERS))
    raw = np.empty((MEMBERS, 2, n_samples))
    for _ in range(2):
        stack.draw(together, n_samples)
        forward_propagation(together, inputs, out=raw)
        backward_propagation(together, delta.copy())
    for k in range(MEMBERS):
        own = Dropout([RATES[k]], [SEEDS[k]])
        gradient = np.empty_like(parameters[k])
        alone = Propagation(network, parameters[k], gradient, n_samples, dropout=own.layers)
        out = np.empty((2, n_samples))
        for _ in range(2):
            own.draw(alone, n_samples)
            forward_propagation(alone, inputs, out=out)
            backward_propagation(alone, delta[k].copy())
        assert_allclose(raw[k], out, rtol=1e-12, atol=1e-14)
        assert_allclose(gradients[k], gradient, rtol=1e-12, atol=1e-13)


def test_the_gradient_goes_through_the_mask(network, rng, check_slopes):
    dropout, inputs = Dropout([RATES[0]], [SEEDS[0]]), inputs_of(rng, 11)
    propagation, parameters, gradient = propagation_of(network, dropout, 11)
    dropout.draw(propagation, 11)
    raw, delta = np.empty((2, 2, 11))
    delta[...] = rng.normal(size=(2, 11))
    forward_propagation(propagation, inputs, out=raw)
    backward_propagation(propagation, delta.copy())

    def value(at):
        parameters[...] = at
        return (forward_propagation(propagation, inputs, out=raw) * delta).sum()

    check_slopes(gradient, value, parameters.copy(), np.eye(parameters.size), rtol=1e-6, atol=1e-8)


def test_only_what_is_needed_is_drawn(network):
    rates = [(0.5, 0.0), (0.0, 0.0), (0.5, 0.5)]
    dropout = Dropout(rates, SEEDS)
    before = [str(generator.state) for generator in dropout.generators]
    propagation, _, _ = propagation_of(network, dropout, 11, range(MEMBERS))
    dropout.draw(propagation, 11, np.array([True, True, False]))
    after = [str(generator.state) for generator in dropout.generators]
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, False, False]


def test_a_member_draws_for_its_own_samples_only(network):
    dropout, alone = Dropout(RATES, SEEDS), Dropout([RATES[0]], [SEEDS[0]])
    together, _, _ = propagation_of(network, dropout, 11, range(MEMBERS))
    own, _, _ = propagation_of(network, alone, 7)
    dropout.draw(together, np.array([7, 11, 11]))
    alone.draw(own, 7)
    for mine, other in zip(masks(together), masks(own), strict=True):
        assert_array_equal(mine[0, :, :7], other)
