"""Networks of tables: rows go through in blocks of 16, so that no bit of one depends on others."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.blocks import PIECE_BYTES, as_blocks, slices
from sknumpynet.core.inference import MEMBERS_BLOCK_ENTRIES
from sknumpynet.core.layers.base import BLOCK_SAMPLES
from sknumpynet.core.types import FloatArray
from sknumpynet.export.python.parts.layers import Write

__all__ = ["Layer", "Network", "ensemble_outputs", "slices_of_rows"]


class Layer(NamedTuple):
    """A layer of the networks of some members.

    Parameters
    ----------
    write : callable(inputs, units)
    fan_out : int
    dtype : type
        What it computes in.
    """

    write: Write
    fan_out: int
    dtype: type[np.floating[Any]]


class Network(NamedTuple):
    """Networks of members that are alike.

    Parameters
    ----------
    members : range
        Their places among all.
    layers : list of Layer
    """

    members: range
    layers: list[Layer]


def network_outputs(network: Network, X: FloatArray) -> FloatArray:
    """Return raw outputs of shape (n_members, n_samples, n_outputs)."""
    n_members, layers = len(network.members), network.layers
    entries = n_members * BLOCK_SAMPLES * max(layer.fan_out for layer in layers)
    size = BLOCK_SAMPLES * max(PIECE_BYTES // (entries * np.float32().itemsize), 1)
    raw = []
    for rows in slices(len(X), size):
        outputs = as_blocks(X[rows], np.float32)
        n_blocks = len(outputs)
        for write, fan_out, dtype in layers:
            inputs = outputs.astype(dtype, copy=False)
            outputs = np.ones((n_members, n_blocks, fan_out + 1, BLOCK_SAMPLES), dtype)
            write(inputs, outputs[..., :-1, :])
        by_row = outputs[..., :-1, :].swapaxes(-1, -2)
        raw.append(by_row.reshape(n_members, -1, by_row.shape[-1])[:, : rows.stop - rows.start])
    return np.concatenate(raw, axis=1)


def ensemble_outputs(networks: Sequence[Network], X: FloatArray) -> FloatArray:
    """Return what all members make of rows, in double precision."""
    n_members = sum(len(network.members) for network in networks)
    raw: FloatArray = np.empty((n_members, len(X), networks[0].layers[-1].fan_out))
    for network in networks:
        raw[network.members] = network_outputs(network, X)
    return raw


def slices_of_rows(n_rows: int, entries_of_row: int) -> list[slice]:
    """Return rows of which all members together predict not too much at once."""
    return list(slices(n_rows, max(MEMBERS_BLOCK_ENTRIES // entries_of_row, 1)))
