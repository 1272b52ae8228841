"""Which columns of a stream, or of a table in partitions, are targets and weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.utils.columns.cells import is_missing
from sknumpynet.utils.columns.streams import target_cells
from sknumpynet.utils.columns.tables import check_names_differ, column_names, with_columns
from sknumpynet.utils.weights import rows_of_weight

__all__ = ["NamedColumns", "check_cells", "check_targets"]


@dataclass(frozen=True)
class NamedColumns:
    """Which columns of a stream are the target and the weights; the others are learned from.

    Parameters
    ----------
    target : str or list of str
    weight : str, optional
    """

    target: str | Sequence[str]
    weight: str | None = None

    @classmethod
    def of(cls, y: Any, sample_weight: Any) -> "NamedColumns":
        """Return what a user has named.

        Raises
        ------
        TypeError
            If they are no names.
        """
        is_list = isinstance(y, list | tuple) and len(y) > 0
        if not isinstance(y, str) and not (is_list and all(isinstance(own, str) for own in y)):
            raise TypeError(
                "of a stream y is the name of its column, or a list of names, got "
                f"{'None' if y is None else type(y).__name__}"
            )
        if sample_weight is not None and not isinstance(sample_weight, str):
            raise TypeError(
                "of a stream sample_weight is the name of its column, got "
                f"{type(sample_weight).__name__}"
            )
        return cls(y[0] if is_list and len(y) == 1 else y, sample_weight)

    @property
    def columns(self) -> list[str]:
        """All that are named."""
        columns = [self.target] if isinstance(self.target, str) else [*self.target]
        return columns if self.weight is None else [*columns, self.weight]

    def rows_of(self, frame: Any) -> GivenRows | None:
        """Return the rows of a frame that have a weight above 0, None if there are none.

        Raises
        ------
        ValueError
            If a column is not there, or twice, or if weights are no numbers.
        """
        names = column_names(frame) or []
        check_names_differ(names)
        y = target_cells(frame, self.target)
        weight = None
        if self.weight is not None:
            weight = _numbers(target_cells(frame, self.weight), self.weight)
            if not np.any(weight != 0):  # also not of NaN, which is an error
                return None
        X = with_columns(frame, [name for name in names if name not in self.columns])
        if len(y) == 0:
            return None
        X, y, weight, _ = rows_of_weight(X, y, weight)
        return GivenRows(X, y, weight)


def _numbers(cells: np.ndarray, name: str) -> np.ndarray:
    try:
        return np.asarray(cells, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the weights {name!r} must be numbers: {error}") from error


def check_targets(y: np.ndarray, names: NamedColumns) -> None:
    """Raise if targets are missing."""
    is_float = y.dtype.kind == "f"
    if np.isnan(y).any() if is_float else any(map(is_missing, y.ravel().tolist())):
        raise ValueError(f"the target {names.target!r} has missing values, which nothing can learn")


def check_cells(y: Any, sample_weight: Any) -> None:
    """Raise for names of columns, which only streams have their targets and weights by."""
    for name, given in {"y": y, "sample_weight": sample_weight}.items():
        if isinstance(given, str):
            raise TypeError(
                f"of a table in memory {name} is an array, such as X[{given!r}], got {given!r}: "
                "columns are named only of a stream, as the list [X] is one, and of a table of "
                "Dask in sknumpynet.dask"
            )
