"""Fits that overlap in threads leave the threads of BLAS as they were."""

import json
import os
import signal
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import joblib
import numpy as np
import pytest
import threadpoolctl
from helpers.scripts import NUMPY, TABULAR, X, Y, run_as_script
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedGridSearchCV,
    StackedRandomizedSearchCV,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpynet.training import workers
from sknumpynet.utils import blas
from sknumpynet.utils.blas import blas_libraries, blas_threads

pytestmark = pytest.mark.oldest

# The threads of BLAS in real libraries -----------------------------------------------------------


def n_threads():
    pools = threadpoolctl.threadpool_info()
    return [pool["num_threads"] for pool in pools if pool["user_api"] == "blas"]


def in_a_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


class Section:
    """A limited section of a thread, entered and left when told."""

    def __init__(self, limit=1):
        self.executor = ThreadPoolExecutor(1)
        self.section = blas_threads(limit)
        self.executor.submit(self.section.__enter__).result()

    def leave(self):
        self.executor.submit(self.section.__exit__, None, None, None).result()

    def end(self):
        self.executor.shutdown()


def leave_in_order(order, limits=(1, 1, 1)):
    sections = [Section(limit) for limit in limits]
    during = [n_threads()]
    for k in order[:-1]:
        sections[k].leave()
        during.append(n_threads())
    sections[order[-1]].leave()
    # As long as its thread lives, threadpoolctl 3.8 lets no other set a limit.
    after = n_threads()
    for section in sections:
        section.end()
    assert all(n <= 2 for counts in during for n in counts), during
    return after


def leave_beside_main(main_is_first):
    first, second = (blas_threads(1), None) if main_is_first else (None, blas_threads(1))
    with ExitStack() as stack:
        if main_is_first:
            stack.enter_context(first)
        section = Section()
        if not main_is_first:
            stack.enter_context(second)
        if main_is_first:
            stack.close()
        else:
            section.leave()
    if main_is_first:
        section.leave()
    after = n_threads()
    section.end()
    return after


def nested():
    with blas_threads(2), blas_threads(1), blas_threads(2):
        assert set(n_threads()) <= {1}, n_threads()
    return n_threads()


def an_exception_inside():
    for action in (lambda: 1 / 0, lambda: in_a_thread(nested)):
        try:
            with blas_threads(1):
                action()
        except ZeroDivisionError:
            pass
    return n_threads()


def inside_ones_own_limit():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = n_threads()
        with blas_threads(1):
            assert set(n_threads()) <= {1}, n_threads()
        assert n_threads() == before
        section, other = Section(), Section()
        section.leave()
        other.leave()
        assert n_threads() == before
        section.end()
        other.end()
    return n_threads()


def a_lower_limit_stays():
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        with blas_threads(2):
            assert set(n_threads()) <= {1}, n_threads()
        assert set(n_threads()) <= {1}, n_threads()
    return n_threads()


def others_can_set_limits_afterwards():
    section = Section()
    section.leave()
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        assert set(n_threads()) <= {2}, n_threads()
    section.end()
    return n_threads()


SECTIONS = {
    "out as in": lambda: leave_in_order([0, 1, 2]),
    "last in first out": lambda: leave_in_order([2, 1, 0]),
    "middle first": lambda: leave_in_order([1, 0, 2]),
    "other limits": lambda: leave_in_order([0, 1, 2], (2, 1, 2)),
    "rising limits": lambda: leave_in_order([0, 1, 2], (1, 2, 2)),
    "main first": lambda: leave_beside_main(True),
    "main second": lambda: leave_beside_main(False),
    "nested": nested,
    "an exception": an_exception_inside,
    "one's own limit": inside_ones_own_limit,
    "a lower limit": a_lower_limit_stays,
    "afterwards": others_can_set_limits_afterwards,
}

ESTIMATORS = {
    "tabular classifier": TabularMLPClassifier(**TABULAR, n_jobs=1),
    "tabular regressor": TabularMLPRegressor(**TABULAR, n_jobs=1),
    "tabular classifier, two workers": TabularMLPClassifier(**TABULAR, n_jobs=2),
    "classifier": NumpyMLPClassifier(**NUMPY, n_members=3),
    "regressor": NumpyMLPRegressor(**NUMPY, n_members=3),
    "network": NumpyMLPClassifier(**NUMPY),
    "search": StackedGridSearchCV(NumpyMLPClassifier(**NUMPY), {"alpha": [0.1, 1.0]}, cv=2),
    "search of tables": StackedRandomizedSearchCV(
        TabularMLPClassifier(**TABULAR), {"weight_decay": [0.1, 1.0]}, n_iter=2, cv=2
    ),
}


def in_joblibs_threads(estimator):
    with joblib.parallel_config("threading", n_jobs=2):
        cross_val_score(estimator, X, Y, cv=4)


def in_an_executor(estimator):
    with ThreadPoolExecutor(3) as executor:
        list(executor.map(lambda k: clone(estimator).fit(X[k:], Y[k:]), range(4)))
        return n_threads()  # as long as the threads live


def beside_main(estimator):
    with ThreadPoolExecutor(1) as executor:
        for _ in range(2):
            other = executor.submit(clone(estimator).fit, X, Y)
            clone(estimator).fit(X, Y)
            other.result()
        return n_threads()


def with_an_error(estimator):
    broken = np.full((60, 2), np.inf)
    with ThreadPoolExecutor(2) as executor:
        fits = [executor.submit(clone(estimator).fit, rows, Y) for rows in (X, broken, X)]
        errors = [fit.exception() is not None for fit in fits]  # waits for each of them
        assert errors == [False, True, False]
        return n_threads()


def inside_a_users_limit(estimator):
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = n_threads()
        clone(estimator).fit(X, Y)
        assert n_threads() == before
        in_an_executor(estimator)
        assert n_threads() == before


FEW = ("tabular classifier", "classifier", "search")

FITS = {
    f"{where.__name__}: {name}": (where, ESTIMATORS[name])
    for where, names in {
        in_joblibs_threads: set(ESTIMATORS) - {"tabular classifier, two workers"},
        in_an_executor: ESTIMATORS,
        beside_main: FEW,
        with_an_error: FEW,
        inside_a_users_limit: FEW,
    }.items()
    for name in sorted(names)
}


def report_threads():
    warnings.simplefilter("ignore")
    # Two workers that are asked for are started, for as little work as this.
    workers.FEWEST_SECONDS = workers.START_SECONDS = workers.IMPORT_SECONDS = 0.0
    cases = dict(SECTIONS)
    cases |= {name: lambda c=case: c[0](c[1]) for name, case in FITS.items()}
    report = {}
    for name, case in cases.items():
        # More than the machine may have; a thread that is gone holds nothing.
        in_a_thread(lambda: threadpoolctl.threadpool_limits(3, user_api="blas"))
        before = n_threads()
        try:
            inside = case()
        except Exception as error:
            inside = repr(error)
        report[name] = [before, before if inside is None else inside, n_threads()]
    return report


@pytest.fixture(scope="module")
def threads():
    return run_as_script(__file__)


@pytest.mark.parametrize("name", [*SECTIONS, *FITS])
def test_fits_leave_the_threads_of_blas_as_they_were(threads, name):
    before, inside, after = threads[name]
    assert all(n == 3 for n in before)
    assert inside == before
    assert after == before


# The threads of BLAS in every kind of library ----------------------------------------------------


class Library:
    """What `threadpoolctl` sees of a library, and who can set it."""

    def __init__(self, scope, n_threads):
        self.scope, self.of_process, self.of_thread = scope, n_threads, {}
        self.owner = None

    def get(self):
        if self.scope == "thread":
            return self.of_thread.get(threading.current_thread(), self.of_process)
        return self.of_process

    def set(self, n):
        me = threading.current_thread()
        if self.scope == "thread":
            self.of_thread[me] = n
        elif self.scope == "process":
            self.of_process = n
        elif self.scope == "owner":  # OpenBLAS from threadpoolctl 3.8 on
            if self.owner is None or not self.owner.is_alive():
                self.owner = me
            if self.owner is me:
                self.of_process = n


class Libraries(blas._Libraries):
    """Such libraries in the place of the process's."""

    def __init__(self, *scopes):
        self.each = {f"{scope} {k}": Library(scope, 4 + k) for k, scope in enumerate(scopes)}

    def threads(self):
        return {path: library.get() for path, library in self.each.items()}

    def set_threads(self, n_threads):
        for path, n in n_threads.items():
            self.each[path].set(n)


@pytest.fixture
def fake_libraries(monkeypatch):
    def put(*scopes):
        libraries = Libraries(*scopes)
        monkeypatch.setattr(blas, "_Libraries", lambda: libraries)
        return libraries

    return put


SCOPES = [("process",), ("owner",), ("thread",), ("owner", "owner"), ("thread", "process"), ()]

ORDERS = [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1)]


@pytest.mark.parametrize("scopes", SCOPES)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limits", [(1, 1, 1), (2, 1, 3), (1, 9, 9)])
def test_any_order_of_leaving(fake_libraries, scopes, order, limits):
    libraries = fake_libraries(*scopes)
    before = libraries.threads()
    sections = [Section(limit) for limit in limits]

    def assert_limited(places):
        for k in places:
            own = sections[k].executor.submit(libraries.threads).result()
            assert all(n <= limits[k] for n in own.values())

    assert_limited(order)
    for k, place in enumerate(order):
        sections[place].leave()
        assert_limited(order[k + 1 :])
    for section in sections:
        assert section.executor.submit(libraries.threads).result() == before
        section.end()
    assert libraries.threads() == before


@pytest.mark.parametrize("scopes", SCOPES)
def test_a_thread_that_cannot_own_the_limit_sets_none(fake_libraries, scopes):
    libraries = fake_libraries(*scopes)
    for library in libraries.each.values():
        library.owner = threading.current_thread()  # has a limit of its own
    before = libraries.threads()
    sections = [Section(), Section()]
    during = libraries.threads()
    for path, library in libraries.each.items():
        assert during[path] == (1 if library.scope == "process" else before[path])
    with blas_threads(1):  # in this thread, which can
        assert set(libraries.threads().values()) <= {1}
    assert libraries.threads() == during
    for section in sections:
        section.leave()
        section.end()
    assert libraries.threads() == before


def test_what_others_have_set_meanwhile_stays(fake_libraries):
    libraries = fake_libraries("process")
    (library,) = libraries.each.values()
    library.set(2)  # a limit of another thread's, of 4
    with blas_threads(1):
        library.set(4)  # it ends
    assert library.get() == 4


def test_without_a_thread_to_spare_a_thread_limits_itself(fake_libraries, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    libraries = fake_libraries("process", "owner", "thread")
    before = libraries.threads()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with blas_threads(1):
        assert set(libraries.threads().values()) == {1}
    assert libraries.threads() == before


def test_an_interrupted_entry_counts_nobody(fake_libraries, monkeypatch):
    libraries = fake_libraries("process", "thread")
    before = libraries.threads()

    def interrupt(self, n_threads):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Libraries, "set_threads_elsewhere", interrupt)
        with pytest.raises(KeyboardInterrupt), blas_threads(1):
            pass
    with blas_threads(1):
        assert set(libraries.threads().values()) == {1}
    assert libraries.threads() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forked processes")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_process_waits_for_no_thread_that_it_has_not():
    with blas._process.lock:  # as by a thread that is just entering
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            with blas_threads(1):
                os._exit(7)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7


if __name__ == "__main__":
    print(json.dumps(report_threads()))


def test_libraries_are_told_with_their_threads():
    with threadpoolctl.threadpool_limits(1):
        told = blas_libraries()
    of_blas = [own for own in threadpoolctl.threadpool_info() if own["user_api"] == "blas"]
    assert len(told) == len(of_blas) > 0
    assert all(own.endswith(", 1 threads") for own in told)
