"""How rows are shared out: folds of members, and rows set aside to validate by."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.utils.multiclass import type_of_target

from sknumpynet.core.batching import Dataset

__all__ = ["EvenFolds", "EvenSplits", "RandomSplits", "Splits"]

Rows = npt.NDArray[np.intp]
Array = npt.NDArray[Any]


class Splits(Protocol):
    """A way of sharing out rows."""

    @property
    def fewest_members(self) -> int:
        """Fewest members that folds are made for."""

    def folds(
        self, n_members: int, seed: int, y: Array, targets: Array, sample_weight: Array | None
    ) -> Any:
        """Return what makes the splits of ``resample='folds'``, with the method ``split(X, y)``."""

    def set_aside(
        self, dataset: Dataset, fraction: float, random_state: np.random.RandomState
    ) -> tuple[Rows, Rows]:
        """Return the rows to train on and those to validate by, where nothing holds rows out."""


@dataclass(frozen=True)
class RandomSplits:
    """scikit-learn's, of classes stratified.

    Parameters
    ----------
    of_classes : bool
        Whether targets are classes.
    """

    of_classes: bool
    fewest_members: int = 2

    def folds(
        self, n_members: int, seed: int, y: Array, targets: Array, sample_weight: Array | None
    ) -> Any:
        """Return scikit-learn's splitter."""
        # Several labels a row cannot be stratified by.
        stratified = self.of_classes and type_of_target(y) in {"binary", "multiclass"}
        kind = StratifiedKFold if stratified else KFold
        return kind(n_members, shuffle=True, random_state=seed)

    def set_aside(
        self, dataset: Dataset, fraction: float, random_state: np.random.RandomState
    ) -> tuple[Rows, Rows]:
        """Return what scikit-learn's networks train on and validate by.

        Raises
        ------
        ValueError
            If a single row is left to validate by.
        """
        targets = dataset.targets
        # As in scikit-learn: with several outputs the split is not stratified.
        is_stratified = self.of_classes and targets.shape[1] == 1
        train, held_out = train_test_split(
            np.arange(dataset.X.shape[0]),
            random_state=random_state,
            test_size=fraction,
            stratify=targets if is_stratified else None,
        )
        if len(held_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return train, held_out


@dataclass(frozen=True)
class EvenSplits:
    """Even folds, of classes and of numbers.

    Parameters
    ----------
    fewest_folds : int
        Also of few members, which would train on too little of the rows.
    """

    fewest_folds: int = 5
    fewest_members: int = 1

    def folds(
        self, n_members: int, seed: int, y: Array, targets: Array, sample_weight: Array | None
    ) -> "EvenFolds":
        """Return a fold for each member."""
        n_folds = max(n_members, self.fewest_folds)
        return EvenFolds(n_members, n_folds, seed, targets, sample_weight)

    def set_aside(
        self, dataset: Dataset, fraction: float, random_state: np.random.RandomState
    ) -> tuple[Rows, Rows]:
        """Return a fold to validate by, and the rest."""
        seed = int(random_state.randint(np.iinfo(np.int32).max))
        folds = EvenFolds(1, round(1 / fraction), seed, dataset.targets, dataset.sample_weight)
        return next(folds.split(dataset.X))


class EvenFolds:
    """Folds in each of which all targets, large and small, rare and frequent, have their share.

    Rows are sorted by target, in random order among equals, and of every ``n_folds`` neighbours
    each goes to another fold. Unlike scikit-learn's, these stratify numbers too, and put up with
    classes that have fewer rows than there are folds.

    Parameters
    ----------
    n_splits, n_folds : int
        Every member holds a fold out, and where there are more of them than folds, the next folds
        it another way. There are no more folds than rows that count.
    seed : int
    targets : ndarray of shape (n_samples, n_outputs)
    sample_weight : ndarray of shape (n_samples,), optional
        Rows of weight 0 do not count, and are shared out apart.

    Raises
    ------
    ValueError
        When there are fewer than two rows that count.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[0], [0], [0], [1], [1], [1]])
    >>> [y[held_out, 0].tolist() for _, held_out in EvenFolds(3, 3, 0, y).split(y)]
    [[0, 1], [0, 1], [0, 1]]
    """

    def __init__(
        self,
        n_splits: int,
        n_folds: int,
        seed: int,
        targets: Array,
        sample_weight: Array | None = None,
    ) -> None:
        self.n_splits, self.n_folds, self.seed = n_splits, n_folds, seed
        self.targets = targets
        counts = np.ones(len(targets), bool) if sample_weight is None else sample_weight > 0
        if counts.sum() < 2:
            raise ValueError(f"at least 2 rows of weight above 0 are needed, got {counts.sum()}")
        self.counts = counts

    def split(self, X: Any, y: Any = None) -> Iterator[tuple[Rows, Rows]]:
        """Yield the rows to train on and those held out, for each member."""
        random_state, counts = np.random.RandomState(self.seed), self.counts
        n_folds = min(self.n_folds, int(counts.sum()))
        targets = np.unique(self.targets, axis=0, return_inverse=True)[1].reshape(-1)
        for k in range(self.n_splits):
            if k % n_folds == 0:
                fold = self._folds(random_state, targets, counts, n_folds)
            held_out = fold == k % n_folds
            yield np.flatnonzero(~held_out), np.flatnonzero(held_out)

    @staticmethod
    def _folds(
        random_state: np.random.RandomState, targets: Array, counts: np.ndarray, n_folds: int
    ) -> np.ndarray:
        """Return the number of each row's fold."""
        fold = np.empty(len(targets), np.intp)
        order = np.lexsort((random_state.random_sample(len(targets)), targets, ~counts))
        # A random permutation of the folds for every ``n_folds`` neighbours.
        keys = random_state.random_sample((-(-len(order) // n_folds), n_folds))
        fold[order] = keys.argsort(axis=1).reshape(-1)[: len(order)]
        return fold
