"""Which networks share a stack, how a stack is cut in chunks, and what a chunk is trained on."""

import itertools
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sknumpynet.core.batching import Dataset
from sknumpynet.core.members import Member
from sknumpynet.core.types import FloatArray
from sknumpynet.training.runs import Run

__all__ = ["Chunk", "chunks_of", "first_rows", "members_of", "pooled_dataset", "stacks_of"]

# The hidden activations of a chunk's members take about this many bytes at most, or the stack
# falls out of the second-level cache. Batches of 200, float64, microseconds a member and step:
# hidden (16,) 17 for 18 members and 19 for 45; (32,) 31 for 13; (64,) 42 for 4 and 59 for 8.
CHUNK_BYTES = 2**19

# Members of several folds share a chunk only where a fold has fewer than this: members of one
# fold share its rows, those of several gather them one by one.
FEWEST_OF_ONE_FOLD = 4

# Runs of one stack that train at once.
Chunk = list[Run]


def stacks_of(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs in lists of those that can train as one stack, in their order."""
    stacks: dict[Hashable, list[Run]] = defaultdict(list)
    for run in runs:
        stacks[run.key()].append(run)
    return list(stacks.values())


def chunks_of(stack: Sequence[Run], n_workers: int) -> list[Chunk]:
    """Cut a stack into chunks that fit the cache and keep all workers busy.

    Runs over the same data stay together as far as possible. All get as many rows, so that none of
    their bits depends on where a stack is cut.
    """
    first = stack[0]
    most_rows = max(max(run.dataset.n_samples, run.padded_to) for run in stack)
    for run in stack:
        run.padded_to = most_rows
    batch = min(first.member.settings.batch_size, most_rows)
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


def members_of(chunk: Chunk) -> list[Member]:
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


def pooled_dataset(chunk: Chunk) -> Dataset:
    """Return one dataset for the members of a chunk, each with rows of its own if need be."""
    smoothing: Any = [run.dataset.smoothing for run in chunk]
    smoothing = smoothing[0] if len(set(smoothing)) == 1 else np.array(smoothing)[:, np.newaxis]
    return replace(
        _pooled_rows(chunk),
        smoothing=smoothing,
        n_classes=chunk[0].dataset.n_classes,
        own_columns=_own_columns(chunk),
    )


def first_rows(chunk: Chunk) -> list[int]:
    """Return where each run's rows begin among those of the pooled dataset."""
    pool = _pool_of(chunk)
    ends = itertools.accumulate((dataset.X.shape[0] for dataset in pool), initial=0)
    starts = {_data_key(dataset): start for dataset, start in zip(pool, ends, strict=False)}
    return [starts[_data_key(run.dataset)] for run in chunk]


def _pool_of(chunk: Chunk) -> list[Dataset]:
    """Return a dataset for each table that runs of a chunk train on."""
    return list({_data_key(run.dataset): run.dataset for run in chunk}.values())


def _data_key(dataset: Dataset) -> tuple[int, int]:
    return id(dataset.X), id(dataset.targets)


def _own_columns(chunk: Chunk) -> FloatArray | None:
    """Return what each member has for itself; runs with statistics share their rows' table."""
    statistics = [run.statistics for run in chunk if run.statistics is not None]
    if not statistics:
        return None
    dtype = chunk[0].parameters.dtype
    return np.stack([own.columns(dtype) for own in statistics])


def _pooled_rows(chunk: Chunk) -> Dataset:
    datasets = [run.dataset for run in chunk]
    first = datasets[0]
    lengths = np.array([dataset.n_samples for dataset in datasets])
    most_rows = max(lengths.max(), *(run.padded_to for run in chunk))
    is_full = lengths[0] == most_rows
    if is_full and all(_same_data(dataset, first) for dataset in datasets):
        weights = [dataset.sample_weight for dataset in datasets]
        if first.sample_weight is None or all(weight is weights[0] for weight in weights):
            return first
        stacked = np.stack([weight for weight in weights if weight is not None])
        return replace(first, sample_weight=stacked)
    pool, starts = _pool_of(chunk), first_rows(chunk)
    n_rows = sum(dataset.X.shape[0] for dataset in pool)
    sample_weight = None
    if first.sample_weight is not None:
        sample_weight = np.zeros((len(chunk), n_rows))
        for own, dataset, start in zip(sample_weight, datasets, starts, strict=True):
            own[start : start + dataset.X.shape[0]] = dataset.sample_weight
    rows = np.empty((len(chunk), most_rows), np.intp)
    for own, dataset, start in zip(rows, datasets, starts, strict=True):
        used = dataset.used_rows
        own[: len(used)] = used
        own[len(used) :] = used[0]  # padding is any row of its own
        own += start
    return Dataset(
        np.concatenate([dataset.X for dataset in pool]) if len(pool) > 1 else first.X,
        np.concatenate([dataset.targets for dataset in pool]) if len(pool) > 1 else first.targets,
        sample_weight,
        rows,
        None if (lengths == most_rows).all() else lengths,
    )


def _same_data(one: Dataset, other: Dataset) -> bool:
    if one.X is not other.X or one.targets is not other.targets:
        return False
    if one.rows is None or other.rows is None:
        return one.rows is other.rows
    return np.array_equal(one.rows, other.rows)
