"""How much each kind of member counts in an ensemble."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from sknumpynet.core.losses import LINKS, Loss
from sknumpynet.core.types import FloatArray

__all__ = ["weights_of_kinds"]

# Equal weights count as much as so many rows that a mean of equal parts predicts best. On 29
# tables 3 and 10 are the same to 0.1 % of the loss, and the same as Caruana's greedy choice.
ROWS_OF_EQUAL_WEIGHTS = 10.0


def weights_of_kinds(
    predictions: FloatArray,
    targets: FloatArray,
    loss: Loss,
    sample_weight: FloatArray | None = None,
) -> FloatArray:
    """Return the weights of a mean that loses least, drawn towards equal ones.

    Minimised is the mean loss over that of equal weights w, less the mean of log w times
    ``ROWS_OF_EQUAL_WEIGHTS`` by the number of rows. So no weight is 0, and few rows change little.

    Parameters
    ----------
    predictions : ndarray of shape (n_kinds, n_samples, n_outputs)
        Of rows that were held out.
    targets : ndarray of shape (n_samples, n_outputs)
    loss : Loss
    sample_weight : ndarray of shape (n_samples,), optional

    Returns
    -------
    ndarray of shape (n_kinds,)
        They add up to 1.

    References
    ----------
    L. Breiman, "Stacked Regressions", Machine Learning 24, 1996: weights that are not negative, by
    predictions of rows held out.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.core.losses import LOSSES
    >>> targets = np.arange(1000.0)[:, np.newaxis]
    >>> good, bad = targets + 0.1, targets + 100.0
    >>> weights_of_kinds(np.stack([good, bad]), targets, LOSSES["squared_error"]).round(2)
    array([0.98, 0.02])
    """
    n_kinds, n_samples = predictions.shape[:2]
    columns = np.ascontiguousarray(targets.T, np.float64)
    link = LINKS[loss.output_activation]

    def mean_loss(weights: FloatArray) -> float:
        mean = np.tensordot(weights, predictions, axes=1)
        values = loss.value(link(np.ascontiguousarray(mean.T)), columns)
        return float(np.average(values, weights=sample_weight))

    equal = np.full(n_kinds, 1 / n_kinds)
    unit = abs(mean_loss(equal))
    pull = ROWS_OF_EQUAL_WEIGHTS / n_samples

    def objective(logits: FloatArray) -> float:
        weights = softmax(logits)
        value: float = mean_loss(weights) / unit - pull * np.log(weights).mean()
        return value

    if unit == 0.0:
        return equal
    found = minimize(objective, np.zeros(n_kinds), method="L-BFGS-B")
    best: FloatArray = softmax(found.x)
    return best if np.isfinite(best).all() and np.isfinite(found.fun) else equal
