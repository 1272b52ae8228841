"""A loss of a user's own."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.core.differences import disagreement
from sknumpynet.core.losses.base import Loss
from sknumpynet.core.types import FloatArray

__all__ = ["CustomLoss"]


@dataclass(frozen=True)
class CustomLoss(Loss):
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
    >>> CustomLoss(LogCosh(), "identity").name
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
            for j, direction in enumerate(np.eye(targets.shape[0])[:, :, np.newaxis]):
                wrong = disagreement(
                    gradient[:, j],
                    lambda raw: self.loss.value(raw, targets),
                    raw,
                    direction,
                    atol=1e-4,
                )
                if wrong is not None:
                    raise ValueError(
                        f"gradient of the loss {self.name} is {wrong.derivative:.6g} where "
                        f"its value has the slope {wrong.slope:.6g}"
                    )
