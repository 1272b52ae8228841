"""Settings of parameters, and which of them can train in a stack."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sklearn.base import BaseEstimator, clone

from sknumpynet.estimators.base import BaseNetwork
from sknumpynet.model_selection.equality import setting_key
from sknumpynet.model_selection.pretrained import network_of
from sknumpynet.utils.scikit_learn import has_callbacks, validate_parameters

__all__ = ["Candidate", "StackableEstimator", "make_candidate"]


class StackableEstimator(NamedTuple):
    """An estimator with a candidate's parameters, whose network can share a stack.

    Parameters
    ----------
    estimator : estimator
    network : BaseNetwork
        What it is or ends in.
    steps_key : hashable
        What candidates have in common whose networks are given the same.
    n_members : int
    """

    estimator: BaseEstimator
    network: BaseNetwork
    steps_key: Hashable
    n_members: int


@dataclass
class Candidate:
    """A setting of parameters.

    Parameters
    ----------
    params : dict
    stackable : StackableEstimator or None
    reason : str
        Why it does not stack, at least on one split.
    anew : str
        Why it does not go on from where it stood with less of a search's resource.
    """

    params: dict[str, Any]
    stackable: StackableEstimator | None = None
    reason: str = ""
    anew: str = ""

    @property
    def n_members(self) -> int:
        """How many networks it trains on a split, as far as that is known."""
        return 1 if self.stackable is None else self.stackable.n_members


def make_candidate(template: BaseEstimator, params: dict[str, Any]) -> Candidate:
    """Return a candidate, with the reason if it is known not to stack."""
    try:
        estimator = clone(template).set_params(**clone(params, safe=False))
    except Exception as error:
        return Candidate(params, reason=f"its parameters cannot be set: {error}")
    network = network_of(estimator)
    if network is None:
        return Candidate(params, reason="it does not end in a network of sknumpynet")
    if getattr(network, "solver", None) == "lbfgs":
        return Candidate(params, reason="solver='lbfgs' does not stack")
    if has_callbacks(network) or has_callbacks(estimator):
        return Candidate(params, reason="its callbacks follow a fit epoch by epoch")
    if network.calibrate is not None:
        return Candidate(params, reason="its calibrate takes further fits")
    if network.max_time is not None:
        return Candidate(params, reason="its max_time is for one network")
    try:
        validate_parameters(network)
        n_members = network._training_config(n_samples=1).n_members
    except ValueError as error:
        return Candidate(params, reason=f"its parameters are invalid: {error}")
    steps_key = _steps_key(estimator, network, params)
    return Candidate(params, StackableEstimator(estimator, network, steps_key, n_members))


def _steps_key(estimator: BaseEstimator, network: BaseNetwork, params: dict[str, Any]) -> Hashable:
    """Return the kind of the network and the parameters of the steps before it."""
    if network is estimator:
        return ()
    name = estimator.steps[-1][0]
    before = sorted(key for key in params if key != name and not key.startswith(f"{name}__"))
    return (type(network), *((key, setting_key(params[key])) for key in before))
