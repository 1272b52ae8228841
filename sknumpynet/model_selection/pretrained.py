"""How a network that was trained before reaches the clone that scikit-learn then asks to fit.

    tickets, in the order of scikit-learn's clones → a clone whose ``fit`` picks up → its outcome

A clone that has no ticket, or turns out not to be what was trained, fits itself.
"""

import copy
import warnings
import zlib
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from sknumpynet.estimators.base import BaseNetwork
from sknumpynet.estimators.callbacks import announce_fit
from sknumpynet.training.preparation import Complaint

__all__ = [
    "FixedSplits",
    "Outcome",
    "Split",
    "Tickets",
    "fingerprint",
    "may_be_equal",
    "network_of",
    "with_tickets",
]

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
    estimator : estimator
        The candidate, not fitted, whose parameters the clone's must equal.
    data : hashable
        The fingerprint of what it was fitted to.
    seconds : float
        Its share of the time that recording and its stack took.
    fitted : dict
        The network's fitted attributes.
    head : list of (str, transformer) or None
        The fitted steps before the network.
    complaints : list of (str, category)
    error : Exception or None
    """

    estimator: BaseEstimator
    data: Hashable
    seconds: float
    fitted: dict[str, Any] = field(default_factory=dict)
    head: list[tuple[str, Any]] | None = None
    complaints: list[Complaint] = field(default_factory=list)
    error: Exception | None = None

    def is_of(self, estimator: BaseEstimator, X: Any, y: Any, fit_params: dict[str, Any]) -> bool:
        """Return whether this is what fitting the estimator would give."""
        given = fingerprint({"X": X, "y": y, "params": fit_params})
        return given == self.data and may_be_equal(estimator, self.estimator)


def fingerprint(value: Any) -> Hashable:
    """Return what tells data apart by their values and their order.

    Checksums, which take less time than to cut the rows of a split.
    """
    if isinstance(value, dict):
        return tuple((name, fingerprint(part)) for name, part in sorted(value.items()))
    columns = _columns_of(value)
    if columns is not None:
        return tuple(map(fingerprint, columns))
    if not isinstance(value, np.ndarray) and hasattr(value, "__array__"):
        value = np.asarray(value)
    if type(value) in (np.ndarray, np.memmap):
        if not value.dtype.hasobject:
            array = np.ascontiguousarray(value)
            checksum = zlib.crc32(array.view(np.uint8)) if array.size else 0
            return array.dtype.str, array.shape, checksum
        value = value.tolist()
    try:
        return joblib.hash(value)
    except Exception:  # it cannot be pickled
        return type(value), getattr(value, "shape", None)


def _columns_of(value: Any) -> list[Any] | None:
    """Return the columns of a table of pandas, polars or pyarrow."""
    if hasattr(value, "iloc") and np.ndim(value) == 2:
        return [column for _, column in value.items()]
    for name in ("get_columns", "itercolumns"):
        if hasattr(value, name):
            return list(getattr(value, name)())
    return None


def may_be_equal(one: Any, other: Any) -> bool:
    """Return whether values are equal as far as can be told: copies of one value are."""
    try:
        return _may_be_equal(one, other)
    except RecursionError:  # they hold themselves
        return False


_PLAIN = (str, bytes, int, float, complex, bool, type(None), np.generic, set, frozenset)
# A copy of these is the same object.
_UNIQUE = (type, FunctionType, ModuleType)


def _may_be_equal(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) is not type(other) or isinstance(one, _UNIQUE):
        return False
    if isinstance(one, _PLAIN):
        return bool(one == other or (one != one and other != other))
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_may_be_equal, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            _may_be_equal(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and _may_be_equal(one.tolist(), other.tolist())
    if isinstance(one, BaseEstimator):
        return _may_be_equal(one.get_params(deep=False), other.get_params(deep=False))
    return _may_be_equal(_parts(one), _parts(other))


def _parts(value: Any) -> tuple[Any, ...] | None:
    """Return what a copy would be made of, None if that is not known."""
    try:
        parts = value.__reduce_ex__(4)
    except Exception:
        return None
    if isinstance(parts, str):  # the name that it goes by
        return getattr(value, "__module__", None), parts
    # The last are iterators over what a list or a dict holds.
    return tuple(list(part) if hasattr(part, "__next__") else part for part in parts)


class PickUp:
    """Stands in for ``fit`` of one clone, once."""

    def __init__(self, estimator: BaseEstimator, outcome: Outcome) -> None:
        self.estimator, self.outcome = estimator, outcome

    def __call__(self, X: Any, y: Any = None, **fit_params: Any) -> BaseEstimator:
        """Take the outcome over, or fit if it is not the clone's."""
        estimator, outcome = self.estimator, self.outcome
        del estimator.fit
        network = network_of(estimator)
        if network is None or not outcome.is_of(estimator, X, y, fit_params):
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
