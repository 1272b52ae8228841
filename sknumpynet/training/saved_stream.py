"""A long training in shards, in a folder: all members in one file, as they stand between shards."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sknumpynet.core.optimizers import Optimizer
from sknumpynet.training.checkpoints import Checkpoint, Pace, warned_if_not_saved
from sknumpynet.training.fingerprints import describe_problem, describe_source, describe_starts
from sknumpynet.training.fit_folder import FitFolder
from sknumpynet.training.runs import EnsembleRuns
from sknumpynet.training.shards import MemberProgress, Progress, Shard, joined_rows
from sknumpynet.training.snapshots import packed, reading, unpacked, write_arrays
from sknumpynet.utils.descriptions import describe

__all__ = ["SavedStream", "read_progress", "write_progress"]


class SavedStream(FitFolder):
    """The folder of a fit to a stream, new or to be gone on with.

    Parameters
    ----------
    checkpoint : Checkpoint
    random_state : int, RandomState or None
        Of the fit.

    Attributes
    ----------
    random_state : int, RandomState or None
        The same, as it stood when the fit began.
    """

    def __init__(self, checkpoint: Checkpoint, random_state: Any) -> None:
        super().__init__(checkpoint, random_state)
        self.check("source", {"random_state": describe_source(random_state)})
        self.random_state = self.restored(random_state)

    def begin(self, prepared: EnsembleRuns, known: dict[str, Any]) -> Progress | None:
        """Return where the fit stood if it had begun, None if it begins.

        Parameters
        ----------
        prepared : EnsembleRuns
            Started on the first shard.
        known : dict
            What is known of the whole stream.

        Raises
        ------
        OSError
            If the folder cannot be written.
        ValueError
            If it holds another fit, and for files that are damaged.
        """
        problem = prepared.problem
        # What is held out of the first shard says nothing that the seed does not.
        config = replace(problem.config, resample=None, random_state=None)  # which is checked
        described = describe_problem(replace(problem, config=config))
        self.check("problem", described | {name: describe(own) for name, own in known.items()})
        self.warn_of_another_machine()
        self.check("starts", {"where members start": describe_starts(prepared.runs)})
        self.open()
        optimizers = [run.optimizer for run in prepared.runs if run.optimizer is not None]
        path = self.file("all")
        progress = read_progress(path, optimizers) if path.exists() else None
        self.pace = Pace(self.checkpoint, 0 if progress is None else progress.epoch)
        return progress

    def keep(self, take: Callable[[], Progress]) -> None:
        """Save how far training has come if it is time; where that fails, warn and go on."""
        progress = take()
        is_start = progress.epoch == progress.n_shards == 0
        if not is_start and self.pace.is_due(progress.epoch):
            with warned_if_not_saved(progress.epoch):
                write_progress(self.file("all"), progress)


def write_progress(path: Path, progress: Progress) -> None:
    """Write how far a training in shards has come, in place of what was there.

    Raises
    ------
    OSError
        If it cannot be written; what was there stays.
    """
    checked = joined_rows(progress.checked)
    arrays = {f"checked/{name}": own for name, own in checked._asdict().items()}
    arrays["checked/folds"] = checked.folds.astype(np.int16)
    members = []
    for k, member in enumerate(progress.members):
        document, own = packed(member.result, member.parameters, member.optimizer)
        members.append(document)
        arrays |= {f"{k}/{name}": array for name, array in own.items()}
    document = {
        "members": members,
        "epoch": progress.epoch,
        "n_shards": progress.n_shards,
        "n_rows": progress.n_rows,
    }
    arrays |= {"losses": progress.losses, "counts": progress.counts}
    write_arrays(path, document, arrays)


def read_progress(path: Path, optimizers: Sequence[Optimizer]) -> Progress:
    """Return what `write_progress` wrote.

    Parameters
    ----------
    path : Path
    optimizers : sequence of Optimizer
        Of each member, as training began; they stay as they are.

    Raises
    ------
    ValueError
        If the file is not as it was written.
    """
    with reading(path) as (document, arrays):
        members = []
        for k, (own, optimizer) in enumerate(zip(document["members"], optimizers, strict=True)):
            result, parameters, resumed = unpacked(own, _below(arrays, f"{k}/"), optimizer)
            members.append(MemberProgress(parameters, resumed, result))
        checked = {"sample_weight": None} | _below(arrays, "checked/")
        return Progress(
            members,
            document["epoch"],
            document["n_shards"],
            document["n_rows"],
            arrays["losses"],
            arrays["counts"],
            [Shard(**checked)],
        )


def _below(arrays: dict[str, Any], start: str) -> dict[str, Any]:
    return {name[len(start) :]: own for name, own in arrays.items() if name.startswith(start)}
