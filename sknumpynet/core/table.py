"""The network for tables: embeddings of the columns, a learned scale, dense layers."""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.layers import (
    CategoryEmbedding,
    Concatenate,
    Dense,
    Identity,
    Layer,
    PeriodicEmbedding,
    Scale,
)
from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network

__all__ = ["Columns", "table_network"]

# Biases learn more slowly than weights, as in Holzmüller et al., "Better by Default", NeurIPS 2024.
BIAS_LEARNING_RATE = 0.1


class Columns(NamedTuple):
    """What the columns of the data are, in this order.

    Parameters
    ----------
    n_numerical : int
        Numbers, which are embedded.
    n_plain : int
        Flags and the like, which are passed on.
    n_codes : tuple of int
        For each column of codes how many there are.
    """

    n_numerical: int
    n_plain: int
    n_codes: tuple[int, ...] = ()


def table_network(
    columns: Columns,
    hidden_layer_sizes: Sequence[int],
    activation: str,
    n_outputs: int,
    loss: Loss,
    *,
    n_frequencies: int = 16,
    n_mixtures: int = 3,
    n_code_outputs: int = 8,
    sigmas: tuple[float, float] = (0.15, 0.45),
) -> Network:
    """Return a network that embeds columns by their kind.

    A layer's learning rate is divided by the root of its inputs, which for Adam is what the
    parametrisation ``z = x W / sqrt(fan_in) + b`` comes to [1]_.

    Parameters
    ----------
    columns : Columns
    hidden_layer_sizes : sequence of int
    activation : str
        A key of ``ACTIVATIONS``.
    n_outputs : int
    loss : Loss
    n_frequencies, n_mixtures, sigmas
        See `PeriodicEmbedding`.
    n_code_outputs : int
        See `CategoryEmbedding`.

    References
    ----------
    .. [1] Jacot et al., "Neural Tangent Kernel", NeurIPS 2018; for tables Holzmüller et al.,
       "Better by Default", NeurIPS 2024.

    Examples
    --------
    >>> from sknumpynet.core.losses import LOSSES
    >>> network = table_network(Columns(3, 2, (100,)), [16], "mish", 1, LOSSES["squared_error"])
    >>> [layer.fan_out for layer in network.layers]
    [22, 22, 16, 1]
    """
    kinds: list[Layer] = []
    if columns.n_numerical:
        kinds.append(
            PeriodicEmbedding(
                columns.n_numerical,
                n_frequencies=n_frequencies,
                n_mixtures=n_mixtures,
                sigmas=sigmas,
            )
        )
    if columns.n_plain:
        kinds.append(Identity(columns.n_plain))
    kinds += [CategoryEmbedding(n_codes, n_code_outputs) for n_codes in columns.n_codes]
    embeddings = Concatenate(tuple(kinds) or (Identity(0),))
    n_inputs = embeddings.fan_out
    sizes = [n_inputs, *hidden_layer_sizes, n_outputs]
    activations = [*[ACTIVATIONS[activation]] * len(hidden_layer_sizes), ACTIVATIONS["identity"]]
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
    return Network((embeddings, Scale(n_inputs), *dense), loss)
