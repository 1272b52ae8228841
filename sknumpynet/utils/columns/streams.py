"""Tables that are read frame by frame, as often as somebody asks: larger than memory.

pyarrow is imported where there are Parquet files to read; polars never is.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse
from sklearn import get_config

from sknumpynet.utils.columns.tables import (
    as_table,
    check_has_columns,
    column_cells,
    column_names,
    with_columns,
)
from sknumpynet.utils.prefetch import prefetched
from sknumpynet.utils.scikit_learn import num_samples

__all__ = [
    "FrameStream",
    "check_same_names",
    "first_frames",
    "is_stream",
    "memory_budget",
    "target_cells",
]

# Rows of a frame that we cut ourselves; of many columns fewer, so that its cells take this part of
# the memory that there is.
MOST_ROWS = 2**16
PART_OF_BUDGET = 1 / 64


def memory_budget() -> int:
    """Return how many bytes streaming may take: scikit-learn's ``working_memory``."""
    return int(get_config()["working_memory"] * 2**20)


def is_stream(X: Any) -> bool:
    """Return whether rows are to be read frame by frame.

    Examples
    --------
    >>> is_stream("sales.parquet"), is_stream([[1.0, 2.0]])
    (True, False)
    """
    if isinstance(X, str | os.PathLike) or _is_dataset(X) or _is_lazy(X):
        return True
    if isinstance(X, list | tuple):
        return len(X) > 0 and all(_is_path(own) or _is_frame(own) for own in X)
    is_table = any(
        hasattr(X, name)
        for name in ("shape", "columns", "__array__", "__arrow_c_stream__", "compute", "keys")
    )
    return hasattr(X, "__iter__") and not is_table and not issparse(X) and not isinstance(X, set)


def _is_dataset(X: Any) -> bool:
    """Return whether X is a dataset of pyarrow."""
    return hasattr(type(X), "get_fragments") and hasattr(type(X), "scanner")


def _is_lazy(X: Any) -> bool:
    """Return whether X is a LazyFrame of polars."""
    return hasattr(type(X), "collect_schema") and hasattr(type(X), "sink_parquet")


def _is_path(X: Any) -> bool:
    """Return whether X, in a list, is a path: text may be cells."""
    return isinstance(X, os.PathLike) or (isinstance(X, str) and os.path.splitext(X)[1] != "")


def _is_frame(X: Any) -> bool:
    return hasattr(X, "columns") and len(getattr(X, "shape", ())) == 2


@dataclass(frozen=True)
class FrameStream:
    """A table's frames, in pieces that can be read in any order.

    Parameters
    ----------
    source : object
        A dataset of pyarrow, a path of Parquet or several, a LazyFrame of polars, or anything that
        gives frames anew whenever it is iterated over.

    Raises
    ------
    TypeError
        For what can be iterated over only once.

    Examples
    --------
    >>> import pandas as pd
    >>> frames = [pd.DataFrame({"size": [1, 2]}), pd.DataFrame({"size": [3]})]
    >>> [len(frame) for piece in FrameStream(frames).pieces() for frame in piece()]
    [2, 1]
    """

    source: Any

    def __post_init__(self) -> None:
        if iter_of(self.source) is self.source:
            raise TypeError(
                f"a stream is read several times, a {type(self.source).__name__} only once: give a "
                "list of frames, or an object whose __iter__ begins anew, in place of "
                f"{self.source!r}"
            )

    def pieces(self, columns: Sequence[str] | None = None) -> list[Callable[[], Iterator[Any]]]:
        """Return what reads the pieces, each giving its frames.

        Parameters
        ----------
        columns : sequence of str, optional
            To read no others; all by default.
        """
        source = self.source
        if isinstance(source, str | os.PathLike) or _are_paths(source):
            source = _parquet(source)
        if _is_dataset(source):
            return _pieces_of_dataset(source, columns)
        frames = _frames_of_lazy(source) if _is_lazy(source) else lambda: iter(source)

        def read() -> Iterator[Any]:
            for frame in frames():
                table = as_table(frame)
                if column_names(table) is None:
                    raise TypeError(
                        "a stream gives frames, whose columns have names, got "
                        f"{type(frame).__name__}"
                    )
                if num_samples(table) == 0:
                    continue
                yield table if columns is None else with_columns(table, columns)

        return [read]

    def frames(self) -> Iterator[Any]:
        """Yield all frames, read ahead in a thread."""
        return prefetched(frame for piece in self.pieces() for frame in piece())


def first_frames(frames: Iterator[Any], n_rows: int) -> list[Any]:
    """Return the first frames, with so many rows or more, or all there are.

    Raises
    ------
    ValueError
        If there are no rows, or frames differ in their columns.
    """
    first: list[Any] = []
    while sum(map(num_samples, first)) < n_rows:
        try:
            frame = next(frames)
        except StopIteration:
            break
        if num_samples(frame):
            first.append(frame)
            check_same_names(frame, first[0])
    if not first:
        raise ValueError("the stream has no rows, or none of a weight above 0")
    return first


def check_same_names(frame: Any, first: Any) -> None:
    """Raise if a frame has other columns than the first."""
    names, known = column_names(frame), column_names(first)
    if names != known:
        raise ValueError(
            f"all frames of a stream must have the same columns: the first has {known}, another "
            f"{names}"
        )


def iter_of(source: Any) -> Any:
    """Return what iterating over a source gives, None of what is read otherwise."""
    if isinstance(source, str | os.PathLike) or _is_dataset(source) or _is_lazy(source):
        return None
    return iter(source)


def _are_paths(source: Any) -> bool:
    return isinstance(source, list | tuple) and all(
        isinstance(own, str | os.PathLike) for own in source
    )


def _parquet(paths: Any) -> Any:
    """Return Parquet files, a folder of them or a list, as one dataset.

    Raises
    ------
    ValueError
        If there are none, or if files differ in their columns: to pyarrow those that are not in the
        first file are nothing, and those that are in no other are missing there.
    """
    try:
        from pyarrow import dataset
    except ImportError as error:
        raise ImportError("to read Parquet files install pyarrow: pip install pyarrow") from error
    several = isinstance(paths, list | tuple)
    named: Any = [os.fspath(own) for own in paths] if several else os.fspath(paths)
    # Folders called year=2026 are cells of a column, where they lie in the one that was named.
    partitioning = None if several or os.path.isfile(named) else "hive"
    read = partial(dataset.dataset, named, format="parquet")
    try:
        try:
            found = read(partitioning=partitioning)
            if not found.files:
                raise ValueError("there are no files in it")
        except FileNotFoundError as error:
            raise ValueError(f"not found, {error}; of patterns give a list, glob(...)") from error
        except TypeError:  # the files have such a column too, of another type
            partitioning, found = None, read()
        return read(schema=_joined_schema(found), partitioning=partitioning)
    except (OSError, TypeError, ValueError) as error:  # none there, or of another format
        raise ValueError(
            f"a path must lead to a table in Parquet files, got {named!r}: {error}"
        ) from error


def _joined_schema(dataset: Any) -> Any:
    """Return a schema that holds the cells of all files, as of whole numbers and others."""
    from pyarrow import schema, types, unify_schemas

    def without_categories(own: Any) -> Any:
        return schema(
            field.with_type(field.type.value_type) if types.is_dictionary(field.type) else field
            for field in own
        )

    fragments = [*dataset.get_fragments()]
    known = {*fragments[0].physical_schema.names} if fragments else set()
    for fragment in fragments:
        if different := known.symmetric_difference(fragment.physical_schema.names):
            raise ValueError(
                f"all files must have the same columns, got {fragments[0].path!r} and "
                f"{fragment.path!r}, of which only one has {sorted(different)}"
            )
    schemas = [dataset.schema, *(fragment.physical_schema for fragment in fragments)]
    try:
        return unify_schemas(schemas, promote_options="permissive")
    except TypeError:  # of categories and of text
        return unify_schemas(map(without_categories, schemas), promote_options="permissive")


def _n_rows(n_columns: int) -> int:
    cells = int(memory_budget() * PART_OF_BUDGET) // 8
    return max(min(cells // max(n_columns, 1), MOST_ROWS), 1)


def _pieces_of_dataset(
    dataset: Any, columns: Sequence[str] | None
) -> list[Callable[[], Iterator[Any]]]:
    """Return a piece for each group of rows of each file, or for a file that has none."""
    names = dataset.schema.names if columns is None else list(columns)
    check_has_columns(dataset.schema.names, names)
    settings = {
        "schema": dataset.schema,
        "columns": names,
        "batch_size": _n_rows(len(names)),
        # No more than what is asked for: of large groups of rows others would take gigabytes.
        "batch_readahead": 1,
        "fragment_readahead": 1,
    }

    def reader(fragment: Any) -> Callable[[], Iterator[Any]]:
        def read() -> Iterator[Any]:
            for batch in fragment.to_batches(**settings):
                if batch.num_rows:
                    yield as_table(batch)

        return read

    fragments: list[Any] = []
    for fragment in dataset.get_fragments():
        split = getattr(fragment, "split_by_row_group", None)
        fragments += [fragment] if split is None else split()
    return [reader(fragment) for fragment in fragments]


def _frames_of_lazy(frame: Any) -> Callable[[], Iterator[Any]]:
    """Return what reads a LazyFrame in its order."""
    n_rows = _n_rows(len(frame.collect_schema().names()))

    def read() -> Iterator[Any]:
        start, length = 0, n_rows
        while length == n_rows:
            part = frame.slice(start, n_rows).collect()
            length = part.shape[0]
            start += length
            if length:
                yield part

    return read


def target_cells(table: Any, names: str | Sequence[str]) -> npt.NDArray[Any]:
    """Return the cells of a column by its name, or of several side by side.

    Raises
    ------
    ValueError
        For a column that is not there.
    """
    if isinstance(names, str):
        return column_cells(table, names)
    return np.stack([column_cells(table, name) for name in names], axis=1)
