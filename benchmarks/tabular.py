"""Tables as they come: our tabular estimators and peers, all at their defaults.

    python -m benchmarks.tabular [--quick] [--data FOLDER ...] [--max-train N ...] [--splits S]
        [--models NAME ...] [--tables NAME ...] [--csv FILE [--fresh]] [--plot FILE]
        [--predict-plot FILE] [--threads N]

Every model may use all cores, fits every split of every table in turn with the others, and is
measured by what it predicts for rows held out. Tables are scikit-learn's and, with ``--data``,
those of folders, which are summed up by themselves: gzip CSV with the column ``target`` last,
and a ``MANIFEST.csv`` whose columns ``name``, ``task`` and ``categorical_columns`` describe them.

``--models`` has more than are compared by default, among them boosted trees by TabArena's protocol,
``-bagged`` and, for hours, ``-tuned``: see `benchmarks.bagged_peers`.

With ``--csv`` every result is written as it comes, and what the file holds is not measured again.
Peers are optional: ``pip install "sknumpynet[peers]"`` brings them all.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import joblib

from benchmarks.tabular_data import (
    BUNDLED,
    CLASSIFICATION,
    REGRESSION,
    Table,
    add_data_option,
    load_tables,
    split,
)
from benchmarks.tabular_data import split_sizes as sizes_of
from benchmarks.tabular_metrics import Key, Record, Results, measure
from benchmarks.tabular_peers import BAGGED, MODELS, PACKAGES, TUNED, Model
from benchmarks.tabular_plot import plot
from benchmarks.tabular_summary import summarise
from benchmarks.timing import (
    Progress,
    argument_parser,
    import_pyplot,
    thread_limit,
    versions,
)

__all__ = ["main", "measure_all", "plan"]

QUICK_TABLES = ("wine", "diabetes")
QUICK_ROWS, QUICK_TRAIN = 120, 60
ON_REQUEST = [name for name, model in MODELS.items() if model.on_request]
WARM_UP = {CLASSIFICATION: "wine", REGRESSION: "diabetes"}


class Fit(NamedTuple):
    """A piece of work."""

    table: Table
    max_train: int
    seed: int
    model: str

    @property
    def key(self) -> Key:
        """Return what tells it apart; sizes that make no difference share one."""
        return Key(
            self.table.name, self.seed, *sizes_of(len(self.table.y), self.max_train), self.model
        )


def plan(
    tables: Sequence[Table], sizes: Sequence[int], n_splits: int, models: Sequence[str]
) -> Iterator[Fit]:
    """Return all fits: models in turn, and back on alternate splits."""
    for max_train in sizes:
        for table in tables:
            for seed in range(n_splits):
                for name in models[:: -1 if seed % 2 else 1]:
                    yield Fit(table, max_train, seed, name)


def warm_up(fits: Iterable[Fit], models: Mapping[str, Model], cores: int) -> None:
    """Let every model import, compile and start its threads, untimed."""
    # Those of many fits take so long that it makes no difference, and would here, too.
    pairs = dict.fromkeys(
        (fit.model, fit.table.task) for fit in fits if fit.model not in BAGGED | TUNED
    )
    tiny = {table.task: table for table in load_tables(names=WARM_UP.values(), max_rows=80)}
    progress = Progress(len(pairs))
    for name, task in pairs:
        progress.show(f"warm-up: {name}, {task}")
        # A failure will come again, in the run, and is recorded there.
        measure(models[name], name, tiny[task], split(tiny[task], 0, 60), 0, cores)
    progress.close()


def measure_all(
    fits: Sequence[Fit], results: Results, cores: int, models: Mapping[str, Model] = MODELS
) -> None:
    """Fit what the results do not have yet."""
    missing: dict[Key, Fit] = {}
    for fit in fits:
        if fit.key not in results.records:
            missing.setdefault(fit.key, fit)
    warm_up(missing.values(), models, cores)
    progress = Progress(len(missing))
    for fit in missing.values():
        table, max_train, seed, name = fit
        progress.show(f"{table.name}, {fit.key.n_train} rows, split {seed}: {name}")
        data = split(table, seed, max_train)
        results.add(measure(models[name], name, table, data, seed, cores))
    progress.close()


def records_by_size(
    fits: Sequence[Fit], results: Results, sizes: Sequence[int]
) -> dict[int, list[Record]]:
    """Return what a size is judged by, with results of smaller sizes where they are the same."""
    return {
        size: [results.records[fit.key] for fit in fits if fit.max_train == size] for size in sizes
    }


def by_origin(records: dict[int, list[Record]]) -> dict[str, dict[int, list[Record]]]:
    """Return what is summed up together: scikit-learn's tables, and those of folders."""
    groups = {}
    for origin, is_bundled in (("scikit-learn's tables", True), ("The folders' tables", False)):
        of_origin = {
            size: [record for record in of_size if (record.table in BUNDLED) == is_bundled]
            for size, of_size in records.items()
        }
        if any(of_origin.values()):
            groups[origin] = of_origin
    return groups


def installed_models() -> list[str]:
    """Return the models to compare by default."""
    return [
        name for name, model in MODELS.items() if name not in ON_REQUEST and model.is_installed()
    ]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, checked."""
    parser = argument_parser("Tables as they come, side by side with peers.", threads=None)
    add_data_option(parser)
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="only these")
    parser.add_argument(
        "--max-train", type=int, nargs="+", metavar="N", help="rows to train on (default: 2000)"
    )
    parser.add_argument("--splits", type=int, metavar="S", help="of every table (default: 3)")
    parser.add_argument(
        "--models",
        nargs="+",
        choices=MODELS,
        metavar="NAME",
        help=f"of {', '.join(MODELS)} (default: all that are installed but "
        f"{', '.join(ON_REQUEST)})",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write results, and resume")
    parser.add_argument("--fresh", action="store_true", help="forget what the CSV file holds")
    parser.add_argument("--plot", metavar="FILE", help="draw quality against time to fit")
    parser.add_argument("--predict-plot", metavar="FILE", help="the same of time to predict")
    options = parser.parse_args(arguments)
    options.max_train = options.max_train or [QUICK_TRAIN if options.quick else 2000]
    options.splits = options.splits or (1 if options.quick else 3)
    options.models = options.models or installed_models()
    if options.quick and not (options.tables or options.data):
        options.tables = QUICK_TABLES
    if missing := [name for name in options.models if not MODELS[name].is_installed()]:
        parser.error(f"not installed: {', '.join(missing)}")
    return options


def run(options: argparse.Namespace) -> None:
    """Measure, print the tables, draw the plot."""
    pictures = {"fit": options.plot, "predict": options.predict_plot}
    pyplot = import_pyplot() if any(pictures.values()) else None
    tables = list(load_tables(options.data, options.tables, QUICK_ROWS if options.quick else None))
    fits = list(plan(tables, options.max_train, options.splits, options.models))
    results = Results(options.csv, fresh=options.fresh)
    cores = options.threads or joblib.cpu_count()
    measure_all(fits, results, cores)
    records = records_by_size(fits, results, options.max_train)
    groups = by_origin(records)
    for origin, by_size in groups.items():
        for size, of_size in by_size.items():
            rows = f"up to {size:,} rows to train on, {options.splits} splits"
            print(f"## {origin}, {rows}\n\n{summarise(of_size, options.models)}\n")
    print(f"{versions(*PACKAGES)}, {cores} cores")
    if pyplot is not None:
        *_, by_size = groups.values()
        for work, file in pictures.items():
            if file:
                plot(pyplot, by_size, options.models, file, work)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    options = parse(arguments)
    with thread_limit(options.threads):
        run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
