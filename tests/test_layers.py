"""A file imports from its own floor of the package and from below, and never in a circle."""

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import sknumpynet

PACKAGE = Path(sknumpynet.__file__).parent

# From below: packages and single modules.
FLOORS = [
    ["core"],
    ["utils"],
    ["training"],
    ["estimators", "preprocessing", "presets"],
    ["classifier", "regressor", "tabular"],
    ["model_selection", "search", "display", "onnx"],
]
# What stands apart: the first imports nothing of the package, the others all they like.
APART = {"from_scratch", "__init__", "_old_paths"}

FLOOR_OF = {name: number for number, names in enumerate(FLOORS) for name in names}


def module_name(path):
    parts = ("sknumpynet", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# What rooms import of other projects; all others take what the package depends on.
ENGINE = ("numpy", "scipy.optimize", "scipy.special")
DEPENDENCIES = ("numpy", "scipy", "sklearn", "joblib", "threadpoolctl")
FOREIGN = {
    "core": ENGINE,
    "from_scratch": ("numpy",),
    "utils": (*DEPENDENCIES, "pyarrow"),
    "display": (*DEPENDENCIES, "matplotlib"),
    "onnx": ("numpy", "skl2onnx"),
}

MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(tree):
    """Return the package's modules that a module imports, also inside of functions or for types."""
    found = set()
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [
                full if (full := f"{node.module}.{alias.name}") in MODULES else node.module
                for alias in node.names
            ]
        found.update(name for name in names if name.split(".")[0] == "sknumpynet")
    return found


IMPORTS = {name: imports_of(ast.parse(path.read_text())) for name, path in MODULES.items()}


def room(module):
    return [*module.split("."), "__init__"][1]


def test_every_module_has_a_floor():
    rooms = {room(module) for module in MODULES}
    assert rooms == APART | FLOOR_OF.keys()


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) in FLOOR_OF])
def test_a_module_imports_from_its_own_floor_and_from_below(module):
    climbing = {
        other
        for other in IMPORTS[module]
        if FLOOR_OF.get(room(other), len(FLOORS)) > FLOOR_OF[room(module)]
    }
    assert climbing == set()


def test_the_first_network_imports_nothing_of_the_rest():
    assert IMPORTS["sknumpynet.from_scratch"] == set()


def foreign_imports(tree, allowed):
    """Return what a module imports of projects that are not allowed."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names}
    return {
        name
        for name in names
        if name.split(".")[0] not in {*sys.stdlib_module_names, "sknumpynet"}
        and not any(f"{name}.".startswith(f"{project}.") for project in allowed)
    }


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_of_others_what_its_room_may(module):
    tree = ast.parse(MODULES[module].read_text())
    assert foreign_imports(tree, FOREIGN.get(room(module), DEPENDENCIES)) == set()


@pytest.mark.parametrize(
    "line",
    [
        "import sklearn",
        "import scipy",
        "import numpyro",
        "from scipy import sparse",
        "from sklearn.utils import shuffle",
        "from .. import classifier",
        "def late():\n    import pandas",
    ],
)
def test_a_foreign_import_is_noticed(line):
    assert len(foreign_imports(ast.parse(line), ENGINE)) == 1


def test_no_imports_run_in_a_circle():
    TopologicalSorter(IMPORTS).prepare()


def test_a_circle_is_noticed():
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()


@pytest.mark.parametrize(
    "line",
    [
        "import sknumpynet.estimators.base",
        "from sknumpynet.estimators import base",
        "from sknumpynet.estimators.base import BaseNetwork",
        "def late():\n    from sknumpynet.estimators.base import BaseNetwork",
    ],
)
def test_the_walk_notices(line):
    assert imports_of(ast.parse(line)) == {"sknumpynet.estimators.base"}
