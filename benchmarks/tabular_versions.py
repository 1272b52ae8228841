"""Estimators for tables before and after: an earlier checkout of the package beside this one.

    python -m benchmarks.tabular_versions --before PATH [--data FOLDER ...] [--max-train N]
        [--splits N] [--preset NAME] [--quick] [--threads N]

Each side has a process of its own, and they fit in turn, on one core. First both are compared in
quality, then in the processor time of fitting and predicting; ratios are after over before,
geometric means over tables with their standard error.
"""

from __future__ import annotations

import argparse
import os
import pickle
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import log_loss

from benchmarks.tabular_data import (
    BUNDLED,
    CLASSIFICATION,
    Split,
    Table,
    add_data_option,
    load_tables,
    split,
)
from benchmarks.timing import Progress, argument_parser, exit_code, markdown_table, versions

__all__ = ["main"]

HERE = Path(__file__).parents[1]
QUICK_TABLES = ("iris", "diabetes")
MEASURES = ("quality", "fit", "fit_clock", "predict")
COLUMNS = ("tables", "quality", "fit, CPU", "fit, clock", "predict, CPU")
# Log ratios of the splits of a table.
Ratios = dict[str, list[float]]


class Side:
    """One version of the package, in a process of its own."""

    def __init__(self, path: Path, threads: int) -> None:
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "benchmarks" / "version_worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **limits, "PYTHONPATH": str(path.resolve())},
        )

    def fitted(self, job: dict[str, Any]) -> dict[str, Any]:
        """Return what the process makes of a job, see `version_worker`."""
        self._send(job)
        result: dict[str, Any] = pickle.load(self.process.stdout)  # type: ignore[arg-type]
        return result

    def close(self) -> None:
        """Let the process end."""
        with self.process:  # which closes its pipes, and waits
            self._send(None)

    def _send(self, job: dict[str, Any] | None) -> None:
        assert self.process.stdin is not None
        pickle.dump(job, self.process.stdin)
        self.process.stdin.flush()


@contextmanager
def sides_of(before: Path, threads: int) -> Iterator[dict[str, Side]]:
    """Yield both versions."""
    sides = {"before": Side(before, threads), "after": Side(HERE, threads)}
    try:
        yield sides
    finally:
        for side in sides.values():
            side.close()


def quality(table: Table, data: Split, predicted: np.ndarray) -> float:
    """Return the log loss, or the root of the mean squared error."""
    if table.task == CLASSIFICATION:
        return float(log_loss(data.y_test, predicted, labels=np.unique(data.y_train)))
    return float(np.sqrt(np.mean((predicted - data.y_test) ** 2)))


def compared(sides: dict[str, Side], table: Table, data: Split, preset: str, seed: int) -> Ratios:
    """Return the log ratios, after over before, of one split."""
    job = {**data._asdict(), "task": table.task, "preset": preset, "seed": seed}
    # Who comes first changes from split to split.
    names = list(sides) if seed % 2 else list(sides)[::-1]
    results = {name: sides[name].fitted(job) for name in names}
    for result in results.values():
        result["quality"] = quality(table, data, result["predicted"])
    return {
        name: [float(np.log(results["after"][name] / results["before"][name]))] for name in MEASURES
    }


def group_of(table: Table) -> str:
    """Return which line of the printed table a table counts for."""
    origin = "scikit-learn's" if table.name in BUNDLED else "of the folders"
    kind = "classes, log loss" if table.task == CLASSIFICATION else "numbers, nRMSE"
    return f"{origin}, {kind}"


def line(group: str, ratios: Sequence[Ratios]) -> list[str]:
    """Return a line of the printed table."""
    cells = [f"{group} ({len(ratios)})"]
    for name in MEASURES:
        means = np.array([np.mean(own[name]) for own in ratios])
        cell = f"{np.exp(means.mean()):.3f}"
        if name == "quality" and len(means) > 1:
            cell += f" ± {means.std(ddof=1) / np.sqrt(len(means)):.3f}"
        cells.append(cell)
    return cells


def run(options: argparse.Namespace) -> None:
    """Compare all tables and print the ratios."""
    names, n_splits, max_train = None, options.splits, options.max_train
    if options.quick:
        names, n_splits, max_train = QUICK_TABLES, 1, 60
    tables = list(load_tables(options.data, names))
    progress = Progress(len(tables) * n_splits)
    groups: dict[str, list[Ratios]] = defaultdict(list)
    with sides_of(options.before, options.threads or 1) as sides:
        for table in tables:
            ratios: Ratios = {name: [] for name in MEASURES}
            for seed in range(n_splits):
                progress.show(f"{table.name}, split {seed}")
                data = split(table, seed, max_train)
                for name, own in compared(sides, table, data, options.preset, seed).items():
                    ratios[name] += own
            groups[group_of(table)].append(ratios)
    progress.close()
    print(markdown_table(COLUMNS, [line(group, ratios) for group, ratios in groups.items()]))
    print(f"\n{versions('pandas')}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("Estimators for tables before and after.", threads=1)
    parser.add_argument("--before", type=Path, required=True, help="folder of another checkout")
    add_data_option(parser)
    parser.add_argument("--max-train", type=int, default=2_250, help="rows to train on at most")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--preset", default="default")
    options = parser.parse_args(arguments)
    return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
