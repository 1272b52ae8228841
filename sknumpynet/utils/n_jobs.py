"""On how many cores to work."""

import multiprocessing

import joblib

from sknumpynet.utils.scikit_learn import openmp_threads

__all__ = ["effective_n_jobs"]


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
