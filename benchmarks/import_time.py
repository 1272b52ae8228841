"""How long importing takes, beside scikit-learn's networks.

    python -m benchmarks.import_time [--quick]

Each import runs in an interpreter of its own and takes its own time, so that the start of Python
does not count; the two sides alternate. Before anything is timed each is imported once, so that
bytecode is written, as pip does when it installs, and both must load the same plotting and frames:
none but scikit-learn's own.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.timing import (
    DisagreementError,
    Timings,
    exit_code,
    markdown_table,
    ratio,
    versions,
)

__all__ = ["main"]

THEIRS, OURS = "sklearn.neural_network", "sknumpynet"
OPTIONAL = {"matplotlib", "pandas", "polars", "pyarrow"}
COLUMNS = (f"{THEIRS} s", f"{OURS} s", "ratio", "lowest ratio", "highest ratio")

NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"}

CHILD = """
import sys, time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start, *{{name.split(".")[0] for name in sys.modules}})
"""


def imported(module: str) -> tuple[float, set[str]]:
    """Return the seconds that an import takes in a fresh interpreter, and the roots it loads."""
    seconds, *roots = subprocess.run(
        [sys.executable, "-c", CHILD.format(module=module)],
        env={name: value for name, value in os.environ.items() if name not in NO_BYTECODE},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return float(seconds), set(roots)


def check_modules() -> None:
    """Check that nothing optional is loaded that scikit-learn does not load too."""
    beyond = (imported(OURS)[1] - imported(THEIRS)[1]) & OPTIONAL
    if beyond:
        raise DisagreementError(f"{OURS} loads {sorted(beyond)}, {THEIRS} does not")


def measure(repeats: int) -> Timings:
    """Time both sides in turn."""
    seconds: dict[str, list[float]] = {THEIRS: [], OURS: []}
    order = list(seconds)
    for _ in range(repeats):
        for module in order:
            seconds[module].append(imported(module)[0])
        order.reverse()
    return Timings(seconds)


def run(quick: bool) -> None:
    """Measure and print the table."""
    check_modules()
    timings = measure(1 if quick else 21)
    single = [
        ours / theirs
        for theirs, ours in zip(timings.seconds[THEIRS], timings.seconds[OURS], strict=True)
    ]
    cells = [
        *(f"{statistics.median(timings.seconds[side]):.3f}" for side in (THEIRS, OURS)),
        *map(ratio, (timings.ratio(OURS, THEIRS), min(single), max(single))),
    ]
    print(markdown_table(COLUMNS, [cells]))
    print(f"\n{versions()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argparse.ArgumentParser(description="Importing, beside scikit-learn's networks.")
    parser.add_argument("--quick", action="store_true", help="one repeat: only shows that it runs")
    quick = parser.parse_args(arguments).quick
    return exit_code(lambda: run(quick))


if __name__ == "__main__":
    sys.exit(main())
