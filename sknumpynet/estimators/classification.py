"""What makes a classifier of networks: labels, probabilities, weights of classes."""

from collections.abc import Callable
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import Tags, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import type_of_target, unique_labels

from sknumpynet.core.losses import LOSSES, Loss, OwnLoss
from sknumpynet.utils.scikit_learn import HasMethods, StrOptions

__all__ = ["NetworkClassifier"]


class NetworkClassifier(ClassifierMixin):  # type: ignore[misc]
    """The half of a classifier that is about its targets; comes before the kind of network."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "loss": [StrOptions({"log_loss"}), HasMethods(["value", "gradient"])],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row, or a label indicator matrix.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        probabilities = self._predictions(X)
        if self.n_outputs_ == 1:
            probabilities = probabilities.ravel()
        labels: np.ndarray = self._label_binarizer.inverse_transform(probabilities)
        return labels

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`. None is rounded to exactly 0, nor a logistic output to
            exactly 1; that of an only class is 1.
        """
        return self._as_output(self._predictions(X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of `predict_proba`; it is always finite.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        probabilities = self.predict_proba(X)
        np.log(probabilities, out=probabilities)
        return probabilities

    def _as_output(self, predictions: np.ndarray) -> np.ndarray:
        if self._has_one_class():
            # Rows that no member held out stay NaN.
            return np.where(np.isnan(predictions), predictions, np.ones_like(predictions))
        if predictions.shape[-1] == 1:
            predictions = np.concatenate([1 - predictions, predictions], axis=-1)
        limits = np.finfo(predictions.dtype)
        np.maximum(predictions, limits.tiny, out=predictions)
        if self.out_activation_ == "logistic":
            np.minimum(predictions, 1 - limits.epsneg, out=predictions)
        return predictions

    def _encode(self, y: np.ndarray, *, fresh: bool, incremental: bool) -> np.ndarray:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        elif y.ndim == 2 and type_of_target(y) == "multiclass-multioutput":
            raise ValueError(
                f"y has {y.shape[1]} columns of several classes each, which one network does not "
                "take: use sklearn.multioutput.MultiOutputClassifier, or label indicators"
            )
        if fresh and not incremental:
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._check_classes(unique_labels(y), incremental)
        # Labels are kept a byte each, and become floats a batch at a time.
        targets: np.ndarray = self._label_binarizer.transform(y).astype(bool)
        return targets.reshape(len(targets), -1)

    def _check_classes(self, classes: np.ndarray, incremental: bool) -> None:
        if incremental:
            if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
                raise ValueError(
                    "`y` has classes not in `self.classes_`. "
                    f"`self.classes_` has {self.classes_}. 'y' has {classes}."
                )
        elif set(classes) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {classes}"
            )

    def _has_one_class(self) -> bool:
        """Return whether the network's output says nothing: it is for a second class."""
        return len(self.classes_) == 1

    def _is_multiclass(self) -> bool:
        return bool(self._label_binarizer.y_type_ == "multiclass")

    def _network_loss(self) -> Loss:
        if not isinstance(self.loss, str):
            return OwnLoss(self.loss, "softmax" if self._is_multiclass() else "logistic")
        name = "categorical_cross_entropy" if self._is_multiclass() else "binary_cross_entropy"
        return LOSSES[name]

    def _class_weights(
        self, y: np.ndarray, sample_weight: np.ndarray | None
    ) -> Callable[[np.ndarray], np.ndarray] | None:
        if self.class_weight is None:
            return None
        if self._label_binarizer.y_type_ == "multilabel-indicator":
            raise ValueError(
                f"class_weight={self.class_weight!r} is for labels that exclude each other: "
                "weight the rows of a label indicator matrix by sample_weight"
            )
        places = np.searchsorted(self.classes_, np.ravel(y))
        if self.class_weight == "balanced":
            # Rows count by their weights, so that a weight of 2 is the same as a row twice.
            counts = np.bincount(places, sample_weight, minlength=len(self.classes_))
            n_seen = np.count_nonzero(counts)
            weights = np.divide(
                counts.sum() / n_seen, counts, out=np.zeros(len(counts)), where=counts > 0
            )
        else:
            for weight in self.class_weight.values():
                if not (isinstance(weight, Real) and 0 <= float(weight) < np.inf):
                    raise ValueError(
                        "weights of classes must be finite and not negative, got "
                        f"{self.class_weight}"
                    )
            weights = compute_class_weight(self.class_weight, classes=self.classes_, y=np.ravel(y))
        return lambda labels: weights[np.searchsorted(self.classes_, np.ravel(labels))]

    def _validation_score(
        self, targets: np.ndarray, predictions: np.ndarray, sample_weight: np.ndarray | None
    ) -> float:
        """Return the accuracy; for several labels, of getting all of a row's right."""
        if self._has_one_class():
            return 1.0
        if self._label_binarizer.y_type_ == "multiclass":
            correct = predictions.argmax(axis=1) == targets.argmax(axis=1)
        else:
            correct = ((predictions > 0.5) == targets).all(axis=1)
        return float(np.average(correct, weights=sample_weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self.class_weight is None
        return tags
