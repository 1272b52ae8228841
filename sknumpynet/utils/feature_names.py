"""The names of columns that estimators and rows have."""

import copy
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from sknumpynet.utils.scikit_learn import feature_names

__all__ = ["has_fitted_columns", "with_names_as_in"]


def has_fitted_columns(X: Any, estimator: BaseEstimator) -> bool:
    """Return whether rows have an estimator's columns at first sight; if not, they still may.

    Of a single row scikit-learn takes 0.1 ms to say so.

    Parameters
    ----------
    X : object
        A table that was read.
    estimator : estimator
        Has seen columns before.
    """
    names = getattr(estimator, "feature_names_in_", None)
    if type(X) is np.ndarray:
        return names is None and X.shape[1] == estimator.n_features_in_
    # Of pandas and polars, where names are no columns as in Arrow.
    if names is None or not (hasattr(X, "iloc") or hasattr(X, "get_columns")):
        return False
    columns = list(X.columns)
    return columns == names.tolist() and all(type(name) is str for name in columns)


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
