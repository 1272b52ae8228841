"""The cells of a table once they are read, and rows that are mixed from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns import Column, Level, Reading, VectorsOf
from sknumpynet.utils.encoding.array import encode_columns
from sknumpynet.utils.encoding.learning import LearnedColumns

__all__ = ["ReadCells"]

Rows = npt.NDArray[np.integer[Any]]


class _ReadColumn(Column):
    """A column whose cells are read already."""

    def __init__(self, cells: npt.NDArray[Any]) -> None:
        self.values = cells

    def numbers(self, reading: Reading | None = None) -> npt.NDArray[np.float64]:
        return np.asarray(self.values, np.float64)

    def codes(self, code_of: Mapping[Level, int]) -> npt.NDArray[np.int_]:
        return np.asarray(self.values, np.int_)

    def vectors(self, vectors_of: VectorsOf) -> npt.NDArray[np.floating[Any]]:
        return np.asarray(self.values)


@dataclass(frozen=True)
class ReadCells:
    """What a table holds, as far as it is learned from.

    Parameters
    ----------
    columns : list of ndarray of shape (n_samples,)
        Of each column the numbers, or days of dates, NaN where they are missing, or of a category
        the codes as integers, 0 where a level is missing or unknown. Zeros where nothing is learned
        from it. Of free text an array of shape (n_samples, width), NaN where it is missing.

    Examples
    --------
    >>> import numpy as np
    >>> cells = ReadCells([np.array([1.0, 2.0, np.nan]), np.array([1, 2, 0])])
    >>> first, second = np.array([0, 0, 0, 0]), np.array([1, 1, 2, 2])
    >>> numbers, codes = cells.mixed(first, second, np.random.RandomState(1)).columns
    >>> numbers.round(2).tolist(), codes.tolist()
    ([1.15, 1.09, 1.0, 1.0], [2, 1, 1, 1])
    """

    columns: list[npt.NDArray[Any]]

    @classmethod
    def of(cls, columns: Sequence[Column], learned: LearnedColumns) -> Self:
        """Read the columns of a table.

        Parameters
        ----------
        columns : sequence of Column
        learned : LearnedColumns
            Of the same columns, maybe with other rows.
        """
        is_used = set(learned.used_columns())
        nothing = np.zeros(len(columns[0].values), np.int_)

        def cells(k: int) -> npt.NDArray[Any]:
            if k not in is_used:
                return nothing
            if k in learned.text_vectors:
                return columns[k].vectors(learned.text_vectors[k].of)
            if k in learned.levels:
                return columns[k].codes(learned.code_of(k))
            return columns[k].numbers(learned.formats.get(k))

        return cls([cells(k) for k in range(len(columns))])

    def mixed(self, first: Rows, second: Rows, random_state: np.random.RandomState) -> Self:
        """Return rows each of which has some columns of one row and others from another's.

        Which share of its columns is drawn anew for each row, from none to all. Of these a category
        has the other row's level, and free text the other row's numbers, all of them; any other
        number lies between the two rows', and where either is missing, it is the other's. So levels
        stay levels, texts stay texts, and flags, ranks and the parts of a date agree with it.

        Parameters
        ----------
        first, second : ndarray of int of shape (n_mixed,)
            The rows to mix.
        random_state : RandomState
        """
        share = random_state.uniform(size=len(first))
        mixed = []
        for cells in self.columns:
            one, other = cells[first], cells[second]
            if cells.ndim == 1 and cells.dtype.kind == "f":
                part = random_state.uniform(size=len(first))
                # Not one + part * (other - one): the difference of huge numbers overflows.
                between = (1 - part) * one + part * other
                other = np.where(np.isnan(between), other, between)
            changes = random_state.uniform(size=len(first)) < share
            if cells.ndim == 2:  # the numbers of a text, all or none
                changes = changes[:, np.newaxis]
            mixed.append(np.where(changes, other, one))
        return type(self)(mixed)

    def encoded(self, learned: LearnedColumns, dtype: str) -> npt.NDArray[np.floating[Any]]:
        """Return the array of these rows with what there is of levels, see `encode_columns`."""
        columns = [_ReadColumn(cells) for cells in self.columns]
        return encode_columns(columns, learned, dtype, warns=False, with_levels=True)
