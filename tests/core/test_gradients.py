"""Every block, activation, loss and weighting against central differences."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from sknumpynet.core.activations import ACTIVATIONS, Activation
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.lbfgs import Objective
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.network import initialize_parameters

# With one output, a narrow (2,) and a wide (13,) first layer go different ways; (3, 1) has a
# hidden layer of one unit.
HIDDEN = [(2,), (13,), (3, 1), (13, 3)]
WEIGHTS = {"unweighted": None, "weighted": ()}
ENDS = list(itertools.product([1, 2], WEIGHTS))


def cases():
    """Yield every activation with every loss and hidden layers, any two of them with every end.

    A network without hidden layers has no activation, which is why it is there for losses alone.
    """
    for i, loss in enumerate(LOSSES):
        for end in ENDS:
            yield "identity", loss, (), *end
        for j, activation in enumerate(ACTIVATIONS):
            for k, hidden in enumerate(HIDDEN):
                yield activation, loss, hidden, *ENDS[(i + j + k) % len(ENDS)]


def test_any_two_of_the_cases_meet_every_end():
    for dropped in range(3):
        met = {case[:dropped] + case[dropped + 1 :] for case in cases() if case[2]}
        sizes = [len(ACTIVATIONS), len(LOSSES), len(HIDDEN)]
        del sizes[dropped]
        assert len(met) == len(ENDS) * np.prod(sizes)


@pytest.mark.parametrize(
    ("activation", "loss", "hidden", "n_outputs", "weights"), [*cases()], ids=str
)
def test_gradient(activation, loss, hidden, n_outputs, weights, make_dataset, check_gradient):
    dataset = make_dataset(loss, 7, 5, n_outputs, WEIGHTS[weights])
    network = dense_network([5, *hidden, n_outputs], activation)
    objective = Objective(network, LOSSES[loss], dataset, alpha=0.3)
    check_gradient(objective, initialize_parameters(network, np.random.RandomState(0)))


def _one_percent_off(z, derivative, mask):
    ACTIVATIONS["tanh"].apply_with_derivative(z, derivative, mask)
    derivative *= 1.01


class _ShiftedGradient(type(LOSSES["squared_error"])):
    def differentiate(self, raw, predictions, targets, out):
        super().differentiate(raw, predictions, targets, out)
        out += 1e-4


def _wrong_activation(network, loss):
    wrong = Activation("wrong", ACTIVATIONS["tanh"].apply, _one_percent_off)
    first, last = network.layers
    return replace(network, layers=(replace(first, activation=wrong), last)), loss


def _wrong_loss(network, loss):
    return network, _ShiftedGradient()


@pytest.mark.parametrize("break_one", [_wrong_activation, _wrong_loss])
def test_the_check_catches_a_wrong_gradient(break_one, make_dataset, check_gradient):
    network = dense_network([5, 3, 2], "tanh")
    parameters = initialize_parameters(network, np.random.RandomState(0))
    dataset = make_dataset("squared_error", 7)
    both = network, LOSSES["squared_error"]
    check_gradient(Objective(*both, dataset), parameters)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check_gradient(Objective(*break_one(*both), dataset), parameters)


def test_the_check_catches_a_penalised_bias(make_dataset, check_gradient):
    network = dense_network([5, 3, 2], "tanh")
    dataset = make_dataset("squared_error", 7)
    objective = Objective(network, LOSSES["squared_error"], dataset, alpha=0.3)

    def wrong(parameters):
        value, gradient = objective(parameters)
        return value, gradient + 0.3 / 7 * ~network.is_decayed * parameters

    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check_gradient(wrong, initialize_parameters(network, np.random.RandomState(0)))
