"""Members of a stack, and the law that each trains as it would alone."""

from dataclasses import replace

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.architectures import dense_network
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.members import RECORDS, Member, Settings
from sknumpynet.core.network import initialize_parameters
from sknumpynet.core.optimizers import SGD
from sknumpynet.core.schedules import SCHEDULES, fading
from sknumpynet.core.training import train

MEMBERS = 3
SQUARED_ERROR = LOSSES["squared_error"]
RATES = (0.01, 0.05, 0.002)
ALPHAS = (0.0, 0.1, 0.5)


def column(values):
    return np.array(values)[:, np.newaxis]


def new_members(settings, n_members=MEMBERS, alphas=0.0):
    """Return members with the same settings and alpha, or with those of each."""
    settings = [settings] * n_members if isinstance(settings, Settings) else settings
    alphas = np.broadcast_to(alphas, n_members).tolist()
    return [Member(np.random.RandomState(10 + k), settings[k], alphas[k]) for k in range(n_members)]


def start(network, members=(MEMBERS,), dtype=float):
    if not members:
        return initialize_parameters(network, np.random.RandomState(0), dtype)
    seeds = [np.random.RandomState(k) for k in range(members[0])]
    return initialize_parameters(network, seeds, dtype)


def of_member(dataset, k):
    """What member k sees of a dataset."""
    weights, rows = dataset.sample_weight, dataset.rows
    if weights is not None and weights.ndim == 2:
        weights = weights[k]
    if rows is not None and rows.ndim == 2:
        rows = rows[k]
    if dataset.lengths is not None:
        rows = rows[: dataset.lengths[k]]
    return replace(dataset, sample_weight=weights, rows=rows, lengths=None)


def assert_law(network, loss, dataset, optimizers, settings, alphas=ALPHAS, validations=None):
    """Train a stack and each of its members alone, compare them, return the stack's results.

    ``optimizers`` has the stack's first, then each member's; ``settings`` may be per member.
    """
    stack, members = start(network), new_members(settings, alphas=alphas)
    for member, validate in zip(members, validations or [None] * MEMBERS, strict=True):
        member.validate = validate
    trained, results = train(network, loss, stack.copy(), dataset, optimizers[0], members)
    for k in range(MEMBERS):
        alone = new_members(settings, alphas=alphas)[k]
        alone.validate = members[k].validate
        expected, (result,) = train(
            network, loss, stack[k].copy(), of_member(dataset, k), optimizers[k + 1], [alone]
        )
        assert results[k].status == result.status
        assert results[k].n_epochs == result.n_epochs
        assert results[k].state.n_samples_seen == result.state.n_samples_seen
        assert_allclose(trained[k], expected, rtol=1e-9, atol=1e-12)
        assert_allclose(results[k].state.loss_curve, result.state.loss_curve, rtol=1e-9, atol=1e-12)
        for name in RECORDS:
            assert len(results[k].history[name]) == len(result.history[name])
            if name != "seconds":
                own, other = results[k].history[name], result.history[name]
                assert_allclose(own, other, rtol=1e-9, atol=1e-12)
        assert_array_equal(
            members[k].random_state.get_state()[1], alone.random_state.get_state()[1]
        )
        for name in ("learning_rate", "n_updates"):
            last = np.broadcast_to(getattr(optimizers[0], name), (MEMBERS, 1))[k, 0]
            assert_allclose(last, getattr(optimizers[k + 1], name))
        assert_allclose(optimizers[0].state[:, k], optimizers[k + 1].state, rtol=1e-9, atol=1e-12)
    return results


def optimizers_with(optimizer_class, rates, **settings):
    return [optimizer_class(rate, **settings) for rate in (column(rates), *rates)]


def run(make_dataset, rate=0.01, **settings):
    """Train a single network; return its result, its optimiser and the lines it reported."""
    network = dense_network([5, 13, 2], "tanh")
    optimizer, lines = SGD(rate), []
    settings = Settings(11, report=lines.append, **settings)
    member = Member(np.random.RandomState(0), settings)
    dataset = make_dataset("squared_error")
    _, (result,) = train(network, SQUARED_ERROR, start(network, ()), dataset, optimizer, [member])
    return result, optimizer, lines


NEW_SETTINGS = {
    "dropout": [{"dropout": (0.5, 0.1)}, {}, {"dropout": (0.0, 0.8)}],
    "warmup": [{"warmup": 0.5}, {"warmup": 0.0}, {"warmup": 1.0}],
    "clipping": [{"max_gradient_norm": own} for own in (0.01, np.inf, 1.0)],
    "schedules": [{"schedule": SCHEDULES[own]} for own in ("cosine", "constant", "one_cycle")],
    "regularization": [
        {"dropout": (0.5, 0.5), "regularization": fading},
        {},
        {"dropout": (0.3, 0)},
    ],
    "plans": [{"planned_epochs": 20}, {"max_epochs": 3}, {"epochs_before": 2}],
}


def plain(make_dataset, optimizer, dataset=None, **settings):
    network = dense_network([5, 13, 7, 2], "tanh")
    dataset = make_dataset("squared_error") if dataset is None else dataset
    settings = Settings(**({"batch_size": 4, "max_epochs": 5} | settings))
    member = Member(np.random.RandomState(0), settings)
    parameters, (result,) = train(
        network, SQUARED_ERROR, start(network, ()), dataset, optimizer, [member]
    )
    return parameters, result, member.random_state
