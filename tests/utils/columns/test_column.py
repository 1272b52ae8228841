"""What a column is read as: numbers, or the levels of a category, however either arrives."""

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from helpers.tables import (
    AGES,
    AS_NUMBERS,
    MAKERS_OF_TEXT,
    NAN,
    column,
    fit,
    fit_transform,
    to_objects,
)

from sknumpynet.utils.columns import read_columns
from sknumpynet.utils.text import parse_number

pd = pytest.importorskip("pandas")

pl = pytest.importorskip("polars")

pytestmark = pytest.mark.oldest

NUMBER_ARRAYS = {
    "bool": [[True, 0], [False, 1], [True, 0]],
    "int8": [[-100, 100], [5, -128], [0, 127]],
    "uint64": [[2**63, 0], [1, 1], [2, 5]],
    "float16": [[0.5, NAN], [1.5, 2], [NAN, 4]],
    "float32": [[0.5, NAN], [1.5, 2], [NAN, 4]],
    "object": [[Decimal("0.5"), np.float32(2)], [Fraction(3, 2), None], [pd.NA, np.int8(4)]],
}


@pytest.mark.parametrize("dtype", NUMBER_ARRAYS)
def test_arrays_of_numbers_are_numerical(dtype):
    X = np.array(NUMBER_ARRAYS[dtype], dtype=dtype)
    floats = np.array([[NAN if cell is pd.NA else cell for cell in row] for row in X], dtype=float)
    model = fit(X)
    assert not model.is_categorical_.any()
    np.testing.assert_array_equal(model.transform(X), fit_transform(floats))


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, np.ma.masked_invalid])
def test_numbers_named_as_categories(make):
    X = make([[3.0, 1], [NAN, 2], [1.0, 3], [2.0, 4], [1.0, 5]])
    model = fit(X, categorical_features=[0])
    assert model.is_categorical_.tolist() == [True, False]
    assert model._levels[0] == [1, 2, 3]
    out = model.transform(X)[:, 1:]
    np.testing.assert_array_equal(out, [[0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]])
    out = model.transform([[1, 0], [True, 0], [pd.NA, 0]])[:, 1:]
    np.testing.assert_array_equal(out, [[1, 0, 0], [1, 0, 0], [0, 0, 0]])
    assert model.transform([["1", 0]])[:, 1:].tolist() == [[1, 0, 0]]
    assert model.transform([["1.0", 0]])[:, 1:].tolist() == [[0, 0, 0]]
    with pytest.warns(UserWarning, match="such as '1.0' where it learned such as 1;"):
        model.transform([["1.0", 0]] * 20)


WRITTEN = {
    "decimals": lambda k: f"{k / 2}",
    "whole": str,
    "decimal commas": lambda k: f"{k / 2}".replace(".", ","),
    "thousands": lambda k: f"{1000 * k:,}",
    "currency": lambda k: f"${k}",
    "per cent": lambda k: f"{k}%",
    "spaces": lambda k: f" {k} ",
}


@pytest.mark.parametrize("make", MAKERS_OF_TEXT)
@pytest.mark.parametrize("written", WRITTEN)
def test_text_that_holds_numbers_is_numerical(written, make):
    make, numbers = MAKERS_OF_TEXT[make], list(range(1, 31))
    cells = [WRITTEN[written](k) for k in numbers]
    factor = parse_number(cells[1], "," if written == "decimal commas" else ".") / 2
    expected = fit_transform([[factor * k] for k in numbers], ranks=True)
    with pytest.warns(UserWarning, match=rf"{AS_NUMBERS} 'x0'( \(.*\))?;.*categorical_features"):
        model = fit(make(cells), ranks=True)
    assert not model.is_categorical_.any()
    np.testing.assert_allclose(model.transform(make(cells)), expected, rtol=1e-12)
    if not hasattr(model, "feature_names_in_"):
        # Where a later table has numbers as such they are the same.
        later = model.transform([[factor * k] for k in numbers])
        np.testing.assert_allclose(later, expected, rtol=1e-12)


@pytest.mark.parametrize("marker", ["?", "", " ", "-", "NA ", "unknown", "m²"])
@pytest.mark.parametrize("make", MAKERS_OF_TEXT)
def test_a_few_markers_are_missing_numbers(make, marker):
    make = MAKERS_OF_TEXT[make]
    cells = [marker if k % 7 == 3 else age for k, age in enumerate(AGES)]
    floats = [[NAN] if k % 7 == 3 else [float(age)] for k, age in enumerate(AGES)]
    with pytest.warns(UserWarning, match=rf"'x0' \({re.escape(repr(marker))} missing\)"):
        model = fit(make(cells), ranks=True)
    assert model.get_feature_names_out().tolist() == ["x0", "x0_rank", "x0_missing"]
    np.testing.assert_array_equal(model.transform(make(cells)), fit_transform(floats, ranks=True))


def test_numbers_beside_text_are_numbers_too():
    cells = [float(age) if k < 20 else age for k, age in enumerate(AGES)]
    with pytest.warns(UserWarning, match=AS_NUMBERS):
        model = fit(column(*cells, "?"))
    expected = fit_transform([[float(age)] for age in AGES] + [[NAN]])
    np.testing.assert_array_equal(model.transform(column(*cells, None)), expected)


def test_text_in_columns_that_are_not_named_is_read_alike():
    X = pd.DataFrame({"age": AGES, "sex": ["f", "m", "f"] * 10})
    with pytest.warns(UserWarning, match=AS_NUMBERS):
        assert fit(X, categorical_features=["sex"]).is_categorical_.tolist() == [False, True]
    assert fit(X, categorical_features=["age", "sex"]).is_categorical_.all()


ON_PURPOSE = {
    "few levels": ["1", "2", "3"] * 10,
    "nine levels": [f"{k % 9}" for k in range(30)],
    "leading zeros": [f"{k % 15:05}" for k in range(30)],
    "five digits": [f"{k % 15 + 10000}" for k in range(30)],
    "category": pd.Categorical([f"{k % 15}" for k in range(30)]),
    "words": [f"word {k % 15}" for k in range(30)],
}


@pytest.mark.parametrize("cells", ON_PURPOSE.values(), ids=ON_PURPOSE)
def test_what_is_text_on_purpose_stays_a_category(cells):
    X = pd.DataFrame({"x0": cells})
    assert fit(X).is_categorical_.all()
    if not isinstance(cells, pd.Categorical):
        frame = pl.DataFrame({"x0": cells})
        assert fit(frame).is_categorical_.all()
        assert fit(frame.cast(pl.Enum(sorted(set(cells))))).is_categorical_.all()


def test_six_markers_are_a_few():
    markers = ["?", "", " ", "-", "NA ", "unknown"]
    with pytest.warns(UserWarning, match=AS_NUMBERS):
        assert not fit(column(*AGES, *markers)).is_categorical_.any()


def test_the_limit_of_few_levels_is_that_of_one_hot():
    X = pd.DataFrame({"x0": [f"{k % 5}" for k in range(30)]})
    assert fit(X).is_categorical_.all()
    with pytest.warns(UserWarning, match=AS_NUMBERS):
        assert not fit(X, max_one_hot=4).is_categorical_.any()


def test_a_column_of_objects_is_read_as_an_array_of_objects():
    table = {"x0": [1, None, 2.5], "x1": [1, "a", None], "x2": [True, False, None]}
    model = fit(to_objects(table))
    assert model.is_categorical_.tolist() == [False, True, True]
    frame = pd.DataFrame(table, dtype=object)
    assert fit(frame).is_categorical_.tolist() == [False, True, True]
    np.testing.assert_array_equal(fit_transform(frame), model.transform(to_objects(table)))
    assert [type(c).__name__ for c in read_columns(frame)] == ["PandasColumn"] * 3
