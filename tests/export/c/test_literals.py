"""Whatever numbers, text and names are, the compiler reads just them."""

import ctypes

import numpy as np
import pytest
from helpers.c_models import compiled, needs_gcc

from sknumpynet.export.c.literals import array, commented, distinct_identifiers, number, text

TEXTS = [
    "",
    "quoted \"twice\" 'once'",
    "back\\slash\\n at the end \\",
    "??/ ??= ??'trigraphs??)",
    "lines\nand\r\ttabs\x1b\x7f",
    "%s %d %%",
    "größe 価格 🙂 \ud800",
    "12 after é12",
    "*/ /* //",
    "a" * 4_095,
    "é'\"?\\" * 1_000,
]

NAMES = [
    *("age", "Age", "AGE", "a b", "a-b", "a_b", "a_b_2", "_a_b", "__a__b__"),
    *("int", "INT", "class", "NULL", "NAN", "isnan", "linux", "unix", "bool", "template", "errno"),
    *("", " ", "?", "*/", "1", "2nd", "x", "größe", "価格", "name\nwith\\lines", 'quo"te', "%"),
    *("x" * 80, "x" * 81, "row", "inputs", "scale", "copy", "_Bool", "EOF", "M_PI", "stdin"),
]


@needs_gcc
def test_text(tmp_path):
    source = tmp_path / "texts.c"
    head = "#include <stddef.h>\nextern const char *at(int);\n"
    table = array("char *const", "texts", TEXTS)
    at = "const char *at(int k)\n{\n    return texts[k];\n}\n"
    source.write_text("\n".join([head, table, at]), encoding="ascii")
    library = compiled(source, tmp_path / "texts.so")
    library.at.restype = ctypes.c_char_p
    for k, own in enumerate(TEXTS):
        assert library.at(k).decode("utf-8", "surrogatepass") == own
    # As C++ has it, and with trigraphs as C99 reads them: escaped, there are none.
    assert "??" not in source.read_text()


def test_the_character_0_is_refused():
    with pytest.raises(ValueError, match=r"holds the character 0, got 'a\\x00b'"):
        text("a\0b")


@needs_gcc
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers(dtype, tmp_path, rng):
    limits = np.finfo(dtype)
    with np.errstate(over="ignore"):
        drawn = (rng.normal(size=500) * 10.0 ** rng.uniform(-37, 37, 500)).astype(dtype)
    special = [0.0, 1.0, -3.0, 1e16, limits.max, limits.tiny, limits.eps, np.inf, -np.inf, np.nan]
    numbers = np.concatenate([drawn, np.array(special, dtype)])
    if dtype == np.float64:
        numbers = np.append(numbers, limits.smallest_subnormal)
    kind = "float" if dtype == np.float32 else "double"
    source = tmp_path / "numbers.c"
    source.write_text(
        f"#include <math.h>\ntypedef {kind} parameter;\nextern parameter at(int);\n"
        f"{array('parameter', 'numbers', numbers)}\n"
        "parameter at(int k)\n{\n    return numbers[k];\n}\n"
    )
    library = compiled(source, tmp_path / "numbers.so")
    library.at.restype = ctypes.c_float if dtype == np.float32 else ctypes.c_double
    found = np.array([library.at(k) for k in range(len(numbers))], dtype)
    np.testing.assert_array_equal(found, numbers)


@needs_gcc
@pytest.mark.parametrize("standard", ["-std=c99", "-std=gnu99", "-std=gnu2x"])
def test_names(standard, tmp_path):
    names = distinct_identifiers(NAMES)
    assert len(set(names)) == len(NAMES)
    members = "\n".join(
        f"    double {name}; /* {commented(given)} */"
        for name, given in zip(names, NAMES, strict=True)
    )
    headers = ["complex", "errno", "float", "limits", "math", "signal", "stdbool", "stdio"]
    headers += ["stdlib", "string", "time", "iso646"]
    includes = "".join(f"#include <{header}.h>\n" for header in headers)
    source = tmp_path / "names.c"
    source.write_text(f"{includes}struct row {{\n{members}\n}};\nextern int n;\nint n = 1;\n")
    compiled(source, tmp_path / "names.so", standard)


@pytest.mark.parametrize("name", [*NAMES, *TEXTS])
def test_comments_stay_comments(name):
    inside = commented(name)
    assert "*/" not in inside
    assert "/*" not in inside
    assert "??" not in inside
    assert inside.isascii()
    assert inside.isprintable()


def test_nested_arrays():
    assert array("parameter", "p", np.array([[1, 2], [3, 4]], np.float32)) == (
        "static const parameter p[2][2] = {\n"
        "    {\n    1.0f, 2.0f\n    },\n    {\n    3.0f, 4.0f\n    }\n};\n"
    )
    assert number(True) == "1.0"
