"""Batches: which rows, with what weight, in what order.

Rows are gathered a group of several batches at a time into buffers that are made once; a batch is
a view of them. Samples become columns here, with a last row of ones (see `layers`).
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.core.types import BoolArray, FloatArray, IntArray, Scalar

__all__ = ["Batch", "Batches", "BatchGroup", "Dataset"]

# The features of a group take at most about this many bytes, unless a single batch takes more.
GROUP_BYTES = 2**18


@dataclass(frozen=True)
class Dataset:
    """Rows to learn from.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
    targets : ndarray of shape (n_rows, n_outputs)
    sample_weight : ndarray of shape (n_rows,) or (K, n_rows), optional
        Weights, per member if they have a member axis. All ones by default.
    rows : ndarray of shape (n_samples,) or (K, n_samples), optional
        Which rows are trained on; all by default.
    lengths : ndarray of int of shape (K,), optional
        How many of ``rows`` each member trains on; what follows them is padding, any row of its
        own. All by default.
    smoothing : float or ndarray of shape (K, 1)
        Targets are drawn by this part of the way to their mean: the classes' label smoothing.
    n_classes : int
        One over it is that mean.
    own_columns : ndarray of shape (n_rows, n_own) or (K, n_rows, n_own), optional
        Further columns, after those of X, which differ from member to member if they have a member
        axis. Not beside sparse rows.
    """

    X: Any
    targets: FloatArray | BoolArray
    sample_weight: FloatArray | None = None
    rows: IntArray | None = None
    lengths: IntArray | None = None
    smoothing: Scalar = 0.0
    n_classes: int = 2
    own_columns: FloatArray | None = None

    @property
    def n_samples(self) -> int:
        """How many rows a member trains on at most."""
        return int(self.X.shape[0]) if self.rows is None else self.rows.shape[-1]

    @property
    def used_rows(self) -> IntArray:
        """Which rows of the data members train on: all, unless ``rows`` says otherwise."""
        return np.arange(self.X.shape[0]) if self.rows is None else self.rows

    @property
    def is_sparse(self) -> bool:
        """Whether batches are sparse matrices, whose samples stay rows."""
        return not isinstance(self.X, np.ndarray)

    @property
    def is_smoothed(self) -> bool:
        """Whether any member's targets are smoothed."""
        return bool(np.any(self.smoothing))

    def take_members(self, positions: Sequence[int]) -> "Dataset":
        """Return it for some members of a stack, but for ``rows`` and ``lengths``, which stay."""
        weight, smoothing, own = self.sample_weight, self.smoothing, self.own_columns
        if weight is not None and weight.ndim == 2:
            weight = weight[positions]
        if isinstance(smoothing, np.ndarray):
            smoothing = smoothing[positions]
        if own is not None and own.ndim == 3:
            own = own[positions]
        return replace(self, sample_weight=weight, smoothing=smoothing, own_columns=own)


@dataclass(slots=True)
class Batch:
    """One batch: views of its group's buffers, in which samples are columns.

    ``counts`` says how many of its ``n_samples`` columns are each member's own; those behind are
    padding of weight 0.
    """

    columns: slice
    n_samples: int
    counts: int | IntArray
    inputs: Any
    targets: FloatArray
    weights: FloatArray | None
    raw: FloatArray
    predictions: FloatArray


class BatchGroup:
    """Buffers that several batches share, each with its samples as columns.

    Parameters
    ----------
    batches : Batches
        What they are batches of; the last one may be smaller.
    n_samples : int
        Rows gathered at once.

    Attributes
    ----------
    is_weighted : bool
        Whether what it is filled with has weights, or padding.
    """

    def __init__(self, batches: "Batches", n_samples: int) -> None:
        dataset, dtype, row_members = batches.dataset, batches.dtype, batches.row_members
        self.dataset, self.is_smoothed = dataset, dataset.is_smoothed
        n_features, n_targets = dataset.X.shape[1], dataset.targets.shape[1]
        self.columns = batches.columns
        if self.columns is not None:
            n_features = self.columns.shape[-1]
            self.places = np.empty((n_samples, n_features), np.intp)
            self.gathered = np.empty((n_samples, n_features), dataset.X.dtype)
        elif not dataset.is_sparse:
            self.gathered = np.empty((*row_members, n_samples, n_features), dataset.X.dtype)
        if not dataset.is_sparse:
            n_inputs = n_features + batches.n_own
            self.inputs = np.ones((*batches.input_members, n_inputs + 1, n_samples), dtype)
            # Views: where the columns of X go, and where each member's own do.
            self.shared = self.inputs[..., :n_features, :]
            self.own = self.inputs[..., n_features:-1, :]
        target_members = row_members
        if isinstance(dataset.smoothing, np.ndarray):
            target_members = batches.members
            self.smoothing = dataset.smoothing[:, np.newaxis].astype(dtype)
        else:
            self.smoothing = np.asarray(dataset.smoothing, dtype)
        self.targets = np.empty((*target_members, n_targets, n_samples), dtype)
        self.weights: FloatArray | None = None
        self.is_weighted = False
        if dataset.sample_weight is not None:
            weight_members = row_members or dataset.sample_weight.shape[:-1]
            self.weights = np.empty((*weight_members, 1, n_samples), dtype)
        elif dataset.lengths is not None:
            self.weights = np.empty((*row_members, 1, n_samples), dtype)
        self.raw = np.empty((*batches.members, batches.n_outputs, n_samples), dtype)
        self.predictions = np.empty_like(self.raw)
        self.batches = []
        for start in range(0, n_samples, batches.batch_size):
            columns = slice(start, min(start + batches.batch_size, n_samples))
            self.batches.append(
                Batch(
                    columns=columns,
                    n_samples=columns.stop - columns.start,
                    counts=columns.stop - columns.start,
                    inputs=None if dataset.is_sparse else self.inputs[..., columns],
                    targets=self.targets[..., columns],
                    weights=None if self.weights is None else self.weights[..., columns],
                    raw=self.raw[..., columns],
                    predictions=self.predictions[..., columns],
                )
            )

    def fill(self, rows: IntArray, lengths: IntArray | None = None) -> None:
        """Gather rows of the dataset.

        Parameters
        ----------
        rows : ndarray of int of shape (..., n_samples)
        lengths : ndarray of int of shape (K,), optional
            How many of them are not padding; may be below 0 or above ``n_samples``.
        """
        dataset = self.dataset
        if self.columns is not None:
            self._gather_columns(rows, self.columns)
        elif not dataset.is_sparse:
            # "clip" writes straight to `out`, the default mode through a copy.
            np.take(dataset.X, rows, axis=0, out=self.gathered, mode="clip")
            self.shared[...] = self.gathered.swapaxes(-1, -2)
        else:
            gathered = dataset.X[rows]
            for batch in self.batches:
                batch.inputs = gathered[batch.columns]
        if dataset.own_columns is not None:
            self._gather_own(rows, dataset.own_columns)
        self.targets[...] = dataset.targets[rows].swapaxes(-1, -2)
        if self.is_smoothed:
            np.multiply(self.targets, 1.0 - self.smoothing, out=self.targets)
            np.add(self.targets, self.smoothing / dataset.n_classes, out=self.targets)
        if self.weights is None:
            return
        is_full = lengths is None or lengths.min() >= self.weights.shape[-1]
        self.is_weighted = dataset.sample_weight is not None or not is_full
        if not self.is_weighted:
            for batch in self.batches:
                batch.counts, batch.weights = batch.n_samples, None
            return
        if dataset.sample_weight is None:
            self.weights.fill(1.0)
        elif dataset.sample_weight.ndim == 1 or rows.ndim == 1:
            self.weights[..., 0, :] = dataset.sample_weight[..., rows]
        else:
            self.weights[..., 0, :] = np.take_along_axis(dataset.sample_weight, rows, axis=-1)
        if lengths is not None:
            self._weigh_padding(self.weights, lengths)

    def _gather_columns(self, rows: IntArray, columns: IntArray) -> None:
        """Gather of every member's rows the columns that it sees.

        Cell by cell: that takes as long as gathering whole rows first (0.37 ms for 64 rows of
        20,000 columns of which 500 are seen), which would need a buffer for all columns of each.
        """
        cells = self.dataset.X.reshape(-1)
        rows = np.broadcast_to(rows, (*columns.shape[:-1], rows.shape[-1]))
        for member in np.ndindex(columns.shape[:-1]):
            starts = rows[member][:, np.newaxis] * self.dataset.X.shape[1]
            np.add(starts, columns[member], out=self.places)
            np.take(cells, self.places, out=self.gathered, mode="clip")
            self.shared[member] = self.gathered.T

    def _gather_own(self, rows: IntArray, own_columns: FloatArray) -> None:
        """Gather of every member's rows its own columns."""
        leading = self.own.shape[:-2]
        rows = np.broadcast_to(rows, (*leading, rows.shape[-1]))
        own_columns = np.broadcast_to(own_columns, (*leading, *own_columns.shape[-2:]))
        for member in np.ndindex(leading):
            self.own[member] = own_columns[member].take(rows[member], axis=0).T

    def _weigh_padding(self, weights: FloatArray, lengths: IntArray) -> None:
        """Give padding the weight 0; a batch that has neither padding nor weights needs none."""
        is_padding = np.arange(weights.shape[-1]) >= lengths[:, np.newaxis]
        weights[:, 0][is_padding] = 0.0
        for batch in self.batches:
            counts = np.clip(lengths - batch.columns.start, 0, batch.n_samples)
            batch.counts, batch.weights = counts, weights[..., batch.columns]
            if self.dataset.sample_weight is None and (counts == batch.n_samples).all():
                batch.weights = None


class Batches:
    """The batches of a dataset, an epoch at a time.

    Parameters
    ----------
    dataset : Dataset
    batch_size : int
    members : tuple of int
        () for one network, (K,) for a stack.
    own_rows : bool
        Whether each member of a stack sees rows in an order of its own.
    dtype : dtype
    n_outputs : int, optional
        Raw outputs of the network; as many as there are targets by default.
    columns : ndarray of int of shape (..., n_seen), optional
        Which columns each member sees; all by default.

    Attributes
    ----------
    row_members : tuple of int
        (K,) where every member has rows of its own, () where they share them.
    input_members : tuple of int
        (K,) where every member has inputs of its own: of its rows, or columns.
    n_own : int
        How many columns come after those of X, see `Dataset`.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        members: tuple[int, ...] = (),
        *,
        own_rows: bool = False,
        dtype: npt.DTypeLike = np.float64,
        n_outputs: int | None = None,
        columns: IntArray | None = None,
    ) -> None:
        if own_rows and dataset.is_sparse:
            raise ValueError("sparse rows are shared by all members of a stack")
        own = dataset.own_columns
        if own is not None and dataset.is_sparse:
            raise ValueError(f"sparse rows take no columns beside them, got {own.shape[-1]}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.row_members = members if own_rows else ()
        self.members = members
        self.dtype = np.dtype(dtype)
        self.n_outputs = dataset.targets.shape[1] if n_outputs is None else n_outputs
        row_entries = dataset.X.shape[1] + 1
        if dataset.is_sparse:
            row_entries = 2 * dataset.X.nnz // dataset.X.shape[0] + 1
        self.columns = columns
        if columns is not None:
            row_entries = columns.shape[-1] + 1
        self.n_own = 0 if own is None else own.shape[-1]
        has_own = columns is not None or (own is not None and own.ndim == 3)
        self.input_members = members if has_own else self.row_members
        row_bytes = self.dtype.itemsize * (row_entries + self.n_own)
        row_bytes *= max([1, *self.input_members])
        batches_at_once = max(GROUP_BYTES // (row_bytes * batch_size), 1)
        self.group_size = min(batches_at_once * batch_size, dataset.n_samples)
        self._groups: dict[int, BatchGroup] = {}

    def epoch(self, rows: IntArray, lengths: IntArray | None = None) -> Iterator[BatchGroup]:
        """Yield filled groups; each is overwritten by the next.

        Parameters
        ----------
        rows : ndarray of int of shape (n_samples,) or (K, n_samples)
            Indices into the dataset, in the epoch's order.
        lengths : ndarray of int of shape (K,), optional
            How many of them each member trains on, if the dataset says that they differ.
        """
        n_samples = rows.shape[-1]
        starts = list(range(0, n_samples, self.group_size))
        if n_samples % self.batch_size == 1 and starts[-1] != n_samples - 1:
            # By itself: a single column's product has other bits where it is not contiguous, and
            # how many batches share a group depends on the members of the stack.
            starts.append(n_samples - 1)
        for start, end in itertools.pairwise([*starts, n_samples]):
            group_rows = rows[..., start:end]
            size = end - start
            if size not in self._groups:
                self._groups[size] = BatchGroup(self, size)
            group = self._groups[size]
            group.fill(group_rows, None if lengths is None else lengths - start)
            yield group
