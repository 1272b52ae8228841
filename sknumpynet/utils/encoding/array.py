"""The array that the columns of a table become, by what was learned of such columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns import Column
from sknumpynet.utils.encoding.categories import Encoding, encode
from sknumpynet.utils.encoding.checks import warn_of_unknown_levels, warn_of_unknown_texts
from sknumpynet.utils.encoding.dates import circle, with_parts
from sknumpynet.utils.encoding.learning import LearnedColumns
from sknumpynet.utils.encoding.scaling import Numbers, interpolated_ranks, smooth_clip

__all__ = ["encode_columns"]

# Numbers are scaled so many cells at a time: 8 MB in double precision. At once, all columns of
# 1,000 rows of 10,000 would take 80 MB five times over.
BLOCK_CELLS = 2**20


def encode_columns(
    columns: Sequence[Column], learned: LearnedColumns, dtype: str, *, warns: bool
) -> npt.NDArray[np.floating[Any]]:
    """Return the array of a table.

    Parameters
    ----------
    columns : sequence of Column
        Those of which something was learned, maybe with other rows.
    learned : LearnedColumns
    dtype : {'float32', 'float64'}
    warns : bool
        Whether to tell of levels and texts that were not learned.

    Returns
    -------
    ndarray of shape (n_samples, n_features_out)
        Scaled numbers, their ranks, and what `LearnedColumns` has as ``encodings``.

    Raises
    ------
    TypeError, ValueError
        For cells that the kind of their column does not take.
    """
    columns = with_parts(columns, learned.parts, learned.formats)
    start, n_samples = learned.n_numerical(), len(columns[0].values)
    width = start + learned.n_plain() + len(learned.n_levels())
    out = np.empty((n_samples, width), dtype=dtype)
    missing: dict[int, npt.NDArray[np.bool_]] = {}
    numerical, at_once = list(learned.scales), max(BLOCK_CELLS // max(n_samples, 1), 1)
    for first in range(0, len(numerical), at_once):
        some = numerical[first : first + at_once]
        halves = _halves(columns, some, learned)
        if learned.half_knots:
            knots = [learned.half_knots[k] for k in some]
            ranks = slice(len(numerical) + first, len(numerical) + first + len(some))
            out[:, ranks] = interpolated_ranks(halves, knots)
        missing |= _missing(halves, some, learned)
        out[:, first : first + len(some)] = _scaled(halves, some, learned)
    texts = {k: columns[k].vectors(own.of) for k, own in learned.text_vectors.items()}
    missing |= {k: np.isnan(own[:, 0]) for k, own in texts.items()}
    for k, encoding in learned.encodings:
        stop = start + learned.width(k, encoding)
        if encoding == "missing":
            if k not in missing:  # it has one value and is no number in the array
                missing[k] = np.isnan(columns[k].numbers(learned.formats.get(k)))
            out[:, start] = missing[k]
        elif encoding == "circle":
            out[:, start:stop] = circle(columns[k].numbers())
        elif encoding == "text":
            out[:, start:stop] = np.nan_to_num(texts[k])
        else:
            out[:, start:stop] = _category(columns[k], k, encoding, learned, warns=warns)
        start = stop
    if warns:
        for k, reading in learned.formats.items():
            warn_of_unknown_texts(columns[k], reading)
    return out


def _halves(columns: Sequence[Column], some: list[int], learned: LearnedColumns) -> Numbers:
    """Return half of some numerical columns, NaN where they are missing."""
    halves = np.empty((len(columns[0].values), len(some)), order="F")
    for place, k in enumerate(some):
        numbers = columns[k].numbers(learned.formats.get(k))
        np.multiply(numbers, 0.5, out=halves[:, place])
    return halves


def _missing(
    halves: Numbers, some: list[int], learned: LearnedColumns
) -> dict[int, npt.NDArray[np.bool_]]:
    """Return where some numerical columns are missing, of those that have a flag for it."""
    flagged = {k for k, encoding in learned.encodings if encoding == "missing"}
    return {k: np.isnan(halves[:, place]) for place, k in enumerate(some) if k in flagged}


def _scaled(halves: Numbers, some: list[int], learned: LearnedColumns) -> Numbers:
    """Return the numbers scaled and clipped; changes what it is given."""
    half_medians, half_scales = np.reshape([learned.scales[k] for k in some], (-1, 2)).T
    halves -= half_medians
    with np.errstate(over="ignore"):
        halves /= half_scales
    halves[np.isnan(halves)] = 0.0
    return smooth_clip(halves)


def _category(
    column: Column, k: int, encoding: Encoding, learned: LearnedColumns, *, warns: bool
) -> npt.NDArray[np.generic]:
    """Return the columns that a category is encoded as."""
    levels = learned.levels[k]
    codes = column.codes(learned.code_of(k))[:, np.newaxis]
    if warns and np.count_nonzero(codes) < len(codes) / 2:
        warn_of_unknown_levels(column, levels, codes, learned.unknown_shares.get(k, 1.0))
    return encode(codes, encoding, len(levels))
