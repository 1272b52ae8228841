"""Which columns are chosen by ``categorical_features``."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["chosen_columns"]


def chosen_columns(chosen: Any, n_features: int, names: npt.NDArray[Any] | None) -> list[int]:
    """Return which columns names, indices or a mask choose."""
    items = [] if chosen is None else np.asarray(chosen, dtype=object).tolist()
    items = [item.item() if isinstance(item, np.generic) else item for item in items]
    kinds = set(map(type, items))
    if not (kinds <= {str} or kinds <= {int} or kinds <= {bool}):
        raise ValueError(
            "categorical_features must be 'from_dtype', None, or a list of names, indices or "
            f"booleans, got {chosen!r}"
        )
    if kinds == {bool}:
        return _masked_indices(items, n_features)
    return [_index(item, n_features, names) for item in items]


def _masked_indices(mask: list[bool], n_features: int) -> list[int]:
    if len(mask) != n_features:
        raise ValueError(
            f"categorical_features as a mask must have {n_features} values, one for each column, "
            f"got {len(mask)}: {mask!r}"
        )
    return [k for k, chosen in enumerate(mask) if chosen]


def _index(item: str | int, n_features: int, names: npt.NDArray[Any] | None) -> int:
    if isinstance(item, int):
        if not 0 <= item < n_features:
            raise ValueError(
                f"categorical_features has the index {item}, but indices must be in "
                f"[0, n_features - 1] = [0, {n_features - 1}]"
            )
        return item
    if names is None:
        raise ValueError(
            f"categorical_features has the name {item!r}, but the data have no feature names; "
            "give indices or a boolean mask"
        )
    if item not in names:
        raise ValueError(
            f"categorical_features has the name {item!r}, which is not among the feature names "
            f"{names.tolist()}"
        )
    position: int = names.tolist().index(item)
    return position
