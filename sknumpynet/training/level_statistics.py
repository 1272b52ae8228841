"""What the levels of categories say of the targets, without a row's own target.

A member's statistics are made of the rows that it trains on, which are dealt into parts. A row of a
part gets those of the other parts; rows held out and new rows get those of all. So training rows
see what new rows will: the mean of a level over rows other than themselves. With means of the other
folds of the whole table, members would train on what the rows that judge them have as targets: of
2,000 rows of 100 random codes and random targets the AUC out of fold was 0.795. Made as here it is
0.534, mean of five draws, and without statistics 0.544, as members choose their epoch by the fold.

Means are shrunk towards the mean of all rows by empirical Bayes: of a level with n rows the part
n / (n + k) is left of its difference from it, where k is the variance within levels over that
between them, estimated for each column and target.

References
----------
Bühlmann and Straub, "Glaubwürdigkeit für Schadensätze", 1970: the estimates of both variances;
Micci-Barreca, "A Preprocessing Scheme for High-Cardinality Categorical Attributes", 2001: for
categories; Prokhorenkova et al., "CatBoost: unbiased boosting with categorical features", 2018:
what goes wrong with a row's own target.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sknumpynet.core.types import BoolArray, FloatArray, IntArray
from sknumpynet.training.splits import EvenFolds
from sknumpynet.utils.encoding.scaling import interpolated_ranks, rank_knots

__all__ = ["N_PARTS", "KnownStatistics", "LevelStatistics", "parts_of_rows", "with_table"]

# Parts of a member's rows.
N_PARTS = 10


def with_table(table: FloatArray | None, parameters: FloatArray) -> FloatArray:
    """Return the parameters of a whole network from those above its table of levels.

    Parameters
    ----------
    table : ndarray or None
        The flat parameters of its `LevelTable`, if it begins with one.
    parameters : ndarray of shape (P,)

    Examples
    --------
    >>> import numpy as np
    >>> with_table(np.array([0.5]), np.array([1.0, 2.0]))
    array([0.5, 1. , 2. ])
    """
    return parameters if table is None else np.concatenate([table, parameters])


def parts_of_rows(
    rows: IntArray | None, targets: FloatArray | BoolArray, weight: FloatArray | None, seed: int
) -> IntArray:
    """Deal rows into parts in each of which all targets have their share.

    Parameters
    ----------
    rows : ndarray of int, optional
        Those that a member trains on; all by default.
    targets : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,), optional
        Rows of weight 0 are not trained on.
    seed : int

    Returns
    -------
    ndarray of int of shape (n_samples,)
        The part of each row, -1 of those that are not trained on.

    Examples
    --------
    >>> import numpy as np
    >>> parts_of_rows(np.array([0, 2, 3]), np.zeros((5, 1)), None, seed=0)
    array([ 1, -1,  2,  0, -1])
    """
    is_used = np.zeros(len(targets), bool)
    is_used[slice(None) if rows is None else rows] = True
    if weight is not None:
        is_used &= weight > 0
    used = np.flatnonzero(is_used)
    parts = np.full(len(targets), -1)
    if len(used) == 1:
        parts[used] = 0  # its statistics are those of no rows
        return parts
    n_parts = min(N_PARTS, len(used))
    folds = EvenFolds(n_parts, n_parts, seed, targets[used])
    for number, (_, part) in enumerate(folds.split(used)):
        parts[used[part]] = number
    return parts


@dataclass(frozen=True)
class LevelStatistics:
    """One member's statistics of the levels of columns of codes.

    For each column, level and target it is the shrunk difference of the level's mean from the mean
    of all rows, which is 0 for a level that no row has, and of that the normal quantile of its rank
    among the rows that are trained on: most levels are close to the mean, and their order counts.
    (Log loss on 2,250 rows of amazon_employee_access, four splits: 3.1 % less than without
    statistics, in standard deviations 1.7 %; how many rows a level has brings nothing beside it.)

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples, n_columns)
        0 for a level that is missing or unknown.
    n_levels : tuple of int
        How many codes each column has, with 0.
    targets : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,), optional
        Only their ratios count.
    parts : ndarray of int of shape (n_samples,)
        See `parts_of_rows`.

    Examples
    --------
    >>> import numpy as np
    >>> codes, targets = np.array([[1], [1], [1], [2], [2], [2]]), np.array([1, 1, 1, 0, 0, 1.0])
    >>> parts = np.array([0, 1, 2, 0, 1, 2])
    >>> statistics = LevelStatistics(codes, (3,), targets[:, np.newaxis], None, parts)
    >>> statistics.differences(0)[-1].round(2)
    array([[ 0.  ],
           [ 0.25],
           [-0.25]])
    >>> statistics.table().shape, statistics.columns().shape
    ((3, 1), (6, 1))
    """

    codes: IntArray
    n_levels: tuple[int, ...]
    targets: FloatArray | BoolArray
    weight: FloatArray | None
    parts: IntArray

    def table(self) -> FloatArray:
        """Return what levels stand for in rows held out and new rows.

        Returns
        -------
        ndarray of shape (sum of n_levels, n_outputs)
            The levels of one column after those of another.
        """
        return np.concatenate([self._ranked(k)[1] for k in range(len(self.n_levels))])

    def columns(self, dtype: npt.DTypeLike = np.float64) -> FloatArray:
        """Return what each row gets, training rows of the parts that they are not in.

        Returns
        -------
        ndarray of shape (n_samples, n_columns * n_outputs)
            The statistics of one column after those of another.
        """
        n_columns, n_outputs = len(self.n_levels), self.targets.shape[1]
        columns = np.empty((len(self.parts), n_columns, n_outputs), dtype)
        for k in range(n_columns):
            columns[:, k] = self._ranked(k)[0]
        return columns.reshape(len(self.parts), -1)

    def differences(self, k: int) -> npt.NDArray[np.float64]:
        """Return the shrunk differences of a column's levels, outside each part and last of all.

        Returns
        -------
        ndarray of shape (n_parts + 1, n_levels, n_outputs)
        """
        used = np.flatnonzero(self.parts >= 0)
        parts, codes, n_levels = self.parts[used], self.codes[used, k], self.n_levels[k]
        n_parts = int(parts.max()) + 1
        places = parts * n_levels + codes

        def outside(values: FloatArray | None) -> FloatArray:
            """Return sums by level outside each part, and of all."""
            sums = np.bincount(places, values, n_parts * n_levels).reshape(n_parts, n_levels)
            total = sums.sum(axis=0)
            return np.concatenate([total - sums, [total]])

        counts = outside(None).astype(float)
        weight, weights = np.ones(len(used)), counts
        if self.weight is not None:
            weight = self.weight[used] / self.weight[used].mean()
            # What is left of a sum less itself is rounding.
            weights = np.where(counts > 0, outside(weight), 0.0)
        targets = self.targets[used].astype(float)
        targets -= targets.mean(axis=0)
        return np.stack(
            [
                _shrunk(
                    np.where(counts > 0, outside(weight * target), 0.0),
                    weights,
                    counts,
                    outside(weight * target**2).sum(axis=-1),
                )
                for target in targets.T
            ],
            axis=-1,
        )

    def _ranked(self, k: int) -> tuple[FloatArray, FloatArray]:
        """Return the ranks of what rows get of a column, and of what its levels stand for."""
        differences = self.differences(k)
        # Part -1 is the last.
        of_rows, of_levels = differences[self.parts, self.codes[:, k]], differences[-1]
        knots = [rank_knots(own) for own in of_rows[self.parts >= 0].T]
        return interpolated_ranks(of_rows, knots), interpolated_ranks(of_levels, knots)


@dataclass(frozen=True)
class KnownStatistics:
    """What one member has learned of levels before: of rows that had no part in it.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples, n_columns)
        0 for a level that is missing or unknown.
    n_levels : tuple of int
        How many codes each column has, with 0.
    table : ndarray of shape (sum of n_levels * n_outputs,)
        See `LevelStatistics.table`.

    Examples
    --------
    >>> import numpy as np
    >>> table = np.array([0.0, 0.5, -0.5, 0.0, 1.0])
    >>> KnownStatistics(np.array([[2, 1], [0, 0]]), (3, 2), table).columns()
    array([[-0.5,  1. ],
           [ 0. ,  0. ]])
    """

    codes: IntArray
    n_levels: tuple[int, ...]
    table: FloatArray

    def columns(self, dtype: npt.DTypeLike = np.float64) -> FloatArray:
        """Return what each row gets, (n_samples, n_columns * n_outputs)."""
        of_levels = self.table.reshape(sum(self.n_levels), -1)
        starts = np.cumsum([0, *self.n_levels[:-1]])
        looked_up: FloatArray = of_levels[self.codes + starts].astype(dtype)
        return looked_up.reshape(len(self.codes), -1)


def _shrunk(
    sums: FloatArray, weights: FloatArray, counts: FloatArray, squares: FloatArray
) -> FloatArray:
    """Return the shrunk differences of levels' means from the mean.

    Parameters
    ----------
    sums, weights : ndarray of shape (..., n_levels)
        Of the targets times weights, and of the weights, whose mean is 1.
    counts : ndarray of shape (..., n_levels)
        Rows.
    squares : ndarray of shape (...)
        Sums of the squared targets times weights.
    """
    total = weights.sum(axis=-1)
    mean = _ratio(sums.sum(axis=-1), total)
    differences = sums - weights * mean[..., np.newaxis]
    between = _ratio(differences**2, weights).sum(axis=-1)
    within = np.maximum(squares - total * mean**2 - between, 0.0)
    n_levels = (counts > 0).sum(axis=-1)
    n_repeats = counts.sum(axis=-1) - n_levels
    variance_within = _ratio(within, n_repeats)
    variance_between = _ratio(
        between - (n_levels - 1) * variance_within, total - _ratio(np.sum(weights**2, -1), total)
    )
    # Means of levels with a row each say nothing of how far to trust them.
    is_told = (n_repeats > 0) & (variance_between > 0)
    k = _ratio(variance_within, np.where(is_told, variance_between, 0.0), np.inf)
    return _ratio(differences, weights + k[..., np.newaxis])


def _ratio(numerator: FloatArray, denominator: FloatArray, otherwise: float = 0.0) -> FloatArray:
    """Return a ratio, something else where what it is divided by is not above 0."""
    ratio = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), otherwise)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio
