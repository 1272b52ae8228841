"""What is drawn into axes: losses by epoch, best epochs, learning rates.

matplotlib is imported where it is first needed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sknumpynet.display.histories import mean_of_those_that_train

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["draw_best_epochs", "draw_learning_rates", "draw_loss", "new_axes"]

Style = dict[str, Any] | None
Numbers = npt.NDArray[np.float64]
Epochs = npt.NDArray[Any]


def new_axes() -> "Axes":
    """Return the axes of a new figure, with whole epochs."""
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    _, ax = pyplot.subplots()
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    return ax


def draw_loss(
    ax: "Axes", epochs: Epochs, losses: Numbers, label: str, line_kw: Style, member_kw: Style
) -> tuple["Line2D", list["Line2D"]]:
    """Draw a loss: a strong line for the mean and, if they are several, faint ones for members.

    Parameters
    ----------
    ax : matplotlib Axes
    epochs : ndarray of shape (n_epochs,)
    losses : ndarray of shape (n_members, n_epochs)
    label : str
        Of the strong line.
    line_kw, member_kw : dict or None
        Arguments of matplotlib's ``plot`` for it, and for the faint lines.

    Returns
    -------
    Line2D, list of Line2D
    """
    # A line through one point would not be seen.
    style = _style(line_kw, marker="." if len(epochs) == 1 else "", label=label)
    (line,) = ax.plot(epochs, mean_of_those_that_train(losses), **style)
    if len(losses) == 1:
        return line, []
    style = _style(member_kw, color=line.get_color(), alpha=0.3, linewidth=0.8, zorder=1.5)
    return line, ax.plot(epochs, losses.T, **style)


def draw_best_epochs(
    line: "Line2D",
    epochs: Epochs,
    losses: Numbers,
    best_epochs: Sequence[int],
    prefix: str,
    best_kw: Style,
) -> "Line2D":
    """Mark each member's best epoch on its losses.

    Parameters
    ----------
    line : Line2D
        The strong line of the losses, whose colour and axes the marks have.
    epochs : ndarray of shape (n_epochs,)
    losses : ndarray of shape (n_members, n_epochs)
    best_epochs : sequence of int
        One for each member.
    prefix : str
        What the label begins with.
    best_kw : dict or None
        Arguments of ``plot``.

    Returns
    -------
    Line2D

    Raises
    ------
    ValueError
        If they are not as many as members, or not all among the epochs.
    """
    if len(best_epochs) != len(losses) or not np.isin(best_epochs, epochs).all():
        raise ValueError(
            "best_epochs has to name an epoch of the history for each of the "
            f"{len(losses)} members, got {list(best_epochs)}"
        )
    columns = np.searchsorted(epochs, best_epochs)
    several = len(losses) > 1
    label = "best epochs" if several else f"best epoch: {epochs[columns[0]]}"
    style = _style(
        best_kw,
        linestyle="",
        marker="o",
        markersize=3.5 if several else 7,
        color=line.get_color(),
        label=f"{prefix}{label}",
    )
    heights = losses[np.arange(len(losses)), columns]
    ax: Any = line.axes
    points: Line2D
    (points,) = ax.plot(best_epochs, heights, **style)
    return points


def draw_learning_rates(
    ax: "Axes", epochs: Epochs, rates: Numbers, learning_rate_kw: Style
) -> tuple["Axes | None", list["Line2D"]]:
    """Draw each member's learning rate against axes of its own on the right, if it changes.

    Parameters
    ----------
    ax : matplotlib Axes
        With the losses.
    epochs : ndarray of shape (n_epochs,)
    rates : ndarray of shape (n_members, n_epochs)
    learning_rate_kw : dict or None
        Arguments of ``plot``.

    Returns
    -------
    Axes or None, list of Line2D
    """
    known = rates[~np.isnan(rates)]
    if not known.size or known.min() == known.max():
        return None, []
    right = ax.twinx()
    style = _style(learning_rate_kw, color="gray", linestyle=":", alpha=1 / len(rates) ** 0.5)
    lines = right.plot(epochs, rates.T, **style)
    color = lines[0].get_color()
    right.set(yscale="log")
    right.set_ylabel("learning rate", color=color)
    right.tick_params(axis="y", which="both", colors=color)
    # Losses and legend go over the rate.
    right.set_zorder(ax.get_zorder() - 1)
    right.set_facecolor(ax.get_facecolor())
    right.patch.set_visible(ax.patch.get_visible())
    ax.patch.set_visible(False)
    return right, lines


def _style(style: Style, **defaults: Any) -> dict[str, Any]:
    """Return the arguments of ``plot``, under their full names."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    chosen: dict[str, Any] = normalize_kwargs(style or {}, Line2D)
    return defaults | chosen
