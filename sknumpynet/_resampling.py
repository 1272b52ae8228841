"""What each member of an ensemble sees of the data, and what members say of rows held out."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils import indexable
from sklearn.utils.multiclass import type_of_target

if TYPE_CHECKING:
    from sknumpynet._base import BaseNumpyMLP
    from sknumpynet._preparation import Data

__all__ = ["Share", "mean_out_of_fold", "shares_of_members"]


class Share(NamedTuple):
    """What one member sees: all there is, unless a field says otherwise.

    Parameters
    ----------
    sample_weight : ndarray of shape (n_samples,) or None
        A bootstrap sample as weights, those of the data multiplied in.
    rows : ndarray of int or None
        The rows it trains on.
    held_out : ndarray of int or None
        The rows it never sees.
    """

    sample_weight: np.ndarray | None = None
    rows: np.ndarray | None = None
    held_out: np.ndarray | None = None


def shares_of_members(
    estimator: "BaseNumpyMLP",
    data: "Data",
    random_state: np.random.RandomState,
    split_params: dict[str, Any],
) -> list[Share]:
    """Return every member's share of the data.

    Raises
    ------
    ValueError
        If the splits are not as many as the members.
    """
    n_members, resample = estimator.n_members, estimator.resample
    if resample is None:
        return [Share()] * n_members
    if n_members == 1:
        raise ValueError(f"resample={resample!r} needs n_members of at least 2, got n_members=1")
    if isinstance(resample, str) and resample == "bootstrap":
        return _bootstrap(data, n_members, random_state)
    splitter = resample
    if isinstance(resample, str):
        seed = random_state.randint(np.iinfo(np.int32).max)
        # Several labels a row cannot be stratified by.
        stratified = is_classifier(estimator) and type_of_target(data.y) in {"binary", "multiclass"}
        kind = StratifiedKFold if stratified else KFold
        splitter = kind(n_members, shuffle=True, random_state=seed)
    _, y, *_ = indexable(data.X, data.y)
    splits = list(splitter.split(data.X, y, **split_params))
    if len(splits) != n_members:
        raise ValueError(
            f"resample={resample!r} makes {len(splits)} splits: n_members must be as many, got "
            f"n_members={n_members}"
        )
    # A splitter may speak in masks, and in lists.
    every = np.arange(data.X.shape[0])
    splits = [(every[np.asarray(train)], every[np.asarray(test)]) for train, test in splits]
    for train, _ in splits:
        if len(train) == 0:
            raise ValueError(f"resample={resample!r} leaves a member no rows to train on")
        if data.sample_weight is not None and not data.sample_weight[train].any():
            raise ValueError("Sample weights of a fold must contain at least one non-zero number.")
    return [Share(rows=train, held_out=test) for train, test in splits]


def _bootstrap(data: "Data", n_members: int, random_state: np.random.RandomState) -> list[Share]:
    n_samples = data.X.shape[0]
    # A sample in which every weight is zero has nothing to learn from.
    weight = np.ones(n_samples) if data.sample_weight is None else data.sample_weight
    shares = []
    while len(shares) < n_members:
        counts = np.bincount(random_state.randint(n_samples, size=n_samples), minlength=n_samples)
        if (counts * weight).any():
            shares.append(Share(sample_weight=counts * weight))
    return shares


def mean_out_of_fold(
    predictions: list[np.ndarray], held_out: list[np.ndarray], n_samples: int
) -> np.ndarray:
    """Return each row's mean over the members that never saw it, NaN where there is none.

    Parameters
    ----------
    predictions : list of ndarray of shape (n_held_out, n_outputs)
    held_out : list of ndarray of int of shape (n_held_out,)
    n_samples : int

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    total = np.zeros((n_samples, predictions[0].shape[1]), predictions[0].dtype)
    counts = np.zeros((n_samples, 1), total.dtype)
    for rows, values in zip(held_out, predictions, strict=True):
        np.add.at(total, rows, values)
        np.add.at(counts, rows, 1)
    return np.divide(total, counts, out=np.full_like(total, np.nan), where=counts > 0)
