"""Which columns are categories, by `categorical_features`."""

import numpy as np
import pytest
from helpers.tables import FRAME, fit, fit_transform

pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.oldest

CHOICES = {
    "from_dtype": ("from_dtype", [False, False, True]),
    "names": (["sex", "zip"], [False, True, True]),
    "array of names": (np.array(["sex"]), [False, False, True]),
    "indices": ((2, 0), [True, False, True]),
    "array of indices": (np.array([1, 2], dtype=np.uint8), [False, True, True]),
    "mask": ([True, False, True], [True, False, True]),
    "array mask": (np.array([False, True, True]), [False, True, True]),
}


@pytest.mark.parametrize(("chosen", "expected"), CHOICES.values(), ids=CHOICES)
def test_categorical_features(chosen, expected):
    model = fit(FRAME, categorical_features=chosen)
    assert model.is_categorical_.tolist() == expected
    assert model.is_categorical_.dtype == bool


@pytest.mark.parametrize("chosen", [None, [], np.array([], dtype=int)])
def test_no_categorical_features(chosen):
    assert not fit(FRAME[["age", "zip"]], categorical_features=chosen).is_categorical_.any()
    bools = pd.DataFrame({"a": [True, False, True], "b": [True, None, False]})
    assert fit_transform(bools, categorical_features=chosen).shape == (3, 3)
    with pytest.raises(ValueError, match=r"'sex' must hold numbers, got 'f'.*categorical_features"):
        fit(FRAME, categorical_features=chosen)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("sex", "array-like, .*'from_dtype'.* Got 'sex'"),
        ([None], r"'from_dtype', None, or a list .* got \[None\]"),
        (["height"], r"'height'.* feature names \['age', 'zip', 'sex'\]"),
        ([3], r"index 3, .*= \[0, 2\]"),
        ([-1], r"index -1"),
        ([True, False], r"must have 3 values.* got 2: \[True, False\]"),
        ([0, "sex"], r"got \[0, 'sex'\]"),
        ([0.0], r"got \[0.0\]"),
        ([[0]], r"got \[\[0\]\]"),
    ],
)
def test_categorical_features_that_do_not_fit(chosen, message):
    with pytest.raises(ValueError, match=message):
        fit(FRAME, categorical_features=chosen)
    with pytest.raises(ValueError, match="have no feature names"):
        fit(FRAME.to_numpy(), categorical_features=["sex"])
