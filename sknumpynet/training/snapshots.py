"""A member's snapshot as a file: arrays and one JSON in a zip, of which no code runs on reading."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sknumpynet.core.members import BestOfPart, MemberResult, Snapshot, TrainingState
from sknumpynet.core.optimizers import Optimizer
from sknumpynet.utils.atomic import replaced

__all__ = ["damaged", "from_json", "read_snapshot", "to_json", "write_snapshot"]


def to_json(value: Any) -> str:
    """Return plain values, and small arrays among them, as JSON."""
    return json.dumps(value, default=_plain)


def from_json(text: str | bytes) -> Any:
    """Return what `to_json` was given.

    Examples
    --------
    >>> import numpy as np
    >>> from_json(to_json({"loss": np.float32(0.5), "key": np.arange(2)}))
    {'loss': 0.5, 'key': array([0, 1])}
    """
    return json.loads(text, object_hook=_with_arrays)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.str, "values": value.tolist()}
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is not for JSON")


def _with_arrays(pairs: dict[str, Any]) -> Any:
    if pairs.keys() == {"dtype", "values"}:
        return np.array(pairs["values"], np.dtype(pairs["dtype"]))
    return pairs


def write_snapshot(path: Path, snapshot: Snapshot, *, lost_its_scores: bool) -> None:
    """Write a snapshot in the place of the one before.

    Parameters
    ----------
    path : Path
    snapshot : Snapshot
    lost_its_scores : bool
        See `Run`.

    Raises
    ------
    OSError
        If it cannot be written; the one before stays.
    """
    result, optimizer = snapshot.result, snapshot.optimizer
    document = {
        "state": asdict(result.state),
        "n_epochs": result.n_epochs,
        "history": result.history,
        "losses_of_parts": [best.loss for best in result.best_of_parts],
        "status": result.status,
        "progress": {name: getattr(optimizer, name) for name in optimizer.progress},
        "random_state": snapshot.random_state,
        "dropout": snapshot.dropout,
        "lost_its_scores": lost_its_scores,
    }
    arrays: dict[str, Any] = {
        "document": np.frombuffer(to_json(document).encode(), np.uint8),
        "parameters": snapshot.parameters,
        "optimizer": optimizer.state,
        "rows": snapshot.rows.astype(np.min_scalar_type(snapshot.rows.max(initial=0))),
        "best": result.best_parameters,
        **{f"best_of_{i}": best.parameters for i, best in enumerate(result.best_of_parts)},
    }
    with replaced(path) as file:
        np.savez(file, **{name: own for name, own in arrays.items() if own is not None})


def read_snapshot(path: Path, optimizer: Optimizer) -> tuple[Snapshot, bool]:
    """Return what `write_snapshot` wrote.

    Parameters
    ----------
    path : Path
    optimizer : Optimizer
        As training began with it, of the same hyperparameters; stays as it is.

    Returns
    -------
    snapshot : Snapshot
    lost_its_scores : bool

    Raises
    ------
    ValueError
        If the file is not as it was written.
    """
    try:
        # Opened here: of a file that is no zip NumPy leaves it open.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays: dict[str, Any] = dict(archive)
        document = from_json(arrays["document"].tobytes())
        result = MemberResult(
            TrainingState(**document["state"]),
            document["n_epochs"],
            document["history"],
            arrays.get("best"),
            [
                BestOfPart(loss, arrays.get(f"best_of_{i}"))
                for i, loss in enumerate(document["losses_of_parts"])
            ],
            document["status"],
        )
        snapshot = Snapshot(
            result,
            arrays["parameters"],
            optimizer.resumed(document["progress"], arrays["optimizer"]),
            document["random_state"],
            arrays["rows"].astype(np.intp),
            document["dropout"],
        )
        return snapshot, document["lost_its_scores"]
    except Exception as error:  # there are many ways not to be a zip
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> ValueError:
    """Return what to raise of a file that is not as it was written."""
    return ValueError(
        f"{path} is damaged ({type(error).__name__}: {error}): delete its folder "
        f"{str(path.parent)!r} to train anew"
    )
