"""Objects of scikit-learn's in an estimator's state, as plain Python, and back by a table."""

import inspect
from typing import Any

from sklearn import model_selection
from sklearn.utils.metadata_routing import MetadataRequest

__all__ = ["plain_requests", "plain_splitter", "requests_of", "splitter_of"]

# What `resample` may be in a file. All are made by arguments that they keep under the same names.
SPLITTERS = {
    kind.__name__: kind
    for kind in (
        model_selection.KFold,
        model_selection.StratifiedKFold,
        model_selection.GroupKFold,
        model_selection.StratifiedGroupKFold,
        model_selection.ShuffleSplit,
        model_selection.StratifiedShuffleSplit,
        model_selection.GroupShuffleSplit,
        model_selection.TimeSeriesSplit,
        model_selection.PredefinedSplit,
    )
}
_REQUESTS = "_metadata_request"


def plain_splitter(value: Any) -> Any:
    """Return a splitter of ``SPLITTERS`` by its name and arguments, all else as it is.

    So is one with requests of its own to metadata routing.

    Examples
    --------
    >>> plain_splitter(model_selection.GroupKFold(5))["splitter"]
    'GroupKFold'
    """
    kind = type(value)
    if SPLITTERS.get(kind.__name__) is not kind or _REQUESTS in vars(value):
        return value
    settings = {name: getattr(value, name) for name in inspect.signature(kind).parameters}
    return {"splitter": kind.__name__, "settings": settings}


def splitter_of(value: Any) -> Any:
    """Return what `plain_splitter` was given."""
    if not isinstance(value, dict):
        return value
    return SPLITTERS[value["splitter"]](**value["settings"])


def plain_requests(requests: MetadataRequest) -> dict[str, dict[str, Any]]:
    """Return what an estimator asks of metadata routing, by method and argument."""
    named = {name: getattr(own, "requests", {}) for name, own in vars(requests).items()}
    return {name: dict(own) for name, own in named.items() if own}


def requests_of(plain: dict[str, dict[str, Any]], owner: str) -> MetadataRequest:
    """Return what `plain_requests` was given.

    Examples
    --------
    >>> requests_of({"fit": {"sample_weight": True}}, "a network")
    {'fit': {'sample_weight': True}}
    """
    requests = MetadataRequest(owner=owner)
    for method, own in plain.items():
        for name, alias in own.items():
            vars(requests)[method].add_request(param=name, alias=alias)
    return requests
