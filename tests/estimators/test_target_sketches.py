"""Sketches of targets in parts, merged, are those of all at once."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.estimators.targets.sketching import ClassSketch, NumberSketch

RNG = np.random.default_rng(0)
WEIGHT = RNG.integers(1, 5, 101).astype(float)


def number_sketch():
    return NumberSketch(keeps_zero=False)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize(
    ("kind", "y"),
    [
        (ClassSketch, RNG.choice(["red", "green", "blue"], 101)),
        (ClassSketch, RNG.integers(0, 2, (101, 3))),
        (number_sketch, RNG.normal(5, 2, 101)),
        (number_sketch, RNG.normal(5, 2, (101, 2))),
    ],
)
def test_merged_in_order(kind, y, weight):
    parts = [slice(0, 40), slice(40, 41), slice(41, 101)]
    whole = kind()
    whole.add(y, weight)
    merged = kind()  # of no rows
    for part in parts:
        own = kind()
        own.add(y[part], None if weight is None else weight[part])
        merged = merged.merged(own)
    known, expected = merged.merged(kind()).known(), whole.known()
    assert known.keys() == expected.keys()
    if "_unit" in expected:
        for name, value in expected["_unit"].items():
            assert_allclose(known["_unit"][name], value)
    else:
        assert_array_equal(known["classes_"], expected["classes_"])
        assert merged.weights == whole.weights


def test_classes_that_do_not_go_together():
    sketches = [ClassSketch(), ClassSketch()]
    for sketch, y in zip(sketches, (["no", "yes"], [0, 1]), strict=True):
        sketch.add(np.array(y), None)
    with pytest.raises(TypeError, match=r"all text or all numbers, got .*yes"):
        sketches[0].merged(sketches[1]).known()
