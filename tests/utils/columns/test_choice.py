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


KINDS = {
    "an integer": ({"zip": "category"}, [False, True, True]),
    "by its index": ({1: "category"}, [False, True, True]),
    "by NumPy's index": ({np.int64(1): "category"}, [False, True, True]),
    "text": ({"sex": "category"}, [False, False, True]),
    "a number": ({"age": "number"}, [False, False, True]),
    "none": ({}, [False, False, True]),
}


@pytest.mark.parametrize(("kinds", "expected"), KINDS.values(), ids=KINDS)
def test_column_kinds(kinds, expected):
    model = fit(FRAME, column_kinds=kinds)
    assert model.is_categorical_.tolist() == expected
    assert fit(
        FRAME, categorical_features=["sex"], column_kinds=kinds
    ).is_categorical_.tolist() == (expected)


def test_text_is_numbers_where_it_shall_be():
    X = pd.DataFrame({"code": ["007", "008", "?"] * 3})
    model = fit(X, column_kinds={"code": "number"})  # without a warning
    assert model.get_feature_names_out().tolist() == ["code", "code_missing"]
    spans = pd.DataFrame({"span": pd.to_timedelta([1, 2], unit="h")})
    np.testing.assert_array_equal(
        fit_transform(spans, column_kinds={"span": "number"}), fit_transform(spans)
    )


def test_text_is_dates_or_times_where_it_shall_be():
    X = pd.DataFrame({"day": ["2024-02-29", "2024-03-01"], "at": ["5:10", "17:30"]})
    model = fit(X, column_kinds={"day": "date", "at": "time"})
    names = model.get_feature_names_out().tolist()
    assert names[:2] == ["day", "at"]
    assert names[-2:] == ["at_hour_sin", "at_hour_cos"]
    levels = pd.DataFrame({"day": X["day"].astype("category")})
    np.testing.assert_array_equal(
        fit_transform(levels, column_kinds={"day": "date"}),
        fit_transform(X[["day"]], column_kinds={"day": "date"}),
    )


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ({"sex": "number"}, "'sex' must hold numbers, got 'f'"),
        ({"more": "number"}, "'more' must hold numbers, got '1,5,2'"),
        ({"sex": "date"}, "'sex' must hold dates, got 'f'"),
        ({"age": "date"}, "'age' must hold dates, got 1 of type int"),
        ({"height": "number"}, "column_kinds has the name 'height', which is not among"),
        ({4: "number"}, r"column_kinds has the index 4, .*= \[0, 3\]"),
        ({True: "number"}, "column_kinds must name columns by names or indices, got True"),
        ({"age": "dates"}, "column_kinds must be 'number', .*, got 'dates' for column 'age'"),
        ({"age": ["date"]}, r"column_kinds must be 'number', .*, got \['date'\] for column 'age'"),
        ({"age": "number", 0: "category"}, "names one column twice, as 'age' and 0"),
        ("date", "'dict' or None. Got 'date'"),
    ],
)
def test_column_kinds_that_do_not_fit(kinds, message):
    with pytest.raises((TypeError, ValueError), match=message):
        fit(FRAME.assign(more=["1.5", "?", "1,5,2"]), column_kinds=kinds)


def test_what_column_kinds_contradict():
    with pytest.raises(ValueError, match=r"'zip' is a category by .*, and 'number' by col"):
        fit(FRAME, categorical_features=["zip"], column_kinds={"zip": "number"})
    with pytest.raises(ValueError, match=r"no feature names; give indices$"):
        fit(FRAME.to_numpy(), column_kinds={"sex": "category"})
    both = fit(FRAME, categorical_features=["sex"], column_kinds={"zip": "category"})
    assert both.is_categorical_.tolist() == [False, True, True]
