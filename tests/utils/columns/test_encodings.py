"""What columns are encoded as, and what has nothing to tell."""

import numpy as np
import pytest
from helpers.tables import NAN, column, fit

from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.encoding import array

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


@pytest.mark.parametrize("ranks", [False, True])
def test_numbers_are_encoded_alike_however_many_columns_at_a_time(ranks, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.lognormal(0, 2, (23, 7))
    X[rng.random(X.shape) < 0.2] = NAN
    X[:, 3] = 5.0
    model = fit(X, ranks=ranks)
    at_once = model.transform(X)
    for columns in (1, 2, 3):
        monkeypatch.setattr(array, "BLOCK_CELLS", columns * len(X))
        np.testing.assert_array_equal(model.transform(X), at_once)


@pytest.mark.parametrize("most", [2, 3])
def test_ranks_up_to_so_many_numerical_columns(most):
    X = [[1.5, 7, "a", 4], [2.5, 3, "b", 4], [None, 5, "a", 4]]  # the last is a constant
    names = fit(X, ranks=most).get_feature_names_out().tolist()
    assert names == fit(X, ranks=most >= 3).get_feature_names_out().tolist()
    assert ("x0_rank" in names) == (most >= 3)
