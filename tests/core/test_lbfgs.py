from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

from sknumpynet.core import lbfgs
from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.batching import BatchGroup, Dataset
from sknumpynet.core.lbfgs import DEFAULT_OPTIONS, Objective, minimize_lbfgs
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.network import initialize_parameters

MEMBERS = 3
SQUARED_ERROR = LOSSES["squared_error"]


def sources(*seeds):
    return [np.random.RandomState(seed) for seed in seeds]


@pytest.mark.parametrize("n_samples", [11, MEMBERS])
@pytest.mark.parametrize("weight_members", [None, (), (MEMBERS,)], ids=str)
@pytest.mark.parametrize("own_rows", [False, True], ids=["shared_rows", "own_rows"])
@pytest.mark.parametrize("loss", LOSSES)
def test_law(loss, own_rows, weight_members, n_samples, rng, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset(loss, n_samples, 5, 2, weight_members)
    if own_rows:
        rows = np.stack([rng.permutation(n_samples)[: n_samples - 1] for _ in range(MEMBERS)])
        dataset = replace(dataset, rows=rows)
    stack, alpha = initialize_parameters(network, sources(0, 1, 2)), np.array([[0.0], [0.1], [3]])
    values, gradients = Objective(network, LOSSES[loss], dataset, alpha, (MEMBERS,))(stack)
    assert values.shape == (MEMBERS,)
    for k in range(MEMBERS):
        dataset_k = dataset
        if own_rows:
            dataset_k = replace(dataset_k, rows=dataset.rows[k])
        if weight_members:
            dataset_k = replace(dataset_k, sample_weight=dataset.sample_weight[k])
        value, gradient = Objective(network, LOSSES[loss], dataset_k, float(alpha[k, 0]))(stack[k])
        assert values[k] == pytest.approx(value, rel=1e-13)
        assert_allclose(gradients[k], gradient, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
def test_blocks_and_sparse_rows(loss, make_dataset, monkeypatch):
    network = dense_network([5, 13, 2], "relu")
    dataset = make_dataset(loss, 149, weight_members=())
    parameters = initialize_parameters(network, np.random.RandomState(0))
    value, gradient = Objective(network, LOSSES[loss], dataset, 0.3)(parameters)
    monkeypatch.setattr(lbfgs, "BLOCK_BYTES", 1)  # 64 rows at least
    for X in (dataset.X, sp.csr_matrix(dataset.X), sp.csr_array(dataset.X)):
        in_blocks = Objective(network, LOSSES[loss], replace(dataset, X=X), 0.3)
        for _ in range(2):
            value_in_blocks, gradient_in_blocks = in_blocks(parameters)
            assert value_in_blocks == pytest.approx(value, rel=1e-13)
            assert_allclose(gradient_in_blocks, gradient, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_repeat_rows(loss, rng, make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    dataset = make_dataset(loss)
    counts = rng.integers(0, 4, 11)
    parameters = initialize_parameters(network, np.random.RandomState(0))
    weighted = Objective(network, LOSSES[loss], replace(dataset, sample_weight=counts), 0.3)(
        parameters
    )
    rows = np.repeat(np.arange(11), counts)
    repeated = Objective(network, LOSSES[loss], replace(dataset, rows=rows), 0.3)(parameters)
    assert weighted[0] == pytest.approx(repeated[0], rel=1e-13)
    assert_allclose(weighted[1], repeated[1], rtol=1e-11, atol=1e-14)


def test_reads_nothing_stale(make_dataset, spoil, monkeypatch):
    monkeypatch.setattr(lbfgs, "BLOCK_BYTES", 1)
    network = dense_network([5, 13, 1], "tanh")
    objective = Objective(network, LOSSES["poisson"], make_dataset("poisson", 149, 5, 1, ()), 0.3)
    parameters = initialize_parameters(network, np.random.RandomState(0))
    value, gradient = objective(parameters)
    fill = BatchGroup.fill

    def spoiled_fill(group, rows, lengths):
        for buffer in (group.inputs[..., :-1, :], group.targets, group.weights, group.raw):
            buffer[...] = np.nan
        group.predictions[...] = np.nan
        fill(group, rows, lengths)

    monkeypatch.setattr(BatchGroup, "fill", spoiled_fill)
    objective.gradient[...] = np.nan
    for n_samples in (64, 149 - 2 * 64):
        spoil(objective.backpropagation(n_samples).propagation)
    assert objective.backpropagation.cache_info().currsize == 2
    again, gradient_again = objective(parameters)
    assert again == value
    assert_array_equal(gradient_again, gradient)


# Half the penalty's strength, alpha ‖W‖² / 2, stands beside the *sum* of the losses.
GENERALIZED_LINEAR_MODELS = {
    "binary_cross_entropy": lambda alpha, total: LogisticRegression(
        C=1 / alpha, tol=1e-10, max_iter=10_000
    ),
    "categorical_cross_entropy": lambda alpha, total: LogisticRegression(
        C=1 / alpha, tol=1e-10, max_iter=10_000
    ),
    "squared_error": lambda alpha, total: Ridge(alpha),
    "poisson": lambda alpha, total: PoissonRegressor(
        alpha=alpha / total, tol=1e-10, max_iter=10_000
    ),
}


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("loss", GENERALIZED_LINEAR_MODELS)
def test_no_hidden_layer_is_a_generalized_linear_model(loss, weighted, rng):
    n_samples, alpha = 101, 0.7
    X = rng.normal(size=(n_samples, 5))
    eta = X @ rng.normal(size=5) / 2 + 0.5
    y = {
        "binary_cross_entropy": (eta + rng.logistic(size=n_samples) > 0).astype(int),
        "categorical_cross_entropy": np.digitize(eta + rng.logistic(size=n_samples), [0, 1]),
        "squared_error": eta + rng.normal(size=n_samples),
        "poisson": rng.poisson(np.exp(eta)),
    }[loss]
    targets = np.eye(3)[y] if loss == "categorical_cross_entropy" else y[:, np.newaxis]
    weights = rng.uniform(0.5, 2.0, n_samples) if weighted else None
    total = weights.sum() if weighted else n_samples

    network = dense_network([5, targets.shape[1]], "relu")
    dataset = Dataset(X, targets.astype(float), weights)
    result = minimize_lbfgs(
        Objective(network, LOSSES[loss], dataset, alpha),
        np.zeros(network.layout.size),
        options={"maxiter": 10_000, "gtol": 1e-10, "ftol": 0.0, "maxcor": 20},
    )
    (coef,), (intercept,) = network.layout.unpack(result.x)
    model = GENERALIZED_LINEAR_MODELS[loss](alpha, total).fit(X, y, sample_weight=weights)
    expected = np.atleast_2d(model.coef_).T, np.atleast_2d(model.intercept_)
    if loss == "categorical_cross_entropy":
        # A shift of all intercepts changes no probability, and neither side penalises it.
        intercept, expected = (
            intercept - intercept.mean(),
            (
                expected[0],
                expected[1] - expected[1].mean(),
            ),
        )
    assert_allclose(coef, expected[0], atol=1e-6)
    assert_allclose(intercept, expected[1], atol=1e-6)


def problem(make_dataset):
    network = dense_network([5, 13, 2], "tanh")
    parameters = initialize_parameters(network, np.random.RandomState(0))
    return network, parameters, make_dataset("squared_error")


def test_stops_by_the_gradient(make_dataset):
    network, parameters, dataset = problem(make_dataset)
    kept = parameters.copy()
    result = minimize_lbfgs(
        Objective(network, SQUARED_ERROR, dataset, 0.1),
        parameters,
        options={"maxiter": 2000, "gtol": 1e-6, "ftol": 0.0},
    )
    assert_array_equal(parameters, kept)
    assert result.status == 0
    assert 1 < result.nit < 2000
    value, gradient = Objective(network, SQUARED_ERROR, dataset, 0.1)(result.x)
    assert result.fun == value
    assert abs(gradient).max() <= 1e-6


def test_limits(make_dataset):
    network, parameters, dataset = problem(make_dataset)
    objective = Objective(network, SQUARED_ERROR, dataset)
    assert minimize_lbfgs(objective, parameters, options={"maxiter": 3, "gtol": 0.0}).nit == 3
    few = minimize_lbfgs(objective, parameters, options={"maxfun": 5, "gtol": 0.0})
    assert few.nfev <= 6
    assert few.status == 1
    by_default = minimize_lbfgs(objective, parameters)
    said = minimize_lbfgs(objective, parameters, options=DEFAULT_OPTIONS)
    assert by_default.nit == said.nit > 3
    assert_array_equal(by_default.x, said.x)


def test_float32_data(make_dataset):
    network, parameters, dataset = problem(make_dataset)
    rounded = Dataset(dataset.X.astype("f"), dataset.targets.astype("f"))
    exact = Dataset(rounded.X.astype(float), rounded.targets.astype(float))
    start = parameters.astype("f")
    result = minimize_lbfgs(
        Objective(network, SQUARED_ERROR, rounded), start, options={"maxiter": 5}
    )
    assert result.x.dtype == float
    expected = minimize_lbfgs(
        Objective(network, SQUARED_ERROR, exact), start.astype(float), options={"maxiter": 5}
    )
    assert_allclose(result.x, expected.x, rtol=1e-9, atol=1e-12)


class _Interrupter:
    """Lets so many evaluations pass and then presses Ctrl-C, once."""

    def __init__(self, evaluations):
        self.left = evaluations

    def __call__(self, z, derivative, mask):
        self.left -= 1
        if self.left == -1:
            raise KeyboardInterrupt
        ACTIVATIONS["tanh"].apply_with_derivative(z, derivative, mask)


def interrupted_problem(make_dataset, evaluations):
    network, parameters, dataset = problem(make_dataset)
    activation = replace(
        network.layers[0].activation, apply_with_derivative=_Interrupter(evaluations)
    )
    hidden = replace(network.layers[0], activation=activation)
    return replace(network, layers=(hidden, network.layers[1])), parameters, dataset


@pytest.mark.parametrize("evaluations", [3, 7])
def test_interrupt_keeps_the_last_iterate(evaluations, make_dataset):
    calls = []
    network, parameters, dataset = interrupted_problem(make_dataset, evaluations)
    result = minimize_lbfgs(
        Objective(network, SQUARED_ERROR, dataset),
        parameters,
        options={"gtol": 0.0},
        on_interrupt=lambda: calls.append(1),
    )
    assert calls == [1]
    assert 0 < result.nit < evaluations
    uninterrupted = problem(make_dataset)[0]
    expected = minimize_lbfgs(
        Objective(uninterrupted, SQUARED_ERROR, dataset),
        parameters,
        options={"maxiter": result.nit, "gtol": 0.0},
    )
    assert_array_equal(result.x, expected.x)
    assert result.fun == expected.fun


def test_interrupt_is_passed_on(make_dataset):
    network, parameters, dataset = interrupted_problem(make_dataset, 3)
    with pytest.raises(KeyboardInterrupt):
        minimize_lbfgs(Objective(network, SQUARED_ERROR, dataset), parameters)
    network, parameters, dataset = interrupted_problem(make_dataset, 0)
    objective = Objective(network, SQUARED_ERROR, dataset)
    # With no iterate yet there is nothing to keep.
    with pytest.raises(KeyboardInterrupt):
        minimize_lbfgs(objective, parameters, on_interrupt=pytest.fail)
