"""What is known of the columns of a table, as C code is made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sknumpynet.export.c.literals import distinct_identifiers
from sknumpynet.utils.columns import Level
from sknumpynet.utils.encoding.learning import LearnedColumns

__all__ = ["TableSource", "number_of_level"]

# Doubles tell no larger whole numbers apart.
LARGEST_EXACT = 2**53


@dataclass(frozen=True)
class TableSource:
    """What is known of the columns of a table.

    Parameters
    ----------
    learned : LearnedColumns
    names : sequence of str
        Of the table's columns.
    dtype : {'float32', 'float64'}
        What they become.
    """

    learned: LearnedColumns
    names: Sequence[str]
    dtype: str

    @cached_property
    def fields(self) -> dict[int, str]:
        """What the struct calls them."""
        used = self.learned.used_columns()
        return dict(zip(used, distinct_identifiers(self.names[k] for k in used), strict=True))

    def levels(self, k: int) -> list[Level]:
        """Return the levels of a category by their codes from 1, rare ones last."""
        return [*self.learned.levels[k], *self.learned.rare_levels.get(k, [])]

    def is_text(self, k: int) -> bool:
        """Return whether a column comes as text: it has levels that are no numbers in C."""
        return k in self.learned.levels and any(
            isinstance(level, str) or (isinstance(level, int) and abs(level) > LARGEST_EXACT)
            for level in self.levels(k)
        )

    def number(self, k: int) -> str:
        """Return the number that stands at a place: a column's, or a part of its dates."""
        column = f"row->{self.fields[self.learned.origin(k)]}"
        return f"{self.learned.parts[k][1]}_of({column})" if k in self.learned.parts else column


def number_of_level(level: Any) -> float:
    """Return a level as C compares it: whole as it is, else in single precision."""
    return float(level) if float(level).is_integer() else float(np.float32(level))
