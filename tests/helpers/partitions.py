"""Tables in partitions that workers make when they are asked for; imported there by its name."""

import os
import time

import numpy as np
import pandas as pd

from sknumpynet.dask import attempts

N_ROWS = 300


def labels_of(X):
    """Return what is to be learned of a part of the table."""
    return np.where(X["size"] * X["age"] + (X["colour"] == "red") > 0.3, "yes", "no")


def part(number, n_rows=N_ROWS):
    """Return a partition: numbers, gaps, few levels, a label, a price and a weight."""
    rng = np.random.default_rng(number)
    X = pd.DataFrame(
        {
            "size": rng.normal(size=n_rows),
            "age": rng.normal(size=n_rows),
            "colour": rng.choice(["red", "green", "blue"], n_rows),
        }
    )
    X["label"] = labels_of(X)
    X["price"] = X["size"] + (X["colour"] == "red") + rng.normal(size=n_rows) / 10
    X["weight"] = rng.integers(0, 3, n_rows).astype(float)
    X.loc[rng.random(n_rows) < 0.05, "age"] = np.nan
    return X


def wide_part(number):
    """Return a partition with a long text, the same in all rows: 20 MB."""
    X = part(number).drop(columns=["price", "weight"])
    return X.assign(note="memory " * 10_000)


def die(dask_worker):
    """End the process of a worker, as if the system had killed it."""
    os._exit(1)


SECONDS_TO_LOOK, SECONDS_TO_SAVE = attempts.SECONDS_TO_LOOK, attempts.SECONDS_TO_SAVE
FOUND, KEEP = attempts.Attempt.found, attempts.Attempt.keep


def be_slow(seconds, *members):
    """Let first attempts at some members take longer for every shard, and save before each."""
    attempts.SECONDS_TO_SAVE = attempts.SECONDS_TO_LOOK = 0.0

    def found(attempt):
        progress = FOUND(attempt)
        attempt.is_slow = progress is None and attempt.member in members
        return progress

    def keep(attempt, take):
        KEEP(attempt, take)
        time.sleep(seconds * attempt.is_slow)

    attempts.Attempt.found, attempts.Attempt.keep = found, keep


def be_as_before():
    """Let a worker save as often and be as fast as it is."""
    attempts.SECONDS_TO_LOOK, attempts.SECONDS_TO_SAVE = SECONDS_TO_LOOK, SECONDS_TO_SAVE
    attempts.Attempt.found, attempts.Attempt.keep = FOUND, KEEP
