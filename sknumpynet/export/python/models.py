"""The lines of a module that are the model's own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from sknumpynet.core.activations import vectorised_logistic
from sknumpynet.core.blocks import dtypes_of
from sknumpynet.core.inference import member_mean
from sknumpynet.core.losses import LINKS, PREDICTIONS
from sknumpynet.estimators.targets import as_probabilities
from sknumpynet.export.models import ReadModel
from sknumpynet.export.python.layers import activation_text, layer_text
from sknumpynet.export.python.parts import networks, outputs, perceptrons, scalers
from sknumpynet.export.python.script import Call, Script, called, listed, named, quoted, written
from sknumpynet.export.python.tables import encoding_lines, rows_read

__all__ = ["SCALERS", "constant_lines", "encoder_lines", "network_lines", "output_lines"]


# How rows are read --------------------------------------------------------------------------------


def encoder_lines(script: Script, model: ReadModel) -> tuple[list[str], list[str]]:
    """Return what a module learned of columns, and a function that makes an array of rows."""
    if model.is_for_tables:
        shapes = model.estimator._shapes
        with_levels = any(own.get("level_codes") for own in shapes)
        preprocessor = model.estimator.preprocessor_
        return encoding_lines(
            script,
            preprocessor,
            model.names,
            had_names=model.has_names,
            with_levels=with_levels,
        )
    constants = list[str]()
    if model.preprocessor is not None:
        constants, lines = encoding_lines(
            script,
            model.preprocessor,
            model.names,
            had_names=model.has_names,
            with_levels=False,
        )
        lines[-1] = lines[-1].replace("return", "X =", 1)
    else:
        lines = [
            "def encoded(rows: Any) -> Any:",
            '    """Return rows as the network takes them."""',
            f"    X = {called(script.use(perceptrons.numeric_rows), *rows_read(model.has_names))}",
        ]
    for place, step in enumerate(model.scalers):
        lines.append(f"    X = {script.use(scalers.as_floats)}(X)")
        lines += SCALERS[type(step)](script, step, f"{type(step).__name__.lower()}{place}")
    return constants, [*lines, "    return X"]


def _standard_lines(script: Script, scaler: Any, name: str) -> list[str]:
    lines = []
    if scaler.with_mean:
        lines.append(f"    X -= {script.array(f'{name}_mean', scaler.mean_)}.astype(X.dtype)")
    if scaler.with_std:
        lines.append(f"    X /= {script.array(f'{name}_scale', scaler.scale_)}.astype(X.dtype)")
    return lines


def _min_max_lines(script: Script, scaler: Any, name: str) -> list[str]:
    lines = [
        f"    X *= {script.array(f'{name}_scale', scaler.scale_)}",
        f"    X += {script.array(f'{name}_min', scaler.min_)}",
    ]
    if scaler.clip:
        low, high = map(float, scaler.feature_range)
        lines.append(f"    np.clip(X, {low}, {high}, out=X)")
    return lines


def _robust_lines(script: Script, scaler: Any, name: str) -> list[str]:
    lines = []
    if scaler.with_centering:
        lines.append(f"    X -= {script.array(f'{name}_center', scaler.center_)}")
    if scaler.with_scaling:
        lines.append(f"    X /= {script.array(f'{name}_scale', scaler.scale_)}")
    return lines


def _max_abs_lines(script: Script, scaler: Any, name: str) -> list[str]:
    lines = [f"    X /= {script.array(f'{name}_scale', scaler.scale_)}"]
    if getattr(scaler, "clip", False):
        lines.append("    np.clip(X, -1.0, 1.0, out=X)")
    return lines


# By exact type: those of others may do more.
SCALERS: dict[type, Any] = {
    StandardScaler: _standard_lines,
    MinMaxScaler: _min_max_lines,
    RobustScaler: _robust_lines,
    MaxAbsScaler: _max_abs_lines,
}


# The networks -------------------------------------------------------------------------------------


def network_lines(script: Script, model: ReadModel) -> list[str]:
    """Return the networks as data."""
    return _table_networks(script, model) if model.is_for_tables else _perceptron(script, model)


def _perceptron(script: Script, model: ReadModel) -> list[str]:
    weights, biases = model.estimator.coefs_, model.estimator.intercepts_
    if weights[0].ndim == 3:
        biases = [bias[:, np.newaxis] for bias in biases]
    named_arrays = {
        "WEIGHTS = ": [script.array(f"weights{k}", own) for k, own in enumerate(weights)],
        "BIASES = ": [script.array(f"biases{k}", own) for k, own in enumerate(biases)],
    }
    activations = [activation_text(script, own) for own in model.estimator._activations()]
    return [
        *(written(named(name, listed(arrays))) for name, arrays in named_arrays.items()),
        "# Of the hidden layers.",
        written(named("ACTIVATIONS: list[Any] = ", listed(activations))),
    ]


def _table_networks(script: Script, model: ReadModel) -> list[str]:
    network, layer = script.use(networks.Network), script.use(networks.Layer)
    kinds, n_members = [], len(model.estimator.parameters_)
    for kind, (own, parameters, places) in enumerate(model.estimator._stacks()):
        members = range(n_members)[places]
        types, layers = dtypes_of(own, parameters.dtype), []
        views = own.layout.views(parameters)
        for place, (one, view, dtype) in enumerate(zip(own.layers, views, types, strict=True)):
            write = layer_text(script, f"network{kind}_layer{place}", one, view.astype(dtype))
            layers.append(called(layer, write, str(one.fan_out), f"np.{dtype.name}"))
        places_of = ", ".join(map(str, (members.start, members.stop, members.step)))
        kinds.append(called(network, f"range({places_of})", listed(layers)))
    return [written(named("NETWORKS = ", listed(kinds)))]


# What users call ----------------------------------------------------------------------------------


def output_lines(script: Script, model: ReadModel) -> list[list[str]]:
    """Return the functions that predict."""
    own = _classifier if is_classifier(model.estimator) else _regressor
    return [_mean_lines(script, model), *own(script, model)]


def _mean_lines(script: Script, model: ReadModel) -> list[str]:
    estimator, use = model.estimator, script.use
    if model.is_for_tables:
        raw = f"{use(networks.ensemble_outputs)}(NETWORKS, X[own])"
    else:
        raw = f"{use(perceptrons.perceptron_outputs)}(WEIGHTS, BIASES, ACTIVATIONS, X[own])"
    entries, name = estimator._n_fitted() * estimator.n_outputs_, estimator.out_activation_
    lines = [
        "def mean_outputs(rows: Any) -> Any:",
        '    """Return what members predict on average, a row for each."""',
        "    X, means = encoded(rows), []",
        f"    for own in {use(networks.slices_of_rows)}(len(X), {entries}):",
        f"        raw = {raw}",
    ]
    lines += _activation_lines(script, model)
    is_ensemble = model.is_for_tables or estimator.coefs_[0].ndim == 3
    if is_ensemble:
        lines.append(f"        raw = {use(member_mean)}(raw)")
    temperature = estimator._temperature
    if temperature != 1.0:
        lines.append(f"        raw = {use(LINKS[name])}(raw) / {temperature!r}")
        lines += _activation_lines(script, model)
    return [*lines, "        means.append(raw)", "    return np.concatenate(means)"]


def _activation_lines(script: Script, model: ReadModel) -> list[str]:
    name, use = model.estimator.out_activation_, script.use
    if name == "identity":
        return []
    if name == "logistic" and model.is_for_tables:
        return [f"        {use(vectorised_logistic)}(raw, raw)"]
    given = f"{use(outputs.finite)}(raw)" if name == "softmax" else "raw"
    return [f"        {use(outputs.activated)}({given}, {use(PREDICTIONS[name])})"]


def _classifier(script: Script, model: ReadModel) -> list[list[str]]:
    estimator = model.estimator
    kind, n_classes = estimator._label_binarizer.y_type_, len(estimator.classes_)
    if kind == "multiclass":
        labels = "CLASSES[mean_outputs(rows).argmax(axis=1)]"
        note = "the most probable class of each row"
    elif kind == "multilabel-indicator":
        labels = "(mean_outputs(rows) > 0.5).astype(int)"
        note = "1 for each label of each row that is more probable than not"
    else:
        found = "(mean_outputs(rows)[:, 0] > 0.5).astype(int)"
        labels = f"CLASSES[{found}]" if n_classes > 1 else f"CLASSES[0 * {found}]"
        note = "the more probable class of each row"
    probabilities = (
        f"{script.use(as_probabilities)}"
        f"(mean_outputs(rows), {n_classes}, {quoted(estimator.out_activation_)})"
    )
    return [
        [
            "def predict_proba(rows: Any) -> Any:",
            '    """Return the probability of each class, in the order of CLASSES.',
            "",
            *ROWS,
            f"    return {probabilities}",
        ],
        [
            "def predict(rows: Any) -> Any:",
            f'    """Return {note}, see `predict_proba`."""',
            f"    return {labels}",
        ],
    ]


ROWS = [
    "    Parameters",
    "    ----------",
    "    rows : dict, list of dict, frame or array",
    "        A dict of columns, or of the cells of one row; a list of such rows; a frame of any",
    "        library; or an array with COLUMNS in order.",
    '    """',
]


def _regressor(script: Script, model: ReadModel) -> list[list[str]]:
    lines = [
        "def predict(rows: Any) -> Any:",
        '    """Return what is predicted of each row.',
        "",
        *ROWS,
        "    values = mean_outputs(rows)",
    ]
    if model.is_for_tables:
        unit = model.estimator._unit
        arrays = {name: script.array(f"target_{name}", own) for name, own in unit.items()}
        lines += [
            f"    values = values * {arrays['spread']} + {arrays['centre']}",
            "    # Not beyond what was seen.",
            written(called("values = np.clip", "values", arrays["lowest"], arrays["highest"]), 4),
        ]
    if model.estimator.n_outputs_ == 1:
        lines.append("    values = values[:, 0]")
    return [[*lines, "    return values"]]


def constant_lines(model: ReadModel) -> Sequence[str]:
    """Return the columns and the classes.

    Raises
    ------
    NotImplementedError
        For labels that cannot be written.
    """
    lines = [written(named("COLUMNS = ", listed(map(quoted, model.names))))]
    if is_classifier(model.estimator):
        labels = np.asarray(model.estimator.classes_)
        wrong = [own for own in labels.tolist() if not isinstance(own, str | int | float | None)]
        if wrong or labels.dtype.kind not in "biufUO":
            raise NotImplementedError(
                f"labels that are neither text nor numbers have no form in a module, got {wrong}"
            )
        dtype = quoted(labels.dtype.str if labels.dtype.kind == "U" else labels.dtype.name)
        lines.append(
            written(Call("CLASSES = np.array([", [*map(quoted, labels.tolist())], f"], {dtype})"))
        )
    return lines
