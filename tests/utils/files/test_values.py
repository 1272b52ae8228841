"""Values come back as they were, and nothing else passes for one."""

import json

import numpy as np
import pytest
from helpers.names import plain_repr
from hypothesis import given, settings
from hypothesis import strategies as st

from sknumpynet.utils.files import pack, unpack


def there_and_back(value):
    packed = pack(value, "value")
    return unpack(json.loads(json.dumps(packed.values)), packed.arrays.__getitem__)


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert len(one) == len(other)
        for (key, mine), (its_key, its) in zip(one.items(), other.items(), strict=True):
            assert_same(key, its_key)
            assert_same(mine, its)
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for mine, its in zip(one, other, strict=True):
            assert_same(mine, its)
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        if one.dtype == object:
            assert_same(one.ravel().tolist(), other.ravel().tolist())
        else:
            assert one.tobytes() == other.tobytes()
            assert one.flags.f_contiguous == other.flags.f_contiguous
    elif isinstance(one, np.random.RandomState):
        assert one.uniform() == other.uniform()
    else:
        assert repr(one) == repr(other)


VALUES = [
    *(None, True, 0, -1, 2**53, 2**53 + 1, -(2**64), 0.1, -0.0, 1e-310),
    *(float("nan"), float("inf"), float("-inf"), "", "größe", "\ud800", "\x00", "$tuple"),
    *([], (), {}, [[1], (2, [3])], {"a": 1, "b": [2.0]}, {1: "x", "1": "y", None: 0, (1, 2): 3}),
    *({"$tuple": []}, {"$": 1}, {"a/b": np.ones(2), "ö": np.zeros(1)}, {True: 1, 2.5: 2}, b"\x00a"),
    *(np.float32(0.1), np.float64("nan"), np.int8(-3), np.uint64(2**64 - 1), np.bool_(True)),
    *(np.str_("text"), {np.int64(1): np.float16(0.5)}, np.random.RandomState(3)),
    *(np.zeros((0, 3)), np.array(3.0), np.ones((2, 3), "f"), np.asfortranarray(np.ones((2, 3)))),
    *(np.arange(3, dtype=">i4"), np.array(["a", "bcd"]), np.array([b"a"]), np.ones((2, 2), bool)),
    *(np.array(["2024-01-01"], "M8[s]"), np.array([5], "m8[25us]"), np.arange(6.0)[::2]),
    np.array([["a", None], [1, 2.5]], object),
    np.array([(1,), [2]], object),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: plain_repr(value)[:40])
def test_a_value_comes_back(value):
    assert_same(there_and_back(value), value)
    assert_same(there_and_back([value, {"x": value}])[1]["x"], value)


def test_an_integer_may_have_more_digits_than_python_reads():
    assert there_and_back(-(10**5000)) == -(10**5000)


def test_a_generator_goes_on_where_it_was():
    source = np.random.RandomState(0)
    source.normal(size=3)  # of an odd number one is kept
    again = there_and_back(source)
    np.testing.assert_array_equal(again.normal(size=9), source.normal(size=9))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(PLAIN)
def test_any_plain_value_comes_back(value):
    assert_same(there_and_back(value), value)


class Own(dict):
    pass


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (len, "model is <built-in"),
        ({"a": [1, len]}, "model.a.1 is <built-in"),
        ({1: object()}, "model.0 is <object"),
        (Own(), "model is {}"),
        ({1, 2}, "model is {1, 2}"),
        (1j, "model is 1j"),
        (np.ones(2, complex), "model is an array of dtype"),
        (np.zeros(2, "i4,f4"), "model is an array of dtype"),
        (np.ma.masked_array([1.0]), "model is masked_array"),
        (np.array([len], object), "model.0 is <built-in"),
    ],
    ids=plain_repr,
)
def test_what_is_no_plain_value_is_named(value, message):
    with pytest.raises(ValueError, match=message):
        pack(value, "model")


WORDS = {"$array": "words.npy"}
WRONG = [
    *({"$": 1}, {"$tuple": [], "$dict": []}, {"$tuple": 1}, {"$tuple": {}}, {"$pickle": "x"}),
    *({"$dict": {}}, {"$dict": [[1]]}, {"$dict": [[1, 2], [1, 3]]}, {"$dict": [[[], 1]]}),
    *({"$int": 1}, {"$int": "x"}, {"$float": "1.0"}, {"$float": 1}, {"$bytes": "x"}),
    *({"$bytes": 1}, {"$array": "none.npy"}, {"$array": []}, {"$objects": []}),
    *({"$objects": {"shape": [2], "cells": [1]}}, {"$objects": {"shape": [-1], "cells": [1]}}),
    *({"$objects": {"shape": [0, 10**30], "cells": []}}, {"$objects": {"shape": 1, "cells": []}}),
    *({"$numpy": ["<f8", 1]}, {"$numpy": ["O", 1]}, {"$numpy": ["<i1", 300]}, {"$numpy": [1, 1]}),
    *({"$numpy": ["i4,(9)f4", 1]}, {"$numpy": ["<f3", 1.0]}, {"$numpy": "x"}),
    *({"$random": []}, {"$random": [WORDS, 625, 0, 0.0]}, {"$random": [WORDS, -1, 0, 0.0]}),
    *(
        {"$random": [WORDS, 0, 2, 0.0]},
        {"$random": [WORDS, 0, 0, "x"]},
        {"$random": [1, 0, 0, 0.0]},
    ),
]


@pytest.mark.parametrize("values", WRONG, ids=plain_repr)
def test_what_is_no_packed_value_is_an_error(values):
    words = {"words.npy": np.zeros(624, np.uint32)}
    with pytest.raises((ValueError, TypeError, KeyError, OverflowError)):
        unpack(values, words.__getitem__)
