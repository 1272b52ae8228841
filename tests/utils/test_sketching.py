"""Columns that come in parts: the same is learned of them, or nearly, in any grouping."""

from functools import reduce

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_equal

from sknumpynet import TabularPreprocessor
from sknumpynet.utils.columns import read_columns
from sknumpynet.utils.encoding import sketching
from sknumpynet.utils.encoding.kinds import find_kinds
from sknumpynet.utils.encoding.learning import learn_columns
from sknumpynet.utils.encoding.sketching import TableSketch
from sknumpynet.utils.encoding.summaries import WholeColumn
from sknumpynet.utils.sketches import FrequentCounts


def table(n_rows=2_000):
    """Return a frame with columns of every kind."""
    rng = np.random.default_rng(0)
    words = ["apples", "bread", "cheese", "milk", "onions", "tea"]
    text = pd.Series([" ".join(rng.choice(words, 5)) for _ in range(n_rows)])
    seconds = pd.to_timedelta(rng.integers(90_000_000, size=n_rows), "s")
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=n_rows),
            "age": np.where(rng.random(n_rows) < 0.1, np.nan, rng.integers(1, 80, n_rows)),
            "zeros": np.where(rng.random(n_rows) < 0.05, rng.exponential(size=n_rows), 0.0),
            "same": 1.0,
            "nothing": np.full(n_rows, np.nan),
            "colour": rng.choice(["red", "green", "blue"], n_rows),
            "flag": rng.choice(["yes", "no", None], n_rows),
            "only": rng.choice(["here", None], n_rows),
            "city": [f"city {k}" for k in rng.zipf(1.3, n_rows) % 400],
            "day": pd.Timestamp("2020-01-01") + seconds,
            "price": [f"€{k:,}" for k in rng.integers(1000, 99_999, n_rows)],
            "note": text.where(rng.random(n_rows) < 0.9),
            "wide": pd.Categorical(rng.choice([10, 20, 30], n_rows)),
        }
    )
    frame.loc[3, "price"] = "unknown"
    return frame


def sketches_of(frame, kinds, n_parts):
    sketches = []
    for rows in np.array_split(np.arange(len(frame)), n_parts):
        sketches.append(TableSketch(kinds))
        sketches[-1].add(read_columns(frame.iloc[rows]))
    return sketches


def one_by_one(sketches):
    return reduce(TableSketch.merged, sketches)


def from_the_right(sketches):
    return reduce(lambda right, left: left.merged(right), reversed(sketches))


@pytest.mark.parametrize("merge", [one_by_one, from_the_right])
@pytest.mark.parametrize("n_parts", [1, 7, 50])
def test_the_same_is_learned_of_what_fits(n_parts, merge):
    frame = table()
    columns = read_columns(frame)
    kinds = find_kinds(columns, ["any"] * len(columns), 9)
    expected = learn_columns(list(map(WholeColumn, columns)), kinds, 9, ranks=True)
    sketch = merge(sketches_of(frame, kinds, n_parts))
    assert sketch.n_rows == len(frame)
    assert_equal(vars(learn_columns(sketch.columns, kinds, 9, ranks=True)), vars(expected))


@pytest.mark.filterwarnings("ignore:text that holds numbers")
def test_a_stream_teaches_a_preprocessor_the_same():
    frame = table()
    whole = TabularPreprocessor().fit(frame)
    parts = [frame[k : k + 300] for k in range(0, len(frame), 300)]
    streamed = TabularPreprocessor().fit(parts)
    state, expected = streamed.__getstate__(), whole.__getstate__()
    assert state.keys() == expected.keys()
    for name, value in expected.items():
        assert_equal(state[name], value, err_msg=name)


def test_long_columns_are_within_the_bound(monkeypatch):
    monkeypatch.setattr(sketching, "LONGEST_BUFFER", 512)
    frame = table(20_000)[["size", "age", "day", "zeros"]]
    whole = TabularPreprocessor().fit(frame)
    streamed = TabularPreprocessor().fit([frame[k : k + 777] for k in range(0, len(frame), 777)])
    difference = np.abs(streamed.transform(frame) - whole.transform(frame))
    # The outermost ranks lie far apart.
    assert np.quantile(difference, 0.99, axis=0).max() < 0.1


def test_levels_of_a_runaway_column_are_bounded(monkeypatch):
    monkeypatch.setattr(sketching, "FrequentCounts", lambda: FrequentCounts(size=50))
    rng = np.random.default_rng(0)
    ids = [f"id {k}" for k in range(5_000)]
    often = rng.choice(["Aachen", "Bonn", "Celle"] * 10 + [f"k{k}" for k in range(9)], 5_000)
    frame = pd.DataFrame({"place": np.where(rng.random(5_000) < 0.5, ids, often)})
    streamed = TabularPreprocessor().fit([frame[k : k + 500] for k in range(0, 5_000, 500)])
    assert {"Aachen", "Bonn", "Celle"} <= {*streamed._levels[0]}
    assert len(streamed._levels[0]) <= 100


def test_cells_that_do_not_fit_later():
    numbers = pd.DataFrame({"size": np.arange(60_000.0), "colour": "red"})
    with pytest.raises(ValueError, match="Column 'size' must hold numbers"):
        TabularPreprocessor().fit([numbers, pd.DataFrame({"size": ["tall"], "colour": "blue"})])


def test_categories_by_dtype_whatever_they_are_in_each_frame():
    parts = [
        pd.DataFrame({"code": pd.Categorical([1, 2, 3]), "size": [0.0, 1.0, 2.0]}),
        pd.DataFrame({"code": pd.Categorical([3, 4, 4]), "size": [0.0, 1.0, 2.0]}),
    ]
    streamed = TabularPreprocessor().fit(parts)
    assert streamed.is_categorical_.tolist() == [True, False]
    assert streamed._levels[0] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("frames", "error", "message"),
    [
        (
            [pd.DataFrame({"a": np.arange(60_000)}), pd.DataFrame({"b": [1.0]})],
            ValueError,
            "must have the same columns",
        ),
        ([pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})], ValueError, "the same columns"),
        ([pd.DataFrame({"a": []})], ValueError, "the stream has no rows"),
        (iter([pd.DataFrame({"a": [1.0]})]), TypeError, "only once"),
    ],
)
def test_streams_that_teach_nothing(frames, error, message):
    preprocessor = TabularPreprocessor()
    with pytest.raises(error, match=message):
        preprocessor.fit(frames)
    assert not hasattr(preprocessor, "n_features_in_")
