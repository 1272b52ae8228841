"""Validated data, and the runs that are made of them."""

from typing import Any, NamedTuple

import numpy as np

from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.executor import Run
from sknumpynet.training.validation import HeldOut

__all__ = ["Data", "Plan", "Warned"]

# A message and its category.
Warned = tuple[str, type[Warning]]


class Data(NamedTuple):
    """Validated data, which the runs of many estimators can share.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
    y : ndarray
        The targets as they were given.
    targets : ndarray of shape (n_samples, n_outputs)
        The targets as the network learns them.
    sample_weight : ndarray of shape (n_samples,) or None
        Divided by ``weight_unit``.
    weight_unit : float
    description : dict
        The estimator's attributes that say what the data are.
    held_out : HeldOut or None
        Rows that were given to validate by.
    learned_X : ndarray or CSR matrix of shape (n_samples, n_features)
        What is trained on: X, but for what rows hold that do not count.
    counts : ndarray of bool of shape (n_samples,) or None
        Which rows have a ``sample_weight`` of their own above 0, if not all.
    kept : ndarray of bool of shape (n_rows_given,) or None
        Which of the rows that were given these are, if not all.
    given : object
        The rows as they were given.
    """

    X: Any
    y: np.ndarray
    targets: np.ndarray
    sample_weight: np.ndarray | None
    weight_unit: float
    description: dict[str, Any]
    held_out: HeldOut | None
    learned_X: Any
    counts: np.ndarray | None
    kept: np.ndarray | None
    given: Any


class Plan(NamedTuple):
    """The runs of one estimator, a run for each member.

    Parameters
    ----------
    config : TrainingConfig
    runs : list of Run
    held_out : list of (ndarray of int or None)
        The rows that a member of ``resample`` never sees.
    warnings : list of (str, category)
        What to warn of.
    """

    config: TrainingConfig
    runs: list[Run]
    held_out: list[np.ndarray | None]
    warnings: list[Warned]
