"""Single cells: which are missing, and as what levels they count."""

from decimal import Decimal

import numpy as np
import pytest
from helpers.tables import DECIMALS, NAN, TRIPS, column, fit, fit_transform

pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.oldest


@pytest.mark.parametrize("trip", [name for name in TRIPS if name != "float16"])
@pytest.mark.parametrize("values", [name for name in DECIMALS if name != "many"])
def test_levels_that_are_decimals_are_known_through_every_trip(values, trip):
    x = np.tile(np.array(DECIMALS[values]), 2)
    model = fit(x[:, np.newaxis], categorical_features=[0])
    expected = model.transform(x[:, np.newaxis])
    moved = TRIPS[trip](x)[:, np.newaxis]
    np.testing.assert_array_equal(model.transform(moved), expected)
    np.testing.assert_array_equal(
        fit(moved, categorical_features=[0]).transform(x[:, np.newaxis]), expected
    )


def test_levels_are_called_by_their_shortest_decimal():
    X = np.array([[0.1], [0.2], [1 / 3]], dtype=np.float32)
    names = fit(X, categorical_features=[0]).get_feature_names_out().tolist()
    assert names == ["x0_0.1", "x0_0.2", "x0_0.33333334"]


MISSING = {
    "None": None,
    "nan": NAN,
    "np.nan": np.float64("nan"),
    "NA": pd.NA,
    "NaT": pd.NaT,
    "np NaT": np.datetime64("NaT"),
    "decimal": Decimal("NaN"),
    "signaling": Decimal("sNaN"),
}


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
def test_every_kind_of_missing_cell(missing):
    text = ["a", None, "b", "a"]
    expected = [[-1], [0], [1], [-1]]
    np.testing.assert_array_equal(fit_transform(column("a", missing, "b", "a")), expected)
    np.testing.assert_array_equal(
        fit(column(*text)).transform(column("a", missing, "b", "a")), expected
    )
    if missing is MISSING["np NaT"]:
        return  # a time among numbers
    numbers = fit_transform(column(1, missing, 2, 4.0))
    np.testing.assert_array_equal(numbers, fit_transform([[1], [NAN], [2], [4]]))


def test_text_is_never_missing():
    X = np.array([["nan"], ["None"], ["<NA>"], [""]])
    assert fit(X).get_feature_names_out().tolist() == ["x0_", "x0_<NA>", "x0_None", "x0_nan"]
    assert fit_transform(X).sum() == 4
    assert fit_transform([["nan"], [NAN], ["x"]]).tolist() == [[-1], [0], [1]]


def test_levels_are_plain_sorted_and_equal_numbers_are_one():
    X = column("b", 2.5, np.str_("a"), np.int64(10), 10.0, 3, Decimal("3"), None, "10", 1e300)
    model = fit(X)
    levels = model._levels[0]
    assert levels == [2.5, 3, 10, int(1e300), "a", "b"]
    assert {type(level) for level in levels} == {str, int, float}
    assert model.get_feature_names_out().tolist()[:3] == ["x0_2.5", "x0_3", "x0_10"]


def test_whole_numbers_beyond_floats_are_different_levels():
    ids = [[2**60], [2**60 + 1], [2**60 + 2]]
    frames = [np.array(ids), pd.DataFrame(ids), pd.DataFrame(ids, dtype="Int64")]
    for X in frames:
        np.testing.assert_array_equal(fit_transform(X, categorical_features=[0]), np.eye(3))


def test_integers_and_their_text_are_one_level():
    mixed = column(*[1, 2, 3] * 4, *["1", "2", "3"] * 4)
    model = fit(mixed)
    assert model._levels[0] == [1, 2, 3]
    out = model.transform(column(1, "1", 2.0, "2", "3"))
    np.testing.assert_array_equal(out.argmax(axis=1), [0, 0, 1, 1, 2])
    assert fit(column("01", "1", "2"))._levels[0] == [1, 2, "01"]
