"""Explanations of 1,000 rows of 20 columns by 16 networks: seconds, and how sure they are.

    python -m benchmarks.explanations [--quick] [--threads N]

Values of each number of permutations are compared with those of 200, of 40 rows: the error that
they claim beside the one that they have, both as a part of how far values scatter, in CPU seconds.
The peers are scikit-learn's partial dependence and permutation importance of the same model,
through its `predict`, and shap's permutation explainer where it is installed; curves and sums are
compared before. Times are of one thread.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.inspection import partial_dependence, permutation_importance

from benchmarks.timing import (
    NOT_MEASURED,
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
from sknumpynet import TabularMLPClassifier, TabularMLPRegressor

__all__ = ["main"]

N_COLUMNS, N_MEMBERS = 20, 16
PERMUTATIONS = (2, 6, 20)
REFERENCE_PERMUTATIONS = 200
TOLERANCE = 1e-6


class Case(NamedTuple):
    """A fitted model with the rows to explain, and those that it was trained on."""

    name: str
    model: Any
    X: pd.DataFrame
    train: pd.DataFrame
    y: np.ndarray

    def response(self, X: pd.DataFrame) -> np.ndarray:
        """Return what is explained, by what users see."""
        if not hasattr(self.model, "classes_"):
            return self.model.predict(X)
        p = self.model.predict_proba(X)
        return np.log(p[:, 1] / p[:, 0])


def cases(quick: bool) -> Iterator[Case]:
    """Yield the models, each at its defaults but for its members."""
    rng, n_rows = np.random.default_rng(0), 60 if quick else 1_000
    made = rng.normal(size=(2 * n_rows, N_COLUMNS))
    signal = made[:, 0] + made[:, 1] * made[:, 2] + np.sin(2 * made[:, 3]) * made[:, 4]
    frame = pd.DataFrame(made, columns=[f"x{k}" for k in range(N_COLUMNS)])
    yield _fitted("made, numbers", TabularMLPRegressor, frame, signal, n_rows, quick)
    yield _fitted("made, two classes", TabularMLPClassifier, frame, signal > 0, n_rows, quick)
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    yield _fitted("diabetes", TabularMLPRegressor, X, y.to_numpy(), 60 if quick else 200, quick)
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    yield _fitted(
        "breast cancer", TabularMLPClassifier, X, y.to_numpy(), 60 if quick else 200, quick
    )


def _fitted(
    name: str, kind: type, X: pd.DataFrame, y: np.ndarray, n_rows: int, quick: bool
) -> Case:
    budget = {"n_members": 5, "max_iter": 2} if quick else {"n_members": N_MEMBERS}
    order = np.random.default_rng(1).permutation(len(X))
    rows, train = X.iloc[order[:n_rows]], X.iloc[order[n_rows:]]
    y = y[order[n_rows:]]
    return Case(name, kind(random_state=0, **budget).fit(train, y), rows, train, y)


def explained(case: Case, quick: bool) -> Iterator[list[str]]:
    """Check sums and errors, then time; yield a line for each number of permutations."""
    few = case.X[:40]
    n_reference = 20 if quick else REFERENCE_PERMUTATIONS
    truth = case.model.explain(few, n_permutations=n_reference, random_state=1).values
    for n in PERMUTATIONS:
        own = case.model.explain(few, n_permutations=n)
        check_close(case.name, own.prediction(), case.response(few), TOLERANCE)
        explain = partial(case.model.explain, case.X, n_permutations=n)
        seconds = statistics.median(_cpu_seconds(explain) for _ in range(1 if quick else 5))
        spread = truth.std()
        claimed = np.sqrt(np.mean(own.error**2)) / spread
        deviation = np.sqrt(np.mean((own.values - truth) ** 2)) / spread
        yield [
            case.name,
            f"{len(case.X):,} x {case.X.shape[1]}",
            str(n),
            f"{seconds:.2f}",
            NOT_MEASURED if n == 2 else f"{claimed:.3f}",
            f"{deviation:.3f}",
        ]


def _cpu_seconds(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def compared(case: Case, quick: bool) -> Iterator[list[str]]:
    """Yield a line for each peer: what both do, and how long it takes them."""
    column, repeats = case.X.columns[0], 1 if quick else 3
    ours = case.model.column_effects(case.X, column, grid_resolution=20, percentiles=(0, 1))
    curve = partial(partial_dependence, case.model, case.X, [column], kind="both")
    # Of the values that rows have.
    theirs = curve(custom_values={column: ours.grid_values[0]})
    check_close(f"{case.name}, effects", ours.individual, theirs["individual"], TOLERANCE)
    sides: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "column_effects, partial_dependence": (
            partial(case.model.column_effects, case.X, column, grid_resolution=20),
            partial(curve, grid_resolution=20),
        ),
        "column_importances, permutation_importance": (
            partial(case.model.column_importances, case.train, case.y, n_repeats=2),
            partial(permutation_importance, case.model, case.train, case.y, n_repeats=2),
        ),
    }
    if (explainer := _of_shap(case)) is not None:
        n_rows, n_columns = 5, case.X.shape[1]
        few, evaluations = case.X[:n_rows], 6 * (2 * n_columns + 1)
        sides[f"explain, shap's permutations, {n_rows} rows"] = (
            partial(case.model.explain, few),
            partial(explainer, few, max_evals=evaluations),
        )
    for name, (own, peer) in sides.items():
        timings = time_in_turn({"own": own, "peer": peer}, repeats)
        yield [
            case.name,
            name,
            f"{timings.median('own'):.3f}",
            f"{timings.median('peer'):.3f}",
            ratio(timings.ratio("peer", "own")),
        ]


def _of_shap(case: Case) -> Any:
    """Return shap's explainer by the same background rows; None where it is not installed."""
    try:
        import shap
    except ImportError:
        return None

    def respond(X: np.ndarray) -> np.ndarray:
        return case.response(pd.DataFrame(X, columns=case.X.columns))

    masker = shap.maskers.Independent(case.train.to_numpy(), max_samples=100)
    explainer = shap.explainers.Permutation(respond, masker, seed=0)

    def explain(X: pd.DataFrame, max_evals: int) -> Any:
        return explainer(X.to_numpy(), max_evals=max_evals, silent=True)

    return explain


def run(options: argparse.Namespace) -> None:
    """Measure and print both tables."""
    values, peers, progress = [], [], Progress(4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in cases(options.quick):
            progress.show(case.name)
            values += explained(case, options.quick)
            peers += compared(case, options.quick)
    progress.close()
    columns = ("model", "rows", "permutations", "CPU s", "error claimed", "error")
    print(markdown_table(columns, values))
    columns = ("model", "what", "sknumpynet s", "peer s", "peer / sknumpynet")
    print(f"\n{markdown_table(columns, peers)}\n\n{versions('shap')}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("Explanations by the columns of a table.", threads=1)
    options = parser.parse_args(arguments)
    with thread_limit(options.threads):
        return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
