"""Many networks: grid searches and an ensemble, both libraries on two cores.

    python -m benchmarks.search [--quick] [--plot FILE] [--threads N] [--growth-only]

Each comparison first checks that all sides give the same scores, which also starts the worker
processes, then times them. The last table is one grid of one network shape, from 1 to 1,000
candidates, with fewer epochs; there every run is checked and timed at once.
"""

import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import joblib
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, make_moons
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.timing import (
    Progress,
    argument_parser,
    check_close,
    exit_code,
    import_pyplot,
    markdown_table,
    ratio,
    thread_limit,
    time_in_turn,
    versions,
)
from sknumpynet import NumpyMLPClassifier, StackedGridSearchCV

__all__ = ["GRID", "main"]

TOLERANCE = 1e-6
N_JOBS = 2
SPLITS = 5
GRID = {
    "hidden_layer_sizes": [(16,), (32,), (64,)],
    "alpha": [1e-4, 1e-3, 1e-2],
    "learning_rate_init": [1e-3, 3e-3, 1e-2],
}
THEIRS, PLAIN, STACKED = "scikit-learn", "plain", "stacked"
COLUMNS = (
    "work",
    "networks",
    "scikit-learn s",
    "NumpyMLPClassifier s",
    "stacked s",
    "scikit-learn / stacked",
    "NumpyMLPClassifier / stacked",
)
GROWTH_COLUMNS = ("candidates", "networks", *COLUMNS[2:])
GROWTH = (1, 3, 10, 30, 100, 300, 1000)
GROWTH_EPOCHS = 40


@dataclass(frozen=True)
class Work:
    """What all sides do.

    Parameters
    ----------
    name : str
    n_networks : int
    sides : mapping of str to callable
        Each trains everything.
    check : callable(results)
        Raises unless the sides' results agree.
    """

    name: str
    n_networks: int
    sides: Mapping[str, Callable[[], Any]]
    check: Callable[[Mapping[str, Any]], None]


def searches(
    name: str, X: np.ndarray, y: np.ndarray, grid: Mapping[str, Sequence[Any]], **parameters: Any
) -> Work:
    """Return the same search three times: scikit-learn's, with our network, and stacked."""
    n_candidates = int(np.prod([len(values) for values in grid.values()]))

    def search(cls: type, network: type) -> GridSearchCV:
        estimator = network(random_state=0, **parameters)
        prefix = ""
        if not name.startswith("make_moons"):
            estimator = make_pipeline(StandardScaler(), estimator)
            prefix = f"{network.__name__.lower()}__"
        space = {f"{prefix}{key}": values for key, values in grid.items()}
        return cls(estimator, space, cv=SPLITS, n_jobs=N_JOBS, refit=False).fit(X, y)

    return Work(
        name,
        n_candidates * SPLITS,
        {
            THEIRS: partial(search, GridSearchCV, MLPClassifier),
            PLAIN: partial(search, GridSearchCV, NumpyMLPClassifier),
            STACKED: partial(search, StackedGridSearchCV, NumpyMLPClassifier),
        },
        partial(check_scores, name),
    )


def check_scores(name: str, results: Mapping[str, GridSearchCV]) -> None:
    """Compare every split's scores."""
    scores = {
        side: np.array([search.cv_results_[f"split{split}_test_score"] for split in range(SPLITS)])
        for side, search in results.items()
    }
    for side in (PLAIN, STACKED):
        check_close(f"{name}, {side}", scores[side], scores[THEIRS], TOLERANCE)


def ensemble(n_members: int, **parameters: Any) -> Work:
    """Return an ensemble without resampling, by bagging and by ``n_members``."""
    X, y = make_moons(1_000, noise=0.3, random_state=0)

    def bagging(network: type) -> BaggingClassifier:
        return BaggingClassifier(
            network((32,), **parameters),
            n_members,
            bootstrap=False,
            n_jobs=N_JOBS,
            random_state=0,
        ).fit(X, y)

    def stacked() -> NumpyMLPClassifier:
        with joblib.parallel_config(n_jobs=N_JOBS):
            return NumpyMLPClassifier((32,), n_members=n_members, random_state=0, **parameters).fit(
                X, y
            )

    def check(results: Mapping[str, Any]) -> None:
        pairs = zip(results[THEIRS].estimators_, results[PLAIN].estimators_, strict=True)
        for theirs, ours in pairs:
            check_close("bagging", ours.predict_proba(X), theirs.predict_proba(X), TOLERANCE)
        members = results[STACKED].predict_members(X)
        # The two draw their seeds in different ways, so members are compared with their own.
        for k in (0, n_members - 1):
            seed = int(results[STACKED].member_seeds_[k])
            theirs = MLPClassifier((32,), random_state=seed, **parameters).fit(X, y)
            check_close(f"member {k}", members[k], theirs.predict_proba(X), TOLERANCE)

    sides = {
        THEIRS: partial(bagging, MLPClassifier),
        PLAIN: partial(bagging, NumpyMLPClassifier),
        STACKED: stacked,
    }
    return Work(f"ensemble, {n_members} of (32,)", n_members, sides, check)


def cells(work: Work, median: Callable[[str], float], over: Callable[[str], float]) -> list[str]:
    """Return the cells of a row."""
    return [
        f"{work.n_networks:,}",
        *(f"{median(side):.2f}" for side in (THEIRS, PLAIN, STACKED)),
        *(ratio(over(side)) for side in (THEIRS, PLAIN)),
    ]


def compare(work: Work, repeats: int) -> list[str]:
    """Check, then time; return the cells of a row."""
    work.check({side: call() for side, call in work.sides.items()})
    timings = time_in_turn(work.sides, repeats, warm_up=False)
    return [work.name, *cells(work, timings.median, lambda side: timings.ratio(side, STACKED))]


def grow(n_candidates: int, epochs: int) -> tuple[list[str], dict[str, float]]:
    """Time a search over one shape while checking it; return the row, and seconds by side."""
    X, y = make_moons(1_000, noise=0.3, random_state=0)
    grid = {"alpha": np.geomspace(1e-6, 1.0, n_candidates).tolist()}
    work = searches("make_moons", X, y, grid, hidden_layer_sizes=(16,), max_iter=epochs)
    seconds, results = {}, {}
    for side, call in work.sides.items():
        # Small searches are over before the clock is steady.
        number = max(1, 20 // n_candidates) if side != THEIRS else 1
        start = time.perf_counter()
        for _ in range(number):
            results[side] = call()
        seconds[side] = (time.perf_counter() - start) / number
    work.check(results)
    row = cells(work, seconds.__getitem__, lambda side: seconds[side] / seconds[STACKED])
    return [f"{n_candidates:,}", *row], seconds


def plot(pyplot: Any, growth: Sequence[tuple[int, Mapping[str, float]]], file: str) -> None:
    """Draw the cost of a candidate against their number."""
    figure, axes = pyplot.subplots(figsize=(6, 4.2), layout="constrained")
    labels = {
        THEIRS: "GridSearchCV(MLPClassifier)",
        PLAIN: "GridSearchCV(NumpyMLPClassifier)",
        STACKED: "StackedGridSearchCV(NumpyMLPClassifier)",
    }
    numbers = [number for number, _ in growth]
    for side, label in labels.items():
        costs = [1e3 * seconds[side] / number for number, seconds in growth]
        axes.plot(numbers, costs, marker="o", label=label)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="candidates",
        ylabel="milliseconds per candidate",
        title=f"hidden (16,), {GROWTH_EPOCHS} epochs, {SPLITS} folds, {N_JOBS} cores",
    )
    axes.yaxis.set_major_formatter("{x:.0f}")
    axes.yaxis.set_minor_formatter("{x:.0f}")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center")
    with pyplot.rc_context({"svg.fonttype": "none", "svg.hashsalt": "search"}):
        figure.savefig(file)
    pyplot.close(figure)


def works(quick: bool) -> list[Callable[[], Work]]:
    """Return what is compared, each made when its turn comes."""
    epochs, n_rows = ({"max_iter": 2}, 200) if quick else ({}, None)
    grid = {name: values[:2] for name, values in GRID.items()} if quick else GRID
    moons = make_moons(n_rows or 1_000, noise=0.3, random_state=0)
    tables = {"breast cancer, pipeline": load_breast_cancer, "digits, pipeline": load_digits}
    return [
        partial(searches, "make_moons", *moons, grid, **epochs),
        *(
            partial(
                searches, name, *(own[:n_rows] for own in load(return_X_y=True)), grid, **epochs
            )
            for name, load in tables.items()
        ),
        partial(ensemble, 4 if quick else 32, **epochs),
    ]


def run(quick: bool, growth_only: bool, file: str | None) -> None:
    """Measure, print the tables, draw the plot."""
    pyplot = import_pyplot() if file else None
    makers = [] if growth_only else works(quick)
    numbers = GROWTH[:3] if quick else GROWTH
    progress = Progress(len(makers) + len(numbers))
    rows, growth_rows, growth = [], [], []
    for make in makers:
        work = make()
        progress.show(work.name)
        rows.append(compare(work, 1 if quick else 3))
    for number in numbers:
        progress.show(f"{number:,} candidates")
        row, seconds = grow(number, 5 if quick else GROWTH_EPOCHS)
        growth_rows.append(row)
        growth.append((number, seconds))
    progress.close()
    if rows:
        print(markdown_table(COLUMNS, rows), end="\n\n")
    print(markdown_table(GROWTH_COLUMNS, growth_rows))
    print(f"\n{versions()}, {N_JOBS} workers")
    if pyplot is not None:
        plot(pyplot, growth, file)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("Grid searches and an ensemble, on two cores.", threads=1)
    parser.add_argument("--plot", metavar="FILE", help="draw cost against number of candidates")
    parser.add_argument("--growth-only", action="store_true", help="only the last table")
    options = parser.parse_args(arguments)
    # For the workers as well: the number of epochs is limited on purpose.
    with thread_limit(options.threads), quiet_workers():
        return exit_code(lambda: run(options.quick, options.growth_only, options.plot))


def quiet_workers() -> warnings.catch_warnings:
    """Ignore that networks have not converged; scikit-learn's workers take filters along."""
    return warnings.catch_warnings(action="ignore", category=ConvergenceWarning)


if __name__ == "__main__":
    sys.exit(main())
