"""Learning rate schedules: how training so far changes the learning rate.

A new schedule is one more entry in ``SCHEDULES``; the tests run through that table.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["SCHEDULES", "Schedule", "fading", "custom_schedule"]


@dataclass(frozen=True)
class Schedule:
    """What happens to the learning rate in a step, at an epoch's end, and when training stalls.

    Parameters
    ----------
    name : str
    divisor : callable(n_samples_seen, power_t) or None
        What the initial learning rate is divided by after an epoch; None leaves the rate alone.
    patience_divisor : float or None
        A stalled run goes on with its rate divided by this; None stops it.
    smallest_rate : float
        A stalled run at or below this rate stops in any case.
    over_progress : callable(progress) or None
        The factor on the rate in a step, from the part of training that is done, in [0, 1). Such a
        schedule is a plan for the whole of training: it is not stopped by a training loss that
        stalls, only by a validation score that does.
    only_sgd : bool
        Whether it is scikit-learn's, which other solvers do not heed.

    Examples
    --------
    >>> SCHEDULES["invscaling"].divisor(99, 0.5)
    10.0
    >>> SCHEDULES["cosine"].over_progress(0.5)
    0.5
    """

    name: str
    divisor: Callable[[int, float], float] | None = None
    patience_divisor: float | None = None
    smallest_rate: float = 1e-6
    over_progress: Callable[[float], float] | None = None
    only_sgd: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle those of the table by name: a function made in a table cannot be."""
        if SCHEDULES.get(self.name) is self:
            return _by_name, (self.name,)
        return Schedule, (self.name, None, None, self.smallest_rate, self.over_progress)

    def step_factor(self, progress: float, warmup: float) -> float:
        """Return the factor on the rate in a step.

        Parameters
        ----------
        progress : float
            The part of training that is done, in [0, 1).
        warmup : float
            The part over which the rate rises linearly from 0; the schedule begins behind it.
        """
        if progress < warmup:
            return progress / warmup
        if self.over_progress is None:
            return 1.0
        rest = 1.0 - warmup
        return self.over_progress((progress - warmup) / rest if rest > 0 else 1.0)


def _cosine(progress: float) -> float:
    """Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, one period."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))


# The parts of Smith and Topin, "Super-Convergence", 2019, in the form that has become usual.
ONE_CYCLE_RISE = 0.3
ONE_CYCLE_START = 1.0 / 25.0
ONE_CYCLE_END = ONE_CYCLE_START / 1e4


def _one_cycle(progress: float) -> float:
    if progress < ONE_CYCLE_RISE:
        start, end, part = ONE_CYCLE_START, 1.0, progress / ONE_CYCLE_RISE
    else:
        start, end = 1.0, ONE_CYCLE_END
        part = (progress - ONE_CYCLE_RISE) / (1.0 - ONE_CYCLE_RISE)
    return end + (start - end) * _cosine(part)


def _linear(progress: float) -> float:
    return 1.0 - progress


def _log_cosine(progress: float) -> float:
    """Four periods, each twice as long as the one before, that begin and end with 0.

    Holzmüller et al., "Better by Default", NeurIPS 2024, section 3.
    """
    return 0.5 * (1.0 - math.cos(2.0 * math.pi * math.log2(1.0 + 15.0 * progress)))


def fading(progress: float) -> float:
    """Return 1 in the first half of training, from then on half a period of a cosine down to 0.

    Examples
    --------
    >>> fading(0.3), fading(0.75), fading(1.0)
    (1.0, 0.5, 0.0)
    """
    return 1.0 if progress < 0.5 else _cosine(2.0 * progress - 1.0)


SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule
    for schedule in (
        Schedule("constant"),
        Schedule(
            "invscaling",
            divisor=lambda seen, power_t: (seen + 1) ** power_t,
            only_sgd=True,
        ),
        Schedule("adaptive", patience_divisor=5.0, only_sgd=True),
        Schedule("plateau", patience_divisor=5.0),
        Schedule("cosine", over_progress=_cosine),
        Schedule("one_cycle", over_progress=_one_cycle),
        Schedule("linear", over_progress=_linear),
        Schedule("log_cosine", over_progress=_log_cosine),
    )
}


def _by_name(name: str) -> Schedule:
    return SCHEDULES[name]


def custom_schedule(over_progress: Callable[[float], float]) -> Schedule:
    """Return the schedule of a function of one's own.

    Parameters
    ----------
    over_progress : callable(progress)
        The factor on the initial learning rate, from the part of training that is done, in [0, 1].

    Raises
    ------
    ValueError
        If it returns anything but a number that is finite and not negative.

    Examples
    --------
    >>> custom_schedule(lambda progress: 1 - progress**2).over_progress(0.5)
    0.75
    """
    for i in range(11):
        factor = over_progress(i / 10)
        try:
            valid = 0 <= float(factor) < math.inf
        except (TypeError, ValueError):
            valid = False
        if not valid:
            raise ValueError(
                "learning_rate must return a finite number that is not negative for every "
                f"progress in [0, 1], got {factor!r} for {i / 10}"
            )
    return Schedule("own", over_progress=over_progress)
