"""The names of scikit-learn that are not public, in one place.

Tested with the oldest and the newest version that `pyproject.toml` allows.
"""

import copy
import functools
import inspect
import multiprocessing
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeResult
from sklearn import get_config
from sklearn.base import BaseEstimator, _fit_context
from sklearn.metrics import average_precision_score, roc_auc_score
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
    _get_feature_names,
    _num_samples,
)

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
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
    "described",
    "effective_n_jobs",
    "evaluated_by",
    "fit_context",
    "is_first_partial_fit",
    "is_undefined_without_a_class",
    "lbfgs_iterations",
    "num_samples",
    "rows_of",
    "safe_split",
    "slice_params",
    "takes_sample_weight",
    "validate_parameters",
    "with_labels",
    "with_names_as_in",
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
            return int(joblib.effective_n_jobs(None))
        return int(max(joblib.effective_n_jobs(None), _openmp_effective_n_threads()))
    return int(joblib.effective_n_jobs(n_jobs))


rows_of = _safe_indexing
safe_split = _safe_split

_ALLOW_ALL_ZERO = (
    {"allow_all_zero_weights": True}
    if "allow_all_zero_weights" in inspect.signature(_check_sample_weight).parameters
    else {}
)


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


def with_names_as_in(X: Any, estimator: BaseEstimator) -> BaseEstimator:
    """Return a copy of an estimator that has feature names where rows have them, and only there.

    If both have some, those of the rows are checked as ever.
    """
    estimator = copy.copy(estimator)
    names = _get_feature_names(X)
    if names is None:
        vars(estimator).pop("feature_names_in_", None)
    elif not hasattr(estimator, "feature_names_in_"):
        estimator.feature_names_in_ = names
    return estimator


def _metric_of(scorer: Callable[..., Any]) -> tuple[Callable[..., Any] | None, dict[str, Any]]:
    """Return the metric and the arguments that a scorer made by `make_scorer` holds, if it is."""
    metric: Any = getattr(scorer, "_score_func", None)
    arguments: dict[str, Any] = getattr(scorer, "_kwargs", {})
    while isinstance(metric, functools.partial):
        metric, arguments = metric.func, {**metric.keywords, **arguments}
    return metric, arguments


def takes_sample_weight(scorer: Callable[..., Any], *, is_multiclass: bool) -> bool:
    """Return whether a scorer can be called with ``sample_weight``."""
    metric, arguments = _metric_of(scorer)
    if metric is roc_auc_score and is_multiclass and arguments.get("multi_class") == "ovo":
        return False  # it has the parameter, and refuses it
    try:
        parameters = inspect.signature(metric or scorer).parameters
    except (TypeError, ValueError):  # of what is not written in Python
        return False
    takes_any = any(own.kind is own.VAR_KEYWORD for own in parameters.values())
    return "sample_weight" in parameters or (metric is None and takes_any)


def described(scoring: Any) -> str:
    """Return what an error calls a scorer, or the name of one."""
    try:
        return repr(scoring)
    except AttributeError:  # of a partial function, before scikit-learn 1.8
        return repr(scoring._score_func)


def with_labels(scorer: Any, labels: npt.NDArray[Any]) -> Any:
    """Return a scorer whose metric is told of all labels, if it can be and was not before.

    Metrics that can be told what 0 / 0 is are told 0, as by default, but without a warning: that
    no row has a label is known.
    """
    if not hasattr(scorer, "_score_func"):
        return scorer
    parameters = inspect.signature(scorer._score_func).parameters
    own = {"labels": (None, labels), "zero_division": ("warn", 0.0)}
    added = {
        name: value
        for name, (default, value) in own.items()
        if name in parameters and parameters[name].default == default
    }
    if "labels" not in added or scorer._kwargs.get("labels") is not None:
        return scorer
    scorer = copy.copy(scorer)
    scorer._kwargs = {**added, **scorer._kwargs, "labels": labels}
    return scorer


def is_undefined_without_a_class(
    scorer: Callable[..., Any], n_present: int, *, is_multilabel: bool
) -> bool:
    """Return whether a metric is known to have no value, or the same for all predictions.

    Parameters
    ----------
    scorer : callable
    n_present : int
        Classes that are there, where there should be more.
    is_multilabel : bool
        A label that no row has, or that all have, is then what is missing.
    """
    metric, arguments = _metric_of(scorer)
    if metric is roc_auc_score:
        # One class against one other needs those two only.
        return is_multilabel or n_present < 2 or arguments.get("multi_class") != "ovo"
    return metric is average_precision_score and not is_multilabel


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
