"""Predictions that must rise or fall with columns: losses of rows held out, and what it costs.

    python -m benchmarks.monotone [--data FOLDER ...] [--tables NAME ...] [--quick]
        [--max-train N] [--splits S] [--preset P] [--threads N]

Our estimators and scikit-learn's histogram gradient boosting, each with constraints that make sense
and without. Boosting has as many iterations as three folds of the training rows ask for. Losses are
log losses, or RMSE divided by the standard deviation of the target. Turned around are steps along a
grid of a constrained column, in rows held out, in which a prediction goes the wrong way.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV

from benchmarks.tabular_data import CLASSIFICATION, Table, add_data_option, load_tables, split
from benchmarks.timing import argument_parser, exit_code, markdown_table, thread_limit, versions
from sknumpynet import TabularMLPClassifier, TabularMLPRegressor

__all__ = ["main"]

# Chosen by what the columns mean, before anything was measured.
CONSTRAINTS: dict[str, dict[str, int]] = {
    "diabetes": {"bmi": 1, "bp": 1, "s5": 1},
    "credit_g": {"duration": -1, "age": 1},
    "heart_c": {"age": 1, "oldpeak": 1, "ca": 1, "thalach": -1},
    "titanic": {"fare": 1, "age": -1},
    "telco_churn": {"tenure": -1},
    "adult": {"education_num": 1, "hours_per_week": 1, "capital_gain": 1},
    "autompg": {"weight": -1, "horsepower": -1},
    "concrete": {"cement": 1, "age": 1, "slag": 1},
    "ames": {
        **dict.fromkeys(["Gr_Liv_Area", "Lot_Area", "Total_Bsmt_SF", "Garage_Area"], 1),
        **dict.fromkeys(["Year_Built", "Year_Remod_Add", "Fireplaces", "Garage_Cars"], 1),
    },
    "abalone": {"Shell_weight": 1, "Shucked_weight": -1},
    "california_housing": {"median_income": 1},
}
ITERATIONS = [15, 30, 60, 120, 240]
GRID, GRID_ROWS = 41, 50


def boosting(table: Table, constraints: dict[str, int] | None, seed: int) -> GridSearchCV:
    """Return histogram gradient boosting that chooses its iterations."""
    is_classifier = table.task == CLASSIFICATION
    kind = HistGradientBoostingClassifier if is_classifier else HistGradientBoostingRegressor
    model = kind(
        learning_rate=0.06,
        early_stopping=False,
        categorical_features="from_dtype",
        monotonic_cst=constraints,
        random_state=seed,
    )
    scoring = "neg_log_loss" if is_classifier else "neg_mean_squared_error"
    return GridSearchCV(model, {"max_iter": ITERATIONS}, cv=3, scoring=scoring)


def networks(table: Table, constraints: dict[str, int] | None, seed: int, preset: str) -> Any:
    """Return our estimator."""
    kind = TabularMLPClassifier if table.task == CLASSIFICATION else TabularMLPRegressor
    return kind(preset, monotonic_cst=constraints, random_state=seed, n_jobs=1)


def loss_of(table: Table, model: Any, X: Any, y: np.ndarray) -> float:
    """Return the log loss, or the RMSE in standard deviations."""
    if table.task == CLASSIFICATION:
        return float(log_loss(y, model.predict_proba(X), labels=model.classes_))
    return float(np.sqrt(np.mean((y - model.predict(X)) ** 2)) / np.std(y))


def share_turned_around(table: Table, model: Any, X: Any, constraints: dict[str, int]) -> float:
    """Return which part of the steps along grids goes the wrong way."""
    some, wrong = X[:GRID_ROWS], []
    for column, sign in constraints.items():
        grid = np.linspace(X[column].min(), X[column].max(), GRID)
        rows = some.loc[some.index.repeat(GRID)].assign(**{column: np.tile(grid, len(some))})
        is_classifier = table.task == CLASSIFICATION
        predicted = model.predict_proba(rows)[:, 1] if is_classifier else model.predict(rows)
        wrong.append(np.diff(predicted.reshape(-1, GRID), axis=1) * sign < 0)
    return float(np.mean(wrong))


def measure(table: Table, seed: int, options: argparse.Namespace) -> list[float]:
    """Return losses and times of ours without and with, losses of boosting, and shares."""
    data, own = split(table, seed, options.max_train), CONSTRAINTS[table.name]
    losses, times, turned = [], [], []
    for constraints in (None, own):
        model = networks(table, constraints, seed, options.preset)
        start = time.process_time()
        model.fit(data.X_train, data.y_train)
        times.append(time.process_time() - start)
        losses.append(loss_of(table, model, data.X_test, data.y_test))
        turned.append(share_turned_around(table, model, data.X_test, own))
    for constraints in (None, own):
        model = boosting(table, constraints, seed).fit(data.X_train, data.y_train)
        losses.append(loss_of(table, model.best_estimator_, data.X_test, data.y_test))
    return [*losses, *turned, times[1] / times[0], len(data.y_train)]


def run(options: argparse.Namespace) -> None:
    """Measure and print the table."""
    names, rows, relative = options.tables or [*CONSTRAINTS], [], []
    for table in load_tables(options.data, [name for name in CONSTRAINTS if name in names]):
        measured = [measure(table, seed, options) for seed in range(options.splits)]
        *losses, before, after, time_ratio, n_rows = np.mean(measured, axis=0)
        ratios = np.array([*(np.array(losses[1:]) / losses[0]), time_ratio])
        relative.append(ratios)
        figures = [f"{ratio:.3f}" for ratio in ratios[:-1]] + [f"{time_ratio:.2f}"]
        shares = [f"{100 * share:.2f} %" for share in (before, after)]
        rows.append([table.name, f"{n_rows:.0f}", f"{losses[0]:.4f}", *figures, *shares])
        print(" ".join(rows[-1]), file=sys.stderr, flush=True)
    *means, time_mean = np.exp(np.mean(np.log(relative), axis=0))
    figures = [f"{mean:.3f}" for mean in means] + [f"{time_mean:.2f}"]
    rows.append(["geometric mean", "-", "-", *figures, "-", "-"])
    header = ["table", "rows", "loss, free", "constrained", "boosting, free"]
    header += ["boosting, constrained", "time"]
    header += ["turned around, free", "turned around, constrained"]
    print(markdown_table(header, rows))
    print(f"\n{versions()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("Monotonic constraints, against histogram boosting.", threads=1)
    add_data_option(parser)
    parser.add_argument("--tables", nargs="+", choices=[*CONSTRAINTS], help="(those there are)")
    parser.add_argument("--max-train", type=int, default=2000, metavar="N", help="rows (2000)")
    parser.add_argument("--splits", type=int, default=3, metavar="S", help="(3)")
    parser.add_argument("--preset", default="default", help="(default)")
    options = parser.parse_args(arguments)
    if options.tables is None and not options.data:
        options.tables = ["diabetes"]
    if options.quick:
        options.max_train, options.splits, options.preset = 120, 1, "fast"
    with thread_limit(options.threads):
        return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
