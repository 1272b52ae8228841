"""What users say of columns: ``categorical_features`` and ``column_kinds``."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

__all__ = ["Choice", "ColumnKind", "chosen_kinds"]

ColumnKind = Literal["number", "category", "date", "dayfirst", "monthfirst", "time", "text"]
KINDS: tuple[ColumnKind, ...] = get_args(ColumnKind)
# Of columns that are not named, those to be told by their cells, and those that are no categories.
Choice = ColumnKind | Literal["any", "no category"]


def chosen_kinds(
    categories: Any, kinds: Mapping[Any, Any] | None, n_features: int, names: Any
) -> list[Choice]:
    """Return what each column is to be read as.

    Parameters
    ----------
    categories : 'from_dtype', None or array-like
        The parameter ``categorical_features``.
    kinds : mapping or None
        The parameter ``column_kinds``, which has the last word on columns that the first one does
        not name.
    n_features : int
    names : ndarray of str of shape (n_features,) or None

    Raises
    ------
    ValueError
        For columns and kinds that there are not, and for columns of two kinds.
    """
    by_dtype = isinstance(categories, str) and categories == "from_dtype"
    chosen: list[Choice] = ["any" if by_dtype else "no category"] * n_features
    named = [] if by_dtype else _chosen_columns(categories, n_features, names)
    for k in named:
        chosen[k] = "category"
    seen: dict[int, Any] = {}
    for column, kind in (kinds or {}).items():
        k = _index(_plain(column), n_features, names, "column_kinds")
        if kind not in KINDS:
            raise ValueError(
                f"column_kinds must be {', '.join(map(repr, KINDS))}, got {kind!r} "
                f"for column {column!r}"
            )
        if k in seen:
            raise ValueError(f"column_kinds names one column twice, as {seen[k]!r} and {column!r}")
        if k in named and kind != "category":
            raise ValueError(
                f"column {column!r} is a category by categorical_features, and {kind!r} by "
                "column_kinds"
            )
        seen[k], chosen[k] = column, kind
    return chosen


def _chosen_columns(chosen: Any, n_features: int, names: npt.NDArray[Any] | None) -> list[int]:
    """Return which columns names, indices or a mask choose."""
    items = [] if chosen is None else np.asarray(chosen, dtype=object).tolist()
    items = [_plain(item) for item in items]
    kinds = set(map(type, items))
    if not (kinds <= {str} or kinds <= {int} or kinds <= {bool}):
        raise ValueError(
            "categorical_features must be 'from_dtype', None, or a list of names, indices or "
            f"booleans, got {chosen!r}"
        )
    if kinds == {bool}:
        return _masked_indices(items, n_features)
    return [_index(item, n_features, names, "categorical_features") for item in items]


def _plain(item: Any) -> Any:
    return item.item() if isinstance(item, np.generic) else item


def _masked_indices(mask: list[bool], n_features: int) -> list[int]:
    if len(mask) != n_features:
        raise ValueError(
            f"categorical_features as a mask must have {n_features} values, one for each column, "
            f"got {len(mask)}: {mask!r}"
        )
    return [k for k, chosen in enumerate(mask) if chosen]


def _index(item: Any, n_features: int, names: npt.NDArray[Any] | None, parameter: str) -> int:
    if type(item) is int:
        if not 0 <= item < n_features:
            raise ValueError(
                f"{parameter} has the index {item}, but indices must be in "
                f"[0, n_features - 1] = [0, {n_features - 1}]"
            )
        return item
    if not isinstance(item, str):
        raise ValueError(f"{parameter} must name columns by names or indices, got {item!r}")
    if names is None:
        raise ValueError(
            f"{parameter} has the name {item!r}, but the data have no feature names; "
            f"give {'indices' if parameter == 'column_kinds' else 'indices or a boolean mask'}"
        )
    if item not in names:
        raise ValueError(
            f"{parameter} has the name {item!r}, which is not among the feature names "
            f"{names.tolist()}"
        )
    position: int = names.tolist().index(item)
    return position
