"""What a parameter of an estimator may be, and what its docstring says of it."""

import textwrap
from collections.abc import Iterable
from typing import Any, NamedTuple

__all__ = ["Parameter", "constraints_of", "entries_of"]

# Characters of a docstring's line, but for its indentation.
_WIDTH = 96


class Parameter(NamedTuple):
    """One parameter.

    Parameters
    ----------
    type : str
        As numpydoc has it after the name, with the default.
    constraints : list
        As scikit-learn validates parameters.
    description : str
        On one line of any length.
    """

    type: str
    constraints: list[Any]
    description: str


def constraints_of(parameters: dict[str, Parameter]) -> dict[str, list[Any]]:
    """Return what scikit-learn validates parameters by."""
    return {name: parameter.constraints for name, parameter in parameters.items()}


def entries_of(parameters: dict[str, Parameter], order: Iterable[str]) -> str:
    """Return the entries of a docstring, those that there are in a given order.

    Examples
    --------
    >>> alpha = Parameter("float, default=0.1", [], "Strength of the penalty.")
    >>> print(entries_of({"alpha": alpha}, ["solver", "alpha"]))
    alpha : float, default=0.1
        Strength of the penalty.
    """
    entries = []
    for name in order:
        if name in parameters:
            own = parameters[name]
            lines = textwrap.wrap(own.description, _WIDTH - 4, break_on_hyphens=False)
            entries += [f"{name} : {own.type}", *(f"    {line}" for line in lines)]
    return "\n".join(entries)
