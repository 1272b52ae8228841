"""A long training in a folder: where each member stands, for a process that goes on with it.

Members are independent of each other, so that each has a file of its own, whatever stack or worker
trains it; the folder's other file says which fit they are of.
"""

import numbers
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sknumpynet.training.checkpoints import Checkpoint, MemberFile
from sknumpynet.training.fingerprints import (
    describe_machine,
    describe_problem,
    describe_starts,
)
from sknumpynet.training.runs import Run, TrainingProblem
from sknumpynet.training.snapshots import damaged, from_json, read_snapshot, to_json
from sknumpynet.training.validation import Validator
from sknumpynet.utils.atomic import replaced
from sknumpynet.utils.user_warnings import warn_user

__all__ = ["SavedFit"]

# To be raised whenever files are written that other versions would read wrongly.
_FORMAT = 1

# Of values that differ, in a message.
LONGEST_SHOWN = 30

_FIT = "fit.json"
_MEMBERS = "member-*.npz"
_UNFINISHED = ("fit.json.*.tmp", "member-*.tmp")


class SavedFit:
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
        self.checkpoint, self.problem = checkpoint, problem
        self.folder = Path(checkpoint.path).resolve()
        self.is_new = not (self.folder / _FIT).exists()
        described = describe_problem(problem)
        if self.is_new:
            self.saved = _new_document(problem, described)
            return
        self.saved = self._read()
        self._check("problem", described)
        self._warn_of_another_machine()
        if self.saved["random_state"] is not None:
            source = problem.config.random_state
            if not isinstance(source, np.random.RandomState):
                source = np.random.RandomState()
            source.set_state(self.saved["random_state"])
            self.problem = replace(problem, config=replace(problem.config, random_state=source))

    def _read(self) -> dict[str, Any]:
        path = self.folder / _FIT
        try:
            saved: dict[str, Any] = from_json(path.read_bytes())
            if saved["format"] == _FORMAT:
                return saved
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(path, error) from error
        raise ValueError(
            f"{path} has the format {saved['format']!r} of another version of sknumpynet, this one "
            f"writes and reads {_FORMAT}"
        )

    def _check(self, part: str, described: dict[str, str]) -> None:
        """Raise if the fit in the folder is another one."""
        saved: dict[str, str] = self.saved[part]
        different = [
            _difference(name, saved.get(name), described.get(name))
            for name in dict.fromkeys([*described, *saved])
            if saved.get(name) != described.get(name)
        ]
        if different:
            raise ValueError(
                f"the checkpoint in {str(self.folder)!r} is of another fit, which differs in "
                f"{', '.join(different)}: give each fit a folder of its own, or delete this one"
            )

    def _warn_of_another_machine(self) -> None:
        saved, here = self.saved["machine"], describe_machine()
        different = [
            _difference(name, saved.get(name), own)
            for name, own in here.items()
            if saved.get(name) != own
        ]
        if different:
            warn_user(
                f"the checkpoint in {str(self.folder)!r} was saved with another "
                f"{', '.join(different)}: training goes on, but the last bits may differ"
            )

    def begin(self, runs: Sequence[Run]) -> None:
        """Give every run its file, and where it stood if it had begun.

        Raises
        ------
        OSError
            If the folder cannot be written.
        ValueError
            If runs begin otherwise than those in the folder did, and for files that are damaged.
        """
        starts = {"where members start": describe_starts(runs)}
        if self.is_new:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._remove(_MEMBERS, *_UNFINISHED)
            self.saved["starts"] = starts
            with replaced(self.folder / _FIT) as file:
                file.write(to_json(self.saved).encode())
        else:
            self._check("starts", starts)
            self._remove(*_UNFINISHED)
        for k, run in enumerate(runs):
            name = f"member-{self.saved['name']}-{k:05d}.npz"
            run.file = MemberFile(self.folder / name, self.checkpoint)
            if run.file.path.exists():
                _resume(run, run.file.path)

    def remove(self) -> None:
        """Remove what was saved, and the folder if nothing else is in it."""
        (self.folder / _FIT).unlink(missing_ok=True)  # first: without it the others are nothing
        self._remove(_MEMBERS, *_UNFINISHED)
        with suppress(OSError):
            self.folder.rmdir()

    def _remove(self, *patterns: str) -> None:
        for pattern in patterns:
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)


def _new_document(problem: TrainingProblem, described: dict[str, str]) -> dict[str, Any]:
    """Return what tells a fit from others, but for where its members start."""
    source, state = problem.config.random_state, None
    if not isinstance(source, numbers.Integral):
        state = check_random_state(source).get_state(legacy=False)
    return {
        "format": _FORMAT,
        # Part of its files' names: a worker of an earlier fit may still be saving.
        "name": secrets.token_hex(4),
        "problem": described,
        "machine": describe_machine(),
        "random_state": state,
    }


def _resume(run: Run, path: Path) -> None:
    assert run.optimizer is not None  # no solver but L-BFGS is without
    run.snapshot, run.lost_its_scores = read_snapshot(path, run.optimizer)
    if run.lost_its_scores:
        assert isinstance(run.member.validate, Validator)
        run.member.validate = run.member.validate.by_loss()


def _difference(name: str, there: str | None, here: str | None) -> str:
    """Return what differs, with both values if they are short."""
    is_short = max(len(there or ""), len(here or "")) <= LONGEST_SHOWN
    return f"{name} ({there} there, {here} here)" if is_short else name
