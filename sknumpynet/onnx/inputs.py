"""The inputs that the graph of a table's model has: which columns, by what names, of what types."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns import Level
from sknumpynet.utils.dates import TimeFormat
from sknumpynet.utils.encoding.categories import distinct_names
from sknumpynet.utils.encoding.learning import LearnedColumns

__all__ = ["MISSING_INTEGER", "TableInput", "level_keys", "table_inputs"]

# Stands for a missing cell among levels that are integers; it is none of them.
MISSING_INTEGER = np.iinfo(np.int64).min

# No input has the name of an output.
OUTPUTS = ("label", "probabilities", "variable", "interval")

InputKind = Literal["number", "category", "text", "present"]


@dataclass(frozen=True)
class TableInput:
    """An input of the graph.

    Parameters
    ----------
    name : str
        In the graph.
    column : str
        What users call the column.
    place : int
        Of the column in the table.
    kind : {'number', 'category', 'text', 'present'}
        Dates are numbers, days since 1970 or since midnight. Free text is its numbers. What is
        present are the cells of a category that has the level ''.
    dtype : dtype
        That of objects for strings.
    width : int
        How many columns the input has.
    """

    name: str
    column: str
    place: int
    kind: InputKind
    dtype: np.dtype[Any]
    width: int = 1


def table_inputs(learned: LearnedColumns, columns: Sequence[str]) -> list[TableInput]:
    """Return the inputs of a graph: of the columns that predictions depend on, in their order.

    Parameters
    ----------
    learned : LearnedColumns
    columns : sequence of str
        The names of all columns.

    Raises
    ------
    NotImplementedError
        For a category of which two levels are the same text.
    """
    names = distinct_names([*OUTPUTS, *map(identifier, columns)])[len(OUTPUTS) :]
    inputs = [_input_of(learned, k, names[k], columns[k]) for k in learned.used_columns()]
    doubtful = [own for own in inputs if own.dtype.kind == "O" and "" in learned.code_of(own.place)]
    taken = [*OUTPUTS, *names]
    more = distinct_names([*taken, *(f"{own.name}_present" for own in doubtful)])[len(taken) :]
    return inputs + [
        replace(own, name=name, kind="present", dtype=np.dtype(np.bool_))
        for own, name in zip(doubtful, more, strict=True)
    ]


def _input_of(learned: LearnedColumns, k: int, name: str, column: str) -> TableInput:
    if k in learned.text_vectors:
        width = learned.text_vectors[k].width
        return TableInput(name, column, k, "text", np.dtype(np.float32), width)
    if k in learned.levels:
        return TableInput(name, column, k, "category", level_keys(learned, k, column).dtype)
    dtype = np.dtype(np.float32 if _is_single(learned, k) else np.float64)
    return TableInput(name, column, k, "number", dtype)


def identifier(column: str) -> str:
    """Return a name as ONNX wants them, of letters, digits and underscores.

    Examples
    --------
    >>> [identifier(column) for column in ("age", "price (EUR)", "2nd floor", "")]
    ['age', 'price__EUR_', '_2nd_floor', '_']
    """
    return re.sub(r"^(?=\d|$)", "_", re.sub(r"\W", "_", column))


def level_keys(learned: LearnedColumns, k: int, column: str) -> npt.NDArray[Any]:
    """Return what stands for each level of a category, in the order of their codes.

    Integers are integers, other numbers are in single precision, which tells as many levels
    apart as the preprocessor does; levels are text where some are, or where numbers take more.

    Raises
    ------
    NotImplementedError
        If two levels are the same text, such as 0.5 and '0.5', or one is no UTF-8.
    """
    levels: list[Level] = [
        int(level) if isinstance(level, bool) else level for level in learned.code_of(k)
    ]
    numbers = [level for level in levels if not isinstance(level, str)]
    whole = [level for level in numbers if isinstance(level, int)]
    if len(whole) == len(levels) and all(abs(level) <= np.iinfo(np.int64).max for level in whole):
        return np.array(levels, np.int64)
    if len(numbers) == len(levels) and all(abs(level) <= 2**24 for level in whole):
        return np.array(levels, np.float32)
    texts = [str(level) for level in levels]
    for text, level in zip(texts, levels, strict=True):
        if text != text.encode(errors="ignore").decode():
            raise NotImplementedError(
                f"column {column!r} has the level {text!r}, ONNX has text in UTF-8 only"
            )
        if text != level and text in levels:
            raise NotImplementedError(
                f"column {column!r} has the levels {level!r} and {text!r}, which ONNX cannot tell "
                "apart"
            )
    return np.array(texts, object)


def _is_single(learned: LearnedColumns, k: int) -> bool:
    """Return whether the numbers that `fit` saw stand in single precision too.

    Elsewhere the last digits may count: ranks rise fast between numbers that are close.
    """
    if isinstance(learned.formats.get(k), TimeFormat):
        return False
    # Without ranks what was seen is known by its median and range.
    known, _ = learned.half_knots.get(k, (learned.scales.get(k, ()), ()))
    halves = np.asarray(known, np.float64)
    with np.errstate(over="ignore"):
        return bool((halves.astype(np.float32) == halves).all())
