"""What a graph makes of dates is what NumPy's calendar makes of them."""

from typing import get_args

import numpy as np
import pytest
from helpers.onnx_graphs import outputs_of

from sknumpynet.onnx.dates import circle, part_of_days
from sknumpynet.utils.encoding import dates

CENTURIES = np.arange(-146_097.0, 146_097.0)  # 400 years on both sides of 1970
SOME = np.random.default_rng(0).uniform(-1e8, 1e8, 1_000)
DAYS = np.concatenate([CENTURIES, SOME, [np.nan]])


@pytest.mark.parametrize("part", get_args(dates.Part))
def test_parts(part):
    found = outputs_of(lambda graph, days: part_of_days(graph, days, part), DAYS)
    np.testing.assert_allclose(found, dates.part_of(DAYS, part), rtol=1e-15)


def test_circles():
    turns = np.array([0.0, 0.25, 0.6, np.nan])
    found = outputs_of(circle, turns[np.newaxis])
    np.testing.assert_allclose(found.T, dates.circle(turns), atol=1e-15)
