import pickle

import pytest

from sknumpynet.core.schedules import SCHEDULES


@pytest.mark.parametrize("name", SCHEDULES)
def test_table(name):
    schedule = SCHEDULES[name]
    assert schedule.name == name
    assert schedule.patience_divisor is None or schedule.patience_divisor > 1
    assert schedule.smallest_rate > 0
    if schedule.factor is not None:
        factors = [schedule.factor(seen, 0.5) for seen in range(0, 1001, 7)]
        assert all(0 < factor <= 1 for factor in factors)


@pytest.mark.parametrize("name", SCHEDULES)
def test_stays_itself_in_another_process(name):
    assert pickle.loads(pickle.dumps(SCHEDULES[name])) is SCHEDULES[name]


def test_constant_leaves_the_rate_alone():
    assert SCHEDULES["constant"].factor is None
    assert SCHEDULES["constant"].patience_divisor is None


def test_invscaling():
    factor = SCHEDULES["invscaling"].factor
    assert factor(0, 0.5) == 1.0
    assert factor(8, 0.5) == pytest.approx(1 / 3)
    assert factor(7, 2.0) == pytest.approx(1 / 64)


def test_adaptive_divides_by_five():
    assert SCHEDULES["adaptive"].factor is None
    assert SCHEDULES["adaptive"].patience_divisor == 5.0
    assert SCHEDULES["adaptive"].smallest_rate == 1e-6
