"""Presets are what they say."""

import pytest
from sklearn.datasets import load_iris

from sknumpynet import TabularMLPClassifier
from sknumpynet.presets import PRESETS

pytestmark = pytest.mark.oldest


@pytest.mark.parametrize("preset", PRESETS)
def test_presets(preset):
    X, y = load_iris(return_X_y=True)
    model = TabularMLPClassifier(preset, random_state=0, max_iter=2).fit(X[::5], y[::5])
    assert len(model.parameters_) == PRESETS[preset].classification.most_members


def test_large_tables_get_fewer_epochs_and_members():
    default, fast = PRESETS["default"].classification, PRESETS["fast"].classification
    assert [default.members(n) for n in (0, 10_000, 160_000, 10**9)] == [16, 16, 8, 5]
    assert [default.epochs(n) for n in (0, 10_000, 160_000, 10**9)] == [64, 32, 8, 1]
    assert [default.epochs(n) for n in (500, 1_000, 2_000)] == [64, 45, 32]
    assert fast.epochs(100) == fast.epochs(2_000)
    assert fast.members(160_000) == 5
    # Two members, one of each kind, for each fold.
    assert [default.members(n) for n in (12_000, 15_000)] == [16, 14]
    assert default.members(30_000) == 12
