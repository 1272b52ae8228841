"""Training what a search or a cross-validation is about to ask for, before it asks.

    candidates and splits → inputs of their networks → runs → stacks → results

scikit-learn's own loop then runs with clones whose ``fit`` takes over the result that is theirs.
What cannot be stacked, or fails before training, is left to the clone's own ``fit``, so that the
same result or error comes of it.
"""

import itertools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.pipeline import Pipeline

from sknumpynet.model_selection.candidate_runs import CandidateRuns, prepare_candidate, result_of
from sknumpynet.model_selection.candidates import Candidate, StackableEstimator, make_candidate
from sknumpynet.model_selection.network_inputs import NetworkInputs, record_inputs
from sknumpynet.model_selection.paused import PausedCandidates
from sknumpynet.model_selection.pretrained import CandidateResult, Split
from sknumpynet.model_selection.report import StackingReport
from sknumpynet.training.checks import checked_hidden_layer_sizes
from sknumpynet.training.continuation import why_not_to_go_on
from sknumpynet.training.executor import train_chunks
from sknumpynet.training.stacks import chunks_of, stacks_of
from sknumpynet.training.workers import workers_for
from sknumpynet.utils.scikit_learn import safe_split, slice_params
from sknumpynet.utils.tasks import Task

__all__ = ["Pretraining", "SearchData"]


class SearchData(NamedTuple):
    """What candidates are trained on.

    Parameters
    ----------
    X, y : array-like
    fit_params : dict
        For the estimator's ``fit``, not yet cut by splits.
    splits : list of (train, test)
    """

    X: Any
    y: Any
    fit_params: dict[str, Any]
    splits: list[Split]


class Pretraining:
    """Trains candidates on splits, in stacks.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it.
    data : SearchData
    n_jobs : int or None
    keep_optimizer : bool
        Whether results hold what `partial_fit` would go on with, and steps of their own.

    Attributes
    ----------
    report : StackingReport
    paused : PausedCandidates or None
        Of a search that gives candidates more epochs in a later iteration.
    why_anew : str
        Why none of its candidates go on in a later iteration.
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        data: SearchData,
        *,
        n_jobs: int | None = None,
        keep_optimizer: bool = False,
    ) -> None:
        self.template = clone(estimator)
        self.data, self.n_jobs, self.keep_optimizer = data, n_jobs, keep_optimizer
        self.report = StackingReport()
        self.paused: PausedCandidates | None = None
        self.why_anew = ""
        self._n_budgets = 2
        self._inputs: OrderedDict[tuple[Hashable, int], NetworkInputs | Exception] = OrderedDict()
        self._n_rows: dict[Hashable, int] = {}  # that the runs of each stack had

    @property
    def budget(self) -> int:
        """Bytes that results may take, and as many for inputs, and for what may go on."""
        return int(get_config()["working_memory"] * 2**20 / self._n_budgets)

    def begin_iteration(self, params: Sequence[dict[str, Any]], splits: list[Split]) -> None:
        """Make ready for candidates that may have been trained before, with less of a resource.

        Parameters
        ----------
        params : sequence of dict
            Of the candidates.
        splits : list of (train, test)
            The same object as before if the splits are the same.
        """
        self.report.begin_iteration()
        if splits is not self.data.splits:
            self.data = self.data._replace(splits=splits)
            self._inputs.clear()
            self._n_rows.clear()
        if self.paused is not None:
            self.paused.begin_iteration(params)

    def go_on_by(self, resource: str) -> None:
        """Let candidates go on in later iterations, if the resource is their network's epochs."""
        name = "max_iter"
        if isinstance(self.template, Pipeline):
            name = f"{self.template.steps[-1][0]}__{name}"
        if resource == name:
            self._n_budgets = 3
            self.paused = PausedCandidates(resource, self.budget)
        else:
            self.why_anew = f"its resource is {resource}, not {name}"

    def rounds(self, params: Sequence[dict[str, Any]]) -> Iterator[list[Candidate]]:
        """Yield candidates in their order, as many at a time as the working memory holds."""
        together: list[Candidate] = []
        used = 0
        for own in params:
            candidate = make_candidate(self.template, own)
            size = self._result_bytes(candidate)
            if together and used + size > self.budget:
                yield together
                together, used = [], 0
            together.append(candidate)
            used += size
        if together:
            yield together

    def _result_bytes(self, candidate: Candidate) -> int:
        """Return about what its results on all splits take."""
        if candidate.stackable is None or not self.data.splits:
            return 0
        inputs = self._inputs_of(candidate.stackable, 0)
        if isinstance(inputs, Exception):
            return 0
        try:
            n_features = inputs.X.shape[1]
            config = candidate.stackable.network._training_config(inputs.n_rows)
            sizes = checked_hidden_layer_sizes(config.hidden_layer_sizes)
            units = [n_features, *sizes, self._n_outputs]
        except (AttributeError, IndexError, TypeError, ValueError):
            return 0  # what is wrong with it comes out when it is to be trained
        n_parameters = sum((a + 1) * b for a, b in itertools.pairwise(units))
        copies = 4 if self.keep_optimizer else 2
        if self.paused is not None:
            copies = 6  # the last parameters, and those of the best epoch too
        return int(copies * 8 * n_parameters * config.n_members * len(self.data.splits))

    @cached_property
    def _n_outputs(self) -> int:
        y = self.data.y
        if np.ndim(y) == 2:
            return int(np.shape(y)[1])
        return len(np.unique(y)) if is_classifier(self.template) else 1

    def train(
        self, candidates: Sequence[Candidate], task: Callable[[], Task] | None = None
    ) -> list[CandidateResult | None]:
        """Train a round of candidates.

        Parameters
        ----------
        candidates : sequence of Candidate
        task : callable() or None
            Makes a task to report each network's progress by.

        Returns
        -------
        list of CandidateResult or None
            Every candidate's splits, one by one; None where it was not stacked.
        """
        n_splits = len(self.data.splits)
        results: list[CandidateResult | None] = [None] * (len(candidates) * n_splits)
        prepared = self._continued(candidates)
        continued = {place // n_splits for place in prepared}
        trained = dict(prepared)
        held = 0
        for sharing in _with_the_same_inputs(candidates, continued):
            for j in range(n_splits):
                inputs = self._inputs_of(sharing[0][2], j)
                for i, candidate, stackable in sharing:
                    runs = prepare_candidate(stackable, inputs, len(sharing))
                    if isinstance(runs, str):
                        candidate.reason = runs
                    else:
                        prepared[i * n_splits + j] = self._let_go_on(runs)
                if self.paused is not None:
                    trained |= prepared
                held += getattr(inputs, "nbytes", 0)
                if held > self.budget:
                    self._train_runs(prepared, results, task)
                    prepared, held = {}, 0
        self._train_runs(prepared, results, task)
        self.report.add_candidates(candidates)
        if self.paused is not None:
            for i, candidate in enumerate(candidates):
                own = [trained.get(i * n_splits + j) for j in range(n_splits)]
                if None not in own:
                    self.paused.keep(i, candidate, [runs for runs in own if runs is not None])
        return results

    def _continued(self, candidates: Sequence[Candidate]) -> dict[int, CandidateRuns]:
        """Return the runs that go on, by their place; note of other candidates why they do not."""
        prepared: dict[int, CandidateRuns] = {}
        if not self.report.iteration:
            return prepared
        for i, candidate in enumerate(candidates):
            taken = self.why_anew if self.paused is None else self.paused.take(candidate)
            if isinstance(taken, str):
                candidate.anew = taken
            for j, runs in enumerate([] if taken is None or isinstance(taken, str) else taken):
                prepared[i * len(self.data.splits) + j] = runs
        return prepared

    def _let_go_on(self, own: CandidateRuns) -> CandidateRuns:
        """Let the runs of a candidate go on later, if they can."""
        if self.paused is not None and not any(map(why_not_to_go_on, own.runs)):
            for run in own.runs:
                run.may_go_on = True
        return own

    def _inputs_of(self, candidate: StackableEstimator, split: int) -> NetworkInputs | Exception:
        """Return what the network is given, from memory where it has been seen before."""
        key = (candidate.steps_key, split)
        if key in self._inputs:
            self._inputs.move_to_end(key)
            return self._inputs[key]
        inputs = self._recorded(candidate, split)
        self._inputs[key] = inputs
        held = sum(getattr(other, "nbytes", 0) for other in self._inputs.values())
        while held > self.budget and len(self._inputs) > 1:
            _, oldest = self._inputs.popitem(last=False)
            held -= getattr(oldest, "nbytes", 0)
        return inputs

    def _recorded(self, candidate: StackableEstimator, split: int) -> NetworkInputs | Exception:
        data = self.data
        train, _ = data.splits[split]
        try:
            params = slice_params(data.X, data.fit_params, train)
            X, y = safe_split(candidate.estimator, data.X, data.y, train)
            return record_inputs(clone(candidate.estimator), X, y, params)
        except Exception as error:
            return error

    def _train_runs(
        self,
        prepared: dict[int, CandidateRuns],
        results: list[CandidateResult | None],
        task: Callable[[], Task] | None,
    ) -> None:
        """Train runs in stacks and take down what came of each candidate, at its place."""
        # Of those that go on some had stopped for good.
        runs = [run for own in prepared.values() for run in own.runs if run.result is None]
        if task is not None:
            for run in runs:
                run.task = task()
        n_jobs = self.n_jobs
        if n_jobs is None:  # some networks share their work out by themselves
            wanted = [own.n_jobs for own in prepared.values()]
            n_jobs = max((n for n in wanted if n is not None), default=None)
        workers = workers_for(runs, n_jobs)
        chunks, stacks = [], stacks_of(runs)
        keys = [stack[0].key() for stack in stacks]
        for key, stack in zip(keys, stacks, strict=True):
            # Later on too: the bits of who begins anew are those of who goes on.
            stack[0].padded_to = max(stack[0].padded_to, self._n_rows.get(key, 0))
            pieces = chunks_of(stack, workers.n)
            self._n_rows[key] = stack[0].padded_to
            self.report.add_stack(stack, len(pieces))
            chunks += pieces
        train_chunks(chunks, workers)
        for key, stack in zip(keys, stacks, strict=True):
            self.report.add_seconds(key, sum(run.seconds for run in stack))
        for place, own in prepared.items():
            results[place] = result_of(own, keep_optimizer=self.keep_optimizer)


def _with_the_same_inputs(
    candidates: Sequence[Candidate], left_out: Collection[int]
) -> list[list[tuple[int, Candidate, StackableEstimator]]]:
    """Return the candidates that stack, numbered, by what their networks are given."""
    sharing: dict[Hashable, list[tuple[int, Candidate, StackableEstimator]]] = defaultdict(list)
    for i, candidate in enumerate(candidates):
        if candidate.stackable is not None and i not in left_out:
            sharing[candidate.stackable.steps_key].append((i, candidate, candidate.stackable))
    return list(sharing.values())
