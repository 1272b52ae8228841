"""Streams: what is one, the same frames every time, and refusals in words."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn import config_context

from sknumpynet.utils.columns.streams import (
    FrameStream,
    check_same_names,
    first_frames,
    is_stream,
    target_cells,
)
from sknumpynet.utils.columns.tables import column_cells, joined_tables, with_columns

polars = pytest.importorskip("polars")
pyarrow = pytest.importorskip("pyarrow")
dataset = pytest.importorskip("pyarrow.dataset")
parquet = pytest.importorskip("pyarrow.parquet")

N_ROWS = 101


def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=N_ROWS),
            "colour": rng.choice(["red", "blue"], N_ROWS),
            "price": rng.integers(9, size=N_ROWS),
        }
    )


class Reiterable:
    """Frames that are made anew for everyone who asks."""

    def __init__(self, frames):
        self.frames = frames

    def __iter__(self):
        return iter(self.frames)


@pytest.fixture
def path(tmp_path):
    table = pyarrow.Table.from_pandas(frame(), preserve_index=False)
    parquet.write_table(table, tmp_path / "prices.parquet", row_group_size=30)
    return tmp_path / "prices.parquet"


def parts(n=17):
    return [frame()[k : k + n] for k in range(0, N_ROWS, n)]


SOURCES = {
    "path": lambda path: path,
    "path as text": str,
    "folder": lambda path: path.parent,
    "paths": lambda path: [path],
    "paths as text": lambda path: [str(path)],
    "dataset": lambda path: dataset.dataset(path),
    "dataset in memory": lambda path: dataset.dataset(parquet.read_table(path)),
    "lazy": lambda path: polars.scan_parquet(path),
    "pandas": lambda path: parts(),
    "polars": lambda path: tuple(polars.from_pandas(own) for own in parts()),
    "arrow": lambda path: [pyarrow.Table.from_pandas(own, preserve_index=False) for own in parts()],
    "an object": lambda path: Reiterable(parts()),
    "batches": lambda path: Reiterable(parquet.read_table(path).to_batches(max_chunksize=9)),
}


def values(table, name):
    return column_cells(table, name).tolist()


@pytest.mark.parametrize("budget", [1024, 0.01])
@pytest.mark.parametrize("name", SOURCES)
def test_all_rows_in_order_every_time(name, budget, path):
    source = SOURCES[name](path)
    assert is_stream(source)
    stream = FrameStream(source)
    with config_context(working_memory=budget):
        for _ in range(2):
            frames = list(stream.frames())
            assert [v for own in frames for v in values(own, "price")] == frame()["price"].tolist()
            (some,) = {tuple(own.columns) for own in map(pandas_of, stream_with(stream, "colour"))}
            assert some == ("colour",)
    assert_array_equal(column_cells(joined_tables(frames), "size"), frame()["size"])


def pandas_of(table):
    return table if isinstance(table, pd.DataFrame) else table.to_pandas()


def stream_with(stream, *names):
    return [own for piece in stream.pieces(names) for own in piece()]


def test_groups_of_rows_are_pieces(path):
    assert len(FrameStream(path).pieces()) == 4
    assert len(FrameStream(parts()).pieces()) == 1


def test_little_memory_makes_small_frames(path):
    with config_context(working_memory=0.01):
        sizes = [len(own) for own in FrameStream(path).frames()]
    assert max(sizes) < 30
    assert sum(sizes) == N_ROWS


NO_STREAMS = {
    "array": np.zeros((2, 2)),
    "lists": [[1.0, "a"], [2.0, "b"]],
    "frame": frame(),
    "polars": polars.from_pandas(frame()),
    "arrow": pyarrow.Table.from_pandas(frame()),
    "sparse": sparse.csr_array(np.eye(2)),
    "nothing": None,
    "empty": [],
    "a number": 3.0,
    "text": ["red", "blue"],
    "arrays": [np.zeros(2), np.ones(2)],
}


@pytest.mark.parametrize("name", NO_STREAMS)
def test_what_is_no_stream(name):
    assert not is_stream(NO_STREAMS[name])


def test_what_can_be_read_only_once():
    with pytest.raises(TypeError, match="is read several times, a generator only once"):
        FrameStream(own for own in parts())


@pytest.mark.parametrize("content", [None, "a,b\n1,2\n"])
def test_paths_that_lead_nowhere(content, tmp_path):
    path = tmp_path / "rows.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=r"a table in Parquet files, got '.*rows.csv'"):
        list(FrameStream(path).frames())


@pytest.mark.parametrize(
    ("pattern", "message"), [("", "no files in it"), ("*.parquet", "of patterns give a list")]
)
def test_folders_without_files(pattern, message, tmp_path):
    with pytest.raises(ValueError, match=rf"a table in Parquet files, got '.*{message}"):
        list(FrameStream(f"{tmp_path}/{pattern}").frames())


def typed(colour="text", price=float):
    colours = frame()["colour"]
    own = {"missing": None, "text": colours, "category": colours.astype("category")}[colour]
    return frame().assign(colour=own, price=frame()["price"].astype(price))


# The types of colours and prices in two files, and those of all.
TYPES = {
    "whole numbers first": (("text", int), ("text", float), "text", float),
    "all missing first": (("missing", int), ("text", int), "text", int),
    "a category first": (("category", int), ("text", int), "text", int),
    "categories": (("category", int), ("category", int), "category", int),
}


@pytest.mark.parametrize("name", TYPES)
def test_files_may_differ_in_types(name, tmp_path):
    *files, colour, price = TYPES[name]
    for number, own in enumerate(files):
        typed(*own).to_parquet(tmp_path / f"{number}.parquet")
    read = [table.to_pandas() for table in FrameStream(tmp_path).frames()]
    for (own_colour, _), table in zip(files, read, strict=True):
        expected = typed(own_colour, price)
        assert table["price"].dtype == expected["price"].dtype
        assert isinstance(table["colour"].dtype, pd.CategoricalDtype) == (colour == "category")
        assert table["colour"].notna().sum() == expected["colour"].notna().sum()
        assert_array_equal(table["size"], expected["size"])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (frame().drop(columns="colour"), r"only one has \['colour'\]"),
        (frame().assign(shop=1), r"only one has \['shop'\]"),
        (frame().assign(price="dear"), "Field price has incompatible types"),
    ],
)
def test_files_of_other_columns_are_refused(other, message, tmp_path):
    for name, own in {"a": frame(), "b": other}.items():
        own.to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(ValueError, match=message):
        FrameStream(tmp_path).pieces()


@pytest.mark.parametrize("in_files", [False, True])
def test_names_of_folders_are_a_column(in_files, tmp_path):
    for year in (2025, 2026):
        folder = tmp_path / f"year={year}"
        folder.mkdir()
        own = frame().assign(year=year) if in_files else frame()
        own.to_parquet(folder / "rows.parquet")
    (first, second) = FrameStream(tmp_path).frames()
    assert first.column("year").to_pylist() == [2025] * N_ROWS
    assert second.column("year").to_pylist() == [2026] * N_ROWS
    (only,) = FrameStream(tmp_path / "year=2025" / "rows.parquet").frames()
    assert ("year" in only.column_names) == in_files


def test_columns_that_are_not_in_the_files(path):
    with pytest.raises(ValueError, match=r"columns \['shop'\] are not among those of the table"):
        FrameStream(path).pieces(["size", "shop"])


def test_frames_without_rows_are_left_out():
    empty = [pd.DataFrame(), frame()[:0]]
    assert [len(own) for own in FrameStream([*empty, frame(), *empty]).frames()] == [N_ROWS]


@pytest.mark.parametrize("other", ["price", "colour"])
@pytest.mark.parametrize("make", [pd.DataFrame, polars.from_pandas, pyarrow.Table.from_pandas])
def test_tables_of_other_types_are_joined(make, other):
    changed = typed("missing") if other == "colour" else typed(price=float)
    for tables in ([frame(), changed], [changed, frame()]):
        joined = joined_tables([make(own) for own in tables])
        assert column_cells(joined, "price").tolist() == frame()["price"].tolist() * 2
        known = [cell for cell in column_cells(joined, "colour") if cell is not None]
        assert known == frame()["colour"].tolist() * (1 if other == "colour" else 2)


def test_arrays_are_joined():
    assert_array_equal(joined_tables([np.eye(2), np.ones((1, 2))]), [[1, 0], [0, 1], [1, 1]])


def test_frames_of_several_libraries():
    with pytest.raises(TypeError, match=r"must be of one library, got pandas.*, polars"):
        joined_tables([frame(), polars.from_pandas(frame())])


def test_frames_have_names():
    with pytest.raises(TypeError, match="columns have names, got ndarray"):
        list(FrameStream(Reiterable([np.zeros((2, 2))])).frames())


@pytest.mark.parametrize("source", [[], [frame()[:0]]])
def test_a_stream_without_rows(source):
    with pytest.raises(ValueError, match="the stream has no rows"):
        first_frames(iter(source), 10)


def test_columns_that_change():
    first, other = frame(), frame()[["colour", "size", "price"]]
    with pytest.raises(ValueError, match=r"the first has \['size', 'colour', 'price'\], another"):
        check_same_names(other, first)


@pytest.mark.parametrize("make", [pd.DataFrame, polars.DataFrame, pyarrow.table])
def test_cells_by_name(make):
    table = make({"a": [1, 2], "b": ["x", None], "c": [0.5, 1.5]})
    assert column_cells(table, "a").tolist() == [1, 2]
    assert column_cells(table, "b").tolist()[0] == "x"
    assert target_cells(table, ["a", "c"]).tolist() == [[1, 0.5], [2, 1.5]]
    assert list(with_columns(table, ["c"]).to_dict() if make is not pyarrow.table else ["c"])
    with pytest.raises(ValueError, match=r"columns \['d'\] are not among those of the table"):
        target_cells(table, "d")
