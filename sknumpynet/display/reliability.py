"""A picture of probabilities: how often what they say is so, before and after a temperature."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.pipeline import Pipeline

from sknumpynet.core.types import BoolArray, FloatArray
from sknumpynet.estimators.fitted_attributes import with_attributes
from sknumpynet.utils.scikit_learn import check_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ReliabilityDisplay"]

# Groups of rows, by the probability of what is predicted.
N_GROUPS = 10


class ReliabilityDisplay:
    """How often the predicted class is right against how sure the prediction is.

    Make it with `from_estimator`; the constructor takes plain data. Above are tenths of the rows by
    rising probability of the predicted class: on the diagonal it is right as often as it says,
    below it is too sure. Below is how many rows are how sure. A classifier with a ``temperature_``
    other than 1 is drawn without and with it. The curve of one class is scikit-learn's
    `CalibrationDisplay`.

    Parameters
    ----------
    confidences : mapping of str to ndarray of shape (n_samples,)
        By its name the probability of the predicted class.
    is_right : ndarray of bool of shape (n_samples,)
        Whether each prediction is right, which no temperature changes.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes
        Above and below.
    errors_ : dict of str to float
        The mean distance from the diagonal, over rows.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet import ReliabilityDisplay
    >>> confidences = {"as they are": np.full(20, 0.9)}
    >>> display = ReliabilityDisplay(confidences, np.arange(20) < 16).plot()
    >>> round(display.errors_["as they are"], 6)
    0.1
    """

    def __init__(self, confidences: Mapping[str, FloatArray], is_right: BoolArray) -> None:
        self.confidences, self.is_right = confidences, is_right

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any) -> Self:
        """Predict rows, and draw.

        Parameters
        ----------
        estimator : classifier
            Fitted, of one label a row.
        X : array-like of shape (n_samples, n_features)
            Rows that were not fitted.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        ReliabilityDisplay

        Raises
        ------
        ImportError
            Without matplotlib.
        ValueError
            For several labels a row, another number of labels than rows, and labels of which none
            is a class.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        if np.ndim(y) != 1:
            raise ValueError(f"one label a row is needed, got y of shape {np.shape(y)}")
        classes, labels = np.asarray(estimator.classes_), np.asarray(y)
        probabilities = estimator.predict_proba(X)
        if len(labels) != len(probabilities):
            raise ValueError(
                f"y must have a label for each of {len(probabilities)} rows, got {len(labels)}"
            )
        # Such as text that stands for numbers, by which all predictions would be wrong.
        if not any(np.any(labels == own) for own in classes):
            raise ValueError(f"no label in y is one of the classes {classes}, got {labels[:3]}")
        confidences = {"probabilities": probabilities.max(axis=1)}
        network = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        temperature = getattr(network, "temperature_", 1.0)
        if temperature != 1.0:
            before = with_attributes(network, {"temperature_": 1.0})
            if isinstance(estimator, Pipeline):
                before = Pipeline([*estimator.steps[:-1], ("network", before)])
            confidences = {
                "without a temperature": before.predict_proba(X).max(axis=1),
                f"temperature {temperature:.2f}": probabilities.max(axis=1),
            }
        predicted = classes[probabilities.argmax(axis=1)]
        return cls(confidences, np.asarray(predicted == labels)).plot()

    def plot(self, figure: "Figure | None" = None) -> Self:
        """Draw it.

        Parameters
        ----------
        figure : matplotlib Figure, default=None
            Where to draw; None makes one.

        Returns
        -------
        ReliabilityDisplay

        Raises
        ------
        ImportError
            Without matplotlib.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        from matplotlib import pyplot

        if figure is None:
            figure = pyplot.figure(figsize=(6, 5), layout="constrained")
        self.figure_ = figure
        self.axes_ = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        self.errors_ = {name: self._draw(name, own) for name, own in self.confidences.items()}
        curves, counts = self.axes_
        lowest = min(float(own.min()) for own in self.confidences.values())
        curves.plot([lowest, 1], [lowest, 1], color="0.3", linestyle="--", linewidth=1)
        curves.set(ylabel="part that is right")
        curves.legend()
        counts.set(xlabel="probability of the predicted class", ylabel="rows")
        return self

    def _draw(self, name: str, confidence: FloatArray) -> float:
        """Draw one curve, and return its mean distance from the diagonal."""
        curves: Axes
        curves, counts = self.axes_
        said, held, error = reliability_of(confidence, self.is_right)
        curves.plot(said, held, "o-", label=f"{name}: {error:.3f} off")
        counts.hist(confidence, bins=20, histtype="step")
        return error


def reliability_of(
    confidence: FloatArray, is_right: BoolArray
) -> tuple[FloatArray, FloatArray, float]:
    """Return how sure groups of rows are, how often they are right, and the mean distance of both.

    Parameters
    ----------
    confidence : ndarray of shape (n_samples,)
        The probability of the predicted class.
    is_right : ndarray of bool of shape (n_samples,)
    """
    order = np.argsort(confidence, kind="stable")
    groups = np.array_split(order, min(N_GROUPS, len(order)))
    said = np.array([confidence[own].mean() for own in groups])
    # Of rows that are as sure, none is before another, in whatever order they came.
    _, tie = np.unique(confidence, return_inverse=True)
    right = (np.bincount(tie, is_right) / np.bincount(tie))[tie]
    held = np.array([right[own].mean() for own in groups])
    sizes = np.array(list(map(len, groups)))
    return said, held, float(np.average(np.abs(said - held), weights=sizes))
