"""The codes of levels are looked up, whatever their number, and not made anew for each table."""

import pickle

import numpy as np
import pytest

from sknumpynet import TabularPreprocessor
from sknumpynet.utils import encoding
from sknumpynet.utils.columns import level_codes

pytestmark = pytest.mark.oldest


def test_codes_go_by_what_a_level_is():
    assert level_codes(["a", 2, "3", 0.5]) == {"a": 1, 2: 2, 3: 3, 0.5: 4}


def test_codes_are_made_once(monkeypatch):
    calls = []

    def counted(levels):
        calls.append(len(levels))
        return level_codes(levels)

    monkeypatch.setattr(encoding.learning, "level_codes", counted)
    rows = np.array([[f"level {k % 30}"] for k in range(90)], object)
    preprocessor = TabularPreprocessor().fit(rows)
    expected = preprocessor.transform(rows)
    for _ in range(3):
        assert (preprocessor.transform(rows[:5]) == expected[:5]).all()
    assert calls == [30]


def test_a_new_fit_looks_up_new_levels():
    preprocessor = TabularPreprocessor().fit([["a"], ["b"], ["c"]])
    assert preprocessor.transform([["c"]]).tolist() == [[0.0, 0.0, 1.0]]
    preprocessor.fit([["c"], ["d"], ["e"]])
    assert preprocessor.transform([["c"], ["a"]]).tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_what_is_looked_up_is_not_saved():
    rows = [[f"level {k % 30}"] for k in range(90)]
    preprocessor = TabularPreprocessor().fit(rows)
    before = pickle.dumps(preprocessor)
    preprocessor.transform(rows)
    assert pickle.dumps(preprocessor) == before
    assert (pickle.loads(before).transform(rows) == preprocessor.transform(rows)).all()
