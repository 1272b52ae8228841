"""What columns are encoded as, beside a number that is scaled, and what that is called."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns import Level, sorted_levels

__all__ = [
    "Encoding",
    "Levels",
    "distinct_names",
    "encode",
    "encoding_names",
    "encoding_of",
    "encoding_width",
    "learned_levels",
]

Encoding = Literal["missing", "circle", "text", "present", "sign", "one-hot", "code"]


# Levels of a single row are kept where so many of the known cells have a level of several.
LEAST_SHARED = 0.1


class Levels(NamedTuple):
    """The levels of a category.

    Parameters
    ----------
    learned : list of Level
        Of many those that more than one row has.
    rare : list of Level
        Of many those of a single row, unless nearly all are.
    unknown_share : float
        Of its known cells the share whose level the other rows would leave unknown.
    """

    learned: list[Level]
    rare: list[Level]
    unknown_share: float


def learned_levels(counts: Mapping[Level, int], max_one_hot: int | None) -> Levels:
    """Return the levels of a category, from how often each occurs."""
    levels = sorted_levels(counts)
    n_known = max(sum(counts.values()), 1)
    if max_one_hot is None or len(levels) <= max_one_hot:
        return Levels(levels, [], sum(own == 1 for own in counts.values()) / n_known)
    shared = [level for level in levels if counts[level] > 1]
    rare = [level for level in levels if counts[level] == 1]
    if len(rare) > (1 - LEAST_SHARED) * n_known:
        rare = []  # names and the like
    return Levels(shared, rare, sum(own for own in counts.values() if own <= 2) / n_known)


def encoding_of(
    levels: list[Level], max_one_hot: int | None, *, has_missing: bool
) -> Encoding | None:
    """Return how a category is encoded, None if it is dropped.

    Parameters
    ----------
    levels : list of Level
    max_one_hot : int or None
    has_missing : bool
        Whether cells are missing, or of other levels.
    """
    if len(levels) < 2:
        # One level tells something where it is missing elsewhere.
        return "present" if levels and has_missing else None
    if len(levels) == 2:
        return "sign"
    if max_one_hot is None or len(levels) <= max_one_hot:
        return "one-hot"
    return "code"


def encoding_width(encoding: Encoding, levels: list[Level]) -> int:
    """Return how many columns a column is encoded as."""
    if encoding == "circle":
        return 2
    return len(levels) if encoding == "one-hot" else 1


def encode(
    codes: npt.NDArray[np.int_], encoding: Encoding, n_levels: int
) -> npt.NDArray[np.int_] | npt.NDArray[np.bool_]:
    """Return the columns that a category is encoded as.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, 1)
        From 1, 0 where a level is missing or unknown.
    encoding : {'present', 'sign', 'one-hot', 'code'}
    n_levels : int
    """
    if encoding == "one-hot":
        is_level: npt.NDArray[np.bool_] = codes == np.arange(1, n_levels + 1)
        return is_level
    if encoding == "sign":
        signs: npt.NDArray[np.int_] = np.array([0, -1, 1])[codes]
        return signs
    return codes  # of a single level, whether it is there


def encoding_names(name: str, encoding: Encoding, levels: list[Level]) -> list[str]:
    """Return what the columns are called that a column of that name is encoded as."""
    if encoding == "missing":
        return [f"{name}_missing"]
    if encoding == "circle":
        return [f"{name}_sin", f"{name}_cos"]
    if encoding == "code":
        return [name]
    return [f"{name}_{level}" for level in (levels[1:] if encoding == "sign" else levels)]


def distinct_names(names: Iterable[str]) -> list[str]:
    """Return the names with a number after those that were there before."""
    taken: set[str] = set()
    distinct = []
    for name in names:
        unique, number = name, 1
        while unique in taken:
            number += 1
            unique = f"{name}_{number}"
        taken.add(unique)
        distinct.append(unique)
    return distinct
