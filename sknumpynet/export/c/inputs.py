"""What goes into a network, as C code."""

from collections.abc import Sequence
from dataclasses import dataclass

from sknumpynet.export.c.literals import commented

__all__ = ["Inputs", "array_inputs"]


@dataclass(frozen=True)
class Inputs:
    """How a row that is given becomes what a network takes.

    Parameters
    ----------
    parameter, argument : str
        The row as a function's parameter, and what the function calls it.
    declaration : str
        Of the row's type; empty for arrays.
    tables, statements : list of str
        Arrays, and what writes to ``inputs``.
    n_inputs : int
        How many numbers the network takes.
    usage : list of str
        Lines by which a row is made.
    remarks : list of str
        Lines that say more of a row.
    others : list of tuple of str
        Declarations and definitions of what else makes rows.
    """

    parameter: str
    argument: str
    declaration: str
    tables: list[str]
    statements: list[str]
    n_inputs: int
    usage: list[str]
    remarks: list[str]
    others: list[tuple[str, str]]

    def function(self) -> str:
        """Return the tables and a function that writes the inputs of a row."""
        head = f"static void encode({self.parameter}, double *inputs)"
        statements = self.statements or [f"(void){self.argument};", "(void)inputs;"]
        body = "\n    ".join([f"{head}\n{{", *statements])
        return "\n".join([*self.tables, f"{body}\n}}\n"])


def array_inputs(names: Sequence[str] | None, n_features: int) -> Inputs:
    """Return what goes into a network that takes an array of numbers.

    Parameters
    ----------
    names : sequence of str or None
        Of the columns, if they have some.
    n_features : int

    Examples
    --------
    >>> print(array_inputs(["age", "fare"], 2).function())
    static void encode(const double *features, double *inputs)
    {
        copy(features, inputs, 2);
    }
    <BLANKLINE>
    """
    named = [] if names is None else names
    return Inputs(
        parameter="const double *features",
        argument="features",
        declaration="",
        tables=[],
        statements=[f"copy(features, inputs, {n_features});"],
        n_inputs=n_features,
        usage=[f"double features[{n_features}] = {{...}};"],
        remarks=[f"features[{k}] is {commented(name)}" for k, name in enumerate(named)],
        others=[],
    )
