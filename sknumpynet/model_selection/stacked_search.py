"""What the searches add to scikit-learn's: all networks of a round train before they are scored."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import joblib
from joblib.parallel import get_active_backend
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import indexable

from sknumpynet.model_selection.candidates import Candidate
from sknumpynet.model_selection.pretrained import (
    FixedSplits,
    ResultQueue,
    Split,
    network_of,
    with_pretrained_clones,
)
from sknumpynet.model_selection.pretraining import Pretraining, SearchData
from sknumpynet.utils.columns import as_table
from sknumpynet.utils.n_jobs import has_default_backend
from sknumpynet.utils.scikit_learn import SearchHooks, evaluated_by
from sknumpynet.utils.tasks import Task

__all__ = ["RoundTask", "StackedSearch", "begun", "running_pretraining", "scoring_backend"]

# Fewer rows are scored one network after another.
FEWEST_ROWS_FOR_THREADS = 20_000


@dataclass
class _SearchCall:
    """What a search is fitted on and trains with, for as long as that takes."""

    estimator: BaseEstimator
    X: Any
    y: Any
    params: dict[str, Any]
    queue: ResultQueue
    backend: Any
    splitter: Any = None
    pretraining: Pretraining | None = None


class RoundTask(NamedTuple):
    """What a round's training and evaluation are parts of, and the number of the round."""

    task: Task | None
    number: int


# Not on the search itself, which scikit-learn sends to other processes with every task.
_SEARCH_CALL: ContextVar[_SearchCall] = ContextVar("_SEARCH_CALL")


def running_pretraining() -> Pretraining | None:
    """Return what trains the candidates of the search that is running, once it has begun."""
    return _SEARCH_CALL.get().pretraining


class StackedSearch(SearchHooks):
    """What stacked searches add to scikit-learn's."""

    estimator: Any
    cv: Any
    scoring: Any
    n_jobs: int | None

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Run fit with all sets of parameters, in stacks as far as they can.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        **params : dict
            As for scikit-learn's search: for the estimator's ``fit``, the scorer and the
            splitter.

        Returns
        -------
        self
            The fitted search.
        """
        X, y = as_table(X), as_table(y)
        estimator, cv = self.estimator, self.cv
        queue = ResultQueue()
        backend, _ = get_active_backend()
        token = _SEARCH_CALL.set(_SearchCall(estimator, X, y, params, queue, backend))
        try:
            if isinstance(estimator, BaseEstimator):
                self.estimator = with_pretrained_clones(estimator, queue, generations=2)
            if isinstance(cv, Iterable) and not hasattr(cv, "split"):
                self.cv = list(cv)  # drawn from twice
            with scoring_backend(estimator, X, self._searched()):
                super().fit(X, y, **params)  # type: ignore[misc]
            if self.scoring is None:
                # Made of the estimator, which for this while is not the user's.
                self.scorer_ = check_scoring(estimator)
            return self
        finally:
            self.estimator, self.cv = estimator, cv
            vars(self).pop("_fit_seconds", None)
            _SEARCH_CALL.reset(token)

    def _evaluate(self, evaluate_candidates: Callable[..., Any], task: Task | None) -> None:
        """Train candidates in stacks, a round at a time, and let each round be evaluated."""
        pretraining = self._begin()
        rounds = list(pretraining.rounds(list(self._candidates())))
        if not rounds:
            evaluate_candidates([])  # which is an error of scikit-learn's
        with begun(task, "search", 2 * len(rounds)) as search:
            for number, candidates in enumerate(rounds):
                self._evaluate_round(evaluate_candidates, candidates, RoundTask(search, number))
        self.stacking_report_ = pretraining.report.as_dict()

    def _begin(self, splitter: Any = None) -> Pretraining:
        """Return what trains candidates on the splits of a splitter, the search's by default."""
        call = _SEARCH_CALL.get()
        X, y = indexable(call.X, call.y)
        if splitter is None:
            splitter = check_cv(self.cv, y, classifier=is_classifier(call.estimator))
        fit_params = self._routed(call.params).estimator.fit
        data = SearchData(X, y, fit_params, self._splits(splitter))
        call.pretraining = Pretraining(call.estimator, data, n_jobs=self.n_jobs)
        self._fit_seconds: list[float | None] = []
        return call.pretraining

    def _splits(self, splitter: Any) -> list[Split]:
        """Draw the splits that the next candidates are evaluated on."""
        call = _SEARCH_CALL.get()
        call.splitter = splitter
        X, y = indexable(call.X, call.y)
        return list(splitter.split(X, y, **self._routed(call.params).splitter.split))

    def _evaluate_round(
        self,
        evaluate_candidates: Callable[..., Any],
        candidates: list[Candidate],
        parts: RoundTask,
        **more_results: Any,
    ) -> Any:
        """Train candidates in stacks and let them be evaluated; return all results so far."""
        call = _SEARCH_CALL.get()
        pretraining = call.pretraining
        assert pretraining is not None  # the search has begun
        splits = pretraining.data.splits
        n_networks = sum(candidate.n_members for candidate in candidates) * len(splits)
        with (
            begun(parts.task, "training", n_networks, 2 * parts.number) as training,
            # Scoring may have workers of another kind.
            joblib.parallel_config(backend=call.backend),
        ):
            call.queue.results = pretraining.train(candidates, _numbered(training, "network"))
        self._fit_seconds += [
            None if result is None else result.seconds for result in call.queue.results
        ]
        n_tasks = len(candidates) * len(splits)
        with begun(parts.task, "evaluation", n_tasks, 2 * parts.number + 1) as evaluation:
            results = evaluate_candidates(
                [candidate.params for candidate in candidates],
                cv=FixedSplits(call.splitter, splits, call.queue),
                **more_results,
                **evaluated_by(evaluation),
            )
        call.queue.results = []
        return results

    def _amend(self, evaluations: list[dict[str, Any]]) -> None:
        """Put in each network's share of the time that its stack took."""
        for evaluation, seconds in zip(evaluations, self._fit_seconds, strict=True):
            if seconds is not None:
                evaluation["fit_time"] = seconds

    def _candidates(self) -> Iterable[dict[str, Any]]:
        raise NotImplementedError

    def _searched(self) -> set[str]:
        """Return the names of the parameters that are searched.

        What is no space of parameters has none, and is refused by scikit-learn's words.
        """
        space = getattr(self, "param_grid", None) or getattr(self, "param_distributions", {})
        parts = space if isinstance(space, list) else [space]
        names = {name for part in parts if isinstance(part, dict) for name in part}
        return {name for name in names if isinstance(name, str)}


@contextmanager
def begun(
    parent: Task | None, name: str, n_parts: int, number: int | None = None
) -> Iterator[Task | None]:
    """Begin a part of a task and end it, unless there are no callbacks to tell."""
    if parent is None:
        yield None
        return
    task = parent.part(name, number, n_parts)
    task.begin()
    yield task
    task.end()


def _numbered(parent: Task | None, name: str) -> Callable[[], Task] | None:
    """Return what makes one part after another of a task."""
    if parent is None:
        return None
    numbers = iter(range(2**62))
    return lambda: parent.part(name, next(numbers))


def scoring_backend(
    estimator: BaseEstimator, X: Any, searched: Iterable[str]
) -> AbstractContextManager[Any]:
    """Let networks that are trained already be scored in this process.

    Not if a backend was chosen, nor where some are still to be fitted by scikit-learn's loop.

    To send them to processes would take longer than to score them, and threads that wait for each
    other take longer than one where there are few rows (135 networks, 1,000 rows: 0.4 s against
    0.3 s).
    """
    network = network_of(estimator)
    may_be_alone = network is None or getattr(network, "solver", None) == "lbfgs" or issparse(X)
    for name in searched:
        may_be_alone |= name.rpartition("__")[2] == "solver" or name in _step_names(estimator)
    if not has_default_backend() or may_be_alone:
        return nullcontext()
    many = getattr(X, "shape", (0,))[0] >= FEWEST_ROWS_FOR_THREADS
    configuration: AbstractContextManager[Any]
    configuration = joblib.parallel_config(backend="threading" if many else "sequential")
    return configuration


def _step_names(estimator: BaseEstimator) -> set[str]:
    return {name for name, _ in getattr(estimator, "steps", [])} | {"steps"}
