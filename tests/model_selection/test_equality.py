"""Settings and data are told apart by their values, after a copy or a pickle too."""

import copy
import functools
import pickle

import numpy as np
import pytest
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler, scale

from sknumpynet.core.losses import HuberLoss
from sknumpynet.model_selection.equality import fingerprint, may_be_equal, setting_key

pytestmark = pytest.mark.oldest


def double(values, factor=2):
    return values * factor


class Slots:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Unpicklable:
    def __init__(self, value):
        self.value = value

    def __reduce_ex__(self, protocol):
        raise TypeError("cannot be pickled")


KINDS = {
    "bool": (True, False),
    "number and bool": (1, True),
    "int and float": (1, 1.0),
    "nan": (np.nan, 1.0),
    "text": ("a", "b"),
    "None": (None, 0),
    "tuple": ((1, 2), (1, 3)),
    "tuple and list": ((1, 2), [1, 2]),
    "length": ((1, 2), (1, 2, 3)),
    "dict": ({"a": 1}, {"a": 2}),
    "keys": ({"a": 1}, {"b": 1}),
    "set": ({1, 2}, {1, 3}),
    "array": (np.arange(3), np.arange(3)[::-1]),
    "array's dtype": (np.arange(3.0), np.arange(3)),
    "object array": (np.array(["a", None], object), np.array([None, "a"], object)),
    "source": (np.random.RandomState(0), np.random.RandomState(1)),
    "loss": (HuberLoss(1.0), HuberLoss(2.0)),
    "estimator": (StandardScaler(), StandardScaler(with_mean=False)),
    "class": (StandardScaler(), MinMaxScaler()),
    "steps": (make_pipeline(StandardScaler()), make_pipeline(MinMaxScaler())),
    "splitter": (KFold(3), KFold(4)),
    "partial": (functools.partial(double, factor=2), functools.partial(double, factor=3)),
    "function": (double, scale),
    "slots": (Slots(1), Slots(2)),
    "method": ({1: 2}.get, {1: 3}.get),
}


@pytest.mark.parametrize("kind", KINDS)
def test_settings_are_told_apart(kind):
    one, other = KINDS[kind]
    for value in (one, other):
        assert may_be_equal(value, copy.deepcopy(value))
        assert may_be_equal(value, pickle.loads(pickle.dumps(value)))
    assert not may_be_equal(one, other)
    assert not may_be_equal(other, one)


def test_settings_that_cannot_be_compared_may_be_equal():
    assert may_be_equal(Unpicklable(1), Unpicklable(2))
    assert not may_be_equal(Unpicklable(1), Slots(1))
    ring = [1]
    ring.append(ring)
    assert may_be_equal(ring, copy.deepcopy(ring)) in (True, False)


ARRAYS = {
    "float64": np.random.RandomState(0).normal(size=(60, 4)),
    "float32": np.random.RandomState(0).normal(size=(60, 4)).astype(np.float32),
    "int": np.arange(12).reshape(6, 2),
    "bool": np.eye(4, dtype=bool),
    "text": np.array([["a", "b"], ["c", "d"]]),
    "object": np.array([["a", 1.0], [None, 2.0]], object),
    "list": [[1.0, 2.0], [3.0, 4.0]],
    "1-D": np.arange(5.0),
    "dates": np.arange(4).astype("datetime64[D]").reshape(2, 2),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_fingerprints_go_by_values_and_order(kind):
    rows = ARRAYS[kind]
    expected = fingerprint(rows)
    assert fingerprint(copy.deepcopy(rows)) == expected
    assert fingerprint(pickle.loads(pickle.dumps(rows))) == expected
    assert fingerprint(rows[::-1]) != expected
    assert fingerprint(rows[:-1]) != expected
    if isinstance(rows, np.ndarray):
        assert fingerprint(np.asfortranarray(rows)) == expected
        assert fingerprint(np.repeat(rows, 2, axis=0)[::2]) == expected
        assert fingerprint(rows[::-1][::-1]) == expected


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_fingerprints_of_frames(library):
    module = pytest.importorskip(library)
    columns = {"x": [1.5, 2.0, None, 4.0], "text": ["a", "bb", None, "a"], "flag": [True] * 4}
    frame = {"pyarrow": lambda: module.table(columns)}.get(
        library, lambda: module.DataFrame(columns)
    )()
    if library == "pandas":
        frame["kind"] = frame["text"].astype("category")
    take = (lambda f, k: f.iloc[k]) if library == "pandas" else lambda f, k: f[k]
    if library == "pyarrow":
        take = lambda f, k: f.take(k)  # noqa: E731
    for k in ([0, 1, 2], [3, 1], [2, 2, 0]):
        cut = take(frame, k)
        assert fingerprint(cut) == fingerprint(take(frame, k))
        assert fingerprint(cut) == fingerprint(pickle.loads(pickle.dumps(cut)))
        assert fingerprint(cut) == fingerprint(take(pickle.loads(pickle.dumps(frame)), k))
        assert fingerprint(cut) != fingerprint(take(frame, k[::-1]))


def test_settings_of_clones_have_one_key():
    kinds = {"when": "date", 3: "category"}
    assert setting_key(kinds) == setting_key(dict(kinds))
    others = [{}, {"when": "time", 3: "category"}, {"when": "date", 3.0: "category"}, [kinds]]
    assert setting_key(kinds) not in [setting_key(other) for other in others]
