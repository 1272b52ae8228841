"""Tables of every make are read as the same columns."""

import numpy as np
import pytest
from helpers.tables import OTHER_MAKERS, fit, fit_transform, mixed_frame

pd = pytest.importorskip("pandas")

pl = pytest.importorskip("polars")

pytestmark = pytest.mark.oldest


@pytest.mark.parametrize("dtype", [float, int, bool, str, object])
def test_masked_arrays(dtype):
    data = np.array([[0, 1], [1, 1], [0, 0], [1, 1]]).astype(dtype)
    mask = [[0, 0], [1, 0], [0, 1], [0, 0]]
    expected = data.astype(object)
    expected[np.array(mask, dtype=bool)] = None
    if dtype is bool:  # an array of booleans is one of numbers
        expected = expected.astype(float)
    np.testing.assert_array_equal(
        fit_transform(np.ma.masked_array(data, mask)), fit_transform(expected)
    )


def test_a_column_may_be_called_as_a_method_is():
    names = ["compute", "column_names", "get_columns", "to_pylist", "chunks", "to_pandas"]
    X = np.random.default_rng(0).normal(size=(20, len(names)))
    for make in (pd.DataFrame, lambda X, columns: pl.DataFrame(X, schema=columns)):
        np.testing.assert_array_equal(fit_transform(make(X, columns=names)), fit_transform(X))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("make", OTHER_MAKERS)
def test_a_table_of_any_make_is_read_as_the_frame(make):
    frame = mixed_frame()
    other, model = OTHER_MAKERS[make](frame), fit(frame, ranks=True)
    expected = model.transform(frame)
    np.testing.assert_array_equal(model.transform(other), expected)
    own = fit(other, ranks=True)
    np.testing.assert_array_equal(own.transform(frame), expected)
    assert own.feature_names_in_.tolist() == list(frame)
    assert own.get_feature_names_out().tolist() == model.get_feature_names_out().tolist()


def test_dask_arrays_are_computed():
    array = pytest.importorskip("dask.array")
    X = np.random.default_rng(0).normal(size=(30, 3))
    np.testing.assert_array_equal(fit_transform(array.from_array(X, chunks=10)), fit_transform(X))
