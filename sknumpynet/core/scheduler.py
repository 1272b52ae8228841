"""What schedules change while a stack trains: rates, weight decay and the strength of dropout."""

import copy
from collections.abc import Sequence

import numpy as np

from sknumpynet.core.dropout import Dropout
from sknumpynet.core.monitor import Monitor
from sknumpynet.core.optimizers import Optimizer
from sknumpynet.core.row_order import RowOrder
from sknumpynet.core.schedules import SCHEDULES
from sknumpynet.core.types import Scalar

__all__ = ["Scheduler", "item"]


class Scheduler:
    """Sets an optimiser's rates and weight decay, and the strengths of dropout.

    Between epochs the optimiser has the rates of the epoch; in a step it has those times the
    step's factor.

    Parameters
    ----------
    optimizer : Optimizer
    dropout : Dropout or None
    monitors : sequence of Monitor, one for each member
    is_single : bool
        Whether it is for one network, not for a stack.

    Attributes
    ----------
    changes_steps : bool
        Whether `begin_step` has anything to do.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        dropout: Dropout | None,
        monitors: Sequence[Monitor],
        *,
        is_single: bool,
    ) -> None:
        self.monitors, self.is_single = list(monitors), is_single
        settings = [monitor.settings for monitor in monitors]
        self.initial_rates = self._as_column(optimizer.initial_learning_rate)
        self.changes_steps = any(
            own.schedule.over_progress is not None
            or own.warmup > 0
            or own.regularization is not None
            for own in settings
        )
        if any(own.schedule is not SCHEDULES["constant"] or own.warmup > 0 for own in settings):
            optimizer.learning_rate = self._as_column(optimizer.learning_rate)
        self._bind(optimizer, dropout)

    def _as_column(self, scalar: Scalar) -> Scalar:
        if self.is_single:
            return scalar
        return np.broadcast_to(np.asarray(scalar, float), (len(self.monitors), 1)).copy()

    def _bind(self, optimizer: Optimizer, dropout: Dropout | None) -> None:
        self.optimizer, self.dropout = optimizer, dropout
        self.epoch_rates, self.weight_decay = optimizer.learning_rate, optimizer.weight_decay
        self.n_steps: list[int] = []
        self.n_steps_done = 0

    def begin_epoch(self, order: RowOrder) -> None:
        """Count the steps that each member will take."""
        self.n_steps = [
            -(-order.n_rows(position) // monitor.settings.batch_size)
            for position, monitor in enumerate(self.monitors)
        ]
        self.n_steps_done = 0

    def begin_step(self) -> None:
        """Let the schedules say the rates of the next step, by the progress in its middle."""
        rates, strengths = [], []
        # Members mostly go by the same schedule: said once, that takes 45 instead of 110 µs for 8.
        known: dict[tuple[object, ...], tuple[float, float]] = {}
        for monitor, n_steps in zip(self.monitors, self.n_steps, strict=True):
            own = monitor.settings
            # A member with fewer rows than others may be through.
            step = min(self.n_steps_done, n_steps - 1)
            done = own.epochs_before + monitor.result.n_epochs + (step + 0.5) / n_steps
            progress = min(done / (own.planned_epochs or own.max_epochs), 1.0)
            key = progress, own.schedule, own.warmup, own.regularization
            if key not in known:
                rate = own.schedule.step_factor(progress, own.warmup)
                strength = 1.0 if own.regularization is None else own.regularization(progress)
                known[key] = rate, strength
            rates.append(known[key][0])
            strengths.append(known[key][1])
        self.optimizer.learning_rate = self.epoch_rates * _of_members(rates)
        if self.weight_decay is not None:
            self.optimizer.weight_decay = self.weight_decay * _of_members(strengths)
        if self.dropout is not None:
            self.dropout.strengths = strengths
        self.n_steps_done += 1

    def restore(self) -> None:
        """Undo what was done to the optimiser for the last step."""
        self.optimizer.learning_rate = self.epoch_rates
        if self.weight_decay is not None:
            self.optimizer.weight_decay = self.weight_decay

    def end_epoch(self, position: int) -> None:
        """Let a member's schedule change its rate, and again or stop the member if it stalled."""
        monitor = self.monitors[position]
        settings, result = monitor.settings, monitor.result
        schedule, state = settings.schedule, result.state
        if schedule.divisor is not None:
            divisor = schedule.divisor(state.n_samples_seen, settings.power_t)
            self._set_rate(position, item(self.initial_rates, position) / divisor)
        if state.stalled_epochs <= settings.patience:
            return
        by_validation = monitor.is_judged_by_validation
        if schedule.over_progress is not None and not by_validation:
            return
        what = "Validation score" if by_validation else "Training loss"
        message = (
            f"{what} did not improve more than tol={settings.tol:f} for "
            f"{settings.patience:.0f} consecutive epochs."
        )
        rate = item(self.optimizer.learning_rate, position)
        if schedule.patience_divisor is None:
            result.status, consequence = "converged", "Stopping."
        elif rate <= schedule.smallest_rate:
            result.status, consequence = "converged", "Learning rate too small. Stopping."
        else:
            rate /= schedule.patience_divisor
            self._set_rate(position, rate)
            state.stalled_epochs = 0
            consequence = f"Setting learning rate to {rate:f}"
        if settings.report:
            settings.report(f"{message} {consequence}")

    def _set_rate(self, position: int, rate: float) -> None:
        if isinstance(self.epoch_rates, np.ndarray):
            self.epoch_rates[position] = rate
        else:
            self.optimizer.learning_rate = self.epoch_rates = rate

    def take(
        self, positions: Sequence[int], optimizer: Optimizer, dropout: Dropout | None
    ) -> "Scheduler":
        """Return the scheduler of some members, with the optimiser and dropout of these."""
        some = copy.copy(self)
        some.monitors = [self.monitors[i] for i in positions]
        if isinstance(self.initial_rates, np.ndarray):
            some.initial_rates = self.initial_rates[positions]
        some._bind(optimizer, dropout)
        return some


def _of_members(values: Sequence[float]) -> Scalar:
    """Return a number where members agree, which is quicker than a column."""
    if len(set(values)) == 1:
        return values[0]
    return np.array(values)[:, np.newaxis]


def item(scalar: Scalar, position: int) -> float:
    """Return a member's number."""
    return float(scalar[position, 0]) if isinstance(scalar, np.ndarray) else scalar
