"""What makes an estimator able to predict."""

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from sknumpynet.core.network import Network

if TYPE_CHECKING:
    from sknumpynet._base import BaseNetwork

__all__ = ["fitted_view", "parameter_attributes"]


def parameter_attributes(network: Network, parameters: np.ndarray) -> dict[str, Any]:
    """Return what a multilayer perceptron predicts with, all of it copies.

    Parameters
    ----------
    network : Network
    parameters : ndarray of shape (P,) or (K, P)
    """
    coefs, biases = network.layout.unpack(parameters)
    # Not `activation`: that is a parameter, which may be set for the next fit.
    activations = [getattr(own, "function", own.name) for own in network.hidden_activations]
    return {
        "coefs_": coefs,
        "intercepts_": [bias[..., 0, :] for bias in biases],
        "n_layers_": len(network.layers) + 1,
        "n_outputs_": network.layers[-1].fan_out,
        "out_activation_": network.loss.output_activation,
        "_hidden_activations": tuple(activations),
    }


def fitted_view(
    estimator: "BaseNetwork", network: Network, parameters: np.ndarray, X: Any
) -> "BaseNetwork":
    """Return a copy of an estimator that predicts with these parameters.

    Parameters
    ----------
    estimator : BaseNetwork
    network : Network
    parameters : ndarray of shape (P,)
    X : ndarray or CSR matrix
        Rows that need not be validated and encoded any more, but are what networks take.
    """
    view = copy.copy(estimator)
    vars(view).update(estimator._fitted_parameters(network, parameters))
    view._encoded_rows = X
    return view
