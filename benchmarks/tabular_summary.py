"""What the results of the tabular benchmark come to, as tables in markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bootstrap import interval_of_mean
from benchmarks.tabular_metrics import METRICS, Metric, Record
from benchmarks.tabular_peers import OURS, REFERENCE, RIVAL
from benchmarks.timing import NOT_MEASURED, markdown_table, ratio

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["View", "failures", "geometric_mean", "summarise"]

MODEL_COLUMNS = (
    "model",
    "mean rank",
    "95 % interval",
    "rank of splits",
    "relative",
    "fit s",
    "predict s",
)


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
        for view in views:
            parts += [view.model_table(), view.behind()]
        parts += [views[0].table_table(), views[0].worst()]
    parts.append(failures(records))
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

    def over(self, reference: str) -> pd.DataFrame:
        """Return every table's means over those of one model, or of the best if it is not there."""
        values = self.means.clip(lower=self.metric.least)
        is_there = reference in self.models
        return values.div(values[reference] if is_there else values.min(axis=1), axis=0)

    def relative(self) -> pd.DataFrame:
        """Return every table's means over the reference's."""
        return self.over(self.reference)

    def by_split(self) -> pd.DataFrame:
        """Return the metric of every split of every table."""
        index = ["table", "split"]
        values = self.frame.pivot(index=index, columns="model", values=self.metric.column)
        return values.reindex(columns=self.models)

    def ranks(self) -> pd.DataFrame:
        """Return each table's ranks of means over splits."""
        return _ranks(self.means)

    def model_table(self) -> str:
        """Return a row per model, the best first."""
        ranks, split_ranks = self.ranks().mean(), _ranks(self.by_split()).mean()
        low, high = interval_of_mean(self.ranks().to_numpy())
        intervals = dict(zip(self.models, map(_interval_cell, low, high), strict=True))
        relative, fit, predict = map(
            geometric_mean, (self.relative(), self.fit_seconds, self.predict_seconds)
        )
        rows = [
            [
                name,
                ratio(ranks[name]),
                intervals[name],
                ratio(split_ranks[name]),
                *map(_cell, (relative[name], fit[name], predict[name])),
            ]
            for name in ranks.sort_values(kind="stable").index
        ]
        return (
            f"{self.metric.label}, relative to {self.reference}; "
            f"geometric means over tables, intervals by bootstrap over tables:\n\n"
            f"{markdown_table(MODEL_COLUMNS, rows)}"
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

    def behind(self) -> str:
        """Name the tables on which we are clearly behind the rival; nothing if one is not there.

        Splits are the same for both, so that errors are those of the difference.
        """
        if not {OURS, RIVAL} <= set(self.models):
            return ""
        values = self.by_split()[[OURS, RIVAL]].dropna().clip(lower=self.metric.least)
        theirs = values[RIVAL].groupby("table").transform("mean")
        excess = ((values[OURS] - values[RIVAL]) / theirs).groupby("table")
        mean, error = excess.mean(), excess.sem()
        if error.isna().all():  # of single splits
            return ""
        is_behind = (mean > self.metric.margin) & (mean > 2 * error)
        named = [
            f"{table} +{mean[table]:.1%} ± {error[table]:.1%}"
            for table in self.means.index.intersection(mean[is_behind].index)
        ]
        where = f"on {len(named)} of {len(mean)} tables" + ": " * bool(named) + ", ".join(named)
        return (
            f"{self.metric.label} of {OURS} more than {self.metric.margin:.0%} above {RIVAL}'s, "
            f"and by more than two standard errors over splits, {where}."
        )

    def _comparison(self) -> pd.Series | None:
        both = {OURS, REFERENCE} <= set(self.models)
        return self.relative()[OURS] if both else None


def _interval_cell(low: float, high: float) -> str:
    return NOT_MEASURED if np.isnan(low) else f"{low:.2f} to {high:.2f}"


def _ranks(values: pd.DataFrame) -> pd.DataFrame:
    return values.rank(axis=1, na_option="bottom")


def geometric_mean(values: pd.DataFrame) -> pd.Series:
    """Return the mean of each column's ratios."""
    return np.exp(np.log(values).mean())


def _cell(value: float) -> str:
    return NOT_MEASURED if np.isnan(value) else f"{value:.3f}"


def failures(records: Sequence[Record]) -> str:
    """Return a list of what failed, and why; nothing if nothing did."""
    failed = [record for record in records if record.error]
    if not failed:
        return ""
    lines = [
        f"- {record.model} on {record.table}, split {record.split}: {record.error}"
        for record in failed
    ]
    return "\n".join(["Failed:\n", *lines])
