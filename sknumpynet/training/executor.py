"""Many networks trained at once: which of them share a stack, and how a stack is cut in chunks.

runs → grouped by what a stack must have in common → cut into chunks → trained on joblib's
workers → results back in the runs
"""

import copy
import itertools
import time
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import joblib
import numpy as np

from sknumpynet.core.batching import Dataset
from sknumpynet.core.lbfgs import Objective, minimize_lbfgs
from sknumpynet.core.losses import Loss
from sknumpynet.core.members import Member, MemberResult
from sknumpynet.core.monitor import Monitor
from sknumpynet.core.network import Network
from sknumpynet.core.optimizers import Optimizer, stack_optimizers, take_member
from sknumpynet.core.training import train
from sknumpynet.training.validation import Judge
from sknumpynet.utils.blas import blas_threads

__all__ = ["Chunk", "Run", "cut", "group", "train_chunks", "train_runs"]

# The hidden activations of a chunk's members take about this many bytes at most, or the stack
# falls out of the second-level cache. Batches of 200, float64, microseconds a member and step:
# hidden (16,) 17 for 18 members and 19 for 45; (32,) 31 for 13; (64,) 42 for 4 and 59 for 8.
CHUNK_BYTES = 2**19

# Members of several folds share a chunk only where a fold has fewer than this: members of one
# fold share its rows, those of several gather them one by one.
FEWEST_OF_ONE_FOLD = 4


@dataclass
class Run:
    """One network's training, from its first parameters to its last.

    Parameters
    ----------
    network : Network
    loss : Loss
    parameters : ndarray of shape (P,)
        Where training starts, and afterwards where it ended.
    dataset : Dataset
        Its rows; ``sample_weight`` and ``rows`` have no member axis.
    member : Member
        The batch size of its settings may be larger than the dataset.
    optimizer : Optimizer or None
        None for L-BFGS. Holds its last state afterwards.
    lbfgs : dict, optional
        Options of `minimize_lbfgs`.

    Attributes
    ----------
    result : MemberResult or None
        None until it is trained.
    optimize_result : OptimizeResult or None
        Of L-BFGS.
    seconds : float
        The run's share of the time that its chunk took.
    task : Task or None
        Is told when training begins and ends.
    lost_its_scores : bool
        Whether the scorer failed in some epoch, so that the loss has judged all of them.
    """

    network: Network
    loss: Loss
    parameters: np.ndarray
    dataset: Dataset
    member: Member
    optimizer: Optimizer | None
    lbfgs: dict[str, Any] | None = None
    result: MemberResult | None = None
    optimize_result: Any = None
    seconds: float = 0.0
    task: Any = None
    lost_its_scores: bool = False

    def key(self) -> Hashable:
        """Return what the runs of a stack have in common."""
        settings = self.member.settings
        return (
            self.network,
            self.loss,
            self.parameters.dtype,
            None if self.optimizer is None else self.optimizer.stack_key(),
            settings.batch_size,
            settings.shuffle,
            self.dataset.targets.dtype,
            self.dataset.sample_weight is None,
            self.dataset.is_smoothed,
            self.dataset.n_classes,
        )

    def can_stack(self) -> bool:
        """Return whether other runs may share its stack."""
        return self.optimizer is not None and not self.dataset.is_sparse


Chunk = list[Run]


def train_runs(runs: Sequence[Run], n_jobs: int | None = None) -> None:
    """Train networks, those that can in stacks, on joblib's workers.

    Parameters
    ----------
    runs : sequence of Run
    n_jobs : int, optional
        How many workers; by default as joblib is configured.

    Raises
    ------
    KeyboardInterrupt
        If training several is interrupted; a single one keeps what it has.
    """
    if len(runs) == 1:
        _train_alone(runs[0])
        return
    n_workers = joblib.effective_n_jobs(n_jobs)
    alone = [run for run in runs if not run.can_stack()]
    stacks = group([run for run in runs if run.can_stack()])
    chunks = [chunk for stack in stacks for chunk in cut(stack, n_workers)]
    _share_time(runs, len(alone) + -(-len(chunks) // n_workers))
    for run in alone:
        _train_alone(run)
        if run.result is not None and run.result.status == "interrupted":
            raise KeyboardInterrupt
    train_chunks(chunks, n_jobs)


def _share_time(runs: Sequence[Run], n_rounds: int) -> None:
    """Divide the time that all runs have among those that follow each other."""
    for run in runs:
        own = run.member.settings
        own = replace(own, max_seconds=own.max_seconds / n_rounds)
        run.member = replace(run.member, settings=own)


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


def _train_alone(run: Run) -> None:
    starts = _starts([run])
    with _blas_for(run.network):
        _train_single(run)
        if _begin_again(run, starts):
            _train_single(run)


def _starts(runs: Sequence[Run]) -> dict[int, Run]:
    """Return where the runs that a scorer judges begin."""
    starts = {}
    for run in runs:
        judge, callback = run.member.validate, run.member.end_of_epoch
        if isinstance(judge, Judge) and judge.scorer is not None and callback is None:
            source = copy.deepcopy(run.member.random_state)
            member = replace(run.member, random_state=source)
            parameters, optimizer = run.parameters.copy(), copy.deepcopy(run.optimizer)
            starts[id(run)] = replace(
                run, member=member, parameters=parameters, optimizer=optimizer
            )
    return starts


def _begin_again(run: Run, starts: dict[int, Run]) -> bool:
    """Put a run whose scorer failed in some epoch back to its start, to be judged by the loss.

    Epochs can only be compared if one thing judges them all.
    """
    start = starts.get(id(run))
    if start is None or run.result is None or run.result.status in ("diverged", "interrupted"):
        return False
    n_before = len(start.member.start.validation_scores)
    if not np.isnan(run.result.state.validation_scores[n_before:]).any():
        return False
    run.parameters, run.optimizer = start.parameters, start.optimizer
    judge = start.member.validate
    assert isinstance(judge, Judge)  # or it were not among the starts
    run.member = replace(start.member, validate=judge.by_loss())
    run.lost_its_scores = True
    return True


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
        run.parameters, (run.result,) = train(
            run.network,
            run.loss,
            run.parameters,
            run.dataset,
            run.optimizer,
            [run.member],
        )
    run.seconds = time.perf_counter() - start


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


def group(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs in lists of those that can train as one stack, in their order."""
    stacks: dict[Hashable, list[Run]] = defaultdict(list)
    for run in runs:
        stacks[run.key()].append(run)
    return list(stacks.values())


def cut(stack: Sequence[Run], n_workers: int) -> list[Chunk]:
    """Cut a stack into chunks that fit the cache and keep all workers busy.

    Runs over the same data stay together as far as possible.
    """
    first = stack[0]
    batch = min(first.member.settings.batch_size, max(run.dataset.n_samples for run in stack))
    units = sum(layer.fan_out for layer in first.network.dense_layers)
    capacity = max(CHUNK_BYTES // (batch * units * first.parameters.itemsize), 1)
    folds: dict[int, list[Run]] = defaultdict(list)
    for run in stack:
        folds[id(run.dataset.X)].append(run)
    if len(stack) < FEWEST_OF_ONE_FOLD * len(folds):
        folds = {0: [run for fold in folds.values() for run in fold]}
    # At least a chunk for each worker.
    capacity = min(capacity, -(-len(stack) // n_workers))
    chunks = []
    for fold in folds.values():
        n_chunks = -(-len(fold) // capacity)
        if len(folds) == 1:
            # So many that in the last round no worker is idle: of 16 members two workers take 4
            # at a time, not 6, 5 and 5.
            n_chunks = min(-(-n_chunks // n_workers) * n_workers, len(fold))
        bounds = [len(fold) * i // n_chunks for i in range(n_chunks + 1)]
        chunks += [fold[a:b] for a, b in itertools.pairwise(bounds)]
    return chunks


def train_chunks(chunks: Sequence[Chunk], n_jobs: int | None) -> None:
    """Train every chunk as one stack, on joblib's workers.

    Raises
    ------
    KeyboardInterrupt
        If training is interrupted: chunks that wait have not begun.
    """
    starts = _starts([run for chunk in chunks for run in chunk])
    _train_chunks_once(chunks, n_jobs)
    again = [[run for run in chunk if _begin_again(run, starts)] for chunk in chunks]
    if any(again):
        _train_chunks_once([chunk for chunk in again if chunk], n_jobs)


def _train_chunks_once(chunks: Sequence[Chunk], n_jobs: int | None) -> None:
    n_workers = min(joblib.effective_n_jobs(n_jobs), len(chunks))
    # The costliest first, so that no worker is left with one at the end.
    chunks = sorted(chunks, key=_cost, reverse=True)
    if n_workers <= 1:
        for chunk in chunks:
            _take_down(chunk, _train_chunk(chunk))
        return
    # Processes unless joblib is told otherwise: threads wait for the interpreter's lock between the
    # short calls of small networks. 135 networks of hidden (16,) to (64,) on two cores: 1.9 s with
    # two processes, 3.9 s with one, 4.8 s with two threads.
    # One by one: chunks put together would leave a worker idle at the end.
    parallel = joblib.Parallel(n_jobs=n_workers, batch_size=1, pre_dispatch="all")
    is_perceptron = chunks[0][0].network.is_perceptron
    n_threads = max(joblib.cpu_count() // n_workers, 1) if is_perceptron else 1
    with blas_threads(n_threads):
        outcomes = parallel(joblib.delayed(_train_chunk)(chunk) for chunk in chunks)
    for chunk, outcome in zip(chunks, outcomes, strict=True):
        _take_down(chunk, outcome)


def _cost(chunk: Chunk) -> int:
    return sum(run.parameters.size * run.dataset.n_samples for run in chunk)


@dataclass
class _Outcome:
    parameters: np.ndarray
    optimizers: list[Optimizer]
    results: list[MemberResult]
    seconds: float


def _train_chunk(chunk: Chunk) -> _Outcome:
    tasks = [run.task for run in chunk if run.task is not None]
    for task in tasks:
        task.begin()
    start = time.perf_counter()
    members = _with_shared_sources(chunk)
    optimizer = stack_optimizers([run.optimizer for run in chunk if run.optimizer is not None])
    with _blas_for(chunk[0].network):
        parameters, results = train(
            chunk[0].network,
            chunk[0].loss,
            np.stack([run.parameters for run in chunk]),
            _pooled(chunk),
            optimizer,
            members,
        )
    seconds = time.perf_counter() - start
    for task in tasks:
        task.end()
    return _Outcome(
        parameters,
        [take_member(optimizer, k) for k in range(len(chunk))],
        results,
        seconds,
    )


def _take_down(chunk: Chunk, outcome: _Outcome) -> None:
    if any(result.status == "interrupted" for result in outcome.results):
        raise KeyboardInterrupt
    for k, run in enumerate(chunk):
        # A copy: a member kept does not keep its stack alive.
        run.parameters = outcome.parameters[k].copy()
        run.optimizer, run.result = outcome.optimizers[k], outcome.results[k]
        run.seconds = outcome.seconds / len(chunk)


def _with_shared_sources(chunk: Chunk) -> list[Member]:
    """Let members whose shuffles will be the same draw them once."""
    sources: dict[Hashable, np.random.RandomState] = {}
    members = []
    for run in chunk:
        name, keys, *rest = run.member.random_state.get_state(legacy=True)
        # Dropout draws from the source too.
        drops = bool(run.member.settings.dropout)
        state = (name, np.asarray(keys).tobytes(), *rest, run.dataset.n_samples, drops)
        source = sources.setdefault(state, run.member.random_state)
        members.append(replace(run.member, random_state=source))
    return members


def _pooled(chunk: Chunk) -> Dataset:
    """Return one dataset for the members of a chunk, each with rows of its own if need be."""
    smoothing: Any = [run.dataset.smoothing for run in chunk]
    smoothing = smoothing[0] if len(set(smoothing)) == 1 else np.array(smoothing)[:, np.newaxis]
    return replace(_pooled_rows(chunk), smoothing=smoothing, n_classes=chunk[0].dataset.n_classes)


def _pooled_rows(chunk: Chunk) -> Dataset:
    datasets = [run.dataset for run in chunk]
    first = datasets[0]
    if all(_same_data(dataset, first) for dataset in datasets):
        weights = [dataset.sample_weight for dataset in datasets]
        if first.sample_weight is None or all(weight is weights[0] for weight in weights):
            return first
        stacked = np.stack([weight for weight in weights if weight is not None])
        return replace(first, sample_weight=stacked)
    pool = list({(id(dataset.X), id(dataset.targets)): dataset for dataset in datasets}.values())
    ends = np.cumsum([dataset.X.shape[0] for dataset in pool]).tolist()
    starts = {
        (id(dataset.X), id(dataset.targets)): end - dataset.X.shape[0]
        for dataset, end in zip(pool, ends, strict=True)
    }
    n_rows = ends[-1]
    sample_weight = None
    if first.sample_weight is not None:
        sample_weight = np.zeros((len(chunk), n_rows))
        for own, dataset in zip(sample_weight, datasets, strict=True):
            start = starts[id(dataset.X), id(dataset.targets)]
            own[start : start + dataset.X.shape[0]] = dataset.sample_weight
    lengths = np.array([dataset.n_samples for dataset in datasets])
    rows = np.empty((len(chunk), lengths.max()), np.intp)
    for own, dataset in zip(rows, datasets, strict=True):
        used = np.arange(dataset.n_samples) if dataset.rows is None else dataset.rows
        own[: len(used)] = used
        own[len(used) :] = used[0]  # padding is any row of its own
        own += starts[id(dataset.X), id(dataset.targets)]
    return Dataset(
        np.concatenate([dataset.X for dataset in pool]) if len(pool) > 1 else first.X,
        np.concatenate([dataset.targets for dataset in pool]) if len(pool) > 1 else first.targets,
        sample_weight,
        rows,
        None if (lengths == lengths[0]).all() else lengths,
    )


def _same_data(one: Dataset, other: Dataset) -> bool:
    if one.X is not other.X or one.targets is not other.targets:
        return False
    if one.rows is None or other.rows is None:
        return one.rows is other.rows
    return np.array_equal(one.rows, other.rows)
