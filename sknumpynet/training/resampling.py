"""What each member of an ensemble sees of the data, and what members say of rows held out."""

import copy
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length, indexable

from sknumpynet.core.types import BoolArray, IntArray
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import MemberRows, TrainingData
from sknumpynet.utils.scikit_learn import slice_params

__all__ = ["rows_of_members"]

# The rows to train on and those held out: numbers or a mask.
Split = tuple[Any, Any]


def rows_of_members(
    config: TrainingConfig,
    data: TrainingData,
    random_state: np.random.RandomState,
    split_params: dict[str, Any],
) -> list[MemberRows]:
    """Return what of the data every member sees.

    Parameters
    ----------
    config : TrainingConfig
    data : TrainingData
    random_state : RandomState
    split_params : dict
        For the ``split`` of a splitter of a user's own.

    Raises
    ------
    ValueError
        If the splits are not as many as the members.
    """
    n_members, resample = config.n_members, config.resample
    if resample is None:
        return [MemberRows()] * n_members
    if n_members < config.splits.fewest_members:
        raise ValueError(f"resample={resample!r} needs n_members of at least 2, got n_members=1")
    if isinstance(resample, str) and resample == "bootstrap":
        return _bootstrap(data, n_members, random_state)
    if isinstance(resample, str):
        seed = random_state.randint(np.iinfo(np.int32).max)
        splitter = config.splits.folds(n_members, seed, data.y, data.targets, data.sample_weight)
        splits = _splits_of(splitter, data.X, data.y)
    elif data.is_kept is None:
        splits = _splits_of(resample, data.X, data.y, split_params)
    else:
        splits = _splits_of_kept(resample, data, data.is_kept, split_params)
    if len(splits) != n_members:
        raise ValueError(
            f"resample={resample!r} makes {len(splits)} splits: n_members must be as many, got "
            f"n_members={n_members}"
        )
    # A splitter may speak in masks, and in lists.
    every = np.arange(data.X.shape[0])
    splits = [(every[np.asarray(train)], every[np.asarray(test)]) for train, test in splits]
    judged = config.is_judged_by_folds(data)
    hint = "" if data.is_kept is None else ", once those of weight 0 are dropped"
    for train, test in splits:
        if len(train) == 0:
            raise ValueError(f"resample={resample!r} leaves a member no rows to train on{hint}")
        if len(test) == 0 and judged:
            raise ValueError(f"resample={resample!r} holds out no rows to judge a member by{hint}")
        # In the type that networks are trained in small weights are 0.
        weight = None if data.sample_weight is None else data.sample_weight.astype(data.X.dtype)
        if weight is not None and not weight[train].any():
            raise ValueError("Sample weights of a fold must contain at least one non-zero number.")
    return [MemberRows(rows=train, held_out=test) for train, test in splits]


def _splits_of(
    splitter: Any, X: Any, y: np.ndarray, params: dict[str, Any] | None = None
) -> list[Split]:
    _, y, *_ = indexable(X, y)
    return list(splitter.split(X, y, **(params or {})))


def _splits_of_kept(
    splitter: Any, data: TrainingData, is_kept: BoolArray, params: dict[str, Any]
) -> list[Split]:
    """Return a user's splits of the rows that are left, those of weight 0 being dropped.

    A splitter that goes by a table of its own, such as `PredefinedSplit`, means the rows as they
    were given. It is known by saying the same of them as of those that are left, or by refusing
    the latter; one that draws its splits from the rows says something else of fewer.
    """
    n_given, kept = len(is_kept), np.flatnonzero(is_kept)
    if params.get("groups") is not None:
        check_consistent_length(is_kept, params["groups"])
    params = slice_params(is_kept, params, kept)
    # What a dropped row held may be anything: the first that is left stands in for it.
    place = np.zeros(n_given, np.intp)
    place[kept] = np.arange(len(kept))
    try:
        of_given = _splits_of(
            copy.deepcopy(splitter),
            data.X[place],
            data.y[place],
            slice_params(kept, params, place),
        )
    except Exception:
        return _splits_of(splitter, data.X, data.y, params)
    try:
        of_kept = _splits_of(splitter, data.X, data.y, params)
    except Exception:
        return _cut(of_given, is_kept)
    same = len(of_kept) == len(of_given) and all(
        np.array_equal(mine, other)
        for pair, other_pair in zip(of_kept, of_given, strict=True)
        for mine, other in zip(pair, other_pair, strict=True)
    )
    return _cut(of_given, is_kept) if same else of_kept


def _cut(splits: list[Split], is_kept: BoolArray) -> list[Split]:
    """Return splits of all rows as those of the rows that are kept."""
    every, place = np.arange(len(is_kept)), np.cumsum(is_kept) - 1

    def cut(part: Any) -> IntArray:
        rows: IntArray = every[np.asarray(part)]
        cut_rows: IntArray = place[rows[is_kept[rows]]]
        return cut_rows

    return [(cut(train), cut(test)) for train, test in splits]


def _bootstrap(
    data: TrainingData, n_members: int, random_state: np.random.RandomState
) -> list[MemberRows]:
    n_samples = data.X.shape[0]
    # A sample in which every weight is zero has nothing to learn from.
    weight = np.ones(n_samples) if data.sample_weight is None else data.sample_weight
    members: list[MemberRows] = []
    while len(members) < n_members:
        counts = np.bincount(random_state.randint(n_samples, size=n_samples), minlength=n_samples)
        if (counts * weight).any():
            members.append(MemberRows(sample_weight=counts * weight))
    return members
