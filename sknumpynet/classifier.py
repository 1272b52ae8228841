"""The classifier."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import Tags, column_or_1d
from sklearn.utils.multiclass import type_of_target, unique_labels

from sknumpynet._base import BaseNumpyMLP, _all_or_nothing, partial_fit_available
from sknumpynet._docs import with_shared_parameters
from sknumpynet._sklearn import fit_context, is_first_partial_fit

__all__ = ["NumpyMLPClassifier"]


@with_shared_parameters
class NumpyMLPClassifier(ClassifierMixin, BaseNumpyMLP):
    """Multilayer perceptron classifier, a drop-in for scikit-learn's `MLPClassifier`.

    The same parameters and, for the same integer `random_state`, the same numbers, several times
    faster. Binary, multiclass and multilabel targets.

    Parameters
    ----------
    {shared_parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    {shared_attributes}

    See Also
    --------
    NumpyMLPRegressor : The same for real-valued targets.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier
    >>> X, y = make_moons(400, noise=0.2, random_state=0)
    >>> classifier = NumpyMLPClassifier(max_iter=1000, random_state=0).fit(X[:300], y[:300])
    >>> classifier.score(X[300:], y[300:]) > 0.9
    True
    """

    @partial_fit_available
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Take one more pass over the given data, which may be a part of a stream.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Any number of rows, even one.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their labels; not every class need be there.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; a batch in which all are zero takes no step.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever come. Needed at the first call, optional later.

        Returns
        -------
        self
            The trained estimator. After an error it is as it was before.

        Raises
        ------
        ValueError
            For labels that are not among the classes, and as in `fit`.
        """
        with _all_or_nothing(self):
            if is_first_partial_fit(self, classes):
                multilabel = type_of_target(y).startswith("multilabel")
                self._label_binarizer = LabelBinarizer().fit(y if multilabel else classes)
            self._train(X, y, sample_weight, incremental=True)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row, or a label indicator matrix.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        probabilities = self._predictions(X)
        if self.n_outputs_ == 1:
            probabilities = probabilities.ravel()
        return self._label_binarizer.inverse_transform(probabilities)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`. None is rounded to exactly 0, nor a logistic output to
            exactly 1.
        """
        return self._as_output(self._predictions(X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of `predict_proba`; it is always finite.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        probabilities = self.predict_proba(X)
        return np.log(probabilities, out=probabilities)

    def _as_output(self, predictions: np.ndarray) -> np.ndarray:
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
        if fresh and not incremental:
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._check_classes(unique_labels(y), incremental)
        if len(self.classes_) < 2 and self._label_binarizer.y_type_ != "multilabel-indicator":
            raise ValueError(
                "A classifier needs at least 2 classes, but there is only one class: "
                f"{self.classes_.tolist()[0]!r}"
            )
        # Labels are kept a byte each, and become floats a batch at a time.
        targets = self._label_binarizer.transform(y).astype(bool)
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

    def _loss_name(self) -> str:
        multiclass = self._label_binarizer.y_type_ == "multiclass"
        return "categorical_cross_entropy" if multiclass else "binary_cross_entropy"

    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        # As in scikit-learn: with several outputs the split is not stratified.
        return targets if targets.shape[1] == 1 else None

    def _validation_score(
        self, targets: np.ndarray, predictions: np.ndarray, sample_weight: np.ndarray | None
    ) -> float:
        """Return the accuracy; for several labels, of getting all of a row's right."""
        if self._label_binarizer.y_type_ == "multiclass":
            correct = predictions.argmax(axis=1) == targets.argmax(axis=1)
        else:
            correct = ((predictions > 0.5) == targets).all(axis=1)
        return float(np.average(correct, weights=sample_weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
