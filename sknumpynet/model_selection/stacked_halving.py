"""What searches that stop early add to scikit-learn's: iterations train in stacks, and go on."""

from collections.abc import Callable
from typing import Any

from sknumpynet.model_selection.stacked_search import (
    RoundTask,
    StackedSearch,
    running_pretraining,
)
from sknumpynet.utils.scikit_learn import HalvingHooks, Iteration

__all__ = ["StackedHalving"]


class StackedHalving(HalvingHooks, StackedSearch):
    """A search whose candidates are trained in iterations, fewer of them with more of a resource.

    scikit-learn's loop chooses the candidates of an iteration. Where the resource is the epochs of
    their networks, those that stay go on training; see `PausedCandidates`.
    """

    resource: str
    factor: float

    def _check_input_parameters(self, X: Any, y: Any, split_params: dict[str, Any]) -> None:
        """Refuse what scikit-learn's loop would stumble over; called by its `fit`."""
        super()._check_input_parameters(X, y, split_params)  # type: ignore[misc]
        if self.factor <= 1:
            raise ValueError(f"factor must be above 1, or none is eliminated, got {self.factor!r}")
        for name in ("param_grid", "param_distributions"):
            if getattr(self, name, None) == []:
                raise ValueError(f"{name} must have at least one dict of parameters, got []")

    def _evaluate_iteration(
        self, evaluate_candidates: Callable[..., Any], iteration: Iteration
    ) -> dict[str, Any]:
        pretraining = running_pretraining()
        if pretraining is None:
            pretraining = self._begin(iteration.cv)
            pretraining.go_on_by(self.resource)
            splits = pretraining.data.splits
        elif self.resource == "n_samples":
            splits = self._splits(iteration.cv)
        else:
            splits = pretraining.data.splits  # scikit-learn insists that they are the same
        pretraining.begin_iteration(iteration.params, splits)
        rounds = list(pretraining.rounds(iteration.params))
        if iteration.task is not None:
            iteration.task.expect(2 * len(rounds))
        results: dict[str, Any] = {}
        n_evaluated = 0
        for number, candidates in enumerate(rounds):
            part = slice(n_evaluated, n_evaluated + len(candidates))
            results = self._evaluate_round(
                evaluate_candidates,
                candidates,
                RoundTask(iteration.task, number),
                more_results={name: own[part] for name, own in iteration.more_results.items()},
            )
            if "mean_test_score" not in results:
                means = [name for name in results if name.startswith("mean_test_")]
                names = [name.removeprefix("mean_test_") for name in means]
                raise ValueError(f"scoring must give one number to go by, got those of {names}")
            if pretraining.paused is not None:
                pretraining.paused.score(results["mean_test_score"][-len(candidates) :])
            n_evaluated += len(candidates)
        self.stacking_report_ = pretraining.report.as_dict()
        return results
