import ast
import sys
from pathlib import Path

import pytest

import sknumpynet.core

CORE = Path(sknumpynet.core.__file__).parent
ALLOWED = ("numpy", "scipy.optimize", "scipy.special", "sknumpynet.core")


def imported(tree):
    """Full names of everything a module imports, also inside of functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names)


def forbidden(tree):
    return [
        name
        for name in imported(tree)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(f"{name}.".startswith(f"{allowed}.") for allowed in ALLOWED)
    ]


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: path.stem)
def test_core_imports_nothing_from_above(path):
    assert forbidden(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import sklearn",
        "import scipy",
        "import numpyro",
        "from scipy import sparse",
        "from sklearn.utils import shuffle",
        "from sknumpynet import classifier",
        "from sknumpynet.classifier import NumpyMLPClassifier",
        "from .. import classifier",
        "def late():\n    import pandas",
    ],
)
def test_the_walk_notices(line):
    assert len(forbidden(ast.parse(line))) == 1
