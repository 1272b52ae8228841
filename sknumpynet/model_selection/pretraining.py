"""Training what a search or a cross-validation is about to ask for, before it asks.

    candidates and splits → recorded inputs of the network → runs → stacks → outcomes

scikit-learn's own loop then runs with clones whose ``fit`` picks up the outcome that is theirs.
What cannot be stacked, or fails before training, is left to the clone's own ``fit``, so that the
same result or error comes of it.
"""

import copy
import itertools
import math
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import joblib
import numpy as np
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.base import BaseEstimator, clone, is_classifier

from sknumpynet.core.network import Network
from sknumpynet.estimators.base import BaseNetwork
from sknumpynet.estimators.callbacks import has_callbacks
from sknumpynet.estimators.checks import checked_hidden_layer_sizes
from sknumpynet.estimators.publication import publish
from sknumpynet.model_selection.pretrained import Outcome, Split, Tickets, fingerprint, network_of
from sknumpynet.training.executor import Run, cut, group, train_chunks
from sknumpynet.training.preparation import Data, Plan, prepare_data, prepare_runs
from sknumpynet.utils.scikit_learn import (
    Task,
    num_samples,
    safe_split,
    slice_params,
    validate_parameters,
)

__all__ = ["Rehearsal"]


# Recording ---------------------------------------------------------------------------------------


class _Recorder:
    """Stands in for the network's ``fit`` and notes what it is given."""

    def __call__(self, X: Any, y: Any = None, **params: Any) -> None:
        """Note the arguments."""
        self.X, self.y, self.params = X, y, params


@dataclass
class Recording:
    """What the network of a candidate is given on a split.

    Parameters
    ----------
    X, y : array-like
    params : dict
        Further arguments of ``fit``.
    head : list of (str, transformer) or None
    n_rows : int
        Of the split.
    given : hashable
        The fingerprint of what the whole estimator is given.
    seconds : float
        Spent on fitting the steps before the network.
    data : dict
        Validated, by what of a network the validation depends on.
    """

    X: Any
    y: Any
    params: dict[str, Any]
    head: list[tuple[str, Any]] | None
    n_rows: int
    given: Hashable
    seconds: float
    data: dict[Hashable, Data] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """About how much memory it and its validated data take."""
        n_features = math.prod(getattr(self.X, "shape", (0, 1))[1:])
        return 2 * 8 * num_samples(self.X) * n_features

    def data_for(self, network: BaseNetwork, weight: Any, validation: tuple[Any, Any, Any]) -> Data:
        """Return the data as a network validates and encodes it."""
        names = network._data_parameters
        key = (type(network), *(_identity(getattr(network, name, None)) for name in names))
        if key not in self.data:
            self.data[key] = prepare_data(network, self.X, self.y, weight, validation)
        return self.data[key]


def _record(estimator: BaseEstimator, X: Any, y: Any, params: dict[str, Any]) -> Recording:
    """Let the steps before the network be fitted, and stop there."""
    network, recorder = network_of(estimator), _Recorder()
    n_rows, given = num_samples(X), fingerprint({"X": X, "y": y, "params": params})
    start = time.perf_counter()
    if network is estimator:
        return Recording(X, y, params, None, n_rows, given, 0.0)
    network.fit = recorder
    estimator.fit(X, y, **params)
    seconds = time.perf_counter() - start
    head = estimator.steps[:-1]
    return Recording(recorder.X, recorder.y, recorder.params, head, n_rows, given, seconds)


# The rehearsal -----------------------------------------------------------------------------------


@dataclass
class Candidate:
    """A setting of parameters, the estimator that has it, or the reason why it does not stack."""

    params: dict[str, Any]
    estimator: BaseEstimator | None = None
    network: BaseNetwork | None = None
    head: Hashable = ()
    n_members: int = 1
    reason: str = ""


@dataclass
class _Job:
    """One candidate on one split."""

    place: tuple[int, int]
    candidate: BaseEstimator
    network: BaseNetwork
    recording: Recording
    data: Data
    plan: Plan
    recording_seconds: float


class Rehearsal:
    """Trains candidates on splits, in stacks.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it.
    X, y : array-like
    fit_params : dict
        For the estimator's ``fit``, not yet cut by splits.
    splits : list of (train, test)
    n_jobs : int or None
    keep_optimizer : bool
        Whether outcomes hold what `partial_fit` would go on with, and steps of their own.

    Attributes
    ----------
    tickets : Tickets
    stacks : dict
        A line of the report for each stack.
    alone : list of dict
        The candidates that scikit-learn's loop has to fit, and why.
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        X: Any,
        y: Any,
        fit_params: dict[str, Any],
        splits: list[Split],
        tickets: Tickets,
        *,
        n_jobs: int | None = None,
        keep_optimizer: bool = False,
    ) -> None:
        self.template = clone(estimator)
        self.X, self.y, self.fit_params, self.splits = X, y, fit_params, splits
        self.tickets, self.n_jobs, self.keep_optimizer = tickets, n_jobs, keep_optimizer
        self.stacks: dict[Hashable, dict[str, Any]] = {}
        self.alone: list[dict[str, Any]] = []
        self.n_candidates = 0
        self._recordings: OrderedDict[tuple[Hashable, int], Recording | Exception]
        self._recordings = OrderedDict()

    @property
    def report(self) -> dict[str, list[dict[str, Any]]]:
        """What was trained as which stack, and what alone."""
        return {"stacks": list(self.stacks.values()), "alone": self.alone}

    @property
    def budget(self) -> int:
        """Bytes that outcomes may take, and as many for recordings."""
        return int(get_config()["working_memory"] * 2**20 / 2)

    def blocks(self, candidates: Sequence[dict[str, Any]]) -> Iterator[list[Candidate]]:
        """Yield the candidates in their order, as many at a time as the working memory holds."""
        block: list[Candidate] = []
        used = 0
        for params in candidates:
            candidate = self._candidate(params)
            size = self._outcome_bytes(candidate)
            if block and used + size > self.budget:
                yield block
                block, used = [], 0
            block.append(candidate)
            used += size
        if block:
            yield block

    def _outcome_bytes(self, candidate: Candidate) -> int:
        """Return about what its outcomes on all splits take."""
        if candidate.reason or not self.splits:
            return 0
        recording = self._recorded(candidate, 0)
        network = candidate.network
        try:
            n_features = recording.X.shape[1]
            config = network._training_config(recording.n_rows)
            sizes = checked_hidden_layer_sizes(config.hidden_layer_sizes)
            units = [n_features, *sizes, self._n_outputs]
        except (AttributeError, IndexError, TypeError, ValueError):
            return 0  # what is wrong with it comes out when it is to be trained
        n_parameters = sum((a + 1) * b for a, b in itertools.pairwise(units))
        copies = 4 if self.keep_optimizer else 2
        return copies * 8 * n_parameters * config.n_members * len(self.splits)

    @cached_property
    def _n_outputs(self) -> int:
        if np.ndim(self.y) == 2:
            return np.shape(self.y)[1]
        return len(np.unique(self.y)) if is_classifier(self.template) else 1

    def train(self, block: Sequence[Candidate], task: Callable[[], Task] | None = None) -> None:
        """Train a block of candidates and lay the outcomes in the tickets.

        Parameters
        ----------
        block : sequence of Candidate
        task : callable() or None
            Makes a task to report each network's progress by.
        """
        outcomes: list[list[Outcome | None]] = [[None] * len(self.splits) for _ in block]
        heads: dict[Hashable, list[tuple[int, Candidate]]] = defaultdict(list)
        for i, candidate in enumerate(block):
            if not candidate.reason:
                heads[candidate.head].append((i, candidate))
        jobs: list[_Job] = []
        held = 0
        for candidates in heads.values():
            for j in range(len(self.splits)):
                recording = self._recorded(candidates[0][1], j)
                for i, candidate in candidates:
                    job = self._job((i, j), candidate, recording, len(candidates))
                    if isinstance(job, str):
                        candidate.reason = job
                    else:
                        jobs.append(job)
                held += getattr(recording, "nbytes", 0)
                if held > self.budget:
                    self._perform(jobs, outcomes, task)
                    jobs, held = [], 0
        self._perform(jobs, outcomes, task)
        for i, candidate in enumerate(block, self.n_candidates):
            if candidate.reason:
                line = {"candidate": i, "params": candidate.params, "reason": candidate.reason}
                self.alone.append(line)
        self.n_candidates += len(block)
        self.tickets.outcomes = [outcome for row in outcomes for outcome in row]

    def _candidate(self, params: dict[str, Any]) -> Candidate:
        """Return a candidate, with the reason if it is known not to stack."""
        try:
            estimator = clone(self.template).set_params(**clone(params, safe=False))
        except Exception as error:
            return Candidate(params, reason=f"its parameters cannot be set: {error}")
        network = network_of(estimator)
        if network is None:
            return Candidate(params, reason="it does not end in a network of sknumpynet")
        if getattr(network, "solver", None) == "lbfgs":
            return Candidate(params, reason="solver='lbfgs' does not stack")
        if has_callbacks(network) or has_callbacks(estimator):
            return Candidate(params, reason="its callbacks follow a fit epoch by epoch")
        if network.max_time is not None:
            return Candidate(params, reason="its max_time is for one network")
        try:
            validate_parameters(network)
            n_members = network._training_config(n_samples=1).n_members
        except ValueError as error:
            return Candidate(params, reason=f"its parameters are invalid: {error}")
        head: Hashable = ()
        if network is not estimator:
            name = estimator.steps[-1][0]
            before = sorted(
                key for key in params if key != name and not key.startswith(f"{name}__")
            )
            head = (type(network), *((key, _identity(params[key])) for key in before))
        return Candidate(params, estimator, network, head, n_members)

    def _recorded(self, candidate: Candidate, split: int) -> Recording | Exception:
        """Return what the network is given, from memory where it has been seen before."""
        key = (candidate.head, split)
        if key in self._recordings:
            self._recordings.move_to_end(key)
            return self._recordings[key]
        train, _ = self.splits[split]
        try:
            params = slice_params(self.X, self.fit_params, train)
            X, y = safe_split(candidate.estimator, self.X, self.y, train)
            recording = _record(clone(candidate.estimator), X, y, params)
        except Exception as error:
            recording = error
        self._recordings[key] = recording
        held = sum(getattr(other, "nbytes", 0) for other in self._recordings.values())
        while held > self.budget and len(self._recordings) > 1:
            _, oldest = self._recordings.popitem(last=False)
            held -= getattr(oldest, "nbytes", 0)
        return recording

    def _job(
        self,
        place: tuple[int, int],
        candidate: Candidate,
        recording: Recording | Exception,
        n_sharing: int,
    ) -> _Job | str:
        """Return a candidate's runs on a split, or why it has none."""
        if isinstance(recording, Exception):
            return f"its rows or the steps before the network fail: {recording}"
        if issparse(recording.X):
            return "sparse rows do not stack"
        network = candidate.network
        # Each split draws from its own copies; without sources there is nothing to copy.
        has_sources = isinstance(network.random_state, np.random.RandomState)
        network = clone(network) if has_sources or network._has_splitter() else copy.copy(network)
        params = dict(recording.params)
        weight = params.pop("sample_weight", None)
        names = ("X_val", "y_val", "sample_weight_val")
        validation = tuple(params.pop(name, None) for name in names)
        try:
            split_params = network._split_params(weight, params)
            data = recording.data_for(network, weight, validation)
            plan = prepare_runs(network, data, split_params)
        except Exception as error:
            return f"it cannot be trained: {error}"
        if network.random_state is None and plan.config.n_members == 1:
            for run in plan.runs:
                # The global source would be drawn from in the order of the workers.
                seed = np.random.randint(np.iinfo(np.int32).max)
                run.member.random_state = np.random.RandomState(seed)
        seconds = recording.seconds / n_sharing
        return _Job(place, candidate.estimator, network, recording, data, plan, seconds)

    def _perform(
        self,
        jobs: Sequence[_Job],
        outcomes: list[list[Outcome | None]],
        task: Callable[[], Task] | None,
    ) -> None:
        """Train the jobs' runs in stacks and take down what came of each."""
        runs = [run for job in jobs for run in job.plan.runs]
        if task is not None:
            for run in runs:
                run.task = task()
        chunks, lines = [], []
        n_jobs = self.n_jobs
        if n_jobs is None:  # some networks share their work out by themselves
            own = [job.plan.config.n_jobs for job in jobs]
            n_jobs = max((n for n in own if n is not None), default=None)
        for stack in group(runs):
            pieces = cut(stack, joblib.effective_n_jobs(n_jobs))
            line = self.stacks.setdefault(stack[0].key(), _report_line(stack[0]))
            line["n_networks"] += len(stack)
            line["n_chunks"] += len(pieces)
            chunks += pieces
            lines.append((line, stack))
        train_chunks(chunks, n_jobs)
        for line, stack in lines:
            line["seconds"] += sum(run.seconds for run in stack)
        for job in jobs:
            i, j = job.place
            outcomes[i][j] = self._outcome(job)

    def _outcome(self, job: _Job) -> Outcome:
        parameters = job.network.get_params(deep=False)
        seconds = job.recording_seconds + sum(run.seconds for run in job.plan.runs)
        outcome = Outcome(job.candidate, job.recording.given, seconds)
        try:
            outcome.complaints = publish(job.network, job.data, job.plan)
        except ValueError as error:
            outcome.error = error
            return outcome
        fitted = {
            name: value for name, value in vars(job.network).items() if name not in parameters
        }
        head = job.recording.head
        if not self.keep_optimizer:
            fitted.pop("_optimizer", None)
        else:
            head = copy.deepcopy(head)
        outcome.fitted, outcome.head = fitted, head
        return outcome


def _report_line(run: Run) -> dict[str, Any]:
    """Describe the stack of a run, of which nothing is trained yet."""
    layers = run.network.layers
    return {
        "layer_sizes": (run.network.blocks[0].fan_in, *(layer.fan_out for layer in layers)),
        "activation": _activation_names(run.network),
        "loss": run.network.loss.name,
        "solver": type(run.optimizer).__name__.lower(),
        "batch_size": run.settings.batch_size,
        "dtype": str(run.parameters.dtype),
        "n_networks": 0,
        "n_chunks": 0,
        "seconds": 0.0,
    }


def _activation_names(network: Network) -> str | tuple[str, ...] | None:
    names = [own.name for own in network.hidden_activations]
    return tuple(names) if len(set(names)) > 1 else (names or [None])[0]


def _identity(value: Any) -> Hashable:
    """Return what tells settings apart: equal and of one type, or the same object."""
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value), value
