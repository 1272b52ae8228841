"""What a kind of estimator says of its targets."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from sknumpynet.core.losses import Loss, QuantileLoss
from sknumpynet.core.types import BoolArray
from sknumpynet.estimators.targets.class_weights import ClassWeights
from sknumpynet.training.data import TrainingData
from sknumpynet.training.validation import Scoring

__all__ = ["Targets"]


class Targets(ABC):
    """What a network learns of ``y``, and how its outputs are read.

    Made for one fit; what it has to know of all targets it learns when it sees the first.
    """

    @property
    @abstractmethod
    def loss(self) -> Loss:
        """The network's loss."""

    @property
    @abstractmethod
    def attributes(self) -> dict[str, Any]:
        """What is known of the targets, as fitted attributes."""

    @property
    def n_classes(self) -> int:
        """Over how many classes labels are smoothed; 1 where there is nothing to smooth."""
        return 1

    def n_outputs(self, data: TrainingData) -> int:
        """Return the outputs of the network."""
        return (
            len(self.loss.levels) if isinstance(self.loss, QuantileLoss) else data.targets.shape[1]
        )

    # What is learned -----------------------------------------------------------------------------

    @abstractmethod
    def encoded(self, y: Any, *, is_part: bool) -> np.ndarray:
        """Return targets of shape (n_samples, n_outputs).

        Parameters
        ----------
        y : ndarray or sparse matrix
        is_part : bool
            Whether other rows have the rest of the classes.
        """

    @abstractmethod
    def learnable(self, targets: np.ndarray, has_weight: BoolArray | None) -> np.ndarray:
        """Return encoded targets that the loss is defined for in every row.

        Raises
        ------
        ValueError
            If it is not in a row of weight above 0.
        """

    def class_weights(self, y: np.ndarray, sample_weight: np.ndarray | None) -> ClassWeights | None:
        """Return the weights of classes, if they have some."""
        return None

    def in_units(self, targets: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
        """Return encoded targets in the units that the network learns them in."""
        return targets

    def take_in(self, data: TrainingData) -> None:  # noqa: B027 - most take nothing
        """Take in what a part that follows the first says beside it."""

    # How it is scored, and read ------------------------------------------------------------------

    @abstractmethod
    def score(
        self, targets: np.ndarray, predictions: np.ndarray, sample_weight: np.ndarray | None
    ) -> float:
        """Return the score that early stopping goes by, unless there is a scorer."""

    @abstractmethod
    def decoded(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions (..., n_samples, n_outputs) in the shape that users see."""

    def bounded(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions as far as users see them, as the network makes them."""
        return predictions

    def out_of_fold_score(
        self, data: TrainingData, mean: np.ndarray, known: BoolArray, sample_weight: Any
    ) -> float:
        """Return the score of out-of-fold predictions in the rows that have one.

        Parameters
        ----------
        data : TrainingData
        mean : ndarray of shape (n_samples, n_outputs)
        known : ndarray of bool of shape (n_samples,)
        sample_weight : ndarray or None
            Of those rows.
        """
        return self.score(data.targets[known], mean[known], sample_weight)

    def scorer(self, scorer: Any, model: Callable[..., Any]) -> Scoring:
        """Return how one of scikit-learn's scorers is asked."""
        return Scoring(scorer=scorer, model=model)
