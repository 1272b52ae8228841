"""From a candidate on a split to the runs that train it, and from these to its result.

All that a search knows of how an estimator trains and what it keeps stands here.
"""

import copy
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone

from sknumpynet.estimators.fitting import Fit, make_fit
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.model_selection.candidates import StackableEstimator
from sknumpynet.model_selection.network_inputs import NetworkInputs
from sknumpynet.model_selection.pretrained import CandidateResult
from sknumpynet.training.continuation import go_on
from sknumpynet.training.ensemble import prepare_ensemble
from sknumpynet.training.result import fit_result
from sknumpynet.training.runs import EnsembleRuns, Run, TrainingProblem

__all__ = ["CandidateRuns", "prepare_candidate", "result_of", "with_more_epochs"]


@dataclass
class CandidateRuns:
    """The runs of one candidate on one split.

    Parameters
    ----------
    estimator : estimator
        The candidate.
    inputs : NetworkInputs
    fit : Fit
        Of its network.
    prepared : EnsembleRuns
        The runs, and what else comes of them.
    seconds : float
        The share of the time that the steps before the network took.
    """

    estimator: BaseEstimator
    inputs: NetworkInputs
    fit: Fit
    prepared: EnsembleRuns
    seconds: float

    @property
    def runs(self) -> list[Run]:
        """A run for each member."""
        return self.prepared.runs

    @property
    def n_jobs(self) -> int | None:
        """Workers among which the network shares its members out by itself."""
        return self.fit.problem.config.n_jobs


def prepare_candidate(
    candidate: StackableEstimator, inputs: NetworkInputs | Exception, n_sharing: int
) -> CandidateRuns | str:
    """Return a candidate's runs on a split, or why it has none.

    Parameters
    ----------
    candidate : StackableEstimator
    inputs : NetworkInputs or Exception
        What its network is given on the split, or what went wrong before.
    n_sharing : int
        Candidates that are given the same.
    """
    if isinstance(inputs, Exception):
        return f"its rows or the steps before the network fail: {inputs}"
    if issparse(inputs.X):
        return "sparse rows do not stack"
    network = candidate.network
    if isinstance(network.random_state, np.random.RandomState) or network._has_splitter():
        network = clone(network)  # each split draws from sources of its own
    params = dict(inputs.params)
    if params.pop("checkpoint", None) is not None:
        return "a checkpoint is of one fit"
    weight = params.pop("sample_weight", None)
    names = ("X_val", "y_val", "sample_weight_val")
    of_validation = [params.pop(name, None) for name in names]
    try:
        validation = GivenRows.to_validate_by(*of_validation)
        split_params = network._split_params(weight, params)
        fit = make_fit(network, inputs.encoded_for(network, weight, validation), split_params)
        prepared = prepare_ensemble(fit.problem)
    except Exception as error:
        return f"it cannot be trained: {error}"
    if network.random_state is None and fit.problem.config.n_members == 1:
        for run in prepared.runs:
            # The global source would be drawn from in the order of the workers.
            seed = np.random.randint(np.iinfo(np.int32).max)
            run.member.random_state = np.random.RandomState(seed)
    seconds = inputs.seconds / n_sharing
    return CandidateRuns(candidate.estimator, inputs, fit, prepared, seconds)


def with_more_epochs(
    trained: CandidateRuns, candidate: StackableEstimator, n_epochs: int
) -> CandidateRuns:
    """Return the runs of a candidate that differs from an earlier one by its ``max_iter`` alone.

    Parameters
    ----------
    trained : CandidateRuns
        Of the earlier one, which were let go on; they are used up.
    candidate : StackableEstimator
    n_epochs : int
        Its ``max_iter``.
    """

    def longer(problem: TrainingProblem) -> TrainingProblem:
        return replace(problem, config=replace(problem.config, max_iter=n_epochs))

    for run in trained.runs:
        go_on(run, n_epochs)
    return replace(
        trained,
        estimator=candidate.estimator,
        fit=replace(trained.fit, problem=longer(trained.fit.problem)),
        prepared=trained.prepared._replace(problem=longer(trained.prepared.problem)),
        seconds=0.0,
    )


def result_of(trained: CandidateRuns, *, keep_optimizer: bool) -> CandidateResult:
    """Return what the runs of a candidate have come to.

    Parameters
    ----------
    trained : CandidateRuns
    keep_optimizer : bool
        Whether the result holds what `partial_fit` would go on with, and steps of its own.
    """
    seconds = trained.seconds + sum(run.seconds for run in trained.runs)
    result = CandidateResult(trained.estimator, trained.inputs.given, seconds)
    try:
        fitted_networks = fit_result(trained.prepared)
    except ValueError as error:
        result.error = error
        return result
    result.warnings = fitted_networks.warnings
    result.fitted = trained.fit.fitted(fitted_networks)
    result.steps = trained.inputs.steps
    if not keep_optimizer:
        result.fitted.values.pop("_optimizer", None)
    else:
        result.steps = copy.deepcopy(result.steps)
    return result
