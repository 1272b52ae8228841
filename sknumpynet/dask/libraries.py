"""Dask, imported where a cluster is used and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

__all__ = ["dask_module", "default_client", "is_array", "is_collection", "thread_left_to_others"]


def dask_module(name: str) -> Any:
    """Return a module of Dask.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f'sknumpynet.dask needs {name}: pip install "sknumpynet[dask]"'
        ) from error


def default_client(client: Any) -> Any:
    """Return a user's client, or without one the client that was made last.

    Raises
    ------
    TypeError
        If it is none, or an asynchronous one.
    ValueError
        If there is none.
    """
    distributed = dask_module("distributed")
    if client is None:
        client = distributed.default_client()
    if not isinstance(client, distributed.Client) or client.asynchronous:
        raise TypeError(
            "client must be a distributed.Client that is not asynchronous, or None for the one "
            f"that was made last, got {client!r}"
        )
    return client


@contextmanager
def thread_left_to_others() -> Iterator[None]:
    """Leave a worker's thread to other tasks, where this is in a task that waits for them."""
    distributed = dask_module("distributed")
    try:
        distributed.secede()
    except (ValueError, KeyError):  # in no task, or the thread is left to others already
        yield
        return
    try:
        yield
    finally:
        distributed.rejoin()


def is_collection(X: Any) -> bool:
    """Return whether X is a DataFrame, a Series or an array of Dask, which is not imported."""
    is_frame = hasattr(type(X), "divisions") and hasattr(type(X), "to_delayed")
    return hasattr(type(X), "__dask_graph__") and (is_frame or is_array(X)) and X.ndim > 0


def is_array(X: Any) -> bool:
    """Return whether a collection is an array."""
    return hasattr(type(X), "chunks") and hasattr(type(X), "rechunk")
