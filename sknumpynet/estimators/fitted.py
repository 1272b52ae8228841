"""What makes an estimator able to predict, and how it stays so."""

import copy
import operator
from typing import Any

import numpy as np

from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network
from sknumpynet.estimators.contract import NetworkEstimator

__all__ = ["fitted_view", "parameter_attributes"]


def parameter_attributes(network: Network, loss: Loss, parameters: np.ndarray) -> dict[str, Any]:
    """Return what a multilayer perceptron predicts with, all of it copies.

    Parameters
    ----------
    network : Network
    loss : Loss
    parameters : ndarray of shape (P,) or (K, P)
    """
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


class KnownRows:
    """Takes the place of a view's ``_check_for_prediction``: quick for rows that it knows.

    Rows are known by what they hold, so that it does not matter who copied or changed them.

    Parameters
    ----------
    estimator : NetworkEstimator
    given : object
        Rows as a user gave them. Nobody else may hold them, or they could change.
    encoded : ndarray or CSR matrix
        The same as the network takes them.
    """

    def __init__(self, estimator: NetworkEstimator, given: Any, encoded: Any) -> None:
        self.estimator, self.given, self.encoded = estimator, given, encoded

    def __call__(self, X: Any) -> Any:
        """Return rows as the network takes them, without warnings: it is called every epoch."""
        if _are_same(X, self.given):
            return self.encoded
        return self.estimator._quietly_encoded(X).astype(self.encoded.dtype, copy=False)


def fitted_view(
    estimator: NetworkEstimator, network: Network, parameters: np.ndarray, given: Any, encoded: Any
) -> NetworkEstimator:
    """Return a copy of an estimator that predicts with these parameters.

    Copies and pickles of it are plain estimators, which hold no rows.

    Parameters
    ----------
    estimator : NetworkEstimator
    network : Network
    parameters : ndarray of shape (P,)
    given, encoded : object
        Rows that will be predicted often, see `KnownRows`.
    """
    view = copy.copy(estimator)
    view.__dict__.update(estimator._fitted_parameters(network, parameters))
    # In the place of the method: only this view has rows that it knows.
    view.__dict__["_check_for_prediction"] = KnownRows(estimator, given, encoded)
    return view


def _are_same(one: Any, other: Any) -> bool:
    """Return whether two tables certainly hold the same; False where that is not quick to tell."""
    if type(one) is not type(other):
        return False
    if type(one) is not np.ndarray:
        return hasattr(one, "equals") and bool(one.equals(other))
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype.kind == "O":
        # Cells are scalars: the same object has not changed.
        return all(map(operator.is_, one.ravel().tolist(), other.ravel().tolist()))
    if one.dtype.kind not in "biufSU":
        return False
    # By their bits, which also finds NaN the same.
    bits, other_bits = (np.ascontiguousarray(array).view(np.uint8) for array in (one, other))
    return np.array_equal(bits, other_bits)
