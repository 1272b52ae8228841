"""What is explained: the function that an ensemble is, of encoded rows."""

import numpy as np
from sklearn.base import is_classifier

from sknumpynet.core.types import FloatArray
from sknumpynet.estimators.contract import NetworkEstimator

__all__ = ["explained", "predicted"]


def predicted(estimator: NetworkEstimator, rows: FloatArray) -> FloatArray:
    """Return probabilities, of two classes that of the second, or values in the target's units.

    Parameters
    ----------
    estimator : NetworkEstimator
        Fitted.
    rows : ndarray of shape (n_samples, n_encoded)

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_outputs)
    """
    seen = estimator._as_output(estimator._mean_activated(rows))
    if not is_classifier(estimator):
        return seen
    if estimator.out_activation_ == "logistic" and estimator.n_outputs_ == 1:
        return seen[:, -1]
    return seen


def explained(estimator: NetworkEstimator, rows: FloatArray) -> FloatArray:
    """Return log-odds of a mean probability, of several classes logarithms, or `predicted`.

    Parameters
    ----------
    estimator : NetworkEstimator
        Fitted.
    rows : ndarray of shape (n_samples, n_encoded)

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_outputs)
    """
    seen = predicted(estimator, rows)
    if not is_classifier(estimator):
        return seen
    # Never 0 by `as_probabilities`, nor 1 where there are log-odds.
    if estimator.out_activation_ == "softmax" or len(estimator.classes_) == 1:
        return np.asarray(np.log(seen))
    return np.asarray(np.log(seen) - np.log1p(-seen))
