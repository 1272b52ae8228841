"""What the benchmarks share: timing in turn, checking equality, tables, versions, progress."""

import argparse
import contextlib
import importlib.metadata
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import threadpoolctl

__all__ = [
    "NOT_MEASURED",
    "DisagreementError",
    "Progress",
    "Timings",
    "argument_parser",
    "check_close",
    "exit_code",
    "import_pyplot",
    "markdown_table",
    "ratio",
    "thread_limit",
    "time_in_turn",
    "versions",
]


NOT_MEASURED = "-"


class DisagreementError(Exception):
    """Two sides did not compute the same thing, so their times must not be compared."""


def check_close(what: str, ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> float:
    """Return the largest absolute difference.

    Raises
    ------
    DisagreementError
        If it is above the tolerance, or not a number.
    """
    if ours.shape != theirs.shape:
        raise DisagreementError(f"{what}: shapes {ours.shape} and {theirs.shape} differ")
    difference = float(np.max(np.abs(np.subtract(ours, theirs, dtype=float))))
    if not difference <= tolerance:
        raise DisagreementError(
            f"{what}: the largest difference, {difference:.2g}, is not within {tolerance:g}"
        )
    return difference


@dataclass(frozen=True)
class Timings:
    """Seconds that each side took, repeat by repeat.

    Parameters
    ----------
    seconds : mapping of str to list of float
    """

    seconds: Mapping[str, Sequence[float]]

    def median(self, side: str) -> float:
        """Return the median time of a side."""
        return statistics.median(self.seconds[side])

    def ratio(self, slow: str, fast: str) -> float:
        """Return the median over repeats of time(slow) / time(fast).

        The two times of a repeat are neighbours, so a machine that is slow for a while, slows
        both down and leaves their ratio.
        """
        pairs = zip(self.seconds[slow], self.seconds[fast], strict=True)
        return statistics.median(a / b for a, b in pairs)


def time_in_turn(
    sides: Mapping[str, Callable[[], object]],
    repeats: int,
    *,
    number: int = 1,
    warm_up: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> Timings:
    """Time every side, one after the other, and all of it several times.

    Parameters
    ----------
    sides : mapping of str to callable
    repeats : int
    number : int
        Calls in a row that make one measurement; times are per call.
    warm_up : bool
        Whether each side is called once before, untimed.
    clock : callable()
        Returns seconds: those of the processor where others share it, and all is one thread's.
    """
    if warm_up:
        for call in sides.values():
            call()
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    order = list(sides)
    for _ in range(repeats):
        for side in order:
            call = sides[side]
            start = clock()
            for _ in range(number):
                call()
            seconds[side].append((clock() - start) / number)
        order.reverse()  # neither side always finds the other's leavings in the cache
    return Timings(seconds)


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as GitHub's markdown, padded to be read in a terminal too.

    Text goes to the left, columns in which every cell starts with a digit to the right.
    """
    cells = [list(columns), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    to_the_right = [
        all(cell[0].isdigit() or cell == NOT_MEASURED for cell in column)
        for column in zip(*rows, strict=True)
    ]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, to_the_right, strict=True)
        ]
        return f"| {' | '.join(padded)} |"

    rules = [
        "-" * (width - 1) + (":" if right else "-")
        for width, right in zip(widths, to_the_right, strict=True)
    ]
    return "\n".join([line(columns), line(rules), *map(line, rows)])


def ratio(value: float) -> str:
    """Return a ratio as a cell."""
    return f"{value:.2f}"


class Progress:
    """A line on standard error: overwritten in a terminal, one per piece of work elsewhere.

    Parameters
    ----------
    total : int
        Pieces of work.
    """

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.start = time.perf_counter()

    def show(self, work: str) -> None:
        """Say which piece of work begins."""
        self.done += 1
        seconds = time.perf_counter() - self.start
        self._write(f"[{self.done}/{self.total}, {seconds:.0f} s] {work}")

    def close(self) -> None:
        """Clear the line."""
        if sys.stderr.isatty():
            self._write("")

    def _write(self, text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)


def argument_parser(description: str, *, threads: int | None) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: only shows that it runs")
    parser.add_argument(
        "--threads",
        type=int,
        default=threads,
        metavar="N",
        help=f"threads of all libraries (default: {threads or 'what they choose'})",
    )
    return parser


@contextlib.contextmanager
def thread_limit(threads: int | None) -> Iterator[None]:
    """Limit BLAS, OpenMP and, where it is loaded, PyTorch to as many threads; None does not."""
    if threads is None:
        yield
        return
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(threads)
    with threadpoolctl.threadpool_limits(threads):
        yield


def exit_code(benchmark: Callable[[], None]) -> int:
    """Run a benchmark; return 0, or 1 if its sides disagreed."""
    try:
        benchmark()
    except DisagreementError as error:
        print(f"\nThe two sides disagree, nothing was timed: {error}", file=sys.stderr)
        return 1
    return 0


def import_pyplot() -> Any:
    """Return matplotlib's pyplot, drawing to files only."""
    try:
        import matplotlib
    except ImportError:
        sys.exit("--plot needs matplotlib: pip install matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def versions(*peers: str) -> str:
    """Return a line that says what was measured, and on which machine.

    Parameters
    ----------
    *peers : str
        More packages to name, where they are installed.
    """
    packages = []
    for package in dict.fromkeys(("numpy", "scipy", "scikit-learn", "torch", *peers)):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            packages.append(f"{package} {importlib.metadata.version(package)}")
    blas = [library for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]
    names = sorted({f"{library['internal_api']} {library['version']}" for library in blas})
    threads = sorted({library["num_threads"] for library in blas})
    names.append(f"BLAS threads {'/'.join(map(str, threads))}")
    return ", ".join([f"Python {platform.python_version()}", *packages, *names, _processor()])


def _processor() -> str:
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.exists():
        for line in cpu_info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
