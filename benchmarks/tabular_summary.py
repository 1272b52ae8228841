"""What the results of the tabular benchmark come to: tables in markdown and a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.tabular_metrics import METRICS, Metric, Record
from benchmarks.tabular_peers import OURS, REFERENCE
from benchmarks.timing import NOT_MEASURED, markdown_table, ratio

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Panel", "draw", "plot", "summarise"]

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
MODEL_COLUMNS = ("model", "mean rank", "rank of splits", "relative", "fit s", "predict s")


def summarise(records: Sequence[Record], models: Sequence[str]) -> str:
    """Return the tables of one size.

    Parameters
    ----------
    records : sequence of Record
    models : sequence of str
    """
    parts = []
    for task, metrics in METRICS.items():
        of_task = [record for record in records if record.task == task]
        if not of_task:
            continue
        views = [View(of_task, models, metric) for metric in metrics]
        parts += [f"### {task.capitalize()}, tables: {len(views[0].means)}"]
        parts += [view.model_table() for view in views]
        parts += [views[0].table_table(), views[0].worst()]
    parts.append(_failures(records))
    return "\n\n".join(part for part in parts if part)


class View:
    """One metric of one task, for every table and model.

    A model that failed ranks last and is left out of relative numbers.

    Parameters
    ----------
    records : sequence of Record
        Of the task.
    models : sequence of str
    metric : Metric
    """

    def __init__(self, records: Sequence[Record], models: Sequence[str], metric: Metric) -> None:
        import pandas as pd

        self.metric, self.models = metric, list(models)
        self.frame = pd.DataFrame(map(asdict, records))
        self.means = self._by_table(metric.column, "mean")
        # The median forgives a split during which the machine was busy.
        self.fit_seconds = self._by_table("fit_seconds", "median")
        self.predict_seconds = self._by_table("predict_seconds", "median")

    def _by_table(self, column: str, statistic: str) -> pd.DataFrame:
        values = self.frame.groupby(["table", "model"])[column].agg(statistic).unstack()
        return values.reindex(index=self.frame["table"].unique(), columns=self.models)

    @property
    def reference(self) -> str:
        """Return what relative numbers are relative to."""
        return REFERENCE if REFERENCE in self.models else "the best"

    def relative(self) -> pd.DataFrame:
        """Return every table's means over the reference's."""
        values = self.means.clip(lower=self.metric.least)
        is_named = self.reference in self.models
        return values.div(values[self.reference] if is_named else values.min(axis=1), axis=0)

    def ranks(self) -> pd.Series:
        """Return the mean rank of means over tables."""
        return _ranks(self.means)

    def split_ranks(self) -> pd.Series:
        """Return the mean rank over all splits of all tables."""
        index = ["table", "split"]
        values = self.frame.pivot(index=index, columns="model", values=self.metric.column)
        return _ranks(values.reindex(columns=self.models))

    def model_table(self) -> str:
        """Return a row per model, the best first."""
        ranks, split_ranks = self.ranks(), self.split_ranks()
        relative, fit, predict = map(
            _geometric_mean, (self.relative(), self.fit_seconds, self.predict_seconds)
        )
        rows = [
            [
                name,
                ratio(ranks[name]),
                ratio(split_ranks[name]),
                *map(_cell, (relative[name], fit[name], predict[name])),
            ]
            for name in ranks.sort_values(kind="stable").index
        ]
        return (
            f"{self.metric.label}, relative to {self.reference}; "
            f"geometric means over tables:\n\n{markdown_table(MODEL_COLUMNS, rows)}"
        )

    def table_table(self) -> str:
        """Return a row per table: the metric and, in parentheses, seconds to fit."""
        n_train = self.frame.groupby("table")["n_train"].max()
        comparison = self._comparison()
        columns = ["table", "rows", *self.models]
        if comparison is not None:
            columns.append(f"{OURS} / {REFERENCE}")
        rows = []
        for table in self.means.index:
            row = [table, f"{n_train[table]:,}"]
            for name in self.models:
                seconds = _cell(self.fit_seconds.loc[table, name])
                row.append(f"{_cell(self.means.loc[table, name])} ({seconds})")
            rows.append(row if comparison is None else [*row, _cell(comparison[table])])
        title = f"{self.metric.label}, mean over splits, in parentheses seconds to fit:"
        return f"{title}\n\n{markdown_table(columns, rows)}"

    def worst(self) -> str:
        """Return where we compare worst with the reference; nothing if one is not there."""
        comparison = self._comparison()
        if comparison is None or comparison.isna().all():
            return ""
        table = comparison.idxmax()
        return (
            f"{self.metric.label} of {OURS} over {REFERENCE}'s: "
            f"worst {_cell(comparison[table])} on {table}, "
            f"above 1 on {(comparison > 1).sum()} of {len(comparison)} tables."
        )

    def _comparison(self) -> pd.Series | None:
        both = {OURS, REFERENCE} <= set(self.models)
        return self.relative()[OURS] if both else None


def _ranks(values: pd.DataFrame) -> pd.Series:
    return values.rank(axis=1, na_option="bottom").mean()


def _geometric_mean(values: pd.DataFrame) -> pd.Series:
    return np.exp(np.log(values).mean())


def _cell(value: float) -> str:
    return NOT_MEASURED if np.isnan(value) else f"{value:.3f}"


def _failures(records: Sequence[Record]) -> str:
    failed = [record for record in records if record.error]
    if not failed:
        return ""
    lines = [
        f"- {record.model} on {record.table}, split {record.split}: {record.error}"
        for record in failed
    ]
    return "\n".join(["Failed:\n", *lines])


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
            seconds, relative = map(_geometric_mean, (of_work, view.relative()))
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
    return "boosted trees" if name in BOOSTED else "forests and other networks"


def _short(name: str) -> str:
    return name.replace("HistGradientBoosting", "HistGB").replace("TabularMLP-", "TabularMLP, ")
