"""Pictures of how a network was trained, in the manner of scikit-learn's displays."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sknumpynet.utils.scikit_learn import check_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["TrainingDisplay"]


class TrainingDisplay:
    """Training and validation loss by epoch, the best epoch, and a learning rate that changes.

    Make it with `from_estimator`; the constructor takes plain data. The members of an ensemble are
    faint lines, the strong line is the mean of those that still train at an epoch. Where members
    stop early their best epochs are marked, each on its own line.

    Parameters
    ----------
    history : mapping of str to sequence
        A fitted network's ``history_``: of its columns "epoch" and "loss" are needed,
        "validation_loss", "learning_rate" and "member" drawn where they are there.
    best_epochs : sequence of int, default=None
        Each member's epoch with the best validation score; with ``early_stopping`` its weights
        were kept. None where there are no scores.
    name : str, default=None
        Comes first in the legend, to tell networks apart.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the losses.
    figure_ : matplotlib Figure
        The figure that they are in.
    lines_ : list of matplotlib Line2D
        Training loss and, if there is one, validation loss, of an ensemble the means.
    member_lines_ : list of matplotlib Line2D
        The losses of an ensemble's members, first all training losses.
    best_points_ : matplotlib Line2D or None
        Marks of the best epochs.
    learning_rate_ax_ : matplotlib Axes or None
        The axes on the right; None if the rate never changes.
    learning_rate_lines_ : list of matplotlib Line2D
        Each member's rate.

    Examples
    --------
    >>> from sknumpynet import TrainingDisplay
    >>> history = {"epoch": [1, 2, 3], "loss": [0.7, 0.5, 0.4], "validation_loss": [0.8, 0.6, 0.7]}
    >>> display = TrainingDisplay(history, best_epochs=[2]).plot()
    >>> [line.get_label() for line in display.lines_]
    ['training', 'validation']
    >>> display.best_points_.get_label()
    'best epoch: 2'
    """

    def __init__(
        self,
        history: Mapping[str, Sequence[float]],
        *,
        best_epochs: Sequence[int] | None = None,
        name: str | None = None,
    ) -> None:
        self.history = history
        self.best_epochs = best_epochs
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: "Axes | None" = None, name: str | None = None, **styles: Any
    ) -> Self:
        """Draw how a fitted network was trained.

        Parameters
        ----------
        estimator : NumpyMLPClassifier, NumpyMLPRegressor or Pipeline
            Fitted; of a pipeline it is the last step.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        name : str, default=None
            Comes first in the legend, to tell networks apart.
        **styles : dict
            ``line_kw``, ``member_kw``, ``best_kw`` and ``learning_rate_kw`` of `plot`.

        Returns
        -------
        TrainingDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        ValueError
            If it is another kind of estimator.

        Examples
        --------
        >>> from sklearn.datasets import make_moons
        >>> from sknumpynet import NumpyMLPClassifier, TrainingDisplay
        >>> X, y = make_moons(200, noise=0.2, random_state=0)
        >>> model = NumpyMLPClassifier(max_iter=500, early_stopping=True, random_state=0).fit(X, y)
        >>> TrainingDisplay.from_estimator(model).ax_.get_ylabel()
        'loss'
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        check_is_fitted(estimator)
        network = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        if not hasattr(network, "history_"):
            raise ValueError(
                f"{cls.__name__}.from_estimator takes a fitted NumpyMLPClassifier or "
                "NumpyMLPRegressor, or a Pipeline that ends in one, got "
                f"{network!r}, which has no history_"
            )
        best_epochs = _best_epochs(network.history_)
        return cls(network.history_, best_epochs=best_epochs, name=name).plot(ax, **styles)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        name: str | None = None,
        line_kw: dict[str, Any] | None = None,
        member_kw: dict[str, Any] | None = None,
        best_kw: dict[str, Any] | None = None,
        learning_rate_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure. Several networks can share axes, best if none of
            them has a learning rate that changes.
        name : str, default=None
            Comes first in the legend; None is that of the constructor.
        line_kw : dict, default=None
            Arguments of matplotlib's ``plot`` for the strong lines.
        member_kw : dict, default=None
            The same for the faint lines of members.
        best_kw : dict, default=None
            The same for the marks of best epochs.
        learning_rate_kw : dict, default=None
            The same for learning rates.

        Returns
        -------
        TrainingDisplay
            Itself, with what it drew as attributes.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the history lacks a column, or a best epoch is not in it.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        missing = [column for column in ("epoch", "loss") if column not in self.history]
        if missing:
            raise ValueError(
                f"history needs the columns 'epoch' and 'loss', got only {list(self.history)}"
            )
        name = self.name if name is None else name
        prefix = "" if name is None else f"{name}, "
        rates = self._by_member("learning_rate")
        self.ax_ = _new_axes() if ax is None else ax
        self.figure_ = self.ax_.figure
        self.lines_: list[Line2D] = []
        self.member_lines_: list[Line2D] = []
        losses = {"training": self._by_member("loss")}
        validation_losses = self._by_member("validation_loss")
        if not np.isnan(validation_losses).all():
            losses["validation"] = validation_losses
        for label, values in losses.items():
            self._draw_loss(values, f"{prefix}{label}", line_kw, member_kw)
        self._draw_best_epochs(list(losses.values())[-1], prefix, best_kw)
        self._draw_learning_rates(rates, learning_rate_kw)
        is_lbfgs = "learning_rate" in self.history and np.isnan(rates).all()
        self.ax_.set(xlabel="iteration" if is_lbfgs else "epoch", ylabel="loss")
        self.ax_.legend()
        return self

    def _draw_loss(
        self,
        values: npt.NDArray[np.float64],
        label: str,
        line_kw: dict[str, Any] | None,
        member_kw: dict[str, Any] | None,
    ) -> None:
        epochs = np.unique(self.history["epoch"])
        # A line through one point would not be seen.
        style = _style(line_kw, marker="." if len(epochs) == 1 else "", label=label)
        (line,) = self.ax_.plot(epochs, _mean_of_those_that_train(values), **style)
        self.lines_.append(line)
        if len(values) > 1:
            style = _style(member_kw, color=line.get_color(), alpha=0.3, linewidth=0.8, zorder=1.5)
            self.member_lines_ += self.ax_.plot(epochs, values.T, **style)

    def _draw_best_epochs(
        self, losses: npt.NDArray[np.float64], prefix: str, best_kw: dict[str, Any] | None
    ) -> None:
        self.best_points_ = None
        if self.best_epochs is None:
            return
        epochs = np.unique(self.history["epoch"])
        if len(self.best_epochs) != len(losses) or not np.isin(self.best_epochs, epochs).all():
            raise ValueError(
                "best_epochs has to name an epoch of the history for each of the "
                f"{len(losses)} members, got {list(self.best_epochs)}"
            )
        columns = np.searchsorted(epochs, self.best_epochs)
        several = len(losses) > 1
        label = "best epochs" if several else f"best epoch: {epochs[columns[0]]}"
        style = _style(
            best_kw,
            linestyle="",
            marker="o",
            markersize=3.5 if several else 7,
            color=self.lines_[-1].get_color(),
            label=f"{prefix}{label}",
        )
        heights = losses[np.arange(len(losses)), columns]
        (self.best_points_,) = self.ax_.plot(self.best_epochs, heights, **style)

    def _draw_learning_rates(
        self, rates: npt.NDArray[np.float64], learning_rate_kw: dict[str, Any] | None
    ) -> None:
        self.learning_rate_ax_, self.learning_rate_lines_ = None, []
        known = rates[~np.isnan(rates)]
        if not known.size or known.min() == known.max():
            return
        right = self.learning_rate_ax_ = self.ax_.twinx()
        style = _style(learning_rate_kw, color="gray", linestyle=":", alpha=1 / len(rates) ** 0.5)
        self.learning_rate_lines_ = right.plot(np.unique(self.history["epoch"]), rates.T, **style)
        color = self.learning_rate_lines_[0].get_color()
        right.set(yscale="log")
        right.set_ylabel("learning rate", color=color)
        right.tick_params(axis="y", which="both", colors=color)
        # Losses and legend go over the rate.
        right.set_zorder(self.ax_.get_zorder() - 1)
        right.set_facecolor(self.ax_.get_facecolor())
        right.patch.set_visible(self.ax_.patch.get_visible())
        self.ax_.patch.set_visible(False)

    def _by_member(self, column: str) -> npt.NDArray[np.float64]:
        return _by_member(self.history, column)


def _by_member(history: Mapping[str, Sequence[float]], column: str) -> npt.NDArray[np.float64]:
    """Return a column as (n_members, n_epochs), NaN where a member has no such epoch."""
    epochs, columns = np.unique(history["epoch"], return_inverse=True)
    members, rows = np.unique(history.get("member", np.zeros(len(columns))), return_inverse=True)
    values = np.full((len(members), len(epochs)), np.nan)
    values[rows, columns] = history.get(column, np.nan)
    return values


def _mean_of_those_that_train(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean over members of what is not NaN."""
    training = ~np.isnan(values)
    sums = np.where(training, values, 0).sum(axis=0)
    counts = training.sum(axis=0)
    means = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def _best_epochs(history: Mapping[str, Sequence[float]]) -> list[int] | None:
    """Return each member's first epoch with its best score, which early stopping keeps."""
    scores = _by_member(history, "validation_score")
    if np.isnan(scores).all(axis=1).any():
        return None
    best: list[int] = np.unique(history["epoch"])[np.nanargmax(scores, axis=1)].tolist()
    return best


def _new_axes() -> "Axes":
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    _, ax = pyplot.subplots()
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    return ax


def _style(style: dict[str, Any] | None, **defaults: Any) -> dict[str, Any]:
    """Return the arguments of ``plot``, under their full names."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    chosen: dict[str, Any] = normalize_kwargs(style or {}, Line2D)
    return defaults | chosen
