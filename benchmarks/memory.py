"""How much memory a process takes, alone and with its workers."""

import os
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["PeakOfWorkers", "peak_megabytes"]

PAUSE = 0.02  # seconds


def peak_megabytes() -> float:
    """Return the most memory that this process has held so far."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


class PeakOfWorkers:
    """Watches the memory of this process's children, as a context.

    Pages that several processes share are divided among them (PSS), which only Linux tells.

    Attributes
    ----------
    megabytes : float
        The most that all held together.
    """

    def __init__(self) -> None:
        self.megabytes, self._is_over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.is_set():
            held = sum(_proportional_megabytes(child) for child in _descendants(os.getpid()))
            self.megabytes = max(self.megabytes, held)
            time.sleep(PAUSE)


def _descendants(process: int) -> list[int]:
    """Return the processes that a process has started, and those that they have."""
    children = defaultdict(list)
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may hold anything.
            parent = int(file.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue
        children[parent].append(int(file.parent.name))
    found = list(children[process])
    for child in found:
        found += children[child]
    return found


def _proportional_megabytes(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6
