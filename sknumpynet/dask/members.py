"""One member, trained on a worker: partitions come to it one after another, wherever they lie."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network
from sknumpynet.dask.libraries import dask_module
from sknumpynet.dask.partitions import EncodedPartition
from sknumpynet.estimators.streams import data_of_shard
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import ValidationSet, Warned
from sknumpynet.training.member_runs import runs_of_members
from sknumpynet.training.runs import Run, TrainingProblem
from sknumpynet.training.shards import Shard, ShardPlan, joined_rows, train_in_shards
from sknumpynet.training.validation import Scoring

__all__ = ["MemberJob", "PartitionReader", "TrainedMember", "Traffic", "train_member"]

# Partitions are kept as long as a worker's process takes less of its memory limit: beyond 0.8 Dask
# pauses a worker, and before that it spills to disk, for which it needs no room of ours.
PART_OF_MEMORY = 0.5
# A partition that has not come after so long was lost with its worker, and is made anew.
PATIENCE = 5.0
# And after so many, of a fit that was interrupted, it will not come any more.
LONGEST_WAIT = 600.0


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
    n_rows : int
        Of the share.
    rows_of_shard : int
        Rows that are shuffled among each other at least.
    """

    seed: int
    config: TrainingConfig
    network: Network
    loss: Loss
    share: tuple[str, ...]
    held_out: tuple[str, ...]
    n_rows: int
    rows_of_shard: int


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
    """

    run: Run
    traffic: Traffic
    warnings: list[Warned]


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

    def shards(self, epoch: int) -> Iterator[Shard]:
        """Yield the shards of an epoch; a single one is kept."""
        if self.whole is not None:
            yield self.whole
            return
        job = self.job
        keeps = job.rows_of_shard < job.n_rows  # else the whole share is kept as one
        waiting: list[EncodedPartition] = []
        n_waiting, n_read = 0, 0
        for place in np.random.RandomState([job.seed, epoch]).permutation(len(job.share)).tolist():
            waiting.append(self.read(job.share[place], keeps=keeps))
            n_waiting += len(waiting[-1].X)
            n_read += len(waiting[-1].X)
            if n_waiting >= job.rows_of_shard and n_read < job.n_rows:
                yield joined_rows(waiting).as_shard()
                waiting, n_waiting = [], 0
        if n_read != job.n_rows:
            raise ValueError(
                f"partitions must have the same rows every time: there were {job.n_rows} at first, "
                f"then {n_read}"
            )
        shard = joined_rows(waiting).as_shard()
        if len(shard.X) == job.n_rows:
            self.whole = shard
        yield shard

    def validation(self) -> ValidationSet:
        """Return the rows that are held out, to be judged by."""
        rows = joined_rows([self.read(key, keeps=False) for key in self.job.held_out])
        return ValidationSet(rows.X, rows.targets, rows.targets, rows.sample_weight)


def train_member(job: MemberJob) -> TrainedMember:
    """Train a member, on the worker where this is called."""
    return train_from(PartitionReader(_Fetcher(), job, _has_room))


def _has_room(n_bytes: int) -> bool:
    worker = dask_module("distributed").get_worker()
    taken: int = dask_module("psutil").Process().memory_info().rss
    limit = worker.memory_manager.memory_limit or dask_module("psutil").virtual_memory().total
    return bool(taken + n_bytes < PART_OF_MEMORY * limit)


def train_from(reader: PartitionReader) -> TrainedMember:
    """Train a member on what is read."""
    job = reader.job
    validation = reader.validation()
    shards = reader.shards(0)
    first = next(shards)
    data = data_of_shard(first, validation)
    config = replace(job.config, random_state=job.seed)
    problem = TrainingProblem(config, data, (job.network,), job.loss, Scoring())
    prepared = runs_of_members(problem)
    plan = ShardPlan(job.n_rows, (-1,), job.seed)

    def of_epoch(epoch: int) -> Iterator[Shard]:
        if epoch > 0:
            yield from reader.shards(epoch)
            return
        yield first
        yield from shards

    train_in_shards(prepared, plan, of_epoch)
    (run,) = prepared.runs
    # Rows stay where they are.
    nothing = replace(run.dataset, X=first.X[:0], targets=first.targets[:0], sample_weight=None)
    run = replace(run, dataset=nothing, member=replace(run.member, validate=None))
    return TrainedMember(run, reader.traffic, prepared.warnings)


class _Fetcher:
    """Gets partitions from whoever has them; who they are is told by variables of Dask."""

    def __init__(self) -> None:
        self.distributed = dask_module("distributed")
        self.client = self.distributed.get_client()
        self.worker = self.distributed.get_worker()
        self.futures: dict[str, Any] = {}

    def __call__(self, key: str) -> tuple[EncodedPartition, bool]:
        is_from_others = key not in self.worker.data
        if key not in self.futures:
            self.futures[key] = self.distributed.Variable(key, self.client).get(LONGEST_WAIT)
        future = self.futures[key]
        try:
            partition = future.result(timeout=PATIENCE)
        except TimeoutError:
            # Who makes it anew may need the thread that waits for it here.
            self.distributed.secede()
            try:
                partition = future.result(timeout=LONGEST_WAIT)
            finally:
                self.distributed.rejoin()
        return partition, is_from_others
