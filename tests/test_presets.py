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
    assert len(model.parameters_) == PRESETS[preset].classification.n_members
