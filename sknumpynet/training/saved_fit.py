"""A long training in a folder: where each member stands, for a process that goes on with it.

Members are independent of each other, so that each has a file of its own, whatever stack or worker
trains it; the folder's other file says which fit they are of.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sknumpynet.training.checkpoints import Checkpoint, MemberFile
from sknumpynet.training.fingerprints import describe_problem, describe_starts
from sknumpynet.training.fit_folder import FitFolder
from sknumpynet.training.runs import Run, TrainingProblem
from sknumpynet.training.snapshots import read_snapshot
from sknumpynet.training.validation import Validator

__all__ = ["SavedFit"]


class SavedFit(FitFolder):
    """The folder of one fit, new or to be gone on with; nothing is written before `begin`.

    Parameters
    ----------
    checkpoint : Checkpoint
    problem : TrainingProblem

    Attributes
    ----------
    problem : TrainingProblem
        The same, with a random source that stands where the fit began.

    Raises
    ------
    ValueError
        If the folder holds another fit, or is damaged; and for ``solver='lbfgs'``.
    """

    def __init__(self, checkpoint: Checkpoint, problem: TrainingProblem) -> None:
        if problem.config.solver == "lbfgs":
            raise ValueError(
                "a checkpoint takes a stochastic solver, got solver='lbfgs': SciPy does not tell "
                "all that its next iteration depends on"
            )
        super().__init__(checkpoint, problem.config.random_state)
        self.check("problem", describe_problem(problem))
        self.warn_of_another_machine()
        config = replace(problem.config, random_state=self.restored(problem.config.random_state))
        self.problem = replace(problem, config=config)

    def begin(self, runs: Sequence[Run]) -> None:
        """Give every run its file, and where it stood if it had begun.

        Raises
        ------
        OSError
            If the folder cannot be written.
        ValueError
            If runs begin otherwise than those in the folder did, and for files that are damaged.
        """
        self.check("starts", {"where members start": describe_starts(runs)})
        self.open()
        for k, run in enumerate(runs):
            run.file = MemberFile(self.file(f"{k:05d}"), self.checkpoint)
            if run.file.path.exists():
                _resume(run, run.file.path)


def _resume(run: Run, path: Path) -> None:
    assert run.optimizer is not None  # no solver but L-BFGS is without
    run.snapshot, run.lost_its_scores = read_snapshot(path, run.optimizer)
    if run.lost_its_scores:
        assert isinstance(run.member.validate, Validator)
        run.member.validate = run.member.validate.by_loss()
