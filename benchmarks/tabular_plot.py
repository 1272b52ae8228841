"""The picture of the tabular benchmark: quality against time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks.tabular_metrics import METRICS, Record
from benchmarks.tabular_peers import REFERENCE
from benchmarks.tabular_summary import View, geometric_mean

__all__ = ["Panel", "draw", "plot"]

BOOSTED = (REFERENCE, "LightGBM", "XGBoost", "CatBoost")
COLOURS = {
    "TabularMLP": "#c2410c",
    "boosted trees": "#1d4ed8",
    "forests and other networks": "#57534e",
}
# Offset in points, horizontal and vertical alignment of a name at its point, the best first.
PLACES = (
    ((0, 5), "center", "bottom"),
    ((0, -5), "center", "top"),
    ((6, 0), "left", "center"),
    ((-6, 0), "right", "center"),
    ((4, 4), "left", "bottom"),
    ((4, -4), "left", "top"),
    ((-4, 4), "right", "bottom"),
    ((-4, -4), "right", "top"),
)


class Panel(NamedTuple):
    """What a panel of the picture shows.

    Parameters
    ----------
    title, label : str
        Of the panel and of its axis of quality.
    points : mapping of str to tuple of float
        Seconds and quality of every model.
    work : {'fit', 'predict'}
        What the seconds are for.
    """

    title: str
    label: str
    points: Mapping[str, tuple[float, float]]
    work: str = "fit"


def plot(
    pyplot: Any,
    records: Mapping[int, Sequence[Record]],
    models: Sequence[str],
    file: str,
    work: str = "fit",
) -> None:
    """Draw quality against time, a row of panels for every size.

    Parameters
    ----------
    pyplot : module
    records : mapping of int to sequence of Record
        By the largest number of rows to train on.
    models : sequence of str
    file : str
    work : {'fit', 'predict'}
        Whose time.
    """
    tasks = [
        task
        for task in METRICS
        if any(record.task == task for of_size in records.values() for record in of_size)
    ]
    panels = []
    for size, of_size in records.items():
        for task in tasks:
            of_task = [record for record in of_size if record.task == task]
            view = View(of_task, models, METRICS[task][0])
            of_work = view.fit_seconds if work == "fit" else view.predict_seconds
            seconds, relative = map(geometric_mean, (of_work, view.relative()))
            title = f"{task}: {len(view.means)} tables, up to {size:,} rows"
            label = f"{view.metric.label} / {_short(view.reference)}"
            points = {name: (seconds[name], relative[name]) for name in models}
            panels.append(Panel(title, label, points, work))
    draw(pyplot, panels, len(tasks), file)


def draw(pyplot: Any, panels: Sequence[Panel], n_columns: int, file: str) -> None:
    """Draw panels, row by row, with one legend.

    Parameters
    ----------
    pyplot : module
    panels : sequence of Panel
    n_columns : int
    file : str
    """
    n_rows = len(panels) // n_columns
    size = (4.2 * n_columns, 3.3 * n_rows + 0.3)
    figure, axes = pyplot.subplots(
        n_rows, n_columns, figsize=size, layout="constrained", squeeze=False
    )
    handles = {}
    for ax, panel in zip(axes.flat, panels, strict=True):
        handles |= _draw_points(ax, panel)
    in_order = [kind for kind in COLOURS if kind in handles]
    figure.legend(
        [handles[kind] for kind in in_order],
        in_order,
        loc="outside lower center",
        ncols=len(COLOURS),
        frameon=False,
    )
    figure.draw_without_rendering()  # the layout first: names go by where points are
    figure.set_layout_engine("none")
    for ax, panel in zip(axes.flat, panels, strict=True):
        _name_points(ax, panel)
    with pyplot.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tabular"}):
        # Without a date, so that the same results give the same file.
        figure.savefig(file, metadata={"Date": None} if str(file).endswith(".svg") else None)
    pyplot.close(figure)


def _draw_points(ax: Any, panel: Panel) -> dict[str, Any]:
    """Draw the points; return a handle of every kind of model."""
    handles = {}
    for name, point in panel.points.items():
        kind = _kind(name)
        (handles[kind],) = ax.plot(*point, "o", color=COLOURS[kind], linestyle="none")
    ax.set_title(panel.title, fontsize="medium")
    ax.set(xscale="log", xlabel=f"seconds to {panel.work} (less is better)")
    ax.set_ylabel(f"{panel.label} (less is better)")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.margins(x=0.25, y=0.15)  # room for the names
    ax.grid(alpha=0.3)
    return handles


def _name_points(ax: Any, panel: Panel) -> None:
    """Write each name where it covers the least of points, other names and the frame."""
    from matplotlib.transforms import Bbox

    points = {name: point for name, point in panel.points.items() if not np.isnan(point).any()}
    if not points:
        return
    centres = ax.transData.transform(list(points.values()))
    taken = [Bbox.from_extents(x - 6, y - 6, x + 6, y + 6) for x, y in centres]
    for name, point in points.items():
        colour = COLOURS[_kind(name)]
        text = ax.annotate(
            _short(name),
            point,
            textcoords="offset points",
            xytext=(0, 0),
            fontsize="small",
            color=colour,
            fontweight="bold" if _kind(name) == "TabularMLP" else "normal",
        )
        best = None
        for offset, horizontal, vertical in PLACES:
            text.set(position=offset, ha=horizontal, va=vertical)
            box = text.get_window_extent()
            covered = sum(_overlap(box, other) for other in taken)
            outside = box.width * box.height - _overlap(box, ax.bbox)
            if best is None or covered + outside < best[0]:
                best = (covered + outside, box, (offset, horizontal, vertical))
        offset, horizontal, vertical = best[2]
        text.set(position=offset, ha=horizontal, va=vertical)
        taken.append(best[1])


def _overlap(one: Any, other: Any) -> float:
    """Return the area that two boxes share."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(width, 0.0) * max(height, 0.0)


def _kind(name: str) -> str:
    if name.startswith("TabularMLP"):
        return "TabularMLP"
    return "boosted trees" if name.startswith(BOOSTED) else "forests and other networks"


def _short(name: str) -> str:
    return name.replace("HistGradientBoosting", "HistGB").replace("TabularMLP-", "TabularMLP, ")
