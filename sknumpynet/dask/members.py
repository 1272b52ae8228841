"""One member, trained on a worker: partitions come to it one after another, wherever they lie."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network
from sknumpynet.dask.attempts import Attempt, FitVariables, NotWantedError
from sknumpynet.dask.libraries import dask_module
from sknumpynet.dask.partitions import EncodedPartition
from sknumpynet.estimators.streams import data_of_shard
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import ValidationSet, Warned
from sknumpynet.training.member_runs import runs_of_members
from sknumpynet.training.runs import Run, TrainingProblem
from sknumpynet.training.shards import (
    Progress,
    Shard,
    ShardPlan,
    joined_rows,
    train_in_shards,
)
from sknumpynet.training.validation import Scoring

__all__ = ["MemberJob", "PartitionReader", "TrainedMember", "Traffic", "train_member"]

# Partitions are kept as long as a worker's process takes less of its memory limit: beyond 0.8 Dask
# pauses a worker, and before that it spills to disk, for which it needs no room of ours.
PART_OF_MEMORY = 0.5
# A partition that has not come after so long was lost with its worker, and is made anew.
PATIENCE = 5.0


@dataclass(frozen=True)
class MemberJob:
    """What the training of one member depends on; nothing in it says who trains it.

    Parameters
    ----------
    seed : int
    config : TrainingConfig
        Of a single network.
    network : Network
    loss : Loss
    share : tuple of str
        The keys of the encoded partitions to train on.
    held_out : tuple of str
        The keys of the rows to be judged by.
    rows_of_share : tuple of int
        How many rows each of them has.
    rows_of_shard : int
        Rows that are shuffled among each other at least.
    """

    seed: int
    config: TrainingConfig
    network: Network
    loss: Loss
    share: tuple[str, ...]
    held_out: tuple[str, ...]
    rows_of_share: tuple[int, ...]
    rows_of_shard: int

    @property
    def n_rows(self) -> int:
        """How many rows the share has."""
        return sum(self.rows_of_share)

    def places_of_shards(self, epoch: int) -> list[list[int]]:
        """Return which partitions of the share are the shards of an epoch, in turn."""
        order = np.random.RandomState([self.seed, epoch]).permutation(len(self.share))
        shards: list[list[int]] = [[]]
        n_waiting, n_left = 0, self.n_rows
        for place in order.tolist():
            shards[-1].append(place)
            n_waiting += self.rows_of_share[place]
            n_left -= self.rows_of_share[place]
            if n_waiting >= self.rows_of_shard and n_left > 0:
                shards.append([])
                n_waiting = 0
        return shards


@dataclass
class Traffic:
    """Bytes of partitions.

    Parameters
    ----------
    read : int
        By a member, of all epochs, but for what it kept.
    fetched : int
        What of it came from other workers.
    """

    read: int = 0
    fetched: int = 0


class TrainedMember(NamedTuple):
    """What comes back from a worker.

    Parameters
    ----------
    run : Run
        Without its rows.
    traffic : Traffic
    warnings : list of (str, category)
    seconds : float
        That it took.
    """

    run: Run
    traffic: Traffic
    warnings: list[Warned]
    seconds: float


@dataclass
class PartitionReader:
    """The partitions of a member's share, read in a seeded order and put together as shards.

    Parameters
    ----------
    fetch : callable(key)
        Returns an encoded partition, and whether it came from another worker.
    job : MemberJob
    has_room : callable(n_bytes)
        Whether a partition of that size may be kept. The first that come are, for of those that
        are read in an order drawn anew for each epoch none is needed sooner than others.
    """

    fetch: Callable[[str], tuple[EncodedPartition, bool]]
    job: MemberJob
    has_room: Callable[[int], bool]
    traffic: Traffic = field(default_factory=Traffic)
    kept: dict[str, EncodedPartition] = field(default_factory=dict, repr=False)
    whole: Shard | None = field(default=None, repr=False)

    def read(self, key: str, *, keeps: bool = True) -> EncodedPartition:
        """Return a partition, and keep it where that is allowed."""
        if key in self.kept:
            return self.kept[key]
        partition, is_from_others = self.fetch(key)
        n_bytes = partition.nbytes
        self.traffic.read += n_bytes
        self.traffic.fetched += n_bytes * is_from_others
        if keeps and self.has_room(n_bytes):
            self.kept[key] = partition
        return partition

    def shards(self, epoch: int, n_done: int = 0) -> Iterator[Shard]:
        """Yield the shards of an epoch but for those that are done; a single one is kept."""
        job = self.job
        keeps = job.rows_of_shard < job.n_rows  # else the whole share is kept as one
        for places in job.places_of_shards(epoch)[n_done:]:
            shard = self.whole
            if shard is None:
                shard = joined_rows([self._part(place, keeps) for place in places]).as_shard()
            if not keeps:
                self.whole = shard
            yield shard

    def _part(self, place: int, keeps: bool) -> EncodedPartition:
        """Return a partition of the share."""
        partition = self.read(self.job.share[place], keeps=keeps)
        n_rows = self.job.rows_of_share[place]
        if len(partition.X) != n_rows:
            raise ValueError(
                f"partitions must have the same rows every time: there were {n_rows} at first, "
                f"then {len(partition.X)}"
            )
        return partition

    def validation(self) -> ValidationSet:
        """Return the rows that are held out, to be judged by."""
        rows = joined_rows([self.read(key, keeps=False) for key in self.job.held_out])
        return ValidationSet(rows.X, rows.targets, rows.targets, rows.sample_weight)


def train_member(job: MemberJob, member: int, variables: FitVariables) -> TrainedMember | None:
    """Train a member on the worker where this is called, from where an earlier attempt stood.

    Parameters
    ----------
    job : MemberJob
    member : int
        Its number.
    variables : FitVariables
        Of the fit.

    Returns
    -------
    TrainedMember or None
        None if it is not wanted any more, as another attempt came first or the fit is over.
    """
    attempt = Attempt(variables, member)
    try:
        reader = PartitionReader(_Fetcher(attempt), job, _has_room)
        return train_from(reader, attempt.found(), attempt.keep)
    except NotWantedError:
        return None


def _has_room(n_bytes: int) -> bool:
    worker = dask_module("distributed").get_worker()
    taken: int = dask_module("psutil").Process().memory_info().rss
    limit = worker.memory_manager.memory_limit or dask_module("psutil").virtual_memory().total
    return bool(taken + n_bytes < PART_OF_MEMORY * limit)


def train_from(
    reader: PartitionReader,
    resume_from: Progress | None = None,
    keep: Callable[[Callable[[], Progress]], None] | None = None,
) -> TrainedMember:
    """Train a member on what is read, see `train_in_shards`."""
    start = time.perf_counter()
    job = reader.job
    validation = reader.validation()
    shards = reader.shards(0)
    first = next(shards)
    data = data_of_shard(first, validation)
    config = replace(job.config, random_state=job.seed)
    problem = TrainingProblem(config, data, (job.network,), job.loss, Scoring())
    prepared = runs_of_members(problem)
    plan = ShardPlan(job.n_rows, (-1,), job.seed)

    def of_epoch(epoch: int, n_done: int) -> Iterator[Shard]:
        if (epoch, n_done) != (0, 0):
            return reader.shards(epoch, n_done)
        return itertools.chain([first], shards)

    train_in_shards(prepared, plan, of_epoch, resume_from, keep)
    (run,) = prepared.runs
    # Rows stay where they are.
    nothing = replace(run.dataset, X=first.X[:0], targets=first.targets[:0], sample_weight=None)
    run = replace(run, dataset=nothing, member=replace(run.member, validate=None))
    return TrainedMember(run, reader.traffic, prepared.warnings, time.perf_counter() - start)


class _Fetcher:
    """Gets partitions from whoever has them; who they are is told by variables of Dask."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt, self.distributed = attempt, dask_module("distributed")
        self.worker = self.distributed.get_worker()
        self.futures: dict[str, Any] = {}

    def __call__(self, key: str) -> tuple[EncodedPartition, bool]:
        is_from_others = key not in self.worker.data
        if key not in self.futures:
            self.attempt.check()
            self.futures[key] = self.attempt.value_of(key)
        partition = self._in_time(self.futures[key])
        if partition is None:
            partition = self._made_anew(self.futures[key])
        return partition, is_from_others

    def _in_time(self, future: Any) -> EncodedPartition | None:
        """Return a partition, None if it has not come yet."""
        try:
            partition: EncodedPartition = future.result(timeout=PATIENCE)
        except TimeoutError:
            if future.status == "error":  # of whoever makes it, such as a disk's
                raise
            return None
        return partition

    def _made_anew(self, future: Any) -> EncodedPartition:
        # Who makes it anew may need the thread that waits for it here.
        self.distributed.secede()
        try:
            partition = None
            while partition is None:
                self.attempt.check()
                partition = self._in_time(future)
            return partition
        finally:
            self.distributed.rejoin()
