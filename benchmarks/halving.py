"""Searches that stop early: CPU time to a score, ours, scikit-learn's and Optuna's.

    python -m benchmarks.halving [--quick] [--threads N]

`HalvingRandomSearchCV` over `MLPClassifier` says what score is to be reached, the log loss over
three folds of the best candidate with all epochs. `StackedHalvingRandomSearchCV` has to find the
same scores, which is checked. Optuna draws from the same space and is pruned at the same epochs; it
stops at its first trial that is as good, or gives up after several times scikit-learn's time.
All in one process; several random states, of which the medians are shown.
"""

import importlib.util
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.model_selection._search_successive_halving import HalvingRandomSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.timing import (
    Progress,
    argument_parser,
    check_close,
    exit_code,
    markdown_table,
    thread_limit,
    versions,
)
from sknumpynet import (
    NumpyMLPClassifier,
    StackedHalvingRandomSearchCV,
    StackedHyperbandSearchCV,
    StackedRandomizedSearchCV,
)

__all__ = ["main"]

TOLERANCE = 1e-6
FOLDS = StratifiedKFold(3)
# Of the network, and what is searched; learning rates that are too low for the epochs among them.
NETWORK = {"learning_rate_init": 1e-3, "batch_size": 64, "random_state": 0}
WIDTHS = [(16,), (32,), (64,)]
ALPHA, RATE = (1e-5, 10.0), (1e-4, 1e-1)
FACTOR = 3
# Optuna gives up after so many times scikit-learn's time.
PATIENCE = 2.0

HALVING = "HalvingRandomSearchCV(MLPClassifier)"
PLAIN = "HalvingRandomSearchCV(NumpyMLPClassifier)"
STACKED = "StackedHalvingRandomSearchCV"
HYPERBAND = "StackedHyperbandSearchCV"
RANDOM = "StackedRandomizedSearchCV, all epochs"
OPTUNA = "Optuna, MLPClassifier"
OPTUNA_OURS = "Optuna, NumpyMLPClassifier"
COLUMNS = ("table", "search", "CPU s", "log loss", "reached", "scikit-learn / this")


@dataclass(frozen=True)
class Sizes:
    """How much is searched.

    Parameters
    ----------
    n_candidates : int
        Of the halvings and the random search.
    epochs : tuple of int
        The fewest and the most of a candidate.
    seeds : sequence of int
        Of the candidates that are drawn.
    """

    n_candidates: int
    epochs: tuple[int, int]
    seeds: Sequence[int]


@dataclass(frozen=True)
class Outcome:
    """What a search came to: CPU seconds, and the loss of its best candidate."""

    seconds: float
    loss: float


def space(network: type) -> dict[str, Any]:
    """Return what is drawn from, for a pipeline that ends in a network."""
    prefix = network.__name__.lower()
    return {
        f"{prefix}__hidden_layer_sizes": WIDTHS,
        f"{prefix}__alpha": loguniform(*ALPHA),
        f"{prefix}__learning_rate_init": loguniform(*RATE),
    }


def search_of(kind: type, network: type, sizes: Sizes, seed: int) -> Any:
    """Return a search, not fitted."""
    least, most = sizes.epochs
    estimator = make_pipeline(StandardScaler(), network(max_iter=most, **NETWORK))
    arguments: dict[str, Any] = {}
    if kind is not StackedRandomizedSearchCV:
        arguments = {"resource": f"{network.__name__.lower()}__max_iter", "factor": FACTOR}
        arguments |= {"min_resources": least, "max_resources": most, "return_train_score": False}
    if kind is StackedRandomizedSearchCV:
        arguments = {"n_iter": sizes.n_candidates}
    elif kind is not StackedHyperbandSearchCV:
        arguments |= {"n_candidates": sizes.n_candidates}
    return kind(
        estimator,
        space(network),
        cv=FOLDS,
        scoring="neg_log_loss",
        refit=False,
        random_state=seed,
        **arguments,
    )


def searched(search: Any, X: np.ndarray, y: np.ndarray) -> tuple[Outcome, Any]:
    """Fit a search; return what it came to, and the search."""
    start = time.process_time()
    search.fit(X, y)
    return Outcome(time.process_time() - start, -search.best_score_), search


def by_optuna(
    network: type, data: tuple[np.ndarray, np.ndarray], sizes: Sizes, seed: int, target: Outcome
) -> Outcome:
    """Let Optuna search until a candidate with all epochs is as good as the target, or too long."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    X, y = data
    folds = []
    for train, test in FOLDS.split(X, y):
        scaler = StandardScaler().fit(X[train])
        folds.append((scaler.transform(X[train]), y[train], scaler.transform(X[test]), y[test]))
    least, most = sizes.epochs
    rungs = {round(most / FACTOR**i) for i in range(20)} & set(range(least, most + 1))

    def objective(trial: Any) -> float:
        width = WIDTHS[trial.suggest_categorical("width", range(len(WIDTHS)))]
        settings = NETWORK | {
            "alpha": trial.suggest_float("alpha", *ALPHA, log=True),
            "learning_rate_init": trial.suggest_float("rate", *RATE, log=True),
        }
        networks = [network(width, **settings) for _ in folds]
        loss = np.inf
        for epoch in range(1, most + 1):
            for own, (X_train, y_train, _, _) in zip(networks, folds, strict=True):
                own.partial_fit(X_train, y_train, classes=np.unique(y))
            if epoch in rungs:
                loss = statistics.fmean(
                    log_loss(y_test, own.predict_proba(X_test))
                    for own, (_, _, X_test, y_test) in zip(networks, folds, strict=True)
                )
                trial.report(loss, epoch)
                if epoch < most and trial.should_prune():
                    raise optuna.TrialPruned
        return loss

    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=least, reduction_factor=FACTOR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), pruner=pruner)
    best = np.inf
    start = time.process_time()
    while time.process_time() - start < PATIENCE * target.seconds:
        study.optimize(objective, n_trials=1, catch=(ValueError,))
        if study.trials[-1].state == optuna.trial.TrialState.COMPLETE:
            best = min(best, study.trials[-1].value)
        if best <= target.loss + TOLERANCE:
            break
    return Outcome(time.process_time() - start, best)


def compare(name: str, X: np.ndarray, y: np.ndarray, sizes: Sizes) -> list[list[str]]:
    """Return the rows of a table of data."""
    outcomes: dict[str, list[Outcome]] = {}
    for seed in sizes.seeds:
        target, theirs = searched(
            search_of(HalvingRandomSearchCV, MLPClassifier, sizes, seed), X, y
        )
        outcomes.setdefault(HALVING, []).append(target)
        for side, kind in ((PLAIN, HalvingRandomSearchCV), (STACKED, StackedHalvingRandomSearchCV)):
            outcome, ours = searched(search_of(kind, NumpyMLPClassifier, sizes, seed), X, y)
            scores = [own.cv_results_["mean_test_score"] for own in (ours, theirs)]
            check_close(f"{name}, {side}", *scores, TOLERANCE)
            outcomes.setdefault(side, []).append(outcome)
        for side, kind in (
            (HYPERBAND, StackedHyperbandSearchCV),
            (RANDOM, StackedRandomizedSearchCV),
        ):
            outcome, _ = searched(search_of(kind, NumpyMLPClassifier, sizes, seed), X, y)
            outcomes.setdefault(side, []).append(outcome)
        if importlib.util.find_spec("optuna") is not None:
            for side, network in ((OPTUNA, MLPClassifier), (OPTUNA_OURS, NumpyMLPClassifier)):
                outcome = by_optuna(network, (X, y), sizes, seed, target)
                outcomes.setdefault(side, []).append(outcome)
    targets = outcomes[HALVING]
    return [row_of(name, side, own, targets) for side, own in outcomes.items()]


def row_of(name: str, side: str, own: Sequence[Outcome], targets: Sequence[Outcome]) -> list[str]:
    """Return a row: medians over the random states, and how many reached scikit-learn's score."""
    pairs = list(zip(own, targets, strict=True))
    n_reached = sum(outcome.loss <= target.loss + TOLERANCE for outcome, target in pairs)
    return [
        name,
        side,
        f"{statistics.median(outcome.seconds for outcome in own):.2f}",
        f"{statistics.median(outcome.loss for outcome in own):.4f}",
        f"{n_reached} of {len(own)}",
        f"{statistics.median(target.seconds / outcome.seconds for outcome, target in pairs):.2f}",
    ]


def run(quick: bool) -> None:
    """Measure and print the table."""
    tables: dict[str, Callable[..., Any]] = {"wine": load_wine}
    sizes = Sizes(4, (1, 3), [0])
    if not quick:
        tables |= {"breast cancer": load_breast_cancer, "digits": load_digits}
        sizes = Sizes(81, (1, 81), range(3))
    if importlib.util.find_spec("optuna") is None:
        print("Optuna is not installed: left out", file=sys.stderr)
    progress = Progress(len(tables))
    rows = []
    for name, load in tables.items():
        progress.show(name)
        rows += compare(name, *load(return_X_y=True), sizes)
    progress.close()
    print(markdown_table(COLUMNS, rows))
    print(f"\n{versions('optuna')}, one process")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    parser = argument_parser("Searches that stop early: CPU time to a score.", threads=1)
    options = parser.parse_args(arguments)
    with (
        thread_limit(options.threads),
        warnings.catch_warnings(action="ignore", category=ConvergenceWarning),
    ):
        return exit_code(partial(run, options.quick))


if __name__ == "__main__":
    sys.exit(main())
