"""What a module is written of: its arrays, and the functions that it calls."""

import ast
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Call", "Script", "called", "listed", "named", "quoted", "written"]

WIDTH = 100
# Arrays stand inside as text up to so many bytes of it.
MOST_TEXT = 20_000


class Script:
    """Collects what a module's own lines speak of.

    Attributes
    ----------
    arrays : dict of str to ndarray
    functions : set of callable
        Functions and classes of the package.

    Examples
    --------
    >>> script = Script()
    >>> script.array("weights", np.ones((2, 1)))
    'ARRAYS["weights"]'
    >>> print(script.array_lines())
    ARRAYS = {
        "weights": np.array(
            [[1.0],
             [1.0]],
            np.float64,
        ),
    }
    """

    def __init__(self) -> None:
        self.arrays: dict[str, npt.NDArray[Any]] = {}
        self.functions: set[Callable[..., Any]] = set()

    def array(self, name: str, values: Any) -> str:
        """Keep an array, return what stands for it in the module."""
        assert name not in self.arrays, name
        self.arrays[name] = np.ascontiguousarray(values)
        return f'ARRAYS["{name}"]'

    def use(self, function: Callable[..., Any]) -> str:
        """Keep a function or class, return its name."""
        self.functions.add(function)
        return function.__name__

    def array_lines(self) -> str | None:
        """Return all arrays as text, to the last bit, None if that is long or has no digits."""
        # A number takes three bytes at least, with comma and space. Told from that, a fast model of
        # three columns is exported in 4 instead of 200 ms.
        if 3 * sum(own.size for own in self.arrays.values()) > MOST_TEXT:
            return None
        # Weights of a training that diverged.
        if not all(np.isfinite(own).all() for own in self.arrays.values() if own.dtype.kind == "f"):
            return None
        text = "ARRAYS = {\n"
        for name, values in self.arrays.items():
            text += f'    "{name}": {_array_text(values)},\n'
            # Text of what goes to a file is not finished.
            if len(text) >= MOST_TEXT:
                return None
        return text + "}"


def _array_text(values: npt.NDArray[Any]) -> str:
    """Return an array as text from which the same one is made."""
    dtype = f"np.{values.dtype.name}"
    if values.size == 0:
        return f"np.empty({values.shape}, {dtype})"
    text = np.array2string(
        values, max_line_width=WIDTH - 12, separator=", ", threshold=values.size, floatmode="unique"
    )
    if values.dtype.kind == "f":
        # NumPy leaves out what stands after the point of whole numbers.
        text = text.replace(". ", ".0").replace(".,", ".0,").replace(".]", ".0]")
    if not _is_text_of(text, values):
        text = repr(values.tolist())
    text = text.replace("\n", "\n" + " " * 12)
    return f"np.array(\n            {text},\n            {dtype},\n        )".replace(
        "\n    ", "\n"
    )


def _is_text_of(text: str, values: npt.NDArray[Any]) -> bool:
    made = np.array(ast.literal_eval(text), values.dtype)
    return made.tobytes() == values.tobytes()


def quoted(value: Any) -> str:
    """Return a plain value as Python writes it, text in double quotes.

    Examples
    --------
    >>> print(quoted("age"), quoted('an "age"'), quoted(1.5))
    "age" 'an "age"' 1.5
    >>> quoted(float("-inf"))
    'float("-inf")'
    """
    text = repr(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{text}")'
    return f'"{value}"' if text == f"'{value}'" and '"' not in text else text


class Call(NamedTuple):
    """An expression that may take several lines, such as a call or a list.

    Parameters
    ----------
    head, tail : str
        Up to the bracket, and from its counterpart on.
    items : sequence of str or Call
    """

    head: str
    items: Sequence["str | Call"]
    tail: str

    def __str__(self) -> str:
        return self.head + ", ".join(map(str, self.items)) + self.tail


def called(function: str, *arguments: str | Call) -> Call:
    """Return the call of a function."""
    return Call(f"{function}(", arguments, ")")


def listed(items: Iterable[str | Call]) -> Call:
    """Return a list."""
    return Call("[", list(items), "]")


def named(name: str, expression: str | Call) -> str | Call:
    """Return an expression behind a name, such as ``"x = "``."""
    if isinstance(expression, str):
        return name + expression
    return expression._replace(head=name + expression.head)


def written(expression: str | Call, indent: int = 0, end: str = "") -> str:
    """Return an expression on as many lines as it takes: items of a list one after another.

    Parameters
    ----------
    expression : str or Call
    indent : int
    end : str
        What comes after it.

    Examples
    --------
    >>> print(written(Call("A = [", ["1", "2"], "]"), 4))
        A = [1, 2]
    """
    space = " " * indent
    if isinstance(expression, str) or len(f"{space}{expression}{end}") <= WIDTH:
        return f"{space}{expression}{end}"
    head, items, tail = expression
    lines: list[str] = []
    for item in items:
        is_cell = isinstance(item, str) and head.endswith("[")
        if is_cell and lines and len(lines[-1]) + len(str(item)) + 2 <= WIDTH:
            lines[-1] += f" {item},"
        else:
            lines.append(written(item, indent + 4, ","))
    return "\n".join([f"{space}{head}", *lines, f"{space}{tail}{end}"])
