"""All that training asks for, typed: made by every kind of estimator from its parameters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknumpynet.training.data import TrainingData
from sknumpynet.training.splits import Splits

__all__ = ["TrainingConfig"]


@dataclass(frozen=True)
class TrainingConfig:
    """How the networks of one estimator are trained, under the names of its parameters.

    Parameters
    ----------
    n_members, max_iter : int
    batch_size : int
        Samples of a step.
    requested_batch_size : int or None
        What the user asked for; None where that is up to us.
    hidden_layer_sizes : int or sequence of int
        As given.
    solver : str
        'lbfgs' or a key of ``OPTIMIZERS``.
    optimizer_settings : dict
        What the solver's class takes beside the learning rate.
    dropouts : tuple
        What members of a kind take in turn: a rate, or one for each hidden layer.
    resample, scoring : object
    splits : Splits
        What makes folds, and sets rows aside.
    random_state : int, RandomState or None
    max_time : float or None
    verbose : bool or int
    n_jobs : int or None
        Workers that train; None as joblib is configured.
    regularization : callable(progress), optional
        See `Settings`.
    n_initial_rows : int or None
        Rows that starting weights are fitted to; None for weights that are not.
    keeps_optimizer : bool
        Whether `partial_fit` may go on from the optimiser's state.
    is_incremental : bool
        Whether it is one pass of `partial_fit`.
    conformal : bool
        Whether members that choose an epoch by the rows that they hold out also keep those that
        each half of these rows chooses.
    n_trees_for_knots : int
        Trees that each member grows to place knots by.
    """

    n_members: int
    max_iter: int
    batch_size: int
    requested_batch_size: int | None
    hidden_layer_sizes: int | Sequence[int]
    solver: str
    dropouts: tuple[Any, ...]
    resample: Any
    scoring: Any
    splits: Splits
    random_state: int | np.random.RandomState | None
    max_time: float | None
    verbose: bool | int
    n_jobs: int | None
    learning_rate: str | Callable[[float], float]
    learning_rate_init: float
    power_t: float
    warmup: float
    shuffle: bool
    tol: float
    n_iter_no_change: float
    early_stopping: bool
    validation_fraction: float
    alpha: float
    max_grad_norm: float | None
    weight_init: str
    dtype: str | None
    optimizer_settings: Mapping[str, Any] = field(default_factory=dict)
    max_fun: int = 15_000
    label_smoothing: float = 0.0
    regularization: Callable[[float], float] | None = None
    n_initial_rows: int | None = None
    keeps_optimizer: bool = True
    is_incremental: bool = False
    conformal: bool = True
    n_trees_for_knots: int = 4

    def is_judged_by_folds(self, data: TrainingData) -> bool:
        """Return whether the rows that a member holds out choose its epoch."""
        return self.early_stopping and self.solver != "lbfgs" and data.validation is None

    @property
    def max_seconds(self) -> float:
        """What training may take."""
        return np.inf if self.max_time is None else float(self.max_time)
