"""How a network is built, and what of its parameters an estimator keeps to predict with."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.core.architectures import TableShape, dense_network, table_network
from sknumpynet.core.layers import ColumnKind
from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network

__all__ = ["NetworkSpec", "PerceptronSpec", "TableNetworkSpec", "kinds_seen"]

# What the columns that a network sees become is at most so much: 500 numbers, which come without
# ranks. Of bioresponse's 1,776 columns, default preset, 250 give a log loss of 0.449 in 35 s, 500
# of 0.435 in 59.
MOST_INPUTS = 2_000


class NetworkSpec(ABC):
    """One kind of network, with its sizes."""

    @abstractmethod
    def build(self) -> tuple[Network, ...]:
        """Return the network of each kind of member."""

    @abstractmethod
    def attributes(
        self, networks: Sequence[Network], loss: Loss, parameters: np.ndarray
    ) -> dict[str, Any]:
        """Return the fitted attributes that predict, all of them copies.

        Parameters
        ----------
        networks : sequence of Network
            Of those that were built, what members are in turn.
        loss : Loss
        parameters : ndarray of shape (P,) or (K, P)
        """


@dataclass(frozen=True)
class PerceptronSpec(NetworkSpec):
    """Dense layers.

    Parameters
    ----------
    layer_sizes : list of int
        Features, units of each hidden layer, outputs.
    activation : str, object or list
        See `dense_network`.
    """

    layer_sizes: list[int]
    activation: Any

    def build(self) -> tuple[Network, ...]:
        """Return the network."""
        return (dense_network(self.layer_sizes, self.activation),)

    def attributes(
        self, networks: Sequence[Network], loss: Loss, parameters: np.ndarray
    ) -> dict[str, Any]:
        """Return weights and biases, layer by layer."""
        (network,) = networks
        coefs, biases = network.layout.unpack(parameters)
        # Not `activation`: that is a parameter, which may be set for the next fit.
        activations = [getattr(own, "function", own.name) for own in network.hidden_activations]
        return {
            "coefs_": coefs,
            "intercepts_": [bias[..., 0, :] for bias in biases],
            "n_layers_": len(network.layers) + 1,
            "n_outputs_": network.fan_out,
            "out_activation_": loss.output_activation,
            "_hidden_activations": tuple(activations),
        }


def kinds_seen(shape: TableShape) -> tuple[ColumnKind, ...]:
    """Return how many numbers and plain columns a network sees, nothing where it sees all.

    What columns become has a bound, by which a flag or a level is cheaper than a number. Of both
    the same part is seen. Codes are seen by all, and take up to half of the bound.

    Parameters
    ----------
    shape : TableShape

    Examples
    --------
    >>> from sknumpynet.core.architectures import Columns
    >>> columns = Columns(2_000, 1_000, n_passed_on=1_000)
    >>> shape = TableShape(columns, (64, 64), "mish", 1)
    >>> [kind.n_seen for kind in kinds_seen(shape)]
    [334, 334]
    """
    columns = shape.columns
    rest = max(MOST_INPUTS - len(columns.n_codes) * shape.n_code_outputs, MOST_INPUTS // 2)
    of_embedded = columns.n_embedded * (shape.n_mixtures + 1)
    part = rest / max(of_embedded + columns.n_passed_on + columns.n_plain, 1)
    if part >= 1:
        return ()
    width = 2 if columns.n_passed_on else 1  # of a number, with its rank
    n_numbers = columns.n_numerical // width
    return (
        ColumnKind(n_numbers, math.ceil(part * n_numbers), width),
        ColumnKind(columns.n_plain, math.ceil(part * columns.n_plain)),
    )


@dataclass(frozen=True)
class TableNetworkSpec(NetworkSpec):
    """Embedded columns, then dense layers.

    Parameters
    ----------
    shapes : tuple of TableShape
        What kinds of members there are; they differ in how they embed.
    """

    shapes: tuple[TableShape, ...]

    def build(self) -> tuple[Network, ...]:
        """Return the networks."""
        return tuple(table_network(shape) for shape in self.shapes)

    def attributes(
        self, networks: Sequence[Network], loss: Loss, parameters: np.ndarray
    ) -> dict[str, Any]:
        """Return the parameters as they are, a row for each network."""
        shapes = dict(zip(self.build(), self.shapes, strict=True))
        return {
            "parameters_": np.array(parameters, ndmin=2),
            "n_outputs_": networks[0].fan_out,
            "out_activation_": loss.output_activation,
            # As plain numbers, so that a saved model needs no class of the engine.
            "_shapes": [shapes[network].to_plain() for network in networks],
        }
