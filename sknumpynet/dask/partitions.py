"""Collections of Dask as partitions, and what a worker reads and encodes of one."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.types import BoolArray, FloatArray
from sknumpynet.dask.libraries import is_array, is_collection
from sknumpynet.estimators.named_columns import NamedColumns, check_targets
from sknumpynet.estimators.training_data import GivenRows, make_training_data
from sknumpynet.training.shards import Shard, deal_rows
from sknumpynet.utils.columns.tables import as_table
from sknumpynet.utils.scikit_learn import num_samples, rows_of
from sknumpynet.utils.weights import rows_of_weight

__all__ = [
    "EncodedPartition",
    "Known",
    "Partitions",
    "checked_rows",
    "encode_partition",
    "first_rows",
    "rows_of_partition",
]


class EncodedPartition(NamedTuple):
    """The rows of a partition as networks take them.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
    targets : ndarray of shape (n_rows, n_outputs)
    sample_weight : ndarray of shape (n_rows,) or None
    """

    X: FloatArray
    targets: FloatArray | BoolArray
    sample_weight: FloatArray | None

    @property
    def nbytes(self) -> int:
        """What it takes, in memory and over the network."""
        return sum(own.nbytes for own in self if own is not None)

    def rows(self, rows: Any) -> "EncodedPartition":
        """Return some rows, by a mask or a slice."""
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return EncodedPartition(self.X[rows], self.targets[rows], weight)

    def as_shard(self) -> Shard:
        """Return all rows to train on: what is held out are other partitions."""
        n_rows = len(self.X)
        no_rows = np.zeros(n_rows, bool)
        return Shard(self.X, self.targets, self.sample_weight, no_rows.astype(np.int8), no_rows)


class Partitions(NamedTuple):
    """A table, its targets and its weights, cut in the same places.

    Parameters
    ----------
    parts : list of tuple
        Of each partition X, y and weights, delayed; y and weights are None where they have names.
    names : NamedColumns or None
        Which columns of X are targets and weights.
    """

    parts: list[tuple[Any, Any, Any]]
    names: NamedColumns | None

    @classmethod
    def of(cls, X: Any, y: Any, sample_weight: Any) -> "Partitions":
        """Return the partitions of what a user gave.

        Raises
        ------
        TypeError
            For what is no collection of Dask, and no names of its columns.
        ValueError
            For collections that are not cut in the same places.
        """
        if not is_collection(X):
            raise TypeError(
                "X must be a DataFrame or an array of Dask, such as dask.dataframe.read_parquet "
                f"gives, got {type(X).__name__}: TabularMLPClassifier and TabularMLPRegressor take "
                "tables in memory, and streams"
            )
        tables = _delayed(X)
        if not is_collection(y):
            if not isinstance(y, str | list | tuple):
                raise TypeError(
                    "y must be a collection of Dask, in the partitions of X, or the name of a "
                    f"column of X, got {type(y).__name__}"
                )
            names = NamedColumns.of(y, sample_weight)
            if is_array(X):
                raise TypeError(f"the columns of an array of Dask have no names, got y={y!r}")
            return cls([(table, None, None) for table in tables], names)
        if sample_weight is not None and not is_collection(sample_weight):
            raise TypeError(
                "beside targets that are a collection of Dask sample_weight is one too, got "
                f"{type(sample_weight).__name__}"
            )
        targets = _delayed(y)
        weights = [None] * len(tables) if sample_weight is None else _delayed(sample_weight)
        if not len(tables) == len(targets) == len(weights):
            raise ValueError(
                "X, y and sample_weight must have the same partitions, got "
                f"{len(tables)}, {len(targets)} and {len(weights)}"
            )
        return cls(list(zip(tables, targets, weights, strict=True)), None)


def _delayed(collection: Any) -> list[Any]:
    """Return each partition of a collection: of arrays those that have all columns."""
    if is_array(collection):
        if collection.ndim > 1:
            collection = collection.rechunk({1: -1})
        return list(collection.to_delayed().ravel())
    parts = collection.to_delayed()
    if len(parts) != collection.npartitions:
        # Of files of which few columns are read Dask joins several, of y others than of X.
        parts = collection.simplify().to_delayed(optimize_graph=False)
    return list(parts)


# On workers ---------------------------------------------------------------------------------------


def rows_of_partition(names: NamedColumns | None, X: Any, y: Any, weight: Any) -> GivenRows | None:
    """Return the rows of a partition that have a weight above 0, None if there are none.

    Parameters
    ----------
    names : NamedColumns or None
    X, y, weight : object
        One of `Partitions.parts`, computed.

    Raises
    ------
    ValueError
        For partitions of different lengths, and targets that are missing.
    """
    if names is not None:
        rows = names.rows_of(as_table(X))
        if rows is None:
            return None
        check_targets(rows.y, names)
        return replace(rows, y=_without_column(rows.y))
    y = _without_column(np.asarray(y))
    n_rows = num_samples(X)
    if len(y) != n_rows or (weight is not None and len(weight) != n_rows):
        raise ValueError(
            "partitions of X, y and sample_weight must be of the same lengths, got one of "
            f"{n_rows}, {len(y)} and {None if weight is None else len(weight)}"
        )
    if weight is not None:
        weight = np.asarray(weight, np.float64).ravel()
    if n_rows == 0 or (weight is not None and not np.any(weight != 0)):
        return None
    X, y, weight, _ = rows_of_weight(X, y, weight)
    check_targets(y, NamedColumns("y"))
    return GivenRows(X, y, weight)


def _without_column(y: np.ndarray) -> np.ndarray:
    """Return targets of one column as those of none, of which workers would warn unheard."""
    return y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y


def first_rows(
    names: NamedColumns | None, most: tuple[int, int], X: Any, y: Any, weight: Any
) -> tuple[Any, int] | None:
    """Return the first rows of a partition's table, without targets, and how many bytes they take.

    Parameters
    ----------
    names : NamedColumns or None
    most : tuple of int
        Rows and bytes; one row at least.
    X, y, weight : object
        One of `Partitions.parts`, computed.

    Returns
    -------
    tuple or None
        None if there are no rows.
    """
    rows = rows_of_partition(names, X, y, weight)
    if rows is None:
        return None
    n_rows = min(most[0], num_samples(rows.X))
    first = rows_of(rows.X, np.arange(n_rows))
    n_bytes = len(pickle.dumps(first, protocol=5))
    if n_bytes > most[1]:
        n_rows = max(n_rows * most[1] // n_bytes, 1)
        first, n_bytes = rows_of(first, np.arange(n_rows)), most[1]
    return first, n_bytes


class Known(NamedTuple):
    """What is known of columns and targets, so that a partition can be encoded.

    Parameters
    ----------
    estimator : BaseTabularMLP
        As users give it.
    attributes : dict
        That describe the data.
    weight_unit : float
        What weights are divided by, the same for all partitions.
    """

    estimator: Any
    attributes: dict[str, Any]
    weight_unit: float


def encode_partition(
    known: Known, names: NamedColumns | None, X: Any, y: Any, weight: Any
) -> EncodedPartition | None:
    """Return the rows of a partition as networks take them, None if there are none."""
    rows = rows_of_partition(names, X, y, weight)
    if rows is None:
        return None
    estimator = known.estimator
    inputs, targets = estimator._inputs(known.attributes), estimator._targets(known.attributes)
    inputs.warns = False
    data = make_training_data(inputs, targets, rows, is_new=False, is_incremental=True)
    sample_weight = data.sample_weight
    if sample_weight is not None:
        sample_weight = sample_weight * (data.weight_unit / known.weight_unit)
    return EncodedPartition(data.X, data.targets, sample_weight)


def checked_rows(
    encoded: EncodedPartition | None, key: Sequence[int], part: float
) -> EncodedPartition | None:
    """Return the rows of a partition that members which hold it out are judged by.

    Parameters
    ----------
    encoded : EncodedPartition or None
    key : sequence of int
        The seed, and which partition it is.
    part : float
        Of its rows; one row at least.
    """
    if encoded is None:
        return None
    _, is_checked = deal_rows(key, len(encoded.X), 1, part)
    is_checked[0] |= not is_checked.any()
    return encoded.rows(is_checked)
