import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sknumpynet import TabularPreprocessor
from sknumpynet.utils.feature_names import has_fitted_columns

ROWS = {"age": [3.0, 5.0, 7.0], "size": [2.0, 4.0, 9.0]}
FRAME, ARRAY = pd.DataFrame(ROWS), np.array(list(ROWS.values())).T
NAMES = [np.str_(name) for name in ROWS]

CASES = {
    "the same frame": (FRAME, FRAME, True),
    "polars for pandas": (FRAME, pl.DataFrame(ROWS), True),
    "the same array": (ARRAY, ARRAY[:1], True),
    "another order": (FRAME, FRAME[["size", "age"]], False),
    "another name": (FRAME, FRAME.rename(columns={"age": "years"}), False),
    "a column more": (FRAME, FRAME.assign(more=1.0), False),
    "a column less": (ARRAY, ARRAY[:, :1], False),
    "names of another type": (FRAME, FRAME.set_axis(pd.Index(NAMES, dtype=object), axis=1), False),
    "names only in fit": (FRAME, ARRAY, False),
    "names only now": (ARRAY, FRAME, False),
    # Which are the same, too, but not at first sight.
    "Arrow": (FRAME, pa.table(ROWS), False),
    "lists": (ARRAY, ARRAY.tolist(), False),
}


@pytest.mark.parametrize("case", CASES)
def test_columns_at_first_sight(case):
    fitted, given, expected = CASES[case]
    assert has_fitted_columns(given, TabularPreprocessor().fit(fitted)) == expected


@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")
@pytest.mark.parametrize("case", CASES)
def test_scikit_learn_says_the_same(case, monkeypatch):
    fitted, given, _ = CASES[case]
    preprocessor = TabularPreprocessor().fit(fitted)

    def outcome():
        try:
            return preprocessor.transform(given).tolist()
        except ValueError as error:
            return str(error)

    expected = outcome()
    monkeypatch.setattr("sknumpynet.preprocessing.has_fitted_columns", lambda *given: False)
    assert outcome() == expected
