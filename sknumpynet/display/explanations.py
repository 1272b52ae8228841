"""Pictures of explanations: of one row, and of many."""

from abc import ABC, abstractmethod
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from sknumpynet.core.types import FloatArray
from sknumpynet.explanations import Explanation
from sknumpynet.utils.scikit_learn import check_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BeeswarmDisplay", "WaterfallDisplay"]

# Of what adds to a prediction and of what takes from it; told apart by the colour-blind too.
RISES, FALLS = "tab:orange", "tab:blue"
# Half the height of a column's rows in a beeswarm, where columns are 1 apart.
SWARM = 0.38


class Output(NamedTuple):
    """An explanation of one output.

    Parameters
    ----------
    values, error : ndarray of shape (n_samples, n_columns)
    base_value : float
    """

    values: FloatArray
    error: FloatArray
    base_value: float


class ExplanationDisplay(ABC):
    """What displays of explanations share; not used directly.

    Parameters
    ----------
    explanation : Explanation
    output : int, default=None
    Which class, label or target to draw, where there are several.
    """

    def __init__(self, explanation: Explanation, *, output: int | None = None) -> None:
        self.explanation, self.output = explanation, output

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, *, output: int | None = None, **styles: Any
    ) -> Self:
        """Explain rows, and draw.

        Parameters
        ----------
        estimator : TabularMLPClassifier or TabularMLPRegressor
            Fitted.
        X : DataFrame or array-like of shape (n_samples, n_features)
        output : int, default=None
            Which class, label or target to draw, where there are several.
        **styles : dict
            Arguments of `plot`.

        Returns
        -------
        display

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            For several outputs of which none was chosen.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        return cls(estimator.explain(X), output=output).plot(**styles)

    @abstractmethod
    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw."""

    def _chosen(self) -> Output:
        """Return what is drawn."""
        values, error = self.explanation.values, self.explanation.error
        if values.ndim == 2:
            return Output(values, error, float(self.explanation.base_values))
        n_outputs = values.shape[2]
        if self.output is None or not -n_outputs <= self.output < n_outputs:
            raise ValueError(
                f"the explanation is of {n_outputs} outputs: choose one by output, "
                f"got output={self.output!r}"
            )
        base_value = float(self.explanation.base_values[self.output])
        return Output(values[..., self.output], error[..., self.output], base_value)


class WaterfallDisplay(ExplanationDisplay):
    """How the columns lead from the mean prediction to that of one row.

    From below: the mean over the background rows, then what each column adds or takes, the
    strongest last, up to the row's prediction. Thin lines are standard errors.

    Parameters
    ----------
    explanation : Explanation
    output : int, default=None
        Which class, label or target to draw, where there are several.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : list of matplotlib Rectangle
        From below.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet import WaterfallDisplay
    >>> from sknumpynet.explanations import Explanation
    >>> values = np.array([[0.5, -2.0, 0.1]])
    >>> data = np.array([[40, "f", True]], dtype=object)
    >>> names = np.array(["age", "sex", "alone"], dtype=object)
    >>> explanation = Explanation(values, 3.0, data, names, np.full((1, 3), 0.1))
    >>> display = WaterfallDisplay(explanation).plot(max_columns=2)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['2 others', 'sex = f']
    """

    def plot(self, ax: "Axes | None" = None, *, row: int = 0, max_columns: int = 10) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        row : int, default=0
            Which of the rows that were explained.
        max_columns : int, default=10
            Bars at most; the weakest columns share one.

        Returns
        -------
        WaterfallDisplay
            Itself, with what it drew as attributes.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            For several outputs of which none was chosen.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        output = self._chosen()
        values, errors = output.values[row], output.error[row]
        ascending = np.argsort(np.abs(values), kind="stable")
        n_pooled = len(values) - max_columns + 1 if len(values) > max_columns else 0
        pooled, shown = ascending[:n_pooled], ascending[n_pooled:]
        labels = [_equation(self.explanation, row, k) for k in shown]
        widths, error = values[shown], errors[shown]
        if n_pooled:
            labels = [f"{n_pooled} others", *labels]
            widths = np.concatenate([[values[pooled].sum()], widths])
            error = np.concatenate([[np.sqrt(np.sum(errors[pooled] ** 2))], error])
        ends = output.base_value + np.cumsum(widths)
        starts, places = ends - widths, np.arange(len(widths))
        self.ax_ = _new_axes(len(widths)) if ax is None else ax
        self.figure_ = self.ax_.figure
        colors = np.where(widths < 0, FALLS, RISES).tolist()
        bars = self.ax_.barh(places, widths, left=starts, color=colors, height=0.7)
        self.bars_ = list(bars)
        known = np.nan_to_num(error)
        self.ax_.errorbar(ends, places, xerr=known, fmt="none", ecolor="0.2", elinewidth=0.8)
        for end, place in zip(ends[:-1], places, strict=False):
            self.ax_.plot([end, end], [place - 0.35, place + 1.35], color="0.6", linewidth=0.8)
        self.ax_.axvline(output.base_value, color="0.6", linestyle=":", zorder=0)
        self.ax_.axvline(ends[-1], color="0.2", linestyle=":", zorder=0)
        self.ax_.set_yticks(places, labels)
        self.ax_.set_xlabel(f"mean {output.base_value:.4g} (grey) → prediction {ends[-1]:.4g}")
        return self


class BeeswarmDisplay(ExplanationDisplay):
    """What each column adds to each of many predictions.

    A point is a row; the strongest column is on top. Points are coloured by the column's value,
    from low to high; categories and what is missing are grey.

    Parameters
    ----------
    explanation : Explanation
    output : int, default=None
        Which class, label or target to draw, where there are several.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    points_ : list of matplotlib PathCollection
        Of each column that is drawn, from below.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet import BeeswarmDisplay
    >>> from sknumpynet.explanations import Explanation
    >>> rng = np.random.default_rng(0)
    >>> data, names = rng.normal(size=(50, 2)), np.array(["age", "fare"], dtype=object)
    >>> explanation = Explanation(data * [1.0, 3.0], 0.0, data, names, np.zeros((50, 2)))
    >>> display = BeeswarmDisplay(explanation).plot()
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['age', 'fare']
    """

    def plot(self, ax: "Axes | None" = None, *, max_columns: int = 10) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        max_columns : int, default=10
            How many of the strongest columns to draw.

        Returns
        -------
        BeeswarmDisplay
            Itself, with what it drew as attributes.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            For several outputs of which none was chosen.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        values = self._chosen().values
        strengths = np.abs(values).mean(axis=0)
        shown = np.argsort(strengths, kind="stable")[max(values.shape[1] - max_columns, 0) :]
        self.ax_ = _new_axes(len(shown)) if ax is None else ax
        self.figure_ = self.ax_.figure
        self.ax_.axvline(0, color="0.6", linewidth=0.8, zorder=0)
        self.points_ = []
        for place, k in enumerate(shown):
            heights = place + SWARM * _spread(values[:, k])
            heat = _heat(self.explanation.data[:, k])
            is_grey = np.isnan(heat)
            self.ax_.scatter(values[is_grey, k], heights[is_grey], s=9, color="0.55", linewidths=0)
            points = self.ax_.scatter(
                values[~is_grey, k],
                heights[~is_grey],
                s=9,
                c=heat[~is_grey],
                cmap="viridis",
                vmin=0,
                vmax=1,
                linewidths=0,
            )
            self.points_.append(points)
        self.ax_.set_yticks(np.arange(len(shown)), self.explanation.feature_names[shown].tolist())
        self.ax_.set_xlabel("added to the prediction")
        bar = self.figure_.colorbar(self.points_[-1], ax=self.ax_, ticks=[0, 1], aspect=40)
        bar.ax.set_yticklabels(["low", "high"])
        bar.set_label("value of the column", labelpad=-10)
        return self


def _new_axes(n_columns: int) -> "Axes":
    from matplotlib import pyplot

    height = 1.2 + 0.4 * n_columns
    _, ax = pyplot.subplots(figsize=(6.4, height), layout="constrained")
    return ax


def _equation(explanation: Explanation, row: int, k: int) -> str:
    """Return a cell with the name of its column."""
    cell = explanation.data[row, k]
    text = f"{cell:.4g}" if isinstance(cell, float | np.floating) else str(cell)
    text = text.removesuffix(" 00:00:00")
    text = text if len(text) <= 20 else f"{text[:19]}…"
    return f"{explanation.feature_names[k]} = {text}"


def _spread(values: FloatArray) -> FloatArray:
    """Return heights between -1 and 1, as far apart as there are many points of such values."""
    lowest, highest = values.min(), values.max()
    width = (highest - lowest) / 60 or 1.0
    bins = ((values - lowest) / width).astype(np.intp)
    heights = np.zeros(len(values))
    most = np.bincount(bins).max()
    for number in np.unique(bins):
        own = np.flatnonzero(bins == number)
        # From the middle outwards, to both sides in turn.
        steps = (np.arange(len(own)) + 1) // 2
        sides = np.where(np.arange(len(own)) % 2, 1.0, -1.0)
        heights[own] = sides * steps * 2 / max(most, 20)
    return heights


def _heat(cells: npt.NDArray[Any]) -> FloatArray:
    """Return ranks of numbers between 0 and 1, NaN for all else."""
    is_number = [isinstance(cell, Real) and not isinstance(cell, bool) for cell in cells.tolist()]
    numbers = np.array(
        [cell if known else np.nan for cell, known in zip(cells, is_number, strict=True)], float
    )
    known = ~np.isnan(numbers)
    heat = np.full(len(numbers), np.nan)
    ranks = np.unique(numbers[known], return_inverse=True)[1]
    heat[known] = ranks / max(ranks.max(initial=0), 1)
    return heat
