"""Layers: each writes to units what they are for inputs, samples are columns."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.layers.periodic import write_parabolas
from sknumpynet.core.types import FloatArray, IntArray

__all__ = [
    "Section",
    "concatenated",
    "cosines",
    "dense",
    "level_table",
    "looked_up",
    "mixtures",
    "parabolas",
    "passed_on",
    "ramps",
    "scaled_by",
    "selected",
]

Write = Callable[[FloatArray, FloatArray], None]


def dense(
    weights: FloatArray,
    activation: Callable[[FloatArray], None] | None,
    ends: Sequence[int],
    inputs: FloatArray,
    units: FloatArray,
) -> None:
    """Multiply by weights, whose last row is the biases, and activate.

    Parameters
    ----------
    weights : ndarray of shape (n_members, 1, fan_in + 1, fan_out)
    activation : callable(units) or None
        Works in place.
    ends : sequence of int
        Where the inputs are cut whose products are added up.
    inputs : ndarray of shape (..., n_blocks, fan_in + 1, 16)
    units : ndarray of shape (n_members, n_blocks, fan_out, 16)
    """
    transposed = weights.swapaxes(-1, -2)
    np.matmul(transposed[..., : ends[0]], inputs[..., : ends[0], :], out=units)
    for start, end in pairwise(ends):
        units += np.matmul(transposed[..., start:end], inputs[..., start:end, :])
    if activation is not None:
        # In long stretches: a block's rows of samples are short.
        activation(units.reshape(*units.shape[:-2], math.prod(units.shape[-2:])))


def scaled_by(factors: FloatArray, inputs: FloatArray, units: FloatArray) -> None:
    """Multiply each row by its factor, of shape (n_members, 1, fan_in, 1)."""
    np.multiply(inputs[..., : units.shape[-2], :], factors, out=units)


def passed_on(inputs: FloatArray, units: FloatArray) -> None:
    """Pass on what comes in."""
    units[...] = inputs[..., : units.shape[-2], :]


def selected(columns: IntArray, inputs: FloatArray, units: FloatArray) -> None:
    """Pass on the columns that each member sees, of shape (n_members, fan_out)."""
    data = np.broadcast_to(inputs, (*units.shape[:-2], *inputs.shape[-2:]))
    for own_columns, own_data, own in zip(columns, data, units, strict=True):
        own[...] = own_data[..., own_columns, :]


def looked_up(
    vectors: FloatArray, first_vectors: IntArray, inputs: FloatArray, units: FloatArray
) -> None:
    """Write the vectors of codes, a column's after another's.

    Parameters
    ----------
    vectors : ndarray of shape (n_members * n_vectors, length)
    first_vectors : ndarray of shape (n_members, 1, n_columns, 1)
        Where those of each member's column of codes begin.
    inputs : ndarray of shape (..., n_blocks, n_columns, 16)
    units : ndarray of shape (n_members, n_blocks, n_columns * length, 16)
    """
    n_columns, length = first_vectors.shape[-2], vectors.shape[-1]
    places = inputs[..., :n_columns, :].astype(np.intp) + first_vectors
    by_column = units.reshape(*units.shape[:2], n_columns, length, units.shape[-1])
    by_column[...] = vectors.take(places, axis=0).swapaxes(-1, -2)


def level_table(
    vectors: FloatArray, first_vectors: IntArray, inputs: FloatArray, units: FloatArray
) -> None:
    """Pass on all columns but the last, of which the vectors of codes are written."""
    n_passed_on = units.shape[-2] - first_vectors.shape[-2] * vectors.shape[-1]
    units[..., :n_passed_on, :] = inputs[..., :n_passed_on, :]
    looked_up(vectors, first_vectors, inputs[..., n_passed_on:, :], units[..., n_passed_on:, :])


def mixtures(
    functions: FloatArray,
    weights: FloatArray,
    write_values: Callable[[FloatArray], None],
    inputs: FloatArray,
    units: FloatArray,
) -> None:
    """Write mixtures of functions of each feature, and the features.

    Parameters
    ----------
    functions : ndarray of shape (n_members, 1, n_features, n_functions, 2)
        The slope and the offset of each function's argument.
    weights : ndarray of shape (n_members, 1, n_features, n_functions, n_mixtures)
    write_values : callable(arguments)
        Puts functions in the place of their arguments.
    inputs : ndarray of shape (..., n_blocks, n_features, 16)
    units : ndarray of shape (n_members, n_blocks, n_features * (n_mixtures + 1), 16)
    """
    n_features, n_mixtures = weights.shape[-3], weights.shape[-1]
    n_mixed = n_features * n_mixtures
    inputs = inputs[..., :n_features, :]
    units[..., n_mixed:, :] = inputs
    features = np.ones((*inputs.shape[:-1], 2, inputs.shape[-1]), units.dtype)
    features[..., 0, :] = inputs
    values = np.matmul(functions, features)
    write_values(values)
    mixed = units[..., :n_mixed, :]
    mixed = mixed.reshape(*mixed.shape[:-2], n_features, n_mixtures, mixed.shape[-1])
    np.matmul(weights.swapaxes(-1, -2), values, out=mixed)


def ramps(arguments: FloatArray) -> None:
    """Let ramps go from -1/2 to 1/2."""
    np.clip(arguments, -0.5, 0.5, out=arguments)


def cosines(arguments: FloatArray) -> None:
    """Write waves of angles in radians."""
    np.cos(arguments, out=arguments)


def parabolas(arguments: FloatArray) -> None:
    """Write waves of angles in turns."""
    write_parabolas(arguments, np.empty_like(arguments), arguments)


class Section(NamedTuple):
    """A layer that takes some of the rows.

    Parameters
    ----------
    write : callable(inputs, units)
    takes, makes : slice
        Of the inputs, and of the units.
    """

    write: Write
    takes: slice
    makes: slice


def concatenated(parts: Sequence[Section], inputs: Any, units: Any) -> None:
    """Give every kind of column a layer of its own."""
    for write, takes, makes in parts:
        write(inputs[..., takes, :], units[..., makes, :])
