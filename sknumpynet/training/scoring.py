"""Which scorers can judge the rows that are held out: metrics may need every class to be there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sknumpynet.training.validation import HeldOut, Judge
from sknumpynet.utils.scikit_learn import (
    described,
    is_undefined_without_a_class,
    rows_of,
    with_labels,
)

if TYPE_CHECKING:
    from sknumpynet.training.data import Data
    from sknumpynet.training.executor import Run

__all__ = ["let_losses_judge"]

# So many rows of a class are enough to see whether a scorer works at all.
_ROWS_OF_A_CLASS = 20
_MOST_ROWS = 1_000


def let_losses_judge(
    data: "Data", scoring: Any, runs: Sequence["Run"]
) -> list[tuple[str, type[Warning]]]:
    """Try scorers on the rows held out, before training; where they fail, let the loss judge.

    A member is judged by one thing in all its epochs, as its scores are compared.

    Parameters
    ----------
    data : Data
    scoring : object
        What the warning calls the scorer.
    runs : sequence of Run
        Judges of their members are replaced.

    Returns
    -------
    list of (str, category)
        What to warn of.

    Raises
    ------
    Exception
        What the scorer raises, if not for want of a class.
    """
    tried: dict[int, tuple[Judge, str]] = {}  # members may have their rows in common
    members: dict[str, list[int]] = {}
    for k, run in enumerate(runs):
        judge = run.member.validate
        if not isinstance(judge, Judge) or judge.scorer is None:
            continue
        key = id(judge.held_out)
        if key not in tried:
            tried[key] = _tried(judge, run.parameters, data)
        run.member.validate, reason = tried[key]
        if reason:
            members.setdefault(reason, []).append(k)
    if not members:
        return []
    whom = "; ".join(
        f"{'the network' if len(runs) == 1 else f'members {own}'}: {reason}"
        for reason, own in members.items()
    )
    message = (
        f"scoring={described(scoring)} cannot judge {whom}. Judged by the loss instead: "
        "validation_scores_ are minus the losses there."
    )
    return [(message, UndefinedMetricWarning)]


def _tried(judge: Judge, parameters: np.ndarray, data: "Data") -> tuple[Judge, str]:
    """Return the judge that can judge its rows, and why it is another if it is."""
    lack = _lack_of_classes(judge)
    if lack is None:
        score = _scored(judge, parameters)
        return (judge, "") if np.isfinite(score) else (judge.by_loss(), f"it gave {score}")
    if not lack.is_multilabel and judge.targets.classes is not None:
        judge = replace(judge, scorer=with_labels(judge.scorer, judge.targets.classes))
    if is_undefined_without_a_class(judge.scorer, lack.n_present, is_multilabel=lack.is_multilabel):
        _check_works(judge, parameters, data)
        return judge.by_loss(), lack.what
    try:
        score = _scored(judge, parameters)
    except Exception as error:
        try:
            _check_works(judge, parameters, data)
        except Exception:
            raise error from None
        return judge.by_loss(), f"{lack.what} ({type(error).__name__}: {error})"
    if np.isfinite(score):
        return judge, ""
    return judge.by_loss(), f"{lack.what} (it gave {score})"


def _scored(judge: Judge, parameters: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return judge.scored(parameters)


def _check_works(judge: Judge, parameters: np.ndarray, data: "Data") -> None:
    """Raise what the scorer raises where all classes are there: that is not for want of one."""
    judge = _on_all_classes(judge, data)
    if _lack_of_classes(judge) is None:
        _scored(judge, parameters)


class _Lack(NamedTuple):
    what: str
    n_present: int
    is_multilabel: bool


def _lack_of_classes(judge: Judge) -> _Lack | None:
    """Return what of a classifier's classes is missing from the rows that count, if something."""
    of_classes, held_out = judge.targets, judge.held_out
    if of_classes.classes is None or of_classes.kind is None:
        return None
    weight = judge.scorer_weight
    counts = slice(None) if weight is None else weight > 0
    if of_classes.kind.startswith("multilabel"):
        targets = held_out.targets[counts]
        constant = np.flatnonzero((targets == targets[:1]).all(axis=0))
        if len(constant) == 0:
            return None
        what = f"of labels {constant.tolist()} the rows held out are all alike"
        return _Lack(what, 0, is_multilabel=True)
    present = np.unique(held_out.y[counts])
    absent = np.setdiff1d(of_classes.classes, present)
    if len(absent) == 0 and len(present) > 1:
        return None
    what = f"no row held out is of classes {absent.tolist()}"
    if len(absent) == 0:
        what = f"there is no class but {present.tolist()}"
    return _Lack(what, len(present), is_multilabel=False)


def _on_all_classes(judge: Judge, data: "Data") -> Judge:
    """Return a judge by a few rows of each class that there is."""
    kinds = np.unique(data.targets, axis=0, return_inverse=True)[1].reshape(-1)
    counts = np.bincount(kinds)
    place = np.empty(len(kinds), np.intp)  # of each row among those of its kind
    place[kinds.argsort(kind="stable")] = np.arange(len(kinds)) - np.repeat(
        counts.cumsum() - counts, counts
    )
    n_rows = min((place < _ROWS_OF_A_CLASS).sum(), max(_MOST_ROWS, len(counts)))
    rows = place.argsort(kind="stable")[:n_rows]
    weight = None if judge.held_out.sample_weight is None else np.ones(n_rows)
    some = HeldOut(
        data.X[rows],
        data.y[rows],
        data.targets[rows],
        weight,
        given=rows_of(data.given, rows),
    )
    return replace(judge, held_out=some)
