"""What has to be known of a column before anything is learned of it: of all its rows at once.

`WholeColumn` has it of a column in memory; `sketching` of one that comes in parts.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from sknumpynet.utils.columns import Column, Reading
from sknumpynet.utils.dates import TimeFormat
from sknumpynet.utils.encoding.dates import Extremes, part_extremes
from sknumpynet.utils.encoding.scaling import Numbers

__all__ = ["ColumnSummary", "LevelSummary", "NumberSummary", "WholeColumn"]


class NumberSummary(NamedTuple):
    """Of numbers, or of dates as days.

    Parameters
    ----------
    known : ndarray
        Those that are not missing; of many, quantiles of them.
    has_missing : bool
    extremes : dict of Part to tuple of float
        Of dates the least and the greatest of each part, see `part_extremes`.
    """

    known: Numbers
    has_missing: bool
    extremes: Extremes


class LevelSummary(NamedTuple):
    """Of levels, as they are or as text.

    Parameters
    ----------
    counts : mapping
        How often each occurs; of many those that occur often.
    has_missing : bool
    """

    counts: Mapping[Any, int]
    has_missing: bool


class ColumnSummary(Protocol):
    """A column, as far as is learned of it."""

    def numbers(self, reading: Reading | None) -> NumberSummary:
        """Return what there is of numbers."""

    def levels(self) -> LevelSummary:
        """Return what there is of levels."""

    def texts(self) -> LevelSummary:
        """Return what there is of free text."""


class WholeColumn:
    """The summary of a column in memory.

    Parameters
    ----------
    column : Column
    """

    def __init__(self, column: Column) -> None:
        self.column = column

    def numbers(self, reading: Reading | None) -> NumberSummary:
        """Return what there is of numbers."""
        numbers = self.column.numbers(reading)
        missing = np.isnan(numbers)
        known = numbers[~missing]
        extremes = part_extremes(known, reading.kind) if isinstance(reading, TimeFormat) else {}
        return NumberSummary(known, bool(missing.any()), extremes)

    def levels(self) -> LevelSummary:
        """Return what there is of levels."""
        counts = self.column.level_counts()
        return LevelSummary(counts, sum(counts.values()) < len(self.column.values))

    def texts(self) -> LevelSummary:
        """Return what there is of free text: the levels, `learning` takes them as text."""
        return self.levels()
