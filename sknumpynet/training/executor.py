"""Where networks are trained: in this process, or on joblib's workers.

runs → grouped by what a stack must have in common → cut into chunks → trained by whom `workers`
says → results back in the runs
"""

import copy
from collections.abc import Sequence
from dataclasses import replace

import joblib
import numpy as np

from sknumpynet.training.in_process import TrainedChunk, train_chunk, train_single
from sknumpynet.training.runs import Run
from sknumpynet.training.stacks import Chunk, chunks_of, stacks_of
from sknumpynet.training.validation import Validator
from sknumpynet.training.workers import Workers, workers_for
from sknumpynet.utils.blas import blas_threads
from sknumpynet.utils.n_jobs import backend_beside

__all__ = ["train_chunks", "train_runs"]


def train_runs(runs: Sequence[Run], n_jobs: int | None = None) -> None:
    """Train networks, those that can in stacks, on joblib's workers.

    Parameters
    ----------
    runs : sequence of Run
    n_jobs : int, optional
        How many workers at most; by default as joblib is configured.

    Raises
    ------
    KeyboardInterrupt
        If training several is interrupted; a single one keeps what it has.
    """
    if len(runs) == 1:
        _train_alone(runs[0])
        return
    alone = [run for run in runs if not run.can_stack()]
    together = [run for run in runs if run.can_stack()]
    workers = workers_for(together, n_jobs)
    chunks = [chunk for stack in stacks_of(together) for chunk in chunks_of(stack, workers.n)]
    _share_time(runs, len(alone) + -(-len(chunks) // workers.n))
    for run in alone:
        _train_alone(run)
        if run.result is not None and run.result.status == "interrupted":
            raise KeyboardInterrupt
    train_chunks(chunks, workers)


def _share_time(runs: Sequence[Run], n_rounds: int) -> None:
    """Divide the time that all runs have among those that follow each other."""
    for run in runs:
        settings = run.member.settings
        settings = replace(settings, max_seconds=settings.max_seconds / n_rounds)
        run.member = replace(run.member, settings=settings)


def _train_alone(run: Run) -> None:
    starts = _starts([run])
    train_single(run)
    if _begin_again(run, starts):
        train_single(run)


def _starts(runs: Sequence[Run]) -> dict[int, Run]:
    """Return where the runs that a scorer scores begin."""
    starts = {}
    for run in runs:
        validator, callback = run.member.validate, run.member.end_of_epoch
        uses_scorer = isinstance(validator, Validator) and validator.scoring.scorer is not None
        if uses_scorer and callback is None:
            source = copy.deepcopy(run.member.random_state)
            member = replace(run.member, random_state=source)
            parameters, optimizer = run.parameters.copy(), copy.deepcopy(run.optimizer)
            starts[id(run)] = replace(
                run, member=member, parameters=parameters, optimizer=optimizer
            )
    return starts


def _begin_again(run: Run, starts: dict[int, Run]) -> bool:
    """Put a run whose scorer failed in some epoch back to its start, to be scored by the loss.

    Epochs can only be compared if one thing scores them all.
    """
    start = starts.get(id(run))
    if start is None or run.result is None or run.result.status in ("diverged", "interrupted"):
        return False
    n_before = len(start.member.start.validation_scores)
    if not np.isnan(run.result.state.validation_scores[n_before:]).any():
        return False
    run.parameters, run.optimizer, run.snapshot = start.parameters, start.optimizer, None
    validator = start.member.validate
    assert isinstance(validator, Validator)  # or it were not among the starts
    run.member = replace(start.member, validate=validator.by_loss())
    run.lost_its_scores = True
    return True


def train_chunks(chunks: Sequence[Chunk], workers: Workers) -> None:
    """Train every chunk as one stack.

    Raises
    ------
    KeyboardInterrupt
        If training is interrupted: chunks that wait have not begun.
    """
    starts = _starts([run for chunk in chunks for run in chunk])
    _train_chunks_once(chunks, workers)
    again = [[run for run in chunk if _begin_again(run, starts)] for chunk in chunks]
    if any(again):
        _train_chunks_once([chunk for chunk in again if chunk], workers)


def _train_chunks_once(chunks: Sequence[Chunk], workers: Workers) -> None:
    n_workers = min(workers.n, len(chunks))
    # The costliest first, so that no worker is left with one at the end.
    chunks = sorted(chunks, key=_cost, reverse=True)
    if n_workers <= 1:
        for chunk in chunks:
            _take_down(chunk, train_chunk(chunk))
        return
    # One by one: chunks put together would leave a worker idle at the end.
    parallel = joblib.Parallel(
        n_jobs=n_workers,
        backend=workers.backend or backend_beside(),
        batch_size=1,
        pre_dispatch="all",
    )
    is_perceptron = chunks[0][0].network.is_perceptron
    n_threads = max(joblib.cpu_count() // n_workers, 1) if is_perceptron else 1
    with blas_threads(n_threads):
        results = parallel(joblib.delayed(train_chunk)(chunk) for chunk in chunks)
    for chunk, trained in zip(chunks, results, strict=True):
        _take_down(chunk, trained)


def _cost(chunk: Chunk) -> int:
    return sum(run.parameters.size * run.dataset.n_samples for run in chunk)


def _take_down(chunk: Chunk, trained: TrainedChunk) -> None:
    if any(result.status == "interrupted" for result in trained.results):
        raise KeyboardInterrupt
    for k, run in enumerate(chunk):
        # A copy: a member kept does not keep its stack alive.
        run.parameters = trained.parameters[k].copy()
        run.optimizer, run.result = trained.optimizers[k], trained.results[k]
        run.seconds = trained.seconds / len(chunk)
        if run.may_go_on:
            run.snapshot, run.pause = None, trained.pauses[k]
        if run.pause is not None:
            run.optimizer = run.pause.optimizer  # the same, once
