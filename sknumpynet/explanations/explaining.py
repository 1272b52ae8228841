"""From an estimator and rows as a user gives them to an explanation."""

from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state, check_scalar

from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.explanations.columns import EncodedColumns
from sknumpynet.explanations.explanation import Explanation
from sknumpynet.explanations.response import explained
from sknumpynet.explanations.rows import background_rows, cells_of, column_names
from sknumpynet.explanations.shapley import shapley_values
from sknumpynet.utils.columns import as_table

__all__ = ["explain"]


def explain(
    estimator: NetworkEstimator,
    X: Any,
    background: Any,
    n_permutations: int,
    random_state: int | np.random.RandomState | None,
) -> Explanation:
    """Return how much each column adds to each prediction; see `TabularMLPClassifier.explain`.

    Raises
    ------
    TypeError, ValueError
        For rows that cannot be predicted, an odd number of permutations, and where there are no
        background rows.
    """
    check_scalar(n_permutations, "n_permutations", Integral, min_val=2)
    if n_permutations % 2:
        raise ValueError(f"n_permutations must be even, for pairs, got {n_permutations}")
    X = as_table(X)
    shapley = shapley_values(
        partial(explained, estimator),
        EncodedColumns.of(estimator.preprocessor_),
        estimator._check_for_prediction(X),
        background_rows(estimator, background),
        n_permutations,
        check_random_state(random_state),
    )
    base_values = shapley.base_values
    return Explanation(
        shapley.values,
        float(base_values) if np.ndim(base_values) == 0 else base_values,
        cells_of(X),
        column_names(estimator),
        shapley.error,
    )
