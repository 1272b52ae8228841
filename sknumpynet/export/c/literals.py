"""Numbers, text and names as C has them."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "array",
    "commented",
    "distinct_identifiers",
    "identifier",
    "number",
    "prefix",
    "text",
]

WIDTH = 100

# What no name in C is, or in C++ or with a common header's macros.
_TAKEN = """
alignas alignof and and_eq arm asm assert atomic auto bitand bitor bool break case catch char
class compl complex concept const constexpr continue decltype default delete do double else enum
errno explicit export extern false far float for fpclassify friend goto huge i386 if imaginary
inline int interface isfinite isgreater isgreaterequal isinf isless islessequal islessgreater
isnan isnormal isunordered linux long max min mips mutable namespace near new noexcept noreturn
not not_eq null nullptr offsetof operator or or_eq private protected public register requires
restrict return setjmp short signbit signed sizeof small sparc static static_assert stderr stdin
stdout struct sun switch template this thread_local throw true try typedef typeid typename
typeof union unix unreachable unsigned using va_arg va_copy va_end va_start vax virtual void
volatile while xor xor_eq
"""

# Compilers need take no longer string.
MOST_BYTES = 4095


def number(value: Any) -> str:
    """Return the shortest literal of exactly this number, a float's with its suffix.

    Examples
    --------
    >>> number(np.float32(0.1)), number(3), number(-1e300), number(float("inf"))
    ('0.1f', '3.0', '-1e+300', 'INFINITY')
    """
    if np.isnan(value):
        return "NAN"
    if np.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    if isinstance(value, np.float32):
        return f"{_with_point(str(value))}f"
    return _with_point(str(float(value)))


def _with_point(digits: str) -> str:
    return digits if "." in digits or "e" in digits else f"{digits}.0"


def text(string: str) -> str:
    r"""Return a literal of a string in UTF-8, of printable characters only.

    Raises
    ------
    ValueError
        For a string with the character 0, by which strings end.

    Examples
    --------
    >>> print(text('say "é"??/ \n'), text(""))
    "say \"\303\251\"\?\?/ \012" ""
    """
    encoded = string.encode("utf-8", "surrogatepass")
    if 0 in encoded:
        raise ValueError(f"no string of C holds the character 0, got {string!r}")
    characters = [_character(byte) for byte in encoded]
    if len(encoded) <= MOST_BYTES:
        return '"' + "".join(characters) + '"'
    return "(const char[]){" + ", ".join(f"'{own}'" for own in characters) + ", 0}"


def _character(byte: int) -> str:
    character = chr(byte)
    # Two question marks may begin a trigraph.
    if character in "\"'\\?":
        return f"\\{character}"
    return character if 32 <= byte < 127 else f"\\{byte:03o}"


def commented(string: str) -> str:
    r"""Return text that may stand in a comment, quoted.

    Examples
    --------
    >>> print(commented("*/ x"), commented("a\n"))
    "*\/ x" "a\012"
    """
    characters = "".join(map(_character, string.encode("utf-8", "replace")))
    return '"' + characters.replace("*/", r"*\/").replace("/*", r"/\*") + '"'


def prefix(name: str) -> str:
    """Return what names for C may begin with, as much as possible like another, in small letters.

    Examples
    --------
    >>> [prefix(name) for name in ("Größe (cm)", "int", "2nd", "__x", "価格")]
    ['gro_e_cm', 'int', 'x2nd', 'x', 'x']
    """
    plain = unicodedata.normalize("NFKD", name.lower())
    ascii_only = "".join(own for own in plain if not unicodedata.combining(own))
    words = re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")
    # Compilers need tell apart no more than 63 characters.
    words = words[:40].strip("_")
    return words if words and not words[0].isdigit() else f"x{words}"


def identifier(name: str) -> str:
    """Return a name that nothing else has in C.

    Examples
    --------
    >>> identifier("Unit price"), identifier("int")
    ('unit_price', 'int_')
    """
    words = prefix(name)
    return f"{words}_" if words in _TAKEN.split() else words


def distinct_identifiers(names: Iterable[str]) -> list[str]:
    """Return the identifiers of names, with a number where they would be the same.

    Examples
    --------
    >>> distinct_identifiers(["a b", "A.b", "a_b_2", "c"])
    ['a_b', 'a_b_2', 'a_b_2_2', 'c']
    """
    distinct: list[str] = []
    for name in names:
        found = first = identifier(name)
        count = 1
        while found in distinct:
            count += 1
            found = f"{first}_{count}"
        distinct.append(found)
    return distinct


def array(kind: str, name: str, items: Sequence[Any] | npt.NDArray[Any]) -> str:
    """Return the definition of an array of one or two dimensions, or of text.

    Parameters
    ----------
    kind : str
        Its items' type: 'double', 'parameter', 'int', 'long long' or 'char *const'.
    name : str
    items : sequence
        Numbers or strings.

    Examples
    --------
    >>> print(array("double", "knots", [0.5, 1]))
    static const double knots[2] = {
        0.5, 1.0
    };
    <BLANKLINE>
    """
    lengths, rows = f"[{len(items)}]", [items]
    if isinstance(items, np.ndarray) and items.ndim == 2:
        lengths, rows = f"{lengths}[{items.shape[1]}]", list(items)
    width = 0 if "char" in kind else WIDTH
    of_rows = [_wrapped(list(map(_LITERALS[kind], row)), width) for row in rows]
    body = of_rows[0] if len(lengths.split("[")) == 2 else _braced(of_rows)
    return f"static const {kind} {name}{lengths} = {{\n{body}\n}};\n"


_LITERALS: dict[str, Callable[[Any], str]] = {
    "double": number,
    "parameter": number,
    "int": str,
    "long long": str,
    "char *const": text,
}


def _braced(rows: Sequence[str]) -> str:
    return ",\n".join(f"    {{\n{row}\n    }}" for row in rows)


def _wrapped(literals: Sequence[str], width: int) -> str:
    """Return a list in lines of some width at most, or with an item on each."""
    lines: list[str] = []
    length = width
    for literal in literals:
        if length + len(literal) + 2 > width:
            lines.append(f"    {literal}")
            length = len(literal) + 4
        else:
            lines[-1] += f", {literal}"
            length += len(literal) + 2
    return ",\n".join(lines)
