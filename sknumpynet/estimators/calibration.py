"""A temperature for an ensemble's probabilities, by rows that none of its like has seen.

members' folds, in four groups → an ensemble without each → what it says of the rows in it → one
temperature for all
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax, logit
from sklearn.base import clone

from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.training.data import TrainingData
from sknumpynet.utils.scikit_learn import rows_of

__all__ = ["calibration_attributes"]

# Each takes an ensemble of half of the members, altogether 1.8 times the fit. Fewer members are
# surer: four in place of sixteen would ask for a temperature that is higher by 0.04.
MOST_GROUPS = 4
FEWEST_MEMBERS = 5

# Between which the logarithm of the temperature is sought.
BOUNDS = (-2.0, 2.0)


class _Judged(NamedTuple):
    """What ensembles say of rows that had no part in them.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes) or (n_rows, n_labels)
    targets : ndarray of bool of the same shape
    weight : ndarray of shape (n_rows,)
    """

    probabilities: FloatArray
    targets: FloatArray
    weight: FloatArray


def calibration_attributes(
    estimator: NetworkEstimator,
    data: TrainingData,
    sample_weight: Any,
    held_out: Sequence[IntArray] | None,
) -> dict[str, Any]:
    """Return the temperature of a classifier that is being fitted, and what it brings.

    Parameters
    ----------
    estimator : classifier
        Not fitted yet; stays as it is.
    data : TrainingData
        What it is fitted to.
    sample_weight : array-like or None
        As it was given for them.
    held_out : sequence of ndarray of int or None
        The rows that each of its members never saw.

    Raises
    ------
    ValueError
        If members hold out no rows, or all the same.
    """
    groups = _groups(estimator, held_out, len(data.y))
    of_groups = list(_judged(estimator, data, sample_weight, groups))
    loss_of = _loss_of_labels if data.y.ndim == 2 else _loss_of_classes
    everything = _joined(of_groups)
    # A group's loss, with the temperature of the others: what it will be of new rows.
    losses, calibrated, weights = [], [], []
    for k, own in enumerate(of_groups):
        if own.weight.any():
            temperature = _best(_joined(of_groups[:k] + of_groups[k + 1 :]), loss_of)
            losses.append(loss_of(own, 1.0))
            calibrated.append(loss_of(own, temperature))
            weights.append(own.weight.sum())
    loss = float(np.average(losses, weights=weights))
    calibrated_loss = float(np.average(calibrated, weights=weights))
    is_better = calibrated_loss < loss
    return {
        "temperature_": _best(everything, loss_of) if is_better else 1.0,
        "calibration_": {
            "loss": loss,
            "calibrated_loss": calibrated_loss,
            "n_rows": len(everything.weight),
        },
    }


def _groups(
    estimator: NetworkEstimator, held_out: Sequence[IntArray] | None, n_rows: int
) -> list[IntArray]:
    """Return the rows that some members hold out, for each group of members."""
    folds = [own for own in held_out or [] if len(own)]
    n_groups = min(MOST_GROUPS, len(folds))
    groups = [np.unique(np.concatenate(folds[k::n_groups])) for k in range(n_groups)]
    groups = [own for own in groups if len(own) < n_rows]
    if len(groups) < 2:
        raise ValueError(
            f"calibrate={estimator.calibrate!r} takes members that hold out different rows: two "
            f"members at least, and no X_val; got n_members={estimator.n_members!r}, "
            f"resample={estimator.resample!r}"
        )
    return groups


def _judged(
    estimator: NetworkEstimator,
    data: TrainingData,
    sample_weight: Any,
    groups: Sequence[IntArray],
) -> Iterator[_Judged]:
    """Yield what an ensemble that has not seen a group of rows says of them."""
    n_rows = len(data.y)
    n_members = estimator._training_config(n_rows).n_members
    judge = clone(estimator).set_params(
        calibrate=None,
        conformal=False,
        n_background=0,
        n_members=max(n_members // 2, min(n_members, FEWEST_MEMBERS)),
        resample="folds",
    )
    weight = np.ones(n_rows) if data.sample_weight is None else data.sample_weight
    if sample_weight is not None:
        sample_weight = np.asarray(sample_weight)
        sample_weight = sample_weight if data.is_kept is None else sample_weight[data.is_kept]
    for group in groups:
        others = np.setdiff1d(np.arange(n_rows), group)
        own_weight = None if sample_weight is None else sample_weight[others]
        judge.fit(rows_of(data.given, others), data.y[others], own_weight)
        yield _of_group(judge, data, group, weight[group])


def _of_group(
    judge: NetworkEstimator, data: TrainingData, group: IntArray, weight: FloatArray
) -> _Judged:
    probabilities = judge.predict_proba(rows_of(data.given, group))
    if data.y.ndim == 2:  # several labels a row
        return _Judged(probabilities, data.targets[group], weight)
    labels = np.asarray(data.y[group])
    # Of a class that it has not seen it can say nothing, whatever the temperature.
    is_known = np.isin(labels, judge.classes_)
    targets = labels[is_known, np.newaxis] == judge.classes_
    return _Judged(probabilities[is_known], targets, weight[is_known])


def _joined(judged: Sequence[_Judged]) -> _Judged:
    """Return the rows of several groups; some may lack a class."""
    n_columns = max(own.probabilities.shape[1] for own in judged)

    def padded(rows: FloatArray) -> FloatArray:
        return np.pad(rows, ((0, 0), (0, n_columns - rows.shape[1])))

    return _Judged(
        np.concatenate([padded(own.probabilities) for own in judged]),
        np.concatenate([padded(own.targets) for own in judged]),
        np.concatenate([own.weight for own in judged]),
    )


def _best(judged: _Judged, loss_of: Callable[[_Judged, float], float]) -> float:
    """Return the temperature of the least loss."""
    found = minimize_scalar(
        lambda logarithm: loss_of(judged, float(np.exp(logarithm))), bounds=BOUNDS, method="bounded"
    )
    return float(np.exp(found.x))


def _loss_of_classes(judged: _Judged, temperature: float) -> float:
    """Return the mean log loss of one class a row."""
    with np.errstate(divide="ignore"):  # columns of classes that are not there
        logits = np.log(judged.probabilities) / temperature
    losses = -log_softmax(logits, axis=1)[judged.targets.astype(bool)]
    return float(np.average(losses, weights=judged.weight))


def _loss_of_labels(judged: _Judged, temperature: float) -> float:
    """Return the mean log loss of several labels a row."""
    logits = logit(judged.probabilities) / temperature
    signs = np.where(judged.targets, 1.0, -1.0)
    return float(np.average(-log_expit(signs * logits).sum(axis=1), weights=judged.weight))
