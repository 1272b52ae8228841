"""Microseconds per training step (Adam, relu, one logistic output).

    python -m benchmarks.training_step [--quick] [--threads N] [--json FILE]

Against scikit-learn, against PyTorch where it is installed, and against the floor: the bare matrix
products of a step, through ``np.matmul`` with ``out=``. A step's time is that of a fit by its
steps, so it has its share of an epoch's work: shuffling, gathering, the loss. PyTorch's eager
loop is spared the loss curve and the judging of epochs.

All sides start from the same weights, see the same batches, and must end with the same
parameters before anything is timed: within 1e-6 after the whole run in float64, within 1e-3 after
its first epoch in float32.
"""

import argparse
import importlib.util
import itertools
import json
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.timing import (
    NOT_MEASURED,
    Progress,
    Timings,
    argument_parser,
    check_close,
    exit_code,
    markdown_table,
    ratio,
    thread_limit,
    time_in_turn,
    versions,
)
from sknumpynet import NumpyMLPClassifier
from sknumpynet.core.architectures import dense_network
from sknumpynet.core.network import initialize_parameters

__all__ = ["main"]

TOLERANCE = {"float64": 1e-6, "float32": 1e-3}
ALPHA, LEARNING_RATE, BETA_2, EPSILON, SEED = 1e-4, 1e-3, 0.999, 1e-8, 0
COLUMNS = (
    "hidden",
    "batch",
    "dtype",
    "scikit-learn µs",
    "sknumpynet µs",
    "ratio",
    "target",
    "torch µs",
    "torch ratio",
    "floor µs",
    "sknumpynet / floor",
)


@dataclass(frozen=True)
class Setup:
    """What is trained, on what.

    Parameters
    ----------
    hidden : tuple of int
    n_features, batch_size : int
    batches, epochs : int
        Their product is the number of steps of a fit.
    target : dict of str to float
        By dtype, how many times faster than scikit-learn the project wants to be.
    dtype : str
    """

    hidden: tuple[int, ...]
    n_features: int
    batch_size: int
    batches: int
    epochs: int
    target: dict[str, float]
    dtype: str = "float64"

    @property
    def name(self) -> str:
        """One line for progress and errors."""
        return f"{self.hidden} at batch {self.batch_size}, {self.dtype}"

    @property
    def n_steps(self) -> int:
        """Steps of a fit."""
        return self.batches * self.epochs

    @property
    def layer_sizes(self) -> list[int]:
        """Units of all layers, from the features to the one output."""
        return [self.n_features, *self.hidden, 1]

    @cached_property
    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Features and labels, of which a network can learn something."""
        rng = np.random.default_rng(SEED)
        X = rng.standard_normal((self.batches * self.batch_size, self.n_features))
        y = (X[:, 0] * X[:, 1] + 0.3 * rng.standard_normal(len(X)) > 0).astype(int)
        return X.astype(self.dtype), y

    def estimator(self, cls: type) -> Any:
        """Return an estimator that trains for exactly as many steps."""
        return cls(
            self.hidden,
            alpha=ALPHA,
            batch_size=self.batch_size,
            learning_rate_init=LEARNING_RATE,
            max_iter=self.epochs,
            random_state=SEED,
            tol=0.0,
            beta_2=BETA_2,
            epsilon=EPSILON,
            n_iter_no_change=np.inf,
        )


# Epochs enough that a fit's beginning (validation, starting weights, buffers) hardly counts: on the
# widest it costs as much as a step.
SETUPS = (
    Setup((3,), 2, 200, 10, 120, {"float64": 5.5, "float32": 6.0}),
    Setup((100,), 2, 200, 10, 80, {"float64": 3.5, "float32": 4.7}),
    Setup((100,), 2, 32, 64, 15, {"float64": 5.5, "float32": 6.7}),
    Setup((256, 256), 20, 256, 10, 10, {"float64": 1.5, "float32": 1.9}),
    Setup((512, 512, 512), 50, 256, 10, 4, {"float64": 1.35, "float32": 1.6}),
)
QUICK_SETUPS = (
    Setup((3,), 2, 200, 2, 2, {"float64": 5.5, "float32": 6.0}),
    Setup((16, 16), 20, 32, 2, 2, {}),
)


class TorchTrainer:
    """The same training in PyTorch: a plain eager loop over the same batches.

    Parameters
    ----------
    setup : Setup
    """

    def __init__(self, setup: Setup) -> None:
        import torch

        self.torch, self.setup = torch, setup
        X, y = setup.data
        self.X = torch.from_numpy(X)
        self.y = torch.from_numpy(y[:, np.newaxis].astype(setup.dtype))
        sizes = setup.layer_sizes
        modules = []
        for fan_in, fan_out in itertools.pairwise(sizes):
            modules += [torch.nn.Linear(fan_in, fan_out, dtype=self.X.dtype), torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*modules[:-1])
        self.layers = self.model[::2]

    def fit(self) -> "TorchTrainer":
        """Train from the start."""
        torch, batch_size = self.torch, self.setup.batch_size
        random_state = np.random.RandomState(SEED)
        self._initialize(random_state)
        # scikit-learn divides the penalty by the batch's size and spares the biases.
        decay = [
            {"params": [layer.weight for layer in self.layers], "weight_decay": ALPHA / batch_size},
            {"params": [layer.bias for layer in self.layers], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.Adam(decay, lr=LEARNING_RATE, betas=(0.9, BETA_2))
        loss = torch.nn.BCEWithLogitsLoss()
        order, step = np.arange(len(self.X)), 0
        for _ in range(self.setup.epochs):
            order = order[random_state.permutation(len(order))]
            rows = torch.from_numpy(order)
            X, y = self.X[rows], self.y[rows]
            for X_batch, y_batch in zip(X.split(batch_size), y.split(batch_size), strict=True):
                optimizer.zero_grad()
                loss(self.model(X_batch), y_batch).backward()
                step += 1
                # PyTorch adds epsilon after the bias correction, scikit-learn before it, which
                # moves parameters by almost 1e-2 within ten steps. This makes them equal.
                epsilon = EPSILON / math.sqrt(1 - BETA_2**step)
                for group in optimizer.param_groups:
                    group["eps"] = epsilon
                optimizer.step()
        return self

    def _initialize(self, random_state: np.random.RandomState) -> None:
        torch = self.torch
        network = dense_network(self.setup.layer_sizes, "relu")
        start = initialize_parameters(network, random_state, self.setup.dtype)
        with torch.no_grad():
            for layer, weights, bias in zip(
                self.layers, *network.layout.unpack(start), strict=True
            ):
                layer.weight.copy_(torch.from_numpy(weights.T.copy()))
                layer.bias.copy_(torch.from_numpy(bias[0]))

    @property
    def parameters(self) -> np.ndarray:
        """All weights, then all biases, in one vector."""
        weights = [layer.weight.detach().numpy().T for layer in self.layers]
        return flat([*weights, *(layer.bias.detach().numpy() for layer in self.layers)])


def flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Return the entries of all arrays in one vector."""
    return np.concatenate([array.ravel() for array in arrays])


def fitted_parameters(estimator: Any) -> np.ndarray:
    """Return all weights, then all biases, in one vector."""
    return flat([*estimator.coefs_, *estimator.intercepts_])


def check(setup: Setup, with_torch: bool) -> None:
    """Compare what all sides learn.

    Raises
    ------
    DisagreementError
        If it is not the same.
    """
    if setup.dtype == "float32":
        # Longer runs of the widest network do not agree with themselves: moving the input by one
        # rounding moves scikit-learn's own parameters by 6e-3 in 40 steps.
        setup = replace(setup, epochs=1)
    X, y = setup.data
    tolerance = TOLERANCE[setup.dtype]
    theirs, ours = (
        fitted_parameters(setup.estimator(cls).fit(X, y))
        for cls in (MLPClassifier, NumpyMLPClassifier)
    )
    check_close(f"{setup.name}, scikit-learn", ours, theirs, tolerance)
    if with_torch:
        torch = TorchTrainer(setup).fit().parameters
        check_close(f"{setup.name}, PyTorch", ours, torch, tolerance)


def matrix_products(
    layer_sizes: Sequence[int], n_samples: int, dtype: str, *, samples_are_rows: bool
) -> Callable[[], None]:
    """Return a function that computes the matrix products of a step, and nothing else.

    Every layer's forward product and weight gradient, and the gradient with respect to the inputs
    of every layer but the first.
    """
    rng = np.random.default_rng(SEED)

    def array(n_rows: int, n_columns: int) -> np.ndarray:
        return rng.standard_normal((n_rows, n_columns)).astype(dtype)

    products = []
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise(layer_sizes)):
        weights = array(fan_in, fan_out)
        if samples_are_rows:
            inputs, delta = array(n_samples, fan_in), array(n_samples, fan_out)
        else:
            inputs, delta = array(fan_in, n_samples).T, array(fan_out, n_samples).T
        products += [(inputs, weights, np.empty_like(delta)), (inputs.T, delta, weights.copy())]
        if i > 0:
            products.append((delta, weights.T, np.empty_like(inputs)))
    if not samples_are_rows:
        # Transposed, so that `out` is C-contiguous, or matmul would go through a copy.
        products = [
            (b.T, a.T, out.T) if not out.flags.c_contiguous else (a, b, out)
            for a, b, out in products
        ]

    def step() -> None:
        for a, b, out in products:
            np.matmul(a, b, out=out)

    return step


def floor(setup: Setup, repeats: int) -> Callable[[], None]:
    """Return the matrix products in the memory layout in which they are faster."""
    candidates = {
        str(rows): matrix_products(
            setup.layer_sizes, setup.batch_size, setup.dtype, samples_are_rows=rows
        )
        for rows in (True, False)
    }
    timings = time_in_turn(candidates, repeats, number=setup.n_steps)
    return candidates[min(candidates, key=timings.median)]


def repeat(call: Callable[[], None], number: int) -> None:
    """Call it several times."""
    for _ in range(number):
        call()


def measure(setup: Setup, repeats: int, with_torch: bool) -> Timings:
    """Check, then time all sides in turn, each for as many steps."""
    check(setup, with_torch)
    X, y = setup.data
    sides: dict[str, Callable[[], object]] = {
        side: partial(setup.estimator(cls).fit, X, y)
        for side, cls in (("theirs", MLPClassifier), ("ours", NumpyMLPClassifier))
    }
    sides["floor"] = partial(repeat, floor(setup, repeats), setup.n_steps)
    if with_torch:
        sides["torch"] = TorchTrainer(setup).fit
    return time_in_turn(sides, repeats, warm_up=False)  # the check was


def table_row(setup: Setup, timings: Timings) -> list[str]:
    """Return a setup's cells."""
    microseconds = {
        side: f"{1e6 * timings.median(side) / setup.n_steps:.1f}" for side in timings.seconds
    }
    target = setup.target.get(setup.dtype)
    return [
        f"{setup.hidden}",
        f"{setup.batch_size}",
        setup.dtype,
        microseconds["theirs"],
        microseconds["ours"],
        ratio(timings.ratio("theirs", "ours")),
        NOT_MEASURED if target is None else f"{target:g}",
        microseconds.get("torch", NOT_MEASURED),
        ratio(timings.ratio("torch", "ours")) if "torch" in microseconds else NOT_MEASURED,
        microseconds["floor"],
        ratio(timings.ratio("ours", "floor")),
    ]


def run(options: argparse.Namespace, with_torch: bool) -> None:
    """Measure, print the table, write the file."""
    setups = [
        replace(setup, dtype=dtype)
        for setup in (QUICK_SETUPS if options.quick else SETUPS)
        for dtype in ("float64", "float32")
    ]
    progress = Progress(len(setups))
    rows = []
    with warnings.catch_warnings():
        # The number of epochs is limited on purpose.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for setup in setups:
            progress.show(setup.name)
            timings = measure(setup, 1 if options.quick else options.repeats, with_torch)
            rows.append(table_row(setup, timings))
    progress.close()
    print(markdown_table(COLUMNS, rows))
    print('\n"ratio" is scikit-learn / sknumpynet, "torch ratio" is torch / sknumpynet.')
    print(versions())
    if options.json:
        report = {
            "versions": versions(),
            "rows": [dict(zip(COLUMNS, row, strict=True)) for row in rows],
        }
        Path(options.json).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("Microseconds per training step.", threads=1)
    parser.add_argument("--json", metavar="FILE", help="write the table there, too")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="default: 5")
    options = parser.parse_args(arguments)
    with_torch = importlib.util.find_spec("torch") is not None
    if with_torch:
        import torch  # noqa: F401  (so that its threads are limited)
    with thread_limit(options.threads):
        return exit_code(lambda: run(options, with_torch))


if __name__ == "__main__":
    sys.exit(main())
