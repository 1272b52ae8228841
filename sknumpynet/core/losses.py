"""Losses: from raw outputs to predictions, gradients and values.

Every array has its samples on the last axis and its outputs on the one before, like all
activations of the engine. A new loss is one more entry in ``LOSSES``; the tests run through that
table.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import xlogy

from sknumpynet.core.activations import logistic, softplus
from sknumpynet.core.types import FloatArray

__all__ = ["LOSSES", "PREDICTIONS", "HuberLoss", "Loss", "OwnLoss", "QuantileLoss"]


def _negative_log(probabilities: FloatArray) -> FloatArray:
    """Return -log(p), p clipped from below only: at 1 scikit-learn's clip moves it by 2e-16."""
    floor = np.finfo(probabilities.dtype).eps
    np.maximum(probabilities, floor, out=probabilities)
    np.log(probabilities, out=probabilities)
    return np.negative(probabilities, out=probabilities)


def _sum_outputs(values: FloatArray) -> FloatArray:
    return values[..., 0, :] if values.shape[-2] == 1 else values.sum(axis=-2)


# Output activations ------------------------------------------------------------------------------


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


# Losses ------------------------------------------------------------------------------------------


class Loss:
    """What the losses share; one of these is paired with the inverse of its canonical link.

    Then the gradient with respect to the raw output is ``predictions - targets``, whatever the
    loss [1]_. Equal losses count as one, so that their networks share a stack.

    References
    ----------
    .. [1] Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.3.6.

    Examples
    --------
    >>> loss = LOSSES["binary_cross_entropy"]
    >>> raw, targets = np.array([[0.0, 1000.0]]), np.array([[1.0, 0.0]])
    >>> loss.value(raw, targets).round(3).tolist()
    [0.693, 1000.0]
    """

    @property
    def name(self) -> str:
        """Key in ``LOSSES``."""
        raise NotImplementedError

    @property
    def output_activation(self) -> str:
        """Key in ``PREDICTIONS``; what ``out_activation_`` says."""
        raise NotImplementedError

    def predict(self, raw: FloatArray, out: FloatArray) -> None:
        """Write the predictions for raw outputs to ``out``, which may be ``raw`` itself."""
        PREDICTIONS[self.output_activation](raw, out)

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        """Write the derivative of `value` with respect to ``raw`` to ``out``."""
        np.subtract(predictions, targets, out=out)

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        """Return the loss of each sample, shape (..., n_samples), finite as far as predictions are.

        No logarithm of a rounded probability.
        """
        raise NotImplementedError

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        """Return it as scikit-learn's sgd and adam report it and stop by it.

        Probabilities are clipped to [eps, 1], the squared error is averaged over outputs instead
        of summed.
        """
        return self.value(raw, targets)


@dataclass(frozen=True)
class _BinaryCrossEntropy(Loss):
    name = "binary_cross_entropy"
    output_activation = "logistic"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        return _sum_outputs(np.logaddexp(0.0, raw) - targets * raw)

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        # |(1 - y) - p| is the probability given to the true class, without rounding a small p away.
        given = (1.0 - targets) - predictions
        return _sum_outputs(_negative_log(np.abs(given, out=given)))


@dataclass(frozen=True)
class _CategoricalCrossEntropy(Loss):
    name = "categorical_cross_entropy"
    output_activation = "softmax"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        largest = raw.max(axis=-2, keepdims=True)
        log_normaliser: FloatArray = np.log(np.exp(raw - largest).sum(axis=-2))
        of_target: FloatArray = (targets * (raw - largest)).sum(axis=-2)
        return log_normaliser - of_target

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        return _negative_log((predictions * targets).sum(axis=-2))


@dataclass(frozen=True)
class _SquaredError(Loss):
    name = "squared_error"
    output_activation = "identity"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        residuals = raw - targets
        return 0.5 * _sum_outputs(np.multiply(residuals, residuals, out=residuals))

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        return np.divide(self.value(raw, targets), raw.shape[-2])


@dataclass(frozen=True)
class _Poisson(Loss):
    """Half the Poisson deviance: zero where the prediction is the target."""

    name = "poisson"
    output_activation = "exp"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        return self.reported_value(raw, np.exp(raw), targets)

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        return _sum_outputs(xlogy(targets, targets) - targets - targets * raw + predictions)


@dataclass(frozen=True)
class _Gamma(Loss):
    """Half the gamma deviance, over the logarithm of the mean: zero at the target."""

    name = "gamma"
    output_activation = "exp"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        distance = raw - np.log(targets)
        return _sum_outputs(distance + np.expm1(-distance))

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        np.subtract(1.0, targets / predictions, out=out)


@dataclass(frozen=True)
class _AbsoluteError(Loss):
    name = "absolute_error"
    output_activation = "identity"

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        return _sum_outputs(np.abs(raw - targets))

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        np.sign(np.subtract(predictions, targets, out=out), out=out)


@dataclass(frozen=True)
class HuberLoss(Loss):
    """Half the squared error up to a distance, from there on as steep as it is there.

    Parameters
    ----------
    delta : float
        The distance, in the unit of the targets.

    References
    ----------
    Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 35,
    1964.

    Examples
    --------
    >>> HuberLoss(delta=2.0).value(np.array([[1.0, 10.0]]), np.zeros((1, 2))).tolist()
    [0.5, 18.0]
    """

    delta: float = 1.0
    name: ClassVar[str] = "huber"
    output_activation: ClassVar[str] = "identity"

    def __post_init__(self) -> None:
        if not 0 < self.delta < np.inf:
            raise ValueError(f"delta must be positive and finite, got {self.delta}")

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        """Return the loss of each sample."""
        distance = np.abs(raw - targets)
        near = np.minimum(distance, self.delta)
        return _sum_outputs(near * (distance - 0.5 * near))

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        """Write the residuals, no larger than ``delta``."""
        np.clip(np.subtract(predictions, targets, out=out), -self.delta, self.delta, out=out)


@dataclass(frozen=True)
class QuantileLoss(Loss):
    """The pinball loss, summed over one or several quantiles of a single target.

    Of several the first output is the lowest quantile, and each further one a softplus above the
    one before: they cannot cross.

    Parameters
    ----------
    levels : tuple of float
        Ascending, each in (0, 1).

    References
    ----------
    Koenker and Bassett, "Regression Quantiles", Econometrica 46, 1978.

    Examples
    --------
    >>> loss = QuantileLoss((0.1, 0.9))
    >>> raw, predictions = np.array([[1.0], [3.0]]), np.empty((2, 1))
    >>> loss.predict(raw, predictions)
    >>> bool(predictions[1, 0] > predictions[0, 0])
    True
    """

    levels: tuple[float, ...] = (0.5,)
    name: ClassVar[str] = "quantile"

    def __post_init__(self) -> None:
        levels = np.array(self.levels, float)
        if levels.size == 0 or not ((levels > 0) & (levels < 1)).all():
            raise ValueError(f"quantiles must lie between 0 and 1, got {list(self.levels)}")
        if (np.diff(levels) <= 0).any():
            raise ValueError(f"quantiles must ascend, got {list(self.levels)}")

    @property
    def output_activation(self) -> str:
        """Key in ``PREDICTIONS``."""
        return "identity" if len(self.levels) == 1 else "quantiles"

    def _levels(self, dtype: np.dtype) -> FloatArray:
        return np.array(self.levels, dtype)[:, np.newaxis]

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        """Return the loss of each sample."""
        predictions = np.empty_like(raw)
        self.predict(raw, predictions)
        return self.reported_value(raw, predictions, targets)

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        """Return it from predictions that are known already."""
        excess = targets - predictions
        return _sum_outputs(np.maximum(excess, 0.0) - (1.0 - self._levels(raw.dtype)) * excess)

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        """Write the share of mass below minus the level, summed over all outputs above."""
        np.greater(predictions, targets, out=out)
        np.subtract(out, self._levels(raw.dtype), out=out)
        if len(self.levels) == 1:
            return
        # Every output shifts all those above it too.
        for j in range(len(self.levels) - 2, -1, -1):
            np.add(out[..., j, :], out[..., j + 1, :], out=out[..., j, :])
        slopes = np.empty_like(raw[..., 1:, :])
        logistic(np.ascontiguousarray(raw[..., 1:, :]), slopes)
        np.multiply(out[..., 1:, :], slopes, out=out[..., 1:, :])


@dataclass(frozen=True)
class OwnLoss(Loss):
    """A loss object of a user's.

    Parameters
    ----------
    loss : object
        With the methods ``value(raw, targets)``, the loss of each sample, shape (..., n_samples),
        and ``gradient(raw, targets)``, its derivative with respect to ``raw``, of the shape of
        ``raw``. Both arguments have shape (..., n_outputs, n_samples), with any number of leading
        axes for the networks of a stack (one set of targets may serve them all).
    output_activation : str
        Key in ``PREDICTIONS``.

    Examples
    --------
    >>> import numpy as np
    >>> class LogCosh:
    ...     def value(self, raw, targets):
    ...         return np.log(np.cosh(raw - targets)).sum(axis=-2)
    ...     def gradient(self, raw, targets):
    ...         return np.tanh(raw - targets)
    >>> OwnLoss(LogCosh(), "identity").name
    'LogCosh'
    """

    loss: Any = None
    output_activation: str = "identity"

    def __hash__(self) -> int:
        # The object may be one that has no hash.
        return hash((type(self.loss), self.output_activation))

    @property
    def name(self) -> str:
        """What the object calls itself."""
        return str(getattr(self.loss, "name", type(self.loss).__name__))

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        """Return the loss of each sample."""
        return np.array(self.loss.value(raw, targets), raw.dtype)

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        """Write the gradient."""
        out[...] = self.loss.gradient(raw, targets)

    def check(self, targets: FloatArray) -> None:
        """Hold the object against its contract.

        Parameters
        ----------
        targets : ndarray of shape (n_outputs, n_samples)
            Some that it will be given.

        Raises
        ------
        ValueError
            For wrong shapes, values that are not finite, and a gradient that is not the slope.
        """
        for method in ("value", "gradient"):
            if not callable(getattr(self.loss, method, None)):
                raise ValueError(
                    f"a loss of one's own needs a method {method!r}, got {self.loss!r}"
                )
        raw = np.random.RandomState(0).normal(size=(2, *targets.shape))
        with np.errstate(all="ignore"):
            value = np.asarray(self.loss.value(raw, targets))
            gradient = np.asarray(self.loss.gradient(raw, targets))
            shape = (2, targets.shape[-1])
            if value.shape != shape or not np.isfinite(value).all():
                raise ValueError(
                    f"value of the loss {self.name} must return finite numbers of shape {shape} "
                    f"for raw outputs of shape {raw.shape}, got {value!r}"
                )
            if gradient.shape != raw.shape:
                raise ValueError(
                    f"gradient of the loss {self.name} must return the shape {raw.shape} of the "
                    f"raw outputs, got {gradient.shape}"
                )
            step = 1e-6
            for j in range(targets.shape[0]):
                shift = step * (np.arange(targets.shape[0]) == j)[:, np.newaxis]
                above = np.asarray(self.loss.value(raw + shift, targets))
                below = np.asarray(self.loss.value(raw - shift, targets))
                slope = (above - below) / (2 * step)
                wrong = ~np.isclose(gradient[:, j], slope, rtol=1e-3, atol=1e-4)
                if wrong.any():
                    raise ValueError(
                        f"gradient of the loss {self.name} is {gradient[:, j][wrong][0]:.6g} where "
                        f"its value has the slope {slope[wrong][0]:.6g}"
                    )


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        _BinaryCrossEntropy(),
        _CategoricalCrossEntropy(),
        _SquaredError(),
        _Poisson(),
        _Gamma(),
        _AbsoluteError(),
        HuberLoss(),
        QuantileLoss(),
    )
}
