"""scikit-learn's searches and cross-validation, with all networks trained at once.

Each candidate on each split is a member of a stack; scikit-learn's own code then scores, ranks,
refits and keeps the results.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from numbers import Integral
from typing import Any, NamedTuple, Self

import joblib
import numpy as np
from joblib.parallel import get_active_backend
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.base import BaseEstimator, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import (
    GridSearchCV,
    ParameterGrid,
    ParameterSampler,
    RandomizedSearchCV,
    check_cv,
    cross_validate,
)
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from sknumpynet.model_selection.pretrained import FixedSplits, Tickets, network_of, with_tickets
from sknumpynet.model_selection.pretraining import Rehearsal
from sknumpynet.utils.columns import as_table
from sknumpynet.utils.scikit_learn import SearchHooks, Task, evaluated_by

__all__ = ["StackedGridSearchCV", "StackedRandomizedSearchCV", "stacked_cross_validate"]

# Fewer rows are scored one network after another.
FEWEST_ROWS_FOR_THREADS = 20_000


class _Call(NamedTuple):
    """What a search is fitted on, for as long as that takes."""

    estimator: BaseEstimator
    X: Any
    y: Any
    params: dict[str, Any]
    tickets: Tickets
    backend: Any


# Not on the search itself, which scikit-learn sends to other processes with every task.
_CALL: ContextVar[_Call] = ContextVar("_CALL")


class _StackedSearch(SearchHooks):
    """What both searches add to scikit-learn's."""

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
        tickets = Tickets()
        token = _CALL.set(_Call(estimator, X, y, params, tickets, get_active_backend()[0]))
        try:
            if isinstance(estimator, BaseEstimator):
                self.estimator = with_tickets(estimator, tickets, generations=2)
            if not (cv is None or isinstance(cv, Integral) or hasattr(cv, "split")):
                self.cv = list(cv)  # drawn from twice
            with _scoring_backend(estimator, X, self._searched()):
                super().fit(X, y, **params)
            if self.scoring is None:
                # Made of the estimator, which for this while is not the user's.
                self.scorer_ = check_scoring(estimator)
            return self
        finally:
            self.estimator, self.cv = estimator, cv
            vars(self).pop("_fit_seconds", None)
            _CALL.reset(token)

    def _evaluate(self, evaluate_candidates: Callable[..., Any], task: Task | None) -> None:
        """Train candidates in stacks, a block at a time, and let each block be evaluated."""
        call = _CALL.get()
        X, y = indexable(call.X, call.y)
        routed = self._routed(call.params)
        splitter = check_cv(self.cv, y, classifier=is_classifier(call.estimator))
        splits = list(splitter.split(X, y, **routed.splitter.split))
        rehearsal = Rehearsal(
            call.estimator, X, y, routed.estimator.fit, splits, call.tickets, n_jobs=self.n_jobs
        )
        self._fit_seconds: list[float | None] = []
        blocks = list(rehearsal.blocks(list(self._candidates())))
        if not blocks:
            evaluate_candidates([])  # which is an error of scikit-learn's
        with _begun(task, "search", 2 * len(blocks)) as search:
            for number, block in enumerate(blocks):
                n_networks = sum(candidate.n_members for candidate in block) * len(splits)
                with (
                    _begun(search, "training", n_networks, 2 * number) as training,
                    # Scoring may have workers of another kind.
                    joblib.parallel_config(backend=call.backend),
                ):
                    rehearsal.train(block, _numbered(training, "network"))
                self._fit_seconds += [
                    None if outcome is None else outcome.seconds
                    for outcome in call.tickets.outcomes
                ]
                n_tasks = len(block) * len(splits)
                with _begun(search, "evaluation", n_tasks, 2 * number + 1) as evaluation:
                    evaluate_candidates(
                        [candidate.params for candidate in block],
                        cv=FixedSplits(splitter, splits, call.tickets),
                        **evaluated_by(evaluation),
                    )
                call.tickets.outcomes = []
        self.stacking_report_ = rehearsal.report

    def _amend(self, evaluations: list[dict[str, Any]]) -> None:
        """Put in each network's share of the time that its stack took."""
        for evaluation, seconds in zip(evaluations, self._fit_seconds, strict=True):
            if seconds is not None:
                evaluation["fit_time"] = seconds

    def _candidates(self) -> Iterable[dict[str, Any]]:
        raise NotImplementedError

    def _searched(self) -> set[str]:
        """Return the names of the parameters that are searched."""
        space = getattr(self, "param_grid", None) or getattr(self, "param_distributions", {})
        return {name for part in (space if isinstance(space, list) else [space]) for name in part}


@contextmanager
def _begun(
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


def _scoring_backend(estimator: BaseEstimator, X: Any, searched: Iterable[str]) -> Any:
    """Let networks that are trained already be scored in this process.

    Not if a backend was chosen, nor where some are still to be fitted by scikit-learn's loop.

    To send them to processes would take longer than to score them, and threads that wait for each
    other take longer than one where there are few rows (135 networks, 1,000 rows: 0.4 s against
    0.3 s).
    """
    backend, _ = get_active_backend()
    is_default = type(backend).__name__ == "LokyBackend"
    network = network_of(estimator)
    may_be_alone = network is None or getattr(network, "solver", None) == "lbfgs" or issparse(X)
    for name in searched:
        may_be_alone |= name.rpartition("__")[2] == "solver" or name in _step_names(estimator)
    if not is_default or may_be_alone:
        return nullcontext()
    many = getattr(X, "shape", (0,))[0] >= FEWEST_ROWS_FOR_THREADS
    return joblib.parallel_config(backend="threading" if many else "sequential")


def _step_names(estimator: BaseEstimator) -> set[str]:
    return {name for name, _ in getattr(estimator, "steps", [])} | {"steps"}


class StackedGridSearchCV(_StackedSearch, GridSearchCV):
    """`GridSearchCV` that trains its candidates at once.

    For a `NumpyMLPClassifier`, a `NumpyMLPRegressor`, or a `Pipeline` that ends in one. Takes the
    parameters and has the methods and attributes of scikit-learn's `GridSearchCV`, and gives its
    results. Candidates of one network shape train as one stack, on every split; parameters such
    as ``alpha`` or ``learning_rate_init`` differ within a stack, and ``hidden_layer_sizes``,
    ``activation``, ``batch_size`` and ``solver`` make stacks of their own. Sparse rows and
    ``solver='lbfgs'`` are trained one by one.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it. The steps before are fitted once per split and
        distinct setting of theirs.
    param_grid : dict or list of dict
        Parameters of any step.
    scoring, n_jobs, refit, cv, verbose, pre_dispatch, error_score, return_train_score
        As in scikit-learn. ``n_jobs`` workers, processes unless ``joblib.parallel_config`` says
        otherwise, train chunks of the stacks.

    Attributes
    ----------
    stacking_report_ : dict
        ``"stacks"``: for each stack a dict with its ``layer_sizes``, ``activation``, ``loss``,
        ``solver``, ``batch_size``, ``dtype``, ``n_networks``, ``n_chunks`` and ``seconds`` (of
        work, summed over workers). ``"alone"``: for each candidate that was not stacked, at least
        on one split, a dict with its number ``candidate``, its ``params`` and the ``reason``.

    Notes
    -----
    All other attributes are those of `GridSearchCV`; ``fit_time`` is a network's share of the
    time that its stack took. Trained networks that wait for their scores take up to half of
    scikit-learn's ``working_memory``, the data that they train on the other half, unless one
    candidate or split needs more by itself.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier, StackedGridSearchCV
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> network = NumpyMLPClassifier((16,), learning_rate_init=0.03, max_iter=999, random_state=0)
    >>> search = StackedGridSearchCV(network, {"alpha": [1e-4, 1e-2, 1.0]}, cv=4).fit(X, y)
    >>> search.stacking_report_["stacks"][0]["n_networks"], search.stacking_report_["alone"]
    (12, [])
    >>> bool(search.best_score_ > 0.9)
    True
    """

    def _candidates(self) -> Iterable[dict[str, Any]]:
        return ParameterGrid(self.param_grid)


class StackedRandomizedSearchCV(_StackedSearch, RandomizedSearchCV):
    """`RandomizedSearchCV` that trains its candidates at once; see `StackedGridSearchCV`.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it.
    param_distributions : dict or list of dict
        Lists or distributions, of parameters of any step.
    n_iter, scoring, n_jobs, refit, cv, verbose, pre_dispatch, random_state, error_score, \
            return_train_score
        As in scikit-learn.

    Attributes
    ----------
    stacking_report_ : dict
        As in `StackedGridSearchCV`.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier, StackedRandomizedSearchCV
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> network = NumpyMLPClassifier((16,), learning_rate_init=0.03, max_iter=999, random_state=0)
    >>> search = StackedRandomizedSearchCV(
    ...     network, {"alpha": loguniform(1e-5, 1.0)}, n_iter=4, random_state=0
    ... )
    >>> bool(search.fit(X, y).best_score_ > 0.9)
    True
    """

    def _candidates(self) -> Iterable[dict[str, Any]]:
        return ParameterSampler(
            self.param_distributions, self.n_iter, random_state=self.random_state
        )


def stacked_cross_validate(
    estimator: BaseEstimator,
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    scoring: Any = None,
    cv: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    params: dict[str, Any] | None = None,
    pre_dispatch: int | str = "2*n_jobs",
    return_train_score: bool = False,
    return_estimator: bool = False,
    return_indices: bool = False,
    error_score: float | str = np.nan,
) -> dict[str, Any]:
    """`cross_validate` that trains the networks of all splits at once.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it; any other is left to scikit-learn.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    groups, scoring, cv, n_jobs, verbose, params, pre_dispatch, return_train_score, \
            return_estimator, return_indices, error_score
        As in scikit-learn.

    Returns
    -------
    dict of str to array
        As from `cross_validate`; ``fit_time`` is a network's share of its stack's time.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier, stacked_cross_validate
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> network = NumpyMLPClassifier((16,), learning_rate_init=0.03, max_iter=999, random_state=0)
    >>> stacked_cross_validate(network, X, y, cv=4)["test_score"].shape
    (4,)
    """
    arguments: dict[str, Any] = {
        "scoring": scoring,
        "n_jobs": n_jobs,
        "verbose": verbose,
        "params": params,
        "pre_dispatch": pre_dispatch,
        "return_train_score": return_train_score,
        "return_estimator": return_estimator,
        "return_indices": return_indices,
        "error_score": error_score,
    }
    X, y = as_table(X), as_table(y)
    routing = get_config()["enable_metadata_routing"]
    if network_of(estimator) is None or (routing and groups is not None):
        return cross_validate(estimator, X, y, groups=groups, cv=cv, **arguments)
    indexed, y_indexed = indexable(X, y)
    splitter = check_cv(cv, y_indexed, classifier=is_classifier(estimator))
    split_params, fit_params = {"groups": groups}, dict(params or {})
    if routing:
        split_params, fit_params = _routed(estimator, splitter, scoring, fit_params)
    splits = list(splitter.split(indexed, y_indexed, **split_params))
    tickets = Tickets()
    rehearsal = Rehearsal(
        estimator,
        indexed,
        y_indexed,
        fit_params,
        splits,
        tickets,
        n_jobs=n_jobs,
        keep_optimizer=return_estimator,
    )
    for block in rehearsal.blocks([{}]):
        rehearsal.train(block)
    seconds = [None if outcome is None else outcome.seconds for outcome in tickets.outcomes]
    with _scoring_backend(estimator, X, ()):
        results = cross_validate(
            with_tickets(estimator, tickets, generations=1),
            X,
            y,
            groups=groups,
            cv=FixedSplits(splitter, splits, tickets),
            **arguments,
        )
    for i, share in enumerate(seconds):
        if share is not None:
            results["fit_time"][i] = share
    return results


def _routed(
    estimator: BaseEstimator, splitter: Any, scoring: Any, params: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what metadata routing sends to the splitter and to the estimator's ``fit``."""
    router = MetadataRouter(owner="cross_validate")
    for name, consumer, callee in (
        ("splitter", splitter, "split"),
        ("estimator", estimator, "fit"),
        ("scorer", check_scoring(estimator, scoring), "score"),
    ):
        mapping = MethodMapping().add(caller="fit", callee=callee)
        router.add(method_mapping=mapping, **{name: consumer})
    routed = process_routing(router, "fit", **params)
    return routed.splitter.split, routed.estimator.fit
