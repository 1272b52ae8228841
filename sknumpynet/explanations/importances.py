"""How much worse members predict rows that they never saw once a column tells them nothing.

What a column is worth on rows that were trained on is partly learned by heart; members of folds
have rows of their own that they never saw, so that no others need be set aside [1]_.

References
----------
.. [1] Breiman, "Random Forests", Machine Learning 45, 2001, section 10: of trees, by the rows that
   each has not seen.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import Bunch, check_random_state, check_scalar

from sknumpynet.core.inference import raw_outputs
from sknumpynet.core.losses import Loss
from sknumpynet.core.types import BoolArray, FloatArray
from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.estimators.fitted_attributes import description_of
from sknumpynet.estimators.training_data import GivenRows, make_training_data
from sknumpynet.explanations.columns import EncodedColumns
from sknumpynet.explanations.held_out_rows import masks_of_held_out
from sknumpynet.explanations.rows import column_names, column_number

__all__ = ["column_importances"]


class UnseenRows(NamedTuple):
    """Rows that a member never saw.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_encoded)
    targets : ndarray of shape (n_samples, n_outputs)
    sample_weight : ndarray of shape (n_samples,) or None
    """

    X: FloatArray
    targets: FloatArray
    sample_weight: FloatArray | None


def column_importances(
    estimator: NetworkEstimator,
    given: GivenRows,
    groups: Mapping[str, Sequence[Any]] | None,
    n_repeats: int,
    random_state: int | np.random.RandomState | None,
) -> Bunch:
    """Return importances by out-of-fold permutation; see `TabularMLPClassifier.column_importances`.

    Raises
    ------
    TypeError, ValueError
        For another table than that of the fit, a model that held no rows out, and groups of
        columns that are not there.
    """
    check_scalar(n_repeats, "n_repeats", Integral, min_val=1)
    state = getattr(estimator, "_held_out", None)
    if state is None:
        raise ValueError(
            "importances need members that never saw some rows, as with resample='folds': the "
            f"model held none out, or an earlier version fitted it, got {estimator!r}"
        )
    names, takes_other = _groups(estimator, groups)
    known = copy.deepcopy(description_of(estimator))
    targets = estimator._targets(known)
    data = make_training_data(
        estimator._inputs(known), targets, given, is_new=False, is_incremental=True
    )
    source = check_random_state(random_state)
    columns = EncodedColumns.of(estimator.preprocessor_)
    masks = masks_of_held_out(state, data.X, data.targets)
    importances = []
    for mask, (network, parameters) in zip(masks, estimator._members(), strict=True):
        weight = None if data.sample_weight is None else data.sample_weight[mask]
        if not mask.any() or (weight is not None and not weight.any()):
            continue
        rows = UnseenRows(data.X[mask], data.targets[mask].astype(np.float64), weight)
        loss_of = partial(_mean_loss, targets.loss, rows, partial(raw_outputs, network, parameters))
        importances.append(_increases(loss_of, columns, rows.X, takes_other, n_repeats, source))
    by_member = np.stack(importances, axis=1)
    deviation = by_member.std(axis=1, ddof=1) if len(importances) > 1 else np.nan * by_member[:, 0]
    return Bunch(
        importances_mean=by_member.mean(axis=1),
        importances_std=deviation,
        importances_error=deviation / np.sqrt(by_member.shape[1]),
        importances=by_member,
        feature_names=names,
    )


def _groups(
    estimator: NetworkEstimator, groups: Mapping[str, Sequence[Any]] | None
) -> tuple[np.ndarray, BoolArray]:
    """Return names, and masks of columns that are permuted together."""
    names = column_names(estimator)
    if groups is None:
        return names, np.eye(len(names), dtype=bool)
    masks = np.zeros((len(groups), len(names)), bool)
    for mask, members in zip(masks, groups.values(), strict=True):
        mask[[column_number(estimator, column) for column in members]] = True
    return np.array(list(groups), dtype=object), masks


def _increases(
    loss_of: Callable[[FloatArray], float],
    columns: EncodedColumns,
    X: FloatArray,
    takes_other: BoolArray,
    n_repeats: int,
    source: np.random.RandomState,
) -> FloatArray:
    """Return by how much the loss grows, once for each group of columns, the mean of repeats."""
    losses = np.zeros(len(takes_other))
    for _ in range(n_repeats):
        others = X[source.permutation(len(X))]
        losses += [loss_of(columns.mixed(X, others, group)) for group in takes_other]
    return np.asarray(losses / n_repeats - loss_of(X))


def _mean_loss(
    loss: Loss, rows: UnseenRows, raw_of: Callable[[FloatArray], FloatArray], X: FloatArray
) -> float:
    """Return the loss of rows of which columns may be permuted."""
    values = loss.value(raw_of(X).T.astype(np.float64), rows.targets.T)
    return float(np.average(values, weights=rows.sample_weight))
