"""How the rows that users give become the rows that a network takes."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.utils import assert_all_finite, check_X_y
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from sknumpynet.core.types import IntArray
from sknumpynet.estimators.fitted_attributes import FittedAttributes, set_fitted
from sknumpynet.estimators.targets.classes import check_labels_of_part
from sknumpynet.explanations.held_out_rows import held_out_state
from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.training.data import TrainingData
from sknumpynet.utils.columns import as_table

__all__ = [
    "Inputs",
    "NumericInputs",
    "TableInputs",
    "kept_background",
    "known_columns",
    "new_preprocessor",
]

# Numbers come as ranks too where they are no more: of many columns ranks are half of what is
# encoded and most of what is kept, 4 kB a column, and bring nothing.
MOST_RANKED = 250


class Inputs(ABC):
    """What is known of the columns, from when they are seen first.

    Parameters
    ----------
    estimator : estimator
        A copy, which errors name, and which gets the attributes that describe the columns.
    """

    # Whether rows of `sample_weight` 0 are as if absent; elsewhere they are part of batches.
    drops_rows_of_weight_0: ClassVar[bool] = False
    # The fitted attributes that describe the columns.
    names: ClassVar[tuple[str, ...]] = ("n_features_in_", "feature_names_in_")

    def __init__(self, estimator: BaseEstimator) -> None:
        self.estimator = estimator

    @abstractmethod
    def validated(self, X: Any, y: Any, *, is_new: bool) -> tuple[Any, np.ndarray]:
        """Return rows as the network takes them, and targets.

        Parameters
        ----------
        X, y : array-like
        is_new : bool
            Whether the columns are seen for the first time; else they must be the same again.
        """

    def kept_of_rows(self, data: TrainingData, held_out: Sequence[IntArray]) -> dict[str, Any]:
        """Return fitted attributes by which the rows are known again.

        Parameters
        ----------
        data : TrainingData
        held_out : sequence of ndarray of int
            The rows that each member never saw.
        """
        return {}

    @property
    def attributes(self) -> dict[str, Any]:
        """What describes the columns, as fitted attributes."""
        known = vars(self.estimator)
        return {name: known[name] for name in self.names if name in known}


class NumericInputs(Inputs):
    """Arrays of numbers, dense or sparse, as scikit-learn validates them.

    Parameters
    ----------
    estimator : estimator
    dtype : str or None
        'float32' or 'float64'; None for that of the data.
    """

    def __init__(self, estimator: BaseEstimator, dtype: str | None) -> None:
        super().__init__(estimator)
        self.dtype = dtype

    def validated(self, X: Any, y: Any, *, is_new: bool) -> tuple[Any, np.ndarray]:
        """Return rows as they are, in the type that is trained in, and targets."""
        either = (np.float64, np.float32)
        rows, targets = validate_data(
            self.estimator,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=is_regressor(self.estimator),
            dtype=either if self.dtype is None else np.dtype(self.dtype),
            reset=is_new,
        )
        return rows, targets


class TableInputs(Inputs):
    """Tables of numbers, dates and categories, as `TabularPreprocessor` encodes them.

    Parameters
    ----------
    estimator : estimator
    categorical_features, column_kinds : object
        See `TabularPreprocessor`.
    n_background : int
        How many encoded rows are kept, at most, to explain predictions by.
    known : TabularPreprocessor, optional
        Fitted before; by default one learns from the rows that are seen first.
    """

    drops_rows_of_weight_0 = True
    names = (*Inputs.names, "preprocessor_", "background_")

    def __init__(
        self,
        estimator: BaseEstimator,
        categorical_features: Any,
        column_kinds: Any,
        n_background: int = 0,
        known: TabularPreprocessor | None = None,
    ) -> None:
        super().__init__(estimator)
        self.categorical_features, self.column_kinds = categorical_features, column_kinds
        self.n_background, self.known = n_background, known
        # Whether cells that nobody knows are told of; not in threads, where nobody could catch it.
        self.warns = True

    def validated(self, X: Any, y: Any, *, is_new: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return encoded rows, and targets."""
        estimator, X = self.estimator, as_table(X)
        encoded = (
            self._learned(X)
            if is_new
            else estimator.preprocessor_._transform_for(
                estimator, X, warns=self.warns, with_levels=True
            )
        )
        encoded, y = check_X_y(
            encoded,
            y,
            dtype=np.float32,
            multi_output=True,
            y_numeric=is_regressor(estimator),
            ensure_min_samples=2 if is_new else 1,
            ensure_min_features=0,
            estimator=estimator,
        )
        if is_classifier(estimator):
            (check_classification_targets if is_new else check_labels_of_part)(y)
        if is_regressor(estimator):
            y = y.toarray() if issparse(y) else y
            # None among objects is NaN only now.
            assert_all_finite(y, estimator_name=type(estimator).__name__, input_name="y")
        return encoded, y

    def kept_of_rows(self, data: TrainingData, held_out: Sequence[IntArray]) -> dict[str, Any]:
        """Return who never saw which rows, and what these are known by, for importances."""
        return {"_held_out": held_out_state(data.X, data.targets, held_out)}

    def _learned(self, X: Any) -> np.ndarray:
        """Learn what the columns are; return encoded rows."""
        preprocessor, encoded = self._fitted(X)
        attributes = known_columns(preprocessor) | kept_background(encoded, self.n_background)
        set_fitted(self.estimator, FittedAttributes(attributes, frozenset(self.names)))
        return encoded

    def _fitted(self, X: Any) -> tuple[TabularPreprocessor, np.ndarray]:
        """Return a preprocessor, and what it makes of rows."""
        if self.known is not None:
            # The caller may fit its own again.
            known = copy.copy(self.known).set_output(transform="default")
            return known, known._transform_for(known, X, with_levels=True)
        preprocessor = new_preprocessor(self.categorical_features, self.column_kinds)
        return preprocessor, preprocessor._fit_transform_with_levels(X)


def new_preprocessor(categorical_features: Any, column_kinds: Any) -> TabularPreprocessor:
    """Return what an estimator for tables learns columns by, not fitted."""
    preprocessor = TabularPreprocessor(
        categorical_features, column_kinds=column_kinds, ranks=MOST_RANKED
    )
    preprocessor.set_output(transform="default")  # whatever the configuration says
    return preprocessor


def known_columns(preprocessor: TabularPreprocessor) -> dict[str, Any]:
    """Return a fitted preprocessor and what else describes columns, as fitted attributes."""
    learned = vars(preprocessor)
    known = {name: learned[name] for name in Inputs.names if name in learned}
    return {**known, "preprocessor_": preprocessor}


def kept_background(encoded: np.ndarray, n_background: int) -> dict[str, Any]:
    """Return the rows that `explain` compares others with, as a fitted attribute if there are."""
    if not n_background:
        return {}
    # A source of its own: training draws what it would draw without it.
    order = np.random.RandomState(0).permutation(len(encoded))
    return {"background_": encoded[order[:n_background]]}
