"""The course of training, epoch by epoch, as one table."""

from typing import Any

from sknumpynet.core.members import RECORDS, MemberResult

__all__ = ["LONGEST", "extended_history", "n_epochs_so_far"]

# Epochs kept of each member, so that a model that is fed forever does not grow forever.
LONGEST = 10_000


def _of_member(history: dict[str, list[Any]] | None, k: int) -> dict[str, list[Any]]:
    """Return the columns of one member, empty if there is no history."""
    columns = ("epoch", *RECORDS)
    if not history:
        return {name: [] for name in columns}
    if "member" not in history:
        return {name: history[name] for name in columns}
    own = [i for i, member in enumerate(history["member"]) if member == k]
    return {name: [history[name][i] for i in own] for name in columns}


def n_epochs_so_far(history: dict[str, list[Any]] | None, k: int) -> int:
    """Return the number of the last epoch that member ``k`` has behind it."""
    epochs: list[int] = _of_member(history, k)["epoch"]
    return epochs[-1] if epochs else 0


def extended_history(
    history: dict[str, list[Any]] | None, results: list[MemberResult]
) -> dict[str, list[Any]]:
    """Return a history with the epochs that the members have just trained, at most `LONGEST` each.

    Parameters
    ----------
    history : dict or None
        Up to now; stays as it is.
    results : list of MemberResult
        Each member's.

    Returns
    -------
    dict of list
        Equally long columns: ``member``, if there are several, ``epoch`` and ``RECORDS``.
    """
    several = len(results) > 1
    extended: dict[str, list[Any]] = {"member": []} if several else {}
    extended |= {name: [] for name in ("epoch", *RECORDS)}
    for k, result in enumerate(results):
        so_far = _of_member(history, k)
        n_new = len(result.history["loss"])
        first = n_epochs_so_far(history, k) + 1
        new: dict[str, list[Any]] = {"epoch": list(range(first, first + n_new)), **result.history}
        for name, values in so_far.items():
            extended[name] += [*values, *new[name]][-LONGEST:]
        if several:
            extended["member"] += [k] * min(len(so_far["epoch"]) + n_new, LONGEST)
    return extended
