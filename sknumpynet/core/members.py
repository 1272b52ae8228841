"""What one network of a stack is trained by and from, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from sknumpynet.core.optimizers import Optimizer
from sknumpynet.core.schedules import SCHEDULES, Schedule
from sknumpynet.core.types import FloatArray, IntArray

__all__ = [
    "RECORDS",
    "BestOfPart",
    "Member",
    "MemberResult",
    "Settings",
    "Snapshot",
    "Status",
    "TrainingState",
]

Status = Literal[
    "running", "converged", "exhausted", "out_of_time", "stopped", "diverged", "interrupted"
]

# What is taken down of every epoch.
RECORDS = ("loss", "validation_loss", "validation_score", "learning_rate", "seconds")


@dataclass(frozen=True)
class Settings:
    """How a member trains and when it stops.

    The members of a stack may differ in all but ``batch_size`` and ``shuffle``.

    Parameters
    ----------
    batch_size : int
        Samples in a step.
    max_epochs : int
        Passes over the data.
    shuffle : bool
        Whether each epoch permutes the order of the last.
    tol : float
        An epoch must be better by this much to count as an improvement.
    patience : float
        Epochs without improvement, in a row, that are put up with (``n_iter_no_change``).
    schedule : Schedule
    power_t : float
        Exponent of the inverse scaling schedule.
    warmup : float
        Part of training over which the rate rises from 0.
    planned_epochs : float, optional
        What the progress of training is measured by; ``max_epochs`` by default.
    epochs_before : float
        How many of them are done already.
    dropout : tuple of float
        The rate of each hidden layer; none by default.
    regularization : callable(progress), optional
        Factor on dropout rates and weight decay, from the part of training that is done.
    max_gradient_norm : float
        See `Update`.
    early_stopping : bool
        Whether a member that has `Member.validate` is judged by it.
    max_seconds : float
        Training ends at the first group of batches after this time.
    report : callable(str), optional
        Called with a line of text for each event.
    """

    batch_size: int
    max_epochs: int = 200
    shuffle: bool = True
    tol: float = 1e-4
    patience: float = 10
    schedule: Schedule = SCHEDULES["constant"]
    power_t: float = 0.5
    warmup: float = 0.0
    planned_epochs: float | None = None
    epochs_before: float = 0
    dropout: tuple[float, ...] = ()
    regularization: Callable[[float], float] | None = None
    max_gradient_norm: float = np.inf
    early_stopping: bool = True
    max_seconds: float = np.inf
    report: Callable[[str], None] | None = None


@dataclass
class TrainingState:
    """What a later training of the same network goes on from, beside parameters and optimiser.

    Parameters
    ----------
    loss_curve : list of float
        Loss of every epoch.
    best_loss : float
    stalled_epochs : int
        Epochs since the last improvement.
    n_samples_seen : int
    validation_scores, validation_losses : list of float
    best_validation_score : float
    """

    loss_curve: list[float] = field(default_factory=list)
    best_loss: float = np.inf
    stalled_epochs: int = 0
    n_samples_seen: int = 0
    validation_scores: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    best_validation_score: float = -np.inf

    def copy(self) -> "TrainingState":
        """Return a copy, with lists of its own."""
        return replace(
            self,
            loss_curve=list(self.loss_curve),
            validation_scores=list(self.validation_scores),
            validation_losses=list(self.validation_losses),
        )


@dataclass
class BestOfPart:
    """The epoch that a part of the validation rows finds best.

    Parameters
    ----------
    loss : float
        Of the part.
    parameters : ndarray of shape (P,) or None
        After that epoch; None as long as there is none.
    """

    loss: float = np.inf
    parameters: FloatArray | None = None


@dataclass
class MemberResult:
    """What came of one network's training, or has up to now.

    Parameters
    ----------
    state : TrainingState
    n_epochs : int
        Epochs of this run.
    history : dict of list
        The epochs of this run, see ``RECORDS``.
    best_parameters : ndarray of shape (P,) or None
        After the best epoch of this run that beat all earlier ones.
    best_of_parts : list of BestOfPart
        One for each part of the validation rows that `Member.validate` tells the loss of.
    status : str
        'running', or why it ended: see ``Status``.
    """

    state: TrainingState = field(default_factory=TrainingState)
    n_epochs: int = 0
    history: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in RECORDS})
    best_parameters: FloatArray | None = None
    best_of_parts: list[BestOfPart] = field(default_factory=list)
    status: Status = "running"


@dataclass(frozen=True)
class Snapshot:
    """Where one network's training stands between two epochs: to go on from there gives its bits.

    Parameters
    ----------
    result : MemberResult
        Up to now; training is over unless its status is 'running'.
    parameters : ndarray of shape (P,)
        The last ones.
    optimizer : Optimizer
        Of one network, with its state.
    random_state : dict
        The state of the member's random source.
    rows : ndarray of int of shape (n_rows,)
        In the order of the last epoch, which the next one permutes.
    dropout : dict or None
        The state of what draws its masks, if any are drawn.
    """

    result: MemberResult
    parameters: FloatArray
    optimizer: Optimizer
    random_state: Any
    rows: IntArray
    dropout: Any


@dataclass
class Member:
    """One network of a stack as it goes into training, which changes nothing but its source.

    Parameters
    ----------
    random_state : RandomState
        Source of its shuffles, and before them of a seed for dropout. Members that are given the
        same object share its shuffles, and if their rows are the same too, their batches.
    settings : Settings
    alpha : float
        Strength of the L2 penalty on the weights, ½ alpha Σ w², divided by the batch's size.
    validate : callable(parameters), optional
        Returns the validation score and loss of parameters of shape (P,), after every epoch; and
        as many more losses as there are parts of the rows that choose an epoch of their own.
    end_of_epoch : callable(result, parameters), optional
        Called after every epoch with what has come of training up to now, a `MemberResult`;
        training stops if it returns True. The parameters are the ones that are trained: to keep
        them, take a copy.
    start : TrainingState
        Where an earlier training had come to.
    resume_from : Snapshot, optional
        Where this training stood when it was cut off.
    keep : callable(result, take), optional
        Called between epochs, and after the last; ``take()`` returns a `Snapshot`, a copy.
    """

    random_state: np.random.RandomState
    settings: Settings
    alpha: float = 0.0
    validate: Callable[[FloatArray], tuple[float, ...]] | None = None
    end_of_epoch: Callable[[MemberResult, FloatArray], bool] | None = None
    start: TrainingState = field(default_factory=TrainingState)
    resume_from: Snapshot | None = None
    keep: Callable[[MemberResult, Callable[[], Snapshot]], None] | None = None
