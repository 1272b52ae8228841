"""How the tabular estimators grow with rows and columns.

    python -m benchmarks.tabular_scaling [--quick] [--presets NAME ...] [--threads N]

Every measurement has a process of its own. Its peak memory is what fitting and predicting add to
the process that already holds the data. Predictions are for all the rows trained on.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from benchmarks.timing import (
    Progress,
    argument_parser,
    markdown_table,
    thread_limit,
    versions,
)

__all__ = ["main"]

TASKS = ("Classifier", "Regressor")
PRESETS = ("fast", "default", "best")
ROWS, FEATURES = (200, 1_000, 10_000, 100_000), (5, 50)
WIDE = (100, 2_000)
QUICK_ROWS, QUICK_FEATURES = (60,), (3,)
COLUMNS = ("estimator", "preset", "rows", "columns", "fit s", "per million cells", "predict s")
MEMORY = "peak MB"


class Case(NamedTuple):
    """What is measured."""

    task: str
    preset: str
    n_rows: int
    n_features: int


class Measurement(NamedTuple):
    """What it takes."""

    fit_seconds: float
    predict_seconds: float
    megabytes: float


def make_data(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers of which the first few matter, not in a straight line."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(case.n_rows, case.n_features))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.3 * rng.normal(size=case.n_rows)
    return X, (y > 0).astype(int) if case.task == "Classifier" else y


def measure(case: Case, threads: int | None) -> Measurement:
    """Fit and predict once, in this process."""
    import sknumpynet

    estimator = getattr(sknumpynet, f"TabularMLP{case.task}")
    with thread_limit(threads):
        # Imports and thread pools are neither timed nor counted, but all that columns take is.
        small = case._replace(n_rows=60, n_features=3)
        estimator(preset=case.preset, random_state=0).fit(*make_data(small))
        X, y = make_data(case)
        before, start = peak_megabytes(), time.perf_counter()
        model: Any = estimator(preset=case.preset, random_state=0).fit(X, y)
        fitted = time.perf_counter()
        model.predict(X)
        predicted = time.perf_counter()
    return Measurement(fitted - start, predicted - fitted, peak_megabytes() - before)


def peak_megabytes() -> float:
    """Return the most memory that this process has held so far."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def row_of(case: Case, measured: Measurement) -> list[str]:
    """Return a table's cells."""
    cells = case.n_rows * case.n_features
    return [
        f"TabularMLP{case.task}",
        case.preset,
        f"{case.n_rows:,}",
        str(case.n_features),
        f"{measured.fit_seconds:.3f}",
        f"{1e6 * measured.fit_seconds / cells:.2f}",
        f"{measured.predict_seconds:.3f}",
        f"{measured.megabytes:.0f}",
    ]


def measure_apart(case: Case, threads: int | None) -> Measurement:
    """Measure in a process of its own, which does not begin with the memory of this one."""
    command = [sys.executable, "-m", "benchmarks.tabular_scaling", "--case", *map(str, case)]
    if threads is not None:
        command += ["--threads", str(threads)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Measurement(*json.loads(output))


def run(quick: bool, presets: Sequence[str], threads: int | None) -> None:
    """Measure and print."""
    rows, features = (QUICK_ROWS, QUICK_FEATURES) if quick else (ROWS, FEATURES)
    sizes = [*product(rows, features), *([] if quick else [WIDE])]
    cases = [Case(*case, *size) for *case, size in product(TASKS, presets, sizes)]
    progress, table = Progress(len(cases)), []
    for case in cases:
        progress.show(" ".join(map(str, case)))
        table.append(row_of(case, measure_apart(case, threads)))
    progress.close()
    print(markdown_table((*COLUMNS, MEMORY), table))
    print(f"\n{versions()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("How the tabular estimators grow.", threads=None)
    parser.add_argument(
        "--presets",
        nargs="+",
        choices=PRESETS,
        metavar="NAME",
        default=["fast", "default"],
        help=f"of {', '.join(PRESETS)} (default: fast default)",
    )
    parser.add_argument("--case", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.case:
        task, preset, n_rows, n_features = options.case
        case = Case(task, preset, int(n_rows), int(n_features))
        print(json.dumps(measure(case, options.threads)))
    else:
        run(options.quick, options.presets, options.threads)
    return 0


if __name__ == "__main__":
    sys.exit(main())
