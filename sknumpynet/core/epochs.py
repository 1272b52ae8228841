"""Passes over the data: a step for every batch."""

from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np

from sknumpynet.core.backpropagation import Backpropagation
from sknumpynet.core.batching import Batch, Batches, BatchGroup, Dataset
from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network, Propagation
from sknumpynet.core.optimizers import Update, update_parameters
from sknumpynet.core.row_order import RowOrder
from sknumpynet.core.scheduler import Scheduler
from sknumpynet.core.types import BoolArray, FloatArray, IntArray, Scalar

__all__ = ["Epochs"]

# Of a step: the L2 penalty in the unit of a sum over samples, and the batch's total weight.
StepSums = tuple[float | FloatArray, int | FloatArray]


class Epochs:
    """Runs epochs of a network or a stack, and sums what they cost.

    Parameters
    ----------
    network : Network
    loss : Loss
    dataset : Dataset
    order : RowOrder
    update : Update
        Bound to the parameters.
    scheduler : Scheduler
        Of the same optimiser.

    Attributes
    ----------
    n_rows_done : int
        How far the last epoch came.
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        dataset: Dataset,
        order: RowOrder,
        update: Update,
        scheduler: Scheduler,
    ) -> None:
        self.loss, self.order, self.update, self.scheduler = loss, order, update, scheduler
        parameters, dropout = update.parameters, scheduler.dropout
        self.members = parameters.shape[:-1]
        self.batches = Batches(
            dataset,
            scheduler.monitors[0].settings.batch_size,
            self.members,
            own_rows=order.has_own_rows,
            dtype=parameters.dtype,
            n_outputs=network.fan_out,
            columns=network.columns_seen(parameters),
        )
        # Batches come with the columns that are seen.
        above = network.above_selection
        propagation = partial(
            Propagation,
            above,
            parameters[..., -above.layout.size :],
            update.gradient[..., -above.layout.size :],
            sparse_inputs=dataset.is_sparse,
            dropout=() if dropout is None else dropout.layers,
        )
        # For each size of batches, the last one's too, scratch is made once.
        self.backpropagation = cache(
            lambda n_samples: Backpropagation(loss, propagation(n_samples))
        )
        self.has_to_begin_steps = scheduler.changes_steps or dropout is not None
        self.n_rows_done = 0

    def run(self, time_is_over: Callable[[], bool]) -> tuple[FloatArray, FloatArray]:
        """Take every batch's step; return each member's mean loss and the samples it is over.

        Parameters
        ----------
        time_is_over : callable()
            Asked after every group of batches; ends the epoch there.
        """
        self.order.shuffle()
        self.scheduler.begin_epoch(self.order)
        losses, n_samples = [], np.zeros(self.members)
        self.n_rows_done = 0
        for group in self.batches.epoch(self.order.rows, self.order.lengths):
            steps = [
                self._step(batch)
                if batch.weights is None
                else self._weighted_step(batch, batch.weights)
                for batch in group.batches
            ]
            losses.append(self._losses(group, steps, n_samples))
            self.n_rows_done += group.raw.shape[-1]
            if time_is_over():
                break
        # Contiguous: the order of a sum goes by the layout, which with one member has no order.
        total = np.ascontiguousarray(np.concatenate(losses, axis=-1)).sum(axis=-1)
        return total / np.maximum(n_samples, 1), n_samples

    def _step(self, batch: Batch) -> StepSums:
        backpropagation = self.backpropagation(batch.n_samples)
        if self.has_to_begin_steps:
            self._begin_step(batch, backpropagation)
        backpropagation.run(batch)
        return update_parameters(self.update, backpropagation.scale), batch.n_samples

    def _weighted_step(self, batch: Batch, weights: FloatArray) -> StepSums:
        backpropagation = self.backpropagation(batch.n_samples)
        total = weights.sum(axis=(-2, -1), dtype=float)
        taken = total > 0
        self._begin_step(batch, backpropagation, taken)
        if not taken.any():
            return 0.0, total
        backpropagation.run(batch)
        scale = 1.0 / np.where(taken, total, 1.0)
        if scale.ndim == 0:
            return update_parameters(self.update, float(scale)), total
        column = scale[:, np.newaxis].astype(self.update.parameters.dtype)
        return update_parameters(self.update, column, taken), total

    def _begin_step(
        self, batch: Batch, backpropagation: Backpropagation, taken: BoolArray | None = None
    ) -> None:
        scheduler = self.scheduler
        if scheduler.changes_steps:
            scheduler.begin_step()
        if scheduler.dropout is not None:
            scheduler.dropout.draw(backpropagation.propagation, batch.counts, taken)

    def _losses(
        self, group: BatchGroup, steps: Sequence[StepSums], n_samples: FloatArray
    ) -> FloatArray:
        """Return each batch's loss, summed over its samples, (..., n_batches).

        Batch by batch, as how many share a group depends on the members of the stack.

        Parameters
        ----------
        group : BatchGroup
        steps : sequence of (penalty, total weight)
            Of its batches.
        n_samples : ndarray of shape (...)
            How many samples the loss is over is added to it.
        """
        if group.is_smoothed:
            # What scikit-learn reports is for labels that are 0 or 1.
            values = self.loss.value(group.raw, group.targets)
        else:
            values = self.loss.reported_value(group.raw, group.predictions, group.targets)
        weights = group.weights if group.is_weighted else None
        if weights is not None:
            values *= weights[..., 0, :]
        penalties, totals = zip(*steps, strict=True)
        starts = [batch.columns.start for batch in group.batches]
        losses = np.add.reduceat(values, starts, axis=-1) + self._of_batches(penalties)
        if weights is None:
            n_samples += values.shape[-1]
            return losses
        total, counts = (
            self._of_batches(own) for own in (totals, [batch.counts for batch in group.batches])
        )
        taken = total > 0
        n_samples += np.where(taken, counts, 0.0).sum(axis=-1)
        # A batch counts by its samples, whatever their weights, as in scikit-learn. Their ratio
        # first: where all weights are 1 it is 1, and the loss that of rows without weights.
        return np.where(taken, losses * (counts / total), 0.0)

    def _of_batches(self, values: Sequence[Scalar | IntArray]) -> FloatArray:
        """Return what each batch has for every member, or for all, as (..., n_batches)."""
        by_batch = np.empty((*self.members, len(values)))
        for i, value in enumerate(values):
            by_batch[..., i] = value
        return by_batch
