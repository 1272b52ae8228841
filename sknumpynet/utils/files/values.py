"""Plain Python values and arrays as JSON, with the arrays set aside, and back exactly.

None, booleans, text, lists, integers up to 2⁵³ and finite floats are JSON's own; so are dicts whose
keys are text. All else is an object with one key that begins with ``$``, see `pack`.
"""

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.files.arrays import KINDS_OF_ARRAYS

__all__ = ["Packed", "pack", "unpack"]

Array = npt.NDArray[Any]

# Every reader of JSON holds whole numbers up to this one exactly.
LARGEST_INT = 2**53

# Of NumPy's scalars: what Python holds exactly.
_KINDS_OF_SCALARS = {"b": bool, "i": int, "u": int, "f": float, "U": str}
_TYPE_OF_SCALAR = re.compile(r"[<>|][biufU][0-9]{1,6}")

# Words that a RandomState of NumPy's own generator has.
_N_WORDS = 624


class Packed(NamedTuple):
    """Values as JSON has them, and their arrays.

    Parameters
    ----------
    values : object
        For `json.dumps`.
    arrays : dict of str to ndarray
        By the names of their files.
    """

    values: Any
    arrays: dict[str, Array]


def pack(value: Any, place: str) -> Packed:
    """Return a value as JSON, with its arrays set aside.

    ======================  ============================================================
    ``{"$array": name}``    an array, in the file of that name
    ``{"$objects": …}``     an array of objects: its ``shape`` and ``cells``
    ``{"$tuple": […]}``     a tuple
    ``{"$dict": [[k, v]]}`` a dict with other keys than text, or with text that begins with $
    ``{"$int": "0x…"}``     an integer beyond 2⁵³
    ``{"$float": "nan"}``   NaN, and ``"inf"`` and ``"-inf"``
    ``{"$numpy": [t, v]}``  a scalar of NumPy's type t
    ``{"$bytes": "ff"}``    bytes, in hexadecimal digits
    ``{"$random": […]}``    the state of a `numpy.random.RandomState`
    ======================  ============================================================

    Parameters
    ----------
    value : object
    place : str
        What it is called, with which the names of its arrays begin; errors name it.

    Raises
    ------
    ValueError
        For anything else, by its name.

    Examples
    --------
    >>> packed = pack({"alpha": (0.5, float("inf")), "coefs": [np.ones(2)]}, "model")
    >>> packed.values["alpha"]
    {'$tuple': [0.5, {'$float': 'inf'}]}
    >>> packed.values["coefs"], list(packed.arrays)
    ([{'$array': 'model/coefs/0.npy'}], ['model/coefs/0.npy'])
    """
    arrays: dict[str, Array] = {}
    return Packed(_packed(value, place, arrays), arrays)


def unpack(values: Any, array_of: Callable[[str], Array]) -> Any:
    """Return the value that `pack` was given.

    Parameters
    ----------
    values : object
        Of `pack`, as `json.loads` returns it; it need not be trusted.
    array_of : callable(name)
        Returns an array.

    Raises
    ------
    ValueError, TypeError, OverflowError
        For anything that `pack` does not return.

    Examples
    --------
    >>> packed = pack({1: np.float32(0.5)}, "weights")
    >>> unpack(packed.values, packed.arrays.__getitem__)
    {1: np.float32(0.5)}
    """
    if isinstance(values, list):
        return [unpack(item, array_of) for item in values]
    if not isinstance(values, dict):
        return values
    if len(values) == 1:
        ((kind, inner),) = values.items()
        if kind in _UNPACKED:
            return _UNPACKED[kind](inner, array_of)
    wrong = next((name for name in values if name.startswith("$")), None)
    if wrong is not None:
        raise ValueError(f"there is no kind of value {wrong!r}")
    return {name: unpack(item, array_of) for name, item in values.items()}


# To JSON -----------------------------------------------------------------------------------------


def _packed(value: Any, place: str, arrays: dict[str, Array]) -> Any:
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if abs(value) <= LARGEST_INT else {"$int": hex(value)}
    if kind is float:
        return value if math.isfinite(value) else {"$float": str(value)}
    if kind in (list, tuple):
        items = [_packed(item, f"{place}/{k}", arrays) for k, item in enumerate(value)]
        return items if kind is list else {"$tuple": items}
    if kind is dict:
        return _packed_dict(value, place, arrays)
    if kind is bytes:
        return {"$bytes": value.hex()}
    if kind in (np.ndarray, np.memmap):
        return _packed_array(value, place, arrays)
    if isinstance(value, np.generic) and value.dtype.kind in _KINDS_OF_SCALARS:
        item = value.item()
        if type(item) is _KINDS_OF_SCALARS[value.dtype.kind]:  # a longdouble's is not a float
            return {"$numpy": [value.dtype.str, _packed(item, place, arrays)]}
    if kind is np.random.RandomState:
        state = value.get_state()
        if isinstance(state, tuple) and state[0] == "MT19937":
            return {"$random": [_packed(item, place, arrays) for item in state[1:]]}
    raise ValueError(f"{place.replace('/', '.')} is {value!r:.200}")


def _packed_dict(value: dict[Any, Any], place: str, arrays: dict[str, Array]) -> Any:
    if all(type(key) is str and not key.startswith("$") for key in value):
        # What users call things may be no name of a file.
        named = all(key.isascii() and key.isidentifier() for key in value)
        return {
            key: _packed(item, f"{place}/{key if named else k}", arrays)
            for k, (key, item) in enumerate(value.items())
        }
    pairs = [
        [_packed(key, f"{place}/{k}", arrays), _packed(item, f"{place}/{k}", arrays)]
        for k, (key, item) in enumerate(value.items())
    ]
    return {"$dict": pairs}


def _packed_array(value: Array, place: str, arrays: dict[str, Array]) -> Any:
    if value.dtype.kind == "O":
        cells = [_packed(cell, f"{place}/{k}", arrays) for k, cell in enumerate(value.ravel())]
        return {"$objects": {"shape": list(value.shape), "cells": cells}}
    if value.dtype.kind not in KINDS_OF_ARRAYS or not value.dtype.itemsize:
        raise ValueError(f"{place.replace('/', '.')} is an array of {value.dtype!r}")
    name = f"{place}.npy"
    arrays[name] = np.asarray(value)
    return {"$array": name}


# From JSON ---------------------------------------------------------------------------------------


def _int(digits: str, array_of: Any) -> int:
    return int(digits, 16)


def _float(name: str, array_of: Any) -> float:
    if name not in {"nan", "inf", "-inf"}:
        raise ValueError(f"$float must be 'nan', 'inf' or '-inf', got {name!r:.80}")
    return float(name)


def _tuple(items: Any, array_of: Callable[[str], Array]) -> tuple[Any, ...]:
    return tuple(_list(unpack(items, array_of)))


def _dict(pairs: Any, array_of: Callable[[str], Array]) -> dict[Any, Any]:
    values = {}
    for pair in _list(pairs):
        key, item = _list(pair)
        values[unpack(key, array_of)] = unpack(item, array_of)
    if len(values) < len(pairs):
        raise ValueError("$dict has a key twice")
    return values


def _bytes(digits: Any, array_of: Any) -> bytes:
    return bytes.fromhex(digits)


def _array(name: Any, array_of: Callable[[str], Array]) -> Array:
    return array_of(name)


def _objects(described: Any, array_of: Callable[[str], Array]) -> Array:
    cells, shape = _list(unpack(described["cells"], array_of)), _list(described["shape"])
    if len(shape) > 32 or not all(type(own) is int and own >= 0 for own in shape):
        raise ValueError(f"$objects has the shape {shape!r:.80}")
    if math.prod(shape) != len(cells):
        raise ValueError(f"$objects of shape {shape} has {len(cells)} cells")
    array = np.empty(len(cells), object)
    for k, cell in enumerate(cells):  # at once, NumPy would take lists for further axes
        array[k] = cell
    return array.reshape(shape)


def _numpy(described: Any, array_of: Callable[[str], Array]) -> np.generic:
    name, packed = _list(described)
    item = unpack(packed, array_of)
    if not isinstance(name, str) or _TYPE_OF_SCALAR.fullmatch(name) is None:
        raise ValueError(f"$numpy has the type {name!r:.80}")
    dtype = np.dtype(name)
    if type(item) is not _KINDS_OF_SCALARS[dtype.kind]:
        raise ValueError(f"$numpy has the type {name!r} and the value {item!r:.80}")
    scalar: np.generic = dtype.type(item)
    return scalar


def _random(described: Any, array_of: Callable[[str], Array]) -> np.random.RandomState:
    words, place, has_gauss, gauss = (unpack(item, array_of) for item in _list(described))
    is_state = (
        isinstance(words, np.ndarray)
        and (words.dtype, words.shape) == (np.dtype(np.uint32), (_N_WORDS,))
        and type(place) is int
        and 0 <= place <= _N_WORDS  # NumPy would read beyond its words
        and has_gauss in (0, 1)
        and type(gauss) is float
    )
    if not is_state:
        raise ValueError("$random is no state of a RandomState")
    source = np.random.RandomState(0)
    source.set_state(("MT19937", words, place, int(has_gauss), gauss))
    return source


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"a list is needed, got {value!r:.80}")
    return value


_UNPACKED: dict[str, Callable[[Any, Callable[[str], Array]], Any]] = {
    "$array": _array,
    "$objects": _objects,
    "$tuple": _tuple,
    "$dict": _dict,
    "$int": _int,
    "$float": _float,
    "$numpy": _numpy,
    "$bytes": _bytes,
    "$random": _random,
}
