"""Intervals and sets that hold the targets of new rows as often as they say.

Networks that had no part in a row say how wrong they were: `HeldOutRows`. By that `bounds_of` and
`sets_of` know how wrong they may be about a new row.
"""

from sknumpynet.estimators.conformal.checks import check_option, checked_levels
from sknumpynet.estimators.conformal.held_out_rows import HeldOutRows
from sknumpynet.estimators.conformal.intervals import IntervalMethod, bounds_of
from sknumpynet.estimators.conformal.sets import LabelScores, SetMethod, scores_of_classes, sets_of

__all__ = [
    "HeldOutRows",
    "IntervalMethod",
    "LabelScores",
    "SetMethod",
    "bounds_of",
    "check_option",
    "checked_levels",
    "scores_of_classes",
    "sets_of",
]
