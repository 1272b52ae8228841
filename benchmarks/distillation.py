"""One network distilled from an ensemble: what it loses, and what it saves.

    python -m benchmarks.distillation [--quick] [--data FOLDER ...] [--tables NAME ...]
        [--max-train N] [--splits S] [--members K ...] [--threads N]

For every split of every table an ensemble with all defaults is fitted and distilled from the rows
that it was trained on. Ratios are log losses, or nRMSE, of rows held out from both, divided by the
ensemble's; those of a member are of one of its networks. Tables are scikit-learn's and, with
``--data``, those of folders, see `benchmarks.tabular`. Times are to predict 25,000 rows of 50
numbers.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import log_loss

from benchmarks.tabular_data import (
    CLASSIFICATION,
    Split,
    Table,
    add_data_option,
    load_tables,
    split,
)
from benchmarks.timing import (
    Progress,
    argument_parser,
    check_close,
    exit_code,
    markdown_table,
    ratio,
    thread_limit,
    time_in_turn,
    versions,
)
from sknumpynet import TabularMLPClassifier, TabularMLPRegressor

__all__ = ["main"]

QUICK_TABLES = ("wine", "diabetes")
ROWS, FEATURES = 25_000, 50
# What an ensemble and the mean of what its members predict may differ by.
TOLERANCE = 1e-6

Losses = Mapping[str, float]


def loss_of(table: Table, y: np.ndarray, predictions: np.ndarray) -> float:
    """Return the log loss of probabilities, or the RMSE of numbers."""
    if table.task == CLASSIFICATION:
        return float(log_loss(y, predictions, labels=range(table.n_classes)))
    return float(np.sqrt(np.mean((y - predictions) ** 2)))


def predict(model: Any, X: Any) -> np.ndarray:
    """Return probabilities, or numbers."""
    predictions: np.ndarray = getattr(model, "predict_proba", model.predict)(X)
    return predictions.astype(float)


def measure(table: Table, data: Split, preset: str, seed: int, members: Sequence[int]) -> Losses:
    """Return losses of rows held out, by what predicts them."""
    kind = TabularMLPClassifier if table.task == CLASSIFICATION else TabularMLPRegressor
    ensemble = kind(preset, random_state=seed).fit(data.X_train, data.y_train)
    each = ensemble.predict_members(data.X_test).astype(float)
    predicted = predict(ensemble, data.X_test)
    if table.task == CLASSIFICATION:  # a regressor's mean is bounded by the range that was seen
        check_close(table.name, predicted, each.mean(axis=0), TOLERANCE)
    losses = {
        "ensemble": loss_of(table, data.y_test, predicted),
        "member": float(np.mean([loss_of(table, data.y_test, own) for own in each])),
    }
    for k in members:
        distilled = ensemble.distil(data.X_train, n_members=k)
        losses[f"distilled, {k}"] = loss_of(table, data.y_test, predict(distilled, data.X_test))
    return losses


def geometric_mean(values: Sequence[float]) -> float:
    """Return the geometric mean."""
    return float(np.exp(np.mean(np.log(values))))


def ratios_to_ensemble(losses: Sequence[Losses]) -> dict[str, float]:
    """Return the geometric means of ratios to the ensemble's loss, by what is divided by it."""
    names = [name for name in losses[0] if name != "ensemble"]
    return {name: geometric_mean([own[name] / own["ensemble"] for own in losses]) for name in names}


def quality(options: argparse.Namespace) -> str:
    """Return the table of losses, a row for each of the data."""
    tables = list(load_tables(options.data, options.tables, 120 if options.quick else None))
    progress, rows, all_ratios = Progress(len(tables) * options.splits), [], []
    for table in tables:
        losses = []
        for seed in range(options.splits):
            progress.show(f"{table.name}, split {seed}")
            data = split(table, seed, options.max_train)
            losses.append(measure(table, data, options.preset, seed, options.members))
        ratios = ratios_to_ensemble(losses)
        all_ratios.append(ratios)
        ensemble = np.mean([own["ensemble"] for own in losses])
        n_train = str(len(data.y_train))
        rows.append([table.name, n_train, f"{ensemble:.4g}", *map(_cell, ratios.values())])
    progress.close()
    means = [geometric_mean([own[name] for own in all_ratios]) for name in all_ratios[0]]
    rows.append(["geometric mean", "-", "-", *map(_cell, means)])
    columns = ["table", "rows", "loss of the ensemble", *all_ratios[0]]
    return markdown_table(columns, rows)


def _cell(value: float) -> str:
    return f"{value:.3f}"


def speed(options: argparse.Namespace) -> str:
    """Return the table of times to predict."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500 if options.quick else ROWS, FEATURES))
    train = X[:500]
    rows = []
    for kind, y in (
        (TabularMLPClassifier, (train[:, 0] + train[:, 1] * train[:, 2] > 0).astype(int)),
        (TabularMLPRegressor, train[:, 0] + train[:, 1] * train[:, 2]),
    ):
        # Weights do not matter to times: an epoch each will do.
        ensemble = kind(options.preset, max_iter=1, random_state=0).fit(train, y)
        calls: dict[str, Callable[[], Any]] = {"ensemble": partial(predict, ensemble, X)}
        for k in options.members:
            distilled = ensemble.distil(train, n_members=k, max_time=1e-9)
            calls[f"distilled, {k}"] = partial(predict, distilled, X)
        calls["columns alone"] = partial(ensemble.preprocessor_.transform, X)
        timings = time_in_turn(calls, 1 if options.quick else 7)
        for side in calls:
            cells = f"{timings.median(side):.3f}", ratio(timings.ratio("ensemble", side))
            rows.append([kind.__name__, side, *cells])
    return markdown_table(("estimator", "what predicts", "seconds", "ensemble / it"), rows)


def run(options: argparse.Namespace) -> None:
    """Measure and print both tables."""
    print(quality(options))
    print(f"\n{speed(options)}\n\n{versions()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("One network distilled from an ensemble.", threads=1)
    add_data_option(parser)
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--max-train", type=int, default=2250, metavar="N", help="rows (2250)")
    parser.add_argument("--splits", type=int, default=1, metavar="S", help="of every table (1)")
    parser.add_argument("--members", type=int, nargs="+", default=[1, 2, 4], metavar="K")
    parser.add_argument("--preset", default="default", help="of the ensemble (default)")
    options = parser.parse_args(arguments)
    if options.quick:
        options.tables = options.tables or QUICK_TABLES
        options.max_train, options.preset = 60, "fast"
    with thread_limit(options.threads):
        return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
