"""Parameters that take one value or a list, checked against the network."""

from numbers import Integral, Real
from typing import Any

import numpy as np

from sknumpynet.core.network import Network

__all__ = ["checked_dropout", "checked_hidden_layer_sizes"]


def checked_hidden_layer_sizes(sizes: Any) -> list[int]:
    """Return the units of each hidden layer from what is given for ``hidden_layer_sizes``.

    Raises
    ------
    ValueError
        For anything but positive integers.
    """
    sizes = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
    if not all(isinstance(size, Integral) and not isinstance(size, bool) for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be integers, got {sizes}.")
    if any(size <= 0 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return [int(size) for size in sizes]


def checked_dropout(dropout: Any, network: Network) -> tuple[float, ...]:
    """Return the rate of each hidden layer, nothing if all are 0.

    Raises
    ------
    ValueError
        For anything but rates in [0, 1), one or as many as hidden layers.
    """
    n_hidden = len(network.dense_layers) - 1
    rates = np.ravel(dropout).tolist()
    if np.ndim(dropout) == 0:
        rates = rates * n_hidden
    if len(rates) != n_hidden or not all(
        isinstance(rate, Real) and 0 <= float(rate) < 1 for rate in rates
    ):
        raise ValueError(
            "dropout must be a number in [0, 1) or one for each of the "
            f"{n_hidden} hidden layers, got {dropout!r}"
        )
    return tuple(rates) if any(rates) else ()
