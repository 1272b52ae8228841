"""From trained runs to an estimator's fitted attributes."""

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sknumpynet._preparation import Complaint, Data, Plan
from sknumpynet._resampling import mean_out_of_fold
from sknumpynet._sklearn import lbfgs_iterations
from sknumpynet._stacking import Run
from sknumpynet.core.network import predict

if TYPE_CHECKING:
    from sknumpynet._base import BaseNumpyMLP

__all__ = ["publish"]

_DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


def publish(
    estimator: "BaseNumpyMLP", data: Data, plan: Plan, *, incremental: bool = False
) -> list[Complaint]:
    """Set the fitted attributes, all of them copies, and return what to warn of.

    Raises
    ------
    ValueError
        If a member diverged.
    """
    runs = plan.runs
    for k, run in enumerate(runs):
        _check_finite(run, "" if len(runs) == 1 else f"Member {k}: ")
    complaints = list(plan.complaints)
    if estimator.solver == "lbfgs":
        _publish_lbfgs(estimator, runs)
        if any(run.member.status == "interrupted" for run in runs):
            complaints.append(("Training interrupted by user.", UserWarning))
    else:
        _publish_course(estimator, runs)
        complaints += _complaints(estimator, runs, incremental)
    _publish_parameters(estimator, runs)
    if any(rows is not None for rows in plan.held_out):
        _publish_out_of_fold(estimator, data, plan)
    return complaints


def _check_finite(run: Run, prefix: str) -> None:
    finite = np.isfinite(run.parameters).all()
    if run.optimizer is None:
        finite &= np.isfinite(run.result.fun)
    elif run.member.status == "diverged":
        finite &= run.member.best_parameters is not None
    if not finite:
        raise ValueError(prefix + _DIVERGED)


def _of_members(estimator: "BaseNumpyMLP", values: list[Any]) -> Any:
    """Return one network's value, or for an ensemble every member's: numbers as an array."""
    if estimator.n_members == 1:
        return values[0]
    return np.array(values) if isinstance(values[0], Real) else values


def _publish_lbfgs(estimator: "BaseNumpyMLP", runs: list[Run]) -> None:
    vars(estimator).pop("_optimizer", None)
    iterations = [int(lbfgs_iterations(run.result, estimator.max_iter)) for run in runs]
    estimator.n_iter_ = _of_members(estimator, iterations)
    estimator.loss_ = _of_members(estimator, [float(run.result.fun) for run in runs])
    if not hasattr(estimator, "t_"):
        estimator.t_ = _of_members(estimator, [0] * len(runs))


def _publish_course(estimator: "BaseNumpyMLP", runs: list[Run]) -> None:
    members = [run.member for run in runs]
    stops_early = estimator.early_stopping

    def published(values: list[Any]) -> Any:
        return _of_members(estimator, values)

    estimator.n_iter_ = published([member.n_epochs for member in members])
    estimator.t_ = published([member.n_samples_seen for member in members])
    curves = [member.loss_curve for member in members]
    estimator.loss_curve_ = published(curves)
    estimator.loss_ = published([curve[-1] if curve else np.nan for curve in curves])
    best_losses = published([member.best_loss for member in members])
    estimator.best_loss_ = None if stops_early else best_losses
    scores = published([member.validation_scores for member in members])
    estimator.validation_scores_ = scores if stops_early else None
    best_scores = published([member.best_validation_score for member in members])
    estimator.best_validation_score_ = best_scores if stops_early else None
    estimator._stalled_epochs = published([member.stalled_epochs for member in members])
    estimator._optimizer = published([run.optimizer for run in runs])
    estimator._schedule = (runs[0].settings.schedule.name, runs[0].settings.power_t)


def _complaints(estimator: "BaseNumpyMLP", runs: list[Run], incremental: bool) -> list[Complaint]:
    complaints: list[Complaint] = []
    for k, run in enumerate(runs):
        if run.member.status == "diverged":
            whose = "" if len(runs) == 1 else f" of member {k}"
            message = (
                f"Training{whose} diverged in epoch {run.member.n_epochs}; the weights of the best "
                "epoch are kept. The input data may contain large values and need to be "
                "preprocessed."
            )
            complaints.append((message, ConvergenceWarning))
    statuses = [run.member.status for run in runs]
    if "interrupted" in statuses:
        complaints.append(("Training interrupted by user.", UserWarning))
    elif "exhausted" in statuses and not incremental:
        whose = (
            "" if len(runs) == 1 else f" for {statuses.count('exhausted')} of {len(runs)} members"
        )
        message = (
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the "
            f"optimization hasn't converged yet{whose}."
        )
        complaints.append((message, ConvergenceWarning))
    return complaints


def _publish_parameters(estimator: "BaseNumpyMLP", runs: list[Run]) -> None:
    network = runs[0].network
    parameters = runs[0].parameters
    if estimator.n_members > 1:
        parameters = np.stack([run.parameters for run in runs])
    estimator.coefs_, biases = network.layout.unpack(parameters)
    estimator.intercepts_ = [bias[..., 0, :] for bias in biases]
    estimator.n_layers_ = len(network.layers) + 1
    estimator.n_outputs_ = network.layers[-1].fan_out
    estimator.out_activation_ = network.loss.output_activation
    # Not `activation`: that is a parameter, which may be set for the next fit.
    estimator._hidden_activation = estimator.activation


def _publish_out_of_fold(estimator: "BaseNumpyMLP", data: Data, plan: Plan) -> None:
    """Let every member predict the rows that it never saw."""
    predictions = []
    for run, rows in zip(plan.runs, plan.held_out, strict=True):
        weights, biases = run.network.layout.unpack(run.parameters)
        activation = run.network.layers[0].activation
        predictions.append(predict(weights, biases, activation, run.network.loss, data.X[rows]))
    mean = mean_out_of_fold(predictions, plan.held_out, data.X.shape[0])
    known = ~np.isnan(mean).any(axis=1)
    weight = None if data.sample_weight is None else data.sample_weight[known]
    has_weight = known.any() if weight is None else weight.any()
    estimator.oof_score_ = (
        estimator._validation_score(data.targets[known], mean[known], weight)
        if has_weight
        else np.nan
    )
    estimator.oof_prediction_ = estimator._as_output(mean)
