"""On how many workers runs are trained, and what these are: nothing but this process, or processes.

Threads only where there is no interpreter's lock, or where a user asks joblib for them: between
the short calls of small networks threads wait for each other. 135 networks of hidden (16,) to (64,)
on two cores: 1.9 s with two processes, 3.9 s with one, 4.8 s with two threads.
"""

from collections.abc import Sequence
from typing import NamedTuple

import joblib

from sknumpynet.training.runs import Run
from sknumpynet.utils.n_jobs import (
    has_default_backend,
    has_interpreter_lock,
    n_started_processes,
)

__all__ = ["HERE", "Workers", "workers_for"]

# A row of a batch, forwards, backwards and its part of the update: 0.15 to 0.38 ns a parameter in
# networks of 350 to 72,000 parameters, in either precision; the smallest take more.
SECONDS_PER_PARAMETER = 0.22e-9
SECONDS_PER_ROW = 0.08e-6

# Less work is not worth sending to processes that wait for it.
FEWEST_SECONDS = 0.1

# A process starts and imports the package before it works, on a core of its own as far as there
# are some. Two take 1.8 s on two cores, four 4.9 s, eight 6.8 s.
START_SECONDS = 0.4
IMPORT_SECONDS = 1.4


class Workers(NamedTuple):
    """Who trains.

    Parameters
    ----------
    n : int
    backend : str, optional
        As joblib calls it; by default the one that joblib is configured for.
    """

    n: int
    backend: str | None = None


HERE = Workers(1)


def workers_for(runs: Sequence[Run], n_jobs: int | None) -> Workers:
    """Return on whom to train runs, so that starting workers costs less time than they save.

    Parameters
    ----------
    runs : sequence of Run
    n_jobs : int or None
        How many workers at most; None as joblib is configured.
    """
    n = min(joblib.effective_n_jobs(n_jobs), len(runs))
    if n <= 1:
        return HERE
    if not has_default_backend():
        return Workers(n)
    seconds = _seconds_of(runs, n)
    if seconds < FEWEST_SECONDS:
        return HERE
    if not has_interpreter_lock():
        return Workers(n, "threading")
    start = 0.0
    if n_started_processes() < n:
        start = START_SECONDS + IMPORT_SECONDS * max(n / joblib.cpu_count(), 1.0)
    return Workers(n) if seconds * (1 - 1 / n) > start else HERE


def _seconds_of(runs: Sequence[Run], n_workers: int) -> float:
    """Return about how long one worker would need for all, if none stops early."""
    seconds = 0.0
    for run in runs:
        settings, snapshot = run.member.settings, run.snapshot
        n_epochs = settings.max_epochs - (0 if snapshot is None else snapshot.result.n_epochs)
        of_row = SECONDS_PER_ROW + SECONDS_PER_PARAMETER * run.parameters.size
        seconds += of_row * run.dataset.n_samples * n_epochs
    return min(seconds, n_workers * max(run.member.settings.max_seconds for run in runs))
