"""What is known of a scorer: what it takes, what it is called, when its metric has no value."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from sknumpynet.utils.scikit_learn import given_metric_of, with_arguments

__all__ = ["described", "is_undefined_without_a_class", "takes_sample_weight", "with_labels"]


def takes_sample_weight(scorer: Callable[..., Any], *, is_multiclass: bool) -> bool:
    """Return whether a scorer can be called with ``sample_weight``."""
    metric, arguments = _metric_within(scorer)
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
        given = given_metric_of(scoring)
        if given is None:
            raise
        return repr(given[0])


def with_labels(scorer: Any, labels: npt.NDArray[Any]) -> Any:
    """Return a scorer whose metric is told of all labels, if it can be and was not before.

    Metrics that can be told what 0 / 0 is are told 0, as by default, but without a warning: that
    no row has a label is known.
    """
    given = given_metric_of(scorer)
    if given is None:
        return scorer
    metric, arguments = given
    parameters = inspect.signature(metric).parameters
    own = {"labels": (None, labels), "zero_division": ("warn", 0.0)}
    added = {
        name: value
        for name, (default, value) in own.items()
        if name in parameters and parameters[name].default == default
    }
    if "labels" not in added or arguments.get("labels") is not None:
        return scorer
    return with_arguments(scorer, {**added, **arguments, "labels": labels})


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
    metric, arguments = _metric_within(scorer)
    if metric is roc_auc_score:
        # One class against one other needs those two only.
        return is_multilabel or n_present < 2 or arguments.get("multi_class") != "ovo"
    return metric is average_precision_score and not is_multilabel


def _metric_within(scorer: Any) -> tuple[Callable[..., Any] | None, dict[str, Any]]:
    """Return a scorer's metric and all that it is called with, also of a partial function.

    The metric of a scorer that `make_scorer` did not make is None.
    """
    given = given_metric_of(scorer)
    if given is None:
        return None, {}
    metric: Any
    metric, arguments = given
    while isinstance(metric, functools.partial):
        metric, arguments = metric.func, {**metric.keywords, **arguments}
    return metric, arguments
