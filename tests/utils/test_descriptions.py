"""What describes values: equal for equal ones, different for others."""

import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.model_selection import KFold

import sknumpynet
from sknumpynet.core.architectures import dense_network
from sknumpynet.utils.descriptions import describe


@dataclass(frozen=True)
class Point:
    x: float
    of: object = None


class Bag:
    def __init__(self, value):
        self.value = value

    def method(self):
        return self.value


# Makes a value anew each time; no two of them are described alike.
VALUES = {
    "None": lambda: None,
    "number": lambda: 0.1,
    "its neighbour": lambda: np.nextafter(0.1, 1),
    "text": lambda: "0.1",
    "bytes": lambda: b"0.1",
    "tuple": lambda: (0.1, 2),
    "list": lambda: [0.1, 2],
    "dict": lambda: {"a": 0.1},
    "array": lambda: np.arange(6.0).reshape(2, 3),
    "float32": lambda: np.arange(6, dtype=np.float32).reshape(2, 3),
    "flat": lambda: np.arange(6.0),
    "objects": lambda: np.array(["a", 1], object),
    "sparse": lambda: sparse.csr_matrix(np.eye(3)),
    "sparse, other": lambda: sparse.csr_matrix(np.eye(4)),
    "dataclass": lambda: Point(0.1),
    "nested": lambda: Point(0.1, [Point(0.2)]),
    "function": lambda: describe,
    "ufunc": lambda: np.tanh,
    "class": lambda: Point,
    "partial": lambda: partial(max, 1),
    "partial, other": lambda: partial(max, 2),
    "splitter": lambda: KFold(3),
    "splitter, other": lambda: KFold(4),
    "own": lambda: Bag(1),
    "own, other": lambda: Bag(2),
    "bound": lambda: Bag(1).method,
    "bound, other": lambda: Bag(2).method,
    "network": lambda: dense_network([5, 3, 2], "relu"),
    "network, other": lambda: dense_network([5, 3, 2], "tanh"),
}


def test_no_two_values_are_described_alike():
    descriptions = [describe(make()) for make in VALUES.values()]
    assert len(set(descriptions)) == len(VALUES)


@pytest.mark.parametrize("value", VALUES)
def test_equal_values_are(value):
    assert describe(VALUES[value]()) == describe(VALUES[value]())


def test_how_values_are_held_does_not_count():
    rows = np.arange(6.0).reshape(2, 3)
    assert describe(rows) == describe(np.asfortranarray(rows)) == describe(rows[:, ::-1][:, ::-1])
    assert describe(np.float64(0.1)) == describe(0.1)
    matrix = sparse.csr_matrix(np.eye(3))
    before = describe(matrix)
    assert matrix.has_canonical_format
    assert describe(matrix) == before
    network = dense_network([5, 3, 2], "relu")
    before = describe(network)
    assert network.layout.size == 26
    assert describe(network) == before


def test_what_cannot_be_pickled_goes_by_its_type():
    assert describe(Bag(lambda: 1)) == "Bag"


def test_is_the_same_in_another_process():
    code = (
        "import numpy as np; from sklearn.model_selection import KFold;"
        "from sknumpynet.core.architectures import dense_network;"
        "from sknumpynet.utils.descriptions import describe;"
        "print(describe([KFold(3), dense_network([5, 3, 2], 'relu'), np.eye(3), {'a': {1, 2}}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(sknumpynet.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    values = [KFold(3), dense_network([5, 3, 2], "relu"), np.eye(3), {"a": {1, 2}}]
    assert done.stdout.strip() == describe(values)
