"""Intervals and sets that hold the targets of new rows as often as they say.

Networks that had no part in a row say how wrong they were: `HeldOutRows`. By that `bounds_of` and
`sets_of` know how wrong they may be about a new row.
"""

from sknumpynet.estimators.conformal.checks import check_option, checked_levels
from sknumpynet.estimators.conformal.held_out_rows import HeldOutRows
from sknumpynet.estimators.conformal.intervals import (
    IntervalMethod,
    bounds_of,
    scores_of_errors,
    warn_of_few_rows,
)
from sknumpynet.estimators.conformal.order_statistics import SortedScores
from sknumpynet.estimators.conformal.sets import (
    LabelScores,
    SetMethod,
    scores_by_class,
    scores_of_classes,
    sets_of,
    warn_of_few_labels,
)

__all__ = [
    "HeldOutRows",
    "IntervalMethod",
    "LabelScores",
    "SetMethod",
    "SortedScores",
    "bounds_of",
    "check_option",
    "checked_levels",
    "scores_by_class",
    "scores_of_classes",
    "scores_of_errors",
    "sets_of",
    "warn_of_few_labels",
    "warn_of_few_rows",
]
