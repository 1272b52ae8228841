"""Summaries of columns that come in parts, as `learn_columns` takes them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from sknumpynet.utils.columns import Column, Level, Reading
from sknumpynet.utils.dates import TimeFormat
from sknumpynet.utils.encoding.dates import Extremes, merged_extremes, part_extremes
from sknumpynet.utils.encoding.kinds import Kinds
from sknumpynet.utils.encoding.summaries import LevelSummary, NumberSummary
from sknumpynet.utils.sketches import DistinctSample, FrequentCounts, QuantileSketch

__all__ = ["TableSketch"]

# What the quantiles of all columns take at most, and the buffers of one at most: exact of so many
# rows, and wrong by less than 0.03 % of any number of them.
MOST_BYTES = 2**26
LONGEST_BUFFER, SHORTEST_BUFFER = 2**15, 2**9
# Buffers that a billion rows fill of one column.
N_BUFFERS = 16


class _NumberSketch:
    """Numbers, or dates as days."""

    def __init__(self, reading: Reading | None, size: int) -> None:
        self.reading, self.quantiles = reading, QuantileSketch(size)
        self.has_missing = False
        self.extremes: Extremes = {}

    def add(self, column: Column) -> None:
        numbers = column.numbers(self.reading)
        missing = np.isnan(numbers)
        known = numbers[~missing]
        self.quantiles.add(known)
        self.has_missing |= len(known) < len(numbers)
        if isinstance(self.reading, TimeFormat):
            self.extremes = merged_extremes(self.extremes, part_extremes(known, self.reading.kind))

    def merged(self, other: "_NumberSketch") -> Self:
        both = type(self)(self.reading, self.quantiles.size)
        both.quantiles = self.quantiles.merged(other.quantiles)
        both.has_missing = self.has_missing | other.has_missing
        both.extremes = merged_extremes(self.extremes, other.extremes)
        return both

    def numbers(self, reading: Reading | None) -> NumberSummary:
        return NumberSummary(self.quantiles.sample(), self.has_missing, self.extremes)

    def levels(self) -> LevelSummary:
        raise TypeError("the column was sketched as numbers")

    texts = levels


class _LevelSketch:
    """Levels of a category."""

    def __init__(self) -> None:
        self.counts: FrequentCounts[Level] = FrequentCounts()
        self.has_missing = False

    def add(self, column: Column) -> None:
        counts = column.level_counts()
        self.counts.add(counts)
        self.has_missing |= sum(counts.values()) < len(column.values)

    def merged(self, other: "_LevelSketch") -> Self:
        both = type(self)()
        both.counts = self.counts.merged(other.counts)
        both.has_missing = self.has_missing | other.has_missing
        return both

    def levels(self) -> LevelSummary:
        # What was dropped is as if missing.
        return LevelSummary(self.counts.counts, self.has_missing or self.counts.error > 0)

    texts = levels

    def numbers(self, reading: Reading | None) -> NumberSummary:
        raise TypeError("the column was sketched as levels")


class _TextSketch:
    """Free text."""

    def __init__(self) -> None:
        self.sample, self.has_missing = DistinctSample(), False

    def add(self, column: Column) -> None:
        counts: Counter[str] = Counter()
        for level, count in column.level_counts().items():
            counts[str(level)] += count
        self.sample.add(counts)
        self.has_missing |= sum(counts.values()) < len(column.values)

    def merged(self, other: "_TextSketch") -> Self:
        both = type(self)()
        both.sample = self.sample.merged(other.sample)
        both.has_missing = self.has_missing | other.has_missing
        return both

    def levels(self) -> LevelSummary:
        return LevelSummary(self.sample.counts, self.has_missing)

    texts = levels

    def numbers(self, reading: Reading | None) -> NumberSummary:
        raise TypeError("the column was sketched as text")


_Sketch = Any  # one of those above: what merges, and is a ColumnSummary


class TableSketch:
    """What `learn_columns` asks of columns, of rows that come in parts.

    As long as a column of numbers has no more than ``LONGEST_BUFFER`` rows, a category no more
    than 2**16 levels, and free text no more than 20,000 texts, what is learned of it is the same
    as of the rows at once. Beyond that quantiles are wrong by less than 0.03 % of the rows (a bit
    more of hundreds of columns, whose buffers are shorter), levels are sure to be known that one
    row in 65,000 has, and texts are a sample of them.

    Parameters
    ----------
    kinds : Kinds
        Of the columns; as for all parts, so that sketches can be merged.

    Attributes
    ----------
    columns : list of ColumnSummary
    n_rows : int

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.utils.columns import read_columns
    >>> kinds = Kinds(np.array([False, True]), np.array([False, False]), {}, [])
    >>> one, other = TableSketch(kinds), TableSketch(kinds)
    >>> one.add(read_columns([[1.5, "red"], [2.5, "blue"]]))
    >>> other.add(read_columns([[None, "red"]]))
    >>> both = one.merged(other)
    >>> both.columns[0].numbers(None).known.tolist(), both.columns[1].levels().counts
    ([1.5, 2.5], {'red': 2, 'blue': 1})
    """

    def __init__(self, kinds: Kinds) -> None:
        self.kinds, self.n_rows = kinds, 0
        n_columns = len(kinds.is_categorical)
        size = MOST_BYTES // (8 * N_BUFFERS * n_columns)
        size = min(max(size - size % 2, SHORTEST_BUFFER), LONGEST_BUFFER)
        self.columns: list[_Sketch] = [
            _TextSketch()
            if kinds.is_free_text[k]
            else _LevelSketch()
            if kinds.is_categorical[k]
            else _NumberSketch(kinds.formats.get(k), size)
            for k in range(n_columns)
        ]

    def add(self, columns: Sequence[Column]) -> None:
        """Take a part of the rows in.

        Raises
        ------
        TypeError, ValueError
            For cells that the kind of their column does not take.
        """
        for sketch, column in zip(self.columns, columns, strict=True):
            sketch.add(column)
        self.n_rows += len(columns[0].values)

    def merged(self, other: "TableSketch") -> "TableSketch":
        """Return the sketch of these rows and others that come after them."""
        both = TableSketch(self.kinds)
        both.n_rows = self.n_rows + other.n_rows
        both.columns = [
            own.merged(its) for own, its in zip(self.columns, other.columns, strict=True)
        ]
        return both
