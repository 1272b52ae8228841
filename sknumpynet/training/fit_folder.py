"""The folder of a fit that is saved on the way: which fit it is, and its random source."""

import numbers
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sknumpynet.training.checkpoints import Checkpoint
from sknumpynet.training.fingerprints import describe_machine
from sknumpynet.training.snapshots import damaged, from_json, to_json
from sknumpynet.utils.atomic import replaced
from sknumpynet.utils.user_warnings import warn_user

__all__ = ["FitFolder"]

# To be raised whenever files are written that other versions would read wrongly.
_FORMAT = 1

# Of values that differ, in a message.
LONGEST_SHOWN = 30

_FIT = "fit.json"
_SAVED = "member-*.npz"
_UNFINISHED = ("fit.json.*.tmp", "member-*.tmp")


class FitFolder:
    """The folder of one fit, new or to be gone on with; nothing is written before `begin`.

    Parameters
    ----------
    checkpoint : Checkpoint
    random_state : int, RandomState or None
        Of the fit.

    Attributes
    ----------
    folder : Path
    is_new : bool

    Raises
    ------
    ValueError
        If the folder is damaged, or of another version.
    """

    def __init__(self, checkpoint: Checkpoint, random_state: Any) -> None:
        self.checkpoint = checkpoint
        self.folder = Path(checkpoint.path).resolve()
        self.is_new = not (self.folder / _FIT).exists()
        self.saved = _new_document(random_state) if self.is_new else self._read()

    def restored(self, random_state: Any) -> Any:
        """Return the source of a fit as it stood when the fit began: a user's own goes back."""
        if self.is_new or self.saved["random_state"] is None:
            return random_state
        if not isinstance(random_state, np.random.RandomState):
            random_state = np.random.RandomState()
        random_state.set_state(self.saved["random_state"])
        return random_state

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

    def check(self, part: str, described: dict[str, str]) -> None:
        """Raise if the fit in the folder is another one."""
        if self.is_new:
            self.saved[part] = described
            return
        saved: dict[str, str] = self.saved.get(part, {})
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

    def warn_of_another_machine(self) -> None:
        """Warn if the last bits may differ from those of who saved."""
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

    def open(self) -> None:
        """Make the folder if it is new, and remove what a process that was killed left half done.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        if not self.is_new:
            self._remove(*_UNFINISHED)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._remove(_SAVED, *_UNFINISHED)
        with replaced(self.folder / _FIT) as file:
            file.write(to_json(self.saved).encode())

    def file(self, member: str) -> Path:
        """Return where a member is kept, or all of them."""
        return self.folder / f"member-{self.saved['name']}-{member}.npz"

    def remove(self) -> None:
        """Remove what was saved, and the folder if nothing else is in it."""
        (self.folder / _FIT).unlink(missing_ok=True)  # first: without it the others are nothing
        self._remove(_SAVED, *_UNFINISHED)
        with suppress(OSError):
            self.folder.rmdir()

    def _remove(self, *patterns: str) -> None:
        for pattern in patterns:
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)


def _new_document(random_state: Any) -> dict[str, Any]:
    """Return what tells a fit from others, but for what it is."""
    state = None
    if not isinstance(random_state, numbers.Integral):
        state = check_random_state(random_state).get_state(legacy=False)
    return {
        "format": _FORMAT,
        # Part of its files' names: a worker of an earlier fit may still be saving.
        "name": secrets.token_hex(4),
        "machine": describe_machine(),
        "random_state": state,
    }


def _difference(name: str, there: str | None, here: str | None) -> str:
    """Return what differs, with both values if they are short."""
    is_short = max(len(there or ""), len(here or "")) <= LONGEST_SHOWN
    return f"{name} ({there} there, {here} here)" if is_short else name
