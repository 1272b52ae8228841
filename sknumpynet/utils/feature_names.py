"""The names of columns that estimators and rows have."""

import copy
from typing import Any

from sklearn.base import BaseEstimator

from sknumpynet.utils.scikit_learn import feature_names

__all__ = ["with_names_as_in"]


def with_names_as_in(X: Any, estimator: BaseEstimator) -> BaseEstimator:
    """Return a copy of an estimator that has feature names where rows have them, and only there.

    If both have some, those of the rows are checked as ever.
    """
    estimator = copy.copy(estimator)
    names = feature_names(X)
    if names is None:
        vars(estimator).pop("feature_names_in_", None)
    elif not hasattr(estimator, "feature_names_in_"):
        estimator.feature_names_in_ = names
    return estimator
