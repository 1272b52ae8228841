"""What there is to know of columns and targets before training: sketches of partitions, merged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from sknumpynet.dask.partitions import rows_of_partition
from sknumpynet.estimators.named_columns import NamedColumns
from sknumpynet.estimators.targets.sketching import ClassSketch, NumberSketch, sketch_of_targets
from sknumpynet.utils.columns.tables import column_names, read_columns
from sknumpynet.utils.encoding.kinds import Kinds
from sknumpynet.utils.encoding.sketching import TableSketch

__all__ = [
    "PartitionSketch",
    "Seen",
    "check_columns",
    "difference_of_targets",
    "merged_sketches",
    "names_or_numbers",
    "sketch_partition",
]

# Of tables whose partitions differ by chance one in a thousand would be warned of. With many rows
# any difference is beyond chance: those that are no such part of the variance are let pass.
P_VALUE, LEAST_PART = 1e-3, 0.01


@dataclass(frozen=True)
class PartitionSketch:
    """Of one partition, or of several merged.

    Parameters
    ----------
    columns : TableSketch or None
        None without rows.
    targets : ClassSketch or NumberSketch
        With the weights of rows.
    each : tuple of ClassSketch or NumberSketch
        Of each partition, without weights.
    n_rows : tuple of int
        Of weight above 0, of each partition.
    largest_weight : float
    """

    columns: TableSketch | None
    targets: ClassSketch | NumberSketch
    each: tuple[ClassSketch | NumberSketch, ...]
    n_rows: tuple[int, ...]
    largest_weight: float

    def merged(self, other: "PartitionSketch") -> "PartitionSketch":
        """Return the sketch of these partitions and others that come after them."""
        columns = self.columns or other.columns
        if self.columns is not None and other.columns is not None:
            columns = self.columns.merged(other.columns)
        targets: Any = self.targets
        return PartitionSketch(
            columns,
            targets.merged(other.targets),
            self.each + other.each,
            self.n_rows + other.n_rows,
            max(self.largest_weight, other.largest_weight),
        )


class Seen(NamedTuple):
    """What the first rows tell, so that a partition can be sketched.

    Parameters
    ----------
    estimator : BaseTabularMLP
    kinds : Kinds
        Of the columns.
    columns : list
        What they are called, or their numbers.
    """

    estimator: Any
    kinds: Kinds
    columns: list[Any]


def names_or_numbers(X: Any) -> list[Any]:
    """Return what the columns of a table are called, of an array their numbers."""
    names = column_names(X)
    return [*range(len(read_columns(X)))] if names is None else names


def check_columns(X: Any, expected: list[Any]) -> None:
    """Raise if a partition has other columns than the first one."""
    found = names_or_numbers(X)
    if found != expected:
        raise ValueError(
            "partitions must have the same columns in the same order, got one of "
            f"{found} where the first one has {expected}"
        )


def sketch_partition(
    seen: Seen, names: NamedColumns | None, X: Any, y: Any, weight: Any
) -> PartitionSketch:
    """Return the sketch of a partition, on a worker.

    Parameters
    ----------
    seen : Seen
    names : NamedColumns or None
    X, y, weight : object
        One of `Partitions.parts`, computed.

    Raises
    ------
    ValueError
        If a partition has other columns than the first one.
    """
    estimator, kinds, columns_seen = seen
    rows = rows_of_partition(names, X, y, weight)
    targets, unweighted = sketch_of_targets(estimator), sketch_of_targets(estimator)
    if rows is None:
        return PartitionSketch(None, targets, (unweighted,), (0,), 0.0)
    check_columns(rows.X, columns_seen)
    columns = TableSketch(kinds)
    columns.add(read_columns(rows.X))
    targets.add(rows.y, rows.sample_weight)
    unweighted.add(rows.y, None)
    return PartitionSketch(columns, targets, (unweighted,), (len(rows.y),), rows.largest_weight)


def merged_sketches(sketches: Sequence[PartitionSketch]) -> PartitionSketch:
    """Return the sketches of partitions merged, in their order."""
    merged = sketches[0]
    for sketch in sketches[1:]:
        merged = merged.merged(sketch)
    return merged


def difference_of_targets(each: Sequence[ClassSketch | NumberSketch]) -> str | None:
    """Return how the targets of partitions differ beyond chance, None if they do not.

    Classes are compared by a chi-square test, numbers by an analysis of variance.

    Parameters
    ----------
    each : sequence of ClassSketch or NumberSketch
        Of each partition that has rows, without weights.

    Examples
    --------
    >>> import numpy as np
    >>> sketches = []
    >>> for number in range(5):
    ...     sketches.append(ClassSketch())
    ...     sketches[-1].add(np.array(["no", "yes"]).repeat([100 - 20 * number, 20 * number]), None)
    >>> difference_of_targets(sketches)
    '33 % of the variance of targets is between partitions, p = 5e-35'
    """
    if len(each) < 2:
        return None
    if isinstance(each[0], ClassSketch):
        part, p_value = _of_classes([own.weights for own in each if isinstance(own, ClassSketch)])
    else:
        part, p_value = _of_numbers([own for own in each if isinstance(own, NumberSketch)])
    if not (p_value < P_VALUE and part > LEAST_PART):
        return None
    return f"{100 * part:.0f} % of the variance of targets is between partitions, p = {p_value:.0g}"


def _of_classes(counts: Sequence[dict[Any, float]]) -> tuple[float, float]:
    """Return the part of the variance that is between partitions, and its p-value."""
    labels = sorted(set().union(*counts))
    if len(labels) < 2:
        return 0.0, 1.0
    table = np.array([[own.get(label, 0.0) for label in labels] for own in counts])
    found = stats.chi2_contingency(table, correction=False)
    # Cramér's V, squared.
    return float(found.statistic / (table.sum() * (min(table.shape) - 1))), float(found.pvalue)


def _of_numbers(sketches: Sequence[NumberSketch]) -> tuple[float, float]:
    """Return the part of the variance that is between partitions, and its p-value.

    Of several targets that of the one which differs most.
    """
    moments = [own.moments for own in sketches if own.moments is not None]
    n = np.array([own.n for own in moments])
    deviations = np.stack([own.deviation for own in moments])
    means = np.stack([own.mean for own in moments]) - moments[0].mean
    # Only ratios count: squares of the numbers themselves may overflow, or vanish.
    scale = np.maximum(np.abs(means), deviations).max(axis=0)
    scale[scale == 0] = 1.0
    means, deviations = means / scale, deviations / scale
    within = n @ deviations**2
    between = n @ (means - n @ means / n.sum()) ** 2
    n_groups, n_rows = len(n), int(n.sum())
    if n_rows <= n_groups:
        return 0.0, 1.0
    parts = between / np.maximum(between + within, np.finfo(float).tiny)
    k = int(np.argmax(parts))
    unexplained = within[k] / (n_rows - n_groups)
    if unexplained <= 0:
        return float(parts[k]), 0.0 if between[k] > 0 else 1.0
    ratio = between[k] / (n_groups - 1) / unexplained
    p_value = stats.f.sf(ratio, n_groups - 1, n_rows - n_groups) * len(parts)
    return float(parts[k]), min(float(p_value), 1.0)
