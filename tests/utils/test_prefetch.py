"""Reading ahead: everything in order, errors where they belong, and no thread left behind."""

import threading
import time

import pytest

from sknumpynet.utils.prefetch import prefetched


def n_readers():
    return sum(thread.name == "prefetch" for thread in threading.enumerate())


@pytest.mark.parametrize("n_items", [0, 1, 20])
def test_items_come_in_order(n_items):
    assert list(prefetched(range(n_items))) == list(range(n_items))
    assert n_readers() == 0


def test_an_error_is_raised_behind_the_items_before_it():
    def items():
        yield 1
        raise KeyError("lost")

    read = prefetched(items())
    assert next(read) == 1
    with pytest.raises(KeyError, match="lost"):
        next(read)
    assert n_readers() == 0


def test_what_cannot_be_iterated_over_is_an_error():
    class Locked:
        def __iter__(self):
            raise OSError("locked")

    with pytest.raises(OSError, match="locked"):
        next(prefetched(Locked()))
    assert n_readers() == 0


def test_who_asks_no_more_ends_the_reading():
    made = []

    def items():
        for number in range(1000):
            made.append(number)
            yield number

    read = prefetched(items())
    assert [next(read), next(read)] == [0, 1]
    read.close()
    assert n_readers() == 0
    assert len(made) <= 3


def test_reading_goes_on_while_somebody_works():
    made = []

    def items():
        for number in range(3):
            made.append(number)
            yield number

    read = prefetched(items())
    next(read)
    deadline = time.monotonic() + 10
    while len(made) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert made == [0, 1]  # and no more than that
    read.close()
