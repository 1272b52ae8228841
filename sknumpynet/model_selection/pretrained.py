"""How a network that was trained before reaches the clone that scikit-learn then asks to fit.

    results, in the order of scikit-learn's clones → a clone with another ``fit`` → its result

A clone for which there is no result, or that turns out not to be what was trained, fits itself.
"""

import copy
import warnings
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from sknumpynet.estimators.base import BaseNetwork
from sknumpynet.estimators.callbacks import announce_fit
from sknumpynet.estimators.fitted_attributes import FittedAttributes, set_fitted
from sknumpynet.estimators.tabular import BaseTabularMLP
from sknumpynet.model_selection.equality import fingerprint, may_be_equal

__all__ = [
    "CandidateResult",
    "FixedSplits",
    "PretrainedFit",
    "ResultQueue",
    "Split",
    "network_of",
    "with_pretrained_clones",
]

Split = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def network_of(estimator: Any) -> BaseNetwork | None:
    """Return the network that an estimator is or, as a pipeline, ends in.

    Subclasses with a ``fit`` of their own do not count: only that knows what they fit.
    """
    if isinstance(estimator, Pipeline) and type(estimator).fit is Pipeline.fit and estimator.steps:
        estimator = estimator.steps[-1][1]
    is_network = isinstance(estimator, BaseNetwork) and type(estimator).fit in {
        BaseNetwork.fit,
        BaseTabularMLP.fit,
    }
    return estimator if is_network else None


@dataclass
class CandidateResult:
    """What training one candidate on one split has come to.

    Parameters
    ----------
    estimator : estimator
        The candidate, not fitted, whose parameters the clone's must equal.
    data : hashable
        The fingerprint of what it was fitted to.
    seconds : float
        Its share of the time that the steps before the network and its stack took.
    fitted : FittedAttributes
        What the network's clone is to have.
    steps : list of (str, transformer) or None
        The fitted steps before the network.
    warnings : list of (str, category)
    error : Exception or None
    """

    estimator: BaseEstimator
    data: Hashable
    seconds: float
    fitted: FittedAttributes = field(default_factory=lambda: FittedAttributes({}))
    steps: list[tuple[str, Any]] | None = None
    warnings: list[tuple[str, type[Warning]]] = field(default_factory=list)
    error: Exception | None = None

    def is_of(self, estimator: BaseEstimator, X: Any, y: Any, fit_params: dict[str, Any]) -> bool:
        """Return whether this is what fitting the estimator would give."""
        given = fingerprint({"X": X, "y": y, "params": fit_params})
        return given == self.data and may_be_equal(estimator, self.estimator)


class PretrainedFit:
    """Stands in for ``fit`` of one clone, once."""

    def __init__(self, estimator: BaseEstimator, result: CandidateResult) -> None:
        self.estimator, self.result = estimator, result

    def __call__(self, X: Any, y: Any = None, **fit_params: Any) -> BaseEstimator:
        """Take the result over, or fit if it is not the clone's."""
        estimator, result = self.estimator, self.result
        del estimator.fit
        network = network_of(estimator)
        if network is None or not result.is_of(estimator, X, y, fit_params):
            return estimator.fit(X, y, **fit_params)
        for message, category in result.warnings:
            warnings.warn(message, category, stacklevel=2)
        if result.error is not None:
            raise result.error
        if result.steps is not None:
            estimator.steps = [*result.steps, estimator.steps[-1]]
        set_fitted(network, result.fitted)
        announce_fit(estimator, X, y)
        return estimator


class ResultQueue:
    """Results in the order of scikit-learn's clones: every candidate's splits, one by one."""

    def __init__(self) -> None:
        self.results: list[CandidateResult | None] = []
        self.n_given = 0

    def __getstate__(self) -> dict[str, Any]:
        # scikit-learn sends the search, and with it these, along with every task.
        return {"results": [], "n_given": 0}

    def restart(self) -> None:
        """Begin anew; called when scikit-learn asks for the splits."""
        self.n_given = 0

    def give_next(self, estimator: BaseEstimator) -> BaseEstimator:
        """Give a clone its result, if there is one left."""
        if self.n_given < len(self.results):
            result = self.results[self.n_given]
            self.n_given += 1
            if result is not None:
                estimator.fit = PretrainedFit(estimator, result)
        return estimator


class _PretrainedClone:
    """The ``__sklearn_clone__`` of an estimator whose clones are given results.

    scikit-learn's search clones the estimator once, and of that clone makes another for every
    candidate and split; its cross-validation has only the latter.
    """

    def __init__(self, template: BaseEstimator, queue: ResultQueue, generations: int) -> None:
        self.template, self.queue, self.generations = template, queue, generations

    def __call__(self) -> BaseEstimator:
        """Return a clone."""
        cloned = clone(self.template)
        if self.generations > 1:
            return with_pretrained_clones(cloned, self.queue, self.generations - 1)
        return self.queue.give_next(cloned)


def with_pretrained_clones(
    estimator: BaseEstimator, queue: ResultQueue, generations: int
) -> BaseEstimator:
    """Return a shallow copy whose clones of the given generation are given results."""
    hooked = copy.copy(estimator)
    hooked.__sklearn_clone__ = _PretrainedClone(estimator, queue, generations)
    return hooked


class FixedSplits:
    """Splits that were drawn before, so that both passes have the same."""

    def __init__(self, splitter: Any, splits: list[Split], queue: ResultQueue) -> None:
        self.splitter, self.splits, self.queue = splitter, splits, queue

    def get_n_splits(self, *args: Any, **params: Any) -> int:
        """Return how many there are."""
        return len(self.splits)

    def split(self, *args: Any, **params: Any) -> Iterator[Split]:
        """Return them again."""
        self.queue.restart()
        return iter(self.splits)

    def get_metadata_routing(self) -> Any:
        """Return what the splitter itself asks for."""
        return self.splitter.get_metadata_routing()
