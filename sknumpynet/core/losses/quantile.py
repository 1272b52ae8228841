"""The pinball loss, of one quantile or of several that cannot cross, and distances of those."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sknumpynet.core.activations import logistic
from sknumpynet.core.losses.base import Loss, sum_outputs
from sknumpynet.core.types import FloatArray

__all__ = ["QuantileDistance", "QuantileLoss"]


class _LossOfQuantiles(Loss):
    """What losses of quantiles share: they see nothing but what is predicted."""

    def value(self, raw: FloatArray, targets: FloatArray) -> FloatArray:
        """Return the loss of each sample."""
        predictions = np.empty_like(raw)
        self.predict(raw, predictions)
        return self.reported_value(raw, predictions, targets)


@dataclass(frozen=True)
class QuantileLoss(_LossOfQuantiles):
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
    >>> import numpy as np
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

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        """Return it from predictions that are known already."""
        excess = targets - predictions
        return sum_outputs(np.maximum(excess, 0.0) - (1.0 - self._levels(raw.dtype)) * excess)

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        """Write the share of mass below minus the level, summed over all outputs above."""
        np.greater(predictions, targets, out=out)
        np.subtract(out, self._levels(raw.dtype), out=out)
        if len(self.levels) > 1:
            _take_back_to_raw(raw, out)


@dataclass(frozen=True)
class QuantileDistance(_LossOfQuantiles):
    """Half the squared error of several quantiles that cannot cross, each with its own target.

    Outputs are those of a `QuantileLoss` of as many levels: it learns what such a network predicts.

    Examples
    --------
    >>> import numpy as np
    >>> loss, raw = QuantileDistance(), np.array([[1.0], [3.0]])
    >>> predictions = np.empty_like(raw)
    >>> loss.predict(raw, predictions)
    >>> loss.value(raw, predictions + 1.0).tolist()
    [1.0]
    """

    name: ClassVar[str] = "quantile_distance"
    output_activation: ClassVar[str] = "quantiles"

    def reported_value(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> FloatArray:
        """Return it from predictions that are known already."""
        residuals = predictions - targets
        return 0.5 * sum_outputs(np.multiply(residuals, residuals, out=residuals))

    def differentiate(
        self, raw: FloatArray, predictions: FloatArray, targets: FloatArray, out: FloatArray
    ) -> None:
        """Write the residuals, summed over all outputs above."""
        np.subtract(predictions, targets, out=out)
        _take_back_to_raw(raw, out)


def _take_back_to_raw(raw: FloatArray, gradient: FloatArray) -> None:
    """Turn derivatives with respect to quantiles into those with respect to raw outputs."""
    # Every output shifts all those above it too.
    for j in range(raw.shape[-2] - 2, -1, -1):
        np.add(gradient[..., j, :], gradient[..., j + 1, :], out=gradient[..., j, :])
    slopes = np.empty_like(raw[..., 1:, :])
    logistic(np.ascontiguousarray(raw[..., 1:, :]), slopes)
    np.multiply(gradient[..., 1:, :], slopes, out=gradient[..., 1:, :])
