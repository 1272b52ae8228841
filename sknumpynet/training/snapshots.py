"""A member's snapshot as a file: arrays and one JSON in a zip, of which no code runs on reading."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sknumpynet.core.members import BestOfPart, MemberResult, Snapshot, TrainingState
from sknumpynet.core.optimizers import Optimizer
from sknumpynet.core.types import FloatArray
from sknumpynet.utils.atomic import replaced

__all__ = [
    "damaged",
    "from_json",
    "packed",
    "read_snapshot",
    "reading",
    "to_json",
    "unpacked",
    "write_arrays",
    "write_snapshot",
]


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
    document, arrays = packed(snapshot.result, snapshot.parameters, snapshot.optimizer)
    document |= {
        "random_state": snapshot.random_state,
        "dropout": snapshot.dropout,
        "lost_its_scores": lost_its_scores,
    }
    rows = snapshot.rows.astype(np.min_scalar_type(snapshot.rows.max(initial=0)))
    write_arrays(path, document, arrays | {"rows": rows})


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
    with reading(path) as (document, arrays):
        snapshot = Snapshot(
            *unpacked(document, arrays, optimizer),
            document["random_state"],
            arrays["rows"].astype(np.intp),
            document["dropout"],
        )
        return snapshot, document["lost_its_scores"]


# Parts ------------------------------------------------------------------------------------------


def packed(
    result: MemberResult, parameters: FloatArray, optimizer: Optimizer
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return plain values, and the arrays that there are, of how far a member has come."""
    document = {
        "state": asdict(result.state),
        "n_epochs": result.n_epochs,
        "history": result.history,
        "losses_of_parts": [best.loss for best in result.best_of_parts],
        "status": result.status,
        "progress": {name: getattr(optimizer, name) for name in optimizer.progress},
    }
    arrays = {
        "parameters": parameters,
        "optimizer": optimizer.state,
        "best": result.best_parameters,
        **{f"best_of_{i}": best.parameters for i, best in enumerate(result.best_of_parts)},
    }
    return document, arrays


def unpacked(
    document: dict[str, Any], arrays: dict[str, Any], optimizer: Optimizer
) -> tuple[MemberResult, FloatArray, Optimizer]:
    """Return what `packed` was given; the optimiser as training began with it stays as it is."""
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
    resumed = optimizer.resumed(document["progress"], arrays.get("optimizer"))
    return result, arrays["parameters"], resumed


def write_arrays(path: Path, document: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Write plain values, and arrays but for those that are None, in place of what was there."""
    there = {name: own for name, own in arrays.items() if own is not None}
    document = {"file": path.name, "arrays": sorted(there), **document}
    text = np.frombuffer(to_json(document).encode(), np.uint8)
    with replaced(path) as file:
        np.savez(file, document=text, **there)


@contextmanager
def reading(path: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Give what `write_arrays` wrote; what is not as it should be there is one error."""
    try:
        # Opened here: of a file that is no zip NumPy leaves it open.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays: dict[str, Any] = dict(archive)
        document = from_json(arrays.pop("document").tobytes())
        # A name in the zip's directory is under no checksum.
        if document["arrays"] != sorted(arrays):
            raise ValueError(f"it holds {sorted(arrays)} in place of {document['arrays']}")
        if document["file"] != path.name:
            raise ValueError(f"it was written as {document['file']!r}")
        yield document, arrays
    except Exception as error:  # there are many ways not to be a zip
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> ValueError:
    """Return what to raise of a file that is not as it was written."""
    return ValueError(
        f"{path} is damaged ({type(error).__name__}: {error}): delete its folder "
        f"{str(path.parent)!r} to train anew"
    )
