"""A process that fits tables by the package it finds first; `tabular_versions` talks to it."""

from __future__ import annotations

import pickle
import sys
import time
import warnings
from typing import Any

import sknumpynet


def fitted(job: dict[str, Any]) -> dict[str, Any]:
    """Return what is predicted for the rows to test, and seconds of the process and the clock."""
    is_classifier = job["task"] == "classification"
    kind = sknumpynet.TabularMLPClassifier if is_classifier else sknumpynet.TabularMLPRegressor
    model = kind(job["preset"], random_state=job["seed"], n_jobs=1)
    clock, start = time.perf_counter(), time.process_time()
    model.fit(job["X_train"], job["y_train"])
    fit_clock, fit_seconds = time.perf_counter() - clock, time.process_time() - start
    start = time.process_time()
    predicted = (model.predict_proba if is_classifier else model.predict)(job["X_test"])
    return {
        "predicted": predicted,
        "fit": fit_seconds,
        "fit_clock": fit_clock,
        "predict": time.process_time() - start,
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    while job := pickle.load(sys.stdin.buffer):
        pickle.dump(fitted(job), sys.stdout.buffer)
        sys.stdout.buffer.flush()
