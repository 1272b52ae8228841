"""What makes a classifier of networks: labels, probabilities, weights of classes."""

from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from sknumpynet.estimators.targets import ClassTargets, as_probabilities
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
        return as_probabilities(predictions, len(self.classes_), self.out_activation_)

    def _targets(self, known: dict[str, Any]) -> ClassTargets:
        return ClassTargets(self.loss, self.class_weight, known)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self.class_weight is None
        return tags
