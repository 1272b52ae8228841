"""Tables in partitions that workers make when they are asked for; imported there by its name."""

import os

import numpy as np
import pandas as pd

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
