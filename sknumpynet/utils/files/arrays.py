"""Arrays as ``.npy``, read without evaluating anything and never larger than their file."""

import math
import re
from typing import IO, Any

import numpy as np
import numpy.typing as npt

__all__ = ["KINDS_OF_ARRAYS", "read_array", "write_array"]

# Booleans, integers, floats, text, bytes, dates and durations.
KINDS_OF_ARRAYS = "biufUSMm"

_MAGIC = b"\x93NUMPY\x01\x00"

# What NumPy writes, to the letter. `numpy.load` evaluates it as a Python literal, of any depth.
_TYPE = rb"[<>|][" + KINDS_OF_ARRAYS.encode() + rb"][0-9]{1,9}(?:\[[0-9a-zA-Z]{1,9}\])?"
_HEADER = re.compile(
    rb"\{'descr': '(" + _TYPE + rb")', 'fortran_order': (False|True), "
    rb"'shape': \((|[0-9]+,|[0-9]+(?:, [0-9]+){1,31})\), \} *\n"
)


_CHUNK = 2**18


def write_array(file: IO[bytes], array: npt.NDArray[Any]) -> None:
    """Write an array, of a type among ``KINDS_OF_ARRAYS``, as `numpy.load` reads it."""
    np.lib.format.write_array(file, array, version=(1, 0), allow_pickle=False)


def read_array(file: IO[bytes], size: int) -> npt.NDArray[Any]:
    """Read what `write_array` wrote.

    Parameters
    ----------
    file : binary file
    size : int
        Its bytes. No more memory is taken than these, whatever shape the header states.

    Raises
    ------
    ValueError
        If it is anything else, or ends early.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> write_array(file, np.array([[1.5], [2.5]]))
    >>> size, start = file.tell(), file.seek(0)
    >>> read_array(file, size).tolist()
    [[1.5], [2.5]]
    """
    start = file.read(len(_MAGIC) + 2)
    if len(start) < len(_MAGIC) + 2 or not start.startswith(_MAGIC):
        raise ValueError(f"an array must begin with {_MAGIC!r}, got {start[:8]!r}")
    header = file.read(int.from_bytes(start[-2:], "little"))
    match = _HEADER.fullmatch(header)
    if match is None:
        raise ValueError(f"an array has a header that NumPy does not write: {header[:200]!r}")
    try:
        dtype = np.dtype(match[1].decode())
    except TypeError as error:
        raise ValueError(f"an array has a type that is none: {match[1]!r}") from error
    shape = tuple(int(length) for length in match[3].decode().rstrip(",").split(",") if length)
    n_bytes = size - len(start) - len(header)
    if dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != n_bytes:
        raise ValueError(f"an array of shape {shape} and type {dtype.str} has {n_bytes} bytes")
    buffer = np.empty(n_bytes, np.uint8)
    _fill(buffer.data, file)
    return buffer.view(dtype).reshape(shape, order="F" if match[2] == b"True" else "C")


def _fill(buffer: memoryview, file: IO[bytes]) -> None:
    """Read so many bytes, and that there are no more: only at its end is a checksum compared."""
    filled = 0
    while filled < len(buffer):
        # A zip's file would read all of it, once more, before it copies that.
        n_read = file.readinto(buffer[filled : filled + _CHUNK])  # type: ignore[attr-defined]
        if not n_read:
            raise ValueError(f"an array of {len(buffer)} bytes ends after {filled}")
        filled += n_read
    if file.read(1):
        raise ValueError(f"an array of {len(buffer)} bytes has more")
