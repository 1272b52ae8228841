"""What has to be known of all targets before any is learned, of targets that come in parts."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import type_of_target

from sknumpynet.estimators.targets.classes import check_labels_of_part
from sknumpynet.estimators.targets.scaled_numbers import TargetUnit
from sknumpynet.utils.sketches import Moments

__all__ = ["ClassSketch", "NumberSketch", "sketch_of_targets"]


class ClassSketch:
    """Classes, and how much weight each has."""

    def __init__(self) -> None:
        self.weights: dict[Any, float] = {}
        self.indicators: np.ndarray | None = None

    def add(self, y: np.ndarray, sample_weight: np.ndarray | None) -> None:
        """Take a part of the targets in."""
        check_labels_of_part(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.indicators = y[:1]
            if not type_of_target(y).startswith(("multilabel", "binary")):
                raise ValueError(
                    "several columns as targets must be label indicators, of 0 and 1, got "
                    f"{np.unique(y)[:5].tolist()}"
                )
            return
        labels, places = np.unique(column_or_1d(y), return_inverse=True)
        # As NumPy's scalars, which remember their type.
        for label, weight in zip(labels, np.bincount(places, sample_weight), strict=True):
            self.weights[label] = self.weights.get(label, 0.0) + float(weight)

    def merged(self, other: "ClassSketch") -> "ClassSketch":
        """Return the classes of these targets and others that come after them."""
        both = ClassSketch()
        both.weights = dict(self.weights)
        for label, weight in other.weights.items():
            both.weights[label] = both.weights.get(label, 0.0) + weight
        both.indicators = other.indicators if self.indicators is None else self.indicators
        return both

    def known(self) -> dict[str, Any]:
        """Return what is known of targets, as fitted attributes.

        Raises
        ------
        ValueError
            If parts have classes of types that do not go together.
        """
        if self.indicators is not None:
            rows = np.stack([np.ones_like(self.indicators[0]), np.zeros_like(self.indicators[0])])
            binarizer = LabelBinarizer().fit(rows)
        else:
            binarizer = LabelBinarizer().fit(np.array(_sorted(self.weights)))
        return {"_label_binarizer": binarizer, "classes_": binarizer.classes_}

    def balanced(self) -> dict[Any, float]:
        """Return weights of classes by which all count the same."""
        mean = sum(self.weights.values()) / len(self.weights)
        return {label: mean / weight for label, weight in self.weights.items()}


def _sorted(labels: Iterable[Any]) -> list[Any]:
    try:
        return sorted(labels)
    except TypeError as error:
        kinds = {type(label): label for label in labels}
        raise TypeError(
            f"labels must be all text or all numbers, got {' and '.join(map(repr, kinds.values()))}"
        ) from error


class NumberSketch:
    """Mean, standard deviation and range.

    Parameters
    ----------
    keeps_zero : bool
        See `TargetUnit.of`.
    """

    def __init__(self, *, keeps_zero: bool) -> None:
        self.keeps_zero = keeps_zero
        self.moments: Moments | None = None

    def add(self, y: np.ndarray, sample_weight: np.ndarray | None) -> None:
        """Take a part of the targets in."""
        try:
            targets = y.reshape(len(y), -1).astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"targets must be real numbers, got {y.ravel()[0]!r}") from error
        assert_all_finite(targets, input_name="y")
        own = Moments.of(targets, sample_weight)
        self.moments = own if self.moments is None else self.moments.merged(own)

    def merged(self, other: "NumberSketch") -> "NumberSketch":
        """Return what is known of these targets and others that come after them."""
        both = NumberSketch(keeps_zero=self.keeps_zero)
        both.moments = self.moments or other.moments
        if self.moments is not None and other.moments is not None:
            both.moments = self.moments.merged(other.moments)
        return both

    def known(self) -> dict[str, Any]:
        """Return what is known of targets, as fitted attributes."""
        assert self.moments is not None
        return {"_unit": asdict(TargetUnit.of_moments(self.moments, keeps_zero=self.keeps_zero))}


def sketch_of_targets(estimator: Any) -> "ClassSketch | NumberSketch":
    """Return what takes in the targets of an estimator."""
    if is_classifier(estimator):
        return ClassSketch()
    return NumberSketch(keeps_zero=estimator._targets({}).loss.output_activation == "exp")
