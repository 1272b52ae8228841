"""Predicting probabilities: one row, and many.

    python -m benchmarks.predict [--quick] [--table FILE] [--threads N]

Both sides hold the default network, trained on two moons, and must predict the same before
anything is timed. Peak memory is what a prediction allocates at most, including its result, traced
in a pass of its own. A second table has networks for tables, see `benchmarks.predict_tables`;
``--table`` names a CSV file with classes in the column ``target``.
"""

import sys
import tracemalloc
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.predict_tables import table_of_tables
from benchmarks.tabular_peers import PACKAGES
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
from sknumpynet import NumpyMLPClassifier

__all__ = ["main"]

TOLERANCE = 1e-6
COLUMNS = (
    "rows",
    "scikit-learn",
    "sknumpynet",
    "ratio",
    "scikit-learn peak MB",
    "sknumpynet peak MB",
)


def trained_models() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Return each side's ``predict_proba`` after a short training."""
    X, y = make_moons(1_000, noise=0.3, random_state=0)
    with warnings.catch_warnings():
        # The number of epochs is limited on purpose.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return {
            side: cls(max_iter=20, random_state=0).fit(X, y).predict_proba
            for side, cls in (("theirs", MLPClassifier), ("ours", NumpyMLPClassifier))
        }


def peak_megabytes(call: Callable[[], object]) -> float:
    """Return what a call allocates at most."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def duration(seconds: float) -> str:
    """Return a time as a cell, with its unit."""
    return f"{1e6 * seconds:.1f} µs" if seconds < 1e-3 else f"{seconds:.3f} s"


def measure(
    models: dict[str, Callable[[np.ndarray], np.ndarray]],
    n_rows: int,
    *,
    repeats: int,
    number: int,
) -> list[str]:
    """Check, then time predictions in turn; return the cells of a row."""
    X, _ = make_moons(n_rows, noise=0.3, random_state=1)
    calls = {side: partial(predict_proba, X) for side, predict_proba in models.items()}
    check_close(f"{n_rows} rows", calls["ours"](), calls["theirs"](), TOLERANCE)
    timings = time_in_turn(calls, repeats, number=number)
    return [
        f"{n_rows:,}",
        duration(timings.median("theirs")),
        duration(timings.median("ours")),
        ratio(timings.ratio("theirs", "ours")),
        *(f"{peak_megabytes(calls[side]):.3f}" for side in ("theirs", "ours")),
    ]


def run(quick: bool, file: Path | None) -> None:
    """Measure and print the tables."""
    plan = (
        [(1, {"repeats": 3, "number": 20}), (5_000, {"repeats": 1, "number": 1})]
        if quick
        else [(1, {"repeats": 21, "number": 500}), (500_000, {"repeats": 7, "number": 1})]
    )
    models = trained_models()
    progress = Progress(len(plan))
    rows = []
    for n_rows, times in plan:
        progress.show(f"{n_rows:,} rows")
        rows.append(measure(models, n_rows, **times))
    progress.close()
    print(markdown_table(COLUMNS, rows))
    print(f"\n{table_of_tables(file, quick)}")
    print(f"\n{versions(*PACKAGES)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("One row, and many: predict_proba.", threads=1)
    parser.add_argument("--table", type=Path, metavar="FILE", help="predict its rows, too")
    options = parser.parse_args(arguments)
    with thread_limit(options.threads):
        return exit_code(lambda: run(options.quick, options.table))


if __name__ == "__main__":
    sys.exit(main())
