"""What scikit-learn's callbacks (from 1.9 on) are told of a fit and of its epochs."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sknumpynet.core.members import MemberResult
from sknumpynet.estimators.fitting import Fit
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.training.config import TrainingConfig
from sknumpynet.utils.scikit_learn import (
    callback_context,
    has_callbacks,
    subcontexts,
    tear_down_callbacks,
)

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


__all__ = ["FitReport", "announce_fit"]


def announce_fit(estimator: "BaseEstimator", X: Any, y: Any) -> None:
    """Tell an estimator's callbacks of a fit that is over already."""
    if not has_callbacks(estimator):
        return
    context = callback_context(estimator)
    try:
        context.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
        context.call_on_fit_task_end(estimator=estimator, X=X, y=y, reconstruction_attributes={})
    finally:
        tear_down_callbacks(estimator, context)


class EpochReport:
    """Tells the callbacks of one network's epochs; can be sent to another process.

    Parameters
    ----------
    context : CallbackContext
        The task whose parts are the epochs.
    estimator : estimator
    arguments : dict
        The data, as the hooks take them.
    attributes_of : callable(parameters)
        Returns the fitted attributes that predict.
    """

    def __init__(
        self,
        context: Any,
        estimator: "BaseEstimator",
        arguments: dict[str, Any],
        attributes_of: Callable[[np.ndarray], dict[str, Any]],
    ) -> None:
        self.context, self.estimator, self.arguments = context, estimator, arguments
        self.attributes_of = attributes_of
        self._begin()

    def _begin(self) -> None:
        self.epoch = self.context.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(estimator=self.estimator, **self.arguments)

    def __call__(self, result: MemberResult, parameters: np.ndarray) -> bool:
        """End an epoch and begin the next if there is one; return whether to stop."""

        def attributes() -> dict[str, Any]:
            return {
                **self.attributes_of(parameters),
                "n_iter_": result.n_epochs,
                "loss_": result.history["loss"][-1],
            }

        stops = self.epoch.call_on_fit_task_end(
            estimator=self.estimator, **self.arguments, reconstruction_attributes=attributes
        )
        if result.status == "running" and not stops:
            self._begin()
        return bool(stops)


class FitReport:
    """Tells the callbacks of a fit, if there are any.

    The task of an ensemble has its members as parts, and those their epochs.

    Parameters
    ----------
    estimator : estimator
    given : GivenRows
        As they were given to ``fit``.
    config : callable()
        Returns how the networks are trained.
    """

    def __init__(
        self, estimator: "BaseEstimator", given: GivenRows, config: Callable[[], TrainingConfig]
    ) -> None:
        self.estimator, self.context = estimator, None
        if not has_callbacks(estimator):
            return
        weight = given.sample_weight
        metadata = {} if weight is None else {"sample_weight": weight}
        self.arguments = {"X": given.X, "y": given.y, "metadata": metadata}
        self.config = config()
        self.has_members = self.config.n_members > 1
        n_parts = self.config.n_members if self.has_members else self.config.max_iter
        self.context = callback_context(
            estimator, max_subtasks=n_parts, sequential_subtasks=not self.has_members
        )
        self.context.call_on_fit_task_begin(estimator=estimator, **self.arguments)

    def of_member(self, fit: Fit, k: int) -> EpochReport | None:
        """Return what is called at the end of a member's epochs."""
        if self.context is None:
            return None
        context = self.context
        if self.has_members:
            context = context.subcontext(
                task_name="member", task_id=k, max_subtasks=self.config.max_iter
            )
            context.call_on_fit_task_begin(estimator=self.estimator, **self.arguments)
        attributes_of = partial(fit.predicting, network=fit.problem.network_of(k))
        return EpochReport(context, self.estimator, self.arguments, attributes_of)

    def end(self) -> None:
        """Tell the callbacks that all is done."""
        if self.context is None:
            return
        arguments = {"estimator": self.estimator, **self.arguments, "reconstruction_attributes": {}}
        if self.has_members:
            for member in subcontexts(self.context):
                member.call_on_fit_task_end(**arguments)
        self.context.call_on_fit_task_end(**arguments)
