"""One network's course of training: what it is trained by, and what it has come to."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from sknumpynet.core.schedules import SCHEDULES, Schedule

__all__ = ["RECORDS", "Member", "Settings"]

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
    planned_epochs : int, optional
        What the progress of training is measured by; ``max_epochs`` by default.
    epochs_before : int
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
        Training ends at the first chunk of batches after this time.
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
    planned_epochs: int | None = None
    epochs_before: int = 0
    dropout: tuple[float, ...] = ()
    regularization: Callable[[float], float] | None = None
    max_gradient_norm: float = np.inf
    early_stopping: bool = True
    max_seconds: float = np.inf
    report: Callable[[str], None] | None = None


@dataclass
class Member:
    """One network's course of training; goes on where it was when training is continued.

    Parameters
    ----------
    random_state : RandomState
        Source of its shuffles, and before them of a seed for dropout. Members that are given the
        same object share its shuffles, and if their rows are the same too, their batches.
    validate : callable(parameters), optional
        Returns the validation score and loss of parameters of shape (P,), after every epoch.
    end_of_epoch : callable(member, parameters), optional
        Called after every epoch; training stops if it returns True. The parameters are the ones
        that are trained: who keeps them takes a copy.

    Attributes
    ----------
    loss_curve : list of float
        Loss of every epoch.
    best_loss : float
    stalled_epochs : int
        Epochs since the last improvement.
    n_epochs : int
        Epochs of this run.
    n_samples_seen : int
    validation_scores, validation_losses : list of float
    history : dict of list
        The epochs of this run, see ``RECORDS``.
    best_validation_score : float
    best_parameters : ndarray of shape (P,) or None
        After the best epoch of this run that beat all earlier ones.
    status : str
    """

    random_state: np.random.RandomState
    validate: Callable[[np.ndarray], tuple[float, float]] | None = None
    end_of_epoch: Callable[["Member", np.ndarray], bool] | None = None
    loss_curve: list[float] = field(default_factory=list)
    best_loss: float = np.inf
    stalled_epochs: int = 0
    n_epochs: int = 0
    n_samples_seen: int = 0
    validation_scores: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in RECORDS})
    best_validation_score: float = -np.inf
    best_parameters: np.ndarray | None = None
    status: Status = "running"

    def judge(self, loss: float, parameters: np.ndarray, settings: Settings) -> None:
        """Take an epoch's loss in, and its validation score if there is one."""
        self.loss_curve.append(loss)
        if settings.report:
            settings.report(f"Iteration {self.n_epochs}, loss = {loss:.8f}")
        score = validation_loss = math.nan
        if self.validate is not None:
            score, validation_loss = self.validate(parameters)
            self.validation_scores.append(score)
            self.validation_losses.append(validation_loss)
            if settings.report:
                settings.report(f"Validation score: {score:f}")
        self.history["validation_score"].append(score)
        self.history["validation_loss"].append(validation_loss)
        if not self.is_judged_by_validation(settings):
            improved = not loss > self.best_loss - settings.tol
            self.best_loss = min(loss, self.best_loss)
            if score > self.best_validation_score:
                self.best_validation_score = score
        else:
            improved = not score < self.best_validation_score + settings.tol
            if score > self.best_validation_score:
                self.best_validation_score = score
                self.best_parameters = parameters.copy()
        self.stalled_epochs = 0 if improved else self.stalled_epochs + 1

    def is_judged_by_validation(self, settings: Settings) -> bool:
        """Return whether the validation score says what the best epoch is."""
        return self.validate is not None and settings.early_stopping
