"""What training an estimator's networks has come to, before it is anybody's attributes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning

from sknumpynet.core.members import MemberResult, TrainingState
from sknumpynet.core.optimizers import Optimizer
from sknumpynet.core.schedules import SCHEDULES, Schedule
from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import Warned
from sknumpynet.training.history import extended_history
from sknumpynet.training.out_of_fold import (
    HeldOut,
    held_out_predictions,
    held_out_rows,
    out_of_fold,
    stacked_parameters,
)
from sknumpynet.training.runs import EnsembleRuns, Run
from sknumpynet.utils.scikit_learn import lbfgs_iterations
from sknumpynet.utils.scorers import described

__all__ = ["FitResult", "fit_result"]

_DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


@dataclass(frozen=True)
class FitResult:
    """Trained networks, and how they came about.

    Parameters
    ----------
    config : TrainingConfig
    parameters : ndarray of shape (P,) or, of several members, (K, P)
    members : list of MemberResult
    member_seeds : ndarray of int of shape (K,), optional
        Of several members.
    history : dict of list
        The epochs of all trainings up to now, see `extended_history`.
    n_iterations : list of int
        Epochs of this training, or iterations of L-BFGS.
    losses : list of float
        Each member's last.
    n_samples_seen : list of int
        By each member, in this training and those that it went on from.
    optimizers : list of Optimizer, optional
        Their last states; none of L-BFGS.
    schedule : tuple, optional
        What `learning_rate` would ask for the schedule that was used, and its exponent.
    out_of_fold : ndarray of shape (n_samples, n_outputs), optional
        What members say of rows that they never saw, NaN where all saw them.
    held_out : list of ndarray of int, optional
        The rows that each member never saw; None where all saw all.
    conformal : HeldOut, optional
        What is said of rows that had no part in a network.
    warnings : list of (str, category)
        What to warn of.
    """

    config: TrainingConfig
    parameters: FloatArray
    members: list[MemberResult]
    member_seeds: IntArray | None
    history: dict[str, list[Any]]
    n_iterations: list[int]
    losses: list[float]
    n_samples_seen: list[int]
    optimizers: list[Optimizer] | None
    schedule: tuple[Any, float] | None
    out_of_fold: FloatArray | None
    held_out: list[IntArray] | None
    conformal: HeldOut | None
    warnings: list[Warned]


def fit_result(trained: EnsembleRuns) -> FitResult:
    """Return what the runs of an ensemble have come to.

    Raises
    ------
    ValueError
        If a member diverged.
    """
    problem, runs, config = trained.problem, trained.runs, trained.problem.config
    warm_start = problem.warm_start
    results = [run.result for run in runs if run.result is not None]
    for k, (run, result) in enumerate(zip(runs, results, strict=True)):
        _check_finite(run, result, "" if len(runs) == 1 else f"Member {k}: ")
    warnings = list(trained.warnings)
    optimizers, schedule = None, None
    if config.solver == "lbfgs":
        iterations = [
            int(run.optimize_result.nit)
            if result.status in ("stopped", "out_of_time")
            else int(lbfgs_iterations(run.optimize_result, config.max_iter))
            for run, result in zip(runs, results, strict=True)
        ]
        losses = [float(run.optimize_result.fun) for run in runs]
        before = [TrainingState()] * len(runs) if warm_start is None else warm_start.states
        n_samples_seen = [state.n_samples_seen for state in before]
        if any(result.status == "interrupted" for result in results):
            warnings.append(("Training interrupted by user.", UserWarning))
    else:
        iterations = [result.n_epochs for result in results]
        curves = [result.state.loss_curve for result in results]
        losses = [curve[-1] if curve else np.nan for curve in curves]
        n_samples_seen = [result.state.n_samples_seen for result in results]
        optimizers = [run.optimizer for run in runs if run.optimizer is not None]
        settings = runs[0].member.settings
        schedule = _parameter_of(settings.schedule), settings.power_t
        warnings += _warnings_of(config, runs, results)
    return FitResult(
        config=config,
        parameters=_parameters(config, runs),
        members=results,
        member_seeds=trained.seeds,
        history=extended_history(None if warm_start is None else warm_start.history, results),
        n_iterations=iterations,
        losses=losses,
        n_samples_seen=n_samples_seen,
        optimizers=optimizers,
        schedule=schedule,
        out_of_fold=out_of_fold(trained),
        held_out=held_out_rows(trained),
        conformal=held_out_predictions(trained),
        warnings=warnings,
    )


def _check_finite(run: Run, result: MemberResult, prefix: str) -> None:
    finite = np.isfinite(run.parameters).all()
    if run.optimizer is None:
        finite &= np.isfinite(run.optimize_result.fun)
    elif result.status == "diverged":
        finite &= result.best_parameters is not None
    if not finite:
        raise ValueError(prefix + _DIVERGED)


def _parameter_of(schedule: Schedule) -> Any:
    """Return what `learning_rate` would ask for it."""
    return schedule.name if schedule.name in SCHEDULES else schedule.over_progress


def _parameters(config: TrainingConfig, runs: Sequence[Run]) -> FloatArray:
    parameters = stacked_parameters([run.whole_parameters for run in runs])
    if config.dtype is None:
        return parameters
    # SciPy's L-BFGS works in double precision.
    return parameters.astype(config.dtype, copy=False)


def _warnings_of(
    config: TrainingConfig, runs: Sequence[Run], results: Sequence[MemberResult]
) -> list[Warned]:
    warnings: list[Warned] = []
    for k, result in enumerate(results):
        if result.status == "diverged":
            whose = "" if len(runs) == 1 else f" of member {k}"
            message = (
                f"Training{whose} diverged in epoch {result.n_epochs}; the weights of the best "
                "epoch are kept. The input data may contain large values and need to be "
                "preprocessed."
            )
            warnings.append((message, ConvergenceWarning))
    lost = [k for k, run in enumerate(runs) if run.lost_its_scores]
    if lost:
        whom = "the network" if len(runs) == 1 else f"members {lost}"
        message = (
            f"scoring={described(config.scoring)} gave no number in some epochs of {whom}. Judged "
            "by the loss instead: validation_scores_ are minus the losses there."
        )
        warnings.append((message, UndefinedMetricWarning))
    unscored = [
        k
        for k, result in enumerate(results)
        if result.state.validation_scores and np.isnan(result.state.validation_scores).all()
    ]
    if unscored and config.early_stopping:
        message = (
            f"scoring={described(config.scoring)} gave NaN in every epoch of members {unscored}, "
            "which keep their last epoch"
        )
        warnings.append((message, ConvergenceWarning))
    statuses = [result.status for result in results]
    # A schedule over progress is a plan, whose end is no failure to converge; nor is a pause.
    n_exhausted = sum(
        result.status == "exhausted"
        and run.member.settings.schedule.over_progress is None
        and not run.may_go_on
        for run, result in zip(runs, results, strict=True)
    )
    if "interrupted" in statuses:
        warnings.append(("Training interrupted by user.", UserWarning))
    elif n_exhausted and not config.is_incremental:
        whose = "" if len(runs) == 1 else f" for {n_exhausted} of {len(runs)} members"
        message = (
            f"Stochastic Optimizer: Maximum iterations ({config.max_iter}) reached and the "
            f"optimization hasn't converged yet{whose}."
        )
        warnings.append((message, ConvergenceWarning))
    return warnings
