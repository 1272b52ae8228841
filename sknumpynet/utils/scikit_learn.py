"""The names of scikit-learn that are not public, in one place.

Tested with the oldest and the newest version that `pyproject.toml` allows.
"""

import copy
import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeResult
from sklearn import get_config
from sklearn.base import BaseEstimator, _fit_context
from sklearn.model_selection._search_successive_halving import (
    BaseSuccessiveHalving,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
)
from sklearn.model_selection._split import _yields_constant_splits
from sklearn.utils import _safe_indexing
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.optimize import _check_optimize_result
from sklearn.utils.validation import (
    _check_method_params,
    _check_monotonic_cst,
    _check_sample_weight,
    _get_feature_names,
    _num_samples,
)

from sknumpynet.utils.tasks import Task

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing to support."""


__all__ = [
    "BaseSuccessiveHalving",
    "CallbackSupportMixin",
    "HalvingGridSearchCV",
    "HalvingHooks",
    "HalvingRandomSearchCV",
    "HasMethods",
    "Interval",
    "Iteration",
    "Options",
    "RememberedParameterNames",
    "SearchHooks",
    "StrOptions",
    "callback_context",
    "check_first_partial_fit",
    "check_matplotlib",
    "check_monotonic_cst",
    "check_sample_weight",
    "evaluated_by",
    "feature_names",
    "fit_context",
    "given_metric_of",
    "has_callbacks",
    "lbfgs_iterations",
    "num_samples",
    "openmp_threads",
    "rows_of",
    "safe_split",
    "slice_params",
    "subcontexts",
    "tear_down_callbacks",
    "validate_parameters",
    "with_arguments",
    "yields_constant_splits",
]

check_matplotlib = check_matplotlib_support
check_monotonic_cst = _check_monotonic_cst
feature_names = _get_feature_names
fit_context = _fit_context
check_first_partial_fit = _check_partial_fit_first_call
num_samples = _num_samples
openmp_threads = _openmp_effective_n_threads
rows_of = _safe_indexing
safe_split = _safe_split
yields_constant_splits = _yields_constant_splits

_ALLOW_ALL_ZERO = (
    {"allow_all_zero_weights": True}
    if "allow_all_zero_weights" in inspect.signature(_check_sample_weight).parameters
    else {}
)


class RememberedParameterNames:
    """Comes before `BaseEstimator`, which would read a class's signature at every `get_params`.

    That takes 0.1 ms, and a search asks for each candidate and split half a dozen times.
    """

    @classmethod
    @functools.cache
    def _get_param_names(cls) -> list[str]:
        names: list[str] = super()._get_param_names()  # type: ignore[misc]
        return names


def check_sample_weight(
    sample_weight: Any, X: Any, *, allow_all_zero: bool
) -> npt.NDArray[np.floating[Any]]:
    """Return validated sample weights of shape (n_samples,).

    Raises
    ------
    ValueError
        For weights of the wrong length, negative, not finite, or all zero unless that is allowed.
    """
    checked: npt.NDArray[np.floating[Any]] = _check_sample_weight(
        sample_weight, X, ensure_non_negative=True, **_ALLOW_ALL_ZERO
    )
    if not allow_all_zero and not checked.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return checked


def lbfgs_iterations(result: OptimizeResult, max_iter: int) -> int:
    """Return the number of iterations, warning if L-BFGS did not converge."""
    return int(_check_optimize_result("lbfgs", result, max_iter))


def validate_parameters(estimator: BaseEstimator) -> None:
    """Raise what `fit` would raise for parameters out of their range."""
    if not get_config()["skip_parameter_validation"]:
        estimator._validate_params()


def slice_params(X: Any, params: dict[str, Any], rows: npt.NDArray[Any]) -> dict[str, Any]:
    """Return the arguments of `fit` for some rows: those that have a value for each are cut."""
    sliced: dict[str, Any] = _check_method_params(X, params=params, indices=rows)
    return sliced


def given_metric_of(scorer: Any) -> tuple[Callable[..., Any], dict[str, Any]] | None:
    """Return the metric and the arguments that `make_scorer` was given, None for any other."""
    if not hasattr(scorer, "_score_func"):
        return None
    return scorer._score_func, getattr(scorer, "_kwargs", {})


def with_arguments(scorer: Any, arguments: dict[str, Any]) -> Any:
    """Return a scorer of `make_scorer` that calls its metric with these arguments instead."""
    scorer = copy.copy(scorer)
    scorer._kwargs = arguments
    return scorer


def has_callbacks(estimator: Any) -> bool:
    """Return whether an estimator has callbacks, its own or handed down to it."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def callback_context(estimator: BaseEstimator, **parts: Any) -> Any:
    """Return the context of a fit, by which its callbacks are told of it and of its parts."""
    return estimator._init_callback_context(**parts)


def subcontexts(context: Any) -> list[Any]:
    """Return the contexts of the parts of a task."""
    return list(context._children_map.values())


def tear_down_callbacks(estimator: BaseEstimator, context: Any) -> None:
    """Do what ends a fit of scikit-learn's, where there was none."""
    for callback in estimator._skl_callbacks_to_teardown:
        callback.teardown(estimator=estimator, context=context)
    del estimator._skl_callbacks_to_teardown, estimator._callback_fit_ctx


class SearchHooks:
    """Where scikit-learn's searches call what a subclass adds.

    Comes before the search among the bases.
    """

    def _evaluate(self, evaluate_candidates: Callable[..., Any], task: Task | None) -> None:
        """Let all candidates be evaluated.

        Parameters
        ----------
        evaluate_candidates : callable(candidates, cv=..., **evaluated_by(task))
        task : Task or None
            The search as a whole; None if there are no callbacks (before scikit-learn 1.9).
        """
        raise NotImplementedError

    def _amend(self, evaluations: list[dict[str, Any]]) -> None:
        """Change what was measured so far, a dict for each candidate and split, in place."""
        raise NotImplementedError

    def _routed(self, params: dict[str, Any]) -> Any:
        """Return what of the arguments of `fit` goes where."""
        return self._get_routed_params_for_fit(params)  # type: ignore[attr-defined]

    def _run_search(
        self, evaluate_candidates: Callable[..., Any], *, callback_ctx: Any = None
    ) -> None:
        task = None if callback_ctx is None else Task(callback_ctx, self)
        self._evaluate(evaluate_candidates, task)

    def _format_results(
        self, candidate_params: Any, n_splits: int, out: list[dict[str, Any]], *args: Any
    ) -> dict[str, Any]:
        self._amend(out)
        results: dict[str, Any]
        results = super()._format_results(  # type: ignore[misc]
            candidate_params, n_splits, out, *args
        )
        return results


class Iteration(NamedTuple):
    """What scikit-learn's successive halving evaluates at once.

    Parameters
    ----------
    params : list of dict
        Of the candidates.
    cv : splitter or None
        None for the search's own.
    more_results : dict of list
        Further columns of ``cv_results_``.
    task : Task or None
        None if there are no callbacks.
    """

    params: list[dict[str, Any]]
    cv: Any
    more_results: dict[str, list[Any]]
    task: Task | None


class HalvingHooks(SearchHooks):
    """Where scikit-learn's successive halving calls what a subclass adds.

    Comes before the search among the bases, whose own loop chooses the candidates.
    """

    def _evaluate_iteration(
        self, evaluate_candidates: Callable[..., Any], iteration: Iteration
    ) -> dict[str, Any]:
        """Let the candidates of an iteration be evaluated; return all results so far."""
        raise NotImplementedError

    def _run_search(
        self, evaluate_candidates: Callable[..., Any], *, callback_ctx: Any = None
    ) -> None:
        def evaluate(
            params: Any,
            cv: Any = None,
            more_results: dict[str, list[Any]] | None = None,
            callback_ctx: Any = None,
        ) -> dict[str, Any]:
            task = None if callback_ctx is None else Task(callback_ctx, self)
            iteration = Iteration(list(params), cv, more_results or {}, task)
            return self._evaluate_iteration(evaluate_candidates, iteration)

        context = {} if callback_ctx is None else {"callback_ctx": callback_ctx}
        super(SearchHooks, self)._run_search(evaluate, **context)  # type: ignore[misc]


def evaluated_by(task: Task | None) -> dict[str, Any]:
    """Return the argument of ``evaluate_candidates`` that tells callbacks of its progress."""
    return {} if task is None else {"callback_ctx": task.context}
