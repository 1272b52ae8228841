"""From the inputs of a graph to columns that can be encoded: numbers, codes, vectors of text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

from sknumpynet.onnx.graph import Graph
from sknumpynet.onnx.inputs import MISSING_INTEGER, TableInput, level_keys
from sknumpynet.utils.encoding.learning import LearnedColumns

__all__ = ["Rows", "Sources", "looked_up", "sources"]


@dataclass(frozen=True)
class Rows:
    """Columns of one kind, as the rows of one array: so all take as many nodes as one.

    Parameters
    ----------
    values : str
        Of shape (n_rows, n_samples).
    places : list of int
        Of which place in the table each row is.
    """

    values: str
    places: list[int]

    def of(self, graph: Graph, places: Sequence[int]) -> str:
        """Return the rows of some places, in their order."""
        if list(places) == self.places:
            return self.values
        row_of = {place: row for row, place in enumerate(self.places)}
        return graph.gather(self.values, [row_of[place] for place in places])


@dataclass(frozen=True)
class Sources:
    """The columns that a graph begins with.

    Parameters
    ----------
    numbers : Rows
        In double precision, NaN where they are missing.
    codes : Rows
        Of categories, 0 where no level is known.
    texts : dict of int to str
        By their places, the vectors of free text in single precision, (width, n_samples).
    """

    numbers: Rows
    codes: Rows
    texts: dict[int, str]


def sources(
    graph: Graph, learned: LearnedColumns, inputs: Sequence[TableInput], variables: Sequence[Any]
) -> Sources:
    """Return columns as rows of a graph.

    Parameters
    ----------
    graph : Graph
        Of double precision.
    learned : LearnedColumns
    inputs : sequence of TableInput
    variables : sequence of Variable
        What `skl2onnx` has as inputs, each of shape (n_samples, 1): of the names of ``inputs`` or
        of columns; or a single one, with all columns of a table of numbers.

    Raises
    ------
    ValueError
        For a column that is not among the inputs.
    TypeError
        For text where numbers are expected, or numbers in place of text.
    """
    names = _input_names(inputs, variables)
    given = {own: _given(graph, own, names[own], variables) for own in inputs}
    present = {own.place: given[own][1] for own in inputs if own.kind == "present"}
    numbers: dict[str, list[tuple[int, str]]] = {}
    codes, texts = [], {}
    for own, (variable, values) in given.items():
        if own.kind == "number":
            numbers.setdefault(str(type(variable.type)), []).append((own.place, values))
        elif own.kind == "category":
            is_float = isinstance(variable.type, FloatTensorType | DoubleTensorType)
            found = _codes(graph, learned, own, _as_keys(graph, own, values, is_float=is_float))
            if own.place in present:
                is_present = graph.cast(present[own.place], np.bool_)
                found = graph.node("Where", is_present, found, graph.constant(0, np.int64))
            codes.append((own.place, found))
        elif own.kind == "text":
            single = graph.cast(values, np.float32)
            texts[own.place] = graph.node("Transpose", single, perm=[1, 0])
    # What is of one type is cast at once.
    cast = [graph.cast(_side_by_side(graph, own)) for own in numbers.values()]
    return Sources(
        _as_rows(graph, [place for own in numbers.values() for place, _ in own], cast),
        _as_rows(graph, [place for place, _ in codes], [values for _, values in codes]),
        texts,
    )


def looked_up(
    graph: Graph, values: str, keys: npt.NDArray[Any], codes: Sequence[int] | npt.NDArray[Any]
) -> str:
    """Return the code of the key that each value is, 0 where it is none."""
    kind = {"O": "strings", "f": "floats", "i": "int64s"}[keys.dtype.kind]
    return graph.node(
        "LabelEncoder",
        values,
        op_domain="ai.onnx.ml",
        op_version=2,
        **{f"keys_{kind}": keys.tolist()},
        values_int64s=[int(code) for code in codes],
        default_int64=0,
    )


def _input_names(inputs: Sequence[TableInput], variables: Sequence[Any]) -> dict[TableInput, str]:
    """Return what each input is called: as its column, or as the graph names it.

    All are called in one way: the name of one column may be the graph's name of another, as of the
    columns 'a b' and 'a_b', which the graph calls 'a_b' and 'a_b_2'.
    """
    given = {variable.raw_name for variable in variables}
    is_by_column = all(own.column in given for own in inputs)
    return {
        own: own.column if is_by_column and own.kind != "present" else own.name for own in inputs
    }


def _given(graph: Graph, own: TableInput, name: str, variables: Sequence[Any]) -> tuple[Any, str]:
    """Return the variable that a column comes as, and its values."""
    for variable in variables:
        if variable.raw_name == name:
            values = variable.full_name
            break
    else:
        variable, *others = variables
        is_matrix = not others and own.width == 1 and own.place < _width(variable)
        if own.kind == "present" or not is_matrix:
            got = [variable.raw_name for variable in variables]
            raise ValueError(
                f"column {own.column!r} must come as the input {own.name!r}, got the inputs {got}"
            )
        values = graph.gather(variable.full_name, [own.place], axis=1)
    is_text = own.dtype.kind == "O"
    if isinstance(variable.type, StringTensorType) != is_text:
        raise TypeError(
            f"column {own.column!r} must come as {'strings' if is_text else 'numbers'}, got the "
            f"input {variable.raw_name!r} of {variable.type}"
        )
    return variable, values


def _width(variable: Any) -> int:
    shape = variable.type.shape
    return int(shape[1]) if len(shape) == 2 and shape[1] else 1


def _as_keys(graph: Graph, own: TableInput, values: str, *, is_float: bool) -> str:
    """Return the cells of a category in the type of its keys."""
    if own.dtype.kind == "O":
        return values
    if own.dtype.kind == "i" and is_float:
        is_whole = graph.node("Equal", values, graph.node("Floor", values))
        missing = graph.constant(MISSING_INTEGER)
        values = graph.node("Where", is_whole, graph.cast(values), missing)
    return graph.cast(values, own.dtype)


def _codes(graph: Graph, learned: LearnedColumns, own: TableInput, values: str) -> str:
    keys = level_keys(learned, own.place, own.column)
    return looked_up(graph, values, keys, [*learned.code_of(own.place).values()])


def _side_by_side(graph: Graph, columns: Sequence[tuple[int, str]]) -> str:
    return graph.concatenated([values for _, values in columns], axis=1)


def _as_rows(graph: Graph, places: list[int], columns: Sequence[str]) -> Rows:
    """Return columns as rows; an empty name where there are none."""
    if not columns:
        return Rows("", [])
    together = graph.concatenated(columns, axis=1)
    return Rows(graph.node("Transpose", together, perm=[1, 0]), places)
