"""All that training asks for, typed: made by every kind of estimator from its parameters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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
        'lbfgs' or a key of ``OPTIMIZERS``, whose settings are named as fields are here.
    dropouts : tuple
        What members take in turn: a rate, or one for each hidden layer.
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
    keeps_optimizer : bool
        Whether `partial_fit` may go on from the optimiser's state.
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
    weight_decay: float
    max_grad_norm: float | None
    weight_init: str
    dtype: str | None
    beta_1: float
    beta_2: float
    epsilon: float
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    max_fun: int = 15_000
    regularization: Callable[[float], float] | None = None
    keeps_optimizer: bool = True

    def dropout_of(self, member: int) -> Any:
        """Return the dropout of one member, a rate or one for each hidden layer."""
        return self.dropouts[member % len(self.dropouts)]

    @property
    def max_seconds(self) -> float:
        """What training may take."""
        return np.inf if self.max_time is None else float(self.max_time)
