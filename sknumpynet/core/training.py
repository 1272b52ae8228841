"""The training loop, the only one, and when it stops."""

import copy
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from sknumpynet.core.batching import Batch, Batches, Chunk, Dataset
from sknumpynet.core.dropout import Dropout
from sknumpynet.core.losses import PREDICTIONS
from sknumpynet.core.members import Member, Settings
from sknumpynet.core.network import (
    Network,
    Propagation,
    backward_propagation,
    forward_propagation,
)
from sknumpynet.core.optimizers import (
    Optimizer,
    Update,
    put_member,
    take_members,
    update_parameters,
)
from sknumpynet.core.schedules import SCHEDULES

__all__ = ["train"]


def train(
    network: Network,
    parameters: np.ndarray,
    dataset: Dataset,
    optimizer: Optimizer,
    members: Sequence[Member],
    settings: Settings | Sequence[Settings],
    alpha: float | np.ndarray = 0.0,
) -> np.ndarray:
    """Train one network, or a stack of them, until each has stopped.

    Parameters
    ----------
    network : Network
    parameters : ndarray of shape (P,) or (K, P)
        Where training starts; changed in place.
    dataset : Dataset
    optimizer : Optimizer
        Its state is gone on from, and holds each member's last state afterwards.
    members : sequence of Member
        One for a single network, otherwise K; they take down what happens.
    settings : Settings or sequence of K Settings
        For all members or for each.
    alpha : float or ndarray of shape (K, 1)
        Strength of the L2 penalty on the weights, ½ alpha Σ w², divided by the batch's size.

    Returns
    -------
    ndarray of the shape of ``parameters``
        Each member's last parameters, or with a validation score those of its best epoch.

    Raises
    ------
    ValueError
        If members differ in ``batch_size`` or ``shuffle``, or in the number of their rows where
        they share a random source.
    """
    if isinstance(settings, Settings):
        settings = [settings] * len(members)
    for name in ("batch_size", "shuffle"):
        values = {getattr(own, name) for own in settings}
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
    stack = _Stack(network, parameters, dataset, optimizer, members, settings, alpha)
    result = np.empty_like(parameters)
    try:
        # Values too large to go on with are looked for at every epoch's end.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            while stack.members:
                losses, n_samples = stack.run_epoch()
                stopped = stack.end_epoch(losses, n_samples)
                if stopped:
                    stack = stack.without(stopped, result)
    except KeyboardInterrupt:
        stack.restore_settings()
        for member in stack.members:
            if member.status == "running":
                member.status = "interrupted"
        stack.without(range(len(stack.members)), result)
    return result


class _Stack:
    """The members that are still training, and everything bound to their parameters."""

    def __init__(
        self,
        network: Network,
        parameters: np.ndarray,
        dataset: Dataset,
        optimizer: Optimizer,
        members: Sequence[Member],
        settings: Sequence[Settings],
        alpha: float | np.ndarray,
    ) -> None:
        self.network, self.settings = network, list(settings)
        self.predict = PREDICTIONS[network.loss.output_activation]
        self.differentiate = network.loss.differentiate
        self.batch_size, self.shuffle = settings[0].batch_size, settings[0].shuffle
        self.dataset, self.members = dataset, list(members)
        self.is_single = parameters.ndim == 1
        self.places = list(range(len(self.members)))
        all_rows = np.arange(dataset.X.shape[0]) if dataset.rows is None else dataset.rows
        one_order = not self.shuffle or len({id(m.random_state) for m in members}) == 1
        same_rows = all_rows.ndim == 1 and dataset.lengths is None
        self.own_rows = not self.is_single and not (same_rows and one_order)
        self.rows, self.lengths = all_rows, dataset.lengths
        if self.own_rows:
            self.rows = np.broadcast_to(all_rows, (len(self.members), all_rows.shape[-1])).copy()
        self.initial_rates = self._as_column(optimizer.initial_learning_rate)
        self.last_optimizer = optimizer
        self.has_step_rates = any(
            own.schedule.over_progress is not None
            or own.warmup > 0
            or own.regularization is not None
            for own in settings
        )
        if any(own.schedule is not SCHEDULES["constant"] or own.warmup > 0 for own in settings):
            optimizer.learning_rate = self._as_column(optimizer.learning_rate)
        self.alpha = alpha
        self.dropout = self._make_dropout(optimizer)
        self.start = self.last_end = time.perf_counter()
        self.deadline = self.start + max(own.max_seconds for own in settings)
        self._bind(parameters, optimizer)

    def _make_dropout(self, optimizer: Optimizer) -> Dropout | None:
        """Seed the masks; a run that goes on must not begin with the same ones again."""
        if not any(any(own.dropout) for own in self.settings):
            return None
        seeds = {}
        for member, own in zip(self.members, self.settings, strict=True):
            # Who drops nothing draws nothing, as if trained alone.
            if any(own.dropout) and id(member.random_state) not in seeds:
                largest = np.iinfo(np.int32).max
                seeds[id(member.random_state)] = member.random_state.randint(largest)
        updates = np.broadcast_to(optimizer.n_updates, (len(self.members), 1))[:, 0].tolist()
        no_rates = (0.0,) * (len(self.network.layers) - 1)
        return Dropout(
            [own.dropout or no_rates for own in self.settings],
            [
                (seeds.get(id(member.random_state), 0), done)
                for member, done in zip(self.members, updates, strict=True)
            ],
        )

    def _as_column(self, setting: float | np.ndarray) -> float | np.ndarray:
        if self.is_single:
            return setting
        return np.broadcast_to(np.asarray(setting, float), (len(self.members), 1)).copy()

    def _bind(self, parameters: np.ndarray, optimizer: Optimizer) -> None:
        self.parameters, self.optimizer = parameters, optimizer
        # Between epochs the optimiser has these; during one they are times a step's factor.
        self.epoch_rates = optimizer.learning_rate
        self.weight_decay = optimizer.weight_decay
        penalty = None
        if np.any(self.alpha):
            # Not by multiplication: a penalty beside tiny weights may be infinite.
            penalty = np.where(self.network.is_decayed, self.alpha, 0.0).astype(parameters.dtype)
            penalty = np.broadcast_to(penalty, parameters.shape)
        bounds = [own.max_gradient_norm for own in self.settings]
        self.update = Update(
            optimizer,
            parameters,
            penalty,
            decayed=self.network.is_decayed,
            rates=self.network.learning_rates,
            max_gradient_norm=bounds[0] if len(set(bounds)) == 1 else np.array(bounds)[:, None],
            layout=self.network.layout,
        )
        self.batches = Batches(
            self.dataset,
            self.batch_size,
            parameters.shape[:-1],
            own_rows=self.own_rows,
            dtype=parameters.dtype,
            n_outputs=self.network.layers[-1].fan_out,
        )
        self.scratch: dict[int, tuple[Propagation, np.ndarray, np.ndarray]] = {}

    def run_epoch(self) -> tuple[np.ndarray, np.ndarray]:
        """Take every batch's step; return each member's mean loss and the samples it is over."""
        if self.shuffle:
            self._shuffle()
        losses = np.zeros(self.parameters.shape[:-1])
        n_samples = np.zeros(self.parameters.shape[:-1])
        self.n_rows_done = self.n_steps_done = 0
        for chunk in self.batches.epoch(self.rows, self.lengths):
            steps = [
                self._step(batch) if batch.weights is None else self._weighted_step(batch)
                for batch in chunk.batches
            ]
            self._add_losses(chunk, steps, losses, n_samples)
            self.n_rows_done += chunk.raw.shape[-1]
            if time.perf_counter() > self.deadline:
                break
        return losses / np.maximum(n_samples, 1), n_samples

    def _add_losses(
        self,
        chunk: Chunk,
        steps: Sequence[tuple[float | np.ndarray, int | np.ndarray]],
        losses: np.ndarray,
        n_samples: np.ndarray,
    ) -> None:
        """Add the sums of a chunk, whose steps had these penalties and total weights."""
        loss = self.network.loss
        if chunk.is_smoothed:
            # What scikit-learn reports is for labels that are 0 or 1.
            values = loss.value(chunk.raw, chunk.targets)
        else:
            values = loss.reported_value(chunk.raw, chunk.predictions, chunk.targets)
        if chunk.weights is None:
            losses += values.sum(axis=-1) + sum(penalty for penalty, _ in steps)
            n_samples += values.shape[-1]
            return
        values *= chunk.weights[..., 0, :]
        for batch, (penalty, total) in zip(chunk.batches, steps, strict=True):
            taken = total > 0
            weighted = values[..., batch.columns].sum(axis=-1) + penalty
            # A batch counts by its samples, whatever their weights, as in scikit-learn.
            losses += np.where(taken, batch.counts * weighted / total, 0.0)
            n_samples += np.where(taken, batch.counts, 0)

    def _shuffle(self) -> None:
        if not self.own_rows:
            self.rows = self.rows[self.members[0].random_state.permutation(self._n_rows(0))]
            return
        permutations: dict[int, np.ndarray] = {}
        for position, (member, rows) in enumerate(zip(self.members, self.rows, strict=True)):
            n_rows, source = self._n_rows(position), id(member.random_state)
            if source not in permutations:
                permutations[source] = member.random_state.permutation(n_rows)
            rows[:n_rows] = rows[permutations[source]]

    def _n_rows(self, position: int) -> int:
        """Return how many rows a member trains on, padding not counted."""
        return self.rows.shape[-1] if self.lengths is None else int(self.lengths[position])

    def _step(self, batch: Batch) -> tuple[float | np.ndarray, int]:
        """Learn from one batch.

        Returns
        -------
        penalty : float or ndarray of shape (K,)
            The L2 penalty, in the unit of a sum over samples.
        total : int
            The batch's weight.
        """
        propagation, delta, scale = self._scratch(batch.n_samples)
        if self.has_step_rates or self.dropout is not None:
            self._begin_step(batch, propagation)
        self._propagate(batch, propagation, delta)
        backward_propagation(propagation, delta)
        return update_parameters(self.update, scale), batch.n_samples

    def _weighted_step(self, batch: Batch) -> tuple[float | np.ndarray, np.ndarray]:
        """Learn from one batch; return the penalty and the total weight, each (...)."""
        propagation, delta, _ = self._scratch(batch.n_samples)
        total = batch.weights.sum(axis=(-2, -1), dtype=float)
        taken = total > 0
        self._begin_step(batch, propagation, taken)
        if not taken.any():
            return 0.0, total
        self._propagate(batch, propagation, delta)
        np.multiply(delta, batch.weights, out=delta)
        backward_propagation(propagation, delta)
        scale = 1.0 / np.where(taken, total, 1.0)
        if scale.ndim == 0:
            return update_parameters(self.update, float(scale)), total
        column = scale[:, np.newaxis].astype(delta.dtype)
        return update_parameters(self.update, column, taken), total

    def _propagate(self, batch: Batch, propagation: Propagation, delta: np.ndarray) -> None:
        """Write the gradient of the loss with respect to the raw outputs to ``delta``."""
        forward_propagation(propagation, batch.inputs, out=batch.raw)
        self.predict(batch.raw, batch.predictions)
        self.differentiate(batch.raw, batch.predictions, batch.targets, delta)

    def _begin_step(
        self, batch: Batch, propagation: Propagation, taken: np.ndarray | None = None
    ) -> None:
        if self.has_step_rates:
            self._set_step_rates()
            self.n_steps_done += 1
        if self.dropout is not None:
            self.dropout.draw(propagation, batch.counts, taken)

    def _set_step_rates(self) -> None:
        """Let the schedules say the rates of the next step, by the progress in its middle."""
        rates, strengths = [], []
        for position, (member, own) in enumerate(zip(self.members, self.settings, strict=True)):
            n_steps = -(-self._n_rows(position) // self.batch_size)
            # A member with fewer rows than others may be through.
            step = min(self.n_steps_done, n_steps - 1)
            done = own.epochs_before + member.n_epochs + (step + 0.5) / n_steps
            progress = min(done / (own.planned_epochs or own.max_epochs), 1.0)
            rates.append(own.schedule.step_factor(progress, own.warmup))
            strengths.append(1.0 if own.regularization is None else own.regularization(progress))
        self.optimizer.learning_rate = self.epoch_rates * self._of_members(rates)
        if self.weight_decay is not None:
            self.optimizer.weight_decay = self.weight_decay * self._of_members(strengths)
        if self.dropout is not None:
            self.dropout.strengths = strengths

    def _of_members(self, values: Sequence[float]) -> float | np.ndarray:
        """Return a number where members agree, which is quicker than a column."""
        if len(set(values)) == 1:
            return values[0]
        return np.array(values)[:, np.newaxis]

    def _scratch(self, n_samples: int) -> tuple[Propagation, np.ndarray, np.ndarray]:
        if n_samples not in self.scratch:
            dtype = self.parameters.dtype
            shape = (*self.parameters.shape[:-1], self.network.layers[-1].fan_out, n_samples)
            propagation = Propagation(
                self.network,
                self.parameters,
                self.update.gradient,
                n_samples,
                sparse_inputs=self.dataset.is_sparse,
                dropout=() if self.dropout is None else self.dropout.layers,
            )
            self.scratch[n_samples] = (
                propagation,
                np.empty(shape, dtype),
                np.asarray(1.0 / n_samples, dtype),
            )
        return self.scratch[n_samples]

    def end_epoch(self, losses: np.ndarray, n_samples: np.ndarray) -> list[int]:
        """Judge the epoch of every member; return the positions of those that stop."""
        # A moment that overflowed would hold its parameter fast without a sign.
        finite = np.isfinite(self.parameters).all(axis=-1)
        finite &= np.isfinite(self.update.state).all(axis=(0, -1))
        last_rates = self.optimizer.learning_rate
        self.restore_settings()
        now = time.perf_counter()
        seconds, self.last_end = (now - self.last_end) / len(self.members), now
        columns = (array.reshape(-1).tolist() for array in (losses, n_samples, finite))
        for position, (member, own, loss, learned, is_finite) in enumerate(
            zip(self.members, self.settings, *columns, strict=True)
        ):
            member.n_epochs += 1
            member.n_samples_seen += min(self._n_rows(position), self.n_rows_done)
            if not (is_finite and math.isfinite(loss)):
                member.status = "diverged"
                continue
            # An epoch in which every batch had only zero weights says nothing.
            if learned:
                parameters = self.parameters if self.is_single else self.parameters[position]
                member.history["loss"].append(loss)
                member.history["learning_rate"].append(_item(last_rates, position))
                member.history["seconds"].append(seconds)
                member.judge(loss, parameters, self.settings[position])
                self._adapt_learning_rate(position)
            if member.status == "running" and now - self.start > own.max_seconds:
                member.status = "out_of_time"
            if member.status == "running" and member.n_epochs == own.max_epochs:
                member.status = "exhausted"
            if (
                learned
                and member.end_of_epoch is not None
                and member.end_of_epoch(member, parameters)
            ):
                member.status = "stopped"
        return [i for i, member in enumerate(self.members) if member.status != "running"]

    def _adapt_learning_rate(self, position: int) -> None:
        """Let the schedule change the rate after an epoch, and again or stop if it stalled."""
        settings, member = self.settings[position], self.members[position]
        schedule = settings.schedule
        if schedule.divisor is not None:
            divisor = schedule.divisor(member.n_samples_seen, settings.power_t)
            self._set_rate(position, _item(self.initial_rates, position) / divisor)
        if member.stalled_epochs <= settings.patience:
            return
        by_validation = member.is_judged_by_validation(settings)
        if schedule.over_progress is not None and not by_validation:
            return
        what = "Validation score" if by_validation else "Training loss"
        message = (
            f"{what} did not improve more than tol={settings.tol:f} for "
            f"{settings.patience:.0f} consecutive epochs."
        )
        rate = _item(self.optimizer.learning_rate, position)
        if schedule.patience_divisor is None:
            member.status, consequence = "converged", "Stopping."
        elif rate <= schedule.smallest_rate:
            member.status, consequence = "converged", "Learning rate too small. Stopping."
        else:
            rate /= schedule.patience_divisor
            self._set_rate(position, rate)
            member.stalled_epochs = 0
            consequence = f"Setting learning rate to {rate:f}"
        if settings.report:
            settings.report(f"{message} {consequence}")

    def restore_settings(self) -> None:
        """Undo what schedules have done to the optimiser for the last step."""
        self.optimizer.learning_rate = self.epoch_rates
        if self.weight_decay is not None:
            self.optimizer.weight_decay = self.weight_decay

    def _set_rate(self, position: int, rate: float) -> None:
        if self.is_single:
            self.optimizer.learning_rate = self.epoch_rates = rate
        else:
            self.optimizer.learning_rate[position] = rate

    def without(self, positions: Iterable[int], result: np.ndarray) -> "_Stack":
        """Write the parameters of members to their rows of ``result``; return the others' stack.

        This one stays as it is, so that an interrupt finds the one or the other.
        """
        leaving = set(positions)
        for position in leaving:
            member = self.members[position]
            last = self.parameters if self.is_single else self.parameters[position]
            best = member.best_parameters
            row = result if self.is_single else result[self.places[position]]
            row[:] = last if best is None else best
        staying = [i for i in range(len(self.members)) if i not in leaving]
        # Taken first: the last states may go to the very optimiser that is taken from.
        optimizer = take_members(self.optimizer, staying) if staying else None
        if not self.is_single:
            for position in leaving:
                put_member(self.last_optimizer, self.places[position], self.optimizer, position)
        rest = copy.copy(self)
        rest.members = [self.members[i] for i in staying]
        rest.settings = [self.settings[i] for i in staying]
        rest.places = [self.places[i] for i in staying]
        if optimizer is None:
            return rest
        if self.own_rows:
            rest.rows = self.rows[staying]
        if self.lengths is not None:
            rest.lengths = self.lengths[staying]
            rest.rows = rest.rows[:, : rest.lengths.max()]
            rest.dataset = replace(self.dataset, rows=rest.rows, lengths=rest.lengths)
        weights = self.dataset.sample_weight
        if weights is not None and weights.ndim == 2:
            rest.dataset = replace(rest.dataset, sample_weight=weights[staying])
        if isinstance(rest.dataset.smoothing, np.ndarray):
            rest.dataset = replace(rest.dataset, smoothing=rest.dataset.smoothing[staying])
        if self.dropout is not None:
            rest.dropout = self.dropout.take(staying)
        rest.deadline = self.start + max(own.max_seconds for own in rest.settings)
        rest.initial_rates = _take(self.initial_rates, staying)
        rest.alpha = _take(self.alpha, staying)
        rest._bind(self.parameters[staying], optimizer)
        return rest


def _item(setting: float | np.ndarray, position: int) -> float:
    return float(setting[position, 0]) if isinstance(setting, np.ndarray) else setting


def _take(setting: float | np.ndarray, positions: list[int]) -> float | np.ndarray:
    return setting[positions] if isinstance(setting, np.ndarray) else setting
