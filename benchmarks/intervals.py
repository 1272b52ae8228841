"""Intervals of numbers: how many targets they hold, and how wide they are, beside peers.

    python -m benchmarks.intervals [--data FOLDER ...] [--tables NAME ...] [--quick]
        [--max-train N] [--splits S] [--preset P] [--threads N]

Ours by both methods, and of quantiles; two quantiles of LightGBM for each level, which promise
nothing; and MAPIE's CV+ of ten folds around histogram gradient boosting. Peers are left out where
they are not installed. Widths are relative to the first, of the same table and level; the worst
group is the fifth of the rows, by what is predicted, of which fewest are held.
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from benchmarks.tabular_data import REGRESSION, add_data_option, load_tables, split
from benchmarks.tabular_peers import quiet
from benchmarks.timing import argument_parser, exit_code, markdown_table, thread_limit, versions
from sknumpynet import TabularMLPRegressor

__all__ = ["main"]

LEVELS = (0.5, 0.8, 0.9, 0.95)
# The ends of all levels, and the median.
QUANTILES = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975]
N_GROUPS = 5

# Fitted to rows and targets, returns bounds of new rows, of shape (n_new, 2, n_levels).
Intervals = Callable[[Any, np.ndarray, Any, int], np.ndarray]


def ours(method: str, preset: str, **settings: Any) -> Intervals:
    """Return our intervals of a method."""

    def intervals(X: Any, y: np.ndarray, X_new: Any, seed: int) -> np.ndarray:
        model = TabularMLPRegressor(preset, random_state=seed, n_jobs=1, **settings).fit(X, y)
        return model.predict_interval(X_new, LEVELS, method=method)

    return intervals


def lightgbm_quantiles(X: Any, y: np.ndarray, X_new: Any, seed: int) -> np.ndarray:
    """Return pairs of quantiles, each of a model of its own."""
    from lightgbm import LGBMRegressor

    ends = []
    for level in LEVELS:
        tail = (1 - level) / 2
        pair = [
            LGBMRegressor(
                objective="quantile", alpha=alpha, random_state=seed, n_jobs=1, verbosity=-1
            ).fit(X, y)
            for alpha in (tail, 1 - tail)
        ]
        # Two quantiles that were learned apart may cross.
        ends.append(np.sort([model.predict(X_new) for model in pair], axis=0))
    return np.transpose(ends, (2, 1, 0))


def mapie_around_boosting(X: Any, y: np.ndarray, X_new: Any, seed: int) -> np.ndarray:
    """Return CV+ intervals of MAPIE."""
    from mapie.regression import CrossConformalRegressor

    boosting = HistGradientBoostingRegressor(
        random_state=seed, categorical_features=np.flatnonzero(X.dtypes == "category")
    )
    model = CrossConformalRegressor(
        boosting, confidence_level=list(LEVELS), method="plus", cv=10, random_state=seed
    )
    X, X_new = (own.apply(_as_codes) for own in (X, X_new))
    model.fit_conformalize(X.to_numpy(float), y)
    return model.predict_interval(X_new.to_numpy(float))[1]


def _as_codes(column: Any) -> Any:
    if str(column.dtype) != "category":
        return column
    codes = column.cat.codes
    return codes.where((codes >= 0) & (codes < 255), np.nan)


def models_of(preset: str) -> dict[str, Intervals]:
    """Return what there is to measure."""
    models = {
        "plus": ours("plus", preset),
        "mean": ours("mean", preset),
        "plus, of quantiles": ours(
            "plus",
            preset,
            loss="quantile",
            quantile=QUANTILES,
        ),
    }
    if importlib.util.find_spec("lightgbm"):
        models["LightGBM, two quantiles"] = lightgbm_quantiles
    if importlib.util.find_spec("mapie"):
        models["MAPIE around boosting"] = mapie_around_boosting
    return models


def held_by_group(bounds: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return which part is held, of all rows and of the worst group, a row for each."""
    held = (bounds[:, 0] <= y[:, np.newaxis]) & (y[:, np.newaxis] <= bounds[:, 1])
    centre = bounds[:, :, 0].mean(axis=1)
    groups = np.array_split(np.argsort(centre, kind="stable"), N_GROUPS)
    return np.stack([held.mean(axis=0), np.min([held[own].mean(axis=0) for own in groups], axis=0)])


def run(options: argparse.Namespace) -> None:
    """Measure and print the table."""
    models, held, widths, seconds = models_of(options.preset), {}, {}, {}
    tables = [own for own in load_tables(options.data, options.tables) if own.task == REGRESSION]
    for table in tables:
        for seed in range(options.splits):
            data = split(table, seed, options.max_train)
            for name, intervals in models.items():
                start = time.process_time()
                with quiet():
                    bounds = intervals(data.X_train, data.y_train, data.X_test, seed)
                seconds.setdefault(name, []).append(time.process_time() - start)
                key = (name, table.name)
                held.setdefault(key, []).append(held_by_group(bounds, data.y_test))
                widths.setdefault(key, []).append(np.ptp(bounds, axis=1).mean(axis=0))
        print(table.name, file=sys.stderr, flush=True)
    rows, names = [], [table.name for table in tables]
    first = np.array([np.mean(widths[next(iter(models)), name], axis=0) for name in names])
    for model in models:
        of_tables = np.array([np.mean(held[model, name], axis=0) for name in names])
        marginal, worst = of_tables.mean(axis=0)
        own = np.array([np.mean(widths[model, name], axis=0) for name in names])
        ratios = np.exp(np.log(own / first).mean(axis=0))
        wider = int((own[:, 2] > first[:, 2]).sum())
        rows.append(
            [
                model,
                *(f"{part:.3f}" for part in marginal),
                f"{worst[2]:.3f}",
                *(f"{ratio:.2f}" for ratio in ratios),
                f"{wider} of {len(names)}",
                f"{np.exp(np.mean(np.log(seconds[model]))):.1f}",
            ]
        )
    header = ["intervals", *(f"held, {level}" for level in LEVELS), "worst group, 0.9"]
    header += [*(f"width, {level}" for level in LEVELS), "wider, 0.9", "CPU s"]
    print(markdown_table(header, rows))
    print(f"\n{versions('lightgbm', 'mapie')}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("Intervals, beside those of peers.", threads=1)
    add_data_option(parser)
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--max-train", type=int, default=2000, metavar="N", help="rows (2000)")
    parser.add_argument("--splits", type=int, default=3, metavar="S", help="(3)")
    parser.add_argument("--preset", default="default", help="(default)")
    options = parser.parse_args(arguments)
    if options.quick:
        options.max_train, options.splits, options.preset = 120, 1, "fast"
    with thread_limit(options.threads):
        return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
