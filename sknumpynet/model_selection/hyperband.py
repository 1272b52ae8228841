"""Hyperband: several successive halvings, which trade many candidates against many epochs."""

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.model_selection import ParameterSampler
from sklearn.utils import check_random_state

from sknumpynet.model_selection.stacked_search import begun
from sknumpynet.utils.scikit_learn import (
    BaseSuccessiveHalving,
    Interval,
    evaluated_by,
    yields_constant_splits,
)
from sknumpynet.utils.tasks import Task

__all__ = ["BaseHyperband", "Bracket", "brackets_of"]


class Bracket(NamedTuple):
    """One successive halving.

    Parameters
    ----------
    n_candidates : list of int
        In each of its iterations.
    n_resources : list of int
        That each candidate then gets.
    """

    n_candidates: list[int]
    n_resources: list[int]


def brackets_of(min_resources: int, max_resources: int, factor: float) -> list[Bracket]:
    """Return the brackets, by their number: that of the iterations after the first.

    Parameters
    ----------
    min_resources, max_resources : int
        A candidate gets no less, and in a bracket's last iteration gets the most.
    factor : float
        Above 1: one of so many candidates stays, and gets so many times the resources.

    References
    ----------
    Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18,
    2018, algorithm 1.

    Examples
    --------
    >>> for bracket in reversed(brackets_of(1, 81, 3)):
    ...     print(*bracket)
    [81, 27, 9, 3, 1] [1, 3, 9, 27, 81]
    [34, 11, 3, 1] [3, 9, 27, 81]
    [15, 5, 1] [9, 27, 81]
    [8, 2] [27, 81]
    [5] [81]
    """
    largest = 0
    # Not by logarithms: that of 243 to the base of 3 comes out below 5.
    while min_resources * factor ** (largest + 1) <= max_resources:
        largest += 1
    brackets = []
    for s in range(largest + 1):
        n_first = math.ceil((largest + 1) * factor**s / (s + 1))
        n_candidates = [max(int(n_first / factor**i), 1) for i in range(s + 1)]
        # Never below the least: 33 / 1.1 comes out below 30.
        n_resources = [
            max(int(max_resources / factor ** (s - i)), min_resources) for i in range(s + 1)
        ]
        brackets.append(Bracket(n_candidates, n_resources))
    return brackets


class BaseHyperband(BaseSuccessiveHalving):  # type: ignore[misc]
    """The loop of Hyperband, on scikit-learn's base of successive halving.

    Iterations of all brackets with the same number are evaluated at once.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSuccessiveHalving._parameter_constraints,
        "param_distributions": [dict, list],
        "min_resources": [Interval(Integral, 1, None, closed="left")],
        "factor": [Interval(Real, 1, None, closed="neither")],
    }

    def _check_input_parameters(self, X: Any, y: Any, split_params: dict[str, Any]) -> None:
        """Find out what resources there are; called by scikit-learn's `fit`."""
        if not yields_constant_splits(self._checked_cv_orig):
            raise ValueError(
                f"cv must give the same splits every time: set its random_state to an int, or "
                f"shuffle=False, got {self.cv!r}"
            )
        known = self.estimator.get_params()
        if self.resource not in known:
            of_parts = [name for name in known if name.endswith(f"__{self.resource}")]
            raise ValueError(
                f"resource={self.resource!r} is no parameter of {type(self.estimator).__name__}"
                + (f"; of its parts are {of_parts}" if of_parts else "")
            )
        most = known[self.resource] if self.max_resources == "auto" else self.max_resources
        if not isinstance(most, Integral) or most < self.min_resources:
            raise ValueError(
                f"max_resources must come to an integer of at least min_resources="
                f"{self.min_resources}, got {most!r} for max_resources={self.max_resources!r}"
                + (
                    f", which is the estimator's {self.resource}: give max_resources"
                    if self.max_resources == "auto"
                    else ""
                )
            )
        self.min_resources_, self.max_resources_ = int(self.min_resources), int(most)

    def _generate_candidate_params(self) -> dict[int, list[dict[str, Any]]]:
        """Draw the first candidates of every bracket, those of the largest first."""
        brackets = brackets_of(self.min_resources_, self.max_resources_, self.factor)
        source = check_random_state(self.random_state)
        drawn: dict[int, list[dict[str, Any]]] = {}
        for s in reversed(range(len(brackets))):
            n = brackets[s].n_candidates[0]
            drawn[s] = list(ParameterSampler(self.param_distributions, n, random_state=source))
            if any(self.resource in params for params in drawn[s]):
                raise ValueError(f"resource={self.resource!r} is among the searched parameters")
        return drawn

    def _run_search(
        self, evaluate_candidates: Callable[..., Any], *, callback_ctx: Any = None
    ) -> None:
        brackets = brackets_of(self.min_resources_, self.max_resources_, self.factor)
        remaining = self._generate_candidate_params()
        self.n_iterations_ = len(brackets)
        self.n_resources_ = [list(bracket.n_resources) for bracket in brackets]
        self.n_candidates_: list[list[int]] = [[] for _ in brackets]
        root = None if callback_ctx is None else Task(callback_ctx, self)
        with begun(root, "search", len(brackets)) as search:
            for i in range(len(brackets)):
                params: list[dict[str, Any]] = []
                columns: dict[str, list[int]] = {"iter": [], "bracket": [], "n_resources": []}
                for s, own in remaining.items():
                    n_resources = brackets[s].n_resources[i]
                    params += [{**candidate, self.resource: n_resources} for candidate in own]
                    for name, value in (("iter", i), ("bracket", s), ("n_resources", n_resources)):
                        columns[name] += [value] * len(own)
                    self.n_candidates_[s].append(len(own))
                # Before scikit-learn 1.9 there are no tasks, and no splits are counted yet.
                n_tasks = 0 if search is None else len(params) * self.n_splits_
                with begun(search, "hyperband-iteration", n_tasks, i) as iteration:
                    results = evaluate_candidates(
                        params, more_results=columns, **evaluated_by(iteration)
                    )
                remaining = {
                    s: _best(results, i, s, brackets[s].n_candidates[i + 1])
                    for s in remaining
                    if s > i
                }

    @staticmethod
    def _select_best_index(refit: Any, refit_metric: str, results: dict[str, Any]) -> int:
        """Return the best of the candidates that got the most resources."""
        most = np.flatnonzero(results["n_resources"] == np.max(results["n_resources"]))
        scores = results["mean_test_score"][most]
        return int(most[0 if np.isnan(scores).all() else np.nanargmax(scores)])


def _best(results: dict[str, Any], i: int, bracket: int, n: int) -> list[dict[str, Any]]:
    """Return the best candidates of a bracket's iteration; those without a score are the last."""
    rows = np.flatnonzero((results["iter"] == i) & (results["bracket"] == bracket))
    scores = results["mean_test_score"][rows]
    order = rows[np.argsort(-scores, kind="stable")]
    return [results["params"][row] for row in order[:n]]
