"""The same numbers as scikit-learn, for the same parameters, data and integer random_state."""

import copy
import warnings

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    make_moons,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import scale

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.batching import Dataset
from sknumpynet.core.lbfgs import Objective

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`:UserWarning"),
]

THEIRS = {NumpyMLPClassifier: MLPClassifier, NumpyMLPRegressor: MLPRegressor}
CURVES = ("loss_curve_", "validation_scores_")
NUMBERS = ("loss_", "best_loss_", "best_validation_score_")
EQUAL = ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_")


def _regression_targets(n_outputs):
    X, y = load_diabetes(return_X_y=True)
    y = scale(y)
    return scale(X)[:150], np.column_stack([y, y**2, -y])[:150, :n_outputs].squeeze()


def _counts():
    X, y = load_diabetes(return_X_y=True)
    return scale(X)[:150], np.floor(y[:150] / 50)


def _problems():
    moons = make_moons(150, noise=0.3, random_state=0)
    iris = load_iris(return_X_y=True)
    labels = make_multilabel_classification(150, 6, n_classes=4, random_state=0)
    return {
        "binary": (NumpyMLPClassifier, moons),
        "strings": (NumpyMLPClassifier, (moons[0], np.array(["no", "yes"])[moons[1]])),
        "multiclass": (NumpyMLPClassifier, (scale(iris[0]), iris[1])),
        "multilabel": (NumpyMLPClassifier, (scale(labels[0]), labels[1])),
        "single": (NumpyMLPRegressor, _regression_targets(1)),
        "several": (NumpyMLPRegressor, _regression_targets(3)),
        "counts": (NumpyMLPRegressor, _counts()),
    }


PROBLEMS = _problems()


def make_pair(kind, parameters):
    return kind(**parameters), THEIRS[kind](**parameters)


def assert_same(ours, theirs, X, tol=1e-6):
    for name in EQUAL:
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            assert mine.shape == other.shape
            assert mine.dtype == other.dtype
            np.testing.assert_allclose(mine, other, rtol=tol, atol=tol, err_msg=name)
    for name in CURVES + NUMBERS:
        expected = getattr(theirs, name, None)
        if expected is None:
            assert getattr(ours, name, None) is None
        else:
            np.testing.assert_allclose(
                getattr(ours, name), expected, rtol=tol, atol=tol, err_msg=name
            )
    for method in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(theirs, method):
            mine, other = getattr(ours, method)(X), getattr(theirs, method)(X)
            assert mine.shape == other.shape
            if method == "predict" and hasattr(theirs, "classes_"):
                np.testing.assert_array_equal(mine, other)
            else:
                # Theirs takes the logarithm of a rounded probability.
                finite = np.isfinite(other) & (other > -20)
                np.testing.assert_allclose(
                    mine[finite], other[finite], rtol=tol, atol=tol, err_msg=method
                )


def random_configuration(seed):
    """Draw a problem, parameters, and what is done with them."""
    rng = np.random.default_rng(seed)
    name = rng.choice(list(PROBLEMS))
    depth = rng.integers(0, 4)
    solver = rng.choice(["sgd", "adam"])
    parameters = {
        "hidden_layer_sizes": tuple(rng.integers(1, 20, depth).tolist()),
        "activation": str(rng.choice(["identity", "logistic", "tanh", "relu"])),
        "solver": str(solver),
        "alpha": float(rng.choice([0.0, 1e-4, 0.1])),
        "batch_size": [("auto"), 7, 32, 1000][rng.integers(4)],
        "learning_rate": str(rng.choice(["constant", "invscaling", "adaptive"])),
        "learning_rate_init": float(rng.choice([0.001, 0.01])),
        "power_t": float(rng.choice([0.5, 0.2])),
        "max_iter": int(rng.integers(1, 40)),
        "shuffle": bool(rng.integers(2)),
        "random_state": int(rng.integers(100)),
        "tol": float(rng.choice([1e-4, 1e-2])),
        "warm_start": bool(rng.integers(2)),
        "momentum": float(rng.choice([0.0, 0.9])),
        "nesterovs_momentum": bool(rng.integers(2)),
        "early_stopping": bool(rng.integers(2)),
        "validation_fraction": float(rng.choice([0.1, 0.3])),
        "beta_1": float(rng.choice([0.9, 0.5])),
        "beta_2": float(rng.choice([0.999, 0.9])),
        "epsilon": float(rng.choice([1e-8, 1e-4])),
        "n_iter_no_change": [2, 10, np.inf][rng.integers(3)],
    }
    if name == "counts":
        parameters["loss"] = "poisson"
    calls = [["fit"], ["fit", "fit"], ["fit", "partial_fit"], ["partial_fit"] * 5]
    steps = calls[rng.integers(len(calls))]
    if "partial_fit" in steps:
        parameters["early_stopping"] = False
    return str(name), parameters, steps, bool(rng.integers(2)), bool(rng.integers(4) == 0)


@pytest.mark.parametrize("seed", range(300))
def test_random_configurations(seed):
    name, parameters, steps, weighted, is_sparse = random_configuration(seed)
    kind, (X, y) = PROBLEMS[name]
    if name == "strings" and parameters["early_stopping"] and sklearn.__version__ == "1.7.0":
        pytest.skip("scikit-learn 1.7.0 raises TypeError for early stopping with string labels")
    if is_sparse:
        X = sparse.csr_matrix(X)
    weight = np.random.default_rng(seed).uniform(0.1, 2.0, len(y)) if weighted else None
    ours, theirs = make_pair(kind, parameters)
    for step in steps:
        for estimator in (ours, theirs):
            arguments = {"sample_weight": weight}
            if step == "partial_fit" and hasattr(estimator, "predict_proba"):
                labels = np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)
                arguments["classes"] = labels
            getattr(estimator, step)(X, y, **arguments)
        assert_same(ours, theirs, X)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_until_convergence(name, solver):
    kind, (X, y) = PROBLEMS[name]
    parameters = {"solver": solver, "max_iter": 2000, "random_state": 3, "tol": 1e-3}
    if name == "counts":
        parameters |= {"loss": "poisson", "learning_rate_init": 1e-4}
    ours, theirs = make_pair(kind, parameters)
    assert_same(ours.fit(X, y), theirs.fit(X, y), X)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_float32(name, solver):
    kind, (X, y) = PROBLEMS[name]
    X = X.astype(np.float32)
    ours, theirs = make_pair(kind, {"solver": solver, "max_iter": 10, "random_state": 0})
    assert_same(ours.fit(X, y), theirs.fit(X, y), X, tol=1e-3)
    assert ours.coefs_[0].dtype == np.float32
    if hasattr(ours, "predict_proba"):
        assert ours.predict_proba(X).dtype == np.float32


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("power_t", [0.25, 0.3, 0.5, 2.0])
@pytest.mark.parametrize("learning_rate_init", [1e-3, 0.03, 0.7])
def test_learning_rates_to_the_bit(learning_rate, power_t, learning_rate_init):
    X, y = PROBLEMS["binary"][1]
    own = {"learning_rate": learning_rate, "power_t": power_t, "solver": "sgd", "tol": 0.05}
    own |= {"learning_rate_init": learning_rate_init, "n_iter_no_change": 2, "max_iter": 1}
    ours, theirs = make_pair(NumpyMLPClassifier, own | {"random_state": 0, "warm_start": True})
    for rows in (10, 8, 30, 77, 110, 150, 150, 150):
        for estimator in (ours, theirs):
            estimator.fit(X[:rows], y[:rows])
        assert ours._optimizer.learning_rate == theirs._optimizer.learning_rate


def test_a_random_state_instance_is_drawn_from_as_often():
    X, y = PROBLEMS["binary"][1]
    ours, theirs = make_pair(NumpyMLPClassifier, {"max_iter": 5, "early_stopping": True})
    sources = np.random.RandomState(7), np.random.RandomState(7)
    for _ in range(3):
        ours.set_params(random_state=sources[0]).fit(X, y)
        theirs.set_params(random_state=sources[1]).fit(X, y)
        assert_same(ours, theirs, X)
    assert sources[0].randint(1 << 30) == sources[1].randint(1 << 30)


@pytest.mark.parametrize(
    "parameters",
    [
        {"tol": 0.5, "n_iter_no_change": 2},
        {"early_stopping": True, "n_iter_no_change": 1},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.5, "n_iter_no_change": 1},
    ],
)
def test_verbose_prints_the_same_lines(parameters, capsys):
    X, y = PROBLEMS["binary"][1]
    lines = []
    for estimator in make_pair(NumpyMLPClassifier, {"verbose": True, "random_state": 0}):
        estimator.set_params(max_iter=60, **parameters).fit(X, y)
        lines.append(capsys.readouterr().out)
    assert lines[0] == lines[1]
    assert "Iteration 1, loss = " in lines[0]
    assert "did not improve more than" in lines[0]


def test_interruption_keeps_what_was_learned(monkeypatch):
    X, y = PROBLEMS["binary"][1]

    def interrupting_print(line):
        if line.startswith("Iteration 7"):
            raise KeyboardInterrupt

    monkeypatch.setattr("builtins.print", interrupting_print)
    ours, theirs = make_pair(NumpyMLPClassifier, {"verbose": True, "random_state": 0})
    for estimator in (ours, theirs):
        with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
            estimator.fit(X, y)
    assert_same(ours, theirs, X)


def _their_loss_and_gradient(theirs, X, y, sample_weight, vector):
    """Call scikit-learn's objective at a vector of its own order: all weights, then all biases."""
    y = y.reshape(len(y), -1)
    if hasattr(theirs, "_label_binarizer"):
        y = theirs._label_binarizer.transform(y.squeeze()).reshape(len(y), -1)
    sizes = [X.shape[1], *(coef.shape[1] for coef in theirs.coefs_)]
    scratch = [X] + [None] * (len(sizes) - 1)
    return theirs._loss_grad_lbfgs(
        vector, X, y, sample_weight, scratch, *([None] * (len(sizes) - 1) for _ in range(3))
    )


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_lbfgs_objective(name, weighted, activation):
    kind, (X, y) = PROBLEMS[name]
    parameters = {"hidden_layer_sizes": (5, 3), "solver": "lbfgs", "max_iter": 1, "alpha": 0.1}
    if name == "counts":
        parameters["loss"] = "poisson"
    ours, theirs = make_pair(kind, {**parameters, "activation": activation, "random_state": 0})
    ours.fit(X, y)
    theirs.fit(X, y)
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.1, 2.0, len(y)) if weighted else None
    coefs = [rng.normal(size=coef.shape) / 2 for coef in theirs.coefs_]
    intercepts = [rng.normal(size=intercept.shape) / 2 for intercept in theirs.intercepts_]
    loss, gradient = _their_loss_and_gradient(
        theirs, X, y, weight, np.concatenate([array.ravel() for array in coefs + intercepts])
    )

    network = dense_network([X.shape[1], 5, 3, ours.n_outputs_], activation)
    targets = y.reshape(len(y), -1)
    if kind is NumpyMLPClassifier:
        targets = ours._label_binarizer.transform(y).reshape(len(y), -1)
    objective = Objective(
        network, ours._targets(vars(ours)).loss, Dataset(X, targets, weight), alpha=0.1
    )
    our_loss, our_gradient = objective(
        network.layout.pack(coefs, [intercept[None] for intercept in intercepts])
    )
    our_coefs, our_intercepts = network.layout.unpack(our_gradient)
    our_gradient = np.concatenate([array.ravel() for array in our_coefs + our_intercepts])
    np.testing.assert_allclose(our_gradient, gradient, rtol=1e-10, atol=1e-10)
    if name != "several":  # There scikit-learn's loss does not belong to its gradient.
        np.testing.assert_allclose(our_loss, loss, rtol=1e-10)


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name != "several"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("hidden_layer_sizes", [(), (10,), (6, 4)])
def test_short_runs_of_lbfgs(name, dtype, hidden_layer_sizes):
    kind, (X, y) = PROBLEMS[name]
    X = X.astype(dtype)
    parameters = {
        "hidden_layer_sizes": hidden_layer_sizes,
        "activation": "tanh",
        "solver": "lbfgs",
        "random_state": 0,
        "max_iter": 20,
        "alpha": 0.01,
    }
    if name == "counts":
        parameters["loss"] = "poisson"
    ours, theirs = make_pair(kind, parameters)
    tol = 1e-6
    if dtype == np.float32:
        # Theirs evaluates the loss at points rounded to float32.
        tol = 1e-3
        ours.set_params(max_iter=5), theirs.set_params(max_iter=5)
    assert_same(ours.fit(X, y), theirs.fit(X, y), X, tol=tol)
    assert ours.coefs_[0].dtype == np.float64


def test_long_runs_of_lbfgs_end_as_low():
    X, y = PROBLEMS["multiclass"][1]
    losses = []
    for seed in range(25):
        parameters = {"solver": "lbfgs", "hidden_layer_sizes": (8,), "alpha": 0.1}
        ours, theirs = make_pair(
            NumpyMLPClassifier, {**parameters, "max_iter": 300, "random_state": seed}
        )
        losses.append((ours.fit(X, y).loss_, theirs.fit(X, y).loss_))
    ours, theirs = np.array(losses).T
    assert np.median(ours) == pytest.approx(np.median(theirs), rel=0.02)
    assert ours.mean() == pytest.approx(theirs.mean(), rel=0.05)


@pytest.mark.parametrize(
    ("kind", "load"),
    [
        (NumpyMLPClassifier, load_breast_cancer),
        (NumpyMLPClassifier, load_digits),
        (NumpyMLPRegressor, load_diabetes),
    ],
)
def test_defaults_on_real_data(kind, load):
    X, y = load(return_X_y=True)
    X = scale(X)
    ours, theirs = make_pair(kind, {"random_state": 0, "max_iter": 30})
    assert_same(ours.fit(X, y), theirs.fit(X, y), X)


# What scikit-learn does not have comes after what it has.
OURS = {
    "n_members": 1,
    "resample": None,
    "scoring": None,
    "max_time": None,
    "dropout": 0.0,
    "warmup": 0.0,
    "weight_decay": 0.01,
    "max_grad_norm": None,
    "weight_init": "auto",
    "dtype": None,
}
OWN = {
    NumpyMLPClassifier: {"loss": "log_loss", "label_smoothing": 0.0, "class_weight": None},
    NumpyMLPRegressor: {"quantile": 0.5},
}


def test_parameters_have_the_same_names_order_and_defaults():
    for kind, theirs in THEIRS.items():
        newest = theirs().get_params()
        parameters = kind().get_params()
        ours = OURS | OWN[kind]
        assert {name: parameters.pop(name) for name in ours} == ours
        assert parameters == newest
        names = kind.__init__.__code__.co_varnames
        expected = theirs.__init__.__code__.co_varnames
        assert names[: len(newest) + 1] == expected[: len(newest) + 1]
        for name, constraints in theirs._parameter_constraints.items():
            accepted = _accepted(kind._parameter_constraints[name])
            missing = _accepted(constraints) - accepted
            assert not missing
            assert accepted == _accepted(constraints) or name in EXTENDED


# Parameters for which there are more choices here than there.
EXTENDED = {"activation", "solver", "learning_rate", "loss"}


def _accepted(constraints):
    accepted = set()
    for constraint in constraints:
        options = getattr(constraint, "options", None)
        accepted |= {str(constraint)} if options is None else set(options)
    return accepted


def test_sequences_of_unequal_batches():
    X, y = PROBLEMS["multiclass"][1]
    ours, theirs = make_pair(NumpyMLPClassifier, {"solver": "adam", "random_state": 1})
    order = np.random.default_rng(0).permutation(len(y))
    for rows in np.split(order, [1, 20, 23, 90]):
        for estimator in (ours, theirs):
            estimator.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        assert_same(ours, theirs, X)
    copied = copy.deepcopy(ours)
    for estimator in (copied, theirs):
        estimator.partial_fit(X, y)
    assert_same(copied, theirs, X)


def test_max_iter_warns_in_the_same_words():
    X, y = PROBLEMS["binary"][1]
    for solver in ("adam", "lbfgs"):
        messages = []
        for estimator in make_pair(NumpyMLPClassifier, {"solver": solver, "max_iter": 3}):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                estimator.set_params(random_state=0).fit(X, y)
            assert [w.category for w in caught] == [ConvergenceWarning]
            messages.append(str(caught[0].message))
            assert solver == "lbfgs" or caught[0].filename
        assert messages[0] == messages[1]
