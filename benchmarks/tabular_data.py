"""The tables of the tabular benchmarks, and how they are split."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.model_selection import train_test_split

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BUNDLED",
    "CLASSIFICATION",
    "REGRESSION",
    "Split",
    "Table",
    "add_data_option",
    "load_tables",
    "split",
    "split_sizes",
]

CLASSIFICATION, REGRESSION = "classification", "regression"
TRAIN_SHARE = 0.75
MAX_TEST = 5_000

BUNDLED: dict[str, tuple[str, Callable[..., Any]]] = {
    "iris": (CLASSIFICATION, load_iris),
    "wine": (CLASSIFICATION, load_wine),
    "breast_cancer": (CLASSIFICATION, load_breast_cancer),
    "digits": (CLASSIFICATION, load_digits),
    "diabetes": (REGRESSION, load_diabetes),
}


@dataclass(frozen=True)
class Table:
    """A table as its users have it, before anything is encoded or imputed.

    Parameters
    ----------
    name : str
    task : {"classification", "regression"}
    X : DataFrame
        Numbers and columns of dtype ``category``, both may miss values.
    y : ndarray of shape (n_rows,)
        Classes are 0 to C - 1.
    """

    name: str
    task: str
    X: pd.DataFrame
    y: np.ndarray

    @property
    def n_classes(self) -> int:
        """Return the number of classes in the whole table."""
        return int(self.y.max()) + 1


class Split(NamedTuple):
    """Rows to train on and rows to test with."""

    X_train: pd.DataFrame
    X_test: pd.DataFrame
    y_train: np.ndarray
    y_test: np.ndarray


def split_sizes(n_rows: int, max_train: int) -> tuple[int, int]:
    """Return how many rows of a table train and how many test."""
    n_train = min(max_train, int(TRAIN_SHARE * n_rows))
    return n_train, min(MAX_TEST, n_rows - n_train)


def split(table: Table, seed: int, max_train: int) -> Split:
    """Shuffle a table and take rows to train and to test.

    Parameters
    ----------
    table : Table
    seed : int
        The number of the split.
    max_train : int
        At most three quarters of the rows train in any case.
    """
    n_train, n_test = split_sizes(len(table.y), max_train)
    classes = table.y if _can_stratify(table, min(n_train, n_test)) else None
    return Split(
        *train_test_split(
            table.X,
            table.y,
            train_size=n_train,
            test_size=n_test,
            random_state=seed,
            stratify=classes,
        )
    )


def load_tables(
    folders: Sequence[Path] = (),
    names: Collection[str] | None = None,
    max_rows: int | None = None,
) -> Iterator[Table]:
    """Load scikit-learn's tables and those of folders.

    Parameters
    ----------
    folders : sequence of Path
        Each holds gzip CSV whose last column is ``target``, and a ``MANIFEST.csv`` that names and
        describes them in its columns ``name``, ``task`` and ``categorical_columns``.
    names : collection of str, optional
        The tables to load, by default all.
    max_rows : int, optional
        Rows to keep of every table, chosen at random.
    """
    makers = dict.fromkeys(BUNDLED, _bundled)
    for folder in folders:
        own = _folder_makers(folder)
        if twice := sorted(makers.keys() & own.keys()):
            raise ValueError(f"there is a table of that name already: {twice}, in {folder}")
        makers |= own
    if unknown := set(names or ()) - set(makers):
        raise ValueError(f"no such tables: {sorted(unknown)}; there are {list(makers)}")
    for name, make in makers.items():
        if names is None or name in names:
            yield _sample(make(name), max_rows)


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names folders for `load_tables`."""
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        default=(),
        metavar="FOLDER",
        help="measure their tables, too: gzip CSV files and MANIFEST.csv",
    )


def _can_stratify(table: Table, smaller_part: int) -> bool:
    if table.task == REGRESSION:
        return False
    counts = np.bincount(table.y)
    return counts.min() >= 2 and smaller_part >= len(counts)


def _bundled(name: str) -> Table:
    task, load = BUNDLED[name]
    X, y = load(return_X_y=True, as_frame=True)
    return Table(name, task, X, y.to_numpy())


def _folder_makers(folder: Path) -> dict[str, Callable[[str], Table]]:
    import pandas as pd

    # As text also where no table has categories.
    manifest = pd.read_csv(folder / "MANIFEST.csv", dtype={"categorical_columns": str})
    described = manifest.fillna({"categorical_columns": ""}).set_index("name")

    def make(name: str) -> Table:
        task, columns = described.loc[name, ["task", "categorical_columns"]]
        categories = [column for column in columns.split(";") if column]
        rows = pd.read_csv(folder / f"{name}.csv.gz")
        X = rows.drop(columns="target").rename(columns=_plain_names(rows.columns))
        for column in map(_plain_names(rows.columns).get, categories):
            X[column] = X[column].astype("string").astype(object).astype("category")
        if task == CLASSIFICATION:
            return Table(name, task, X, np.unique(rows["target"], return_inverse=True)[1])
        return Table(name, task, X, rows["target"].to_numpy(float))

    return dict.fromkeys(manifest["name"], make)


def _plain_names(columns: Collection[str]) -> dict[str, str]:
    """Return names without the characters that LightGBM and XGBoost refuse."""
    refused = str.maketrans(dict.fromkeys('[]<>{}",:', "_"))
    return {column: column.translate(refused) for column in columns}


def _sample(table: Table, max_rows: int | None) -> Table:
    if max_rows is None or len(table.y) <= max_rows:
        return table
    chosen = np.sort(np.random.RandomState(0).permutation(len(table.y))[:max_rows])
    y = table.y[chosen]
    if table.task == CLASSIFICATION:  # a class may be gone
        y = np.unique(y, return_inverse=True)[1]
    return Table(table.name, table.task, table.X.iloc[chosen].reset_index(drop=True), y)
