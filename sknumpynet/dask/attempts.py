"""Attempts at members: tasks on workers, and copies of those that are late.

All attempts at a member give the same bits, so that the first one counts. They tell each other by
variables of Dask's scheduler, which outlive workers, where they stand and who is still wanted.
"""

import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

from sknumpynet.dask.libraries import dask_module
from sknumpynet.training.shards import Progress

__all__ = ["Attempt", "FitVariables", "NotWantedError", "first_results"]

# Seconds between two looks at whether a member is still wanted, and between two saves of where it
# stands: some 150 kB, of a thousand members 15 MB a second for the scheduler.
SECONDS_TO_LOOK, SECONDS_TO_SAVE = 1.0, 10.0
# What a variable that is there takes at most; one that is not was deleted at the end of its fit.
SECONDS_TO_ANSWER = 2.0
# Once half of the members are there, one that takes so many times their median time is late.
LATE = 1.25
# The topic of Dask's events.
TOPIC = "sknumpynet"


class NotWantedError(Exception):
    """An attempt is not needed any more."""


class FitVariables(NamedTuple):
    """What the variables of a fit are called.

    Parameters
    ----------
    fit : str
        A name that no other fit has.
    """

    fit: str

    @property
    def wanted(self) -> str:
        """Of the numbers of members that are not there yet."""
        return f"{self.fit}-wanted"

    def progress(self, member: int) -> str:
        """Of where a member stands, empty bytes at its start."""
        return f"{self.fit}-{member}"


# On workers ---------------------------------------------------------------------------------------


class Attempt:
    """An attempt at a member, on the worker where this is called.

    Parameters
    ----------
    variables : FitVariables
    member : int
    """

    def __init__(self, variables: FitVariables, member: int) -> None:
        self.variables, self.member = variables, member
        self.distributed = dask_module("distributed")
        self.client = self.distributed.get_client()
        self.last_look = self.last_save = time.monotonic()

    def value_of(self, name: str) -> Any:
        """Return the value of a variable of this fit.

        Raises
        ------
        NotWantedError
            If there is none, so that the fit is over. Dask's scheduler logs that as an error: ask
            after `check`.
        """
        try:
            return self.distributed.Variable(name, self.client).get(SECONDS_TO_ANSWER)
        except TimeoutError as error:
            raise NotWantedError from error

    def check(self) -> None:
        """Raise `NotWantedError` if another attempt came first, or the fit is over."""
        self.last_look = time.monotonic()
        if self.member not in self.value_of(self.variables.wanted):
            raise NotWantedError

    def found(self) -> Progress | None:
        """Return where an earlier attempt stood, None if it has not come far."""
        self.check()
        saved = self.value_of(self.variables.progress(self.member))
        progress: Progress | None = pickle.loads(saved) if saved else None
        self._log("begins", Progress([]) if progress is None else progress)
        return progress

    def _log(self, what: str, progress: Progress) -> None:
        worker = self.distributed.get_worker()
        event = {"member": self.member, "what": what, "worker": worker.address}
        worker.log_event(TOPIC, event | {"epoch": progress.epoch, "shard": progress.n_shards})

    def keep(self, take: Callable[[], Progress]) -> None:
        """Save where training stands if it is time.

        Raises
        ------
        NotWantedError
            See `check`.
        """
        now = time.monotonic()
        saves = now - self.last_save >= SECONDS_TO_SAVE
        if saves or now - self.last_look >= SECONDS_TO_LOOK:
            self.check()
        if saves:
            progress = take()
            name = self.variables.progress(self.member)
            self.distributed.Variable(name, self.client).set(pickle.dumps(progress, protocol=5))
            self.last_save = time.monotonic()
            self._log("is saved", progress)


# On the client ------------------------------------------------------------------------------------


def first_results(
    client: Any,
    n_members: int,
    submit: Callable[[int, FitVariables, Sequence[str] | None], Any],
) -> list[Any]:
    """Return what the first attempt at each member gives, and let others stop.

    Parameters
    ----------
    client : distributed.Client
    n_members : int
    submit : callable(member, variables, workers)
        Returns the future of an attempt, on some workers if they are not None. What comes of it
        says in ``seconds`` how long it took, and is None if it was not wanted any more.

    Raises
    ------
    Exception
        What an attempt raised, if there is no other one of its member.
    """
    variables = FitVariables(f"{TOPIC}-{uuid4().hex}")
    attempts = _Attempts(client, variables, submit, set(range(n_members)))
    try:
        return attempts.results()
    finally:
        attempts.stop()


@dataclass
class _Attempts:
    """All attempts of a fit.

    Parameters
    ----------
    client : distributed.Client
    variables : FitVariables
    submit : callable(member, variables, workers)
    wanted : set of int
        Members that are not there yet.
    """

    client: Any
    variables: FitVariables
    submit: Callable[[int, FitVariables, Sequence[str] | None], Any]
    wanted: set[int]
    done: dict[int, Any] = field(default_factory=dict)
    running: dict[Any, int] = field(default_factory=dict)
    seen_running: dict[Any, float] = field(default_factory=dict)

    def results(self) -> list[Any]:
        """Return what came first for each member."""
        self._tell_wanted()
        for member in sorted(self.wanted):
            self._variable(self.variables.progress(member)).set(b"")
            self.running[self.submit(member, self.variables, None)] = member
        while self.wanted:
            for future in self._ended():
                self._take(future)
            if self.wanted:
                self._copy_late_ones()
        return [self.done[member] for member in sorted(self.done)]

    def stop(self) -> None:
        """Let all attempts that are left stop, and leave nothing behind."""
        members = {*self.wanted, *self.done}
        self.wanted = set()
        self._tell_wanted()
        for future in self.running:
            future.release()
        for name in map(self.variables.progress, members):
            self._variable(name).delete()
        if not self.running:  # else an attempt that looks has to find that nobody is wanted
            self._variable(self.variables.wanted).delete()

    def _variable(self, name: str) -> Any:
        return dask_module("distributed").Variable(name, self.client)

    def _tell_wanted(self) -> None:
        self._variable(self.variables.wanted).set(sorted(self.wanted))

    def _ended(self) -> list[Any]:
        """Return the attempts that have ended, after some time if none has."""
        wait = dask_module("distributed").wait
        with self.client.as_current():
            try:
                ended = wait([*self.running], SECONDS_TO_LOOK, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                return []
        return [*ended]

    def _take(self, future: Any) -> None:
        """Take what came of an attempt, if it is the first of its member."""
        member = self.running.pop(future)
        if member not in self.wanted:
            return
        if future.status == "error" and member in self.running.values():
            return  # there is another one
        result = future.result()
        if result is None:
            raise RuntimeError(
                f"member {member} found that it is not wanted, though it is: Dask's scheduler has "
                "lost the variables of this fit, fit anew"
            )
        self.done[member] = result
        self.wanted.remove(member)
        self._tell_wanted()

    def _copy_late_ones(self) -> None:
        """Let workers that have nothing to do attempt what takes others too long."""
        busy = {worker: {*keys} for worker, keys in self.client.processing().items()}
        threads = self.client.nthreads()
        # Where there are more tasks than threads, who knows which ones run.
        full = {worker for worker, keys in busy.items() if len(keys) > threads.get(worker, 0)}
        run = set().union(*(keys for worker, keys in busy.items() if worker not in full))
        idle = [worker for worker, n in threads.items() if len(busy.get(worker, ())) < n]
        now, longest = time.monotonic(), self._longest()
        for future in self.running:
            if future.key in run:
                self.seen_running.setdefault(future, now)
        for member in sorted(self.wanted):
            attempts = [future for future, own in self.running.items() if own == member]
            since = max(self.seen_running.get(future, now) for future in attempts)
            keys = {future.key for future in attempts}
            others = [worker for worker in idle if keys.isdisjoint(busy.get(worker, ()))]
            if now - since > longest and others:
                idle.remove(others[0])
                self.running[self.submit(member, self.variables, others[:1])] = member

    def _longest(self) -> float:
        """Return the seconds after which a member is late."""
        if len(self.done) < len(self.wanted):
            return float("inf")
        seconds = sorted(own.seconds for own in self.done.values())
        return LATE * float(seconds[len(seconds) // 2])
