import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknumpynet.core.schedules import SCHEDULES, custom_schedule, fading

OVER_PROGRESS = [name for name, own in SCHEDULES.items() if own.over_progress is not None]


@pytest.mark.parametrize("name", SCHEDULES)
def test_table(name):
    schedule = SCHEDULES[name]
    assert schedule.name == name
    assert schedule.patience_divisor is None or schedule.patience_divisor > 1
    assert schedule.smallest_rate > 0
    if schedule.divisor is not None:
        divisors = [schedule.divisor(seen, 0.5) for seen in range(0, 1001, 7)]
        assert all(1 <= divisor < np.inf for divisor in divisors)


@pytest.mark.parametrize("name", SCHEDULES)
def test_stays_itself_in_another_process(name):
    assert pickle.loads(pickle.dumps(SCHEDULES[name])) is SCHEDULES[name]


def test_constant_leaves_the_rate_alone():
    assert SCHEDULES["constant"].divisor is None
    assert SCHEDULES["constant"].patience_divisor is None


def test_invscaling():
    divisor = SCHEDULES["invscaling"].divisor
    assert divisor(0, 0.5) == 1.0
    assert divisor(8, 0.5) == 3.0
    assert divisor(7, 2.0) == 64.0


def test_adaptive_divides_by_five():
    assert SCHEDULES["adaptive"].divisor is None
    assert SCHEDULES["adaptive"].patience_divisor == 5.0
    assert SCHEDULES["adaptive"].smallest_rate == 1e-6


def test_plateau_is_adaptive_for_every_solver():
    assert SCHEDULES["plateau"].patience_divisor == SCHEDULES["adaptive"].patience_divisor
    assert [name for name, own in SCHEDULES.items() if own.only_sgd] == ["invscaling", "adaptive"]


@pytest.mark.parametrize("name", OVER_PROGRESS)
def test_plans_end_low(name):
    factors = [SCHEDULES[name].over_progress(i / 10_000) for i in range(10_001)]
    assert max(factors) == pytest.approx(1.0)
    assert all(factor >= 0 for factor in factors)
    assert factors[-1] < 1e-4


@pytest.mark.parametrize("name", [name for name in OVER_PROGRESS if name != "log_cosine"])
def test_plans_rise_if_at_all_before_they_fall(name):
    factors = [SCHEDULES[name].over_progress(i / 100) for i in range(101)]
    peak = factors.index(max(factors))
    assert factors[:peak] == sorted(factors[:peak])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)


def test_log_cosine_has_four_periods_each_twice_as_long():
    factor = SCHEDULES["log_cosine"].over_progress
    for period in range(4):
        start, end = ((2**k - 1) / 15 for k in (period, period + 1))
        assert factor(start) == pytest.approx(0.0, abs=1e-12)
        assert factor(end) == pytest.approx(0.0, abs=1e-12)
        middle = (2 ** (period + 0.5) - 1) / 15
        assert factor(middle) == pytest.approx(1.0)


def test_fading():
    factors = [fading(i / 100) for i in range(101)]
    assert factors[:50] == [1.0] * 50
    assert factors[50:] == sorted(factors[50:], reverse=True)
    assert factors[75] == pytest.approx(0.5)
    assert factors[-1] == 0.0


def test_shapes_of_the_plans():
    progress = np.linspace(0, 1, 11)
    curves = {name: [SCHEDULES[name].over_progress(p) for p in progress] for name in OVER_PROGRESS}
    assert_allclose(curves["linear"], 1 - progress)
    assert_allclose(curves["cosine"], np.cos(np.pi * progress / 2) ** 2, atol=1e-12)
    assert curves["one_cycle"][0] == pytest.approx(1 / 25)
    assert curves["one_cycle"][3] == pytest.approx(1.0)
    assert curves["one_cycle"][10] == pytest.approx(1 / 250_000)


def test_one_cycle_and_cosine_are_pytorchs():
    torch = pytest.importorskip("torch")
    n_steps = 100
    schedulers = torch.optim.lr_scheduler
    for name, make in (
        ("one_cycle", lambda o: schedulers.OneCycleLR(o, 1.0, total_steps=n_steps + 1)),
        ("cosine", lambda o: schedulers.CosineAnnealingLR(o, n_steps)),
    ):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        scheduler, rates = make(optimizer), []
        for _ in range(n_steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        ours = [SCHEDULES[name].over_progress(i / n_steps) for i in range(n_steps)]
        # PyTorch's cycle peaks a step before 30 % of the steps.
        assert_allclose(ours, rates, atol=0.03 if name == "one_cycle" else 1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_warmup_comes_before_the_schedule(name):
    schedule = SCHEDULES[name]
    assert [schedule.step_factor(p, 0.2) for p in (0.0, 0.05, 0.1)] == [0.0, 0.25, 0.5]
    plain = schedule.over_progress or (lambda progress: 1.0)
    for progress in (0.2, 0.4, 0.99):
        expected = plain((progress - 0.2) / 0.8)
        assert schedule.step_factor(progress, 0.2) == pytest.approx(expected)
        assert schedule.step_factor(progress, 0.0) == plain(progress)
    assert schedule.step_factor(0.5, 1.0) == 0.5


def _parabola(progress):
    return 1 - progress**2


def test_a_schedule_of_ones_own():
    schedule = custom_schedule(_parabola)
    assert schedule.step_factor(0.5, 0.0) == 0.75
    again = pickle.loads(pickle.dumps(schedule))
    assert again == schedule
    assert again.over_progress is _parabola


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (lambda progress: -progress, "-0.1 for 0.1"),
        (lambda progress: np.nan, "nan for 0.0"),
        (lambda progress: np.inf, "inf for 0.0"),
        (lambda progress: "fast", "'fast' for 0.0"),
        (lambda progress: [1.0, 2.0], r"\[1.0, 2.0\] for 0.0"),
        (lambda progress: None, "None for 0.0"),
    ],
)
def test_what_a_schedule_may_not_return(function, got):
    with pytest.raises(ValueError, match=f"must return a finite number .*, got {got}"):
        custom_schedule(function)
