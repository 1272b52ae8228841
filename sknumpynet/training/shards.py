"""Training on rows that are never in memory all at once: shard by shard, wherever these come from.

A shard is trained on as a table is, for one epoch; networks, optimisers and the progress of
schedules go on from one to the next. So the loop is that of `core.training`, and an epoch is a pass
over all shards, at whose end members are judged by rows that they hold out, and keep the best.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from sknumpynet.core.batching import Dataset
from sknumpynet.core.members import MemberResult
from sknumpynet.core.monitor import Monitor
from sknumpynet.core.optimizers import Optimizer
from sknumpynet.core.types import BoolArray, FloatArray, IntArray
from sknumpynet.training.data import ValidationSet
from sknumpynet.training.executor import train_chunks
from sknumpynet.training.runs import EnsembleRuns, Run
from sknumpynet.training.stacks import chunks_of, stacks_of
from sknumpynet.training.validation import Scoring, Validator
from sknumpynet.training.workers import Workers, workers_for

__all__ = [
    "MOST_CHECKED_ROWS",
    "MemberProgress",
    "Progress",
    "Shard",
    "ShardFolds",
    "ShardPlan",
    "deal_rows",
    "joined_rows",
    "train_in_shards",
]

# Of all rows, about so many are kept to judge members by: each by those of its fold.
MOST_CHECKED_ROWS = 100_000


class Shard(NamedTuple):
    """Rows that are trained on at once.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
    targets : ndarray of shape (n_rows, n_outputs)
    sample_weight : ndarray of shape (n_rows,) or None
    folds : ndarray of int of shape (n_rows,)
        The fold of each row, the same in every epoch.
    is_checked : ndarray of bool of shape (n_rows,)
        Which rows those who hold them out are judged by.
    """

    X: FloatArray
    targets: FloatArray | BoolArray
    sample_weight: FloatArray | None
    folds: IntArray
    is_checked: BoolArray

    def rows_without(self, fold: int) -> IntArray | None:
        """Return the rows of other folds, None for all."""
        return None if fold < 0 else np.flatnonzero(self.folds != fold)


Rows = TypeVar("Rows", bound=tuple[Any, ...])


def joined_rows(parts: Sequence[Rows]) -> Rows:
    """Return rows that came in parts one after another.

    Parameters
    ----------
    parts : sequence of NamedTuple
        Of arrays with an entry for each row, or None where all parts have none.
    """
    if len(parts) == 1:
        return parts[0]
    arrays = (
        None if any(own is None for own in arrays) else np.concatenate(arrays)
        for arrays in zip(*parts, strict=True)
    )
    kind: Any = type(parts[0])
    joined: Rows = kind(*arrays)
    return joined


class ShardPlan(NamedTuple):
    """How members share the rows of all shards.

    Parameters
    ----------
    n_rows : int
        Of an epoch.
    held_out : tuple of int
        The fold that each member holds out, -1 for none.
    seed : int
        Of shuffles, where members have none.
    """

    n_rows: int
    held_out: tuple[int, ...]
    seed: int


class ShardFolds:
    """The split of one shard for each member, as `resample` takes it.

    Parameters
    ----------
    shard : Shard
    held_out : sequence of int
        The fold of each member.
    """

    def __init__(self, shard: Shard, held_out: Sequence[int]) -> None:
        self.shard, self.held_out = shard, held_out

    def split(self, X: object, y: object = None) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield the rows to train on and those held out, for each member."""
        for fold in self.held_out:
            is_held_out = self.shard.folds == fold
            if not is_held_out.any():
                raise ValueError(
                    f"a member holds out none of the first {len(is_held_out)} rows: the stream is "
                    "too short, fit a table in memory"
                )
            yield np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)


def deal_rows(
    key: Sequence[int], n_rows: int, n_folds: int, checked_part: float
) -> tuple[IntArray, BoolArray]:
    """Return the fold of each row of a frame, and whether it is checked.

    Parameters
    ----------
    key : sequence of int
        The seed, and which frame it is: all that the deal depends on.
    n_rows, n_folds : int
    checked_part : float
        Of the rows, 1 for all.

    Examples
    --------
    >>> folds, is_checked = deal_rows((0, 3), n_rows=10, n_folds=5, checked_part=0.5)
    >>> np.bincount(folds)
    array([2, 2, 2, 2, 2])
    """
    source = np.random.RandomState(list(key))
    # From any fold on: frames of a few rows would else leave some folds without any.
    folds = (source.permutation(n_rows) + source.randint(n_folds)) % n_folds
    return folds.astype(np.int16), source.random_sample(n_rows) < checked_part


class MemberProgress(NamedTuple):
    """Where one member stands between two shards.

    Parameters
    ----------
    parameters : ndarray of shape (P,)
    optimizer : Optimizer
    result : MemberResult
        Up to the last whole epoch.
    """

    parameters: FloatArray
    optimizer: Optimizer
    result: MemberResult


@dataclass
class Progress:
    """Where a training stands between two shards: to go on from there gives its bits.

    It holds the arrays that are trained on, not copies: write it before training goes on.

    Parameters
    ----------
    members : list of MemberProgress
    epoch : int
        The one that is going on.
    n_shards, n_rows : int
        How much of it is done.
    losses, counts : ndarray of shape (K,)
        Sums over the rows of the epoch that each member has learned, and how many they are.
    checked : list of Shard
        Rows to judge by that have come up to now.
    """

    members: list[MemberProgress]
    epoch: int = 0
    n_shards: int = 0
    n_rows: int = 0
    losses: FloatArray = field(default_factory=lambda: np.zeros(0))
    counts: FloatArray = field(default_factory=lambda: np.zeros(0))
    checked: list[Shard] = field(default_factory=list)


def train_in_shards(
    prepared: EnsembleRuns,
    plan: ShardPlan,
    shards: Callable[[int, int], Iterator[Shard]],
    resume_from: Progress | None = None,
    keep: Callable[[Callable[[], Progress]], None] | None = None,
) -> None:
    """Train the runs of an ensemble; what comes of each is in it, as if it had been a table.

    Parameters
    ----------
    prepared : EnsembleRuns
        Started on rows of one shard.
    plan : ShardPlan
    shards : callable(epoch, n_shards)
        Yields the shards of an epoch but for the first ``n_shards``, which are done. Every epoch
        has the same rows, in any order.
    resume_from : Progress, optional
        Where this training stood when it was cut off.
    keep : callable(take), optional
        Called before every shard; ``take()`` returns how far training has come.

    Raises
    ------
    ValueError
        If a member holds out no row to be judged by.
    KeyboardInterrupt
        If training is interrupted.
    """
    course = _Course(prepared, plan, keep)
    if resume_from is not None:
        course.resume(resume_from)
    while course.active:
        course.train_epoch(shards(course.epoch, course.n_shards))
    course.publish()


class _Course:
    """The training of an ensemble's runs while it is going on."""

    def __init__(
        self,
        prepared: EnsembleRuns,
        plan: ShardPlan,
        keep: Callable[[Callable[[], Progress]], None] | None,
    ) -> None:
        self.runs, self.plan, self.problem = prepared.runs, plan, prepared.problem
        self.keep = keep
        self.seeds = [plan.seed] if prepared.seeds is None else prepared.seeds.tolist()
        self.members = [run.member for run in prepared.runs]
        self.monitors = [Monitor(member) for member in self.members]
        self.active = list(range(len(self.runs)))
        self.epoch = 0
        self.checked: list[Shard] = []
        self.workers: Workers | None = None
        self.start = self.last_end = time.perf_counter()
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self.n_shards = self.n_rows = 0
        self.losses: FloatArray = np.zeros(len(self.runs))
        self.counts: FloatArray = np.zeros(len(self.runs))

    def progress(self) -> Progress:
        """Return where training stands."""
        members = []
        for run, monitor in zip(self.runs, self.monitors, strict=True):
            assert run.optimizer is not None  # no solver but L-BFGS is without
            members.append(MemberProgress(run.parameters, run.optimizer, monitor.result))
        return Progress(
            members,
            self.epoch,
            self.n_shards,
            self.n_rows,
            self.losses,
            self.counts,
            self.checked,
        )

    def resume(self, progress: Progress) -> None:
        """Go on from where a training of the same runs stood."""
        for run, monitor, own in zip(self.runs, self.monitors, progress.members, strict=True):
            run.parameters, run.optimizer = own.parameters, own.optimizer
            monitor.result = own.result
        self.active = [k for k in self.active if self.monitors[k].result.status == "running"]
        self.epoch, self.n_shards, self.n_rows = progress.epoch, progress.n_shards, progress.n_rows
        self.losses, self.counts = progress.losses, progress.counts
        self.checked = progress.checked
        if self.epoch > 0:
            self._judge_by_checked()

    def train_epoch(self, shards: Iterator[Shard]) -> None:
        """Train on the shards of an epoch that are left, and judge the epoch of every member."""
        for shard in shards:
            if self.keep is not None:
                self.keep(self.progress)
            if self.epoch == 0:
                self._keep_checked(shard)
            self._train_on(shard)
            for k in self.active:
                run = self.runs[k]
                if run.result is None:
                    continue  # all rows are of its fold
                if run.result.status == "diverged":
                    self.monitors[k].result.status = "diverged"
                elif run.result.state.loss_curve:
                    n_samples = run.result.state.n_samples_seen
                    self.losses[k] += run.result.state.loss_curve[-1] * n_samples
                    self.counts[k] += n_samples
            self.active = [k for k in self.active if self.monitors[k].result.status == "running"]
            self.n_shards += 1
            self.n_rows += len(shard.X)
            if not self.active or self._seconds_left() <= 0:
                break
        if self.epoch == 0:
            self._judge_by_checked()
        self._end_epoch()

    def _train_on(self, shard: Shard) -> None:
        n_rows, config = len(shard.X), self.problem.config
        runs = [self.runs[k] for k in self.active]
        for k, run in zip(self.active, runs, strict=True):
            rows = shard.rows_without(self.plan.held_out[k])
            run.dataset = Dataset(shard.X, shard.targets, shard.sample_weight, rows)
            settings = replace(
                self.members[k].settings,
                max_epochs=1,
                # Progress goes by rows: shards may be of any sizes.
                planned_epochs=config.max_iter * self.plan.n_rows / n_rows,
                epochs_before=(self.epoch * self.plan.n_rows + self.n_rows) / n_rows,
                max_seconds=max(self._seconds_left(), 0.0),
                report=None,
            )
            # Its own source for every shard: who trains it does not matter.
            source = np.random.RandomState([self.seeds[k], self.epoch, self.n_shards])
            run.member = replace(
                self.members[k], random_state=source, settings=settings, validate=None
            )
            run.result = None
        runs = [run for run in runs if run.dataset.n_samples > 0]
        most_rows = max((run.dataset.n_samples for run in runs), default=0)
        for run in runs:
            run.padded_to = most_rows
        workers = self._workers(runs)
        chunks = [own for stack in stacks_of(runs) for own in chunks_of(stack, workers.n)]
        train_chunks(chunks, workers)

    def _workers(self, runs: list[Run]) -> Workers:
        """Return who trains: as it pays for all epochs of all shards."""
        if self.workers is None:
            whole = []
            for run in runs:
                settings = run.member.settings
                times = int(settings.planned_epochs or 1) + 1
                member = replace(run.member, settings=replace(settings, max_epochs=times))
                whole.append(replace(run, member=member))
            self.workers = workers_for(whole, self.problem.config.n_jobs)
        return self.workers

    def _seconds_left(self) -> float:
        return self.start + self.problem.config.max_seconds - time.perf_counter()

    def _keep_checked(self, shard: Shard) -> None:
        rows = np.flatnonzero(shard.is_checked)
        weight = None if shard.sample_weight is None else shard.sample_weight[rows]
        kept = Shard(
            shard.X[rows], shard.targets[rows], weight, shard.folds[rows], shard.is_checked[rows]
        )
        self.checked.append(kept)

    def _judge_by_checked(self) -> None:
        """Let members that hold a fold out be judged by its rows from now on."""
        checked = joined_rows(self.checked)
        self.checked = [checked]
        for k, (run, fold) in enumerate(zip(self.runs, self.plan.held_out, strict=True)):
            if fold < 0:
                continue
            rows = np.flatnonzero(checked.folds == fold)
            if len(rows) == 0:
                raise ValueError(
                    f"member {k} holds out none of {self.plan.n_rows} rows: the stream is too "
                    "short, fit a table in memory"
                )
            targets, weight = checked.targets[rows], checked.sample_weight
            own = ValidationSet(
                checked.X,
                targets,
                targets,
                None if weight is None else weight[rows],
                rows=rows,
            )
            validator = Validator(run.network, run.loss, own, Scoring())
            self.members[k] = replace(self.members[k], validate=validator)
            self.monitors[k].member = self.members[k]

    def _end_epoch(self) -> None:
        losses, counts = self.losses / np.maximum(self.counts, 1), self.counts
        now = time.perf_counter()
        seconds, self.last_end = (now - self.last_end) / max(len(self.active), 1), now
        for k in self.active:
            monitor, run = self.monitors[k], self.runs[k]
            monitor.result.n_epochs += 1
            monitor.result.state.n_samples_seen += int(counts[k])
            rates = [] if run.result is None else run.result.history["learning_rate"]
            rate = rates[-1] if rates else np.nan
            monitor.record_epoch(float(losses[k]), run.parameters, rate, seconds)
            monitor.end_epoch(now - self.start, run.parameters)
        self.active = [k for k in self.active if self.monitors[k].result.status == "running"]
        self.epoch += 1
        self._begin_epoch()

    def publish(self) -> None:
        """Put the best epoch of each member, and how it came about, into its run."""
        for run, member, monitor in zip(self.runs, self.members, self.monitors, strict=True):
            best = monitor.result.best_parameters
            run.member, run.result = member, monitor.result
            run.parameters = run.parameters if best is None else best
