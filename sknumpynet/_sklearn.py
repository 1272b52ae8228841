"""The names of scikit-learn that are not public, in one place.

Tested with the oldest and the newest version that `pyproject.toml` allows.
"""

import inspect
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult
from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.optimize import _check_optimize_result
from sklearn.utils.validation import _check_sample_weight

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_sample_weight",
    "fit_context",
    "is_first_partial_fit",
    "lbfgs_iterations",
]

fit_context = _fit_context
is_first_partial_fit = _check_partial_fit_first_call

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
