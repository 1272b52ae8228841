"""`fit` on a cluster: what goes where, and in which order.

partitions → sketches, merged → encoded partitions, which stay on workers → members → one ensemble
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from weakref import WeakSet

import numpy as np
from sklearn.utils import check_random_state

from sknumpynet.core.types import IntArray
from sknumpynet.dask.attempts import FitVariables, first_results
from sknumpynet.dask.libraries import dask_module, thread_left_to_others
from sknumpynet.dask.members import MemberJob, TrainedMember, train_member
from sknumpynet.dask.partitions import (
    EncodedPartition,
    Known,
    Partitions,
    checked_rows,
    encode_partition,
    first_rows,
)
from sknumpynet.dask.statistics import (
    PartitionSketch,
    Seen,
    check_columns,
    difference_of_targets,
    merged_sketches,
    names_or_numbers,
    sketch_partition,
)
from sknumpynet.estimators.fitted_attributes import FittedAttributes
from sknumpynet.estimators.fitting import EncodedData, Fit
from sknumpynet.estimators.inputs import known_columns, new_preprocessor
from sknumpynet.estimators.streams import (
    FEWEST_FOLDS,
    FOLDS_SET_ASIDE,
    PART_OF_BUDGET,
    data_of_shard,
    fit_to_shard,
    refuse_what_needs_all_rows,
    with_balanced_classes,
)
from sknumpynet.preprocessing import ROWS_THAT_TELL_KINDS, TabularPreprocessor
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import MemberRows, Warned
from sknumpynet.training.result import fit_result
from sknumpynet.training.runs import EnsembleRuns
from sknumpynet.training.shards import MOST_CHECKED_ROWS, joined_rows
from sknumpynet.utils.columns.streams import memory_budget
from sknumpynet.utils.columns.tables import joined_tables, read_columns
from sknumpynet.utils.scikit_learn import num_samples, rows_of
from sknumpynet.utils.weights import unit_of_weights

__all__ = ["deal_partitions", "fit_on_cluster"]

# Sketches that a task merges: those of a thousand partitions take three rounds.
MERGED_AT_ONCE = 10
# Errors of a member's task before the fit gives up, such as those of a worker that went away while
# a partition came from it. Of the members of a worker that dies Dask takes care by itself.
RETRIES = 3
# Rows that the client sees, for what it has to know of the shapes of encoded rows.
ROWS_SEEN = 1_000
# What it sees of the table, for what columns are, takes this part of the memory that there is.
PART_SEEN = 1 / 32


def deal_partitions(n_partitions: int, n_folds: int, seed: int) -> IntArray:
    """Return the fold of each partition, by its number and the seed alone.

    Examples
    --------
    >>> deal_partitions(7, n_folds=3, seed=0)
    array([0, 2, 1, 0, 0, 2, 1])
    """
    return np.random.RandomState(seed).permutation(n_partitions) % n_folds


def fit_on_cluster(
    estimator: Any, partitions: Partitions, client: Any
) -> tuple[FittedAttributes, list[Warned]]:
    """Return what a fit to partitions changes of an estimator, which stays as it is, and warnings.

    Parameters
    ----------
    estimator : BaseTabularMLP
        Without a client.
    partitions : Partitions
    client : distributed.Client

    Raises
    ------
    TypeError, ValueError
        For what cannot be learned from, and for parameters that need all rows at once.
    """
    refuse_what_needs_all_rows(estimator, None)
    fit = _Fit(estimator, partitions, client)
    try:
        with thread_left_to_others():
            return fit.fitted()
    finally:
        fit.release()


@dataclass
class _Fit:
    """A fit on a cluster, seen from the client.

    Parameters
    ----------
    estimator : BaseTabularMLP
    partitions : Partitions
    client : distributed.Client
    """

    estimator: Any
    partitions: Partitions
    client: Any
    futures: WeakSet[Any] = field(default_factory=WeakSet, repr=False)

    def release(self) -> None:
        """Let go of all futures: an error, or an interrupt, would hold them as long as it lasts."""
        for future in [*self.futures]:
            future.release()

    def fitted(self) -> tuple[FittedAttributes, list[Warned]]:
        """Return what the fit changes of an estimator, and warnings."""
        preprocessor, sketch = self._learned()
        known = {**known_columns(preprocessor), **sketch.targets.known()}
        warned = _warned_of(sketch)
        estimator = with_balanced_classes(self.estimator, sketch.targets)
        n_rows = np.array(sketch.n_rows)
        config = estimator._training_config(int(n_rows.sum()), has_validation=True)
        config = replace(config, resample=None, conformal=False)
        seed = int(check_random_state(config.random_state).randint(np.iinfo(np.int32).max))

        unit = unit_of_weights(sketch.largest_weight)
        encoding = self._call(Known, estimator, known, unit)
        numbers = np.flatnonzero(n_rows).tolist()
        whole = self._on_partitions(encode_partition, numbers, encoding, self.partitions.names)
        checked_part = min(MOST_CHECKED_ROWS / n_rows.sum(), 1.0)
        checked = [
            self._call(checked_rows, own, (seed, number), checked_part)
            for own, number in zip(whole, numbers, strict=True)
        ]
        n_bytes = np.array(self._gathered([self._call(_size_of, own) for own in whole]))
        n_seen = -(-ROWS_SEEN // len(numbers))
        seen = joined_rows(
            self._gathered([self._call(_head, own, n_seen) for own in checked])
        ).as_shard()

        inputs, targets = estimator._inputs(known), estimator._targets(known)
        encoded = EncodedData(data_of_shard(seen, None), inputs, targets)
        fit = fit_to_shard(estimator, config, encoded)
        folds, held_out = _folds(config, len(numbers), seed, resample=estimator.resample)
        seeds = np.random.RandomState(seed).randint(np.iinfo(np.int32).max, size=config.n_members)
        shares = [np.flatnonzero(folds != fold) for fold in held_out]
        jobs = [
            MemberJob(
                int(seeds[k]),
                _config_of(fit, k),
                fit.problem.network_of(k),
                fit.problem.loss,
                tuple(whole[place].key for place in share),
                tuple(checked[place].key for place in np.flatnonzero(folds == held_out[k])),
                tuple(n_rows[numbers][share].tolist()),
                _rows_of_shard(int(n_rows[numbers][share].sum()), preprocessor.n_features_out_),
            )
            for k, share in enumerate(shares)
        ]
        with self._named([*whole, *checked]):
            members: list[TrainedMember] = first_results(
                self.client, len(jobs), partial(self._attempted, jobs)
            )
        result = fit_result(_ensemble(fit, members, seeds))
        fitted = fit.fitted(result)
        fitted.values["traffic_"] = {
            "share_bytes": [int(n_bytes[share].sum()) for share in shares],
            "read_bytes": [own.traffic.read for own in members],
            "fetched_bytes": [own.traffic.fetched for own in members],
        }
        return fitted, warned + result.warnings

    def _learned(self) -> tuple[TabularPreprocessor, PartitionSketch]:
        """Return what was learned of columns, and the sketch of all partitions."""
        estimator, names = self.estimator, self.partitions.names
        preprocessor = new_preprocessor(estimator.categorical_features, estimator.column_kinds)
        first = self._first_rows()
        columns_seen = names_or_numbers(first[0])
        for own in first:
            check_columns(own, columns_seen)
        X = joined_tables(first)
        columns = read_columns(X)
        by_dtype = [column.is_category() for column in read_columns(first[0])]
        kinds, chosen = preprocessor._kinds_of(X, columns, by_dtype)
        every = range(len(self.partitions.parts))
        seen = Seen(estimator, kinds, columns_seen)
        sketches = self._on_partitions(sketch_partition, every, seen, names)
        while len(sketches) > 1:
            starts = range(0, len(sketches), MERGED_AT_ONCE)
            sketches = [
                self._call(merged_sketches, sketches[start : start + MERGED_AT_ONCE])
                for start in starts
            ]
        (sketch,) = self._gathered(sketches)
        if sum(sketch.n_rows) < 2 or sum(map(bool, sketch.n_rows)) < 2:
            raise ValueError(
                "at least 2 partitions with rows of weight above 0 are needed, one to hold out: "
                f"got partitions of {list(sketch.n_rows)} rows"
            )
        preprocessor._learn_columns(sketch.columns.columns, columns, kinds, chosen)
        return preprocessor, sketch

    def _first_rows(self) -> list[Any]:
        """Return the first rows of the first partitions, as many as tell what columns are."""
        first: list[Any] = []
        n_rows, n_bytes = ROWS_THAT_TELL_KINDS, int(memory_budget() * PART_SEEN)
        n_read, n_parts = 0, len(self.partitions.parts)
        while n_read < n_parts and n_rows > 0 and n_bytes > 0:
            # Twice as many as before: one after another hundreds of small ones take too long.
            numbers = range(n_read, min(2 * n_read + 1, n_parts))
            most = (n_rows, n_bytes)
            for future in self._on_partitions(first_rows, numbers, self.partitions.names, most):
                (found,) = self._gathered([future])  # alone: together they may be too many
                if found is not None:
                    first.append(rows_of(found[0], np.arange(min(n_rows, num_samples(found[0])))))
                    n_rows -= num_samples(first[-1])
                    n_bytes -= found[1]
                if n_rows <= 0 or n_bytes <= 0:
                    break
            n_read = numbers.stop
        if not first:
            raise ValueError("there are no rows of weight above 0")
        return first

    def _on_partitions(self, function: Any, numbers: Sequence[int], *arguments: Any) -> list[Any]:
        """Return the futures of a function, called with arguments and some partitions."""
        call = dask_module("dask").delayed(function, pure=False)
        parts = [self.partitions.parts[k] for k in numbers]
        calls = [call(*arguments, *part) for part in parts]
        futures: list[Any] = self.client.compute(calls, retries=RETRIES)
        self.futures.update(futures)
        return futures

    def _call(self, function: Any, *arguments: Any, workers: Sequence[str] | None = None) -> Any:
        """Return the future of a function, called with arguments, on some workers if they live."""
        future = self.client.submit(
            function,
            *arguments,
            pure=False,
            retries=RETRIES,
            workers=workers,
            allow_other_workers=workers is not None,
        )
        self.futures.add(future)
        return future

    def _attempted(
        self,
        jobs: Sequence[MemberJob],
        member: int,
        variables: FitVariables,
        workers: Sequence[str] | None,
    ) -> Any:
        """Return the future of an attempt at a member."""
        return self._call(train_member, jobs[member], member, variables, workers=workers)

    @contextmanager
    def _named(self, futures: Sequence[Any]) -> Iterator[None]:
        """Let workers find futures by their keys: those of a task's arguments it would await."""
        variable = dask_module("distributed").Variable
        variables = [variable(future.key, self.client) for future in futures]
        try:
            for own, future in zip(variables, futures, strict=True):
                own.set(future)
            yield
        finally:
            for own in variables:
                own.delete()

    def _gathered(self, futures: list[Any]) -> list[Any]:
        gathered: list[Any] = self.client.gather(futures)
        return gathered


def _size_of(encoded: EncodedPartition) -> int:
    return encoded.nbytes


def _head(encoded: EncodedPartition, n_rows: int) -> EncodedPartition:
    return encoded.rows(slice(n_rows))


def _warned_of(sketch: PartitionSketch) -> list[Warned]:
    """Return a warning if partitions are not as if dealt by chance."""
    each = [own for own, n_rows in zip(sketch.each, sketch.n_rows, strict=True) if n_rows]
    difference = difference_of_targets(each)
    if difference is None:
        return []
    message = (
        f"partitions differ in their targets beyond chance: {difference}. Members hold whole "
        "partitions out, so that they would be judged by other rows than they learn from: shuffle "
        "rows among partitions, or cut the table otherwise"
    )
    return [(message, UserWarning)]


def _folds(
    config: TrainingConfig, n_partitions: int, seed: int, *, resample: str | None
) -> tuple[IntArray, list[int]]:
    """Return the fold of each partition, and the one that each member holds out."""
    if resample is None:
        n_folds = min(FOLDS_SET_ASIDE, n_partitions)
        return deal_partitions(n_partitions, n_folds, seed), [0] * config.n_members
    n_folds = min(max(config.n_members, FEWEST_FOLDS), n_partitions)
    held_out = [k % n_folds for k in range(config.n_members)]
    return deal_partitions(n_partitions, n_folds, seed), held_out


def _rows_of_shard(n_rows: int, n_features: int) -> int:
    """Return how many rows a shard has at least, as many in each and so that two fit the memory."""
    row_bytes = 4 * n_features + 64
    most = max(int(memory_budget() * PART_OF_BUDGET) // row_bytes, 1)
    n_shards = -(-n_rows // most)
    return -(-n_rows // n_shards)


def _config_of(fit: Fit, member: int) -> TrainingConfig:
    """Return how one member is trained, as a single network."""
    problem = fit.problem
    return replace(
        problem.config,
        n_members=1,
        n_jobs=1,
        dropouts=(problem.dropout_of(member),),
    )


def _ensemble(fit: Fit, members: Sequence[TrainedMember], seeds: IntArray) -> EnsembleRuns:
    """Return the members as if they had been trained here."""
    warnings = list(dict.fromkeys(own for member in members for own in member.warnings))
    return EnsembleRuns(
        fit.problem,
        [member.run for member in members],
        [MemberRows()] * len(members),
        seeds if len(members) > 1 else None,
        warnings,
    )
