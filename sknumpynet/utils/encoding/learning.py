"""What is learned of the columns of a table: scales and ranks of numbers, levels of categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sknumpynet.utils.columns import Column, Level, level_codes
from sknumpynet.utils.encoding.categories import (
    Encoding,
    encoding_of,
    encoding_width,
    learned_levels,
)
from sknumpynet.utils.encoding.kinds import Kinds
from sknumpynet.utils.encoding.scaling import Numbers, median_and_scale, rank_knots
from sknumpynet.utils.text import NumberFormat

__all__ = ["LearnedColumns", "learn_columns"]


@dataclass(frozen=True)
class LearnedColumns:
    """What was learned of columns, by their places in the table.

    Numbers are halved, so that their differences cannot overflow.

    Parameters
    ----------
    scales : dict of int to tuple of float
        Median and scale of each numerical column that is not dropped.
    half_knots : dict of int to tuple of ndarray
        Of the same columns what ranks are interpolated between; empty without ranks.
    levels : dict of int to list
        Of each category those that were learned.
    number_formats : dict of int to NumberFormat
        How the text of numerical columns is read, of those that came as text.
    unknown_shares : dict of int to float
        Of each category the share of cells whose level new rows like these would not know.
    encodings : list of tuple of int and Encoding
        What columns are encoded as beside scaled numbers, in order: codes come last.
    """

    scales: dict[int, tuple[float, float]]
    half_knots: dict[int, tuple[Numbers, Numbers]]
    levels: dict[int, list[Level]]
    number_formats: dict[int, NumberFormat]
    unknown_shares: dict[int, float]
    encodings: list[tuple[int, Encoding]]

    @cached_property
    def _codes(self) -> dict[int, dict[Level, int]]:
        return {}

    def code_of(self, k: int) -> dict[Level, int]:
        """Return the code of each level of a category; made once, for all tables that come."""
        if k not in self._codes:
            self._codes[k] = level_codes(self.levels[k])
        return self._codes[k]

    def width(self, k: int, encoding: Encoding) -> int:
        """Return how many columns one column is encoded as."""
        return encoding_width(encoding, self.levels.get(k, []))

    def n_numerical(self) -> int:
        """Return how many columns hold scaled numbers and ranks."""
        return len(self.scales) + len(self.half_knots)

    def n_plain(self) -> int:
        """Return how many columns hold flags, signs and one-hot levels."""
        return sum(self.width(k, own) for k, own in self.encodings if own != "code")

    def n_levels(self) -> list[int]:
        """Return how many codes each column of codes has, with 0."""
        return [len(self.levels[k]) + 1 for k, own in self.encodings if own == "code"]


def learn_columns(
    columns: Sequence[Column], kinds: Kinds, max_one_hot: int | None, *, ranks: bool
) -> LearnedColumns:
    """Learn scales and ranks of numbers, and levels of categories.

    Parameters
    ----------
    columns : sequence of Column
    kinds : Kinds
        Of these columns.
    max_one_hot : int or None
        Categories with more levels become codes; None for no codes.
    ranks : bool
        Whether numbers come as ranks too.

    Raises
    ------
    TypeError, ValueError
        For cells that the kind of their column does not take.
    """
    formats = kinds.number_formats
    learned = LearnedColumns({}, {}, {}, formats, {}, [])
    for k, column in enumerate(columns):
        if kinds.is_categorical[k]:
            levels, learned.unknown_shares[k] = learned_levels(column, max_one_hot)
            encoding = encoding_of(column, levels, max_one_hot)
            learned.levels[k] = levels
        else:
            halves = column.numbers(formats.get(k)) * 0.5
            missing = np.isnan(halves)
            encoding = "missing" if missing.any() and not missing.all() else None
            known = halves[~missing]
            scale = median_and_scale(known)
            if scale is not None:
                learned.scales[k] = scale
                if ranks:
                    learned.half_knots[k] = rank_knots(known)
        if encoding is not None:
            learned.encodings.append((k, encoding))
    learned.encodings.sort(key=lambda item: item[1] == "code")
    return learned
