"""Which scorers can score the rows held out: metrics may need every class to be there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sknumpynet.core.network import Network
from sknumpynet.training.data import TrainingData, ValidationSet, Warned
from sknumpynet.training.runs import Run
from sknumpynet.training.validation import Validator
from sknumpynet.utils.scikit_learn import (
    rows_of,
)
from sknumpynet.utils.scorers import described, is_undefined_without_a_class, with_labels

__all__ = ["replace_failing_scorers"]

# So many rows of a class are enough to see whether a scorer works at all.
_ROWS_OF_A_CLASS = 20
_MOST_ROWS = 1_000


def replace_failing_scorers(data: TrainingData, scoring: Any, runs: Sequence[Run]) -> list[Warned]:
    """Try scorers on the rows held out, before training; where they fail, go by the loss.

    A member is scored by one thing in all its epochs, as its scores are compared.

    Parameters
    ----------
    data : TrainingData
    scoring : object
        What the warning calls the scorer.
    runs : sequence of Run
        Validators of their members are replaced.

    Returns
    -------
    list of (str, category)
        What to warn of.

    Raises
    ------
    Exception
        What the scorer raises, if not for want of a class.
    """
    # Members may have their rows in common.
    tried: dict[tuple[int, Network], tuple[Validator, str]] = {}
    members: dict[str, list[int]] = {}
    for k, run in enumerate(runs):
        validator = run.member.validate
        if not isinstance(validator, Validator) or validator.scoring.scorer is None:
            continue
        key = id(validator.validation), run.network
        if key not in tried:
            tried[key] = _tried(validator, run.parameters, data)
        found, reason = tried[key]
        run.member.validate = replace(found, table=validator.table, parts=validator.parts)
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


def _tried(
    validator: Validator, parameters: np.ndarray, data: TrainingData
) -> tuple[Validator, str]:
    """Return the validator that can score its rows, and why it is another if it is."""
    lack = _lack_of_classes(validator)
    if lack is None:
        score = _scored(validator, parameters)
        return (validator, "") if np.isfinite(score) else (validator.by_loss(), f"it gave {score}")
    scoring = validator.scoring
    if not lack.is_multilabel and scoring.classes is not None:
        scoring = replace(scoring, scorer=with_labels(scoring.scorer, scoring.classes))
        validator = replace(validator, scoring=scoring)
    if is_undefined_without_a_class(
        scoring.scorer, lack.n_present, is_multilabel=lack.is_multilabel
    ):
        _check_works(validator, parameters, data)
        return validator.by_loss(), lack.what
    try:
        score = _scored(validator, parameters)
    except Exception as error:
        try:
            _check_works(validator, parameters, data)
        except Exception:
            raise error from None
        return validator.by_loss(), f"{lack.what} ({type(error).__name__}: {error})"
    if np.isfinite(score):
        return validator, ""
    return validator.by_loss(), f"{lack.what} (it gave {score})"


def _scored(validator: Validator, parameters: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return validator.scored(parameters)


def _check_works(validator: Validator, parameters: np.ndarray, data: TrainingData) -> None:
    """Raise what the scorer raises where all classes are there: that is not for want of one."""
    validator = _on_all_classes(validator, data)
    if _lack_of_classes(validator) is None:
        _scored(validator, parameters)


class _Lack(NamedTuple):
    what: str
    n_present: int
    is_multilabel: bool


def _lack_of_classes(validator: Validator) -> _Lack | None:
    """Return what of a classifier's classes is missing from the rows that count, if something."""
    scoring, rows = validator.scoring, validator.validation
    if scoring.classes is None or scoring.kind_of_classes is None:
        return None
    weight = validator.scorer_weight
    counts = slice(None) if weight is None else weight > 0
    if scoring.kind_of_classes.startswith("multilabel"):
        targets = rows.targets[counts]
        constant = np.flatnonzero((targets == targets[:1]).all(axis=0))
        if len(constant) == 0:
            return None
        what = f"of labels {constant.tolist()} the rows held out are all alike"
        return _Lack(what, 0, is_multilabel=True)
    present = np.unique(rows.y[counts])
    absent = np.setdiff1d(scoring.classes, present)
    if len(absent) == 0 and len(present) > 1:
        return None
    what = f"no row held out is of classes {absent.tolist()}"
    if len(absent) == 0:
        what = f"there is no class but {present.tolist()}"
    return _Lack(what, len(present), is_multilabel=False)


def _on_all_classes(validator: Validator, data: TrainingData) -> Validator:
    """Return a validator on a few rows of each class that there is."""
    kinds = np.unique(data.targets, axis=0, return_inverse=True)[1].reshape(-1)
    counts = np.bincount(kinds)
    place = np.empty(len(kinds), np.intp)  # of each row among those of its kind
    place[kinds.argsort(kind="stable")] = np.arange(len(kinds)) - np.repeat(
        counts.cumsum() - counts, counts
    )
    n_rows = min((place < _ROWS_OF_A_CLASS).sum(), max(_MOST_ROWS, len(counts)))
    rows = place.argsort(kind="stable")[:n_rows]
    weight = None if validator.validation.sample_weight is None else np.ones(n_rows)
    some = ValidationSet(
        data.X[rows],
        data.y[rows],
        data.targets[rows],
        weight,
        given=rows_of(data.given, rows),
    )
    return replace(validator, validation=some)
