"""What values are, in words that are equal for equal values, in any process."""

import functools
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import MethodType
from typing import Any

import joblib
import numpy as np
from scipy.sparse import issparse

__all__ = ["describe"]


def describe(value: Any) -> str:
    """Return a description of a value that tells it from others.

    Numbers and texts stand for themselves, dataclasses for their fields, functions for their names,
    arrays and all else for a hash of what they hold. What cannot be pickled stands for its type.

    Parameters
    ----------
    value : object

    Examples
    --------
    >>> import numpy as np
    >>> describe({"alpha": 0.1, "hidden": (5, 3)}), describe(np.tanh)
    ("{'alpha': 0.1, 'hidden': (5, 3)}", 'numpy.tanh')
    >>> describe(np.arange(3)) == describe(np.arange(4))
    False
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bytes | bool | int | float | complex):
        return repr(value)
    if isinstance(value, np.ndarray):
        return _hashed(value, np.ascontiguousarray(value))
    if issparse(value):
        # The rest of such an object is what it has found out about itself.
        return _hashed(value, [value.shape, value.data, value.indices, value.indptr])
    if is_dataclass(value) and not isinstance(value, type):
        own = (f"{field.name}={describe(getattr(value, field.name))}" for field in fields(value))
        return f"{type(value).__qualname__}({', '.join(own)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {describe(own)}" for key, own in value.items()) + "}"
    if isinstance(value, tuple | list):
        parts = ", ".join(map(describe, value))
        return f"({parts})" if isinstance(value, tuple) else f"[{parts}]"
    if isinstance(value, functools.partial):
        return f"partial({describe([value.func, value.args, value.keywords])})"
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if name is not None and not isinstance(value, MethodType):  # which says what it is bound to
        module = getattr(value, "__module__", None) or type(value).__module__
        return f"{module}.{name}"
    return _hashed(value, value)


def _hashed(value: Any, parts: Any) -> str:
    name = type(value).__qualname__
    try:
        return f"{name} {joblib.hash(parts, coerce_mmap=True)}"
    except Exception:  # it cannot be pickled
        return name
