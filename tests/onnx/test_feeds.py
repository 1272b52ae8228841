"""What is wrong with rows is said before they reach a graph, with the name of the column."""

import numpy as np
import pytest
from helpers.tables import pd

pytest.importorskip("skl2onnx")

from sknumpynet import NumpyMLPClassifier, TabularMLPClassifier
from sknumpynet.onnx import prepare
from sknumpynet.onnx.inputs import MISSING_INTEGER

FRAME = pd.DataFrame(
    {
        "age": [20, 30, np.nan, 40, 50, 60] * 9,
        "price": [f"${k}.5" for k in range(54)],
        "day": pd.date_range("2024-01-01", periods=54),
        "colour": ["red", "green", None] * 18,
        "mark": ["", "a", None] * 18,
        "shop": pd.Categorical([1, 2, 3] * 18),
        "size": pd.Categorical([0.5, 2.0, 7.5] * 18),
        "none": np.nan,
    }
)


@pytest.fixture(scope="module")
def model():
    model = TabularMLPClassifier("fast", max_iter=1, random_state=0)
    with pytest.warns(UserWarning, match="text that holds numbers"):
        return model.fit(FRAME, [0, 1] * 27)


def test_cells(model):
    rows = FRAME[:3].assign(shop=pd.Categorical([1, 9, None]), size=pd.Categorical([0.5, 1, None]))
    feed = prepare(model, rows)
    assert {name: cells.dtype.kind for name, cells in feed.items()} == {
        "age": "f",
        "price": "f",
        "day": "f",
        "colour": "O",
        "mark": "O",
        "shop": "i",
        "size": "f",
        "mark_present": "b",
    }
    assert all(cells.shape == (3, 1) for cells in feed.values())
    np.testing.assert_array_equal(feed["age"].ravel(), [20, 30, np.nan])
    np.testing.assert_array_equal(feed["price"].ravel(), [0.5, 1.5, 2.5])
    np.testing.assert_array_equal(feed["day"].ravel(), [19_723, 19_724, 19_725])
    assert feed["colour"].ravel().tolist() == ["red", "green", ""]
    assert feed["mark"].ravel().tolist() == ["", "a", ""]
    assert feed["mark_present"].ravel().tolist() == [True, True, False]
    assert feed["shop"].ravel().tolist() == [1, MISSING_INTEGER, MISSING_INTEGER]
    np.testing.assert_array_equal(feed["size"].ravel(), [0.5, np.nan, np.nan])


@pytest.mark.parametrize(
    ("column", "cell", "error", "message"),
    [
        ("age", "old", ValueError, "Column 'age' must hold numbers, got 'old'"),
        ("age", np.inf, ValueError, "Column 'age' contains infinity"),
        ("price", "dear 1", ValueError, "Column 'price' must hold numbers, got 'dear 1'"),
        ("day", 7.0, TypeError, "Column 'day' must hold dates, got 7.0 of type float"),
        ("colour", [1], TypeError, r"got \[1\] of type list in column 'colour'"),
    ],
)
def test_wrong_cells(model, column, cell, error, message):
    wrong = FRAME[:2].astype(object)
    wrong[column] = pd.Series([cell, None], dtype=object)
    with pytest.raises(error, match=message):
        prepare(model, wrong)


def test_other_columns(model):
    with pytest.raises(ValueError, match="feature names should match"):
        prepare(model, FRAME.drop(columns="age"))


def test_other_models():
    with pytest.raises(TypeError, match="got NumpyMLPClassifier"):
        prepare(NumpyMLPClassifier(), FRAME)
