"""A picture of intervals: which targets they hold, and where."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sknumpynet.core.types import BoolArray, FloatArray
from sknumpynet.utils.scikit_learn import check_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["IntervalDisplay"]

# Groups of rows, by what is predicted, whose targets are counted.
N_GROUPS = 10


class IntervalDisplay:
    """Targets within and outside of intervals against the prediction, and how many are held.

    Make it with `from_estimator`; the constructor takes plain data. Above are bounds and targets
    of rows; below is the part of the targets that is held, and the mean width of intervals, by
    tenths of the rows. Where parts differ from the level, the promise is kept on average only.

    Parameters
    ----------
    prediction : ndarray of shape (n_samples,)
    bounds : ndarray of shape (n_samples, 2)
    targets : ndarray of shape (n_samples,)
        Of rows that were not fitted.
    level : float
        Part of the targets that bounds are to hold.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes
        Above and below.
    held_ : ndarray of bool of shape (n_samples,)
        Which targets are held.
    group_held_, group_width_ : ndarray of shape (n_groups,)
        The part that is held, and the mean width, by rising prediction.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet import IntervalDisplay
    >>> prediction = np.arange(20.0)
    >>> bounds = prediction[:, np.newaxis] + [-1, 1]
    >>> display = IntervalDisplay(prediction, bounds, prediction + 0.5, level=0.9).plot()
    >>> display.held_.mean(), display.group_width_[0]
    (np.float64(1.0), np.float64(2.0))
    """

    def __init__(
        self, prediction: FloatArray, bounds: FloatArray, targets: FloatArray, *, level: float
    ) -> None:
        self.prediction, self.bounds, self.targets = prediction, bounds, targets
        self.level = level

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, level: float = 0.9, method: str = "plus"
    ) -> Self:
        """Predict intervals of rows, and draw.

        Parameters
        ----------
        estimator : regressor with `predict_interval`
            Fitted, of one target.
        X : array-like of shape (n_samples, n_features)
            Rows that were not fitted.
        y : array-like of shape (n_samples,)
            Their targets.
        level : float, default=0.9
        method : str, default='plus'
            See `predict_interval`.

        Returns
        -------
        IntervalDisplay

        Raises
        ------
        ImportError
            Without matplotlib.
        ValueError
            For several targets, and where there are no intervals.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        bounds = estimator.predict_interval(X, level, method=method)
        if bounds.ndim != 2:
            raise ValueError(
                f"intervals of one target at one level are drawn, got bounds of shape "
                f"{bounds.shape}"
            )
        prediction = np.asarray(estimator.predict(X))
        if prediction.ndim == 2:  # quantiles
            prediction = np.asarray(prediction[:, prediction.shape[1] // 2])
        return cls(prediction, bounds, np.asarray(y, float), level=level).plot()

    def plot(self, figure: "Figure | None" = None) -> Self:
        """Draw it.

        Parameters
        ----------
        figure : matplotlib Figure, default=None
            Where to draw; None makes one.

        Returns
        -------
        IntervalDisplay

        Raises
        ------
        ImportError
            Without matplotlib.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        from matplotlib import pyplot

        if figure is None:
            figure = pyplot.figure(figsize=(7, 5), layout="constrained")
        self.figure_ = figure
        self.axes_ = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        order = np.argsort(self.prediction, kind="stable")
        lower, upper = self.bounds.T
        self.held_: BoolArray = (lower <= self.targets) & (self.targets <= upper)
        groups = np.array_split(order, min(N_GROUPS, len(order)))
        self.group_held_ = np.array([self.held_[own].mean() for own in groups])
        self.group_width_ = np.array([(upper - lower)[own].mean() for own in groups])
        self._draw_rows(self.axes_[0])
        centres = np.array([self.prediction[own].mean() for own in groups])
        self._draw_groups(self.axes_[1], centres)
        return self

    def _draw_rows(self, ax: "Axes") -> None:
        lower, upper = self.bounds.T
        finite = np.isfinite(lower) & np.isfinite(upper)
        ax.vlines(
            self.prediction[finite],
            lower[finite],
            upper[finite],
            color="tab:blue",
            alpha=0.2,
            label=f"intervals of {self.level:.0%}",
        )
        for held, style, what in ((True, "0.3", "held"), (False, "tab:orange", "outside")):
            own = self.held_ == held
            part = f"{own.mean():.1%}" if len(own) else "none"
            ax.plot(
                self.prediction[own],
                self.targets[own],
                "." if held else "x",
                color=style,
                markersize=4,
                label=f"{what}: {part}",
            )
        ax.set_ylabel("target")
        ax.legend()

    def _draw_groups(self, ax: "Axes", centres: FloatArray) -> None:
        ax.axhline(self.level, color="0.3", linestyle="--", linewidth=1)
        ax.plot(centres, self.group_held_, "o-", color="tab:blue")
        ax.set(xlabel="prediction", ylabel="held", ylim=(min(0.5, self.group_held_.min()), 1.02))
        width = ax.twinx()
        width.plot(centres, self.group_width_, ":", color="tab:green")
        width.set_ylim(bottom=0)
        width.set_ylabel("mean width", color="tab:green")
