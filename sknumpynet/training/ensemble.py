"""From what an ensemble is to be trained by and on to what has come of it.

problem → runs of its members → trained in stacks → result
"""

from collections.abc import Callable
from functools import partial

from sknumpynet.core.members import MemberResult
from sknumpynet.core.types import FloatArray
from sknumpynet.training.executor import train_runs
from sknumpynet.training.failing_scorers import replace_failing_scorers
from sknumpynet.training.level_statistics import with_table
from sknumpynet.training.member_runs import runs_of_members
from sknumpynet.training.result import FitResult, fit_result
from sknumpynet.training.runs import EnsembleRuns, Run, TrainingProblem
from sknumpynet.training.saved_fit import SavedFit

__all__ = ["EndOfEpoch", "prepare_ensemble", "train_ensemble"]

# Called with a member's result up to now and its parameters; training stops if it returns True.
EndOfEpoch = Callable[[MemberResult, FloatArray], bool]


def train_ensemble(
    problem: TrainingProblem,
    end_of_epoch: Callable[[int], EndOfEpoch | None] | None = None,
    saved: SavedFit | None = None,
) -> FitResult:
    """Train the networks of one estimator.

    Parameters
    ----------
    problem : TrainingProblem
    end_of_epoch : callable(k), optional
        Returns what is called after every epoch of member k.
    saved : SavedFit, optional
        Where members are kept, and gone on with, while they train; it is of the problem.

    Raises
    ------
    ValueError
        If training cannot begin, and if a member diverged.
    KeyboardInterrupt
        If training several is interrupted; a single one keeps what it has.
    """
    prepared = prepare_ensemble(problem if saved is None else saved.problem)
    if saved is not None:
        saved.begin(prepared.runs)
    if end_of_epoch is not None:
        for k, run in enumerate(prepared.runs):
            if run.snapshot is None or run.snapshot.result.status == "running":
                run.member.end_of_epoch = _of_whole(run, end_of_epoch(k))
    train_runs(prepared.runs, problem.config.n_jobs)
    return fit_result(prepared)


def _of_whole(run: Run, end_of_epoch: EndOfEpoch | None) -> EndOfEpoch | None:
    """Return what is called with the parameters of the whole network."""
    if end_of_epoch is None or run.table is None:
        return end_of_epoch
    return partial(_call_with_whole, end_of_epoch, run.table)


def _call_with_whole(
    end_of_epoch: EndOfEpoch, table: FloatArray, result: MemberResult, parameters: FloatArray
) -> bool:
    return end_of_epoch(result, with_table(table, parameters))


def prepare_ensemble(problem: TrainingProblem) -> EnsembleRuns:
    """Return the runs of an ensemble, whose scorers have been tried."""
    prepared = runs_of_members(problem)
    warned = replace_failing_scorers(prepared.problem.data, problem.config.scoring, prepared.runs)
    return prepared._replace(warnings=prepared.warnings + warned)
