"""Training in this process: one network alone, or the networks of a chunk as one stack."""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from sknumpynet.core.batching import Dataset
from sknumpynet.core.lbfgs import Objective, minimize_lbfgs
from sknumpynet.core.members import MemberResult, Snapshot
from sknumpynet.core.monitor import Monitor
from sknumpynet.core.network import Network
from sknumpynet.core.optimizers import Optimizer, stack_optimizers, take_member
from sknumpynet.core.training import train
from sknumpynet.core.types import IntArray
from sknumpynet.training.checkpoints import Keeper
from sknumpynet.training.runs import Run
from sknumpynet.training.stacks import Chunk, first_rows, members_of, pooled_dataset
from sknumpynet.utils.blas import blas_threads

__all__ = ["TrainedChunk", "train_chunk", "train_single"]


def train_single(run: Run) -> None:
    """Train a network alone; what comes of it is in the run."""
    with _blas_for(run.network):
        _train_single(run)


def _train_single(run: Run) -> None:
    start = time.perf_counter()
    if run.optimizer is None:
        monitor = Monitor(run.member)
        run.optimize_result = minimize_lbfgs(
            Objective(run.network, run.loss, run.dataset, run.member.alpha),
            run.parameters,
            options=run.lbfgs,
            on_iteration=_Watch(monitor),
            on_interrupt=lambda: setattr(monitor.result, "status", "interrupted"),
        )
        run.parameters, run.result = run.optimize_result.x, monitor.result
    else:
        resumed = _resumed(run)
        run.optimizer = resumed.optimizer
        assert run.optimizer is not None
        run.parameters, (run.result,) = train(
            run.network,
            run.loss,
            resumed.parameters,
            _with_own_columns(run),
            run.optimizer,
            [resumed.member],
        )
    run.seconds = time.perf_counter() - start


def _resumed(run: Run) -> Run:
    """Return a run that begins where it stood, and is kept, if it is to be."""
    if run.file is None and run.snapshot is None:
        return run
    optimizer, snapshot = copy.deepcopy(run.optimizer), run.snapshot
    assert optimizer is not None
    n_epochs = 0 if snapshot is None else snapshot.result.n_epochs
    keep = None
    if run.file is not None:
        keep = Keeper(run.file, n_epochs, lost_its_scores=run.lost_its_scores)
    if snapshot is None:
        optimizer.bind(run.parameters)  # as those are that it may share a stack with
        return replace(run, optimizer=optimizer, member=replace(run.member, keep=keep))
    run.member.random_state.set_state(snapshot.random_state)
    member = replace(run.member, keep=keep, resume_from=snapshot)
    optimizer = copy.deepcopy(snapshot.optimizer)
    return replace(run, parameters=snapshot.parameters.copy(), optimizer=optimizer, member=member)


def _with_own_columns(run: Run) -> Dataset:
    if run.statistics is None:
        return run.dataset
    return replace(run.dataset, own_columns=run.statistics.columns(run.parameters.dtype))


class _Watch:
    """Takes down the iterations of L-BFGS as if they were epochs."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.start = self.last_end = time.perf_counter()

    def __call__(self, parameters: np.ndarray, loss: float) -> bool:
        """Return whether to stop."""
        now, result = time.perf_counter(), self.monitor.result
        result.n_epochs += 1
        self.monitor.record_epoch(loss, parameters, np.nan, now - self.last_end)
        self.last_end = now
        self.monitor.end_epoch(now - self.start, parameters)
        return result.status in ("stopped", "out_of_time")


@dataclass
class TrainedChunk:
    """What has come of the runs of a chunk, on its way back from a worker.

    Parameters
    ----------
    parameters : ndarray of shape (K, P)
    optimizers : list of Optimizer
    results : list of MemberResult
    seconds : float
    pauses : list of Snapshot or None
        Of runs that may go on, where their epochs were used up.
    """

    parameters: np.ndarray
    optimizers: list[Optimizer]
    results: list[MemberResult]
    seconds: float
    pauses: list[Snapshot | None]


def train_chunk(chunk: Chunk) -> TrainedChunk:
    """Train the networks of a chunk as one stack; of the runs only random sources change."""
    tasks = [run.task for run in chunk if run.task is not None]
    for task in tasks:
        task.begin()
    start = time.perf_counter()
    chunk = [_resumed(run) for run in chunk]
    members, firsts = members_of(chunk), first_rows(chunk)
    pauses: list[Snapshot | None] = [None] * len(chunk)
    for k, (member, first) in enumerate(zip(members, firsts, strict=True)):
        if member.resume_from is not None and first > 0:
            rows = member.resume_from.rows + first
            member.resume_from = replace(member.resume_from, rows=rows)
        if chunk[k].may_go_on:
            member.keep = partial(_keep_last, pauses, k)
    optimizer = stack_optimizers([run.optimizer for run in chunk if run.optimizer is not None])
    with _blas_for(chunk[0].network):
        parameters, results = train(
            chunk[0].network,
            chunk[0].loss,
            np.stack([run.parameters for run in chunk]),
            pooled_dataset(chunk),
            optimizer,
            members,
        )
    seconds = time.perf_counter() - start
    for task in tasks:
        task.end()
    return TrainedChunk(
        parameters,
        [take_member(optimizer, k) for k in range(len(chunk))],
        results,
        seconds,
        _with_shared_rows(pauses, firsts),
    )


def _keep_last(
    pauses: list[Snapshot | None], k: int, result: MemberResult, take: Callable[[], Snapshot]
) -> None:
    """Put a member's last snapshot at its place, if its epochs are used up."""
    if result.status == "exhausted":
        pauses[k] = take()


def _with_shared_rows(
    snapshots: Sequence[Snapshot | None], firsts: Sequence[int]
) -> list[Snapshot | None]:
    """Return snapshots with rows of each run's own dataset, equal ones in one array."""
    shared: dict[bytes, IntArray] = {}
    moved: list[Snapshot | None] = []
    for snapshot, first in zip(snapshots, firsts, strict=True):
        if snapshot is not None:
            rows = snapshot.rows - first
            snapshot = replace(snapshot, rows=shared.setdefault(rows.tobytes(), rows))
        moved.append(snapshot)
    return moved


@contextmanager
def _blas_for(network: Network) -> Iterator[None]:
    """Give the small products of many members one thread each: waiting for others costs more.

    Not for perceptrons: the products of a single wide one gain by threads.
    """
    if network.is_perceptron:
        yield
        return
    with blas_threads(1):
        yield
