"""What a loss is."""

import numpy as np

from sknumpynet.core.losses.predictions import PREDICTIONS
from sknumpynet.core.types import FloatArray

__all__ = ["Loss", "sum_outputs"]


class Loss:
    """What the losses share; one of these is paired with the inverse of its canonical link.

    Then the gradient with respect to the raw output is ``predictions - targets``, whatever the
    loss [1]_. Equal losses count as one, so that their networks share a stack.

    References
    ----------
    .. [1] Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.3.6.

    Examples
    --------
    >>> from sknumpynet.core.losses import LOSSES
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


def sum_outputs(values: FloatArray) -> FloatArray:
    """Return the sums over outputs, shape (..., n_samples); a single output is not copied."""
    return values[..., 0, :] if values.shape[-2] == 1 else values.sum(axis=-2)
