"""The functions in `functions.c`, and which of them some code needs."""

import re
from functools import cache
from importlib.resources import files

__all__ = ["needed_functions"]

# What names no function: comments, text, and members of a row.
_NO_CODE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|->\w+', re.DOTALL)
_HEAD = re.compile(r"^static [a-z ]+?(\w+)\(", re.MULTILINE)


@cache
def _functions() -> dict[str, str]:
    """Return the source of each function by its name, in order."""
    source = files("sknumpynet.export.c").joinpath("functions.c").read_text(encoding="utf-8")
    heads = {part: _HEAD.search(part) for part in source.split("\n\n")}
    return {head[1]: part.strip() for part, head in heads.items() if head is not None}


def needed_functions(code: str) -> str:
    """Return the sources of those functions that code calls, and of those that they call.

    Examples
    --------
    >>> print(needed_functions("return silu(z);"))
    static double silu(double z)
    {
        return z / (1.0 + exp(-z));
    }
    >>> needed_functions("quantiles(raw, 2);").count("static double softplus")
    1
    """
    needed: list[str] = []
    code = _NO_CODE.sub(" ", code)
    # Each stands behind those that it calls.
    for name, source in reversed(_functions().items()):
        if re.search(rf"\b{name}\b", code):
            code += _NO_CODE.sub(" ", source)
            needed.append(source)
    return "\n\n".join(reversed(needed))
