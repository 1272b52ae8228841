"""Losses: from raw outputs to predictions, gradients and values.

Every array has its samples on the last axis and its outputs on the one before, like all
activations of the engine. A loss is paired with the output activation (the inverse of its
canonical link) for which the gradient with respect to the raw output is ``prediction - target``,
whatever the loss [1]_. A new loss is one more entry in ``LOSSES``.

References
----------
.. [1] Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.3.6.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from sknumpynet.core.activations import logistic

__all__ = ["LOSSES", "Loss"]


@dataclass(frozen=True)
class Loss:
    """A loss with its output activation.

    Parameters
    ----------
    name : str
        Key in ``LOSSES``.
    output_activation : str
        What ``out_activation_`` says.
    predict : callable(raw, out)
        Writes the predictions for raw outputs of shape (..., n_outputs, n_samples); ``out`` may
        be ``raw`` itself.
    value : callable(raw, targets)
        The loss of each sample, shape (..., n_samples), finite as far as predictions are: no
        logarithm of a rounded probability. Its derivative with respect to ``raw`` is exactly
        ``predictions - targets``.
    reported_value : callable(raw, predictions, targets)
        The same as scikit-learn's sgd and adam report it and stop by it: probabilities clipped
        to [eps, 1], the squared error averaged over outputs instead of summed.

    Examples
    --------
    >>> import numpy as np
    >>> loss = LOSSES["binary_cross_entropy"]
    >>> raw, targets = np.array([[0.0, 1000.0]]), np.array([[1.0, 0.0]])
    >>> loss.value(raw, targets).round(3).tolist()
    [0.693, 1000.0]
    """

    name: str
    output_activation: str
    predict: Callable[[np.ndarray, np.ndarray], None]
    value: Callable[[np.ndarray, np.ndarray], np.ndarray]
    reported_value: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _negative_log(probabilities: np.ndarray) -> np.ndarray:
    """Return -log(p), p clipped from below only: at 1 scikit-learn's clip moves it by 2e-16."""
    floor = np.finfo(probabilities.dtype).eps
    np.maximum(probabilities, floor, out=probabilities)
    np.log(probabilities, out=probabilities)
    return np.negative(probabilities, out=probabilities)


def _sum_outputs(values: np.ndarray) -> np.ndarray:
    return values[..., 0, :] if values.shape[-2] == 1 else values.sum(axis=-2)


def _binary_value(raw: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return _sum_outputs(np.logaddexp(0.0, raw) - targets * raw)


def _binary_reported(raw: np.ndarray, predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    # |(1 - y) - p| is the probability given to the true class, without rounding a small p away.
    given = (1.0 - targets) - predictions
    return _sum_outputs(_negative_log(np.abs(given, out=given)))


def _softmax(raw: np.ndarray, out: np.ndarray) -> None:
    np.subtract(raw, raw.max(axis=-2, keepdims=True), out=out)
    np.exp(out, out=out)
    np.divide(out, out.sum(axis=-2, keepdims=True), out=out)


def _categorical_value(raw: np.ndarray, targets: np.ndarray) -> np.ndarray:
    largest = raw.max(axis=-2, keepdims=True)
    log_normaliser = np.log(np.exp(raw - largest).sum(axis=-2))
    return log_normaliser - (targets * (raw - largest)).sum(axis=-2)


def _categorical_reported(
    raw: np.ndarray, predictions: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    return _negative_log((predictions * targets).sum(axis=-2))


def _identity(raw: np.ndarray, out: np.ndarray) -> None:
    if out is not raw:
        np.copyto(out, raw)


def _squared_value(raw: np.ndarray, targets: np.ndarray) -> np.ndarray:
    residuals = raw - targets
    return 0.5 * _sum_outputs(np.multiply(residuals, residuals, out=residuals))


def _squared_reported(raw: np.ndarray, predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return _squared_value(raw, targets) / raw.shape[-2]


def _exp(raw: np.ndarray, out: np.ndarray) -> None:
    np.exp(raw, out=out)


def _poisson_value(raw: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return _poisson_reported(raw, np.exp(raw), targets)


def _poisson_reported(raw: np.ndarray, predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    # Half the deviance: zero where the prediction is the target.
    return _sum_outputs(xlogy(targets, targets) - targets - targets * raw + predictions)


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("binary_cross_entropy", "logistic", logistic, _binary_value, _binary_reported),
        Loss(
            "categorical_cross_entropy",
            "softmax",
            _softmax,
            _categorical_value,
            _categorical_reported,
        ),
        Loss("squared_error", "identity", _identity, _squared_value, _squared_reported),
        Loss("poisson", "exp", _exp, _poisson_value, _poisson_reported),
    )
}
