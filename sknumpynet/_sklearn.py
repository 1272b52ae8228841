"""The names of scikit-learn that are not public, in one place.

Tested with the oldest and the newest version that `pyproject.toml` allows.
"""

import inspect
import multiprocessing
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
from scipy.optimize import OptimizeResult
from sklearn import get_config
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.optimize import _check_optimize_result
from sklearn.utils.validation import (
    _check_method_params,
    _check_sample_weight,
    _num_samples,
)

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:
        """Nothing to support."""


__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "Options",
    "SearchHooks",
    "StrOptions",
    "Task",
    "check_matplotlib",
    "check_sample_weight",
    "effective_n_jobs",
    "evaluated_by",
    "fit_context",
    "is_first_partial_fit",
    "lbfgs_iterations",
    "num_samples",
    "rows_of",
    "safe_split",
    "slice_params",
    "validate_parameters",
]

check_matplotlib = check_matplotlib_support
fit_context = _fit_context
is_first_partial_fit = _check_partial_fit_first_call
num_samples = _num_samples


def effective_n_jobs(n_jobs: int | None) -> int:
    """Return on how many cores to work: by default on all that OpenMP would use here.

    So estimators that are fitted side by side on joblib's workers share the cores. A child of
    multiprocessing would wait for joblib's workers for ever when it ends, so that it gets none
    unless it asks for them.
    """
    if n_jobs is None:
        if multiprocessing.parent_process() is not None:
            return joblib.effective_n_jobs(None)
        return max(joblib.effective_n_jobs(None), _openmp_effective_n_threads())
    return joblib.effective_n_jobs(n_jobs)


rows_of = _safe_indexing
safe_split = _safe_split

_ALLOW_ALL_ZERO = (
    {"allow_all_zero_weights": True}
    if "allow_all_zero_weights" in inspect.signature(_check_sample_weight).parameters
    else {}
)


def check_sample_weight(sample_weight: Any, X: Any, *, allow_all_zero: bool) -> np.ndarray:
    """Return validated sample weights of shape (n_samples,).

    Raises
    ------
    ValueError
        For weights of the wrong length, negative, not finite, or all zero unless that is allowed.
    """
    sample_weight = _check_sample_weight(
        sample_weight, X, ensure_non_negative=True, **_ALLOW_ALL_ZERO
    )
    if not allow_all_zero and not sample_weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return sample_weight


def lbfgs_iterations(result: OptimizeResult, max_iter: int) -> int:
    """Return the number of iterations, warning if L-BFGS did not converge."""
    return _check_optimize_result("lbfgs", result, max_iter)


def validate_parameters(estimator: BaseEstimator) -> None:
    """Raise what `fit` would raise for parameters out of their range."""
    if not get_config()["skip_parameter_validation"]:
        estimator._validate_params()


def slice_params(X: Any, params: dict[str, Any], rows: np.ndarray) -> dict[str, Any]:
    """Return the arguments of `fit` for some rows: those that have a value for each are cut."""
    return _check_method_params(X, params=params, indices=rows)


class SearchHooks:
    """Where scikit-learn's searches call what a subclass adds.

    Comes before the search among the bases.
    """

    def _evaluate(self, evaluate_candidates: Callable[..., Any], task: "Task | None") -> None:
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
        return self._get_routed_params_for_fit(params)

    def _run_search(
        self, evaluate_candidates: Callable[..., Any], *, callback_ctx: Any = None
    ) -> None:
        task = None if callback_ctx is None else Task(callback_ctx, self)
        self._evaluate(evaluate_candidates, task)

    def _format_results(
        self, candidate_params: Any, n_splits: int, out: list[dict[str, Any]], *args: Any
    ) -> dict[str, Any]:
        self._amend(out)
        return super()._format_results(candidate_params, n_splits, out, *args)


def evaluated_by(task: "Task | None") -> dict[str, Any]:
    """Return the argument of ``evaluate_candidates`` that tells callbacks of its progress."""
    return {} if task is None else {"callback_ctx": task.context}


class Task:
    """A piece of work that scikit-learn's callbacks (1.9) are told of, also from other processes.

    Parameters
    ----------
    context : CallbackContext
    caller : estimator
        Whose callbacks they are.
    """

    def __init__(self, context: Any, caller: BaseEstimator) -> None:
        self.context, self.caller = context, caller

    def begin(self) -> None:
        """Tell the callbacks that it begins."""
        self.context.call_on_fit_task_begin(estimator=self.caller)

    def end(self) -> None:
        """Tell the callbacks that it is done."""
        self.context.call_on_fit_task_end(estimator=self.caller)

    def part(self, name: str, number: int | None = None, n_parts: int = 0) -> "Task":
        """Return a part of it.

        Parameters
        ----------
        name : str
        number : int or None
            None if parts come one after another.
        n_parts : int
            Parts that the part may have, in any order if they have numbers.
        """
        context = self.context.subcontext(
            task_name=name, task_id=number, max_subtasks=n_parts, sequential_subtasks=False
        )
        return Task(context, self.caller)
