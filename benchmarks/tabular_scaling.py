"""How the tabular estimators grow with rows and columns.

    python -m benchmarks.tabular_scaling [--quick] [--wide] [--presets NAME ...] [--threads N]

Every measurement has a process of its own. Its peak memory is what fitting and predicting add to
the process that already holds the data. Predictions are for all the rows trained on.

With ``--wide`` columns grow, for the last preset. Memory is that of the process, and what two
workers take together where members are shared out; epochs are few there. The cost of a fit is its
processor time over members, epochs and rows, on one core.
"""

import argparse
import json
import pickle
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from benchmarks.memory import PeakOfWorkers, peak_megabytes
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
WIDE_SHAPES = ((100, 2_000), (300, 4_000), (100, 8_000), (1_000, 10_000), (100_000, 200))
FEW_EPOCHS = 2
COST_ROWS, COST_FEATURES = 1_000, (5, 20, 50, 100, 200, 250, 300, 500, 1_000, 2_000, 5_000, 10_000)
QUICK_ROWS, QUICK_FEATURES = (60,), (3,)
COLUMNS = ("estimator", "preset", "rows", "columns", "fit s", "per million cells", "predict s")
MEMORY = "peak MB"
MEMORY_COLUMNS = ("rows", "columns", "table MB", "peak MB", "two workers MB", "model MB", "fit s")
COST_COLUMNS = ("rows", "columns", "seen", "fit CPU s", "µs a row", "ns a row and column seen")


class Case(NamedTuple):
    """What is measured; ``max_iter`` 0 is the preset's, ``n_jobs`` 0 what the estimator chooses."""

    task: str
    preset: str
    n_rows: int
    n_features: int
    max_iter: int = 0
    n_jobs: int = 0


class Measurement(NamedTuple):
    """What it takes."""

    fit_seconds: float
    predict_seconds: float
    megabytes: float
    worker_megabytes: float = 0.0
    model_megabytes: float = 0.0
    fit_cpu_seconds: float = 0.0
    n_steps_of_row: int = 1  # members times epochs
    n_seen: int = 0


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
        chosen = {"max_iter": case.max_iter, "n_jobs": case.n_jobs}
        settings = {name: value for name, value in chosen.items() if value}
        model: Any = estimator(preset=case.preset, random_state=0, **settings)
        with PeakOfWorkers() if case.n_jobs > 1 else nullcontext() as workers:
            before, start = peak_megabytes(), time.perf_counter()
            started = time.process_time()
            model.fit(X, y)
            fitted, cpu = time.perf_counter(), time.process_time() - started
            model.predict(X)
            predicted = time.perf_counter()
    measured = Measurement(fitted - start, predicted - fitted, peak_megabytes() - before)
    if not case.n_jobs:
        return measured
    return measured._replace(
        worker_megabytes=0.0 if workers is None else workers.megabytes,
        model_megabytes=len(pickle.dumps(model)) / 1e6,
        fit_cpu_seconds=cpu,
        n_steps_of_row=int(np.sum(model.n_iter_)),
        n_seen=int(np.sum(model.member_columns_[0])),
    )


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


def memory_row(case: Case, alone: Measurement, shared: Measurement) -> list[str]:
    """Return a table's cells, of a fit in one process and of one on workers."""
    return [
        f"{case.n_rows:,}",
        f"{case.n_features:,}",
        f"{8 * case.n_rows * case.n_features / 1e6:.0f}",
        f"{alone.megabytes:.0f}",
        f"{shared.worker_megabytes:.0f}",
        f"{alone.model_megabytes:.1f}",
        f"{alone.fit_seconds:.1f}",
    ]


def cost_row(case: Case, measured: Measurement) -> list[str]:
    """Return a table's cells."""
    of_row = measured.fit_cpu_seconds / (measured.n_steps_of_row * case.n_rows)
    return [
        f"{case.n_rows:,}",
        f"{case.n_features:,}",
        str(measured.n_seen),
        f"{measured.fit_cpu_seconds:.1f}",
        f"{1e6 * of_row:.1f}",
        f"{1e9 * of_row / measured.n_seen:.0f}",
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
    cases = [Case(*case) for case in product(TASKS, presets, rows, features)]
    progress, table = Progress(len(cases)), []
    for case in cases:
        progress.show(" ".join(map(str, case)))
        table.append(row_of(case, measure_apart(case, threads)))
    progress.close()
    print(markdown_table((*COLUMNS, MEMORY), table))
    print(f"\n{versions()}")


def run_wide(quick: bool, preset: str, threads: int | None) -> None:
    """Measure memory and cost as columns grow, and print."""
    shapes = [(60, 300)] if quick else WIDE_SHAPES
    features = (3, 300) if quick else COST_FEATURES
    n_rows, max_iter = (60, 1) if quick else (COST_ROWS, 0)
    progress = Progress(2 * len(shapes) + len(features))

    def measured(case: Case) -> Measurement:
        progress.show(" ".join(map(str, case)))
        return measure_apart(case, threads)

    memory = []
    for shape in shapes:
        alone = Case("Classifier", preset, *shape, FEW_EPOCHS, 1)
        memory.append(memory_row(alone, measured(alone), measured(alone._replace(n_jobs=2))))
    cases = [Case("Classifier", preset, n_rows, n, max_iter, 1) for n in features]
    costs = [cost_row(case, measured(case)) for case in cases]
    progress.close()
    print(markdown_table(MEMORY_COLUMNS, memory))
    print(f"\n{markdown_table(COST_COLUMNS, costs)}")
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
    parser.add_argument("--wide", action="store_true", help="as columns grow, of the last preset")
    parser.add_argument("--case", nargs=6, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.case:
        task, preset, *sizes = options.case
        case = Case(task, preset, *map(int, sizes))
        print(json.dumps(measure(case, options.threads)))
    elif options.wide:
        run_wide(options.quick, options.presets[-1], options.threads)
    else:
        run(options.quick, options.presets, options.threads)
    return 0


if __name__ == "__main__":
    sys.exit(main())
