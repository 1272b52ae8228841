"""From raw outputs to predictions, and back by the losses' links."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sknumpynet.core.activations import logistic, softplus
from sknumpynet.core.types import FloatArray

__all__ = ["LINKS", "PREDICTIONS"]


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


def _logit(predictions: FloatArray) -> FloatArray:
    inner = np.clip(predictions, *_open_interval(predictions))
    return np.asarray(np.log(inner) - np.log1p(-inner))


def _log(predictions: FloatArray) -> FloatArray:
    return np.log(np.maximum(predictions, np.finfo(predictions.dtype).tiny))


def _distances(predictions: FloatArray) -> FloatArray:
    """Undo `_ascending`."""
    raw = np.array(predictions)
    gaps = np.diff(predictions, axis=-2)
    np.maximum(gaps, np.finfo(gaps.dtype).tiny, out=gaps)
    raw[..., 1:, :] = gaps + np.log(-np.expm1(-gaps))
    return raw


def _open_interval(predictions: FloatArray) -> tuple[Any, Any]:
    limits = np.finfo(predictions.dtype)
    return limits.tiny, 1 - limits.epsneg


# Each returns raw outputs, always finite, that predict what it is given. Of those for softmax,
# which only their differences matter to, the logarithms.
LINKS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "identity": np.array,
    "logistic": _logit,
    "softmax": _log,
    "exp": _log,
    "quantiles": _distances,
}
