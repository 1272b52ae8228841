"""From raw outputs to predictions: the inverses of the losses' links."""

import numpy as np

from sknumpynet.core.activations import logistic, softplus
from sknumpynet.core.types import FloatArray

__all__ = ["PREDICTIONS"]


def _identity(raw: FloatArray, out: FloatArray) -> None:
    if out is not raw:
        np.copyto(out, raw)


def _exp(raw: FloatArray, out: FloatArray) -> None:
    np.exp(raw, out=out)


def _softmax(raw: FloatArray, out: FloatArray) -> None:
    np.subtract(raw, raw.max(axis=-2, keepdims=True), out=out)
    np.exp(out, out=out)
    np.divide(out, out.sum(axis=-2, keepdims=True), out=out)


def _ascending(raw: FloatArray, out: FloatArray) -> None:
    """Keep the first output and put every further one a softplus above the one before."""
    above = softplus(raw[..., 1:, :])
    _identity(raw, out)
    for j in range(1, raw.shape[-2]):
        np.add(out[..., j - 1, :], above[..., j - 1, :], out=out[..., j, :])


# What ``out_activation_`` calls them: each writes predictions for raw outputs of shape
# (..., n_outputs, n_samples) to ``out``, which may be the raw outputs themselves.
PREDICTIONS = {
    "identity": _identity,
    "logistic": logistic,
    "softmax": _softmax,
    "exp": _exp,
    "quantiles": _ascending,
}
