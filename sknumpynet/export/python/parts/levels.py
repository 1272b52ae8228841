"""Columns of categories."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.export.python.parts.rows import cells_of
from sknumpynet.utils.columns.cells import (
    Level,
    is_hashable,
    is_missing,
    is_missing_decimal,
    plain_scalar,
)
from sknumpynet.utils.dates import time_kind_of

__all__ = ["codes_of", "flag", "level_of", "one_hot", "pair_codes", "sign", "coded"]

Codes = npt.NDArray[np.intp]


def level_of(cell: Any, name: Any) -> Level:
    """Return a cell as a plain scalar: the same for all cells that are one level.

    No level of this module is a date; durations are seconds.
    """
    kind = time_kind_of(type(cell))
    if kind == "duration":
        cell = np.timedelta64(cell, "us").astype(np.int64) / 10**6
    elif kind is not None:
        return str(cell)
    return plain_scalar(cell, name)


def codes_of(
    values: Any, name: str, code_of: Mapping[Level, int], level_of: Callable[[Any, Any], Level]
) -> Codes:
    """Return the code of each cell, from 1, 0 where it is missing or of a level not known."""
    cells = hashable(cells_of(values), name)
    codes = {
        cell: 0 if is_missing(cell) else code_of.get(level_of(cell, name), 0) for cell in set(cells)
    }
    return np.array([codes[cell] for cell in cells], np.intp)


def hashable(cells: list[Any], name: str) -> list[Any]:
    """Return cells that can be looked up; those of Decimal that cannot are missing."""
    try:
        set(cells)
    except TypeError:
        cells = [None if is_missing_decimal(cell) else cell for cell in cells]
        for cell in cells:
            if not is_hashable(cell):
                raise TypeError(
                    f"column {name!r} must hold single values, got {cell!r} of type "
                    f"{type(cell).__name__}"
                ) from None
    return cells


def flag(numbers: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.bool_]:
    """Return where numbers are missing, as a column."""
    missing: npt.NDArray[np.bool_] = np.isnan(numbers)[:, np.newaxis]
    return missing


def sign(codes: Codes) -> Codes:
    """Return -1 and 1 for two levels, 0 where neither is."""
    return np.array([[0], [-1], [1]])[codes]


def one_hot(codes: Codes, n_levels: int) -> npt.NDArray[np.bool_]:
    """Return a column for each level, 1 where it is."""
    is_level: npt.NDArray[np.bool_] = codes[:, np.newaxis] == np.arange(1, n_levels + 1)
    return is_level


def coded(codes: Codes, n_levels: int) -> Codes:
    """Return codes as a column; those above the levels are of rare ones, as if missing."""
    return np.where(codes > n_levels, 0, codes)[:, np.newaxis]


def pair_codes(
    codes: list[Codes],
    pairs: npt.NDArray[np.intp],
    known: npt.NDArray[np.int64],
    moved: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Return codes for pairs of levels, 0 where a pair is not known.

    Parameters
    ----------
    codes : list of ndarray
        Of each column that is paired.
    pairs : ndarray of shape (n_pairs, 3)
        The two columns of each pair, and how many codes the second has.
    known : ndarray
        The pairs of levels that are known, as numbers that ascend, one after all.
    moved, starts : ndarray of shape (n_pairs,)
        By how much those of each pair of columns are moved, and where they begin.
    """
    one, other = (np.stack([codes[k] for k in own], axis=1) for own in pairs[:, :2].T)
    keys = one * pairs[:, 2] + other + moved
    places = known.searchsorted(keys)
    is_known = (known[places] == keys) & (one > 0) & (other > 0)
    return np.where(is_known, places - starts + 1, 0)
