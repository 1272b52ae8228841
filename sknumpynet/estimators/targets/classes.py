"""Class labels as targets."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import (
    check_classification_targets,
    type_of_target,
    unique_labels,
)

from sknumpynet.core.losses import LOSSES, CustomLoss, Loss
from sknumpynet.core.types import BoolArray
from sknumpynet.estimators.targets.base import Targets
from sknumpynet.estimators.targets.class_weights import ClassWeights
from sknumpynet.training.validation import Scoring

__all__ = ["ClassTargets", "as_probabilities", "check_labels_of_part"]


class ClassTargets(Targets):
    """Labels of one class a row, or several labels a row as an indicator matrix.

    Parameters
    ----------
    loss : str or object
        The estimator's.
    class_weight : dict, str or None
        The estimator's.
    known : dict
        Classes, and the binarizer that is fitted to them, if they are known before: ``classes_``
        and ``_label_binarizer`` of an estimator.
    """

    def __init__(self, loss: Any, class_weight: Any, known: dict[str, Any]) -> None:
        self._loss, self.class_weight = loss, class_weight
        self._binarizer: LabelBinarizer | None = known.get("_label_binarizer")
        self._classes: np.ndarray | None = known.get("classes_")

    @property
    def binarizer(self) -> LabelBinarizer:
        """What turns labels into indicators and back, once classes are known."""
        assert self._binarizer is not None
        return self._binarizer

    @property
    def classes(self) -> np.ndarray:
        """The labels, sorted."""
        classes: np.ndarray = self.binarizer.classes_ if self._classes is None else self._classes
        return classes

    @property
    def is_multiclass(self) -> bool:
        """Whether a row has one of more than two classes."""
        return bool(self.binarizer.y_type_ == "multiclass")

    @property
    def loss(self) -> Loss:
        """Cross entropy, or the user's."""
        if not isinstance(self._loss, str):
            return CustomLoss(self._loss, "softmax" if self.is_multiclass else "logistic")
        name = "categorical_cross_entropy" if self.is_multiclass else "binary_cross_entropy"
        return LOSSES[name]

    @property
    def attributes(self) -> dict[str, Any]:
        """The classes."""
        return {"classes_": self.classes, "_label_binarizer": self.binarizer}

    @property
    def n_classes(self) -> int:
        """Over how many classes labels are smoothed; 1 where there is nothing to smooth."""
        return len(self.classes) if self.is_multiclass or self._has_one_class() else 2

    def encoded(self, y: Any, *, is_part: bool) -> np.ndarray:
        """Return indicators, a byte each: they become floats a batch at a time.

        Raises
        ------
        ValueError
            For columns of several classes each, and for other classes than those that are known.
        """
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        elif y.ndim == 2 and type_of_target(y) == "multiclass-multioutput":
            raise ValueError(
                f"y has {y.shape[1]} columns of several classes each, which one network does not "
                "take: use sklearn.multioutput.MultiOutputClassifier, or label indicators"
            )
        if self._binarizer is None:
            self._binarizer = LabelBinarizer().fit(y)
        else:
            self._check_classes(unique_labels(y), is_part)
        targets: np.ndarray = self.binarizer.transform(y).astype(bool)
        return targets.reshape(len(targets), -1)

    def _check_classes(self, classes: np.ndarray, is_part: bool) -> None:
        if is_part:
            if len(np.setdiff1d(classes, self.classes, assume_unique=True)):
                raise ValueError(
                    "`y` has classes not in `self.classes_`. "
                    f"`self.classes_` has {self.classes}. 'y' has {classes}."
                )
        elif set(classes) != set(self.classes):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes}, `y` has {classes}"
            )

    def _has_one_class(self) -> bool:
        """Return whether the network's output says nothing: it is for a second class."""
        return len(self.classes) == 1

    def learnable(self, targets: np.ndarray, has_weight: BoolArray | None) -> np.ndarray:
        """Return the targets as they are: labels are harmless, and stratify splits."""
        return targets

    def class_weights(self, y: np.ndarray, sample_weight: np.ndarray | None) -> ClassWeights | None:
        """Return the weights of classes, if they have some.

        Raises
        ------
        ValueError
            For weights that are negative or not finite, and for several labels a row.
        """
        if self.class_weight is None:
            return None
        if self.binarizer.y_type_ == "multilabel-indicator":
            raise ValueError(
                f"class_weight={self.class_weight!r} is for labels that exclude each other: "
                "weight the rows of a label indicator matrix by sample_weight"
            )
        return ClassWeights.of(self.class_weight, self.classes, y, sample_weight)

    def score(
        self, targets: np.ndarray, predictions: np.ndarray, sample_weight: np.ndarray | None
    ) -> float:
        """Return the accuracy; for several labels, of getting all of a row's right."""
        if self._has_one_class():
            return 1.0
        if self.is_multiclass:
            correct = predictions.argmax(axis=1) == targets.argmax(axis=1)
        else:
            correct = ((predictions > 0.5) == targets).all(axis=1)
        return float(np.average(correct, weights=sample_weight))

    def decoded(self, predictions: np.ndarray) -> np.ndarray:
        """Return probabilities, a column for each class or label."""
        return as_probabilities(predictions, len(self.classes), self.loss.output_activation)

    def scorer(self, scorer: Any, model: Callable[..., Any]) -> Scoring:
        """Return how one of scikit-learn's scorers is asked."""
        return Scoring(
            scorer=scorer,
            model=model,
            classes=self.classes,
            kind_of_classes=self.binarizer.y_type_,
        )


def check_labels_of_part(y: Any) -> None:
    """Raise for what is no label, of rows of which there are others too.

    scikit-learn would warn where half of the rows have a class of their own, as if those were all.

    Parameters
    ----------
    y : ndarray or sparse matrix

    Raises
    ------
    ValueError
        For numbers that are no classes, and what is of several types.
    """
    check_classification_targets(y if issparse(y) else np.concatenate([y, y]))


def as_probabilities(predictions: np.ndarray, n_classes: int, output_activation: str) -> np.ndarray:
    """Return activated outputs as probabilities, none of them exactly 0; changes what it is given.

    Parameters
    ----------
    predictions : ndarray of shape (..., n_samples, n_outputs)
    n_classes : int
    output_activation : str

    Returns
    -------
    ndarray of shape (..., n_samples, n_classes)
    """
    if n_classes == 1:
        # Rows that no member held out stay NaN.
        return np.where(np.isnan(predictions), predictions, np.ones_like(predictions))
    if predictions.shape[-1] == 1:
        predictions = np.concatenate([1 - predictions, predictions], axis=-1)
    limits = np.finfo(predictions.dtype)
    np.maximum(predictions, limits.tiny, out=predictions)
    if output_activation == "logistic":
        np.minimum(predictions, 1 - limits.epsneg, out=predictions)
    return predictions
