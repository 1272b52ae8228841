"""Pictures of training, explanations and predictions, in the manner of scikit-learn's displays."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sknumpynet.display.drawing import draw_best_epochs, draw_learning_rates, draw_loss, new_axes
from sknumpynet.display.explanations import BeeswarmDisplay, WaterfallDisplay
from sknumpynet.display.histories import best_epochs_of, by_member
from sknumpynet.display.intervals import IntervalDisplay
from sknumpynet.display.reliability import ReliabilityDisplay
from sknumpynet.utils.scikit_learn import check_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = [
    "BeeswarmDisplay",
    "IntervalDisplay",
    "ReliabilityDisplay",
    "TrainingDisplay",
    "WaterfallDisplay",
]


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
        best_epochs = best_epochs_of(network.history_)
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
        epochs = np.unique(self.history["epoch"])
        rates = by_member(self.history, "learning_rate")
        self.ax_ = new_axes() if ax is None else ax
        self.figure_ = self.ax_.figure
        self.lines_: list[Line2D] = []
        self.member_lines_: list[Line2D] = []
        losses = {"training": by_member(self.history, "loss")}
        validation_losses = by_member(self.history, "validation_loss")
        if not np.isnan(validation_losses).all():
            losses["validation"] = validation_losses
        for label, own in losses.items():
            line, member_lines = draw_loss(
                self.ax_, epochs, own, f"{prefix}{label}", line_kw, member_kw
            )
            self.lines_.append(line)
            self.member_lines_ += member_lines
        self.best_points_ = None
        if self.best_epochs is not None:
            self.best_points_ = draw_best_epochs(
                line, epochs, own, self.best_epochs, prefix, best_kw
            )
        self.learning_rate_ax_, self.learning_rate_lines_ = draw_learning_rates(
            self.ax_, epochs, rates, learning_rate_kw
        )
        is_lbfgs = "learning_rate" in self.history and np.isnan(rates).all()
        self.ax_.set(xlabel="iteration" if is_lbfgs else "epoch", ylabel="loss")
        self.ax_.legend()
        return self
