"""From what a user gives to `fit` to what training is given."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.core.types import BoolArray
from sknumpynet.estimators.inputs import Inputs
from sknumpynet.estimators.targets import ClassWeights, Targets
from sknumpynet.training.data import TrainingData, ValidationSet
from sknumpynet.utils.columns import as_table
from sknumpynet.utils.scikit_learn import check_sample_weight
from sknumpynet.utils.weights import (
    has_weight_above_0,
    is_constant,
    rows_of_weight,
    unit_of_weights,
    without_effect,
)

__all__ = ["GivenRows", "make_training_data"]


@dataclass(frozen=True)
class GivenRows:
    """Rows, targets and weights as a user gives them.

    Parameters
    ----------
    X, y, sample_weight : array-like
    """

    X: Any
    y: Any
    sample_weight: Any = None

    @property
    def largest_weight(self) -> float:
        """The largest weight of rows that have some, 1 without weights."""
        return 1.0 if self.sample_weight is None else float(np.max(self.sample_weight))

    @classmethod
    def to_validate_by(cls, X: Any, y: Any, sample_weight: Any) -> "GivenRows | None":
        """Return rows to validate by, None if there are none.

        Raises
        ------
        ValueError
            If a part of them is missing.
        """
        if X is None and y is None and sample_weight is None:
            return None
        if X is None or y is None:
            missing, given = ("X_val", "y_val") if X is None else ("y_val", "X_val")
            if X is None and y is None:
                missing, given = "X_val and y_val", "sample_weight_val"
            raise ValueError(f"{given} was given without {missing}")
        return cls(X, y, sample_weight)


def make_training_data(
    inputs: Inputs,
    targets: Targets,
    given: GivenRows,
    validation: GivenRows | None = None,
    *,
    is_new: bool = True,
    is_incremental: bool = False,
) -> TrainingData:
    """Validate and encode.

    Parameters
    ----------
    inputs : Inputs
        Learns what the columns are.
    targets : Targets
        Learns what the targets are.
    given : GivenRows
    validation : GivenRows, optional
        Rows to validate by.
    is_new : bool
        Whether the columns are seen for the first time.
    is_incremental : bool
        Whether it is for `partial_fit`.
    """
    rows, is_kept = _rows(inputs, given)
    if is_kept is not None and is_kept.sum() < 2 and not is_incremental:
        raise ValueError(f"at least 2 rows of weight above 0 are needed, got {is_kept.sum()}")
    with _told_of_targets():
        X, y = inputs.validated(rows.X, rows.y, is_new=is_new)
        encoded = targets.encoded(y, is_part=is_incremental)
    sample_weight, unit = _checked_weight(rows, X, allow_all_zero=is_incremental)
    if inputs.drops_rows_of_weight_0 and not is_incremental and is_constant(sample_weight):
        # They say nothing; with any weights trees draw rows in another way.
        sample_weight, unit = None, 1.0
    has_weight = has_weight_above_0(sample_weight)
    encoded = targets.learnable(encoded, has_weight)
    class_weights = targets.class_weights(y, sample_weight)
    if class_weights is not None:
        sample_weight = class_weights.weighted(y, sample_weight, allow_all_zero=is_incremental)
        sample_weight, unit_of_classes = _in_their_unit(sample_weight)
        unit = max(unit * unit_of_classes, math.ulp(0.0))
    encoded = targets.in_units(encoded, sample_weight)
    # Rows are gathered by index: quick only where they are contiguous.
    X = np.ascontiguousarray(X) if isinstance(X, np.ndarray) else X.tocsr()
    held_out = None
    if validation is not None:
        held_out = _validation_set(inputs, targets, validation, encoded.shape[1], class_weights)
    return TrainingData(
        X,
        training_X=without_effect(X, has_weight),
        y=y,
        targets=encoded,
        n_classes=targets.n_classes,
        sample_weight=sample_weight,
        weight_unit=unit,
        has_weight=has_weight,
        is_kept=is_kept,
        given=rows.X,
        validation=held_out,
    )


def _rows(inputs: Inputs, given: GivenRows) -> tuple[GivenRows, BoolArray | None]:
    """Return the rows that take part, and which of the given ones they are, if not all."""
    X = as_table(given.X)
    if not inputs.drops_rows_of_weight_0:
        return GivenRows(X, given.y, given.sample_weight), None
    X, y, sample_weight, is_kept = rows_of_weight(X, given.y, given.sample_weight)
    return GivenRows(X, y, sample_weight), is_kept


def _validation_set(
    inputs: Inputs,
    targets: Targets,
    given: GivenRows,
    n_outputs: int,
    class_weights: ClassWeights | None,
) -> ValidationSet:
    """Validate and encode rows to validate by, as the training data were."""
    rows, _ = _rows(inputs, given)
    with _told_of_targets():
        X, y = inputs.validated(rows.X, rows.y, is_new=False)
    sample_weight, _ = _checked_weight(rows, X, allow_all_zero=False)
    has_weight = has_weight_above_0(sample_weight)
    encoded = targets.learnable(targets.encoded(y, is_part=True), has_weight)
    encoded = targets.in_units(encoded, None)
    if encoded.shape[1] != n_outputs:
        raise ValueError(f"y_val must have as many columns as y, {n_outputs}, got {y.shape}")
    X = without_effect(X if isinstance(X, np.ndarray) else X.tocsr(), has_weight)
    if class_weights is not None:
        sample_weight = class_weights.weighted(y, sample_weight, what="row of X_val")
    return ValidationSet(X, y, encoded, sample_weight, has_weight=has_weight, given=rows.X)


@contextmanager
def _told_of_targets() -> Iterator[None]:
    """Say what is wrong with targets where Python's words do not."""
    try:
        yield
    except OverflowError as error:
        raise ValueError(
            f"X or y holds an integer that is infinity as a floating-point number: {error}"
        ) from error
    except TypeError as error:
        if "not supported between" not in str(error):
            raise
        raise TypeError(f"labels in y must be all text or all numbers: {error}") from error


def _checked_weight(
    rows: GivenRows, X: Any, *, allow_all_zero: bool
) -> tuple[np.ndarray | None, float]:
    """Return the weights of validated rows in their unit, see `_in_their_unit`."""
    if rows.sample_weight is None:
        return None, 1.0
    weight = check_sample_weight(rows.sample_weight, X, allow_all_zero=allow_all_zero)
    return _in_their_unit(weight)


def _in_their_unit(sample_weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Return weights of which the largest is between 1 and 2, and what they were divided by."""
    if not sample_weight.any():
        return sample_weight, 1.0
    unit = unit_of_weights(sample_weight.max())
    return sample_weight / unit, unit
