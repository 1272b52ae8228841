"""Arrays are read as `numpy.load` reads them, within the bytes that there are."""

import io
import tracemalloc

import numpy as np
import pytest

from sknumpynet.utils.files.arrays import read_array, write_array

ARRAYS = [
    *(np.array(1.5), np.zeros((0, 3)), np.arange(5, dtype=">u2"), np.ones((2, 3, 5), "f4")),
    *(np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(["ab", "c"]), np.array([True])),
    *(np.array(["2024", "NaT"], f"M8[{unit}]") for unit in "YMWDhs"),
    *(np.array(["2024-01-01", "NaT"], "M8[25us]"), np.array([b"a", b"bc"]), np.arange(9)[::2]),
]


def written(array):
    file = io.BytesIO()
    write_array(file, array)
    return file.getvalue()


@pytest.mark.parametrize("array", ARRAYS, ids=lambda own: f"{own.dtype.str}-{own.shape}")
def test_it_is_what_numpy_loads(array):
    data = written(array)
    mine, its = read_array(io.BytesIO(data), len(data)), np.load(io.BytesIO(data))
    assert (mine.dtype, mine.shape, mine.strides) == (its.dtype, its.shape, its.strides)
    assert mine.tobytes() == its.tobytes()
    assert mine.flags.writeable


GOOD = written(np.arange(3.0))


def with_header(text, data=b""):
    header = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def header(descr="'<f8'", order="False", shape="(3,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


WRONG = {
    "empty": b"",
    "magic": b"PK" + GOOD,
    "version": GOOD.replace(b"NUMPY\x01", b"NUMPY\x02"),
    "short header": GOOD[:40],
    "short": GOOD[:-1],
    "long": GOOD + b"x",
    "huge": with_header(header(shape="(99999999999,)"), bytes(24)),
    "huge product": with_header(header(shape="(4294967296, 4294967296)"), b""),
    "huge and empty": with_header(header(shape="(0, 99999999999999999999)")),
    "negative": with_header(header(shape="(-3,)"), bytes(24)),
    "objects": with_header(header(descr="'|O'"), bytes(24)),
    "void": with_header(header(descr="'|V8'"), bytes(24)),
    "fields": with_header(header(descr="[('a', '<f8')]"), bytes(24)),
    "no type": with_header(header(descr="'<f3'"), bytes(9)),
    "no unit": with_header(header(descr="'<M8[lightyear]'"), bytes(24)),
    "nothing a cell": with_header(header(descr="'<U0'"), b""),
    "huge text": with_header(header(descr="'<U999999999'", shape="(0, 1)")),
    "code": with_header(header(shape="(__import__('os').getpid(),)"), bytes(24)),
    "deep": with_header(header(shape="(" * 9_000 + ")" * 9_000)),
    "twice": with_header(header()[:-1] + "'shape': (1,), }", bytes(24)),
}


@pytest.mark.parametrize("data", [WRONG[name] for name in WRONG], ids=list(WRONG))
def test_what_is_no_array_is_an_error(data):
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"an array|cannot reshape|too large|too big|dim"):
            read_array(io.BytesIO(data), len(data))
        assert tracemalloc.get_traced_memory()[1] < 10**6
    finally:
        tracemalloc.stop()
