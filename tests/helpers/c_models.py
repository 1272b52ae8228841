"""Models as C code, compiled and asked from here."""

import ctypes
import datetime
import re
import shutil
import subprocess

import numpy as np
import pytest

from sknumpynet import TabularMLPRegressor
from sknumpynet.estimators.fitted_attributes import with_attributes
from sknumpynet.export import to_c
from sknumpynet.export.c.literals import commented
from sknumpynet.utils.text import is_marker, parse_number

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

FLAGS = [
    *("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"),
    *("-Wmissing-prototypes", "-Wstrict-prototypes", "-Wwrite-strings", "-Wtrigraphs"),
]
_FIELD = re.compile(r'^    (double |const char \*)(\w+); /\* ("(?:\\.|[^"\\])*"): ', re.MULTILINE)


def compiled(source, library, *flags):
    """Compile a file without a warning and load it."""
    command = ["gcc", *FLAGS, "-O1", *flags, "-shared", "-fPIC", source, "-o", library, "-lm"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return ctypes.CDLL(str(library))


class CompiledModel:
    """What `to_c` writes of a model, compiled."""

    def __init__(self, model, folder, name="model"):
        path = folder / f"{name}.c"
        to_c(model, path)
        self.text = path.read_text(encoding="ascii")
        self.prefix = re.search(r"#ifndef (\w+)_DECLARED", self.text)[1].lower()
        self.library = compiled(path, folder / f"{name}.so")
        self.fields = {name: (field, kind) for kind, field, name in _FIELD.findall(self.text)}
        if self.fields:
            types = {"double ": ctypes.c_double, "const char *": ctypes.c_char_p}
            fields = [(field, types[kind]) for field, kind in self.fields.values()]
            self.row_type = type("Row", (ctypes.Structure,), {"_fields_": fields})

    def rows(self, X):
        """Return rows of a frame as structs, or of an array as arrays of doubles."""
        if not self.fields:
            return [(ctypes.c_double * len(row))(*row) for row in np.asarray(X, float)]
        rows = [self.row_type() for _ in range(len(X))]
        for name in X.columns:
            field, kind = self.fields.get(commented(str(name)), (None, None))
            if field is None:
                continue
            as_c = as_number if kind == "double " else as_text
            for row, cell in zip(rows, X[name].astype(object).tolist(), strict=True):
                setattr(row, field, as_c(cell))
        return rows

    def probabilities(self, X, n_columns):
        """Return what ``predict_proba`` does."""
        return self._written(f"{self.prefix}_predict_proba", X, n_columns)

    def classes(self, X):
        """Return what ``predict`` does."""
        names = (ctypes.c_char_p * 100).in_dll(self.library, f"{self.prefix}_classes")
        predict = getattr(self.library, f"{self.prefix}_predict")
        return [names[predict(ctypes.byref(row))].decode() for row in self.rows(X)]

    def values(self, X, n_outputs=1):
        """Return what ``predict`` does."""
        if n_outputs > 1:
            return self._written(f"{self.prefix}_predict", X, n_outputs)
        predict = getattr(self.library, f"{self.prefix}_predict")
        predict.restype = ctypes.c_double
        return np.array([predict(ctypes.byref(row)) for row in self.rows(X)])

    def _written(self, name, X, n):
        predict, out = getattr(self.library, name), (ctypes.c_double * n)()
        written = []
        for row in self.rows(X):
            predict(ctypes.byref(row), out)
            written.append(list(out))
        return np.array(written)


def is_missing(cell):
    return cell is None or type(cell).__name__ in {"NAType", "NaTType"} or cell != cell


def as_number(cell):
    if is_missing(cell) or (isinstance(cell, str) and is_marker(cell)):
        return float("nan")
    if isinstance(cell, datetime.timedelta):
        return cell / datetime.timedelta(days=1)
    if isinstance(cell, datetime.time):
        return (cell.hour * 3600 + cell.minute * 60 + cell.second) / 86400
    if isinstance(cell, datetime.datetime):  # by the clocks of its zone
        return (cell.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)) / datetime.timedelta(1)
    return parse_number(cell, ".") if isinstance(cell, str) else float(cell)


def as_text(cell):
    if isinstance(cell, datetime.datetime):
        cell = cell.date()
    return None if is_missing(cell) else str(cell).encode("utf-8", "surrogatepass")


def assert_same_probabilities(model, X, folder, atol=1e-6):
    expected = model.predict_proba(X)
    in_c = CompiledModel(model, folder)
    found = in_c.probabilities(X, expected.shape[1])
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
    labels = model.predict(X)
    if labels.ndim == 1:
        ordered = np.sort(expected, axis=1)
        is_sure = ordered[:, -1] - ordered[:, -2:-1].max(axis=1, initial=0.0) > 2 * atol
        assert [own for own, sure in zip(in_c.classes(X), is_sure, strict=True) if sure] == [
            str(own) for own in labels[is_sure].tolist()
        ]
    return in_c


def own_rounding(model, X):
    """Return how far a network for tables is from itself in double precision."""
    if not isinstance(model, TabularMLPRegressor):
        return 0.0
    double = with_attributes(model, {"parameters_": model.parameters_.astype(np.float64)})
    return np.abs(double.predict(X) - model.predict(X)).max(axis=0)


def assert_same_values(model, X, folder, spread, *, rtol=0.0, atol=1e-6):
    expected = model.predict(X)
    in_c = CompiledModel(model, folder)
    found = in_c.values(X, 1 if expected.ndim == 1 else expected.shape[1])
    atol = max(atol, float(np.max(own_rounding(model, X) / spread)))
    np.testing.assert_allclose(found / spread, expected / spread, rtol=rtol, atol=atol)
    return in_c
