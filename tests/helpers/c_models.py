"""C code, compiled and asked from here."""

import ctypes
import shutil
import subprocess

import pytest

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

FLAGS = [
    *("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"),
    *("-Wmissing-prototypes", "-Wstrict-prototypes", "-Wwrite-strings", "-Wtrigraphs"),
]


def compiled(source, library, *flags):
    """Compile a file without a warning and load it."""
    command = ["gcc", *FLAGS, "-O1", *flags, "-shared", "-fPIC", source, "-o", library, "-lm"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return ctypes.CDLL(str(library))
