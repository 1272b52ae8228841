"""The array that the columns of a table become, by what was learned of such columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns import Column
from sknumpynet.utils.encoding.categories import encode
from sknumpynet.utils.encoding.checks import warn_of_unknown_levels, warn_of_unknown_texts
from sknumpynet.utils.encoding.dates import circle, with_parts
from sknumpynet.utils.encoding.learning import LearnedColumns
from sknumpynet.utils.encoding.scaling import Numbers, interpolated_ranks, smooth_clip

__all__ = ["encode_columns"]

# Numbers are scaled so many cells at a time: 8 MB in double precision. At once, all columns of
# 1,000 rows of 10,000 would take 80 MB five times over.
BLOCK_CELLS = 2**20


def encode_columns(
    columns: Sequence[Column],
    learned: LearnedColumns,
    dtype: str,
    *,
    warns: bool,
    with_levels: bool = False,
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
    with_levels : bool
        Whether what statistics of levels are made of comes last, where it was learned.

    Returns
    -------
    ndarray of shape (n_samples, n_features_out)
        Scaled numbers, their ranks, and what `LearnedColumns` has as ``encodings``; with levels
        once more the columns of codes, but with rare levels too, and the codes of pairs.

    Raises
    ------
    TypeError, ValueError
        For cells that the kind of their column does not take.
    """
    columns = with_parts(columns, learned.parts, learned.formats)
    start, n_samples = learned.n_numerical(), len(columns[0].values)
    n_codes, pairs = len(learned.n_levels()), learned.pairs if with_levels else None
    width = start + learned.n_plain() + n_codes
    n_more = 0 if pairs is None else n_codes + len(pairs.pairs)
    out = np.empty((n_samples, width + n_more), dtype=dtype)
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
            codes = columns[k].codes(learned.code_of(k))
            if pairs is not None and encoding == "code":
                out[:, start + n_codes] = codes
            levels = learned.levels[k]
            codes = np.where(codes > len(levels), 0, codes)  # rare levels are as if missing
            if warns and np.count_nonzero(codes) < len(codes) / 2:
                share = learned.unknown_shares.get(k, 1.0)
                warn_of_unknown_levels(columns[k], levels, codes, share)
            out[:, start:stop] = encode(codes[:, np.newaxis], encoding, len(levels))
        start = stop
    if pairs is not None:
        out[:, width + n_codes :] = pairs.encoded(out[:, width : width + n_codes].astype(np.intp))
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
