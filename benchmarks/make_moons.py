"""The main job: two moons, two real data sets, both libraries.

    python -m benchmarks.make_moons [--quick] [--plot FILE] [--threads N]

One thread by default: these products are too small to be shared out, and threads that wait for each
other on a busy machine would be most of what is timed.

Every row of the table is one network, trained by scikit-learn and by sknumpynet with the same
parameters and the same random state. The predicted probabilities must agree before anything is
timed.
"""

import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.timing import (
    DisagreementError,
    Progress,
    Timings,
    argument_parser,
    check_close,
    exit_code,
    import_pyplot,
    markdown_table,
    ratio,
    thread_limit,
    time_in_turn,
    versions,
)
from sknumpynet import NumpyMLPClassifier, from_scratch

__all__ = ["main"]

TOLERANCE = 1e-6
NETWORKS = {"(3,)": (3,), "(100,), default": (100,), "(64, 64, 64)": (64, 64, 64)}
# Epochs for each number of samples: about a thousand steps, of which scikit-learn takes one to two
# thousand a second. QUICK_EPOCHS are for `--quick`.
EPOCHS = {1_000: 200, 10_000: 25, 100_000: 3}
QUICK_EPOCHS = {400: 20, 800: 10}
COLUMNS = (
    "data set",
    "n",
    "network",
    "epochs",
    "accuracy",
    "log loss",
    "scikit-learn fit s",
    "sknumpynet fit s",
    "fit ratio",
    "predict ratio",
)


@dataclass(frozen=True)
class Data:
    """A data set, split.

    Parameters
    ----------
    name : str
    X_train, X_test, y_train, y_test : ndarray
    """

    name: str
    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray

    @classmethod
    def split(cls, name: str, X: np.ndarray, y: np.ndarray) -> "Data":
        """Put a quarter aside for testing."""
        X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
        return cls(name, X_train, X_test, y_train, y_test)

    @property
    def n_samples(self) -> int:
        """How many samples there are, for training and for testing."""
        return len(self.y_train) + len(self.y_test)


@dataclass(frozen=True)
class Comparison:
    """Two models that should learn the same: a row of the table.

    Parameters
    ----------
    data : Data
    network : str
        Describes it.
    theirs, ours : estimator
        Refitted from the same start by every call of ``fit``.
    """

    data: Data
    network: str
    theirs: Any
    ours: Any


@dataclass(frozen=True)
class Result:
    """A comparison's outcome.

    Parameters
    ----------
    comparison : Comparison
        With fitted models.
    difference : float
        Between predicted probabilities, at most.
    fit, predict : Timings
    """

    comparison: Comparison
    difference: float
    fit: Timings
    predict: Timings


class StartingFrom:
    """An estimator that trains from the tutorial's starting weights, not from its own draws.

    Parameters
    ----------
    estimator : MLPClassifier or NumpyMLPClassifier
        With ``warm_start=True``.
    parameters : tuple of ndarray
        W1, b1, W2, b2 of `sknumpynet.from_scratch`, which has a row per unit.
    """

    def __init__(self, estimator: Any, parameters: tuple[np.ndarray, ...]) -> None:
        self.estimator, self.parameters = estimator, parameters

    def fit(self, X: np.ndarray, y: np.ndarray) -> "StartingFrom":
        """Train from the start, however often it was done before."""
        if not hasattr(self.estimator, "coefs_"):
            epochs = self.estimator.max_iter
            self.estimator.set_params(max_iter=1).fit(X, y).set_params(max_iter=epochs)
        W1, b1, W2, b2 = self.parameters
        self.estimator.coefs_ = [W1.T.copy(), W2.T.copy()]
        self.estimator.intercepts_ = [b1.ravel().copy(), b2.ravel().copy()]
        self.estimator.fit(X, y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels."""
        return self.estimator.predict(X)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities."""
        return self.estimator.predict_proba(X)

    @property
    def n_iter_(self) -> int:
        """Epochs of the last fit."""
        return self.estimator.n_iter_

    @property
    def loss_curve_(self) -> list[float]:
        """Losses of the last fit (a warm start appends to those of earlier ones)."""
        return self.estimator.loss_curve_[-self.n_iter_ :]


class FromScratch:
    """The tutorial's functions with the methods of an estimator, to be compared like one.

    Parameters
    ----------
    epochs : int
    learning_rate : float
    seed : int
    """

    def __init__(self, epochs: int, learning_rate: float, seed: int) -> None:
        self.n_iter_, self.learning_rate, self.seed = epochs, learning_rate, seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> "FromScratch":
        """Train; the tutorial's samples are columns."""
        self.parameters = from_scratch.train_nn(
            X.T, y[np.newaxis], self.n_iter_, self.learning_rate, seed=self.seed
        )
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels."""
        return from_scratch.predict(X.T, *self.parameters)[0]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities of both labels."""
        yes = from_scratch.forward_propagation(X.T, *self.parameters)[-1][0]
        return np.column_stack([1.0 - yes, yes])


def moons(n_samples: int) -> Data:
    """Return two noisy moons."""
    return Data.split("make_moons", *make_moons(n_samples, noise=0.3, random_state=0))


def both(data: Data, network: str, build: Callable[[type], Any]) -> Comparison:
    """Compare what is built with either class."""
    return Comparison(data, network, theirs=build(MLPClassifier), ours=build(NumpyMLPClassifier))


def moons_comparisons(epochs: dict[int, int]) -> list[Comparison]:
    """Pair every number of samples with every network; other parameters are the defaults."""
    return [
        both(
            moons(n_samples),
            name,
            lambda cls, sizes=sizes, max_iter=max_iter: cls(
                sizes, max_iter=max_iter, random_state=0
            ),
        )
        for n_samples, max_iter in epochs.items()
        for name, sizes in NETWORKS.items()
    ]


def tutorial_comparisons(n_samples: int, epochs: int) -> list[Comparison]:
    """Compare the tutorial's network, 2-3-1, as an estimator and in its own plain functions.

    Both stand against the MLPClassifier that does the same: plain gradient descent on all samples
    at once, from the same starting weights. The plain functions validate no input and compute no
    loss while they train.
    """
    data, seed, learning_rate = moons(n_samples), 0, 1.0
    start = from_scratch.initialize_parameters(2, 3, 1, seed)

    def gradient_descent(cls: type) -> StartingFrom:
        estimator = cls(
            (3,),
            activation="logistic",
            solver="sgd",
            alpha=0.0,
            batch_size=len(data.y_train),
            learning_rate_init=learning_rate,
            max_iter=epochs,
            shuffle=False,
            random_state=0,
            tol=0.0,
            warm_start=True,
            momentum=0.0,
            nesterovs_momentum=False,
            n_iter_no_change=np.inf,
        )
        return StartingFrom(estimator, start)

    return [
        both(data, "2-3-1, tutorial's settings", gradient_descent),
        Comparison(
            data,
            "2-3-1, from_scratch.py",
            theirs=gradient_descent(MLPClassifier),
            ours=FromScratch(epochs, learning_rate, seed),
        ),
    ]


def real_comparisons(max_iter: int) -> list[Comparison]:
    """Take two data sets that ship with scikit-learn, scaled in a pipeline."""
    return [
        both(
            Data.split(name, *load(return_X_y=True)),
            "scaler + default",
            lambda cls: make_pipeline(StandardScaler(), cls(max_iter=max_iter, random_state=0)),
        )
        for name, load in (("breast cancer", load_breast_cancer), ("digits", load_digits))
    ]


def all_comparisons(quick: bool) -> list[Comparison]:
    """Return all rows, in the table's order."""
    if quick:
        return [
            *moons_comparisons(QUICK_EPOCHS),
            *tutorial_comparisons(400, epochs=50),
            *real_comparisons(max_iter=5),
        ]
    return [
        *moons_comparisons(EPOCHS),
        *tutorial_comparisons(1_000, epochs=2_000),
        *real_comparisons(max_iter=100),
    ]


def n_epochs(model: Any) -> int:
    """Return the epochs of a fitted model or pipeline."""
    return getattr(model, "n_iter_", None) or model[-1].n_iter_


def check(comparison: Comparison) -> float:
    """Fit both; return the largest difference of the probabilities they predict.

    Raises
    ------
    DisagreementError
        If they are not equal, or not after as many epochs.
    """
    data = comparison.data
    what = f"{data.name}, {data.n_samples} samples, {comparison.network}"
    theirs, ours = (
        model.fit(data.X_train, data.y_train) for model in (comparison.theirs, comparison.ours)
    )
    if n_epochs(ours) != n_epochs(theirs):
        raise DisagreementError(f"{what}: {n_epochs(ours)} and {n_epochs(theirs)} epochs")
    X = np.concatenate([data.X_train, data.X_test])
    return check_close(what, ours.predict_proba(X), theirs.predict_proba(X), TOLERANCE)


def measure(comparison: Comparison, repeats: int) -> Result:
    """Check, then time fits and predictions in turn."""
    difference = check(comparison)
    data, models = comparison.data, {"theirs": comparison.theirs, "ours": comparison.ours}
    fit = time_in_turn(
        {side: partial(model.fit, data.X_train, data.y_train) for side, model in models.items()},
        repeats,
        warm_up=False,  # the check was
    )
    predict = time_in_turn(
        {side: partial(model.predict, data.X_test) for side, model in models.items()},
        repeats=5 * repeats,
        number=max(2_500 // len(data.y_test), 1),
    )
    return Result(comparison, difference, fit, predict)


def table_row(result: Result) -> list[str]:
    """Return a result's cells."""
    data, model = result.comparison.data, result.comparison.ours
    probabilities = model.predict_proba(data.X_test)
    return [
        data.name,
        f"{data.n_samples:,}",
        result.comparison.network,
        f"{n_epochs(model)}",
        f"{accuracy_score(data.y_test, model.predict(data.X_test)):.3f}",
        f"{log_loss(data.y_test, probabilities):.3f}",
        f"{result.fit.median('theirs'):.3f}",
        f"{result.fit.median('ours'):.3f}",
        ratio(result.fit.ratio("theirs", "ours")),
        ratio(result.predict.ratio("theirs", "ours")),
    ]


def plot(pyplot: Any, results: Sequence[Result], file: str) -> None:
    """Draw decision boundaries of both sides and their loss curves, a row per network."""
    figure, axes = pyplot.subplots(
        len(results), 3, figsize=(12, 3.4 * len(results)), squeeze=False, layout="constrained"
    )
    names = {"theirs": "scikit-learn", "ours": "sknumpynet"}
    for (*boundaries, curves), result in zip(axes, results, strict=True):
        comparison = result.comparison
        for axis, (side, name) in zip(boundaries, names.items(), strict=True):
            draw_boundary(axis, getattr(comparison, side), comparison.data)
            seconds = result.fit.median(side)
            axis.set_title(f"{name}: {comparison.network}, {seconds:.2f} s", fontsize=10)
        curves.plot(comparison.theirs.loss_curve_, linewidth=4, alpha=0.4, label=names["theirs"])
        curves.plot(comparison.ours.loss_curve_, linewidth=1, color="black", label=names["ours"])
        curves.set(xlabel="epoch", ylabel="training loss")
        curves.legend()
    figure.savefig(file, dpi=100)
    pyplot.close(figure)


def draw_boundary(axis: Any, model: Any, data: Data) -> None:
    """Draw the probability of label 1 over the plane, with the test samples on it."""
    low, high = data.X_train.min(axis=0) - 0.3, data.X_train.max(axis=0) + 0.3
    grid = np.meshgrid(*(np.linspace(a, b, 200) for a, b in zip(low, high, strict=True)))
    points = np.column_stack([values.ravel() for values in grid])
    probability = model.predict_proba(points)[:, 1].reshape(grid[0].shape)
    axis.contourf(*grid, probability, levels=np.linspace(0, 1, 11), cmap="RdBu", alpha=0.7)
    axis.contour(*grid, probability, levels=[0.5], colors="black", linewidths=1)
    axis.scatter(
        *data.X_test.T, c=data.y_test, cmap="RdBu", s=10, edgecolors="black", linewidths=0.3
    )
    axis.set(xticks=[], yticks=[])


def run(quick: bool, file: str | None) -> None:
    """Measure, print the table, draw the plot."""
    pyplot = import_pyplot() if file else None
    comparisons = all_comparisons(quick)
    progress = Progress(len(comparisons))
    results = []
    with warnings.catch_warnings():
        # The number of epochs is limited on purpose.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for comparison in comparisons:
            data = comparison.data
            progress.show(f"{data.name}, {data.n_samples:,} samples, {comparison.network}")
            results.append(measure(comparison, repeats=1 if quick else 3))
    progress.close()
    print(markdown_table(COLUMNS, [table_row(result) for result in results]))
    largest = max(result.difference for result in results)
    print(f"\nAll predicted probabilities agree, the largest difference is {largest:.1g}.")
    print(versions())
    if pyplot is None:
        return
    n_smallest = comparisons[0].data.n_samples
    drawn = [
        result
        for result in results
        if result.comparison.data.name == "make_moons"
        and result.comparison.data.n_samples == n_smallest
        and not isinstance(result.comparison.ours, FromScratch)  # has no loss curve
    ]
    plot(pyplot, drawn, file)
    print(f"Decision boundaries and loss curves are in {file}.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("Two moons and real data: both libraries in turn.", threads=1)
    parser.add_argument("--plot", metavar="FILE", help="draw decision boundaries and loss curves")
    options = parser.parse_args(arguments)
    with thread_limit(options.threads):
        return exit_code(lambda: run(options.quick, options.plot))


if __name__ == "__main__":
    sys.exit(main())
