"""From a candidate on a split to the runs that train it, and from these to its result.

All that a search knows of how an estimator trains and what it keeps stands here.
"""

import copy
from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone

from sknumpynet.estimators.base import BaseNetwork
from sknumpynet.estimators.fitted_attributes import set_fitted
from sknumpynet.estimators.preparation import prepare_runs
from sknumpynet.model_selection.candidates import StackableEstimator
from sknumpynet.model_selection.network_inputs import NetworkInputs
from sknumpynet.model_selection.pretrained import CandidateResult
from sknumpynet.training.data import Data, Plan
from sknumpynet.training.executor import Run
from sknumpynet.training.result import fit_result

__all__ = ["CandidateRuns", "prepare_candidate", "result_of"]


@dataclass
class CandidateRuns:
    """The runs of one candidate on one split.

    Parameters
    ----------
    estimator : estimator
        The candidate.
    network : BaseNetwork
        Its network, a copy for this split.
    inputs : NetworkInputs
    data : Data
    plan : Plan
        The runs, and what else comes of them.
    seconds : float
        The share of the time that the steps before the network took.
    """

    estimator: BaseEstimator
    network: BaseNetwork
    inputs: NetworkInputs
    data: Data
    plan: Plan
    seconds: float

    @property
    def runs(self) -> list[Run]:
        """A run for each member."""
        return self.plan.runs

    @property
    def n_jobs(self) -> int | None:
        """Workers among which the network shares its members out by itself."""
        return self.plan.config.n_jobs


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
    # Each split draws from its own copies; without sources there is nothing to copy.
    has_sources = isinstance(network.random_state, np.random.RandomState)
    network = clone(network) if has_sources or network._has_splitter() else copy.copy(network)
    params = dict(inputs.params)
    weight = params.pop("sample_weight", None)
    validation = (
        params.pop("X_val", None),
        params.pop("y_val", None),
        params.pop("sample_weight_val", None),
    )
    try:
        split_params = network._split_params(weight, params)
        data = inputs.data_for(network, weight, validation)
        plan = prepare_runs(network, data, split_params)
    except Exception as error:
        return f"it cannot be trained: {error}"
    if network.random_state is None and plan.config.n_members == 1:
        for run in plan.runs:
            # The global source would be drawn from in the order of the workers.
            seed = np.random.randint(np.iinfo(np.int32).max)
            run.member.random_state = np.random.RandomState(seed)
    seconds = inputs.seconds / n_sharing
    return CandidateRuns(candidate.estimator, network, inputs, data, plan, seconds)


def result_of(trained: CandidateRuns, *, keep_optimizer: bool) -> CandidateResult:
    """Return what the runs of a candidate have come to.

    Parameters
    ----------
    trained : CandidateRuns
    keep_optimizer : bool
        Whether the result holds what `partial_fit` would go on with, and steps of its own.
    """
    network = trained.network
    parameters = network.get_params(deep=False)
    seconds = trained.seconds + sum(run.seconds for run in trained.runs)
    result = CandidateResult(trained.estimator, trained.inputs.given, seconds)
    try:
        fitted_networks = fit_result(trained.data, trained.plan)
    except ValueError as error:
        result.error = error
        return result
    set_fitted(network, trained.data, fitted_networks)
    result.warnings = fitted_networks.warnings
    fitted = {name: value for name, value in vars(network).items() if name not in parameters}
    steps = trained.inputs.steps
    if not keep_optimizer:
        fitted.pop("_optimizer", None)
    else:
        steps = copy.deepcopy(steps)
    result.fitted, result.steps = fitted, steps
    return result
