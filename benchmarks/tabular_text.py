"""A column of text, read as free text, as a category, or left out: losses of rows held out.

    python -m benchmarks.tabular_text FILE --text COLUMN --target COLUMN [--drop COLUMN ...]
        [--quick] [--classes] [--max-train N] [--splits S] [--preset P] [--threads N]

FILE is a CSV. A target of numbers is learned as such, unless ``--classes`` are asked for. Losses
are log losses, or RMSE divided by the standard deviation of the target; times are to fit, on one
core.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

from benchmarks.tabular_data import CLASSIFICATION, REGRESSION, Split, Table, split
from benchmarks.timing import argument_parser, exit_code, markdown_table, thread_limit, versions
from sknumpynet import TabularMLPClassifier, TabularMLPRegressor

__all__ = ["main"]

SIDES = ("dropped", "category", "text")


def read_table(options: argparse.Namespace) -> Table:
    """Return the table of a file."""
    X = pd.read_csv(options.file).dropna(subset=options.target).drop(columns=options.drop)
    target = X.pop(options.target)
    name = options.file.stem
    if pd.api.types.is_numeric_dtype(target) and not options.classes:
        return Table(name, REGRESSION, X, target.to_numpy(float))
    return Table(name, CLASSIFICATION, X, pd.factorize(target, sort=True)[0])


def measure(table: Table, data: Split, options: argparse.Namespace, seed: int) -> list[float]:
    """Return the loss by each side, and then the time to fit of each."""
    losses, times = [], []
    for side in SIDES:
        kinds, left_out = {options.text: side}, []
        if side == "dropped":
            kinds, left_out = {}, [options.text]
        kind = TabularMLPClassifier if table.task == CLASSIFICATION else TabularMLPRegressor
        model = kind(options.preset, column_kinds=kinds, random_state=seed, n_jobs=1)
        # A constant, which is dropped, for tables of text alone.
        train, test = (
            X.drop(columns=left_out).assign(constant=0) for X in (data.X_train, data.X_test)
        )
        start = time.process_time()
        model.fit(train, data.y_train)
        times.append(time.process_time() - start)
        losses.append(loss_of(model, test, data.y_test))
    return losses + times


def loss_of(
    model: TabularMLPClassifier | TabularMLPRegressor, X: pd.DataFrame, y: np.ndarray
) -> float:
    """Return the log loss, or the RMSE in standard deviations."""
    if isinstance(model, TabularMLPClassifier):
        return float(log_loss(y, model.predict_proba(X), labels=model.classes_))
    return float(np.sqrt(np.mean((y - model.predict(X)) ** 2)) / np.std(y))


def run(options: argparse.Namespace) -> None:
    """Measure and print the table."""
    table = read_table(options)
    measured = []
    for seed in range(options.splits):
        data = split(table, seed, options.max_train)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a category of which nothing can be learned
            measured.append(measure(table, data, options, seed))
    losses, times = np.mean(measured, axis=0).reshape(2, -1)
    rows = [
        [table.name, options.text, str(len(data.y_train)), side, f"{loss:.3f}", f"{seconds:.2f}"]
        for side, loss, seconds in zip(SIDES, losses, times, strict=True)
    ]
    print(markdown_table(["table", "column", "rows", "read as", "loss", "seconds"], rows))
    print(f"\n{versions()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("A column of text as text, as a category, and dropped.", threads=1)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--text", required=True, metavar="COLUMN")
    parser.add_argument("--target", required=True, metavar="COLUMN")
    parser.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="leave out")
    parser.add_argument("--classes", action="store_true", help="though the target is numbers")
    parser.add_argument("--max-train", type=int, default=2000, metavar="N", help="rows (2000)")
    parser.add_argument("--splits", type=int, default=3, metavar="S", help="(3)")
    parser.add_argument("--preset", default="fast", help="(fast)")
    options = parser.parse_args(arguments)
    if options.quick:
        options.max_train, options.splits = 120, 1
    with thread_limit(options.threads):
        return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
