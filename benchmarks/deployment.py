"""Where models go to: how large they are there, and how long one row and many take.

Models are at their defaults and have one thread, whose own time is taken. Each way out is first
compared with the model's own predictions. Graphs are fed with columns that lie ready, as a service
has them of a request, and make no dictionaries of rows. A further way is a function and a line in
``WAYS``.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import pickle
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.tabular_data import CLASSIFICATION, Table, add_data_option, load_tables
from benchmarks.tabular_peers import MODELS, Setting, quiet
from benchmarks.timing import (
    Timings,
    argument_parser,
    check_close,
    exit_code,
    markdown_table,
    thread_limit,
    time_in_turn,
    versions,
)
from sknumpynet import TabularMLPClassifier

if TYPE_CHECKING:
    import pandas as pd

TRAINED_ROWS = 1_000
ROWS = (1, 3_000)
TOLERANCE = 1e-5
PACKAGES = ("onnxruntime", "skl2onnx", "onnxmltools", "catboost", "lightgbm")

Predict = Callable[[], np.ndarray]


class Deployed(NamedTuple):
    """A model elsewhere.

    Parameters
    ----------
    size : int
        In bytes.
    predict_of : callable(X)
        Returns what predicts probabilities of the rows of a frame: what is timed.
    """

    size: int
    predict_of: Callable[[pd.DataFrame], Predict]


class Way(NamedTuple):
    """A way out.

    Parameters
    ----------
    deploy : callable(model, X)
        Returns a fitted model elsewhere; X are some rows of its table.
    packages : tuple of str
        That it needs.
    takes_categories : bool
    """

    deploy: Callable[[Any, pd.DataFrame], Deployed]
    packages: tuple[str, ...] = ()
    takes_categories: bool = True

    def is_open(self, X: pd.DataFrame) -> bool:
        """Return whether it can be gone here, for such a table."""
        missing = [name for name in self.packages if importlib.util.find_spec(name) is None]
        if missing:
            print(f"not installed: {', '.join(missing)}", file=sys.stderr)
        return not missing and (self.takes_categories or not _has_categories(X))


def _has_categories(X: pd.DataFrame) -> bool:
    return bool((X.dtypes == "category").any())


# Ways ---------------------------------------------------------------------------------------------


def _in_python(model: Any, X: pd.DataFrame) -> Deployed:
    """Predict by the model itself, from a frame."""
    return Deployed(len(pickle.dumps(model)), lambda rows: partial(model.predict_proba, rows))


def _session(graph: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _run(session: Any, feed: Mapping[str, np.ndarray]) -> np.ndarray:
    probabilities: np.ndarray
    (probabilities,) = session.run(["probabilities"], feed)
    return probabilities


def _our_onnx(model: Any, X: pd.DataFrame, *, with_prepare: bool = False) -> Deployed:
    """Predict by onnxruntime, from columns, or with `prepare` from a frame."""
    from sknumpynet.onnx import prepare, to_onnx

    graph = to_onnx(model).SerializeToString()
    session = _session(graph)
    if with_prepare:
        return Deployed(len(graph), lambda rows: lambda: _run(session, prepare(model, rows)))
    return Deployed(len(graph), lambda rows: partial(_run, session, prepare(model, rows)))


def _of_matrix(graph: Any) -> Deployed:
    """Predict from a matrix of numbers."""
    graph = _without_dictionaries(graph).SerializeToString()
    session = _session(graph)
    (name,) = [own.name for own in session.get_inputs()]

    def predict_of(rows: pd.DataFrame) -> Predict:
        return partial(_run, session, {name: rows.to_numpy(np.float32)})

    return Deployed(len(graph), predict_of)


def _without_dictionaries(model: Any) -> Any:
    """Return a graph whose output "probabilities" is an array."""
    import onnx

    for node in [own for own in model.graph.node if own.op_type == "ZipMap"]:
        model.graph.node.remove(node)
        for output in [own for own in model.graph.output if own.name == node.output[0]]:
            model.graph.output.remove(output)
        shape = [None, None]
        array = onnx.helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, shape)
        model.graph.node.append(
            onnx.helper.make_node("Identity", [node.input[0]], ["probabilities"])
        )
        model.graph.output.append(array)
    return model


def _python_file(model: Any, X: pd.DataFrame) -> Deployed:
    """Predict by a module that needs NumPy only, from a dict of columns."""
    from sknumpynet.export import to_python

    with tempfile.TemporaryDirectory() as folder:
        files = to_python(model, Path(folder) / "model.py")
        size = sum(file.stat().st_size for file in files)
        predict = runpy.run_path(str(files[0]))["predict_proba"]
    return Deployed(size, lambda rows: partial(predict, _columns_of(rows)))


def _columns_of(X: pd.DataFrame) -> dict[str, np.ndarray]:
    return {
        name: X[name].astype(object).where(X[name].notna(), None).to_numpy()
        if X[name].dtype == "category"
        else X[name].to_numpy()
        for name in X
    }


def _c_file(model: Any, X: pd.DataFrame) -> Deployed:
    """Predict by a file of C, compiled, from rows as structs."""
    from sknumpynet.export import to_c

    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder) / "model.c", Path(folder) / "model.so"
        to_c(model, source)
        text = source.read_text(encoding="ascii")
        source.write_text(text + ALL_ROWS, encoding="ascii")
        gcc = ["gcc", "-std=c99", "-O2", "-shared", "-fPIC", str(source), "-o", str(library), "-lm"]
        subprocess.run(gcc, check=True)
        predict = ctypes.CDLL(str(library)).predict_rows
    kinds = {"double ": ctypes.c_double, "const char *": ctypes.c_char_p}
    found = re.findall(r'^    (double |const char \*)(\w+); /\* "([^"]*)": ', text, re.MULTILINE)
    fields = [(field, kinds[kind]) for kind, field, _ in found]
    row_type = type("Row", (ctypes.Structure,), {"_fields_": fields})

    def predict_of(rows: pd.DataFrame) -> Predict:
        structs = (row_type * len(rows))()
        for kind, field, name in found:
            for struct, cell in zip(structs, rows[name].tolist(), strict=True):
                missing = cell is None or cell != cell
                setattr(struct, field, _as_c(cell, is_number=kind == "double ", missing=missing))
        probabilities = np.empty((len(rows), len(model.classes_)))
        pointer = probabilities.ctypes.data_as(ctypes.c_void_p)

        def run_all() -> np.ndarray:
            predict(structs, len(rows), probabilities.shape[1], pointer)
            return probabilities

        return run_all

    return Deployed(len(text), predict_of)


# What is added to a model's file, so that Python calls it once.
ALL_ROWS = """
void predict_rows(const struct model_row *rows, int n_rows, int n_classes, double *probabilities)
{
    for (int i = 0; i < n_rows; i++) model_predict_proba(rows + i, probabilities + i * n_classes);
}
"""


def _as_c(cell: Any, *, is_number: bool, missing: bool) -> Any:
    if is_number:
        return float("nan") if missing else float(cell)
    return None if missing else str(cell).encode()


def _catboost_onnx(model: Any, X: pd.DataFrame) -> Deployed:
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        model[-1].save_model(str(file), format="onnx")
        return _of_matrix(onnx.load(file))


def _lightgbm_onnx(model: Any, X: pd.DataFrame) -> Deployed:
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    types = [("X", FloatTensorType([None, X.shape[1]]))]
    return _of_matrix(onnxmltools.convert_lightgbm(model, initial_types=types, zipmap=False))


_OURS = {
    "Python": Way(_in_python),
    "ONNX": Way(_our_onnx, ("onnxruntime", "skl2onnx")),
    "ONNX, prepare": Way(partial(_our_onnx, with_prepare=True), ("onnxruntime", "skl2onnx")),
    "file of Python": Way(_python_file),
}
WAYS: dict[str, dict[str, Way]] = {
    "sknumpynet": _OURS,
    # Ensembles have too many parameters for C.
    "sknumpynet, distilled": _OURS | ({"file of C": Way(_c_file)} if shutil.which("gcc") else {}),
    "CatBoost": {
        "Python": Way(_in_python),
        "ONNX": Way(_catboost_onnx, ("onnxruntime",), takes_categories=False),
    },
    "LightGBM": {
        "Python": Way(_in_python),
        "ONNX": Way(_lightgbm_onnx, ("onnxruntime", "onnxmltools"), takes_categories=False),
    },
}


# Models -------------------------------------------------------------------------------------------


def fitted(table: Table, quick: bool) -> Iterator[tuple[str, Any]]:
    """Yield models, trained on the first rows."""
    X, y = table.X[:TRAINED_ROWS], table.y[:TRAINED_ROWS]
    brief = {"preset": "fast", "max_iter": 2} if quick else {}
    ours = TabularMLPClassifier(
        **brief, conformal=False, n_background=0, random_state=0, n_jobs=1
    ).fit(X, y)
    yield "sknumpynet", ours
    yield "sknumpynet, distilled", ours.distil(X)
    for name in ("CatBoost", "LightGBM"):
        if not MODELS[name].is_installed():
            print(f"{name} is not installed", file=sys.stderr)
        elif not quick:
            yield name, MODELS[name].make(Setting(CLASSIFICATION, X, 0, 1)).fit(X, y)


def deployed(table: Table, quick: bool) -> dict[tuple[str, str], Deployed]:
    """Return all models elsewhere, each compared with its own predictions."""
    X, found = _rows(table.X, 50 if quick else max(ROWS)), {}
    for name, model in fitted(table, quick):
        for way, own in WAYS[name].items():
            if own.is_open(X):
                elsewhere = own.deploy(model, X)
                expected = model.predict_proba(X)
                check_close(f"{name}, {way}", elsewhere.predict_of(X)(), expected, TOLERANCE)
                found[name, way] = elsewhere
    return found


def _rows(X: pd.DataFrame, n_rows: int) -> pd.DataFrame:
    """Return so many rows, in single precision, repeated where the table has fewer."""
    numbers = X.select_dtypes("number").columns
    repeated = X.iloc[np.arange(n_rows) % len(X)].reset_index(drop=True)
    return repeated.astype(dict.fromkeys(numbers, np.float32))


def measure(
    X: pd.DataFrame, ways: Mapping[tuple[str, str], Deployed], *, repeats: int, number: int
) -> Timings:
    """Return the processor's seconds of all ways, taken in turn."""
    calls = {str(name): own.predict_of(X) for name, own in ways.items()}
    return time_in_turn(calls, repeats, number=number, clock=time.process_time)


def run(options: argparse.Namespace) -> None:
    """Measure and print a table for each table of data."""
    n_rows = (1, 20) if options.quick else ROWS
    for table in load_tables(options.data, options.tables):
        if table.task != CLASSIFICATION:
            continue
        with quiet():
            ways = deployed(table, options.quick)
            timings = [
                measure(
                    _rows(table.X, n),
                    ways,
                    repeats=2 if options.quick else 21,
                    number=1 if options.quick or n > 1 else 100,
                )
                for n in n_rows
            ]
        rows = [
            [*name, f"{own.size / 1e3:,.0f}"]
            + [f"{1e3 * timing.median(str(name)):.3f}" for timing in timings]
            for name, own in ways.items()
        ]
        header = ["model", "way", "kB", *(f"ms, {n:,} row{'s' * (n > 1)}" for n in n_rows)]
        print(f"{table.name}, {table.X.shape[1]} columns:\n")
        print(f"{markdown_table(header, rows)}\n")
    print(versions(*PACKAGES))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("Models where they are used: size and latency.", threads=1)
    add_data_option(parser)
    default = ["breast_cancer"]
    parser.add_argument("--tables", nargs="+", default=default, help="with classes (%(default)s)")
    options = parser.parse_args(arguments)
    with thread_limit(options.threads):
        return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
