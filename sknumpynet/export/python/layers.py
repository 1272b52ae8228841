"""Layers of networks for tables as lines of a module."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.activations import AnyActivation, CustomActivation
from sknumpynet.core.layers import (
    CategoryEmbedding,
    ColumnSelection,
    Concatenate,
    Dense,
    Identity,
    LevelTable,
    MonotoneDense,
    MonotonePiecewiseEmbedding,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    PositiveScale,
    Scale,
)
from sknumpynet.core.layers.base import BLOCK_SAMPLES
from sknumpynet.core.layers.dense import slices_of_inputs
from sknumpynet.core.layers.mixture import MixtureEmbedding
from sknumpynet.core.types import FloatArray
from sknumpynet.export.python.parts import layers as parts
from sknumpynet.export.python.script import Call, Script, called, listed

__all__ = ["FORMS", "activation_text", "layer_text"]


class Member(NamedTuple):
    """A layer of the networks of some members.

    Parameters
    ----------
    name : str
        What its arrays are called after.
    layer : Layer
    parameters : ndarray of shape ``(n_members, *layer.parameter_shape)``
        In the type that the layer computes in.
    """

    name: str
    layer: Any
    parameters: FloatArray


def activation_text(script: Script, activation: AnyActivation) -> str:
    """Return what stands for an activation that works in place.

    Raises
    ------
    NotImplementedError
        For one of a user's own.
    """
    if isinstance(activation, CustomActivation):
        raise NotImplementedError(
            f"the activation {activation.name!r} is one of your own, whose code an exported "
            "module does not have"
        )
    return "None" if activation.name == "identity" else script.use(activation.apply)


def layer_text(script: Script, name: str, layer: Any, parameters: FloatArray) -> str | Call:
    """Return what stands for a layer: a function of inputs, and of units that it writes.

    Parameters
    ----------
    script : Script
    name : str
        What its arrays are called after.
    layer : Layer
    parameters : ndarray of shape ``(n_members, *layer.parameter_shape)``
        In the type that the layer computes in.

    Raises
    ------
    NotImplementedError
        For layers that have no form in a module.
    """
    if type(layer) not in FORMS:
        raise NotImplementedError(
            f"the layer {layer} has no form in a module that needs NumPy only"
        )
    return FORMS[type(layer)](script, Member(name, layer, parameters))


def _of_members(parameters: FloatArray) -> FloatArray:
    """Return parameters with an axis for the blocks, along which they are broadcast."""
    return parameters[:, np.newaxis]


def _dense(script: Script, own: Member) -> str | Call:
    slices = slices_of_inputs(own.layer.fan_in + 1, own.layer.fan_out, BLOCK_SAMPLES)
    weights = script.array(f"{own.name}_weights", _of_members(own.parameters))
    activation = activation_text(script, own.layer.activation)
    ends = [part.stop for part in slices]
    return called("partial", script.use(parts.dense), weights, activation, str(ends))


def _scale(script: Script, own: Member) -> str | Call:
    factors = script.array(f"{own.name}_factors", _of_members(own.parameters)[..., np.newaxis])
    repeated = f"{factors}.repeat({BLOCK_SAMPLES}, axis=-1)"
    return called("partial", script.use(parts.scaled_by), repeated)


def _identity(script: Script, own: Member) -> str | Call:
    return script.use(parts.passed_on)


def _selection(script: Script, own: Member) -> str | Call:
    columns = script.array(f"{own.name}_columns", own.layer.columns(own.parameters))
    return called("partial", script.use(parts.selected), columns)


def _category(script: Script, own: Member) -> str | Call:
    return _looked_up(script, own, own.layer, parts.looked_up)


def _level_table(script: Script, own: Member) -> str | Call:
    return _looked_up(script, own, own.layer.lookup, parts.level_table)


def _looked_up(script: Script, own: Member, lookup: Any, write: Callable[..., Any]) -> str | Call:
    n_members, n_vectors, length = own.parameters.shape
    of_member = n_vectors * np.arange(n_members)[:, np.newaxis, np.newaxis, np.newaxis]
    first = of_member + lookup.first_vectors[:, np.newaxis]
    arrays = [
        script.array(f"{own.name}_vectors", own.parameters.reshape(-1, length)),
        script.array(f"{own.name}_first_vectors", first),
    ]
    return called("partial", script.use(write), *arrays)


def _mixtures(script: Script, own: Member, values: Callable[[FloatArray], None]) -> str | Call:
    layer: MixtureEmbedding = own.layer
    functions, weights = layer.views(own.parameters)
    arrays = [
        script.array(f"{own.name}_functions", _of_members(functions)),
        script.array(f"{own.name}_weights", _of_members(weights * layer.height)),
    ]
    return called("partial", script.use(parts.mixtures), *arrays, script.use(values))


def _piecewise(script: Script, own: Member) -> str | Call:
    return _mixtures(script, own, parts.ramps)


def _periodic(script: Script, own: Member) -> str | Call:
    values = parts.cosines if own.layer.wave == "cosine" else parts.parabolas
    return _mixtures(script, own, values)


def _concatenate(script: Script, own: Member) -> str | Call:
    sections = []
    views = own.layer.layout.views(own.parameters)
    for k, (layer, view) in enumerate(zip(own.layer.layers, views, strict=True)):
        write = layer_text(script, f"{own.name}_{k}", layer, view)
        rows = [f"slice({rows.start}, {rows.stop})" for rows in own.layer.rows[k]]
        sections.append(called(script.use(parts.Section), write, *rows))
    return called("partial", script.use(parts.concatenated), listed(sections))


# Each layer's, by its exact type.
FORMS: dict[type, Callable[[Script, Member], str | Call]] = {
    Dense: _dense,
    MonotoneDense: _dense,
    Scale: _scale,
    PositiveScale: _scale,
    Identity: _identity,
    ColumnSelection: _selection,
    CategoryEmbedding: _category,
    LevelTable: _level_table,
    PiecewiseLinearEmbedding: _piecewise,
    MonotonePiecewiseEmbedding: _piecewise,
    PeriodicEmbedding: _periodic,
    Concatenate: _concatenate,
}
