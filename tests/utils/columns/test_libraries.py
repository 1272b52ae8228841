"""Columns of the libraries' own types."""

import numpy as np
import pytest
from helpers.tables import NAN, fit, fit_transform

pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.oldest


def test_unused_categories_of_pandas_are_no_levels():
    X = pd.DataFrame({"a": pd.Categorical(["y", "x", None], categories=["z", "y", "x", "w"])})
    np.testing.assert_array_equal(fit_transform(X), [[1], [-1], [0]])


def test_intervals_are_levels():
    X = pd.DataFrame({"age": pd.cut([1, 5, 9, NAN], [0, 3, 6, 10])})
    assert fit(X).get_feature_names_out().tolist() == ["age_(0, 3]", "age_(3, 6]", "age_(6, 10]"]


def test_of_many_categories_the_few_that_occur_are_read(monkeypatch):
    levels = [f"level {k}" for k in range(400)]
    X = pd.DataFrame({"a": pd.Categorical([*levels, None] * 2)})
    preprocessor = fit(X)
    expected = preprocessor.transform(X)
    seen = []
    monkeypatch.setattr(
        "sknumpynet.utils.columns.column.plain_level",
        lambda level, name: seen.append(level) or level,
    )
    rows = [400, 7, 3, 7, 400]
    np.testing.assert_array_equal(preprocessor.transform(X.iloc[rows]), expected[rows])
    assert seen == ["level 3", "level 7"]
