"""How a network is built, and what of its parameters an estimator keeps to predict with."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.core.architectures import TableShape, dense_network, table_network
from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network

__all__ = ["NetworkSpec", "PerceptronSpec", "TableNetworkSpec"]


class NetworkSpec(ABC):
    """One kind of network, with its sizes."""

    @abstractmethod
    def build(self) -> Network:
        """Return the network."""

    @abstractmethod
    def attributes(self, network: Network, loss: Loss, parameters: np.ndarray) -> dict[str, Any]:
        """Return the fitted attributes that predict, all of them copies.

        Parameters
        ----------
        network : Network
            That was built.
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

    def build(self) -> Network:
        """Return the network."""
        return dense_network(self.layer_sizes, self.activation)

    def attributes(self, network: Network, loss: Loss, parameters: np.ndarray) -> dict[str, Any]:
        """Return weights and biases, layer by layer."""
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


@dataclass(frozen=True)
class TableNetworkSpec(NetworkSpec):
    """Embedded columns, then dense layers.

    Parameters
    ----------
    shape : TableShape
    """

    shape: TableShape

    def build(self) -> Network:
        """Return the network."""
        return table_network(self.shape)

    def attributes(self, network: Network, loss: Loss, parameters: np.ndarray) -> dict[str, Any]:
        """Return the parameters as they are, a row for each network."""
        return {
            "parameters_": np.array(parameters, ndmin=2),
            "n_outputs_": network.fan_out,
            "out_activation_": loss.output_activation,
            # As plain numbers, so that a saved model needs no class of the engine.
            "_shape": self.shape.to_plain(),
        }
