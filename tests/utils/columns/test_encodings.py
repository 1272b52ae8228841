"""What columns are encoded as, and what has nothing to tell."""

import numpy as np
import pytest
from helpers.tables import column, fit

from sknumpynet.preprocessing import TabularPreprocessor

pytestmark = pytest.mark.oldest


def test_constant_numbers_and_single_levels_tell_where_they_are_missing():
    model = fit([[7, "a"], [None, "a"], [7, None]])
    assert model.get_feature_names_out().tolist() == ["x0_missing", "x1_a"]
    out = model.transform([[7, "a"], [8, "b"], [None, None]])
    np.testing.assert_array_equal(out, [[0, 1], [0, 0], [1, 0]])


def test_many_levels_become_exact_codes():
    cities = [f"city {k:04}" for k in range(3000)]
    model = TabularPreprocessor().fit(column("one's own", *reversed(cities), *cities))
    assert model.n_levels_ == [3001]
    out = model.transform(column(None, *cities, "nowhere", "one's own"))
    np.testing.assert_array_equal(out[:, 0], [*range(3001), 0, 0])
    one_hot = TabularPreprocessor(max_one_hot=None).fit_transform(column(*cities))
    np.testing.assert_array_equal(one_hot, np.eye(3000))
