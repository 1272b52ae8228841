"""Which columns are categories, and which are numbers that came as text."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns import Column
from sknumpynet.utils.encoding.choice import chosen_columns
from sknumpynet.utils.text import NumberFormat, find_number_format

__all__ = ["Kinds", "find_kinds"]


class Kinds(NamedTuple):
    """The kinds of a table's columns.

    Parameters
    ----------
    is_categorical : ndarray of bool of shape (n_features,)
        The others are numerical.
    number_formats : dict of int to NumberFormat
        How the text of numerical columns is read, of those that came as text.
    """

    is_categorical: npt.NDArray[np.bool_]
    number_formats: dict[int, NumberFormat]


def find_kinds(
    columns: Sequence[Column], chosen: Any, names: npt.NDArray[Any] | None, most_levels: int
) -> Kinds:
    """Return which columns are categories, and how text that is to be numbers is read.

    Parameters
    ----------
    columns : sequence of Column
    chosen : 'from_dtype', None or array-like
        The parameter ``categorical_features``.
    names : ndarray of str of shape (n_features,) or None
        By which columns may be chosen.
    most_levels : int
        Text with no more levels is a category whatever it says.

    Raises
    ------
    ValueError
        For a choice that does not fit the columns.
    """
    by_dtype = isinstance(chosen, str) and chosen == "from_dtype"
    if by_dtype:
        is_categorical = np.array([column.looks_categorical() for column in columns])
    else:
        is_categorical = np.zeros(len(columns), dtype=bool)
        is_categorical[chosen_columns(chosen, len(columns), names)] = True
    formats = {}
    for k, column in enumerate(columns):
        # A column that was named is text on purpose.
        if by_dtype or not is_categorical[k]:
            number_format = _format_of_many_levels(column, most_levels)
            if number_format is not None:
                formats[k] = number_format
    is_categorical[list(formats)] = False
    return Kinds(is_categorical, formats)


def _format_of_many_levels(column: Column, most_levels: int) -> NumberFormat | None:
    """Return how a column's text is numbers, None if it is not, or is text on purpose."""
    if not column.is_text() or len(column.levels()) <= most_levels:
        return None
    return find_number_format(column.texts(), column.n_beside_texts())
