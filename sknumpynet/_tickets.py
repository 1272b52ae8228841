"""How a network that was trained before reaches the clone that scikit-learn then asks to fit.

    tickets, in the order of scikit-learn's clones → a clone whose ``fit`` picks up → its outcome

A clone that has no ticket, or turns out not to be what was trained, fits itself.
"""

import copy
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from sknumpynet._base import BaseNetwork
from sknumpynet._callbacks import announce_fit
from sknumpynet._preparation import Complaint
from sknumpynet._sklearn import num_samples

__all__ = ["FixedSplits", "Outcome", "Split", "Tickets", "network_of", "with_tickets"]

Split = tuple[np.ndarray, np.ndarray]


def network_of(estimator: Any) -> BaseNetwork | None:
    """Return the network that an estimator is or, as a pipeline, ends in.

    Subclasses with a ``fit`` of their own do not count: only that knows what they fit.
    """
    if isinstance(estimator, Pipeline) and type(estimator).fit is Pipeline.fit and estimator.steps:
        estimator = estimator.steps[-1][1]
    is_network = isinstance(estimator, BaseNetwork) and type(estimator).fit is BaseNetwork.fit
    return estimator if is_network else None


@dataclass
class Outcome:
    """What training one candidate on one split has come to.

    Parameters
    ----------
    parameters : dict
        The network's, which the clone's must equal.
    n_rows : int
        Of the split.
    seconds : float
        Its share of the time that recording and its stack took.
    fitted : dict
        The network's fitted attributes.
    head : list of (str, transformer) or None
        The fitted steps before the network.
    complaints : list of (str, category)
    error : Exception or None
    """

    parameters: dict[str, Any]
    n_rows: int
    seconds: float
    fitted: dict[str, Any] = field(default_factory=dict)
    head: list[tuple[str, Any]] | None = None
    complaints: list[Complaint] = field(default_factory=list)
    error: Exception | None = None

    def is_of(self, network: BaseNetwork | None, X: Any) -> bool:
        """Return whether this is what fitting the network to X would give."""
        if network is None or num_samples(X) != self.n_rows:
            return False
        parameters = network.get_params(deep=False)
        return parameters.keys() == self.parameters.keys() and all(
            _may_be_equal(value, self.parameters[name]) for name, value in parameters.items()
        )


def _may_be_equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple | list) and type(one) is type(other):
        return len(one) == len(other) and all(map(_may_be_equal, one, other))
    plain = (str, int, float, bool, type(None), np.number)
    if isinstance(one, plain) and isinstance(other, plain):
        return type(one) is type(other) and one == other
    return type(one) is type(other)


class PickUp:
    """Stands in for ``fit`` of one clone, once."""

    def __init__(self, estimator: BaseEstimator, outcome: Outcome) -> None:
        self.estimator, self.outcome = estimator, outcome

    def __call__(self, X: Any, y: Any = None, **fit_params: Any) -> BaseEstimator:
        """Take the outcome over, or fit if it is not the clone's."""
        estimator, outcome = self.estimator, self.outcome
        del estimator.fit
        network = network_of(estimator)
        if not outcome.is_of(network, X):
            return estimator.fit(X, y, **fit_params)
        for message, category in outcome.complaints:
            warnings.warn(message, category, stacklevel=2)
        if outcome.error is not None:
            raise outcome.error
        if outcome.head is not None:
            estimator.steps = [*outcome.head, estimator.steps[-1]]
        vars(network).update(outcome.fitted)
        announce_fit(estimator, X, y)
        return estimator


class Tickets:
    """Outcomes in the order of scikit-learn's clones: every candidate's splits, one by one."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome | None] = []
        self.issued = 0

    def __getstate__(self) -> dict[str, Any]:
        # scikit-learn sends the search, and with it these, along with every task.
        return {"outcomes": [], "issued": 0}

    def start(self) -> None:
        """Begin anew; called when scikit-learn asks for the splits."""
        self.issued = 0

    def take(self, estimator: BaseEstimator) -> BaseEstimator:
        """Give a clone its outcome, if there is one left."""
        if self.issued < len(self.outcomes):
            outcome = self.outcomes[self.issued]
            self.issued += 1
            if outcome is not None:
                estimator.fit = PickUp(estimator, outcome)
        return estimator


class _Clones:
    """The ``__sklearn_clone__`` of an estimator whose clones take tickets.

    scikit-learn's search clones the estimator once, and of that clone makes another for every
    candidate and split; its cross-validation has only the latter.
    """

    def __init__(self, template: BaseEstimator, tickets: Tickets, generations: int) -> None:
        self.template, self.tickets, self.generations = template, tickets, generations

    def __call__(self) -> BaseEstimator:
        """Return a clone."""
        cloned = clone(self.template)
        if self.generations > 1:
            return with_tickets(cloned, self.tickets, self.generations - 1)
        return self.tickets.take(cloned)


def with_tickets(estimator: BaseEstimator, tickets: Tickets, generations: int) -> BaseEstimator:
    """Return a shallow copy whose clones of the given generation take tickets."""
    hooked = copy.copy(estimator)
    hooked.__sklearn_clone__ = _Clones(estimator, tickets, generations)
    return hooked


class FixedSplits:
    """Splits that were drawn before, so that both passes have the same."""

    def __init__(self, splitter: Any, splits: list[Split], tickets: Tickets) -> None:
        self.splitter, self.splits, self.tickets = splitter, splits, tickets

    def get_n_splits(self, *args: Any, **params: Any) -> int:
        """Return how many there are."""
        return len(self.splits)

    def split(self, *args: Any, **params: Any) -> Iterator[Split]:
        """Return them again."""
        self.tickets.start()
        return iter(self.splits)

    def get_metadata_routing(self) -> Any:
        """Return what the splitter itself asks for."""
        return self.splitter.get_metadata_routing()
