"""`to_python` writes a predictor as one module that needs NumPy only."""

import ast
import hashlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from sknumpynet.export.models import ReadModel, read_model
from sknumpynet.export.python.models import (
    SCALERS,
    constant_lines,
    encoder_lines,
    network_lines,
    output_lines,
)
from sknumpynet.export.python.script import WIDTH, Script
from sknumpynet.export.python.sources import sources_of
from sknumpynet.utils.atomic import replaced

__all__ = ["to_python"]

# What a model's own lines may need.
MODULES: dict[str, tuple[str, str | None]] = {
    "Any": ("typing", "Any"),
    "Path": ("pathlib", "Path"),
    "json": ("json", None),
    "np": ("numpy", None),
    "partial": ("functools", "partial"),
}


_LOADED = """\
BESIDE = Path(__file__).with_suffix(".npz")
with np.load(BESIDE) as file:
    ARRAYS = dict(file)
if ARRAYS.pop("of_module", None) != "{mark}":
    raise ImportError(f"{{BESIDE}} is of another module than {{__file__}}: copy both")"""


def to_python(model: Any, path: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Write a predictor as a module of Python that needs NumPy only.

    The module is to be read: what the columns are, what was learned of them, and only the
    functions that this model needs. It predicts the same to the bit as the model does with the
    same NumPy, processor and one BLAS thread, but for two functions of SciPy: 'gelu' differs by
    some bits, and in single precision 'logistic' and 'silu' of less than 1,000 entries may by one.

    Parameters
    ----------
    model : estimator
        A fitted `TabularMLPClassifier`, `TabularMLPRegressor`, `NumpyMLPClassifier` or
        `NumpyMLPRegressor`; or a pipeline of scikit-learn's that ends in one of the last two,
        after `StandardScaler`, `MinMaxScaler`, `MaxAbsScaler`, `RobustScaler` or, first,
        `TabularPreprocessor`.
    path : str or path
        Of the module, which ends in ``.py``. Weights stand inside where they are few; otherwise
        beside it, in a file of the same name that ends in ``.npz``.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    TypeError, NotImplementedError
        For other models, and for what they have of your own.
    ValueError
        For another ending.
    sklearn.exceptions.NotFittedError
        Before `fit`.

    Notes
    -----
    ``predict_proba(rows)`` and ``predict(rows)`` take a dict of columns, a dict with the cells of
    one row, a list of such rows, a frame of any library, or an array with the columns in order.
    There are no warnings of levels and texts that the model does not know.

    Examples
    --------
    >>> import runpy, tempfile
    >>> import numpy as np
    >>> from sknumpynet import TabularMLPClassifier
    >>> X = np.array([[1, "red"], [2, "blue"]] * 50, dtype=object)
    >>> model = TabularMLPClassifier("fast", random_state=0).fit(X, [0, 1] * 50)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = to_python(model, Path(folder) / "colours.py")
    ...     module = runpy.run_path(str(written[0]))
    >>> module["COLUMNS"]
    ['x0', 'x1']
    >>> module["predict"]({"x0": 2, "x1": "blue"})
    array([1])
    >>> np.array_equal(module["predict_proba"](X), model.predict_proba(X))
    True
    """
    path = Path(path)
    if path.suffix != ".py":
        raise ValueError(f"path must end in .py, got {str(path)!r}")
    known = read_model(model, SCALERS, "an exported module")
    text, arrays = _module(known, path.with_suffix(".npz").name)
    beside = path.with_suffix(".npz")
    # Whatever fails, what was there stays, or says that both do not belong together.
    with replaced(path) as file:
        file.write(text.encode())
        if arrays is not None:
            with replaced(beside) as arrays_file:
                arrays_file.write(arrays)
    return (path,) if arrays is None else (path, beside)


def _module(model: ReadModel, beside: str) -> tuple[str, bytes | None]:
    """Return a module's text, and what lies beside it under a name, None if nothing does."""
    script = Script()
    learned, encoder = encoder_lines(script, model)
    blocks = [network_lines(script, model), encoder, *output_lines(script, model)]
    own = "\n\n\n".join("\n".join(lines) for lines in blocks)
    inside, arrays = script.array_lines(), None
    if inside is None:
        arrays, mark = _saved(script)
        inside = _LOADED.format(mark=mark)
    constants = "\n".join([*constant_lines(model), inside])
    tree = ast.parse("\n".join([constants, *learned, own]))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    modules = {name: found for name, found in MODULES.items() if name in used}
    sources = sources_of(
        sorted(script.functions, key=lambda f: (f.__module__, f.__name__)), modules
    )
    parts = [
        _title(model, beside if arrays else ""),
        sources.imports,
        constants,
        "",
        sources.definitions,
        "",
        "# This model ".ljust(WIDTH, "-"),
        *(["\n".join(learned)] if learned else []),
        own,
    ]
    return "\n\n".join(part for part in parts if part) + "\n", arrays


def _saved(script: Script) -> tuple[bytes, str]:
    """Return arrays as a file, and a mark in it: those of another model would fit as well."""
    hashed = hashlib.sha256()
    for name, values in script.arrays.items():
        hashed.update(f"{name} {values.dtype.str} {values.shape}".encode())
        hashed.update(values.tobytes())
    file, mark = io.BytesIO(), hashed.hexdigest()[:16]
    np.savez(file, allow_pickle=False, of_module=np.array(mark), **script.arrays)
    return file.getvalue(), mark


def _title(model: ReadModel, beside: str) -> str:
    estimator = model.estimator
    n_members = estimator._n_fitted()
    networks = "one network" if n_members == 1 else f"{n_members} networks"
    kind = type(estimator).__name__
    lines = [
        f'"""What a {kind} of {networks} predicts, with nothing but NumPy.',
        "",
        "Written by sknumpynet.export.to_python. It predicts the same to the bit as the model",
        "does with the same NumPy, processor and one BLAS thread.",
    ]
    if beside:
        lines += ["", f"Its numbers lie beside it, in {beside}."]
    return "\n".join([*lines, '"""'])
