"""What the parts that scikit-learn's MLP never had are worth: recipes for good networks, fast.

    python -m benchmarks.moons_recipes [--quick] [--data FOLDER [--max-rows N]] [--threads N]

Every row of a table is a way to train, each fit with several random states, timed in turn with
`MLPClassifier`; times, ratios and scores are medians. Scores are of a quarter held out. With
``--data`` also on the classification tables of a folder: gzip CSV with the column ``target``, and
a ``MANIFEST.csv`` whose columns ``name``, ``task`` and ``categorical_columns`` describe them.

Before anything is timed, both libraries' defaults must predict the same probabilities.
"""

import statistics
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler

from benchmarks.make_moons import Data
from benchmarks.timing import (
    Progress,
    argument_parser,
    check_close,
    exit_code,
    markdown_table,
    ratio,
    thread_limit,
    time_in_turn,
    versions,
)
from sknumpynet import NumpyMLPClassifier

__all__ = ["RECIPES", "main"]

TOLERANCE = 1e-6
REFERENCE, SAME = "MLPClassifier", "NumpyMLPClassifier, same numbers"

# All with the default 100 hidden units; tried out on the data sets of this benchmark.
RECIPES: dict[str, dict[str, Any]] = {
    "one_cycle": {
        "learning_rate": "one_cycle",
        "learning_rate_init": 0.01,
        "batch_size": 32,
        "max_iter": 15,
    },
    "adamw + cosine + dropout": {
        "solver": "adamw",
        "weight_decay": 0.1,
        "learning_rate": "cosine",
        "learning_rate_init": 0.01,
        "dropout": 0.2,
        "batch_size": 50,
        "max_iter": 20,
    },
    "members": {
        "n_members": 4,
        "learning_rate_init": 0.01,
        "batch_size": 50,
        "max_iter": 10,
    },
    "all": {
        "n_members": 3,
        "solver": "adamw",
        "weight_decay": 0.1,
        "learning_rate": "one_cycle",
        "learning_rate_init": 0.02,
        "dropout": 0.1,
        "batch_size": 50,
        "max_iter": 15,
        "dtype": "float32",
    },
}
COLUMNS = ("training", "fit s", "times as fast", "log loss", "accuracy")
TABLE_COLUMNS = ("data set", "rows", "MLPClassifier log loss", "fit s")


def split(name: str, X: Any, y: np.ndarray, encoder: Any) -> Data:
    """Hold a quarter out and encode by what the rest is like."""
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
    X_train = np.asarray(encoder.fit_transform(X_train), float)
    X_test = np.asarray(encoder.transform(X_test), float)
    return Data(name, X_train, X_test, y_train, y_test)


def bundled(quick: bool) -> Iterator[Data]:
    """Make the data sets that need no files."""
    X, y = make_moons(200 if quick else 1000, noise=0.3, random_state=0)
    yield split("make_moons", X, y, StandardScaler())
    if not quick:
        yield split("breast cancer", *load_breast_cancer(return_X_y=True), StandardScaler())


def tables(folder: Path, max_rows: int) -> Iterator[Data]:
    """Read the classification tables of a folder."""
    import pandas as pd

    manifest = pd.read_csv(folder / "MANIFEST.csv").fillna({"categorical_columns": ""})
    for table in manifest[manifest.task == "classification"].itertuples():
        rows = pd.read_csv(folder / f"{table.name}.csv.gz")
        rows = rows.sample(min(max_rows, len(rows)), random_state=0)
        X = rows.drop(columns="target")
        categories = [name for name in table.categorical_columns.split(";") if name]
        X[categories] = X[categories].astype("string").fillna("missing").astype(object)
        encoder = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories),
            (
                make_pipeline(SimpleImputer(), StandardScaler()),
                make_column_selector(dtype_exclude=object),
            ),
        )
        yield split(table.name, X, LabelEncoder().fit_transform(rows.target), encoder)


def trainings(quick: bool) -> dict[str, Callable[[int], Any]]:
    """Return what makes an estimator from a random state, for every way to train."""
    short = {"max_iter": 3} if quick else {}

    def recipe(parameters: Mapping[str, Any]) -> Callable[[int], NumpyMLPClassifier]:
        return lambda seed: NumpyMLPClassifier(**{**parameters, **short}, random_state=seed)

    return {
        REFERENCE: lambda seed: MLPClassifier(**short, random_state=seed),
        "MLPClassifier, early_stopping": lambda seed: MLPClassifier(
            **short, early_stopping=True, random_state=seed
        ),
        SAME: recipe({}),
        **{name: recipe(parameters) for name, parameters in RECIPES.items()},
    }


@dataclass
class Fits:
    """Fits with another random state at every call, and keeps the models.

    Parameters
    ----------
    make : callable(seed)
    data : Data
    """

    make: Callable[[int], Any]
    data: Data
    models: list[Any] = field(default_factory=list)

    def __call__(self) -> None:
        """Fit once more."""
        model = self.make(len(self.models))
        self.models.append(model.fit(self.data.X_train, self.data.y_train))

    def log_loss(self) -> float:
        """Return the median over random states."""
        labels = self.models[0].classes_
        return statistics.median(
            log_loss(self.data.y_test, model.predict_proba(self.data.X_test), labels=labels)
            for model in self.models
        )

    def accuracy(self) -> float:
        """Return the median over random states."""
        return statistics.median(
            accuracy_score(self.data.y_test, model.predict(self.data.X_test))
            for model in self.models
        )


@dataclass(frozen=True)
class Result:
    """A way to train on a data set.

    Parameters
    ----------
    seconds : float
    speed : float
        The reference's time over this one.
    log_loss, accuracy : float
    """

    seconds: float
    speed: float
    log_loss: float
    accuracy: float


def measure(data: Data, quick: bool, repeats: int) -> dict[str, Result]:
    """Train in every way, in turn."""
    sides = {name: Fits(make, data) for name, make in trainings(quick).items()}
    seeded = trainings(quick)
    theirs, ours = (
        seeded[name](0).fit(data.X_train, data.y_train).predict_proba(data.X_test)
        for name in (REFERENCE, SAME)
    )
    check_close(data.name, ours, theirs, TOLERANCE)
    timings = time_in_turn(sides, repeats, warm_up=False)
    return {
        name: Result(
            timings.median(name),
            timings.ratio(REFERENCE, name),
            fits.log_loss(),
            fits.accuracy(),
        )
        for name, fits in sides.items()
    }


def rows_of(results: Mapping[str, Result]) -> list[list[str]]:
    """Return a table's cells, a row for each way to train."""
    return [
        [
            name,
            f"{result.seconds:.3f}",
            ratio(result.speed),
            f"{result.log_loss:.3f}",
            f"{result.accuracy:.3f}",
        ]
        for name, result in results.items()
    ]


def summary_row(data: Data, results: Mapping[str, Result]) -> list[str]:
    """Return what the recipes reach, in parentheses how many times as fast."""
    reference = results[REFERENCE]
    cells = [
        data.name,
        f"{len(data.y_train) + len(data.y_test):,}",
        f"{reference.log_loss:.3f}",
        f"{reference.seconds:.2f}",
    ]
    for name in RECIPES:
        result = results[name]
        reached = result.log_loss <= reference.log_loss and result.speed >= 5
        cells.append(f"{result.log_loss:.3f} ({result.speed:.1f}){' *' if reached else ''}")
    return cells


def run(quick: bool, folder: Path | None, max_rows: int) -> None:
    """Measure and print."""
    sets = list(bundled(quick))
    more = list(tables(folder, max_rows)) if folder else []
    progress, repeats = Progress(len(sets) + len(more)), 1 if quick else 3
    with warnings.catch_warnings():
        # Members and scikit-learn's defaults stop after a number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Got `batch_size`", UserWarning)
        for data in sets:
            progress.show(data.name)
            results = measure(data, quick, repeats)
            print(f"\n{data.name}, {len(data.y_train)} rows to train on:\n")
            print(markdown_table(COLUMNS, rows_of(results)))
        summaries = []
        for data in more:
            progress.show(data.name)
            summaries.append(summary_row(data, measure(data, quick, repeats)))
    progress.close()
    if summaries:
        print("\nLog loss and, in parentheses, times as fast as MLPClassifier;")
        print("* is no worse log loss in at most a fifth of its time:\n")
        print(markdown_table((*TABLE_COLUMNS, *RECIPES), summaries))
    print(f"\n{versions()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser(
        "Recipes for good networks, side by side with scikit-learn.", threads=1
    )
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="measure its tables, too")
    parser.add_argument("--max-rows", type=int, default=10_000, metavar="N", help="of a table")
    options = parser.parse_args(arguments)
    with thread_limit(options.threads):
        return exit_code(lambda: run(options.quick, options.data, options.max_rows))


if __name__ == "__main__":
    sys.exit(main())
