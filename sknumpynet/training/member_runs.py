"""From what an ensemble is trained by to the runs of its members.

problem → random source, first parameters, rows, optimiser and settings of every member → its run
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy
from sklearn.utils import check_random_state
from sklearn.utils.fixes import parse_version

from sknumpynet.core.batching import Dataset
from sknumpynet.core.losses import CustomLoss
from sknumpynet.core.members import Member, Settings, TrainingState
from sknumpynet.core.network import Network
from sknumpynet.core.optimizers import OPTIMIZERS, Optimizer
from sknumpynet.core.schedules import SCHEDULES, Schedule, custom_schedule
from sknumpynet.training.checks import checked_dropout
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import MemberRows, TrainingData, ValidationSet, Warned
from sknumpynet.training.held_out import for_scoring, halves_of, split_for_early_stopping
from sknumpynet.training.history import n_epochs_so_far
from sknumpynet.training.knots import place_knots
from sknumpynet.training.resampling import rows_of_members
from sknumpynet.training.runs import EnsembleRuns, Run, TrainingProblem
from sknumpynet.training.starts import (
    go_on_with_statistics,
    leave_out_level_codes,
    sources_of_members,
    start_with_columns,
    start_with_statistics,
    starting_parameters,
)
from sknumpynet.training.validation import Validator
from sknumpynet.training.warm_start import WarmStart
from sknumpynet.utils.scikit_learn import rows_of

__all__ = ["runs_of_members"]

# SciPy has printed nothing since 1.15.
_LBFGS_IS_QUIET = parse_version(scipy.__version__) >= parse_version("1.15")


def runs_of_members(problem: TrainingProblem) -> EnsembleRuns:
    """Return each member's training as the engine takes it.

    Raises
    ------
    ValueError
        If training cannot go on from where it ended, for rates of dropout and splits that do not
        fit, and for a loss of a user's own that is not what it says.
    """
    config = problem.config
    problem = replace(problem, data=for_scoring(problem.data, config.scoring))
    _check(problem)
    random_state = check_random_state(config.random_state)
    sources, seeds = sources_of_members(config, problem.warm_start, random_state)
    starts = starting_parameters(problem, sources)
    rows = rows_of_members(config, problem.data, random_state, problem.split_params)
    make = _lbfgs_run if config.solver == "lbfgs" else _stochastic_run
    runs = [
        make(problem, k, parameters, own, source)
        for k, (parameters, own, source) in enumerate(zip(starts, rows, sources, strict=True))
    ]
    leave_out_level_codes(problem, runs)
    if problem.warm_start is None:
        _start(problem, runs, random_state)
    else:
        go_on_with_statistics(problem, runs)
    most_rows = max(run.dataset.n_samples for run in runs)
    for run in runs:
        # Of all kinds, so that bits do not depend on which kinds there are.
        run.padded_to = most_rows
    return EnsembleRuns(problem, runs, rows, seeds, _warned_of_batch_size(config, runs))


def _start(problem: TrainingProblem, runs: list[Run], random_state: np.random.RandomState) -> None:
    """Let members start from what their own rows say."""
    if problem.networks[0].selection is not None:
        seed = int(random_state.randint(np.iinfo(np.int32).max))
        for k, run in enumerate(runs):
            run.parameters = start_with_columns(problem, run, k, seed)
    start_with_statistics(problem, runs)
    for run in runs:
        place_knots(run, problem.config.n_trees_for_knots)


def _check(problem: TrainingProblem) -> None:
    config = problem.config
    if isinstance(problem.loss, CustomLoss):
        problem.loss.check(problem.data.targets[:32].T.astype(np.float64))
    if config.early_stopping and config.is_incremental and config.solver != "lbfgs":
        raise ValueError("partial_fit does not support early_stopping=True")
    if problem.warm_start is not None and config.resample is not None:
        # Members would see rows that are to be held out from them.
        raise ValueError(
            f"training cannot be continued on new samples, got resample={config.resample!r} "
            "with warm_start=True"
        )


def _lbfgs_run(
    problem: TrainingProblem,
    k: int,
    parameters: np.ndarray,
    rows: MemberRows,
    random_state: np.random.RandomState,
) -> Run:
    config, data = problem.config, problem.data
    dropout = problem.dropout_of(k)
    if np.any(dropout):
        raise ValueError(f"dropout={dropout!r} needs a stochastic solver, got solver='lbfgs'")
    so_far = _state_so_far(problem, k)
    settings = Settings(
        batch_size=data.X.shape[0],
        max_epochs=config.max_iter,
        early_stopping=False,
        max_seconds=config.max_seconds,
        report=_report(config),
    )
    start = TrainingState(
        validation_scores=so_far.validation_scores, validation_losses=so_far.validation_losses
    )
    network = problem.network_of(k)
    member = _member(problem, network, random_state, settings, data.validation, start)
    lbfgs = {
        "maxiter": config.max_iter,
        "maxfun": config.max_fun,
        "gtol": config.tol,
        **({} if _LBFGS_IS_QUIET else {"iprint": -1}),
    }
    dataset = _dataset(config, data, rows)
    return Run(network, problem.loss, parameters, dataset, member, None, lbfgs)


def _stochastic_run(
    problem: TrainingProblem,
    k: int,
    parameters: np.ndarray,
    rows: MemberRows,
    random_state: np.random.RandomState,
) -> Run:
    config, data, warm_start = problem.config, problem.data, problem.warm_start
    optimizer, (learning_rate, power_t) = _make_optimizer(config, warm_start, k, parameters)
    dataset, validation = _dataset(config, data, rows), data.validation
    if config.early_stopping and validation is None:
        dataset, validation = split_for_early_stopping(
            problem, dataset, rows.held_out, random_state
        )
    network, n_before = problem.network_of(k), 0
    if warm_start is not None and config.is_incremental:
        n_before = n_epochs_so_far(warm_start.history, k)
    settings = Settings(
        batch_size=config.batch_size,
        max_epochs=1 if config.is_incremental else config.max_iter,
        shuffle=config.shuffle,
        tol=config.tol,
        patience=config.n_iter_no_change,
        schedule=_schedule(learning_rate, config.solver),
        power_t=power_t,
        warmup=float(config.warmup),
        planned_epochs=config.max_iter,
        epochs_before=n_before,
        dropout=checked_dropout(problem.dropout_of(k), network),
        regularization=config.regularization,
        max_gradient_norm=np.inf if config.max_grad_norm is None else float(config.max_grad_norm),
        early_stopping=config.early_stopping,
        max_seconds=config.max_seconds,
        report=_report(config),
    )
    start = _state_so_far(problem, k)
    member = _member(problem, network, random_state, settings, validation, start)
    if config.conformal and config.is_judged_by_folds(data) and rows.held_out is not None:
        assert validation is not None
        assert isinstance(member.validate, Validator)
        groups = problem.split_params.get("groups")
        if groups is not None and data.is_kept is not None:
            groups = rows_of(groups, np.flatnonzero(data.is_kept))
        # A source of its own, so that nothing else is drawn differently.
        halves = halves_of(validation, groups, np.random.RandomState(k))
        member.validate = replace(member.validate, parts=halves)
    return Run(network, problem.loss, parameters, dataset, member, optimizer)


def _report(config: TrainingConfig) -> Callable[[str], None] | None:
    return print if config.verbose else None


def _dataset(config: TrainingConfig, data: TrainingData, rows: MemberRows) -> Dataset:
    smooths = data.n_classes > 1
    return Dataset(
        data.training_X,
        data.targets,
        data.sample_weight if rows.sample_weight is None else rows.sample_weight,
        rows.rows,
        smoothing=float(config.label_smoothing) if smooths else 0.0,
        n_classes=data.n_classes if smooths else 2,
    )


def _schedule(learning_rate: Any, solver: str) -> Schedule:
    if not isinstance(learning_rate, str):
        return custom_schedule(learning_rate)
    schedule = SCHEDULES[learning_rate]
    return SCHEDULES["constant"] if schedule.only_sgd and solver != "sgd" else schedule


def _make_optimizer(
    config: TrainingConfig, warm_start: WarmStart | None, k: int, parameters: np.ndarray
) -> tuple[Optimizer, tuple[Any, float]]:
    """Return an optimiser with what its schedule is called and its exponent.

    As in scikit-learn, `partial_fit` goes on with the optimiser and settings that it has.
    """
    kind = OPTIMIZERS[config.solver]
    if config.is_incremental and warm_start is not None:
        previous = warm_start.optimizers[k]
        if (
            type(previous) is kind
            and previous.state is not None
            and previous.state.dtype == parameters.dtype
        ):
            assert warm_start.schedule is not None
            return copy.deepcopy(previous), warm_start.schedule
    optimizer = kind(float(config.learning_rate_init), **config.optimizer_settings)
    return optimizer, (config.learning_rate, float(config.power_t))


def _state_so_far(problem: TrainingProblem, k: int) -> TrainingState:
    return TrainingState() if problem.warm_start is None else problem.warm_start.states[k]


def _member(
    problem: TrainingProblem,
    network: Network,
    random_state: np.random.RandomState,
    settings: Settings,
    rows: ValidationSet | None,
    start: TrainingState,
) -> Member:
    """Return a member with its part of the penalty, scored on the rows if there are some."""
    validator = None
    if rows is not None:
        validator = Validator(network, problem.loss, rows, problem.scoring)
    alpha = float(problem.config.alpha) / problem.data.weight_unit
    return Member(random_state, settings, alpha, validator, start=start)


def _warned_of_batch_size(config: TrainingConfig, runs: list[Run]) -> list[Warned]:
    requested = config.requested_batch_size
    if runs[0].optimizer is None or requested is None:
        return []
    if requested <= min(run.dataset.n_samples for run in runs):
        return []
    message = "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped"
    return [(message, UserWarning)]
