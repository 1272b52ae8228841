"""From an estimator and rows as a user gives them to an explanation."""

from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state, check_scalar

from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.explanations.columns import EncodedColumns
from sknumpynet.explanations.explanation import Explanation
from sknumpynet.explanations.interactions import interaction_strengths
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
    n_interacting: int,
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
    check_scalar(n_interacting, "n_interacting", Integral, min_val=0)
    X, source = as_table(X), check_random_state(random_state)
    predict, columns = partial(explained, estimator), EncodedColumns.of(estimator.preprocessor_)
    rows, others = estimator._check_for_prediction(X), background_rows(estimator, background)
    shapley = shapley_values(predict, columns, rows, others, n_permutations, source)
    base_values, interactions = shapley.base_values, None
    if n_interacting:
        strengths = np.abs(shapley.values).mean(axis=0).reshape(columns.n_columns, -1).sum(axis=1)
        strongest = np.argsort(-strengths, kind="stable")[:n_interacting]
        interactions = interaction_strengths(predict, columns, rows, others, strongest, source)
    return Explanation(
        shapley.values,
        float(base_values) if np.ndim(base_values) == 0 else base_values,
        cells_of(X),
        column_names(estimator),
        shapley.error,
        interactions,
    )
