"""Predicting tables, beside boosted trees and beside the floor; a part of `benchmarks.predict`.

All models are at their defaults but for our epochs, which predictions do not see, and have one
thread. The floor is what no network of ours can do without, in the blocks that it takes: matrix
products, waves with their products, gates; then the columns must be read. First predictions in
single precision are compared with those of the same weights in double precision.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer

from benchmarks.tabular_data import CLASSIFICATION
from benchmarks.tabular_peers import MODELS, REFERENCE, Setting, quiet
from benchmarks.timing import (
    NOT_MEASURED,
    Progress,
    check_close,
    markdown_table,
    ratio,
    time_in_turn,
)
from sknumpynet import TabularMLPClassifier
from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.architectures import TableShape, table_network
from sknumpynet.core.blocks import PIECE_BYTES
from sknumpynet.core.layers import Concatenate, Dense, MixtureEmbedding

__all__ = ["table_of_tables"]

PEERS = (REFERENCE, "LightGBM", "CatBoost")
COLUMNS = ("table", "rows", "sknumpynet ms", "reading ms", "floor ms", "over floor")
TOLERANCE = 1e-5
TRAINED_ROWS = 1_000
BLOCK = 16


class Case(NamedTuple):
    """A table, of which some rows train and so many are predicted at a time."""

    name: str
    X: Any
    y: np.ndarray
    n_rows: Sequence[int]


def cases(file: Path | None, quick: bool) -> Iterator[Case]:
    """Yield the tables: one of a file or scikit-learn's, and some that are made."""
    rng, scale = np.random.default_rng(0), 100 if quick else 1
    several = (1, 20) if quick else (1, 100, 3_000)
    yield _given(several) if file is None else _read(file, several)
    for n_rows, n_columns in ((3_000, 14), (25_000, 50), (20_000, 200)):
        X = rng.normal(size=(n_rows // scale, n_columns))
        rows = (1,) if n_columns == 14 else (len(X),)
        yield Case(f"{n_columns} numbers", X, (X[:, 0] > 0).astype(int), rows)
    yield _of_levels(50_000 // scale, rng)


def _given(n_rows: Sequence[int]) -> Case:
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    repeated = X.iloc[np.arange(max(n_rows)) % len(X)].reset_index(drop=True)
    return Case("breast cancer", repeated, y.to_numpy()[np.arange(max(n_rows)) % len(X)], n_rows)


def _read(file: Path, n_rows: Sequence[int]) -> Case:
    """Read a table whose column ``target`` has classes."""
    import pandas as pd

    X = pd.read_csv(file)
    y = np.unique(X.pop("target"), return_inverse=True)[1]
    texts = X.select_dtypes(exclude="number").columns
    X = X.astype(dict.fromkeys(texts, "category"))
    return Case(file.name.split(".")[0], X, y, [min(n, len(X)) for n in n_rows])


def _of_levels(n_levels: int, rng: np.random.Generator) -> Case:
    import pandas as pd

    levels = [f"level {k}" for k in rng.permutation(np.arange(2 * n_levels) % n_levels)]
    X = pd.DataFrame({"city": pd.Categorical(levels)})
    return Case(f"{n_levels:,} levels", X, rng.integers(2, size=len(X)), (1,))


def check_precision(name: str, model: TabularMLPClassifier, X: Any) -> None:
    """Compare predictions with those in double precision."""
    double = copy.copy(model)
    double.parameters_ = model.parameters_.astype(np.float64)
    check_close(name, model.predict_proba(X), double.predict_proba(X), TOLERANCE)


def floor_of(model: TabularMLPClassifier, n_rows: int) -> Callable[[], None]:
    """Return what does the products, waves and gates of so many rows and nothing else."""
    n_kinds = len(model._shapes)
    kinds = [
        _floor_of_kind(TableShape.from_plain(shape), len(model.parameters_[k::n_kinds]), n_rows)
        for k, shape in enumerate(model._shapes)
    ]

    def compute() -> None:
        for of_kind in kinds:
            of_kind()

    return compute


def _floor_of_kind(shape: TableShape, n_members: int, n_rows: int) -> Callable[[], None]:
    network = table_network(shape)
    widest = max(layer.fan_out for layer in network.layers)
    n_blocks = n_members * -(-n_rows // BLOCK)
    size = min(max(PIECE_BYTES // (4 * BLOCK * widest), 1), max(n_blocks, 1))
    work = [
        step
        for own in network.layers
        for layer in (own.layers if isinstance(own, Concatenate) else [own])
        for step in _floor_of_layer(layer, shape.activation, size)
    ]

    def compute() -> None:
        for _ in range(0, n_blocks, size):
            for step in work:
                step()

    return compute


def _floor_of_layer(layer: Any, gate: str, size: int) -> Iterator[Callable[[], Any]]:
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    def product(left: np.ndarray, right: np.ndarray) -> Callable[[], Any]:
        out = np.empty((*right.shape[:-2], left.shape[-2], BLOCK), np.float32)
        return partial(np.matmul, left, right, out=out)

    if isinstance(layer, Dense):
        # Weights as they lie: (fan_in, fan_out), transposed.
        weights = drawn(layer.fan_in + 1, layer.fan_out).T
        yield product(weights, drawn(size, layer.fan_in + 1, BLOCK))
        if layer.activation.name == gate:
            yield partial(ACTIVATIONS[gate].apply, drawn(size, layer.fan_out * BLOCK))
    elif isinstance(layer, MixtureEmbedding):
        n_waves = layer.n_functions
        yield product(drawn(layer.fan_in, n_waves, 2), drawn(size, layer.fan_in, 2, BLOCK))
        turns = drawn(size, layer.fan_in, n_waves, BLOCK)
        for part in np.array_split(turns, -(-turns.size // 2**16)):
            yield partial(layer.write_values, part, np.empty_like(part), part)
        yield product(drawn(layer.fan_in, layer.n_mixtures, n_waves), turns)


def fitted(case: Case, peers: Sequence[str]) -> dict[str, Any]:
    """Return our model and its peers, trained on the first rows; ours sees all levels."""
    X, y = case.X[:TRAINED_ROWS], case.y[:TRAINED_ROWS]
    all_rows = (case.X, case.y) if case.name.endswith("levels") else (X, y)
    ours = TabularMLPClassifier(max_iter=1, random_state=0, n_jobs=1)
    models = {"sknumpynet": ours.fit(*all_rows)}
    for name in peers:
        frame = X if hasattr(X, "columns") else _frame(X)
        models[name] = MODELS[name].make(Setting(CLASSIFICATION, frame, 0, 1)).fit(frame, y)
    return models


def _frame(X: np.ndarray) -> Any:
    import pandas as pd

    return pd.DataFrame(X, columns=[f"x{k}" for k in range(X.shape[1])])


def measure(case: Case, peers: Sequence[str], quick: bool) -> Iterator[list[str]]:
    """Check, then time; yield a line for every number of rows."""
    models = fitted(case, peers)
    for n_rows in case.n_rows:
        X = case.X[:n_rows]
        ours = models["sknumpynet"]
        check_precision(case.name, ours, X)
        inputs = {
            name: X if name == "sknumpynet" or hasattr(X, "columns") else _frame(X)
            for name in models
        }
        sides = {name: partial(own.predict_proba, inputs[name]) for name, own in models.items()}
        sides |= {
            "reading": partial(ours._check_for_prediction, X),
            "floor": floor_of(ours, n_rows),
        }
        number = 1 if quick or n_rows > 1_000 else 20
        timings = time_in_turn(sides, 1 if quick else 7, number=number)
        milliseconds = {side: f"{1e3 * timings.median(side):.2f}" for side in sides}
        over = timings.median("sknumpynet") - timings.median("reading")
        yield [
            case.name,
            f"{n_rows:,}",
            *(milliseconds[side] for side in ("sknumpynet", "reading", "floor")),
            ratio(over / timings.median("floor")),
            *(milliseconds.get(name, NOT_MEASURED) for name in PEERS),
        ]


def table_of_tables(file: Path | None, quick: bool) -> str:
    """Measure; return the table, and a line about peers that are not installed."""
    peers = [name for name in PEERS if MODELS[name].is_installed()]
    missing = [name for name in PEERS if name not in peers]
    lines: list[list[str]] = []
    progress = Progress(5)
    with warnings.catch_warnings(), quiet():
        # Names of columns are none of the models' business here.
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        for case in cases(file, quick):
            progress.show(case.name)
            lines += measure(case, peers[:1] if quick else peers, quick)
    progress.close()
    table = markdown_table((*COLUMNS, *(f"{name} ms" for name in PEERS)), lines)
    return "\n\n".join([table, *([f"Not installed: {', '.join(missing)}."] if missing else [])])
