"""Learning rate schedules: how training so far changes the learning rate of sgd."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["SCHEDULES", "Schedule"]


@dataclass(frozen=True)
class Schedule:
    """What happens to the learning rate at an epoch's end and when training stalls.

    Parameters
    ----------
    name : str
    factor : callable(n_samples_seen, power_t) or None
        The factor on the initial learning rate after an epoch; None leaves the rate alone.
    patience_divisor : float or None
        A stalled run goes on with its rate divided by this; None stops it.
    smallest_rate : float
        A stalled run at or below this rate stops in any case.

    Examples
    --------
    >>> SCHEDULES["invscaling"].factor(99, 0.5)
    0.1
    """

    name: str
    factor: Callable[[int, float], float] | None = None
    patience_divisor: float | None = None
    smallest_rate: float = 1e-6

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name: a function made in a table cannot be."""
        return _by_name, (self.name,)


SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule
    for schedule in (
        Schedule("constant"),
        Schedule("invscaling", factor=lambda seen, power_t: 1.0 / (seen + 1) ** power_t),
        Schedule("adaptive", patience_divisor=5.0),
    )
}


def _by_name(name: str) -> Schedule:
    return SCHEDULES[name]
