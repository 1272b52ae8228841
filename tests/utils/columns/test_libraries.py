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
