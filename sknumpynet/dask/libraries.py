"""Dask, imported where a cluster is used and nowhere else."""

from importlib import import_module
from typing import Any

__all__ = ["dask_module", "default_client", "is_array", "is_collection"]


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
    ValueError
        If there is none.
    """
    return dask_module("distributed").default_client() if client is None else client


def is_collection(X: Any) -> bool:
    """Return whether X is a collection of Dask; Dask is not imported for it."""
    return hasattr(type(X), "__dask_graph__")


def is_array(X: Any) -> bool:
    """Return whether a collection is an array."""
    return hasattr(type(X), "chunks") and hasattr(type(X), "rechunk")
