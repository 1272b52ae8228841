"""Which layers a network is put together from.

A new embedding is a layer, see `layers.base`, and a line in `_embeddings`.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NamedTuple, Self

import numpy as np

from sknumpynet.core.activations import ACTIVATIONS, activation_of
from sknumpynet.core.layers import (
    CategoryEmbedding,
    ColumnKind,
    ColumnLayer,
    ColumnSelection,
    Concatenate,
    Dense,
    Identity,
    Layer,
    LevelTable,
    MixtureEmbedding,
    MonotoneDense,
    MonotonePiecewiseEmbedding,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    PositiveScale,
    Scale,
    Wave,
)
from sknumpynet.core.network import Network

__all__ = ["Columns", "NumberEmbedding", "TableShape", "dense_network", "table_network"]

NumberEmbedding = Literal["periodic", "piecewise"]

# Biases learn more slowly than weights, as in Holzmüller et al., "Better by Default", NeurIPS 2024.
BIAS_LEARNING_RATE = 0.1


def dense_network(layer_sizes: Sequence[int], activation: Any | Sequence[Any]) -> Network:
    """Return a multilayer perceptron.

    Parameters
    ----------
    layer_sizes : sequence of int
        Features, units of each hidden layer, outputs.
    activation : str, object or list
        Of all hidden layers, see `activation_of`; a list has one for each.

    Raises
    ------
    ValueError
        For a list of another length than there are hidden layers.

    Examples
    --------
    >>> dense_network([2, 3, 1], "logistic").layout.size
    13
    """
    n_hidden = len(layer_sizes) - 2
    if isinstance(activation, list | tuple):
        if len(activation) != n_hidden:
            raise ValueError(
                f"activation must be one, or a list of one for each of the {n_hidden} hidden "
                f"layers, got {activation!r}"
            )
        hidden = [activation_of(own) for own in activation]
    else:
        hidden = [activation_of(activation)] * max(n_hidden, 1)
    gains = [2.0 if own.name == "logistic" else 6.0 for own in hidden] or [6.0]
    sizes = list(itertools.pairwise(layer_sizes))
    layers = [
        Dense(*size, own, gain)
        for size, own, gain in zip(sizes[:-1], hidden[:n_hidden], gains[:n_hidden], strict=True)
    ]
    # scikit-learn draws the output layer by the rule for the hidden ones.
    layers.append(Dense(*sizes[-1], ACTIVATIONS["identity"], gains[-1]))
    return Network(tuple(layers))


class Columns(NamedTuple):
    """What the columns of the data are, in this order.

    Parameters
    ----------
    n_numerical : int
        Numbers, which are embedded but for the first ``n_passed_on``.
    n_plain : int
        Flags and the like, which are passed on.
    n_codes : tuple of int
        For each column of codes how many there are.
    n_passed_on : int
        Numbers that are passed on as they are, because their ranks are embedded.
    """

    n_numerical: int
    n_plain: int
    n_codes: tuple[int, ...] = ()
    n_passed_on: int = 0

    @property
    def n_embedded(self) -> int:
        """Numbers that are embedded."""
        return self.n_numerical - self.n_passed_on


@dataclass(frozen=True)
class TableShape:
    """What a network for tables is put together by; a saved model holds it as plain numbers.

    Parameters
    ----------
    columns : Columns
    hidden_layer_sizes : tuple of int
    activation : str
        A key of ``ACTIVATIONS``.
    n_outputs : int
    n_frequencies, n_mixtures, sigmas, wave
        See `PeriodicEmbedding`. Models that were saved without a wave have cosines.
    embedding : {'periodic', 'piecewise'}
        What numbers are embedded by: of a `PiecewiseLinearEmbedding` ``n_frequencies`` are pieces.
    n_code_outputs : int
        Length of a vector, see `CategoryEmbedding`.
    kinds : tuple of ColumnKind
        Where each network sees a part of the columns: how many numbers and how many plain columns
        there are and are seen. Codes are seen by all.
    level_codes : tuple of int
        Where a network sees statistics of levels: for each column of codes that they are of, which
        are columns after all others, how many codes there are.
    n_statistics : int
        How many statistics a level has.
    directions : tuple of int
        Where outputs must rise (1) or fall (-1) with numbers or need not (0): for each number, as
        it is or as its rank. Such a network embeds by pieces, sees all columns, and has an
        activation that rises.

    Examples
    --------
    >>> shape = TableShape(Columns(3, 2, (100,)), (16,), "mish", 1)
    >>> TableShape.from_plain(shape.to_plain()) == shape
    True
    """

    columns: Columns
    hidden_layer_sizes: tuple[int, ...]
    activation: str
    n_outputs: int
    n_frequencies: int = PeriodicEmbedding.n_frequencies
    n_mixtures: int = PeriodicEmbedding.n_mixtures
    n_code_outputs: int = CategoryEmbedding.length
    sigmas: tuple[float, float] = PeriodicEmbedding.sigmas
    wave: Wave = PeriodicEmbedding.wave
    kinds: tuple[ColumnKind, ...] = ()
    embedding: NumberEmbedding = "periodic"
    level_codes: tuple[int, ...] = ()
    n_statistics: int = 1
    directions: tuple[int, ...] = ()

    @property
    def seen(self) -> Columns:
        """The columns that a network sees."""
        if not self.kinds:
            return self.columns
        numbers, plain = self.kinds
        return self.columns._replace(
            n_numerical=numbers.n_seen * numbers.width,
            n_plain=plain.n_seen,
            n_passed_on=numbers.n_seen if self.columns.n_passed_on else 0,
        )

    def to_plain(self) -> dict[str, Any]:
        """Return it as numbers, names and lists of them."""
        n_numerical, n_plain, n_codes, n_passed_on = self.columns
        plain = {
            **asdict(self),
            "columns": [n_numerical, n_plain, list(n_codes), n_passed_on],
            "hidden_layer_sizes": list(self.hidden_layer_sizes),
            "kinds": [list(kind) for kind in self.kinds],
            "level_codes": list(self.level_codes),
            "directions": list(self.directions),
        }
        defaults: dict[str, Any] = {
            "kinds": [],
            "embedding": "periodic",
            "level_codes": [],
            "n_statistics": 1,
            "directions": [],
        }
        for name, default in defaults.items():
            if plain[name] == default:  # as versions without it saved it
                del plain[name]
        return plain

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Return what `to_plain` was called on."""
        n_numerical, n_plain, n_codes, *n_passed_on = plain["columns"]
        settings: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in plain.items()
        }
        settings.setdefault("wave", "cosine")
        settings["columns"] = Columns(n_numerical, n_plain, tuple(n_codes), *n_passed_on)
        settings["kinds"] = tuple(ColumnKind(*kind) for kind in plain.get("kinds", ()))
        return cls(**settings)


def table_network(shape: TableShape) -> Network:
    """Return a network that embeds columns by their kind.

    A dense layer's learning rate is divided by the root of its inputs, which for Adam is what the
    parametrisation ``z = x W / sqrt(fan_in) + b`` comes to [1]_.

    Parameters
    ----------
    shape : TableShape

    References
    ----------
    .. [1] Jacot et al., "Neural Tangent Kernel", NeurIPS 2018; for tables Holzmüller et al.,
       "Better by Default", NeurIPS 2024.

    Examples
    --------
    >>> shape = TableShape(Columns(3, 2, (100,)), (16,), "mish", 1)
    >>> network = table_network(shape)
    >>> [layer.fan_out for layer in network.layers]
    [22, 22, 16, 1]
    """
    embeddings = _embeddings(shape)
    n_inputs, n_hidden = embeddings.fan_out, len(shape.hidden_layer_sizes)
    sizes = [n_inputs, *shape.hidden_layer_sizes, shape.n_outputs]
    activations = [*[ACTIVATIONS[shape.activation]] * n_hidden, ACTIVATIONS["identity"]]
    dense = [
        Dense(
            fan_in,
            fan_out,
            own,
            learning_rate=1.0 / math.sqrt(max(fan_in, 1)),
            bias_learning_rate=BIAS_LEARNING_RATE,
        )
        for (fan_in, fan_out), own in zip(itertools.pairwise(sizes), activations, strict=True)
    ]
    scale = Scale(n_inputs)
    if shape.directions:
        scale, dense = PositiveScale(n_inputs), _directed(dense, shape, embeddings)
    layers: list[Layer] = [embeddings, scale, *dense]
    if shape.kinds:
        n_codes = len(shape.columns.n_codes)
        layers.insert(0, ColumnSelection((*shape.kinds, ColumnKind(n_codes, n_codes))))
    if shape.level_codes:
        columns = shape.columns
        n_passed_on = columns.n_numerical + columns.n_plain + len(columns.n_codes)
        layers.insert(0, LevelTable(n_passed_on, shape.level_codes, shape.n_statistics))
    return Network(tuple(layers))


def _embeddings(shape: TableShape) -> Concatenate:
    """Return what the columns that are seen become, each by its kind."""
    columns = shape.seen
    kinds: list[ColumnLayer] = []
    if columns.n_passed_on:
        kinds.append(Identity(columns.n_passed_on))
    if columns.n_embedded:
        kinds.append(_number_embedding(shape))
    if columns.n_plain:
        kinds.append(Identity(columns.n_plain))
    if columns.n_codes:
        kinds.append(CategoryEmbedding(columns.n_codes, shape.n_code_outputs))
    if shape.level_codes:
        kinds.append(Identity(len(shape.level_codes) * shape.n_statistics))
    return Concatenate(tuple(kinds) or (Identity(0),))


def _directed(dense: Sequence[Dense], shape: TableShape, embeddings: Concatenate) -> list[Dense]:
    """Return dense layers that lead the directions of numbers on to the outputs."""
    columns = np.zeros(embeddings.fan_in, int)
    columns[: len(shape.directions)] = shape.directions
    inputs = tuple(columns[embeddings.origins()].tolist())
    directed: list[Dense] = []
    for layer in dense:
        units = (1,) * layer.fan_out if layer is dense[-1] else _of_units(layer.fan_out, inputs)
        own = {field.name: getattr(layer, field.name) for field in fields(layer)}
        directed.append(MonotoneDense(**own, directions_in=inputs, directions_out=units))
        inputs = units
    return directed


def _of_units(n_units: int, inputs: tuple[int, ...]) -> tuple[int, ...]:
    """Return the directions of hidden units: half are free, if anything is, the others in turn."""
    n_free = n_units // 2 if 0 in inputs else 0
    n_directed = n_units - n_free
    return (0,) * n_free + (1,) * -(-n_directed // 2) + (-1,) * (n_directed // 2)


def _number_embedding(shape: TableShape) -> MixtureEmbedding:
    if shape.directions:
        embedded = shape.directions[shape.columns.n_passed_on :]
        return MonotonePiecewiseEmbedding(
            len(embedded),
            n_pieces=shape.n_frequencies,
            n_mixtures=shape.n_mixtures,
            is_monotone=tuple(direction != 0 for direction in embedded),
        )
    if shape.embedding == "piecewise":
        return PiecewiseLinearEmbedding(
            shape.seen.n_embedded, n_pieces=shape.n_frequencies, n_mixtures=shape.n_mixtures
        )
    return PeriodicEmbedding(
        shape.seen.n_embedded,
        n_frequencies=shape.n_frequencies,
        n_mixtures=shape.n_mixtures,
        sigmas=shape.sigmas,
        wave=shape.wave,
    )
