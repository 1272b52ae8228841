"""What a temperature does to the log loss of classifiers for tables.

    python -m benchmarks.calibration [--data FOLDER ...] [--tables NAME ...] [--quick]
        [--max-train N] [--splits S] [--preset P] [--threads N]

Ratios of log losses of rows held out: with ``calibrate="temperature"`` to without, and with the
temperature that is best on these very rows, which is the most that any could bring. Errors of
calibration are the mean distances of `ReliabilityDisplay`, without and with the temperature.
"""

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from benchmarks.tabular_data import CLASSIFICATION, Table, add_data_option, load_tables, split
from benchmarks.timing import argument_parser, exit_code, markdown_table, thread_limit, versions
from sknumpynet import TabularMLPClassifier
from sknumpynet.core.inference import tempered
from sknumpynet.display.reliability import reliability_of

__all__ = ["main"]


def measure(table: Table, seed: int, options: argparse.Namespace) -> list[float]:
    """Return losses and errors without and with, the best possible loss, temperature and times."""
    data = split(table, seed, options.max_train)
    losses, errors, times = [], [], []
    for calibrate in (None, "temperature"):
        model = TabularMLPClassifier(
            options.preset, calibrate=calibrate, random_state=seed, n_jobs=1
        )
        start = time.process_time()
        model.fit(data.X_train, data.y_train)
        times.append(time.process_time() - start)
        probabilities = model.predict_proba(data.X_test)
        losses.append(log_loss(data.y_test, probabilities, labels=model.classes_))
        is_right = model.classes_[probabilities.argmax(axis=1)] == data.y_test
        errors.append(reliability_of(probabilities.max(axis=1), is_right)[2])
        if calibrate is None:
            plain = probabilities
    best = minimize_scalar(
        lambda logarithm: log_loss(
            data.y_test, tempered(plain, np.exp(logarithm), "softmax"), labels=model.classes_
        ),
        bounds=(-2, 2),
        method="bounded",
    )
    ratios = [losses[1] / losses[0], best.fun / losses[0]]
    return [losses[0], *ratios, model.temperature_, *errors, times[1] / times[0]]


def run(options: argparse.Namespace) -> None:
    """Measure and print the table."""
    rows, everything = [], []
    for table in load_tables(options.data, options.tables):
        if table.task != CLASSIFICATION:
            continue
        measured = [measure(table, seed, options) for seed in range(options.splits)]
        means = np.mean(measured, axis=0)
        everything.append(means)
        rows.append([table.name, *(f"{value:.3f}" for value in means)])
        print(" ".join(rows[-1]), file=sys.stderr, flush=True)
    _, *ratios, temperature, before, after, cost = np.array(everything).T
    means = [f"{np.exp(np.log(own).mean()):.3f}" for own in ratios]
    means += [f"{own.mean():.3f}" for own in (temperature, before, after, cost)]
    rows.append(["mean", "-", *means])
    header = ["table", "log loss", "with a temperature", "with the best"]
    header += ["temperature", "error", "error with it", "time"]
    print(markdown_table(header, rows))
    print(f"\n{versions()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("What a temperature does to the log loss.", threads=1)
    add_data_option(parser)
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--max-train", type=int, default=2000, metavar="N", help="rows (2000)")
    parser.add_argument("--splits", type=int, default=2, metavar="S", help="(2)")
    parser.add_argument("--preset", default="default", help="(default)")
    options = parser.parse_args(arguments)
    if options.quick:
        options.max_train, options.splits, options.preset = 120, 1, "fast"
        options.tables = options.tables or ["iris"]
    with thread_limit(options.threads):
        return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
