"""The training loop, the only one, and when it stops."""

import copy
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from sknumpynet.core.backpropagation import penalty_factors
from sknumpynet.core.batching import Dataset
from sknumpynet.core.dropout import seeded_dropout
from sknumpynet.core.epochs import Epochs
from sknumpynet.core.losses import Loss
from sknumpynet.core.members import Member, MemberResult, Snapshot
from sknumpynet.core.monitor import Monitor
from sknumpynet.core.network import Network
from sknumpynet.core.optimizers import (
    Factors,
    Optimizer,
    Update,
    put_member,
    take_member,
    take_members,
)
from sknumpynet.core.row_order import RowOrder
from sknumpynet.core.scheduler import Scheduler, item
from sknumpynet.core.types import FloatArray

__all__ = ["train"]


def train(
    network: Network,
    loss: Loss,
    parameters: FloatArray,
    dataset: Dataset,
    optimizer: Optimizer,
    members: Sequence[Member],
) -> tuple[FloatArray, list[MemberResult]]:
    """Train one network, or a stack of them, until each has stopped.

    Parameters
    ----------
    network : Network
    loss : Loss
    parameters : ndarray of shape (P,) or (K, P)
        Where training starts; changed in place. Of members that resume, what their snapshots have.
    dataset : Dataset
    optimizer : Optimizer
        Its state is gone on from, and holds each member's last state afterwards. Of members that
        resume, what their snapshots have.
    members : sequence of Member
        One for a single network, otherwise K.

    Returns
    -------
    parameters : ndarray of the shape of ``parameters``
        Each member's last parameters, or with a validation score those of its best epoch.
    results : list of MemberResult

    Raises
    ------
    ValueError
        If members differ in ``batch_size`` or ``shuffle``, or in the number of their rows where
        they share a random source.
    """
    for name in ("batch_size", "shuffle"):
        values = {getattr(member.settings, name) for member in members}
        if len(values) > 1:
            raise ValueError(f"members of a stack need the same {name}, got {sorted(values)}")
    if dataset.lengths is not None:
        sources = {id(member.random_state) for member in members}
        pairs = zip(members, dataset.lengths.tolist(), strict=True)
        if len({(id(member.random_state), length) for member, length in pairs}) > len(sources):
            raise ValueError(
                "members that share a random source need as many rows, got "
                f"{dataset.lengths.tolist()}"
            )
    monitors = [Monitor(member) for member in members]
    stack = _Stack(network, loss, parameters, dataset, optimizer, monitors)
    trained = np.empty_like(parameters)
    try:
        # Values too large to go on with are looked for at every epoch's end.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if over := stack.not_running():
                stack = stack.without(over, trained)
            while stack.monitors:
                losses, n_samples = stack.epochs.run(stack.time_is_over)
                stopped = stack.end_epoch(losses, n_samples)
                stack.offer_snapshots()
                if stopped:
                    stack = stack.without(stopped, trained)
    except KeyboardInterrupt:
        stack.scheduler.restore()
        for monitor in stack.monitors:
            if monitor.result.status == "running":
                monitor.result.status = "interrupted"
        stack.without(range(len(stack.monitors)), trained)
    return trained, [monitor.result for monitor in monitors]


class _Stack:
    """The members that are still training, and everything bound to their parameters."""

    def __init__(
        self,
        network: Network,
        loss: Loss,
        parameters: FloatArray,
        dataset: Dataset,
        optimizer: Optimizer,
        monitors: Sequence[Monitor],
    ) -> None:
        self.network, self.loss, self.dataset = network, loss, dataset
        self.monitors = list(monitors)
        self.places = list(range(len(monitors)))
        self.last_optimizer = optimizer
        self.is_single = parameters.ndim == 1
        settings = [monitor.settings for monitor in monitors]
        sources = [monitor.member.random_state for monitor in monitors]
        self.order = RowOrder(
            dataset, sources, shuffles=settings[0].shuffle, is_single=self.is_single
        )
        dropout = seeded_dropout(
            [own.dropout for own in settings],
            sources,
            optimizer.n_updates,
            n_hidden=len(network.dense_layers) - 1,
        )
        self.scheduler = Scheduler(optimizer, dropout, monitors, is_single=self.is_single)
        for position, monitor in enumerate(monitors):
            if (snapshot := monitor.member.resume_from) is not None:
                self._resume(position, snapshot)
        self.start = self.last_end = time.perf_counter()
        self._bind(parameters, optimizer)

    def _bind(self, parameters: FloatArray, optimizer: Optimizer) -> None:
        self.parameters, self.optimizer = parameters, optimizer
        settings = [monitor.settings for monitor in self.monitors]
        self.deadline = self.start + max(own.max_seconds for own in settings)
        penalty = None
        alphas = np.array([[monitor.member.alpha] for monitor in self.monitors])
        if alphas.any():
            penalty = penalty_factors(self.network, alphas).astype(parameters.dtype)
            penalty = penalty.reshape(parameters.shape)
        bounds = [own.max_gradient_norm for own in settings]
        self.update = Update(
            optimizer,
            parameters,
            Factors(
                penalty,
                self.network.is_decayed,
                self.network.learning_rates,
                self.network.bounds,
            ),
            max_gradient_norm=bounds[0] if len(set(bounds)) == 1 else np.array(bounds)[:, None],
            layout=self.network.layout,
        )
        self.epochs = Epochs(
            self.network, self.loss, self.dataset, self.order, self.update, self.scheduler
        )

    def _resume(self, position: int, snapshot: Snapshot) -> None:
        """Let what a member draws go on from a snapshot."""
        self.order.resume(position, snapshot.rows)
        self.monitors[position].member.random_state.set_state(snapshot.random_state)
        dropout = self.scheduler.dropout
        if dropout is not None and snapshot.dropout is not None:
            dropout.generators[position].state = snapshot.dropout

    def offer_snapshots(self) -> None:
        """Let members be kept as they are now."""
        for position, monitor in enumerate(self.monitors):
            if monitor.member.keep is not None:
                monitor.member.keep(monitor.result, partial(self._snapshot, position))

    def _snapshot(self, position: int) -> Snapshot:
        """Return where a member stands, a copy."""
        monitor, dropout = self.monitors[position], self.scheduler.dropout
        parameters, optimizer = self.parameters, self.optimizer
        if not self.is_single:
            parameters, optimizer = parameters[position], take_member(optimizer, position)
        return Snapshot(
            copy.deepcopy(monitor.result),
            parameters.copy(),
            copy.deepcopy(optimizer),
            monitor.member.random_state.get_state(legacy=False),
            self.order.rows_of(position).copy(),
            None if dropout is None else dropout.generators[position].state,
        )

    def time_is_over(self) -> bool:
        """Return whether no member has time left."""
        return time.perf_counter() > self.deadline

    def end_epoch(self, losses: FloatArray, n_samples: FloatArray) -> list[int]:
        """Judge the epoch of every member; return the positions of those that stop."""
        # A moment that overflowed would hold its parameter fast without a sign.
        finite = np.isfinite(self.parameters).all(axis=-1)
        finite &= np.isfinite(self.update.state).all(axis=(0, -1))
        last_rates = self.optimizer.learning_rate
        self.scheduler.restore()
        now = time.perf_counter()
        seconds, self.last_end = (now - self.last_end) / len(self.monitors), now
        columns = (array.reshape(-1).tolist() for array in (losses, n_samples, finite))
        for position, (monitor, loss, learned, is_finite) in enumerate(
            zip(self.monitors, *columns, strict=True)
        ):
            result, parameters = monitor.result, None
            result.n_epochs += 1
            result.state.n_samples_seen += min(self.order.n_rows(position), self.epochs.n_rows_done)
            if not (is_finite and math.isfinite(loss)):
                result.status = "diverged"
                continue
            # An epoch in which every batch had only zero weights says nothing.
            if learned:
                parameters = self.parameters if self.is_single else self.parameters[position]
                monitor.record_epoch(loss, parameters, item(last_rates, position), seconds)
                self.scheduler.end_epoch(position)
            monitor.end_epoch(now - self.start, parameters)
        return self.not_running()

    def not_running(self) -> list[int]:
        """Return the positions of the members whose training is over."""
        return [i for i, own in enumerate(self.monitors) if own.result.status != "running"]

    def without(self, positions: Iterable[int], result: FloatArray) -> "_Stack":
        """Write the parameters of members to their rows of ``result``; return the others' stack.

        This one stays as it is, so that an interrupt finds the one or the other.
        """
        leaving = set(positions)
        for position in leaving:
            last = self.parameters if self.is_single else self.parameters[position]
            best = self.monitors[position].result.best_parameters
            row = result if self.is_single else result[self.places[position]]
            row[:] = last if best is None else best
        staying = [i for i in range(len(self.monitors)) if i not in leaving]
        # Taken first: the last states may go to the very optimiser that is taken from.
        optimizer = take_members(self.optimizer, staying) if staying else None
        if not self.is_single:
            for position in leaving:
                put_member(self.last_optimizer, self.places[position], self.optimizer, position)
        rest = copy.copy(self)
        rest.monitors = [self.monitors[i] for i in staying]
        rest.places = [self.places[i] for i in staying]
        if optimizer is None:
            return rest
        dropout = self.scheduler.dropout
        rest.scheduler = self.scheduler.take(
            staying, optimizer, None if dropout is None else dropout.take(staying)
        )
        rest.order = self.order.take(staying)
        rest.dataset = self.dataset.take_members(staying)
        if rest.order.lengths is not None:
            rest.dataset = replace(rest.dataset, rows=rest.order.rows, lengths=rest.order.lengths)
        rest._bind(self.parameters[staying], optimizer)
        return rest
