"""The state of any estimator: as it was after an error, and plain where it is saved."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

__all__ = ["all_or_nothing", "as_plain"]


@contextmanager
def all_or_nothing(estimator: BaseEstimator) -> Iterator[None]:
    """Leave the estimator as it was if anything goes wrong; nothing is changed in place."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def as_plain(value: Any) -> Any:
    """Return a list of any library but NumPy, such as an Index of pandas, as a plain list.

    What loads it then needs that library no more. Scalars in lists and tuples are plain too.

    Examples
    --------
    >>> import numpy as np
    >>> as_plain((np.float64(0.5), 2)), as_plain(range(3))
    ((0.5, 2), [0, 1, 2])
    """
    if isinstance(value, range):
        return list(value)
    if isinstance(value, list | tuple) and any(isinstance(item, np.generic) for item in value):
        items = [_as_scalar(item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, np.ndarray | np.generic) or not hasattr(type(value), "__array__"):
        return value
    return [_as_scalar(item) for item in np.asarray(value, dtype=object).tolist()]


def _as_scalar(item: Any) -> Any:
    return item.item() if isinstance(item, np.generic) else item
