"""`to_c`: a fitted model as one file of C99."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.network import Network
from sknumpynet.export.c.library import needed_functions
from sknumpynet.export.c.literals import array, commented, prefix
from sknumpynet.export.c.models import Parts, parts_of
from sknumpynet.export.c.networks import network_function
from sknumpynet.export.c.outputs import Function, class_names, link, public_functions
from sknumpynet.utils.atomic import replaced

__all__ = ["to_c"]


def to_c(model: Any, path: str | PathLike[str]) -> None:
    """Write a fitted model as one file of C99, which needs nothing but the standard library.

    For small machines and for programs without Python: nothing is allocated, nothing is kept
    between calls, and any number of threads may predict at once. The file's head says how it is
    used. All names that others see begin with the file's own.

    - Drop-ins, and pipelines of them with scikit-learn's ``StandardScaler``, ``MinMaxScaler``,
      ``MaxAbsScaler``, ``RobustScaler`` or, first, a `TabularPreprocessor`: a row is an array of
      doubles, or the struct below.
    - Estimators for tables: a row is a struct with a member for each column that the model looks
      at. Numbers are doubles, missing is ``NAN``; so are categories all of whose levels are
      numbers. Other categories are strings in UTF-8, missing is ``NULL``. Dates are days since
      1970-01-01, which another function makes of year, month and day. Numbers and dates that came
      as text are to be read first.

    Classifiers get two functions, ``name_predict_proba`` and, but for several labels a row,
    ``name_predict``, regressors the latter. What they return is what Python's do, computed in
    double precision: of networks in single precision, as those for tables are, it differs by what
    these are rounded, commonly a ten millionth. No row is refused: infinity is a huge number, and
    arrays with NaN give NaN.

    Parameters
    ----------
    model : estimator
        Fitted, of up to 50,000 parameters in all of its networks together.
    path : str or path-like
        Of the file, such as ``"price.c"``.

    Raises
    ------
    TypeError
        For models of others, and for searches.
    NotImplementedError
        For what has no form in C, by its name: steps of pipelines, activations of one's own,
        columns of free text.
    ValueError
        For more parameters.
    sklearn.exceptions.NotFittedError
        Before `fit`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from sknumpynet import TabularMLPClassifier
    >>> from sknumpynet.export import to_c
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = TabularMLPClassifier("fast", n_members=2, random_state=0).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     to_c(model, f"{folder}/iris.c")
    ...     code = Path(f"{folder}/iris.c").read_text()
    >>> "double petal_width_cm;" in code, "int iris_predict(const struct iris_row *row)" in code
    (True, True)
    """
    path = Path(path)
    names = _Names(prefix(path.stem), path.name, type(model).__name__)
    text = _program(parts_of(model, names.prefix), names)
    with replaced(path) as file:
        file.write(text.encode("ascii"))


class _Names(NamedTuple):
    """What all that others see begins with, the file's name, and the model's class."""

    prefix: str
    file: str
    model: str


def _program(parts: Parts, names: _Names) -> str:
    functions = public_functions(parts.estimator, names.prefix, parts.inputs)
    others = [*class_names(parts.estimator, names.prefix), *parts.inputs.others]
    declarations = [parts.inputs.declaration]
    declarations += [own.declaration() for own in functions]
    declarations += [declaration for declaration, _ in others]
    definitions = [definition for _, definition in others]
    definitions += [own.definition() for own in functions]
    inner = []
    # A classifier of one class asks nobody.
    if any("encode(" in own for own in definitions):
        inner = [parts.inputs.function(), *_networks(parts)]
    guard = names.prefix.upper()
    code = "\n".join([*inner, *definitions])
    sections = [
        _head(parts, functions, names),
        f"#ifndef {guard}_DECLARED\n#define {guard}_DECLARED\n",
        *filter(None, declarations),
        f"#endif\n\n#ifndef {guard}_DECLARATIONS\n\n"
        "#include <float.h>\n#include <math.h>\n#include <stddef.h>\n#include <string.h>\n",
        f"typedef {_precision(parts)} parameter;\n" if inner else "",
        f"{needed_functions(code)}\n" if inner else needed_functions(code),
        code,
        "#endif\n",
    ]
    return "\n".join(filter(None, sections))


def _precision(parts: Parts) -> str:
    return "float" if parts.stacks[0][1].dtype == np.float32 else "double"


def _networks(parts: Parts) -> list[str]:
    """Return parameters and functions of networks, and one for their mean."""
    code = []
    for k, (network, parameters) in enumerate(parts.stacks):
        code.append(array("parameter", f"parameters_{k}", parameters))
        code.append(network_function(f"network_{k}", network) + "\n")
    return [*code, _mean(parts)]


def _mean(parts: Parts) -> str:
    n_outputs, name = parts.estimator.n_outputs_, parts.estimator.out_activation_
    n_members = sum(len(parameters) for _, parameters in parts.stacks)
    head = "static void predict(const double *inputs, double *outputs)\n{"
    if n_members == 1:
        calls = ["network_0(parameters_0[0], inputs, outputs);", *link(name, "outputs", n_outputs)]
        return "\n    ".join([head, *calls]) + "\n}\n"
    lines = [
        f"double raw[{n_outputs}];",
        f"for (int j = 0; j < {n_outputs}; j++) outputs[j] = 0.0;",
    ]
    for k, (_, parameters) in enumerate(parts.stacks):
        lines += [
            f"for (int k = 0; k < {len(parameters)}; k++) {{",
            f"    network_{k}(parameters_{k}[k], inputs, raw);",
            *(f"    {call}" for call in link(name, "raw", n_outputs)),
            f"    add(outputs, raw, {n_outputs});",
            "}",
        ]
    lines.append(f"for (int j = 0; j < {n_outputs}; j++) outputs[j] /= {float(n_members)};")
    return "\n    ".join([head, *lines]) + "\n}\n"


def _head(parts: Parts, functions: Sequence[Function], names: _Names) -> str:
    """Return the comment that says what the file is and how it is used."""
    members = sum(len(parameters) for _, parameters in parts.stacks)
    networks = "one network" if members == 1 else f"{members} networks"
    usage = [
        f"#define {names.prefix.upper()}_DECLARATIONS",
        f"#include {commented(names.file)}",
        "",
        *parts.inputs.usage,
        *(line for own in functions for line in own.usage),
    ]
    lines = [
        f"What a {names.model} of {networks} predicts. Written by sknumpynet.",
        "",
        "C99; compile it by itself, and link with -lm. Nothing is allocated or kept between calls,",
        f"which take about {_stack_bytes(parts):,} bytes of stack. From another file:",
        "",
        *(f"    {line}" if line else "" for line in usage),
    ]
    if parts.inputs.remarks:
        lines += ["", *parts.inputs.remarks]
    body = "\n".join(f" * {line}".rstrip() for line in lines)
    return f"/*\n{body}\n */\n"


def _stack_bytes(parts: Parts) -> int:
    """Return about how much memory a prediction takes."""
    widest = max(_widths(network) for network, _ in parts.stacks)
    n_outputs: int = parts.estimator.n_outputs_
    return 8 * (parts.inputs.n_inputs + widest + 3 * n_outputs) + 500


def _widths(network: Network) -> int:
    hidden = [layer.fan_out for layer in network.layers[:-1]]
    return max(hidden[::2], default=0) + max(hidden[1::2], default=0)
