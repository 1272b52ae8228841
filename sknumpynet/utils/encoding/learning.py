"""What is learned of the columns of a table: scales, ranks, levels, and which parts dates have."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sknumpynet.utils.columns import Column, Level, Reading, level_codes
from sknumpynet.utils.encoding.categories import (
    Encoding,
    encoding_names,
    encoding_of,
    encoding_width,
    learned_levels,
)
from sknumpynet.utils.encoding.dates import Part, part_of, varying_parts
from sknumpynet.utils.encoding.free_text import TextVectors, learn_text_vectors
from sknumpynet.utils.encoding.kinds import Kinds
from sknumpynet.utils.encoding.pairs import CodePairs
from sknumpynet.utils.encoding.scaling import Numbers, median_and_scale, rank_knots
from sknumpynet.utils.encoding.summaries import ColumnSummary

__all__ = ["LearnedColumns", "learn_columns", "with_pairs"]


@dataclass(frozen=True)
class LearnedColumns:
    """What was learned of columns, by their places in the table; parts of dates have places after.

    Numbers are halved, so that their differences cannot overflow.

    Parameters
    ----------
    scales : dict of int to tuple of float
        Median and scale of each numerical column that is not dropped.
    half_knots : dict of int to tuple of ndarray
        Of the same columns what ranks are interpolated between; empty without ranks.
    levels : dict of int to list
        Of each category those that were learned.
    rare_levels : dict of int to list
        Of categories that become codes those of a single row, which are as if missing but for
        statistics of levels.
    formats : dict of int to NumberFormat or TimeFormat
        How columns are read as numbers, of those that came as something else.
    parts : dict of int to tuple of int and Part
        Of each part of dates the column whose part it is, and which.
    unknown_shares : dict of int to float
        Of each category the share of cells whose level new rows like these would not know.
    text_vectors : dict of int to TextVectors
        Of each column of free text what texts become.
    encodings : list of tuple of int and Encoding
        What columns are encoded as beside scaled numbers, in order: codes come last.
    pairs : CodePairs, optional
        Of columns of codes, rare levels among them, where statistics of levels are asked for.
    """

    scales: dict[int, tuple[float, float]]
    half_knots: dict[int, tuple[Numbers, Numbers]]
    levels: dict[int, list[Level]]
    rare_levels: dict[int, list[Level]]
    formats: dict[int, Reading]
    parts: dict[int, tuple[int, Part]]
    unknown_shares: dict[int, float]
    text_vectors: dict[int, TextVectors]
    encodings: list[tuple[int, Encoding]]
    pairs: CodePairs | None = None

    @cached_property
    def _codes(self) -> dict[int, dict[Level, int]]:
        return {}

    def code_of(self, k: int) -> dict[Level, int]:
        """Return the code of each level of a category; made once, for all tables that come.

        Rare levels have the codes above those of levels that were learned.
        """
        if k not in self._codes:
            self._codes[k] = level_codes([*self.levels[k], *self.rare_levels.get(k, [])])
        return self._codes[k]

    def origin(self, k: int) -> int:
        """Return the column of the table that a place stands for."""
        return self.parts[k][0] if k in self.parts else k

    def used_columns(self) -> list[int]:
        """Return the columns of the table of which anything is made, in their order."""
        places = (*self.scales, *(place for place, _ in self.encodings))
        return sorted({self.origin(place) for place in places})

    def is_number(self, k: int) -> bool:
        """Return whether nothing but a number, its rank and a flag is made of a column."""
        return all(self.origin(place) != k for place in self.parts) and all(
            self.origin(place) != k or encoding == "missing" for place, encoding in self.encodings
        )

    def name(self, k: int, names: Sequence[str]) -> str:
        """Return what stands at a place is called, by the names of the table's columns."""
        return f"{names[self.origin(k)]}_{self.parts[k][1]}" if k in self.parts else names[k]

    def width(self, k: int, encoding: Encoding) -> int:
        """Return how many columns one column is encoded as."""
        if encoding == "text":
            return self.text_vectors[k].width
        return encoding_width(encoding, self.levels.get(k, []))

    def encoded_names(self, k: int, encoding: Encoding, names: Sequence[str]) -> list[str]:
        """Return what the columns are called that one column is encoded as."""
        name = self.name(k, names)
        if encoding == "text":
            return [f"{name}_text{number}" for number in range(self.width(k, encoding))]
        return encoding_names(name, encoding, self.levels.get(k, []))

    def n_numerical(self) -> int:
        """Return how many columns hold scaled numbers and ranks."""
        return len(self.scales) + len(self.half_knots)

    def n_plain(self) -> int:
        """Return how many columns hold flags, signs, one-hot levels and the numbers of text."""
        return sum(self.width(k, own) for k, own in self.encodings if own != "code")

    def n_levels(self, *, with_rare: bool = False) -> list[int]:
        """Return how many codes each column of codes has, with 0."""
        rare = self.rare_levels if with_rare else {}
        columns = [k for k, own in self.encodings if own == "code"]
        return [len(self.levels[k]) + len(rare.get(k, [])) + 1 for k in columns]


def with_pairs(learned: LearnedColumns, columns: Sequence[Column]) -> LearnedColumns:
    """Return what was learned of columns with the pairs of levels that occur together.

    Parameters
    ----------
    learned : LearnedColumns
    columns : sequence of Column
        Of the rows that it was learned from.
    """
    n_codes = learned.n_levels(with_rare=True)
    if not n_codes:
        return learned
    codes = [columns[k].codes(learned.code_of(k)) for k, own in learned.encodings if own == "code"]
    return replace(learned, pairs=CodePairs.learned(np.stack(codes, axis=1), n_codes))


def learn_columns(
    columns: Sequence[ColumnSummary], kinds: Kinds, max_one_hot: int | None, *, ranks: bool
) -> LearnedColumns:
    """Learn scales and ranks of numbers, and levels of categories.

    Parameters
    ----------
    columns : sequence of ColumnSummary
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
    learned = LearnedColumns({}, {}, {}, {}, kinds.formats, {}, {}, {}, [])
    for k, column in enumerate(columns):
        encoding: Encoding | None
        parts: list[Part] = []
        if kinds.is_free_text[k] and _learn_text(learned, k, column):
            encoding = "text"
        elif kinds.is_categorical[k] or kinds.is_free_text[k]:
            encoding = _learn_levels(learned, k, column, max_one_hot)
        else:
            known, has_missing, extremes = column.numbers(kinds.formats.get(k))
            encoding = "missing" if has_missing and len(known) else None
            parts = varying_parts(extremes)
            _learn_number(learned, k, known, ranks=ranks)
        if encoding is not None:
            learned.encodings.append((k, encoding))
        for part in parts:
            place = len(columns) + len(learned.parts)
            learned.parts[place] = (k, part)
            if part == "year":
                _learn_number(learned, place, part_of(known, part), ranks=ranks)
            else:
                learned.encodings.append((place, "circle"))
    learned.encodings.sort(key=lambda item: item[1] == "code")
    return learned


def _learn_text(learned: LearnedColumns, k: int, column: ColumnSummary) -> bool:
    """Learn what makes numbers of texts, and a flag; return whether texts differ."""
    levels, has_missing = column.texts()
    counts: Counter[str] = Counter()
    for level, count in levels.items():
        counts[str(level)] += count
    vectors = learn_text_vectors(counts)
    if not vectors.width:
        return False
    learned.text_vectors[k] = vectors
    if has_missing:
        learned.encodings.append((k, "missing"))
    return True


def _learn_levels(
    learned: LearnedColumns, k: int, column: ColumnSummary, max_one_hot: int | None
) -> Encoding | None:
    """Learn the levels of a category; return how it is encoded, if it is."""
    counts, has_missing = column.levels()
    levels, rare, learned.unknown_shares[k] = learned_levels(counts, max_one_hot)
    has_missing |= len(levels) < len(counts)
    encoding = encoding_of(levels, max_one_hot, has_missing=has_missing)
    learned.levels[k] = levels
    if encoding == "code":
        learned.rare_levels[k] = rare
    return encoding


def _learn_number(learned: LearnedColumns, k: int, known: Numbers, *, ranks: bool) -> None:
    """Learn scale and ranks of a number, unless it is the same in all rows that know it."""
    halves = known * 0.5
    scale = median_and_scale(halves)
    if scale is not None:
        learned.scales[k] = scale
        if ranks:
            learned.half_knots[k] = rank_knots(halves)
