"""Prediction in blocks of 16 samples, each the same to the bit wherever it stands.

In single precision the bits of a matrix product depend on its size and, in wide ones, on the place
of a column in it: a row's prediction would depend, at 1e-7, on how many rows are beside it. So
samples are the columns of blocks of one size, of which the last is padded, and a stack of blocks
goes through every layer at once. On each of OpenBLAS's kernels for x86 columns of 16 have the same
bits at every place, of 32 they have not; blocks of 8 take 1.4 times as long. What was not tried,
`is_the_same_everywhere` tries, and layers that fail compute in double precision.
"""

import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.core.layers import Layer, Scratch, with_ones
from sknumpynet.core.layers.base import BLOCK_SAMPLES
from sknumpynet.core.network import Network
from sknumpynet.core.types import FloatArray

__all__ = ["as_blocks", "is_the_same_everywhere", "outputs_in_blocks", "slices"]

# The widest activations of some blocks and members take about this many bytes. With half of it
# 2,500 rows of 400 numbers take 34 instead of 29 ms, as weights come from farther away more often.
PIECE_BYTES = 2**19

# So many that a function which takes another way for arrays of 1,000 entries takes it.
MANY_BLOCKS = 64


def outputs_in_blocks(network: Network, parameters: FloatArray, X: FloatArray) -> FloatArray:
    """Return a network's raw outputs for rows of X.

    Parameters
    ----------
    network : Network
    parameters : ndarray of shape (..., P)
    X : ndarray of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (..., n_samples, n_outputs)

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.core.layers import Scale
    >>> outputs_in_blocks(Network((Scale(1),)), np.array([2.0]), np.array([[3.0]]))
    array([[6.]])
    """
    n_samples, n_outputs = len(X), network.fan_out
    # An axis for the blocks, along which parameters are broadcast.
    stack = parameters.reshape(-1, 1, network.layout.size)
    types = dtypes_of(network, parameters.dtype)
    n_members, n_blocks = _size_of_piece(network, len(stack), n_samples, max(types))
    shapes = [(n_members, n_blocks, own.fan_out + 1, BLOCK_SAMPLES) for own in network.layers]
    buffers = _memory.outputs.arrays(shapes, types)
    for buffer in buffers:
        buffer[..., -1, :] = 1.0
    raw: FloatArray = np.empty((len(stack), n_samples, n_outputs), types[-1])
    for rows in slices(n_samples, n_blocks * BLOCK_SAMPLES):
        blocks = as_blocks(X[rows], parameters.dtype)
        for members in slices(len(stack), n_members):
            outputs = _propagated(network, stack[members], blocks, buffers)
            by_row = outputs.swapaxes(-1, -2).reshape(len(outputs), -1, n_outputs)
            raw[members, rows] = by_row[:, : len(X[rows])]
    return raw.reshape(*parameters.shape[:-1], n_samples, n_outputs)


class _Memory(threading.local):
    """What a thread computes in: some megabytes that it keeps, as new ones cost a page fault each.

    600 rows of one network take 0.8 instead of 1.3 ms.
    """

    def __init__(self) -> None:
        self.outputs, self.scratch = Scratch(), Scratch()


_memory = _Memory()


def _propagated(
    network: Network, parameters: FloatArray, blocks: FloatArray, buffers: list[FloatArray]
) -> FloatArray:
    """Return the raw outputs of a piece, shape (n_members, n_blocks, n_outputs, 16).

    Layers write to buffers that have room for any piece, in the type that each computes in.
    """
    outputs, views = blocks, network.layout.views(parameters)
    for layer, view, buffer in zip(network.layers, views, buffers, strict=True):
        inputs = outputs.astype(buffer.dtype, copy=False)
        outputs = buffer[: len(parameters), : len(blocks)]
        own = view.astype(buffer.dtype, copy=False)
        layer.write(own, inputs, outputs[..., :-1, :], _memory.scratch)
    return outputs[..., :-1, :]


def _size_of_piece(
    network: Network, n_members: int, n_samples: int, dtype: np.dtype[Any]
) -> tuple[int, int]:
    """Return how many members take how many blocks at once: all members, if blocks are few."""
    widest = max(layer.fan_out for layer in network.layers)
    size = max(PIECE_BYTES // (dtype.itemsize * BLOCK_SAMPLES * widest), 1)
    n_blocks = min(max(-(-n_samples // BLOCK_SAMPLES), 1), size)
    return min(size // n_blocks, n_members), n_blocks


def as_blocks(X: FloatArray, dtype: npt.DTypeLike) -> FloatArray:
    """Return rows of data as blocks of columns with a last row of ones.

    The last block repeats the last row: zeros could raise warnings that no row does.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    dtype : dtype

    Returns
    -------
    ndarray of shape (n_blocks, n_features + 1, 16)

    Examples
    --------
    >>> import numpy as np
    >>> as_blocks(np.ones((37, 2)), float).shape
    (3, 3, 16)
    """
    n_samples, n_features = X.shape
    n_full, n_left = divmod(n_samples, BLOCK_SAMPLES)
    blocks = with_ones((n_full + (n_left > 0),), n_features, BLOCK_SAMPLES, dtype)
    full = X[: n_full * BLOCK_SAMPLES].reshape(n_full, BLOCK_SAMPLES, n_features)
    blocks[:n_full, :-1] = full.swapaxes(-1, -2)
    if n_left:
        last = X[n_full * BLOCK_SAMPLES :].T
        blocks[-1, :-1, :n_left], blocks[-1, :-1, n_left:] = last, last[:, -1:]
    return blocks


@lru_cache
def dtypes_of(network: Network, dtype: np.dtype[Any]) -> list[np.dtype[Any]]:
    """Return what layers compute in: double precision where the place of a sample shows."""
    double = np.dtype(np.float64)
    return [dtype if is_the_same_everywhere(own, dtype) else double for own in network.layers]


@lru_cache
def is_the_same_everywhere(layer: Layer, dtype: np.dtype[Any]) -> bool:
    """Return whether a sample has the same bits at every place of a block, beside few and many.

    Tried on this machine once a process, on random numbers.

    Parameters
    ----------
    layer : Layer
    dtype : dtype

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.core.layers import Scale
    >>> is_the_same_everywhere(Scale(3), np.dtype(np.float32))
    True
    """
    source = np.random.default_rng(0)
    parameters = source.random(layer.parameter_shape, np.float32).astype(dtype) - dtype.type(0.5)
    inputs = np.ones((1, layer.fan_in + 1, BLOCK_SAMPLES), dtype)
    inputs[:, :-1] = source.random((layer.fan_in, 1), np.float32)
    outputs = layer.apply(parameters, inputs)[..., :1]
    return all(
        bool((layer.apply(parameters, inputs.repeat(n, axis=0)) == outputs).all())
        for n in (1, MANY_BLOCKS)
    )


def slices(n: int, size: int) -> Iterator[slice]:
    """Return slices of so many of n, of which the last may be shorter.

    Examples
    --------
    >>> [(own.start, own.stop) for own in slices(7, 3)]
    [(0, 3), (3, 6), (6, 7)]
    """
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
