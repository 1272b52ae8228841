"""On how many cores to work, and what joblib would start for it."""

import copy
import multiprocessing
import sys
from typing import Any

import joblib
from joblib.externals.loky import reusable_executor
from joblib.parallel import get_active_backend

from sknumpynet.utils.scikit_learn import openmp_threads

__all__ = [
    "backend_beside",
    "effective_n_jobs",
    "has_default_backend",
    "has_interpreter_lock",
    "n_started_processes",
]


def effective_n_jobs(n_jobs: int | None) -> int:
    """Return on how many cores to work: by default on all that OpenMP would use here.

    So estimators that are fitted side by side on joblib's workers share the cores. A child of
    multiprocessing would wait for joblib's workers for ever when it ends, so that it gets none
    unless it asks for them.
    """
    if n_jobs is None:
        if multiprocessing.parent_process() is not None:
            return int(joblib.effective_n_jobs(None))
        return int(max(joblib.effective_n_jobs(None), openmp_threads()))
    return int(joblib.effective_n_jobs(n_jobs))


def has_default_backend() -> bool:
    """Return whether joblib would start processes, as it does unless it is told otherwise."""
    backend, _ = get_active_backend()
    return type(backend).__name__ == "LokyBackend"


def backend_beside() -> Any:
    """Return a backend like joblib's active one that may be used while that one is in use.

    Backends with a pool, as of multiprocessing or Ray, lose it when what uses them a second time
    ends. None where the active one can be used again.
    """
    backend, _ = get_active_backend()
    if not hasattr(backend, "_pool"):
        return None
    beside = copy.copy(backend)
    beside._pool = None  # threads would work in the pool that is there, and end it
    return beside


def n_started_processes() -> int:
    """Return how many processes of joblib wait for work, as far as it tells: 0 where it does not.

    They end after some minutes without any.
    """
    executor = getattr(reusable_executor, "_executor", None)
    return len(getattr(executor, "_processes", None) or ())


def has_interpreter_lock() -> bool:
    """Return whether threads of this interpreter take turns."""
    is_enabled = getattr(sys, "_is_gil_enabled", None)  # from Python 3.13
    return is_enabled is None or bool(is_enabled())
