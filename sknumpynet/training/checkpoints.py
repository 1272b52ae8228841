"""How often a training is saved, and what saves each of its members."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sknumpynet.core.members import MemberResult, Snapshot
from sknumpynet.training.snapshots import write_snapshot
from sknumpynet.utils.user_warnings import warn_user

__all__ = ["Checkpoint", "Keeper", "MemberFile", "Pace", "warned_if_not_saved"]


@dataclass(frozen=True)
class Checkpoint:
    """Where a fit saves how far it has come, and how often.

    Given to ``fit`` as ``checkpoint``. If the process is killed, the same ``fit`` with the same
    path, of an estimator with the same parameters on the same data, goes on from the last save and
    ends with the same numbers to the last bit, as if nothing had happened.

    Parameters
    ----------
    path : str or path
        A folder for this fit and no other at a time, which is made if need be. A fit that succeeds
        removes what it saved.
    every_epochs : int, default=None
        Epochs between saves; None for any number.
    every_seconds : float, default=60.0
        Seconds after which the next epoch's end is saved, whatever ``every_epochs`` says; None for
        any number.

    Raises
    ------
    ValueError
        If both are None, or one is not above 0.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sknumpynet import Checkpoint, TabularMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TabularMLPClassifier("fast", max_iter=4, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = model.fit(X, y, checkpoint=Checkpoint(folder, every_epochs=2))
    >>> model.score(X, y) > 0.8
    True
    """

    path: str | os.PathLike[str]
    every_epochs: int | None = None
    every_seconds: float | None = 60.0

    def __post_init__(self) -> None:
        for name in ("every_epochs", "every_seconds"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float | np.number) and value > 0):
                raise ValueError(f"{name} must be a number above 0 or None, got {value!r}")
        if self.every_epochs is None and self.every_seconds is None:
            raise ValueError("one of every_epochs and every_seconds must not be None")

    @classmethod
    def of(cls, given: "Checkpoint | str | os.PathLike[str]") -> "Checkpoint":
        """Return a user's checkpoint, or of a path one with this folder."""
        return given if isinstance(given, Checkpoint) else cls(given)


@dataclass(frozen=True)
class MemberFile:
    """Where one member is kept; can be sent to another process.

    Parameters
    ----------
    path : Path
    checkpoint : Checkpoint
        Says how often.
    """

    path: Path
    checkpoint: Checkpoint


class Pace:
    """Says when it is time to save.

    Parameters
    ----------
    checkpoint : Checkpoint
    n_epochs : int
        That are done, and saved, when training begins.
    """

    def __init__(self, checkpoint: Checkpoint, n_epochs: int) -> None:
        self.checkpoint = checkpoint
        self.last = time.monotonic(), n_epochs

    def is_due(self, n_epochs: int, *, is_over: bool = False) -> bool:
        """Return whether to save now, that so many epochs are done; the clock starts anew then."""
        seconds, n_before = self.last
        by_epochs, by_seconds = self.checkpoint.every_epochs, self.checkpoint.every_seconds
        is_due = (
            is_over
            or (by_epochs is not None and n_epochs - n_before >= by_epochs)
            or (by_seconds is not None and time.monotonic() - seconds >= by_seconds)
        )
        if is_due:
            self.last = time.monotonic(), n_epochs
        return is_due


class Keeper:
    """Saves one member's training whenever it is time, and when it is over.

    Parameters
    ----------
    file : MemberFile
    n_epochs : int
        That are done, and saved, when training begins.
    lost_its_scores : bool
        See `Run`.
    """

    def __init__(self, file: MemberFile, n_epochs: int, *, lost_its_scores: bool) -> None:
        self.file, self.lost_its_scores = file, lost_its_scores
        self.pace = Pace(file.checkpoint, n_epochs)

    def __call__(self, result: MemberResult, take: Callable[[], Snapshot]) -> None:
        """Save a snapshot if it is time; where that fails, warn and let training go on."""
        if self.pace.is_due(result.n_epochs, is_over=result.status != "running"):
            with warned_if_not_saved(result.n_epochs):
                write_snapshot(self.file.path, take(), lost_its_scores=self.lost_its_scores)


@contextmanager
def warned_if_not_saved(n_epochs: int) -> Iterator[None]:
    """Warn where a save fails."""
    try:
        yield
    except OSError as error:
        warn_user(
            f"the checkpoint of epoch {n_epochs} could not be saved ({error}): training goes on, "
            "and the checkpoint before it stays",
            RuntimeWarning,
        )
