"""What each part of the recipe for tables is worth: the estimators with it and without it.

    python -m benchmarks.tabular_ablation [--quick] [--data FOLDER ...] [--tables NAME ...]
        [--parts NAME ...] [--preset NAME] [--max-train N] [--splits S] [--csv FILE [--fresh]]
        [--threads N]

Every split of every table is learned by the whole recipe and by each one that lacks a part, in
turn, in one process. Changes are of what is predicted for rows held out, in per cent of the whole
recipe's log loss or nRMSE: positive where the part is of use. They are geometric means over
tables, with an interval by bootstrap over tables; times are of the processor.

With ``--csv`` every result is written as it comes, and what the file holds is not measured again:
once the recipe has changed, start with ``--fresh``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self
from unittest import mock

import numpy as np

import sknumpynet
from benchmarks.bootstrap import interval_of_mean
from benchmarks.tabular import measure_all, plan
from benchmarks.tabular_data import add_data_option, load_tables
from benchmarks.tabular_metrics import METRICS, Record, Results
from benchmarks.tabular_peers import Model, Setting
from benchmarks.tabular_summary import View, failures, geometric_mean
from benchmarks.timing import (
    NOT_MEASURED,
    argument_parser,
    markdown_table,
    ratio,
    thread_limit,
    versions,
)
from sknumpynet import TabularPreprocessor, presets
from sknumpynet.core import architectures
from sknumpynet.core.layers import CategoryEmbedding
from sknumpynet.estimators import inputs, tabular
from sknumpynet.presets import PIECES, WAVES
from sknumpynet.training import member_runs

__all__ = ["PARTS", "Part", "main"]

QUICK_TABLES = ("wine", "diabetes")
COLUMNS = ("without", "instead", "change", "95 % interval", "fit", "predict")


@dataclass(frozen=True)
class Part:
    """How a part of the recipe is removed.

    Parameters
    ----------
    instead : str
        What is in its place.
    parameters : mapping of str to object
        Of the estimator, where one of them removes it.
    patch : callable() returning a context manager
        Changes a constant of the package, where none does, as long as the estimator is fitted:
        in this process, which is why that has to happen here, without workers.
    """

    instead: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    patch: Callable[[], AbstractContextManager[Any]] = nullcontext


def _embeddings(*numbers: Any, classes: Any) -> AbstractContextManager[Any]:
    """Let members embed numbers so, in turn; those of classifiers all in one way."""
    return mock.patch.dict(presets.EMBEDDINGS, numbers=numbers, classes=(classes,))


def _no_codes(preprocessor: Any) -> list[int]:
    return []


def _leave_knots(run: Any, n_trees: int) -> None:
    """Leave knots where they start without trees."""


WHOLE = Part("")
PARTS = {
    "ranks": Part("numbers alone", patch=partial(mock.patch.object, inputs, "MOST_RANKED", False)),
    "pieces": Part("waves", patch=partial(_embeddings, WAVES, classes=WAVES)),
    "waves": Part("pieces", patch=partial(_embeddings, PIECES, classes=PIECES)),
    "wide-range-of-waves": Part(
        "low frequencies",
        patch=partial(_embeddings, {**WAVES, "sigmas": (0.15, 0.45)}, PIECES, classes=PIECES),
    ),
    "trees": Part(
        "quantiles", patch=partial(mock.patch.object, member_runs, "place_knots", _leave_knots)
    ),
    "statistics-of-levels": Part(
        "none", patch=partial(mock.patch.object, TabularPreprocessor, "_level_codes", _no_codes)
    ),
    "slow-vectors-of-levels": Part(
        "as fast as weights",
        patch=partial(
            mock.patch.object,
            architectures,
            "CategoryEmbedding",
            partial(CategoryEmbedding, learning_rate=1.0),
        ),
    ),
    "epochs-of-few-rows": Part(
        "none", patch=partial(mock.patch.object, presets, "ROWS_OF_MORE_EPOCHS", 0)
    ),
    "dropout": Part("0", {"dropout": 0.0}),
    "members": Part("5", {"n_members": 5}),
    "weight-decay": Part("0", {"weight_decay": 0.0}),
    "schedule": Part(
        "constant", patch=partial(mock.patch.dict, presets.TRAINING, learning_rate="constant")
    ),
    "mish": Part("relu", patch=partial(mock.patch.object, tabular, "ACTIVATION", "relu")),
    "second-layer": Part("none", {"hidden_layer_sizes": (64,)}),
}


class WithoutPart:
    """An estimator that is fitted without a part of the recipe.

    Parameters
    ----------
    part : Part
    preset : str
    setting : Setting
    """

    def __init__(self, part: Part, preset: str, setting: Setting) -> None:
        kind = setting.choose(sknumpynet.TabularMLPClassifier, sknumpynet.TabularMLPRegressor)
        self.part = part
        self.estimator = kind(preset, random_state=setting.seed, n_jobs=1, **part.parameters)

    def fit(self, X: Any, y: np.ndarray) -> Self:
        """Fit while the part is removed."""
        with self.part.patch():
            self.estimator.fit(X, y)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict, as nothing of what was removed is asked for again."""
        return self.estimator.predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict probabilities."""
        return self.estimator.predict_proba(X)


def models_of(preset: str, parts: Sequence[str]) -> dict[str, Model]:
    """Return the whole recipe, by the name of its preset, and those without each part."""
    models = {preset: WHOLE} | {f"{preset} without {name}": PARTS[name] for name in parts}
    return {
        name: Model(partial(WithoutPart, part, preset), "sknumpynet", clock=time.process_time)
        for name, part in models.items()
    }


def ablation(records: Sequence[Record], whole: str, models: Sequence[str]) -> str:
    """Return a table for each task, with a row for each part, in the order of the models.

    Parameters
    ----------
    records : sequence of Record
    whole : str
        The model that lacks nothing.
    models : sequence of str
        All, the whole one too.
    """
    texts = []
    for task, (metric, *_) in METRICS.items():
        of_task = [record for record in records if record.task == task]
        if not of_task:
            continue
        view = View(of_task, models, metric)
        changes = np.log(view.over(whole))
        seconds = [
            geometric_mean(own.div(own[whole], axis=0))
            for own in (view.fit_seconds, view.predict_seconds)
        ]
        rows = [
            [
                *removed(name),
                *change_cells(changes[name].dropna().to_numpy()),
                *(ratio(own[name]) for own in seconds),
            ]
            for name in models
            if name != whole
        ]
        title = f"{metric.label}, {whole}, tables: {len(view.means)}"
        texts.append(f"{title}\n\n{markdown_table(COLUMNS, rows)}")
    return "\n\n".join([*texts, *filter(None, [failures(records)])])


def removed(model: str) -> tuple[str, str]:
    """Return which part a model lacks, and what it has instead.

    Examples
    --------
    >>> removed("default without mish")
    ('mish', 'relu')
    """
    name = model.rpartition(" without ")[-1]
    return name, PARTS[name].instead


def change_cells(log_ratios: np.ndarray) -> tuple[str, str]:
    """Return the change of several tables in per cent, and its interval.

    Examples
    --------
    >>> import numpy as np
    >>> change_cells(np.log([1.1, 1.1, 1.1]))
    ('+10.0 %', '+10.0 to +10.0')
    """
    if not len(log_ratios):
        return NOT_MEASURED, NOT_MEASURED
    low, high = interval_of_mean(log_ratios)
    interval = NOT_MEASURED if np.isnan(low) else f"{_percent(low)} to {_percent(high)}"
    return f"{_percent(log_ratios.mean())} %", interval


def _percent(log_ratio: float) -> str:
    return f"{100 * np.expm1(log_ratio):+.1f}"


def run(options: argparse.Namespace) -> None:
    """Measure what is missing, and print the tables."""
    names, n_splits, max_train = options.tables, options.splits, options.max_train
    if options.quick:
        names, n_splits, max_train = names or QUICK_TABLES, 1, 60
    tables = list(load_tables(options.data, names))
    models = models_of(options.preset, options.parts)
    fits = list(plan(tables, [max_train], n_splits, list(models)))
    results = Results(options.csv, fresh=options.fresh)
    measure_all(fits, results, 1, models)
    records = [results.records[fit.key] for fit in fits]
    print(ablation(records, options.preset, list(models)))
    print(f"\n{versions('pandas')}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("What parts of the recipe are worth.", threads=1)
    add_data_option(parser)
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="only these")
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=PARTS,
        default=list(PARTS),
        metavar="NAME",
        help=f"of {', '.join(PARTS)} (default: all)",
    )
    parser.add_argument("--preset", choices=presets.PRESETS, default="default")
    parser.add_argument("--max-train", type=int, default=2_000, help="rows to train on at most")
    parser.add_argument("--splits", type=int, default=3, help="of every table")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write results, and resume")
    parser.add_argument("--fresh", action="store_true", help="forget what the CSV file holds")
    options = parser.parse_args(arguments)
    with thread_limit(options.threads):
        run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
