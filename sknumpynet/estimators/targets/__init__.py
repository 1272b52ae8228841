"""What networks learn of targets, and how their outputs are read: one object for a fit."""

from sknumpynet.estimators.targets.base import Targets
from sknumpynet.estimators.targets.class_weights import ClassWeights
from sknumpynet.estimators.targets.classes import ClassTargets, as_probabilities
from sknumpynet.estimators.targets.numbers import (
    LOSSES_OF_NUMBERS,
    NumberTargets,
    negative_pinball_loss,
    squeezed,
)
from sknumpynet.estimators.targets.scaled_numbers import ScaledNumberTargets, TargetUnit

__all__ = [
    "LOSSES_OF_NUMBERS",
    "ClassTargets",
    "ClassWeights",
    "NumberTargets",
    "ScaledNumberTargets",
    "TargetUnit",
    "Targets",
    "as_probabilities",
    "negative_pinball_loss",
    "squeezed",
]
