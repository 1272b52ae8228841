"""Exported modules, and tables with every kind of column for them."""

import datetime
import importlib.util
import itertools

import numpy as np

from sknumpynet.export import to_python

WORDS = ["red", "wine", "grape", "Sweet", "dry", "old", "young", "of", "the", "Käse", "北京", "x"]
EPOCH = datetime.datetime(2010, 1, 1, tzinfo=datetime.UTC)
NUMBER = itertools.count()


def load(path):
    """Return a module that was written."""
    spec = importlib.util.spec_from_file_location(f"exported_{next(NUMBER)}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exported(model, folder):
    """Return a model as the module that it becomes."""
    return load(to_python(model, folder / f"exported_{next(NUMBER)}.py")[0])


# What a cell of each kind of column is drawn as; None are cells that are missing.
CELLS = {
    "number": lambda rng: float(rng.lognormal(0, 2)),
    "whole": lambda rng: int(rng.integers(0, 1000)),
    "gaps": lambda rng: float(rng.normal()) if rng.random() > 0.3 else float("nan"),
    "flag alone": lambda rng: 7.0 if rng.random() > 0.5 else None,
    "constant": lambda rng: 7.0,
    "bool": lambda rng: bool(rng.random() > 0.5),
    "present": lambda rng: "only" if rng.random() > 0.5 else None,
    "two": lambda rng: str(rng.choice(["f", "m"])),
    "few": lambda rng: (
        str(rng.choice(["a", "nan", "", "1", "2.5"])) if rng.random() > 0.2 else None
    ),
    "many": lambda rng: f"level {rng.integers(0, 40)}",
    "more": lambda rng: f"other {rng.integers(0, 20)}" if rng.random() > 0.1 else None,
    "rare": lambda rng: f"id {int(rng.exponential(40))}",
    "text numbers": lambda rng: f"${rng.lognormal(5, 3):,.2f}" if rng.random() > 0.1 else "n/a",
    "decimal comma": lambda rng: f"{rng.normal():.3f}".replace(".", ","),
    "day": lambda rng: datetime.date(2000, 1, 1) + datetime.timedelta(int(rng.integers(0, 5000))),
    "day as text": lambda rng: (
        f"{rng.integers(1, 29)}.{rng.integers(1, 13)}.{rng.integers(1990, 2020)}"
    ),
    "zone": lambda rng: (
        EPOCH + datetime.timedelta(minutes=int(rng.integers(0, 10**7)))
    ).isoformat(),
    "clock": lambda rng: datetime.time(int(rng.integers(0, 24)), int(rng.integers(0, 60))),
    "duration": lambda rng: datetime.timedelta(seconds=int(rng.integers(0, 10**6))),
    "note": lambda rng: " ".join(rng.choice(WORDS, 5)) if rng.random() > 0.1 else None,
    "day as category": lambda rng: datetime.date(2020, 1, int(rng.integers(1, 5))),
    "duration as category": lambda rng: datetime.timedelta(seconds=int(rng.integers(1, 5)) / 2),
}
KINDS = {
    "note": "text",
    "decimal comma": "number",
    "day as category": "category",
    "duration as category": "category",
}


def table_of(names, rng, n_rows):
    """Return a dict of columns of some kinds."""
    return {name: [CELLS[name](rng) for _ in range(n_rows)] for name in names}


def as_rows(table):
    """Return a list of dicts."""
    return [dict(zip(table, cells, strict=True)) for cells in zip(*table.values(), strict=True)]


def as_objects(table):
    """Return an array of objects."""
    array = np.empty((len(next(iter(table.values()))), len(table)), object)
    for k, cells in enumerate(table.values()):
        array[:, k] = cells
    return array


def assert_same_bits(one, other):
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    assert one.tobytes() == other.tobytes()
