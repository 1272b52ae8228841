"""From trained runs to an estimator's fitted attributes."""

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning

from sknumpynet.core.members import MemberResult
from sknumpynet.core.network import predictions_of
from sknumpynet.core.schedules import SCHEDULES, Schedule
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.executor import Run
from sknumpynet.training.history import extended_history
from sknumpynet.training.preparation import Complaint, Data, Plan
from sknumpynet.training.resampling import mean_out_of_fold
from sknumpynet.utils.scikit_learn import described, lbfgs_iterations

if TYPE_CHECKING:
    from sknumpynet.estimators.base import BaseNetwork

__all__ = ["publish"]

_DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


def publish(
    estimator: "BaseNetwork", data: Data, plan: Plan, *, incremental: bool = False
) -> list[Complaint]:
    """Set the fitted attributes, all of them copies, and return what to warn of.

    Raises
    ------
    ValueError
        If a member diverged.
    """
    runs, config = plan.runs, plan.config
    for k, run in enumerate(runs):
        _check_finite(run, "" if len(runs) == 1 else f"Member {k}: ")
    complaints = list(plan.complaints)
    if config.solver == "lbfgs":
        _publish_lbfgs(estimator, config, runs)
        if any(run.result.status == "interrupted" for run in runs):
            complaints.append(("Training interrupted by user.", UserWarning))
    else:
        _publish_course(estimator, config, runs)
        complaints += _complaints(config, runs, incremental)
    _publish_parameters(estimator, config, runs)
    if any(rows is not None for rows in plan.held_out):
        _publish_out_of_fold(estimator, data, plan)
    return complaints


def _check_finite(run: Run, prefix: str) -> None:
    finite = np.isfinite(run.parameters).all()
    if run.optimizer is None:
        finite &= np.isfinite(run.optimize_result.fun)
    elif run.result.status == "diverged":
        finite &= run.result.best_parameters is not None
    if not finite:
        raise ValueError(prefix + _DIVERGED)


def _of_members(config: TrainingConfig, values: list[Any]) -> Any:
    """Return one network's value, or for an ensemble every member's: numbers as an array."""
    if config.n_members == 1:
        return values[0]
    return np.array(values) if isinstance(values[0], Real) else values


def _publish_lbfgs(estimator: "BaseNetwork", config: TrainingConfig, runs: list[Run]) -> None:
    vars(estimator).pop("_optimizer", None)
    iterations = [
        int(run.optimize_result.nit)
        if run.result.status in ("stopped", "out_of_time")
        else int(lbfgs_iterations(run.optimize_result, config.max_iter))
        for run in runs
    ]
    estimator.n_iter_ = _of_members(config, iterations)
    estimator.loss_ = _of_members(config, [float(run.optimize_result.fun) for run in runs])
    if not hasattr(estimator, "t_"):
        estimator.t_ = _of_members(config, [0] * len(runs))
    results = [run.result for run in runs]
    if any(result.state.validation_scores for result in results):
        _publish_validation(estimator, config, results)
    estimator.history_ = extended_history(getattr(estimator, "history_", None), results)


def _publish_validation(
    estimator: "BaseNetwork", config: TrainingConfig, results: list[MemberResult]
) -> None:
    def published(values: list[Any]) -> Any:
        return _of_members(config, values)

    estimator.validation_scores_ = published([result.state.validation_scores for result in results])
    losses = [result.state.validation_losses for result in results]
    estimator.validation_loss_curve_ = published(losses)
    best_scores = published([result.state.best_validation_score for result in results])
    estimator.best_validation_score_ = best_scores


def _publish_course(estimator: "BaseNetwork", config: TrainingConfig, runs: list[Run]) -> None:
    results = [run.result for run in runs]
    stops_early = config.early_stopping

    def published(values: list[Any]) -> Any:
        return _of_members(config, values)

    estimator.n_iter_ = published([result.n_epochs for result in results])
    estimator.t_ = published([result.state.n_samples_seen for result in results])
    curves = [result.state.loss_curve for result in results]
    estimator.loss_curve_ = published(curves)
    estimator.loss_ = published([curve[-1] if curve else np.nan for curve in curves])
    best_losses = published([result.state.best_loss for result in results])
    estimator.best_loss_ = None if stops_early else best_losses
    if stops_early or any(result.state.validation_scores for result in results):
        _publish_validation(estimator, config, results)
    else:
        estimator.validation_scores_ = estimator.validation_loss_curve_ = None
        estimator.best_validation_score_ = None
    estimator.history_ = extended_history(getattr(estimator, "history_", None), results)
    if not config.keeps_optimizer:
        return
    estimator._stalled_epochs = published([result.state.stalled_epochs for result in results])
    estimator._optimizer = published([run.optimizer for run in runs])
    estimator._schedule = (
        _schedule_parameter(runs[0].settings.schedule),
        runs[0].settings.power_t,
    )


def _schedule_parameter(schedule: Schedule) -> Any:
    """Return what `learning_rate` would ask for it."""
    return schedule.name if schedule.name in SCHEDULES else schedule.over_progress


def _complaints(config: TrainingConfig, runs: list[Run], incremental: bool) -> list[Complaint]:
    complaints: list[Complaint] = []
    for k, run in enumerate(runs):
        if run.result.status == "diverged":
            whose = "" if len(runs) == 1 else f" of member {k}"
            message = (
                f"Training{whose} diverged in epoch {run.result.n_epochs}; the weights of the best "
                "epoch are kept. The input data may contain large values and need to be "
                "preprocessed."
            )
            complaints.append((message, ConvergenceWarning))
    lost = [k for k, run in enumerate(runs) if run.lost_its_scores]
    if lost:
        whom = "the network" if len(runs) == 1 else f"members {lost}"
        message = (
            f"scoring={described(config.scoring)} gave no number in some epochs of {whom}. Judged "
            "by the loss instead: validation_scores_ are minus the losses there."
        )
        complaints.append((message, UndefinedMetricWarning))
    unscored = [
        k
        for k, run in enumerate(runs)
        if run.result.state.validation_scores and np.isnan(run.result.state.validation_scores).all()
    ]
    if unscored and config.early_stopping:
        message = (
            f"scoring={config.scoring!r} gave NaN in every epoch of members {unscored}, which "
            "keep their last epoch"
        )
        complaints.append((message, ConvergenceWarning))
    statuses = [run.result.status for run in runs]
    # A schedule over progress is a plan, whose end is no failure to converge.
    n_exhausted = sum(
        run.result.status == "exhausted" and run.settings.schedule.over_progress is None
        for run in runs
    )
    if "interrupted" in statuses:
        complaints.append(("Training interrupted by user.", UserWarning))
    elif n_exhausted and not incremental:
        whose = "" if len(runs) == 1 else f" for {n_exhausted} of {len(runs)} members"
        message = (
            f"Stochastic Optimizer: Maximum iterations ({config.max_iter}) reached and the "
            f"optimization hasn't converged yet{whose}."
        )
        complaints.append((message, ConvergenceWarning))
    return complaints


def _publish_parameters(estimator: "BaseNetwork", config: TrainingConfig, runs: list[Run]) -> None:
    parameters = runs[0].parameters
    if config.n_members > 1:
        parameters = np.stack([run.parameters for run in runs])
    if config.dtype is not None:
        # SciPy's L-BFGS works in double precision.
        parameters = parameters.astype(config.dtype, copy=False)
    vars(estimator).update(estimator._fitted_parameters(runs[0].network, parameters))


def _publish_out_of_fold(estimator: "BaseNetwork", data: Data, plan: Plan) -> None:
    """Let every member predict the rows that it never saw."""
    predictions = []
    for run, rows in zip(plan.runs, plan.held_out, strict=True):
        predictions.append(predictions_of(run.network, run.parameters, data.X[rows]))
    mean = mean_out_of_fold(predictions, plan.held_out, data.X.shape[0])
    known = ~np.isnan(mean).any(axis=1)
    if data.counts is not None:
        known &= data.counts
    weight = None if data.sample_weight is None else data.sample_weight[known]
    has_weight = known.any() if weight is None else weight.any()
    estimator.oof_score_ = estimator._oof_score(data, mean, known, weight) if has_weight else np.nan
    if data.kept is not None:
        of_kept = mean
        mean = np.full((len(data.kept), mean.shape[1]), np.nan, mean.dtype)
        mean[data.kept] = of_kept
    estimator.oof_prediction_ = estimator._as_output(mean)
