"""Invented tables, and what must hold for each: a property test, and a script that runs for long.

    python -m tests.fuzz --seconds 600 --seed 0

invents tables until the time is over. At the first that breaks a property it drops the columns and
rows that are not needed, prints a script that shows the same and needs nothing of this file, and
ends with 1. `tests/test_properties.py` does the same for a few seconds.

A `Case` is plain data, drawn by hypothesis, from which `table_of` makes a table. A property is a
function of the table: it raises where it does not hold, and returns `UNFIT` for a table that it
says nothing of.
"""

import argparse
import ast
import contextlib
import copy
import csv
import datetime
import fnmatch
import functools
import io
import json
import linecache
import math
import os
import pickle
import re
import sys
import time
import traceback
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import joblib
import numpy as np
import pandas as pd
import sklearn
from hypothesis import strategies as st
from scipy import sparse
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_info, threadpool_limits

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedGridSearchCV,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)

HAS_ARROW = find_spec("pyarrow") is not None
HAS_POLARS = find_spec("polars") is not None
HAS_DASK = find_spec("dask") is not None and HAS_ARROW
OPTIONAL = {"pyarrow": HAS_ARROW, "polars": HAS_POLARS, "dask": HAS_DASK}

# A property returns it for a table that it says nothing of.
UNFIT = "unfit"

# A text column of more levels may be read as numbers or dates, with a warning.
MOST_ONE_HOT = 9

# Between the lowest rank and the highest.
RANGE_OF_RANKS = 6.2

# The description of a case ------------------------------------------------------------------------


@dataclass(frozen=True)
class ColumnSpec:
    """A column as plain data: what cells it has, their dtype, how many are missing and as what."""

    name: Any
    cells: str
    dtype: str
    missing: float = 0.0
    marker: str = "None"


@dataclass(frozen=True)
class Case:
    """A table as plain data."""

    columns: tuple[ColumnSpec, ...]
    n_rows: int
    subject: str
    target: str
    weights: str
    seed: int


class Table(NamedTuple):
    """A case made up, as a property takes it."""

    subject: str
    frame: pd.DataFrame
    y: np.ndarray
    weight: np.ndarray | None
    seed: int


FLOAT_CELLS = [
    "normal",
    "prices",
    "ratings",
    "heavy tail",
    "mostly zero",
    "far from zero",
    "huge",
    "tiny",
    "two values",
    "constant number",
]
INT_CELLS = ["few integers", "bytes", "wide integers"]
TEXT_CELLS = [
    "words",
    "odd words",
    "many words",
    "single words",
    "digits",
    "numbers as text",
    "numbers with markers",
    "zip codes",
    "dates as text",
    "constant word",
]
LEVEL_CELLS = [
    "words",
    "odd words",
    "many words",
    "few integers",
    "bytes",
    "ratings",
    "digits",
    "booleans",
    "constant word",
]
FLOAT_DTYPES = [
    "float64",
    "float32",
    "float16",
    "Float64",
    "Float32",
    "object",
    "double[pyarrow]",
    "float[pyarrow]",
]
INT_DTYPES = [
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
    "object",
    "float64",
    "int64[pyarrow]",
    "uint8[pyarrow]",
]
TEXT_DTYPES = ["object", "str", "string[python]", "string[pyarrow]"]
BOOL_DTYPES = ["bool", "boolean", "object", "bool[pyarrow]"]
LEVEL_DTYPES = ["category", "ordered category", "category with unused levels"]
EMPTY_DTYPES = ["float64", "object", "Float64", "Int64", "str", "category", "double[pyarrow]"]
KINDS = {
    "float": (FLOAT_CELLS, FLOAT_DTYPES),
    "int": (INT_CELLS, INT_DTYPES),
    "text": (TEXT_CELLS, TEXT_DTYPES),
    "bool": (["booleans", "constant boolean"], BOOL_DTYPES),
    "levels": (LEVEL_CELLS, LEVEL_DTYPES),
    "objects": (["mixed", "decimal objects"], ["object"]),
    "empty": (["nothing"], EMPTY_DTYPES),
}
NAMES = [
    *"abcA0",
    "price (€)",
    "日本",
    " x ",
    "x0",
    "a_missing",
    "x0_rank",
    "nan",
    "two\nlines",
    "index",
    "y",
    "%s {0}",
]
MARKERS = ["None", "np.nan", "pd.NA"]
TABULAR = ["preprocessor", "TabularMLPClassifier", "TabularMLPRegressor"]
DROP_INS = ["NumpyMLPClassifier", "NumpyMLPRegressor"]
LABELS = ["binary", "booleans", "words", "three classes"]


def available(dtypes):
    return [dtype for dtype in dtypes if HAS_ARROW or "pyarrow" not in dtype]


@st.composite
def column_specs(draw, name):
    kind = draw(st.sampled_from([*KINDS, "float", "text", "levels"]))
    cells, dtypes = KINDS[kind]
    missing = 1.0 if kind == "empty" else draw(st.sampled_from([0.0, 0.0, 0.1, 0.5]))
    return ColumnSpec(
        name,
        draw(st.sampled_from(cells)),
        draw(st.sampled_from(available(dtypes))),
        missing,
        draw(st.sampled_from(MARKERS)),
    )


@st.composite
def cases(draw, subjects=(*TABULAR, *DROP_INS)):
    """Draw a description of a table."""
    n_columns = draw(st.integers(1, 8))
    pool = list(range(20)) if draw(st.integers(0, 5)) == 5 else NAMES
    names = draw(st.permutations(pool))[:n_columns]
    # Half of all without a network, which are tens of times quicker.
    subject = draw(st.sampled_from(subjects + subjects[:1] * (len(subjects) - 2)))
    is_regressor = subject.endswith("Regressor")
    return Case(
        tuple(draw(column_specs(name)) for name in names),
        draw(st.integers(12, 60) | st.integers(60, 200) | st.just(700)),
        subject,
        "numbers" if is_regressor else draw(st.sampled_from(LABELS)),
        draw(st.sampled_from(["none", "some", "zeros"])),
        draw(st.integers(0, 2**31 - 1)),
    )


def table_of(case):
    """Make the table that a case describes."""
    rng = np.random.default_rng(case.seed)
    series = {spec.name: column_of(spec, case.n_rows, rng) for spec in case.columns}
    y = target_of(case.target, case.n_rows, rng)
    weight = None
    if case.weights != "none":
        weight = rng.choice([0.5, 1.0, 2.0], case.n_rows)
    if case.weights == "zeros":
        weight[9:] *= rng.random(case.n_rows - 9) < 0.6
    return Table(case.subject, pd.DataFrame(series), y, weight, case.seed % 1000)


def target_of(target, n_rows, rng):
    """Return targets; the first nine rows have three of every class."""
    if target == "numbers":
        return rng.normal(3, 2, n_rows).round(2)
    classes = {
        "binary": [0, 1],
        "booleans": [False, True],
        "words": ["no", "yes"],
        "three classes": [2, 5, 7],
    }[target]
    y = rng.integers(0, len(classes), n_rows)
    y[:9] = np.arange(9) % len(classes)
    return np.array(classes)[y]


def cells_of(kind, n, rng):
    """Return cells of which none is missing."""
    words = ["red", "green", "blue", "Ärger", "b c"]
    odd = ["", " ", "nan", "None", "é", "e\u0301", "日本", "a\nb", "NULL", "true", "-"]
    whole = rng.integers(-40, 400, n)
    makers = {
        "normal": lambda: rng.normal(size=n),
        "prices": lambda: np.round(np.exp(rng.normal(3, 1, n)), 2),
        "ratings": lambda: rng.choice(np.arange(1, 51), n) / 10,
        "heavy tail": lambda: np.exp(5 * rng.normal(size=n)),
        "mostly zero": lambda: np.where(rng.random(n) < 0.8, 0.0, rng.normal(size=n)),
        "far from zero": lambda: 1e6 + rng.normal(size=n).round(1),
        "huge": lambda: 1e300 * rng.normal(size=n),
        "tiny": lambda: 1e-300 * rng.normal(size=n),
        "two values": lambda: rng.choice([0.1, 0.3], n, p=[0.2, 0.8]),
        "constant number": lambda: np.full(n, 0.1),
        "few integers": lambda: rng.integers(0, 5, n),
        "bytes": lambda: rng.integers(0, 100, n),
        "wide integers": lambda: rng.integers(0, 2**62, n),
        "words": lambda: rng.choice(words[: rng.integers(2, 6)], n),
        "odd words": lambda: rng.choice(odd, n),
        "many words": lambda: [f"level {k}" for k in rng.integers(0, 25, n)],
        "single words": lambda: [f"name {k}" for k in range(n)],
        "digits": lambda: [str(k) for k in rng.integers(0, 4, n)],
        "numbers as text": lambda: [str(k / 10) for k in whole],
        "numbers with markers": lambda: [
            "?" if k == 0 else str(k / 2) for k in whole * (rng.random(n) < 0.9)
        ],
        "zip codes": lambda: [f"{k:05d}" for k in rng.integers(0, 30, n)],
        "dates as text": lambda: [f"2024-{1 + k % 12:02d}-{1 + k % 28:02d}" for k in whole],
        "constant word": lambda: ["only"] * n,
        "booleans": lambda: rng.random(n) < 0.3,
        "constant boolean": lambda: np.full(n, True),
        "nothing": lambda: [None] * n,
    }
    if kind == "mixed":
        cells = [1, "1", 2.5, "a", True, "2.5", np.float32(0.5), np.int8(3)]
        return [cells[k] for k in rng.integers(0, len(cells), n)]
    if kind == "decimal objects":
        return [Decimal(int(k)) / 100 for k in whole]
    return np.asarray(makers[kind]()).tolist()


def column_of(spec, n_rows, rng):
    """Return the Series that a column's description stands for."""
    cells = cells_of(spec.cells, n_rows, rng)
    missing = rng.random(n_rows) < spec.missing
    if spec.missing < 1:
        missing[:2] = False  # so that none is empty but those meant to be
    if spec.dtype in LEVEL_DTYPES and spec.cells != "nothing":
        return levels_series(cells, missing, spec.dtype, rng)
    if spec.dtype == "object":
        marker = {"None": None, "np.nan": np.nan, "pd.NA": pd.NA}[spec.marker]
        cells = [marker if gone else cell for cell, gone in zip(cells, missing, strict=True)]
        return pd.Series(cells, dtype=object)
    if spec.cells in TEXT_CELLS or spec.cells == "nothing":
        cells = [None if gone else cell for cell, gone in zip(cells, missing, strict=True)]
        return pd.Series(cells, dtype=spec.dtype)
    return numbers_series(np.array(cells), missing, spec)


def levels_series(cells, missing, dtype, rng):
    levels = rng.permutation(np.array(sorted(set(cells)), dtype=object)).tolist()
    if dtype == "category with unused levels":
        unused = {str: "unused", bool: None}.get(type(levels[0]), 98)
        levels = levels if unused is None else [unused, *(k for k in levels if k != unused)]
    codes = [-1 if gone else levels.index(k) for k, gone in zip(cells, missing, strict=True)]
    ordered = dtype == "ordered category"
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(levels), ordered=ordered))


def numbers_series(values, missing, spec):
    """Return a Series of numbers or booleans; what its dtype cannot hold is cut."""
    name = {"double": "float64", "float": "float32"}.get(spec.dtype.split("[")[0], spec.dtype)
    plain = np.dtype(name.split("[")[0].replace("boolean", "bool").lower())
    if plain.kind in "iu":
        values = values % (np.iinfo(plain).max // 2)
    elif plain.kind == "f":
        values = np.clip(values, -np.finfo(plain).max / 2, np.finfo(plain).max / 2)
    values = values.astype(plain)
    if spec.dtype[0].isupper() or spec.dtype == "boolean":
        if plain.kind == "f" and spec.marker == "np.nan":  # NaN beside NA
            values = np.where(missing & (np.arange(len(values)) % 2 == 0), np.nan, values)
        return pd.Series(masked(values, missing & ~np.isnan(values)))
    if "pyarrow" in spec.dtype:
        keep_nan = plain.kind == "f" and spec.marker == "np.nan"
        gone = np.nan if keep_nan else None
        cells = [gone if m else v for v, m in zip(values.tolist(), missing, strict=True)]
        return arrow_series(cells, spec.dtype)
    if plain.kind == "f":
        values = np.where(missing, plain.type(np.nan), values)
    return pd.Series(values)


def masked(values, mask):
    """Return a nullable array of pandas in which NaN stays NaN."""
    kinds = {"f": pd.arrays.FloatingArray, "b": pd.arrays.BooleanArray}
    kind = kinds.get(values.dtype.kind, pd.arrays.IntegerArray)
    return kind(values, np.asarray(mask))


def arrow_series(cells, dtype):
    """Return a Series of an Arrow array in which NaN stays NaN."""
    import pyarrow as pa

    name = dtype.split("[")[0]
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(cells, pa.type_for_alias(name))))


# Models and what they give -----------------------------------------------------------------------


def fitted(subject, X, y, weight=None, **validation):
    """Return what is tested, fitted."""
    if subject == "preprocessor":
        return TabularPreprocessor(dtype="float64").fit(X)
    settings = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
    if subject.startswith("Tabular"):
        kinds = {
            "TabularMLPClassifier": TabularMLPClassifier,
            "TabularMLPRegressor": TabularMLPRegressor,
        }
        model = kinds[subject]("fast", n_members=2, n_jobs=1, **settings)
    else:
        kinds = {
            "NumpyMLPClassifier": NumpyMLPClassifier,
            "NumpyMLPRegressor": NumpyMLPRegressor,
        }
        model = kinds[subject](**settings)
    return model.fit(X, y, weight, **validation)


def output(model, X):
    """Return all that a model says of rows, as one array of floats."""
    if hasattr(model, "transform"):
        return model.transform(X)
    if hasattr(model, "predict_proba"):
        return model.predict_proba(X)
    return model.predict(X)


def assert_same(got, expected, atol=0.0):
    assert got.shape == expected.shape, (got.shape, expected.shape)
    assert np.isfinite(expected).all()
    difference = np.abs(got - expected).max(initial=0.0)
    assert difference <= atol, f"outputs differ by {difference}, not by {atol} at most"


def plain_columns(frame):
    """Return the numbers of a frame as a drop-in takes them: all there, and of the size of 1."""
    names = [name for name in frame if family(frame[name]) == "number"]
    columns = {}
    for name in names:
        values = floats(frame[name])
        half = values / 2 ** math.frexp(np.abs(values[~np.isnan(values)]).max(initial=1e-300))[1]
        columns[name] = np.nan_to_num(half)
    return pd.DataFrame(columns)


def subject_frame(subject, frame, keeps=None):
    """Return the columns that a model takes and a container keeps, None without any."""
    if subject.startswith("Numpy"):
        frame = plain_columns(frame)
    names = [name for name in frame if keeps is None or family(frame[name]) in keeps]
    return frame[names] if names else None


def floats(series):
    """Return numbers as float64, NaN where they are missing."""
    return np.array([np.nan if pd.isna(k) else float(k) for k in series.tolist()], dtype=float)


def family(series):
    """Return what containers tell apart: what a column means, not how it is stored."""
    cells = [cell for cell in series.tolist() if not pd.isna(cell)]
    kinds = {type(cell) for cell in cells}
    if isinstance(series.dtype, pd.CategoricalDtype):
        levels = series.cat.categories.tolist()
        if all(isinstance(level, str) for level in levels):
            return "category" if not any(map(is_digits, levels)) else "category of digits"
        return "category of numbers"
    if not cells:
        return "empty"
    if kinds <= {bool, np.bool_}:
        return "bool"
    if kinds <= {int, float} or series.dtype.kind in "iuf":
        return "number"
    return "text" if kinds == {str} else "mixed"


def is_digits(text):
    return any(character.isdigit() for character in text) and not text.startswith("level")


# The same table in another container -------------------------------------------------------------

# What a column may mean for a container to keep it. In an array of objects a category of numbers
# is a column of numbers; Arrow and polars hold no column of text and numbers; polars has categories
# of text only, and so has Parquet; lists of nothing but numbers and booleans are an array of
# numbers; an array of floats holds nothing else.
ANYTHING = (
    "number",
    "bool",
    "text",
    "category",
    "category of digits",
    "category of numbers",
    "mixed",
    "empty",
)
TYPED = tuple(kind for kind in ANYTHING if kind != "mixed")
OF_POLARS = tuple(kind for kind in TYPED if kind != "category of numbers")
OF_OBJECTS = ("number", "bool", "text", "category", "mixed", "empty")
OF_LISTS = tuple(kind for kind in OF_OBJECTS if kind != "bool")
NUMBERS = ("number",)


def same_through(subject, frame, y, weight, seed, *, through, keeps):
    """Fit and predict on a table and on the same in another container."""
    frame = subject_frame(subject, frame, keeps)
    if frame is None:
        return UNFIT
    other = through(frame)
    model = fitted(subject, frame, y, weight)
    expected = output(model, frame)
    assert_same(output(model, other), expected)
    model = fitted(subject, other, y, weight)
    assert_same(output(model, other), expected)
    assert_same(output(model, frame), expected)
    return None


def to_pickle(frame):
    return pickle.loads(pickle.dumps(frame))


def to_other_index(frame):
    return frame.set_axis(["row"] * len(frame), axis=0)


def to_nullable(frame):
    return frame.convert_dtypes()


def to_arrow_dtypes(frame):
    return frame.convert_dtypes(dtype_backend="pyarrow")


def to_objects(frame):
    return frame.to_numpy(dtype=object)


def to_object_columns(frame):
    return frame.astype(object)


def to_lists(frame):
    return frame.astype(object).to_numpy().tolist()


def to_tuples(frame):
    return [tuple(row) for row in frame.astype(object).to_numpy().tolist()]


def to_floats(frame):
    return np.column_stack([floats(frame[name]) for name in frame])


def to_strides(frame):
    return np.repeat(to_floats(frame), 2, axis=0)[::2][::-1][::-1]


def to_masked(frame):
    values = to_floats(frame)
    return np.ma.array(np.nan_to_num(values, nan=7.0), mask=np.isnan(values))


def to_blocks(frame):
    """Return the same columns, each a view of one wider frame."""
    wide = pd.concat([frame, frame], axis=1)
    return wide.iloc[:, : frame.shape[1]]


def to_float64_columns(frame):
    return pd.DataFrame({name: floats(frame[name]) for name in frame})


def to_arrow(frame):
    import pyarrow as pa

    return pa.Table.from_pandas(named_by_text(frame), preserve_index=False)


def to_chunks(frame):
    import pyarrow as pa

    parts = [to_arrow(frame.iloc[:5]), to_arrow(frame.iloc[5:])]
    schema = to_arrow(frame).schema
    return pa.concat_tables([part.cast(schema) for part in parts])


def to_record_batch(frame):
    return to_arrow(frame).combine_chunks().to_batches()[0]


def to_parquet(frame):
    file = io.BytesIO()
    named_by_text(frame).to_parquet(file, index=False)
    return pd.read_parquet(file)


def to_feather(frame):
    file = io.BytesIO()
    named_by_text(frame).to_feather(file)
    return pd.read_feather(file)


def named_by_text(frame):
    """Return a frame that files and Arrow take: their columns are named by text."""
    return frame.rename(columns=str).reset_index(drop=True)


def to_polars(frame):
    import polars as pl

    return pl.DataFrame([polars_series(str(name), frame[name]) for name in frame])


def to_dask(frame):
    import dask.dataframe as dd

    # Dask makes text of columns of objects.
    names = [name for name in frame if frame[name].dtype == object]
    typed = {name: frame[name].convert_dtypes() for name in names}
    return dd.from_pandas(frame.copy() if not names else with_columns(frame, typed), npartitions=2)


def to_polars_of_arrow(frame):
    import polars as pl

    return pl.from_arrow(to_arrow(frame))


def polars_series(name, series):
    """Return a column of polars of the type that is nearest."""
    import polars as pl

    dtype = series.dtype
    cells = [None if pd.isna(cell) else cell for cell in series.tolist()]
    if isinstance(dtype, pd.CategoricalDtype):
        levels = dtype.categories.tolist()
        return pl.Series(name, cells, pl.Enum(levels) if dtype.ordered else pl.Categorical)
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":  # NaN stays NaN
        values = series.to_numpy()
        return pl.Series(name, values.astype(np.float32) if dtype == np.float16 else values)
    if dtype.kind in "biuf":
        plain = np.dtype(dtype.numpy_dtype).name
        names = {"bool": "Boolean"} | {f"u{k}": f"UI{k[1:]}" for k in ("int8", "int16", "int32")}
        names["uint64"] = "UInt64"
        return pl.Series(name, cells, getattr(pl, names.get(plain, plain.capitalize())))
    kinds = {type(cell) for cell in cells} - {type(None)}
    if kinds == {int, float}:
        cells = [None if cell is None else float(cell) for cell in cells]
    return pl.Series(name, cells, None if kinds else pl.Null)


def as_text(subject, frame, y, weight, seed, *, write):
    """Write numbers of many values as text: they are the numbers still."""
    names = [name for name in frame if has_many_numbers(frame[name])]
    if not names or subject.startswith("Numpy"):
        return UNFIT
    numbers = pd.DataFrame({name: floats(frame[name]) for name in names})
    other = write(numbers)
    expected = output(fitted(subject, numbers, y, weight), numbers)
    assert_same(output(fitted(subject, other, y, weight), other), expected)
    return None


def has_many_numbers(series):
    """Return whether text of a column's numbers is more than a few levels, and hardly markers.

    The rows of weight above 0 have to say so too.
    """
    if family(series) != "number":
        return False
    known = floats(series)
    known = known[~np.isnan(known)]
    return len(np.unique(known)) > 2 * MOST_ONE_HOT and 2 * len(known) > len(series)


def text_of(cell):
    return None if np.isnan(cell) else str(cell)


def write_objects(numbers):
    return numbers.map(text_of).astype(object)


def write_strings(numbers):
    return numbers.map(text_of).astype("str")


def write_array_of_text(numbers):
    return numbers.map(lambda cell: "?" if np.isnan(cell) else str(cell)).to_numpy(dtype="U")


def write_markers(numbers):
    return numbers.map(lambda cell: "" if np.isnan(cell) else f" {cell}").astype(object)


def write_decimal_commas(numbers):
    return numbers.map(lambda cell: "-" if np.isnan(cell) else str(cell).replace(".", ","))


def write_some(numbers):
    """Write every other number, as a reader in chunks does."""
    even = np.arange(len(numbers)) % 2 == 0
    return pd.DataFrame(
        {
            name: pd.Series(np.where(even, numbers[name].map(text_of), numbers[name]), dtype=object)
            for name in numbers
        }
    )


def write_polars(numbers):
    return to_polars(write_objects(numbers))


# A little more or less moves little --------------------------------------------------------------


def moves_little(subject, frame, y, weight, seed, *, move):
    """Move numbers a little at prediction: ranks rise no faster than from knot to knot.

    Knots are distinct values that were trained on, so that no two are nearer than the nearest.
    """
    names = [name for name in frame if family(frame[name]) == "number" and gap_of(frame[name])]
    if not names or subject.startswith("Numpy"):
        return UNFIT
    frame = frame[names]
    numbers = pd.DataFrame({name: floats(frame[name]) for name in names})
    moved = move(numbers)
    distances = np.abs(moved - numbers).fillna(0.0).to_numpy()
    gaps = np.array([gap_of(frame[name]) for name in names])
    with np.errstate(over="ignore"):
        bound = RANGE_OF_RANKS * distances / gaps
    model = fitted(subject, frame, y, weight)
    before, after = output(model, frame), output(model, moved)
    if subject == "preprocessor":
        n_numbers = len(names)
        change = np.abs(after - before)
        assert (change[:, :n_numbers] <= bound + 1e-5).all(), f"scaled by {change.max()}"
        ranks = change[:, n_numbers : 2 * n_numbers]
        assert (ranks <= bound + 1e-5).all(), f"ranks by {ranks.max()}, numbers {distances.max()}"
        assert (change[:, 2 * n_numbers :] == 0).all(), "flags"
    else:
        spread = 1.0 if hasattr(model, "classes_") else np.ptp(y)
        change = np.abs(after - before).max() / spread
        assert change <= 1e-3 + 2000 * bound.max(), f"predictions by {change}"
    return None


def fits_the_same(subject, frame, y, weight, seed, *, move):
    """Fit on numbers that were moved a little, and predict with those that were not."""
    names = [name for name in frame if family(frame[name]) == "number" and gap_of(frame[name])]
    if not names or subject != "preprocessor":
        return UNFIT
    frame = frame[names]
    numbers = pd.DataFrame({name: floats(frame[name]) for name in names})
    moved = move(numbers)
    gaps = np.array([gap_of(frame[name]) for name in names])
    distance = (np.abs(moved - numbers).max() / gaps).max()
    if distance > 1e-4:
        return UNFIT
    expected = output(fitted(subject, frame, y), frame)
    model = fitted(subject, moved, y)
    # The median and the scale move too.
    atol = 1e-5 + 20 * RANGE_OF_RANKS * distance
    assert_same(output(model, moved), expected, atol)
    assert_same(output(model, frame), expected, atol)
    return None


def gap_of(series):
    """Return the least distance of two values, 0 if it is within rounding or there is none."""
    values = np.unique(floats(series))
    values = values[~np.isnan(values)]
    if len(values) < 2:
        return 0.0
    with np.errstate(over="ignore"):
        gap = np.diff(values).min()
    return float(gap) if gap > 64 * np.spacing(np.abs(values).max()) else 0.0


def up(numbers):
    return np.nextafter(numbers, np.inf)


def down(numbers):
    return np.nextafter(numbers, -np.inf)


def through_float32(numbers):
    with np.errstate(over="ignore"):
        narrow = numbers.astype("float32")
    return narrow.where(np.isfinite(narrow) | numbers.isna(), numbers).astype("float64")


def through_float16(numbers):
    with np.errstate(over="ignore"):
        narrow = numbers.astype("float16")
    return narrow.where(np.isfinite(narrow) | numbers.isna(), numbers).astype("float64")


def one_more_and_less(numbers):
    return numbers + 1.0 - 1.0


def a_tenth_of_ten(numbers):
    with np.errstate(over="ignore"):
        moved = numbers * 10.0 / 10.0
    return moved.where(np.isfinite(moved) | numbers.isna(), numbers)


def through_csv(numbers):
    file = io.StringIO(numbers.to_csv(index=False))
    return pd.read_csv(file).set_axis(numbers.columns, axis=1).astype("float64")


def through_csv_cells(numbers):
    """Go through Python's csv, by the digits that float32 has."""
    file = io.StringIO()
    csv.writer(file).writerows([[f"{cell:.8g}" for cell in row] for row in numbers.to_numpy()])
    rows = csv.reader(io.StringIO(file.getvalue()))
    return pd.DataFrame([[float(cell) for cell in row] for row in rows], columns=numbers.columns)


def through_json(numbers):
    text = numbers.set_axis([f"c{k}" for k in range(numbers.shape[1])], axis=1).to_json(
        orient="records", double_precision=10
    )
    moved = pd.DataFrame(json.loads(text)).astype("float64").set_axis(numbers.columns, axis=1)
    # Its digits are those behind the point.
    return moved.where(np.isfinite(moved) | numbers.isna(), numbers)


def levels_match(subject, frame, y, weight, seed, *, move):
    """Name numbers of few digits as categories: they match by their float32 value."""
    names = [name for name in frame if is_decimal(frame[name])]
    if not names or subject != "preprocessor":
        return UNFIT
    numbers = pd.DataFrame({name: floats(frame[name]) for name in names})
    indices = list(range(len(names)))
    moved = move(numbers)
    model = TabularPreprocessor(indices).fit(numbers)
    other = TabularPreprocessor(indices).fit(moved)
    assert_same(model.transform(moved), model.transform(numbers))
    assert_same(other.transform(numbers), model.transform(numbers))
    return None


def is_decimal(series):
    """Return whether a column's numbers have two digits behind the point, as float64 has them."""
    if family(series) != "number":
        return False
    values = floats(series)
    values = values[~np.isnan(values)]
    return bool((np.abs(values) < 1e4).all() and (np.round(values, 2) == values).all())


# Rows by themselves ------------------------------------------------------------------------------


def rows_alone(subject, frame, y, weight, seed, *, choose):
    """Predict rows in another order, alone and repeatedly."""
    frame = subject_frame(subject, frame)
    if frame is None:
        return UNFIT
    model = fitted(subject, frame, y, weight)
    expected = output(model, frame)
    # Arrays are exact; dense layers are in double precision.
    atol = 0.0 if subject == "preprocessor" else 1e-12 * max(1.0, np.abs(expected).max())
    for rows in choose(len(frame), np.random.default_rng(seed)):
        assert_same(output(model, frame.iloc[rows]), expected[rows], atol)
    return None


def permuted(n_rows, rng):
    return [rng.permutation(n_rows)]


def one_by_one(n_rows, rng):
    return [[row] for row in rng.choice(n_rows, 10)]


def repeated(n_rows, rng):
    return [rng.permutation(np.repeat(np.arange(n_rows), 3)), np.tile(np.arange(n_rows), 20)]


def halves(n_rows, rng):
    return [np.arange(n_rows // 2), np.arange(n_rows // 2, n_rows)]


# What does not change what a table means ---------------------------------------------------------


def means_the_same(subject, frame, y, weight, seed, *, change, across=False):
    """Fit and predict on a table whose names or levels are others but mean the same."""
    frame = subject_frame(subject, frame)
    if frame is None:
        return UNFIT
    other = change(frame, np.random.default_rng(seed))
    if other is None:
        return UNFIT
    model = fitted(subject, frame, y, weight)
    expected = output(model, frame)
    changed = fitted(subject, other, y, weight)
    assert_same(output(changed, other), expected)
    if across:
        assert_same(output(model, other), expected)
        assert_same(output(changed, frame), expected)
    return None


def change_categories(frame, change):
    """Return the frame with every category changed, None if there is none."""
    return with_columns(
        frame,
        {
            name: change(frame[name].cat)
            for name in frame
            if isinstance(frame[name].dtype, pd.CategoricalDtype)
        },
    )


def with_columns(frame, columns):
    """Return the frame with other columns, in their places; None for no columns."""
    if not columns:
        return None
    return pd.concat([columns.get(name, frame[name]) for name in frame], axis=1, keys=list(frame))


def shuffle_levels(frame, rng):
    return change_categories(
        frame, lambda cat: cat.reorder_categories(rng.permutation(cat.categories.to_numpy(object)))
    )


def order_levels(frame, rng):
    return change_categories(
        frame, lambda cat: cat.as_unordered() if cat.ordered else cat.as_ordered()
    )


def add_levels(frame, rng):
    def change(cat):
        kinds = {type(level) for level in cat.categories.tolist()}
        return cat.add_categories([77_777] if kinds <= {int, float} else ["another"])

    return change_categories(frame, change)


def drop_unused_levels(frame, rng):
    return change_categories(frame, lambda cat: cat.remove_unused_categories())


def rename_levels(frame, rng):
    """Rename levels so that they sort as before; doubled, a float32 stays itself."""

    def renamed(level):
        if isinstance(level, bool):
            return level
        return f"z{level}" if isinstance(level, str) else 2 * level

    return change_categories(
        frame, lambda cat: cat.rename_categories([renamed(k) for k in cat.categories.tolist()])
    )


def rename_words(frame, rng):
    """Rename the words of text columns so that they sort as before."""
    columns = {
        name: frame[name].map(lambda cell: cell if pd.isna(cell) else f"w{cell}").astype(object)
        for name in frame
        if family(frame[name]) == "text"
        and not any(is_digits(cell) for cell in frame[name].dropna())
    }
    return with_columns(frame, columns)


def rename_columns(frame, rng):
    return frame.set_axis([f"column {k}" for k in rng.permutation(frame.shape[1])], axis=1)


def number_columns(frame, rng):
    return frame.set_axis(rng.permutation(frame.shape[1]), axis=1)


# Columns that say nothing ------------------------------------------------------------------------


def more_says_nothing(subject, frame, y, weight, seed, *, make):
    """Add a column that says nothing."""
    if subject.startswith("Numpy"):
        return UNFIT
    expected = output(fitted(subject, frame, y, weight), frame)
    place = seed % (frame.shape[1] + 1)
    name = "more" if isinstance(frame.columns[0], str) else 1000
    wider = frame.copy()
    wider.insert(place, name, make(len(frame)))
    assert_same(output(fitted(subject, wider, y, weight), wider), expected)
    return None


def constant_number(n):
    return np.full(n, 0.1)


def constant_integer(n):
    return pd.array([2**62] * n, dtype="Int64")


def constant_word(n):
    return pd.array(["only"] * n, dtype="str")


def constant_digits(n):
    return pd.array(["12"] * n, dtype=object)


def constant_boolean(n):
    return np.full(n, True)


def constant_level(n):
    return pd.Categorical([3] * n, categories=[4, 3])


def empty_floats(n):
    return np.full(n, np.nan)


def empty_objects(n):
    return pd.array([None] * n, dtype=object)


def empty_integers(n):
    return pd.array([pd.NA] * n, dtype="Int64")


def empty_words(n):
    return pd.array([None] * n, dtype="str")


def empty_levels(n):
    return pd.Categorical([None] * n, categories=["a", "b"])


# Rows of weight 0 --------------------------------------------------------------------------------


def weight_is_absence(subject, frame, y, weight, seed):
    """For tables, rows of weight 0 are as if they were not there."""
    if not subject.startswith("Tabular") or weight is None or (weight > 0).all():
        return UNFIT
    there = np.flatnonzero(weight > 0)
    model = fitted(subject, frame, y, weight)
    other = fitted(subject, frame.iloc[there], y[there], weight[there])
    assert_same(output(model, frame), output(other, frame))
    return None


def weight_is_absence_in_validation(subject, frame, y, weight, seed):
    """The same of rows that are given to validate by."""
    if not subject.startswith("Tabular") or weight is None or (weight > 0).all():
        return UNFIT
    there = np.flatnonzero(weight > 0)
    model = fitted(subject, frame, y, None, X_val=frame, y_val=y, sample_weight_val=weight)
    other = fitted(
        subject,
        frame,
        y,
        None,
        X_val=frame.iloc[there],
        y_val=y[there],
        sample_weight_val=weight[there],
    )
    assert_same(output(model, frame), output(other, frame))
    return None


def contents_are_without_effect(subject, frame, y, weight, seed):
    """What rows of weight 0 hold is without effect, in the drop-ins too."""
    frame = subject_frame(subject, frame)
    if frame is None or subject == "preprocessor" or weight is None or (weight > 0).all():
        return UNFIT
    rows = np.arange(len(frame))
    gone = np.flatnonzero(weight == 0)
    rows[gone] = np.random.default_rng(seed).permutation(len(frame))[: len(gone)]
    model = fitted(subject, frame, y, weight)
    other = fitted(subject, frame.iloc[rows].reset_index(drop=True), y[rows], weight)
    assert_same(output(other, frame), output(model, frame))
    return None


# Copies of models --------------------------------------------------------------------------------


def copies_predict_the_same(subject, frame, y, weight, seed, *, copied):
    frame = subject_frame(subject, frame)
    if frame is None:
        return UNFIT
    model = fitted(subject, frame, y, weight)
    assert_same(output(copied(model), frame), output(model, frame))
    return None


def through_pickle(model):
    return pickle.loads(pickle.dumps(model))


def through_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    return joblib.load(file)


def names_are_as_many(subject, frame, y, weight, seed):
    """Names of encoded columns are text, distinct, and as many as columns."""
    if subject != "preprocessor":
        return UNFIT
    model = fitted(subject, frame, y)
    names = model.get_feature_names_out()
    assert len(set(names)) == len(names) == model.n_features_out_ == model.transform(frame).shape[1]
    assert model.n_numerical_ + model.n_plain_ + len(model.n_levels_) == len(names)
    assert all(isinstance(name, str) for name in names)
    return None


# Errors ------------------------------------------------------------------------------------------


def refuses(subject, frame, y, weight, seed, *, spoil, at, sure=False):
    """Spoil a table: an error of ours, or predictions, and the model predicts as before."""
    frame = subject_frame(subject, frame)
    if frame is None:
        return UNFIT
    spoilt = spoil(frame, seed)
    if spoilt is None:
        return UNFIT
    table, name = spoilt
    model = fitted(subject, frame, y, weight)
    before, attributes = output(model, frame), set(vars(model))
    is_refitted = False
    try:
        if at == "fit":
            model.fit(table, y)
            is_refitted = True
        got = output(model, table)
    except Exception as error:
        if not is_theirs(error, subject, (table if at == "fit" else frame, y), table):
            assert_ours(error, name)
    else:
        # What scikit-learn takes, a drop-in takes, and predicts what it predicts.
        if not subject.startswith("Numpy"):
            assert not sure, f"nothing was raised, got {got[:2]}"
            assert np.isfinite(got).all(), got
    if not is_refitted:
        assert set(vars(model)) == attributes, "attributes are others than before"
        assert_same(output(model, frame), before)
    return None


def refuses_targets(subject, frame, y, weight, seed, *, spoil, sure=False):
    """Spoil targets or weights."""
    frame = subject_frame(subject, frame)
    if frame is None or subject == "preprocessor":
        return UNFIT
    spoilt = spoil(y, weight, subject.endswith("Regressor"))
    if spoilt is None:
        return UNFIT
    model = fitted(subject, frame, y, weight)
    before, attributes = output(model, frame), set(vars(model))
    try:
        got = output(model.fit(frame, *spoilt), frame)
    except Exception as error:
        if not is_theirs(error, subject, (frame, *spoilt[:1]), frame):
            assert_ours(error, None, by_validation=True)
        assert_same(output(model, frame), before)
        assert set(vars(model)) == attributes
    else:
        assert not sure, f"nothing was raised, got {got[:2]}"
        assert np.isfinite(got).all(), got
    return None


def is_theirs(error, subject, arguments, rows):
    """Return whether a drop-in fails as scikit-learn's network does.

    Parameters
    ----------
    error : Exception
    subject : str
    arguments : tuple
        Of `fit`.
    rows : object
        Of `predict`.
    """
    if not subject.startswith("Numpy"):
        return False
    theirs = {"NumpyMLPClassifier": MLPClassifier, "NumpyMLPRegressor": MLPRegressor}[subject]
    try:
        theirs(hidden_layer_sizes=(2,), max_iter=1).fit(*arguments).predict(rows)
    except Exception as their_error:
        kinds = (TypeError, ValueError, OverflowError)
        return any(isinstance(error, kind) and isinstance(their_error, kind) for kind in kinds)
    return False


def assert_ours(error, name, *, by_validation=False):
    """Assert that an error was raised on purpose, here or in scikit-learn, and says of what.

    What scikit-learn's validation says of targets and weights in NumPy's words may do.
    """
    shown = "".join(traceback.format_exception(error)[-6:])
    assert isinstance(error, (ValueError, TypeError)), f"an error of another kind:\n{shown}"
    assert not isinstance(error, UnicodeError), f"an error of another kind:\n{shown}"
    frame = list(traceback.walk_tb(error.__traceback__))[-1]
    file, line = frame[0].f_code.co_filename, frame[1]
    package = {part for part in ("sknumpynet", "sklearn") if f"/{part}/" in Path(file).as_posix()}
    assert package, f"raised elsewhere:\n{shown}"
    if by_validation and package == {"sklearn"}:
        return
    is_raised = linecache.getline(file, line).strip().startswith("raise")
    assert is_raised, f"not raised on purpose:\n{shown}"
    words = (
        "column|shape|dim|2D|sample|feature|dense|array|table|weight|class|target|label|complex|y "
    )
    has_name = name is not None and re.search(rf"{re.escape(repr(name))}|{name}", str(error))
    assert has_name or re.search(words, str(error), re.I), f"says not of what:\n{shown}"


def numbers_of(frame):
    """Return the names of columns of numbers that are not constant."""
    return [
        name
        for name in frame
        if family(frame[name]) == "number" and len(set(floats(frame[name]) / 2)) > 3
    ]


def replaced(frame, name, values):
    """Return the frame with another column in place of one."""
    series = pd.Series(values, index=frame.index)
    return pd.concat([series if k == name else frame[k] for k in frame], axis=1, keys=list(frame))


def with_cell(frame, seed, cell, *, only_numbers=False):
    """Return the frame with one cell of objects, and the name of its column."""
    names = numbers_of(frame) if only_numbers else list(frame)
    if not names:
        return None
    name = names[seed % len(names)]
    cells = frame[name].astype(object).tolist()
    cells[seed % len(cells)] = cell
    values = np.empty(len(cells), dtype=object)
    for row, value in enumerate(cells):
        values[row] = value
    return replaced(frame, name, pd.Series(values, dtype=object, index=frame.index)), name


def with_values(frame, seed, make):
    """Return the frame with a column made anew."""
    name = list(frame)[seed % frame.shape[1]]
    return replaced(frame, name, make(len(frame))), name


def an_infinity(frame, seed):
    return with_cell(frame, seed, math.inf, only_numbers=True)


def an_infinite_float(frame, seed):
    names = numbers_of(frame)
    if not names:
        return None
    values = floats(frame[names[0]])
    values[seed % len(values)] = -np.inf
    return replaced(frame, names[0], values), names[0]


def a_word(frame, seed):
    return with_cell(frame, seed, "word", only_numbers=True)


def a_byte_string(frame, seed):
    return with_cell(frame, seed, b"bytes")


def a_huge_integer(frame, seed):
    return with_cell(frame, seed, 10**400)


def a_huge_integer_among_numbers(frame, seed):
    return with_cell(frame, seed, 10**400, only_numbers=True)


def a_huge_fraction(frame, seed):
    return with_cell(frame, seed, Fraction(10**400, 3))


def a_huge_decimal(frame, seed):
    return with_cell(frame, seed, Decimal("1e400"))


def a_signalling_nan(frame, seed):
    return with_cell(frame, seed, Decimal("sNaN"))


def a_decimal_infinity(frame, seed):
    return with_cell(frame, seed, Decimal("Infinity"))


def a_decimal_nan(frame, seed):
    return with_cell(frame, seed, Decimal("NaN"))


def a_long_double(frame, seed):
    return with_cell(frame, seed, np.longdouble("1e4000"))


def a_complex_cell(frame, seed):
    return with_cell(frame, seed, 1j)


def a_date_cell(frame, seed):
    return with_cell(frame, seed, datetime.date(2024, 2, 29))


def a_timestamp(frame, seed):
    return with_cell(frame, seed, pd.Timestamp("2024-02-29", tz="UTC"))


def a_not_a_time(frame, seed):
    return with_cell(frame, seed, np.datetime64("NaT"))


def a_period(frame, seed):
    return with_cell(frame, seed, pd.Period("2024-02", freq="M"))


def a_list_cell(frame, seed):
    return with_cell(frame, seed, [1, 2])


def a_tuple_cell(frame, seed):
    return with_cell(frame, seed, (1, "a"))


def a_dict_cell(frame, seed):
    return with_cell(frame, seed, {"a": 1})


def an_array_cell(frame, seed):
    return with_cell(frame, seed, np.array([1.0, 2.0]))


def an_array_of_no_dimension(frame, seed):
    return with_cell(frame, seed, np.array(1.0))


def a_frame_cell(frame, seed):
    return with_cell(frame, seed, pd.DataFrame({"a": [1, 2]}))


def a_series_cell(frame, seed):
    return with_cell(frame, seed, pd.Series([1, 2]))


def an_object_cell(frame, seed):
    return with_cell(frame, seed, ValueError("cell"))


def a_class_cell(frame, seed):
    return with_cell(frame, seed, int)


def a_surrogate(frame, seed):
    return with_cell(frame, seed, "\ud800")


def a_void(frame, seed):
    return with_cell(frame, seed, np.void(b"abc"))


def an_interval(frame, seed):
    return with_cell(frame, seed, pd.Interval(0, 1))


def a_number_among_all(frame, seed):
    return with_cell(frame, seed, 17)


def a_word_among_all(frame, seed):
    return with_cell(frame, seed, "seventeen")


def a_boolean_among_all(frame, seed):
    return with_cell(frame, seed, True)


def dates(frame, seed):
    return with_values(frame, seed, lambda n: pd.date_range("2024", periods=n))


def zoned_dates(frame, seed):
    return with_values(frame, seed, lambda n: pd.date_range("2024", periods=n, tz="UTC"))


def durations(frame, seed):
    return with_values(frame, seed, lambda n: pd.to_timedelta(np.arange(n), unit="D"))


def periods(frame, seed):
    return with_values(frame, seed, lambda n: pd.period_range("2024", periods=n, freq="D"))


def dated_levels(frame, seed):
    return with_values(frame, seed, lambda n: pd.Categorical(pd.date_range("2024", periods=n)))


def complex_numbers(frame, seed):
    return with_values(frame, seed, lambda n: np.arange(n) + 1j)


def complex_levels(frame, seed):
    return with_values(frame, seed, lambda n: pd.Categorical(np.arange(n) % 3 + 1j))


def bytes_column(frame, seed):
    return with_values(frame, seed, lambda n: pd.array([b"a", *[b"b"] * (n - 1)], dtype=object))


def tuple_levels(frame, seed):
    return with_values(
        frame,
        seed,
        lambda n: pd.Categorical.from_codes(
            [0] * n, pd.Index([(1, 2), (3, 4)], tupleize_cols=False)
        ),
    )


def mixed_levels(frame, seed):
    return with_values(
        frame,
        seed,
        lambda n: pd.Categorical.from_codes(
            np.arange(n) % 4, pd.Index([1, "1", 2.5, "a"], dtype=object)
        ),
    )


def infinite_levels(frame, seed):
    return with_values(frame, seed, lambda n: pd.Categorical(np.where(np.arange(n) % 2, np.inf, 1)))


def huge_levels(frame, seed):
    return with_values(
        frame,
        seed,
        lambda n: pd.Categorical.from_codes(
            np.arange(n) % 3, pd.Index([10**400, 1, -(10**400)], dtype=object)
        ),
    )


def interval_column(frame, seed):
    return with_values(frame, seed, lambda n: pd.interval_range(0, n))


def sparse_column(frame, seed):
    return with_values(frame, seed, lambda n: pd.arrays.SparseArray(np.arange(n) % 3 * 1.0))


def sparse_column_of_nan(frame, seed):
    return with_values(
        frame, seed, lambda n: pd.arrays.SparseArray(np.where(np.arange(n) % 3, np.nan, 1.0 * n))
    )


def arrow_column(cells, kind):
    """Return what makes a column of an Arrow type of the cells in turn."""

    def make(n):
        import pyarrow as pa

        own = [cells[k % len(cells)] for k in range(n)]
        return pd.arrays.ArrowExtensionArray(pa.array(own, kind(pa)))

    return make


def arrow_lists(frame, seed):
    return with_values(frame, seed, arrow_column([[1], [2]], lambda pa: pa.list_(pa.int64())))


def arrow_structs(frame, seed):
    return with_values(
        frame, seed, arrow_column([{"a": 1}], lambda pa: pa.struct({"a": pa.int64()}))
    )


def arrow_bytes(frame, seed):
    return with_values(frame, seed, arrow_column([b"a", b"b"], lambda pa: pa.binary()))


def arrow_dates(frame, seed):
    return with_values(
        frame, seed, arrow_column([datetime.date(2024, 2, 29), None], lambda pa: pa.date32())
    )


def arrow_times(frame, seed):
    return with_values(
        frame, seed, arrow_column([datetime.time(12), None], lambda pa: pa.time64("us"))
    )


def arrow_timestamps(frame, seed):
    return with_values(frame, seed, arrow_column([10**15, None], lambda pa: pa.timestamp("us")))


def arrow_durations(frame, seed):
    return with_values(frame, seed, arrow_column([10**15, None], lambda pa: pa.duration("us")))


def arrow_decimals(frame, seed):
    return with_values(
        frame,
        seed,
        arrow_column([Decimal("1.5"), Decimal("2.5"), None], lambda pa: pa.decimal128(5, 2)),
    )


def arrow_nulls(frame, seed):
    return with_values(frame, seed, arrow_column([None], lambda pa: pa.null()))


def arrow_infinities(frame, seed):
    return with_values(frame, seed, arrow_column([1.0, math.inf], lambda pa: pa.float64()))


def polars_with(frame, make):
    """Return a polars table with one more column, None if it holds no such frame."""
    import polars as pl

    names = [name for name in frame if family(frame[name]) in OF_POLARS]
    if not names:
        return None
    return to_polars(frame[names]).with_columns(make(pl, len(frame)).alias("more")), "more"


def polars_dates(frame, seed):
    return polars_with(
        frame, lambda pl, n: pl.Series([datetime.date(2024, 2, 29)] * n, dtype=pl.Date)
    )


def polars_lists(frame, seed):
    return polars_with(frame, lambda pl, n: pl.Series([[1, 2]] * n))


def polars_structs(frame, seed):
    return polars_with(frame, lambda pl, n: pl.Series([{"a": k} for k in range(n)]))


def polars_bytes(frame, seed):
    return polars_with(frame, lambda pl, n: pl.Series([b"a", b"b"] * n)[:n])


def polars_objects(frame, seed):
    return polars_with(frame, lambda pl, n: pl.Series([object()] * n, dtype=pl.Object))


def polars_decimals(frame, seed):
    return polars_with(
        frame, lambda pl, n: pl.Series([Decimal(k) / 4 for k in range(n)], dtype=pl.Decimal(9, 2))
    )


def polars_wide_integers(frame, seed):
    return polars_with(
        frame, lambda pl, n: pl.Series([2**100 + k for k in range(n)], dtype=pl.Int128)
    )


def polars_infinities(frame, seed):
    return polars_with(frame, lambda pl, n: pl.Series([1.0, math.inf] * n)[:n])


def polars_arrays(frame, seed):
    return polars_with(
        frame, lambda pl, n: pl.Series([[1.0, 2.0]] * n, dtype=pl.Array(pl.Float64, 2))
    )


def polars_lazy(frame, seed):
    spoilt = polars_with(frame, lambda pl, n: pl.Series(range(n)))
    return spoilt and (spoilt[0].lazy(), None)


def one_column_less(frame, seed):
    if frame.shape[1] == 1:
        return None
    return frame.iloc[:, 1:], None


def one_column_more(frame, seed):
    return frame.assign(**{"one more": 1.0}).rename(
        columns={"one more": 999} if isinstance(frame.columns[0], int) else {}
    ), None


def other_names(frame, seed):
    if not isinstance(frame.columns[0], str):
        return None
    return frame.rename(columns={frame.columns[0]: "another name"}), None


def other_order(frame, seed):
    if frame.shape[1] == 1 or not isinstance(frame.columns[0], str):
        return None
    return frame[list(frame)[::-1]], None


def names_of_two_types(frame, seed):
    if frame.shape[1] == 1:
        return None
    return frame.set_axis([0, *map(str, range(1, frame.shape[1]))], axis=1), None


def equal_names(frame, seed):
    return frame.set_axis(["same"] * frame.shape[1], axis=1), None


def names_of_two_levels(frame, seed):
    return frame.set_axis(
        pd.MultiIndex.from_tuples([("a", k) for k in range(frame.shape[1])]), axis=1
    ), None


def no_rows(frame, seed):
    return frame.iloc[:0], None


def no_columns(frame, seed):
    return frame.iloc[:, :0], None


def no_rows_of_floats(frame, seed):
    return np.zeros((0, frame.shape[1])), None


def one_dimension(frame, seed):
    return frame.iloc[:, 0], None


def one_dimension_of_objects(frame, seed):
    return frame.iloc[:, 0].to_numpy(dtype=object), None


def three_dimensions(frame, seed):
    return np.zeros((len(frame), frame.shape[1], 2)), None


def three_dimensions_of_lists(frame, seed):
    return np.zeros((len(frame), frame.shape[1], 2)).tolist(), None


def a_sparse_matrix(frame, seed):
    return sparse.csr_matrix(np.ones(frame.shape)), None


def a_sparse_array(frame, seed):
    return sparse.coo_array(np.ones(frame.shape)), None


def ragged_lists(frame, seed):
    rows = to_lists(frame)
    rows[seed % len(rows)] = [*rows[seed % len(rows)], 1.0]
    return rows, None


def ragged_numbers(frame, seed):
    return [[1.0] * frame.shape[1], [1.0] * (frame.shape[1] + 1)] * (len(frame) // 2), None


def lists_of_words(frame, seed):
    return ["word"] * len(frame), None


def empty_lists(frame, seed):
    return [[]] * len(frame), None


def no_list(frame, seed):
    return [], None


def nothing(frame, seed):
    return None, None


def a_scalar(frame, seed):
    return 1.0, None


def text_itself(frame, seed):
    return "a,b", None


def a_generator(frame, seed):
    return (row for row in to_lists(frame)), None


def a_dict(frame, seed):
    return {"a": [1.0] * len(frame)}, None


def a_list_of_dicts(frame, seed):
    return [{"a": 1.0}] * len(frame), None


def a_set(frame, seed):
    return set(range(len(frame))), None


def a_structured_array(frame, seed):
    return np.zeros(len(frame), dtype=[("a", float), ("b", int)]), None


def a_structured_table(frame, seed):
    return np.zeros(frame.shape, dtype=[("a", float), ("b", int)]), None


def an_array_of_bytes(frame, seed):
    return np.full(frame.shape, b"a"), None


def an_array_of_dates(frame, seed):
    return np.full(frame.shape, np.datetime64("2024-02-29")), None


def an_array_of_complex(frame, seed):
    return np.full(frame.shape, 1j), None


def an_array_of_words(frame, seed):
    return np.full(frame.shape, "a"), None


def an_array_of_integers(frame, seed):
    return np.full(frame.shape, 10**400, dtype=object), None


def an_array_with_lists(frame, seed):
    cells = np.full(frame.shape, 1.0, dtype=object)
    cells[0, 0] = [1, 2]
    return cells, None


def lists_with_lists(frame, seed):
    rows = to_lists(frame)
    rows[0][0] = [1, 2]
    return rows, None


def a_masked_infinity(frame, seed):
    return np.ma.array(np.full(frame.shape, np.inf), mask=False), None


def a_matrix_of_voids(frame, seed):
    return np.zeros(frame.shape, dtype="V4"), None


def y_is_none(y, weight, is_regressor):
    return None, None


def y_is_short(y, weight, is_regressor):
    return y[:-1], None


def y_is_empty(y, weight, is_regressor):
    return y[:0], None


def y_is_wide(y, weight, is_regressor):
    return np.zeros((len(y), 2, 2)), None


def y_has_nan(y, weight, is_regressor):
    return np.r_[np.nan, np.zeros(len(y) - 1)], None


def y_has_infinity(y, weight, is_regressor):
    return np.r_[np.inf, np.zeros(len(y) - 1)], None


def y_has_none(y, weight, is_regressor):
    return np.array([None, *y.tolist()[1:]], dtype=object), None


def y_has_na(y, weight, is_regressor):
    return pd.Series([pd.NA, *range(len(y) - 1)], dtype="Int64"), None


def y_is_complex(y, weight, is_regressor):
    return np.arange(len(y)) + 1j, None


def y_is_words(y, weight, is_regressor):
    return (np.array(["a", *["b"] * (len(y) - 1)]), None) if is_regressor else None


def y_is_mixed(y, weight, is_regressor):
    return np.array(["a", 1] * len(y), dtype=object)[: len(y)], None


def y_is_dates(y, weight, is_regressor):
    return np.datetime64("2024-01-01") + np.arange(len(y)), None


def y_is_lists(y, weight, is_regressor):
    return [[1], *[[1, 2]] * (len(y) - 1)], None


def y_is_huge(y, weight, is_regressor):
    return np.array([10**400, *[0] * (len(y) - 1)], dtype=object), None


def y_is_real(y, weight, is_regressor):
    return None if is_regressor else (np.linspace(0, 1, len(y)), None)


def y_is_text(y, weight, is_regressor):
    return "target", None


def y_is_a_dict(y, weight, is_regressor):
    return {0: 1}, None


def weight_is_short(y, weight, is_regressor):
    return y, np.ones(len(y) - 1)


def weight_is_negative(y, weight, is_regressor):
    return y, np.r_[-1.0, np.ones(len(y) - 1)]


def weight_is_nan(y, weight, is_regressor):
    return y, np.r_[np.nan, np.ones(len(y) - 1)]


def weight_is_infinite(y, weight, is_regressor):
    return y, np.r_[np.inf, np.ones(len(y) - 1)]


def weight_is_nothing(y, weight, is_regressor):
    return y, np.zeros(len(y))


def weight_is_words(y, weight, is_regressor):
    return y, np.full(len(y), "a")


def weight_is_complex(y, weight, is_regressor):
    return y, np.full(len(y), 1j)


def weight_is_wide(y, weight, is_regressor):
    return y, np.ones((len(y), 2))


def weight_has_none(y, weight, is_regressor):
    return y, [None, *[1.0] * (len(y) - 1)]


def weight_is_huge(y, weight, is_regressor):
    return y, np.full(len(y), 1e308)


def weight_is_tiny(y, weight, is_regressor):
    return y, np.full(len(y), 5e-324)


def weight_is_text(y, weight, is_regressor):
    return y, "balanced"


def weight_is_ragged(y, weight, is_regressor):
    return y, [[1.0], *[[1.0, 2.0]] * (len(y) - 1)]


def weight_is_dates(y, weight, is_regressor):
    return y, np.datetime64("2024-01-01") + np.arange(len(y))


def weight_is_a_number(y, weight, is_regressor):
    return y, 2.0


# The process -------------------------------------------------------------------------------------


def filter_of(own):
    """Return a filter of warnings as plain text.

    In threads scikit-learn leaves another with the same patterns, or its own of complex numbers,
    and pandas its own, which ignores what nullable numbers warn of.
    """
    action, message, category, module, line = own
    if category.__name__ == "ComplexWarning" or (action, category) == ("ignore", RuntimeWarning):
        return ""
    patterns = [getattr(pattern, "pattern", pattern) or "" for pattern in (message, module)]
    return f"{action} {category.__name__} {patterns} {line}"


def process_state():
    """Return what of the process a fit could change."""
    active = joblib.parallel.get_active_backend()
    return {
        "warnings.filters": sorted({*map(filter_of, warnings.filters), ""}),
        "warnings.showwarning": warnings.showwarning,
        "warnings._showwarnmsg_impl": warnings._showwarnmsg_impl,
        "BLAS": [(info["filepath"], info["num_threads"]) for info in threadpool_info()],
        "np.geterr": np.geterr(),
        "np.random": pickle.dumps(np.random.get_state()),
        "joblib": (type(active[0]), active[1]),
        "os.environ": dict(os.environ),
        "sklearn": sklearn.get_config(),
        "print": np.get_printoptions(),
    }


def leaves_the_process(subject, frame, y, weight, seed, *, act):
    """Compare the process, and what was given, before and after."""
    frame = subject_frame(subject, frame)
    if frame is None:
        return UNFIT
    given = copy.deepcopy((frame, y, weight))
    fitted(subject, frame, y, weight)  # which imports what it needs
    with threadpool_limits(2):
        before = process_state()
        if act(subject, frame, y, weight) is UNFIT:
            return UNFIT
        after = process_state()
    for name in before:
        assert after[name] == before[name], f"{name}: {before[name]} became {after[name]}"
    pd.testing.assert_frame_equal(frame, given[0])
    np.testing.assert_array_equal(y, given[1])
    np.testing.assert_array_equal(weight, given[2])
    return None


def fit_and_predict(subject, frame, y, weight):
    output(fitted(subject, frame, y, weight), frame)


def fail(subject, frame, y, weight):
    model = fitted(subject, frame, y, weight)
    for act in (lambda: fitted(subject, frame.iloc[:0], y), lambda: output(model, frame.iloc[:0])):
        try:
            act()
        except ValueError:
            pass
        else:
            raise AssertionError("no rows were taken")


def fit_in_threads(subject, frame, y, weight):
    with ThreadPoolExecutor(3) as threads:
        for future in [threads.submit(fitted, subject, frame, y, weight) for _ in range(4)]:
            future.result()


def fit_in_joblib_threads(subject, frame, y, weight):
    with joblib.parallel_config("threading", n_jobs=2):
        joblib.Parallel()(joblib.delayed(fitted)(subject, frame, y, weight) for _ in range(3))


def search_in_threads(subject, frame, y, weight):
    if subject == "preprocessor":
        return UNFIT
    names = {
        "TabularMLPClassifier": TabularMLPClassifier,
        "TabularMLPRegressor": TabularMLPRegressor,
        "NumpyMLPClassifier": NumpyMLPClassifier,
        "NumpyMLPRegressor": NumpyMLPRegressor,
    }
    model = names[subject](hidden_layer_sizes=(4,), max_iter=2, random_state=0, n_members=2)

    def search(_):
        grid = {"learning_rate_init": [0.01, 0.02]}
        with contextlib.suppress(ValueError):  # of folds without a class
            StackedGridSearchCV(model, grid, cv=2, n_jobs=1).fit(frame, y)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(search, range(4)))
    return None


# All of them -------------------------------------------------------------------------------------


class Property(NamedTuple):
    """A property with what it takes beside the table."""

    name: str
    check: Any
    options: dict[str, Any]


def named(group, check, functions, option, **options):
    """Return a property for each of some functions, which is handed over as ``option``."""
    return [
        Property(f"{group}: {function.__name__}", check, {option: function, **options})
        for function in functions
    ]


MOVES = [
    up,
    down,
    through_float32,
    through_float16,
    one_more_and_less,
    a_tenth_of_ten,
    through_csv,
    through_csv_cells,
    through_json,
]
NEVER_FITTED = [
    an_infinity,
    an_infinite_float,
    a_byte_string,
    a_huge_integer_among_numbers,
    a_complex_cell,
    a_list_cell,
    a_tuple_cell,
    a_dict_cell,
    an_array_cell,
    a_frame_cell,
    a_series_cell,
    an_object_cell,
    a_class_cell,
    a_void,
    complex_numbers,
    complex_levels,
    bytes_column,
    tuple_levels,
    arrow_lists,
    arrow_structs,
    arrow_bytes,
    arrow_infinities,
    polars_lists,
    polars_structs,
    polars_bytes,
    polars_objects,
    polars_infinities,
    polars_arrays,
    names_of_two_types,
    a_structured_table,
    an_array_of_bytes,
    an_array_of_complex,
    an_array_of_integers,
    an_array_with_lists,
    lists_with_lists,
    a_masked_infinity,
    a_matrix_of_voids,
]
NEVER = [
    no_rows,
    no_columns,
    no_rows_of_floats,
    one_dimension,
    one_dimension_of_objects,
    three_dimensions,
    three_dimensions_of_lists,
    ragged_lists,
    ragged_numbers,
    lists_of_words,
    empty_lists,
    no_list,
    nothing,
    a_scalar,
    text_itself,
    a_generator,
    a_dict,
    a_list_of_dicts,
    a_set,
    a_structured_array,
]
NEVER_SPARSE = [a_sparse_matrix, a_sparse_array]
NEVER_PREDICTED = [
    an_infinity,
    an_infinite_float,
    a_word,
    a_huge_integer_among_numbers,
    one_column_less,
    one_column_more,
    other_names,
    other_order,
]
PERHAPS = [
    polars_lazy,
    a_date_cell,
    a_timestamp,
    a_period,
    dates,
    zoned_dates,
    durations,
    periods,
    dated_levels,
    arrow_dates,
    arrow_times,
    arrow_timestamps,
    arrow_durations,
    polars_dates,
    an_array_of_dates,
    a_word,
    a_huge_integer,
    a_huge_fraction,
    a_huge_decimal,
    a_signalling_nan,
    a_decimal_infinity,
    a_decimal_nan,
    a_long_double,
    a_not_a_time,
    an_array_of_no_dimension,
    a_surrogate,
    an_interval,
    a_number_among_all,
    a_word_among_all,
    a_boolean_among_all,
    mixed_levels,
    infinite_levels,
    huge_levels,
    interval_column,
    sparse_column,
    sparse_column_of_nan,
    arrow_decimals,
    arrow_nulls,
    polars_decimals,
    polars_wide_integers,
    one_column_less,
    one_column_more,
    equal_names,
    names_of_two_levels,
    an_array_of_words,
]
NEVER_TARGETS = [
    y_is_none,
    y_is_short,
    y_is_empty,
    y_is_wide,
    y_has_nan,
    y_has_infinity,
    y_has_none,
    y_has_na,
    y_is_complex,
    y_is_words,
    y_is_lists,
    y_is_real,
    y_is_text,
    y_is_a_dict,
    weight_is_short,
    weight_is_negative,
    weight_is_nan,
    weight_is_infinite,
    weight_is_nothing,
    weight_is_words,
    weight_is_complex,
    weight_is_wide,
    weight_has_none,
    weight_is_text,
    weight_is_ragged,
]
PERHAPS_TARGETS = [
    weight_is_dates,
    y_is_mixed,
    y_is_dates,
    y_is_huge,
    weight_is_huge,
    weight_is_tiny,
    weight_is_a_number,
]

PROPERTIES = [
    *named(
        "container",
        same_through,
        [to_pickle, to_other_index, to_blocks, to_nullable],
        "through",
        keeps=ANYTHING,
    ),
    *named(
        "container",
        same_through,
        [to_arrow_dtypes, to_arrow, to_chunks, to_record_batch, to_feather, to_dask],
        "through",
        keeps=TYPED,
    ),
    *named(
        "container",
        same_through,
        [to_polars, to_polars_of_arrow, to_parquet],
        "through",
        keeps=OF_POLARS,
    ),
    *named(
        "container",
        same_through,
        [to_objects, to_object_columns],
        "through",
        keeps=OF_OBJECTS,
    ),
    *named("container", same_through, [to_lists, to_tuples], "through", keeps=OF_LISTS),
    *named(
        "container",
        same_through,
        [to_floats, to_strides, to_masked, to_float64_columns],
        "through",
        keeps=NUMBERS,
    ),
    *named(
        "text",
        as_text,
        [
            write_objects,
            write_strings,
            write_array_of_text,
            write_markers,
            write_decimal_commas,
            write_some,
            write_polars,
        ],
        "write",
    ),
    *named("move", moves_little, MOVES, "move"),
    *named("fit on moved", fits_the_same, MOVES, "move"),
    *named("levels", levels_match, [up, down, through_float32, through_json], "move"),
    *named("rows", rows_alone, [permuted, one_by_one, repeated, halves], "choose"),
    *named(
        "meaning",
        means_the_same,
        [shuffle_levels, order_levels, add_levels, drop_unused_levels],
        "change",
        across=True,
    ),
    *named(
        "meaning",
        means_the_same,
        [rename_levels, rename_words, rename_columns, number_columns],
        "change",
    ),
    *named(
        "nothing more",
        more_says_nothing,
        [
            constant_number,
            constant_integer,
            constant_word,
            constant_digits,
            constant_boolean,
            constant_level,
            empty_floats,
            empty_objects,
            empty_integers,
            empty_words,
            empty_levels,
        ],
        "make",
    ),
    Property("weight: absence", weight_is_absence, {}),
    Property("weight: absence in validation", weight_is_absence_in_validation, {}),
    Property("weight: contents", contents_are_without_effect, {}),
    *named(
        "copy", copies_predict_the_same, [through_pickle, through_joblib, copy.deepcopy], "copied"
    ),
    Property("names", names_are_as_many, {}),
    *named("error in fit", refuses, [*NEVER_FITTED, *NEVER], "spoil", at="fit", sure=True),
    *named("error in fit", refuses, [*PERHAPS, *NEVER_SPARSE], "spoil", at="fit"),
    *named(
        "error in predict", refuses, [*NEVER_PREDICTED, *NEVER], "spoil", at="predict", sure=True
    ),
    *named(
        "error in predict",
        refuses,
        [
            spoil
            for spoil in [*NEVER_FITTED, *PERHAPS, *NEVER_SPARSE]
            if spoil not in NEVER_PREDICTED
        ],
        "spoil",
        at="predict",
    ),
    *named("error in target", refuses_targets, NEVER_TARGETS, "spoil", sure=True),
    *named("error in target", refuses_targets, PERHAPS_TARGETS, "spoil"),
    *named(
        "process",
        leaves_the_process,
        [fit_and_predict, fail, fit_in_threads, fit_in_joblib_threads, search_in_threads],
        "act",
    ),
]
OURS = Path(__file__)


def chosen(only=(), skip=()):
    """Return the properties whose names match a pattern, without those of packages not there."""
    missing = [name for name, there in OPTIONAL.items() if not there]
    return [
        own
        for own in PROPERTIES
        if (not only or any(fnmatch.fnmatch(own.name, f"{pattern}*") for pattern in only))
        and not any(fnmatch.fnmatch(own.name, f"{pattern}*") for pattern in skip)
        and not any(f"import {name}" in source_of(own) for name in missing)
    ]


def hold(check, table, **options):
    """Check a property, and that no warning was given but those that its table may be given."""
    subject, frame, *_ = table
    unexpected = []

    def note(message, category, filename, lineno, file=None, line=None):
        caller = sys._getframe(1)
        while caller.f_globals.get("__name__") == "warnings":
            caller = caller.f_back
        module = caller.f_globals.get("__name__", "")
        if "spoil" in options and (subject.startswith("Numpy") or is_package(module)):
            return  # of what was spoilt, a drop-in in the words of NumPy
        if "write" in options and is_package(module):
            return  # that text is read as numbers
        if not is_expected(message, category, module, frame):
            unexpected.append(f"{category.__name__}: {message} ({filename}:{lineno})")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        result = check(*table, **options)
    assert not unexpected, f"{subject} warned: {unexpected[0]}"
    return result


def is_package(module):
    return module.split(".")[0] in {"sknumpynet", "sklearn"}


def is_expected(message, category, module, frame):
    """Return whether a table may be given a warning."""
    text = str(message)
    if category.__name__ == "ConvergenceWarning" or "feature names" in text:
        return True
    if "number of unique classes is greater than 50%" in text or "fewer rows" in text:
        return True
    if not (issubclass(category, UserWarning) and is_package(module)):
        return False
    return any(may_be_warned_of(frame[name], text) for name in frame)


def may_be_warned_of(series, message):
    """Return whether a column holds text that may stand for numbers or dates, or many levels.

    Of many levels those of single rows are not learned, which few rows may be full of.
    """
    kind = family(series)
    levels = set(series.dropna().astype(str))
    if kind in {"text", "mixed"}:
        return len(levels) > MOST_ONE_HOT or any(map(is_digits, levels))
    return kind not in NUMBERS and len(levels) > MOST_ONE_HOT and "did not learn" in message


# A counterexample as a script --------------------------------------------------------------------


@functools.cache
def parsed():
    """Return the statements of this file, the names they use, its imports, by name; and lines."""
    text = OURS.read_text(encoding="utf-8")
    statements, imports = {}, {}
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            statements[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            statements[node.targets[0].id] = node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                imports[(alias.asname or alias.name).split(".")[0]] = import_line(node, alias)
    used = {name: names_used(node) for name, node in statements.items()}
    return statements, used, imports, text.splitlines()


def source_of(own):
    """Return the source of a property, and of all of this file that it uses, without tables."""
    statements, used, imports, lines = parsed()
    functions = [value.__name__ for value in own.options.values() if callable(value)]
    wanted, found = ["hold", own.check.__name__, *functions, "pd", "np"], set()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += used.get(name, [])
    # `import` before `from`.
    head = sorted(
        {imports[name] for name in found & set(imports)},
        key=lambda line: (line.startswith("from"), line),
    )
    nodes = sorted((statements[name] for name in found & set(statements)), key=first_line)
    parts = ["\n".join(lines[first_line(node) - 1 : node.end_lineno]) for node in nodes]
    return "\n".join(head) + "\n\n" + "\n\n\n".join(parts) + "\n"


def first_line(node):
    return min([node.lineno, *(own.lineno for own in getattr(node, "decorator_list", []))])


def names_used(statement):
    """Return the names that a statement uses and does not make itself."""
    nodes = list(ast.walk(statement))
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return [node.id for node in nodes if isinstance(node, ast.Name) and node.id not in own]


def import_line(node, alias):
    name = alias.name + (f" as {alias.asname}" if alias.asname else "")
    if isinstance(node, ast.ImportFrom):
        return f"from {node.module} import {name}"
    return f"import {name}"


def script(own, table):
    """Return a script that shows the same, and needs no file of these tests."""
    options = "".join(
        f", {name}={getattr(value, '__name__', None) if callable(value) else repr(value)}"
        for name, value in own.options.items()
    )
    if "copy.deepcopy" in str(own.options) or own.options.get("copied") is copy.deepcopy:
        options = options.replace("copied=deepcopy", "copied=copy.deepcopy")
    needs_arrow = "pa." in frame_literal(table.frame)
    return (
        f"# The property {own.name!r} does not hold.\n"
        + ("import pyarrow as pa\n" if needs_arrow else "")
        + ("import copy\n" if "copy.deepcopy" in options else "")
        + source_of(own)
        + f"\n\nframe = {frame_literal(table.frame)}\n"
        + f"y = np.array({table.y.tolist()!r})\n"
        + f"weight = {weight_literal(table.weight)}\n"
        + f"table = ({table.subject!r}, frame, y, weight, {table.seed})\n"
        + f"print(hold({own.check.__name__}, table{options}))\n"
    )


def weight_literal(weight):
    return "None" if weight is None else f"np.array({weight.tolist()!r})"


def frame_literal(frame):
    """Return Python that makes the same frame."""
    columns = "".join(f"    {name!r}: {series_literal(frame[name])},\n" for name in frame)
    return f"pd.DataFrame({{\n{columns}}})"


def series_literal(series):
    """Return Python that makes the same Series, to the bit."""
    dtype, array = series.dtype, series.array
    if isinstance(dtype, pd.CategoricalDtype):
        levels = f"pd.Index({dtype.categories.tolist()!r}, dtype={str(dtype.categories.dtype)!r})"
        codes = series.cat.codes.tolist()
        return f"pd.Categorical.from_codes({codes}, {levels}, ordered={dtype.ordered})"
    if isinstance(dtype, pd.StringDtype):
        made = f"pd.StringDtype({dtype.storage!r}, na_value={cell_literal(dtype.na_value)})"
    elif isinstance(dtype, pd.ArrowDtype):
        cells = ", ".join(map(cell_literal, array.__arrow_array__().to_pylist()))
        kind = f"pa.type_for_alias({str(dtype.pyarrow_dtype)!r})"
        return f"pd.arrays.ArrowExtensionArray(pa.array([{cells}], {kind}))"
    elif hasattr(array, "_mask"):
        cells = ", ".join(map(cell_literal, array._data.tolist()))
        values = f"np.array([{cells}], dtype={array._data.dtype.name!r})"
        return f"pd.arrays.{type(array).__name__}({values}, np.array({array._mask.tolist()}))"
    else:
        made = repr(dtype.name)
    cells = ", ".join(map(cell_literal, series.tolist()))
    return f"pd.Series([{cells}], dtype={made})"


def cell_literal(cell):
    if cell is pd.NA:
        return "pd.NA"
    if isinstance(cell, float) and not math.isfinite(cell):
        return f"float({str(cell)!r})"
    if isinstance(cell, np.generic):
        return f"np.{type(cell).__name__}({cell.item()!r})"
    return repr(cell).replace("Decimal(", "__import__('decimal').Decimal(")


# Running -----------------------------------------------------------------------------------------


class Counterexample(AssertionError):
    """A property that does not hold, with the table of which it does not."""

    def __init__(self, own, table, error):
        self.own, self.table, self.error = own, table, error
        shown = "".join(traceback.format_exception(error))
        lines = "#" * 100
        super().__init__(f"{own.name}\n{shown}\n{lines}\n{script(own, table)}{lines}")


def failure(own, table):
    """Return the error by which a property does not hold, None if it does, or `UNFIT`."""
    try:
        return hold(own.check, table, **own.options)
    except Exception as error:
        return error


def kind_of(error):
    """Return what tells one fault from another: the error's type and where it came from."""
    if not isinstance(error, Exception):
        return error
    frame, line = list(traceback.walk_tb(error.__traceback__))[-1]
    return type(error), frame.f_code.co_filename, line


def try_case(own, case):
    """Raise `Counterexample` if a property does not hold; return whether it said anything."""
    table = table_of(case)
    result = failure(own, table)
    if isinstance(result, Exception):
        small, error = smaller(own, table, result)
        raise Counterexample(own, small, error)
    return result is not UNFIT


def smaller(own, table, error, tries=150):
    """Drop weights, columns and rows that a counterexample does not need."""
    kind = kind_of(error)

    def still(candidate):
        nonlocal table, error, tries
        tries -= 1
        if tries < 0:
            return False
        found = failure(own, candidate)
        if kind_of(found) != kind:
            return False
        table, error = candidate, found
        return True

    if table.weight is not None:
        still(table._replace(weight=None))
    for name in list(table.frame):
        if table.frame.shape[1] > 1:
            still(table._replace(frame=table.frame.drop(columns=name)))
    size = len(table.y) // 2
    while size >= 1:
        start = 0
        while start < len(table.y) and len(table.y) > size:
            rows = np.r_[0:start, min(start + size, len(table.y)) : len(table.y)]
            if not still(rows_of(table, rows)):
                start += size
        size //= 2
    return table, error


def rows_of(table, rows):
    return table._replace(
        frame=table.frame.iloc[rows].reset_index(drop=True),
        y=table.y[rows],
        weight=None if table.weight is None else table.weight[rows],
    )


def try_cases(properties, subjects, n_examples, seed, counts, stop=math.inf):
    """Try properties on invented tables, each on another; count the tables of each.

    Raises
    ------
    Counterexample
    """
    found = None

    # Nothing is raised within, since hypothesis would shrink what is shrunk already.
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=n_examples,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(cases(subjects))
    def run(case):
        nonlocal found
        if found or time.monotonic() > stop:
            return
        # The one of fewest tables first, of those that say something of this one.
        for own in sorted(properties, key=lambda own: counts[own.name]):
            try:
                said = try_case(own, case)
            except Counterexample as counterexample:
                found = counterexample
                return
            if said:
                counts[own.name] += 1
                return

    run()
    if found:
        raise found


def run_for(seconds, seed, properties, counts):
    """Try properties until the time is over, or a counterexample is found."""
    stop, rng = time.monotonic() + seconds, np.random.default_rng(seed)
    while time.monotonic() < stop:
        # In another order each time, so that each comes to tables of every kind.
        turn = [properties[k] for k in rng.permutation(len(properties))]
        try_cases(turn, (*TABULAR, *DROP_INS), 200, int(rng.integers(2**31)), counts, stop)


def main(arguments=None):
    """Run the script; return 1 if a property does not hold."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    help_of_names = "the start of a property's name, or a pattern"
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help=help_of_names)
    parser.add_argument("--skip", action="append", default=[], metavar="NAME", help=help_of_names)
    parser.add_argument("--all", action="store_true", help="go on with the other properties")
    options = parser.parse_args(arguments)
    for name, there in OPTIONAL.items():
        if not there:
            print(f"{name} is not installed: its tables are left out")
    properties, found = chosen(options.only, options.skip), []
    counts = Counter({own.name: 0 for own in properties})
    stop, seed = time.monotonic() + options.seconds, options.seed
    while properties and (not found or options.all) and time.monotonic() < stop:
        try:
            run_for(stop - time.monotonic(), seed, properties, counts)
        except Counterexample as counterexample:
            print(counterexample, flush=True)
            found.append(counterexample.own.name)
            properties = [own for own in properties if own.name != found[-1]]
            seed += 1
    for name, count in sorted(counts.items()):
        print(f"{count:7d} {name}")
    print(f"{counts.total()} cases, seed {options.seed}: found {found or 'nothing'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
