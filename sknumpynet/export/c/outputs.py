"""What others call: functions from a row to probabilities or numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from sknumpynet.export.c.literals import number, text

__all__ = ["LINKS", "Function", "link", "public_functions"]

# The inverse links by the names that ``out_activation_`` has.
LINKS = {
    "identity": "",
    "logistic": "apply(logistic, {}, {});",
    "exp": "apply(exp, {}, {});",
    "softmax": "softmax({}, {});",
    "quantiles": "quantiles({}, {});",
}


def link(name: str, outputs: str, n_outputs: int) -> list[str]:
    """Return what turns raw outputs into predictions.

    Examples
    --------
    >>> link("softmax", "raw", 3), link("identity", "raw", 3)
    (['softmax(raw, 3);'], [])
    """
    call = LINKS[name].format(outputs, n_outputs)
    return [call] if call else []


@dataclass(frozen=True)
class Function:
    """A function that others call.

    Parameters
    ----------
    comment : str
    head : str
    body : list of str
        Statements.
    usage : list of str
        How it is called.
    """

    comment: str
    head: str
    body: list[str]
    usage: list[str]

    def declaration(self) -> str:
        """Return what says that it is there."""
        return f"/* {self.comment} */\n{self.head};\n"

    def definition(self) -> str:
        """Return what it does."""
        return "\n    ".join([f"{self.head}\n{{", *self.body]) + "\n}\n"


@dataclass(frozen=True)
class _Row:
    """How functions take a row, and what they do with it first.

    Parameters
    ----------
    prefix : str
        Of the functions' names.
    parameter, argument : str
        See `Inputs`.
    n_inputs : int
    """

    prefix: str
    parameter: str
    argument: str
    n_inputs: int

    def predicted(self, outputs: str) -> list[str]:
        """Return statements that write what members predict on average."""
        return [
            f"double inputs[{max(self.n_inputs, 1)}];",
            f"encode({self.argument}, inputs);",
            f"predict(inputs, {outputs});",
        ]

    def passed(self) -> str:
        """Return what stands for a row in a call, as in the file's head."""
        return "&row" if self.argument == "row" else self.argument


def public_functions(model: Any, prefix: str, inputs: Any) -> list[Function]:
    """Return the functions of a model.

    Parameters
    ----------
    model : estimator
    prefix : str
        Of their names.
    inputs : Inputs
    """
    row = _Row(prefix, inputs.parameter, inputs.argument, inputs.n_inputs)
    return _of_classifier(model, row) if is_classifier(model) else _of_regressor(model, row)


# Classifiers -------------------------------------------------------------------------------------


def _of_classifier(model: Any, row: _Row) -> list[Function]:
    n_columns = 2 if model.n_outputs_ == 1 else model.n_outputs_
    is_multilabel = model._label_binarizer.y_type_ == "multilabel-indicator"
    what = "labels" if is_multilabel else "classes"
    if len(model.classes_) == 1:
        n_columns = 1
        body = [f"(void){row.argument};", "probabilities[0] = 1.0;"]
    else:
        body = [*row.predicted("probabilities"), *_tempered(model)]
        if model.n_outputs_ == 1:
            body += [
                "probabilities[1] = probabilities[0];",
                "probabilities[0] = 1.0 - probabilities[1];",
            ]
        highest = (
            "1.0 - DBL_EPSILON / 2.0" if model.out_activation_ == "logistic" else number(np.inf)
        )
        body.append(f"clip(probabilities, DBL_MIN, {highest}, {n_columns});")
    probabilities = Function(
        f"The probabilities of the {n_columns} {what}.",
        f"void {row.prefix}_predict_proba({row.parameter}, double *probabilities)",
        body,
        [
            f"double probabilities[{n_columns}];",
            f"{row.prefix}_predict_proba({row.passed()}, probabilities);",
        ],
    )
    if is_multilabel:
        return [probabilities]
    likeliest = Function(
        "The place of the most probable class.",
        f"int {row.prefix}_predict({row.parameter})",
        [
            f"double probabilities[{n_columns}];",
            f"{row.prefix}_predict_proba({row.argument}, probabilities);",
            f"return place_of_largest(probabilities, {n_columns});",
        ],
        [f"puts({row.prefix}_classes[{row.prefix}_predict({row.passed()})]);"],
    )
    return [probabilities, likeliest]


def _tempered(model: Any) -> list[str]:
    temperature = model._temperature
    if temperature == 1.0:
        return []
    name = "temper_classes" if model.out_activation_ == "softmax" else "temper"
    return [f"{name}(probabilities, {model.n_outputs_}, {number(temperature)});"]


def class_names(model: Any, prefix: str) -> list[tuple[str, str]]:
    """Return the declaration and the definition of classes as text; of regressors nothing."""
    if not is_classifier(model):
        return []
    head = f"const char *const {prefix}_classes[{len(model.classes_)}]"
    wrong = [name for name in map(str, model.classes_.tolist()) if "\0" in name]
    if wrong:
        raise NotImplementedError(
            f"a class has a name that C cannot hold: strings end by the character 0, got "
            f"{wrong[0]!r}"
        )
    names = ",\n".join(f"    {text(str(name))}" for name in model.classes_.tolist())
    about = "/* What the classes are called. */"
    return [(f"{about}\nextern {head};\n", f"{head} = {{\n{names}\n}};\n")]


# Regressors --------------------------------------------------------------------------------------


def _of_regressor(model: Any, row: _Row) -> list[Function]:
    n = model.n_outputs_
    body = [*row.predicted("values"), *_in_own_units(getattr(model, "_unit", None), n)]
    name = f"{row.prefix}_predict"
    if n == 1:
        return [
            Function(
                "The predicted value.",
                f"double {name}({row.parameter})",
                ["double values[1];", *body, "return values[0];"],
                [f"double value = {name}({row.passed()});"],
            )
        ]
    what = "quantiles" if hasattr(model, "quantiles_") else "values"
    return [
        Function(
            f"The {n} predicted {what}.",
            f"void {name}({row.parameter}, double *values)",
            body,
            [f"double values[{n}];", f"{name}({row.passed()}, values);"],
        )
    ]


def _in_own_units(unit: dict[str, np.ndarray] | None, n_outputs: int) -> list[str]:
    """Return what takes values to the targets' own units, and into the range that was seen."""
    if unit is None:
        return []
    statements = []
    columns = {
        name: np.broadcast_to(np.asarray(values, float), n_outputs) for name, values in unit.items()
    }
    for j in range(n_outputs):
        centre, spread, lowest, highest = (
            number(columns[name][j]) for name in ("centre", "spread", "lowest", "highest")
        )
        statements += [
            f"values[{j}] = values[{j}] * {spread} + {centre};",
            f"clip(values + {j}, {lowest}, {highest}, 1);",
        ]
    return statements
