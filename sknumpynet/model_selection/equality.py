"""Whether data and settings are those that a network was trained with."""

import zlib
from collections.abc import Hashable
from types import FunctionType, ModuleType
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator

__all__ = ["fingerprint", "may_be_equal", "setting_key"]


def fingerprint(value: Any) -> Hashable:
    """Return what tells data apart by their values and their order.

    Checksums, which take less time than to cut the rows of a split.
    """
    if isinstance(value, dict):
        return tuple((name, fingerprint(part)) for name, part in sorted(value.items()))
    columns = _columns_of(value)
    if columns is not None:
        return tuple(map(fingerprint, columns))
    if not isinstance(value, np.ndarray) and hasattr(value, "__array__"):
        value = np.asarray(value)
    if type(value) in (np.ndarray, np.memmap):
        if not value.dtype.hasobject:
            array = np.ascontiguousarray(value)
            checksum = zlib.crc32(array.view(np.uint8).data) if array.size else 0
            return array.dtype.str, array.shape, checksum
        value = value.tolist()
    try:
        checksum_of_pickle: str = joblib.hash(value)
    except Exception:  # it cannot be pickled
        return type(value), getattr(value, "shape", None)
    return checksum_of_pickle


def _columns_of(value: Any) -> list[Any] | None:
    """Return the columns of a table of pandas, polars or pyarrow."""
    if hasattr(value, "iloc") and np.ndim(value) == 2:
        return [column for _, column in value.items()]
    for name in ("get_columns", "itercolumns"):
        if hasattr(value, name):
            return list(getattr(value, name)())
    return None


def may_be_equal(one: Any, other: Any) -> bool:
    """Return whether values are equal as far as can be told: copies of one value are."""
    try:
        return _may_be_equal(one, other)
    except RecursionError:  # they hold themselves
        return False


_PLAIN = (str, bytes, int, float, complex, bool, type(None), np.generic, set, frozenset)
# A copy of these is the same object.
_UNIQUE = (type, FunctionType, ModuleType)


def _may_be_equal(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) is not type(other) or isinstance(one, _UNIQUE):
        return False
    if isinstance(one, _PLAIN):
        return bool(one == other or (one != one and other != other))
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_may_be_equal, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            _may_be_equal(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and _may_be_equal(one.tolist(), other.tolist())
    if isinstance(one, BaseEstimator):
        return _may_be_equal(one.get_params(deep=False), other.get_params(deep=False))
    return _may_be_equal(_parts(one), _parts(other))


def _parts(value: Any) -> tuple[Any, ...] | None:
    """Return what a copy would be made of, None if that is not known."""
    try:
        parts = value.__reduce_ex__(4)
    except Exception:
        return None
    if isinstance(parts, str):  # the name that it goes by
        return getattr(value, "__module__", None), parts
    # The last are iterators over what a list or a dict holds.
    return tuple(list(part) if hasattr(part, "__next__") else part for part in parts)


def setting_key(value: Any) -> Hashable:
    """Return what tells settings apart: equal and of one type, or the same object.

    Dicts, which every clone copies, by what they hold.
    """
    if type(value) is dict:
        items = value.items()
        return dict, tuple((setting_key(key), setting_key(item)) for key, item in items)
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value), value
