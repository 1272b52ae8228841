"""What makes a classifier of networks: labels, probabilities, weights of classes."""

from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags, check_random_state

from sknumpynet.core.inference import member_blocks, tempered
from sknumpynet.estimators.conformal import (
    LabelScores,
    SetMethod,
    check_option,
    checked_levels,
    scores_by_class,
    scores_of_classes,
    sets_of,
    warn_of_few_labels,
)
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

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the part of rows that are predicted right, with all of their labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Of a stream, which estimators for tables take, targets and weights may be names.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
        """
        y, sample_weight = self._targets_of(X, y, sample_weight)
        return float(super().score(X, y, sample_weight))

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

    def predict_set(
        self,
        X: Any,
        level: float = 0.9,
        *,
        method: SetMethod = "adaptive",
        per_class: bool = False,
        randomized: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> np.ndarray:
        """Return sets of classes that hold the labels of so many new rows.

        Networks say how little probability they gave to the labels of rows that had no part in
        them, neither in what they learned nor in the epoch that they keep. New rows must be such
        as these were, in any order: where they come later in time, or from elsewhere, nothing is
        promised.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        level : float, default=0.9
            Part of the labels that is to be held, above 0 and below 1.
        method : {'adaptive', 'least_ambiguous'}, default='adaptive'
            'adaptive' takes classes from the most probable on, more of them where labels are hard
            to tell; 'least_ambiguous' all that are probable enough, which makes the smallest sets.
        per_class : bool, default=False
            Whether each class is held so often by itself: for those that are rare, which the others
            could pay for.
        randomized : bool, default=False
            Whether 'adaptive' sets are made smaller by chance, to hold no more than ``level``.
        random_state : int, RandomState or None, default=None
            For ``randomized``.

        Returns
        -------
        ndarray of bool of shape (n_samples, n_classes)
            Whether each class belongs to a row's set, in the order of `classes_`. The most probable
            class always does, so that no set is empty; so do classes of too few rows, with a
            warning.

        Raises
        ------
        ValueError
            For levels and methods that are none, for several labels a row, and where no rows were
            held out.

        Notes
        -----
        About ``level`` of the labels are held; proven is ``1 - 2 (1 - level)``, less a little, as
        of `predict_interval` of the regressors. Rows held out count by their weight.

        References
        ----------
        Y. Romano, M. Sesia, E. Candès, "Classification with Valid and Adaptive Coverage", NeurIPS
        2020; M. Sadinle, J. Lei, L. Wasserman, "Least Ambiguous Set-Valued Classifiers with Bounded
        Error Levels", JASA 114, 2019.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sknumpynet import TabularMLPClassifier
        >>> X, y = load_digits(return_X_y=True)
        >>> model = TabularMLPClassifier("fast", max_iter=4, random_state=0).fit(X[:400], y[:400])
        >>> sets = model.predict_set(X[400:], level=0.95)
        >>> sets.shape, bool(sets[np.arange(1397), y[400:]].mean() > 0.9)
        ((1397, 10), True)
        """
        (level, *others), is_single = checked_levels(level)
        if not is_single:
            raise ValueError(f"level must be one number for sets, got {[level, *others]}")
        check_option("method", method, SetMethod)
        if self._label_binarizer.y_type_.startswith("multilabel"):
            raise ValueError("predict_set is for one label a row, this model has several")
        held_out = self._held_out_rows()
        X = self._check_for_prediction(X)
        labels = held_out.targets.argmax(axis=1) if self.n_outputs_ > 1 else held_out.targets[:, 0]
        labels = labels.astype(np.intp)
        source = check_random_state(random_state)
        of_held_out = self._as_output(held_out.predictions.astype(np.float64))
        share = source.uniform(size=len(labels)) if randomized else None
        scores = scores_of_classes(of_held_out, method, share)[np.arange(len(labels)), labels]
        n_classes = len(self.classes_)
        known = LabelScores(scores, labels, held_out)
        judged = scores_by_class(known, n_classes, per_class=per_class)
        warn_of_few_labels(judged, level, per_class=per_class, stacklevel=2)
        parts = []
        for rows in member_blocks(X.shape[0], held_out.n_networks * n_classes):
            of_new = self._as_output(self._of_all_networks(held_out, X[rows]).astype(np.float64))
            share = source.uniform(size=of_new.shape[1]) if randomized else None
            belongs = sets_of(judged, scores_of_classes(of_new, method, share), level)
            likeliest = self._as_output(self._mean_activated(X[rows])).argmax(axis=1)
            belongs[np.arange(len(belongs)), likeliest] = True
            parts.append(belongs)
        return np.concatenate(parts)

    def _mean_activated(self, X: Any) -> np.ndarray:
        mean: np.ndarray = super()._mean_activated(X)
        if self._temperature == 1.0:
            return mean
        return tempered(mean, self._temperature, self.out_activation_)

    def _as_output(self, predictions: np.ndarray) -> np.ndarray:
        return as_probabilities(predictions, len(self.classes_), self.out_activation_)

    def _targets(self, known: dict[str, Any]) -> ClassTargets:
        return ClassTargets(self.loss, self.class_weight, known)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self.class_weight is None
        return tags
