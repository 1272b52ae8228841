"""A graph makes of columns the array that the preprocessor makes of them, to the bit."""

import datetime
import random
import zoneinfo

import numpy as np
import pytest
from helpers.onnx_graphs import nodes_output
from helpers.tables import KINDS, pd, pl, random_table, to_objects, to_polars

from sknumpynet.onnx.columns import encoded_rows
from sknumpynet.onnx.feeds import cells_of
from sknumpynet.onnx.inputs import table_inputs
from sknumpynet.onnx.sources import sources
from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.columns import read_columns

pytestmark = pytest.mark.filterwarnings("ignore:text that holds", "ignore:nearly all levels")


def names_of(preprocessor):
    return list(getattr(preprocessor, "feature_names_in_", map("x{}".format, range(99))))


def feed_of(preprocessor, X):
    columns, learned = read_columns(X), preprocessor._learned()
    inputs = table_inputs(learned, names_of(preprocessor))
    return {own.name: cells_of(own, columns[own.place], learned) for own in inputs}


def encoded(preprocessor, feed):
    """Return the array that a graph makes."""
    learned = preprocessor._learned()
    inputs = table_inputs(learned, names_of(preprocessor))

    def add(graph, variables):
        graph = graph.of(np.float64)
        return encoded_rows(graph, learned, sources(graph, learned, inputs, variables))

    return nodes_output(add, feed, np.float32).T


def assert_same_encoding(preprocessor, X, feed=None):
    found = encoded(preprocessor, feed_of(preprocessor, X) if feed is None else feed)
    expected = preprocessor._transform_for(preprocessor, X, warns=False, with_levels=True)
    exact = np.ones(expected.shape[1], bool)
    circles = [name.endswith(("_sin", "_cos")) for name in preprocessor.get_feature_names_out()]
    exact[: len(circles)] = ~np.array(circles)
    np.testing.assert_array_equal(found[:, exact], expected[:, exact])
    np.testing.assert_allclose(found, expected, atol=1e-7)


def fitted(X, *, with_levels=False, **parameters):
    preprocessor = TabularPreprocessor(**parameters)
    preprocessor._fit_transform_with_levels(X) if with_levels else preprocessor.fit(X)
    return preprocessor


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("make", [to_objects, pd.DataFrame, to_polars])
def test_random_tables(make, seed):
    rng = random.Random(seed)
    kinds = ["float", *rng.sample(KINDS, 7), "many", "rare"]
    table = random_table(rng, 60, kinds)
    preprocessor = fitted(
        make(table), with_levels=rng.random() < 0.7, ranks=rng.random() < 0.7, max_one_hot=4
    )
    new = random_table(rng, 50, kinds)
    for cells in new.values():
        cells[0] = None
    assert_same_encoding(preprocessor, make(table))
    assert_same_encoding(preprocessor, make(new))
    assert_same_encoding(preprocessor, make({name: cells[3:4] for name, cells in new.items()}))


N = 120
RNG = np.random.default_rng(0)
DAY = datetime.datetime(1899, 2, 27)
PARIS = zoneinfo.ZoneInfo("Europe/Paris")
INSTANTS = [
    datetime.datetime(2023, 10, 28, 22, tzinfo=datetime.UTC) + datetime.timedelta(minutes=20 * k)
    for k in range(N)
]
WORDS = RNG.choice(["red", "wine", "good", "bad", "sweet", "dry", "fruity"], (N, 5))
COLUMNS = {
    "numbers": RNG.normal(size=N),
    "single": RNG.normal(size=N).astype(np.float32),
    "few numbers": RNG.choice([0.1, 0.2, 0.3], N),
    "zero inflated": np.where(RNG.random(N) < 0.8, 0.0, RNG.lognormal(0, 9, N)),
    "tiny": RNG.integers(9, size=N) * 5e-324,
    "huge": RNG.normal(size=N) * 1e300,
    "large integers": 2**24 + RNG.integers(5, size=N),
    "missing": np.where(RNG.random(N) < 0.2, np.nan, RNG.integers(40, size=N)),
    "one number": np.where(RNG.random(N) < 0.2, np.nan, 7.0),
    "nullable": pd.array(RNG.choice([1, 2, None], N), dtype="Int16"),
    "number as text": [f"${number:.2f}" for number in RNG.normal(1e3, 400, N)],
    "days": [DAY + datetime.timedelta(days=int(days)) for days in RNG.integers(2**17, size=N)],
    "days, some missing": pd.Series(
        [None if k % 7 == 0 else DAY + datetime.timedelta(hours=5 * k) for k in range(N)]
    ),
    "days as text": [f"{k % 28 + 1:02}/{k % 12 + 1:02}/{1990 + k % 31}" for k in range(N)],
    "instants": pd.Series([instant.astimezone(PARIS) for instant in INSTANTS]),
    "times of day": [instant.time() for instant in INSTANTS],
    "durations": pd.to_timedelta(RNG.integers(9999, size=N), unit="s"),
    "two texts": RNG.choice(["no", "yes"], N),
    "a text": pd.Series(np.where(RNG.random(N) < 0.5, "here", None)),
    "odd texts": pd.Series(np.where(RNG.random(N) < 0.2, None, RNG.choice(["", "nan", "None"], N))),
    "many texts": RNG.choice([f"Größe {k}" for k in range(15)], N),
    "rare texts": [f"id {k}" for k in RNG.integers(N, size=N)],
    "booleans": RNG.random(N) < 0.3,
    "integers": pd.Categorical(RNG.choice([3, -1, 2**53 + 1], N)),
    "many integers": pd.Categorical(RNG.integers(20, size=N)),
    "integers as text": RNG.choice(["1", "2", "3"], N),
    "fractions": pd.Categorical(RNG.choice([0.1, 2.5, 4.0], N)),
    "fractions and large integers": pd.Categorical(RNG.choice([0.1, 2.0**24 + 1], N)),
    "largest integers": pd.Series(RNG.choice([10**30, 3, None], N)).astype("category"),
    "numbers and texts": pd.Series(RNG.choice(np.array([1, 2.5, "a", True], object), N)),
    "days as categories": pd.Categorical(
        pd.to_datetime(RNG.choice(["2024-01-01", "2023-06-05"], N))
    ),
    "intervals": pd.cut(RNG.normal(size=N), 4),
    "free text": [" ".join(words) for words in WORDS],
    "free text, some missing": [" ".join(own) if k % 5 else None for k, own in enumerate(WORDS)],
}


@pytest.mark.filterwarnings("ignore:day and month of column")
@pytest.mark.parametrize("name", COLUMNS)
def test_every_kind_of_column(name):
    frame = pd.DataFrame({name: COLUMNS[name], "other": np.arange(N) % 3})
    preprocessor = fitted(frame[: 2 * N // 3])
    assert_same_encoding(preprocessor, frame)
    assert_same_encoding(preprocessor, frame[N - 1 :])


@pytest.mark.filterwarnings("ignore:day and month of column")
def test_all_kinds_at_once():
    frame = pd.DataFrame(COLUMNS)
    preprocessor = fitted(frame[: 2 * N // 3], with_levels=True)
    assert preprocessor._learned().pairs.pairs
    assert_same_encoding(preprocessor, frame)


def test_levels_never_seen():
    frame = pd.DataFrame({"text": ["a", "b", "c"], "whole": pd.Categorical([1, 2, 3])})
    frame = pd.concat([frame] * 9)
    preprocessor = fitted(frame)
    feed = {
        "text": np.array([["A"], ["b"], ["nan"]], object),
        "whole": np.array([[2], [4], [-(2**63)]]),
    }
    frame = pd.DataFrame({"text": ["A", "b", "nan"], "whole": pd.Categorical([2, 4, None])})
    assert_same_encoding(preprocessor, frame, feed)


def test_numbers_beyond_all_that_were_seen():
    X = np.arange(20.0).reshape(-1, 1)
    preprocessor = fitted(X)
    assert_same_encoding(preprocessor, np.array([[-1e300], [-1.0], [19.5], [1e300], [np.nan]]))
    found = encoded(preprocessor, {"x0": np.array([[np.inf], [-np.inf]], np.float32)})
    expected = preprocessor.transform([[1e300], [-1e300]])
    np.testing.assert_array_equal(found, expected)


def test_polars():
    frame = pl.DataFrame(
        {
            "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=k) for k in range(N)],
            "colour": pl.Series(["red", "green", None] * (N // 3), dtype=pl.Categorical),
            "whole": [2**53 + k for k in range(N)],
        }
    )
    assert_same_encoding(fitted(frame), frame)
