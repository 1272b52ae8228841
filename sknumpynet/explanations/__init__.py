"""Why a model for tables predicts what it does, by the columns that a user gave."""

from sknumpynet.explanations.explanation import Explanation

__all__ = ["Explanation"]
