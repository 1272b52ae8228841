"""Networks as functions in C, a call for each layer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sknumpynet.core.activations import ACTIVATIONS, AnyActivation
from sknumpynet.core.layers import (
    CategoryEmbedding,
    ColumnSelection,
    Concatenate,
    Dense,
    Identity,
    Layer,
    LevelTable,
    MonotoneDense,
    MonotonePiecewiseEmbedding,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    PositiveScale,
    Scale,
)
from sknumpynet.core.network import Network

__all__ = ["CALLS", "network_function"]


@dataclass(frozen=True)
class _Pointer:
    """A place in an array."""

    name: str
    offset: int = 0

    def __add__(self, n: int) -> "_Pointer":
        return replace(self, offset=self.offset + n)

    def __str__(self) -> str:
        return f"{self.name} + {self.offset}" if self.offset else self.name

    def __getitem__(self, n: int) -> str:
        return f"{self.name}[{self.offset + n}]"


@dataclass(frozen=True)
class _Place:
    """Where a layer's parameters, inputs and units lie."""

    parameters: _Pointer
    inputs: _Pointer
    units: _Pointer


def network_function(name: str, network: Network) -> str:
    """Return a function that writes a network's raw outputs.

    Parameters
    ----------
    name : str
        Of the function.
    network : Network

    Raises
    ------
    NotImplementedError
        For activations of one's own.

    Examples
    --------
    >>> from sknumpynet.core.architectures import dense_network
    >>> print(network_function("network", dense_network([2, 3, 1], "relu")))
    static void network(const parameter *p, const double *inputs, double *raw)
    {
        double odd[3];
        dense(p, inputs, 2, odd, 3);
        apply(relu, odd, 3);
        dense(p + 9, odd, 3, raw, 1);
    }
    """
    last = len(network.layers) - 1
    widths: dict[str, int] = {}
    calls: list[str] = []
    inputs = _Pointer("inputs")
    for k, (layer, part) in enumerate(zip(network.layers, network.layout.slices, strict=True)):
        units = _Pointer("raw" if k == last else ("odd", "even")[k % 2])
        if k < last:
            widths[units.name] = max(widths.get(units.name, 0), layer.fan_out)
        calls += _calls(layer, _Place(_Pointer("p", part.start), inputs, units))
        inputs = units
    # C has no arrays of length 0, and compilers warn of one that nobody writes to.
    buffers = [
        f"double {own}[{width}];" if width else f"double {own}[1] = {{0.0}};"
        for own, width in widths.items()
    ]
    head = f"static void {name}(const parameter *p, const double *inputs, double *raw)"
    return "\n    ".join([f"{head}\n{{", *buffers, *calls]) + "\n}"


def _calls(layer: Layer, place: _Place) -> list[str]:
    return CALLS[type(layer)](layer, place)


def _dense(layer: Dense, place: _Place) -> list[str]:
    calls = [
        f"dense({place.parameters}, {place.inputs}, {layer.fan_in}, {place.units}, "
        f"{layer.fan_out});"
    ]
    if layer.activation is not ACTIVATIONS["identity"]:
        calls.append(f"apply({_function(layer.activation)}, {place.units}, {layer.fan_out});")
    return calls


def _function(activation: AnyActivation) -> str:
    """Return what `functions.c` calls an activation."""
    if ACTIVATIONS.get(activation.name) is not activation:
        raise NotImplementedError(
            f"an activation of one's own has no form in C, got {activation.name!r}: take one of "
            f"{list(ACTIVATIONS)}"
        )
    return activation.name


def _concatenate(layer: Concatenate, place: _Place) -> list[str]:
    calls = []
    parts = zip(layer.layers, layer.layout.slices, layer.rows, strict=True)
    for own, parameters, (taken, made) in parts:
        calls += _calls(
            own,
            _Place(
                place.parameters + parameters.start,
                place.inputs + taken.start,
                place.units + made.start,
            ),
        )
    return calls


def _identity(layer: Identity, place: _Place) -> list[str]:
    return _copied(place, layer.fan_in)


def _copied(place: _Place, n: int) -> list[str]:
    return [f"copy({place.inputs}, {place.units}, {n});"]


def _scale(layer: Scale, place: _Place) -> list[str]:
    return [f"scale({place.parameters}, {place.inputs}, {place.units}, {layer.fan_in});"]


def _mixtures(
    function: str, layer: PeriodicEmbedding | PiecewiseLinearEmbedding, place: _Place
) -> list[str]:
    return [
        f"mixtures({place.parameters}, {function}, {layer.n_functions}, {layer.n_mixtures}, "
        f"{place.inputs}, {layer.fan_in}, {place.units});"
    ]


def _periodic(layer: PeriodicEmbedding, place: _Place) -> list[str]:
    return _mixtures("cos" if layer.wave == "cosine" else "parabola", layer, place)


def _piecewise(layer: PiecewiseLinearEmbedding, place: _Place) -> list[str]:
    return _mixtures("ramp", layer, place)


def _categories(layer: CategoryEmbedding, place: _Place) -> list[str]:
    return [
        f"look_up({place.parameters + int(first) * layer.length}, {place.inputs[k]}, "
        f"{place.units + k * layer.length}, {layer.length});"
        for k, first in enumerate(layer.first_vectors)
    ]


def _level_table(layer: LevelTable, place: _Place) -> list[str]:
    n = layer.n_passed_on
    looked_up = replace(place, inputs=place.inputs + n, units=place.units + n)
    return [*_copied(place, n), *_categories(layer.lookup, looked_up)]


def _selection(layer: ColumnSelection, place: _Place) -> list[str]:
    return [f"select_columns({place.parameters}, {place.inputs}, {place.units}, {layer.fan_out});"]


# What each kind of layer is in C.
CALLS: dict[type[Any], Callable[[Any, _Place], list[str]]] = {
    CategoryEmbedding: _categories,
    ColumnSelection: _selection,
    Concatenate: _concatenate,
    Dense: _dense,
    Identity: _identity,
    LevelTable: _level_table,
    MonotoneDense: _dense,
    MonotonePiecewiseEmbedding: _piecewise,
    PeriodicEmbedding: _periodic,
    PiecewiseLinearEmbedding: _piecewise,
    PositiveScale: _scale,
    Scale: _scale,
}
