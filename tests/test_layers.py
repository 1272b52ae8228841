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
    ["estimators", "explanations", "preprocessing", "presets"],
    ["classifier", "regressor", "tabular"],
    ["model_selection", "search", "display", "onnx", "export", "files", "dask"],
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
    "explanations": (*DEPENDENCIES, "shap"),
    "display": (*DEPENDENCIES, "matplotlib"),
    "onnx": ("numpy", "skl2onnx", "sklearn.utils.validation"),
    "export": ("numpy", "sklearn"),
    # Dask by `import_module`, where a cluster is used.
    "dask": ("numpy", "scipy", "sklearn"),
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


TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
IMPORTS = {name: imports_of(tree) for name, tree in TREES.items()}


def room(module):
    return [*module.split("."), "__init__"][1]


def test_every_module_has_a_floor():
    rooms = {room(module) for module in MODULES}
    assert rooms == APART | FLOOR_OF.keys()


def test_modules_import_from_their_own_floor_and_from_below():
    climbing = {
        (module, other)
        for module in MODULES
        if room(module) in FLOOR_OF
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


def test_modules_import_of_others_what_their_rooms_may():
    foreign = {
        (module, name)
        for module, tree in TREES.items()
        for name in foreign_imports(tree, FOREIGN.get(room(module), DEPENDENCIES))
    }
    assert foreign == set()


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


# Private names of scikit-learn --------------------------------------------------------------------

OF_CALLBACKS = {"_skl_callbacks", "_init_callback_context", "_children_map", "_callback_fit_ctx"}


def private_names(tree):
    """Return the private modules and names of scikit-learn that a module uses."""
    found = set()
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {n for n in names if n.startswith("sklearn.") and "._" in n}
        if isinstance(node, ast.Attribute) and node.attr in OF_CALLBACKS:
            found.add(node.attr)
    return found


def test_private_names_of_scikit_learn_stand_in_one_file():
    private = {(module, name) for module, tree in TREES.items() for name in private_names(tree)}
    assert {module for module, _ in private} == {"sknumpynet.utils.scikit_learn"}


@pytest.mark.parametrize(
    "line",
    [
        "import sklearn.utils._tags",
        "from sklearn.neural_network._base import ACTIVATIONS",
        "from sklearn.utils import _safe_indexing",
        "estimator._skl_callbacks",
    ],
)
def test_a_private_name_is_noticed(line):
    assert private_names(ast.parse(line))


# Who writes an estimator ------------------------------------------------------------------------

# The one module that sets fitted attributes.
SETTER = "sknumpynet.estimators.fitted_attributes"
# Scikit-learn's searches, of which these are parts, fit themselves.
SEARCHES = {"stacked_search", "stacked_halving", "hyperband"}
WRITERS = {SETTER, *(f"sknumpynet.model_selection.{name}" for name in SEARCHES)}
ESTIMATOR_ROOMS = {"training", "estimators", "classifier", "regressor", "tabular"}
ESTIMATOR_ROOMS |= {"model_selection"}
# Where objects set what is their own: when they are made, loaded or tagged.
MAKING = {"__init__", "__setstate__", "__post_init__", "__sklearn_tags__"}


WRITING = {"update", "pop", "clear", "setdefault", "popitem"}


def written(tree):
    """Return what a module writes that looks like an estimator's attribute."""
    found = set()
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.name in MAKING:
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                is_dunder = node.attr.startswith("__") and node.attr != "__dict__"
                is_fitted = node.attr.endswith("_")
                is_fitted |= node.attr.startswith("_") and ast.unparse(node.value) != "self"
                if (is_fitted and not is_dunder) or node.attr == "__dict__":
                    found.add(ast.unparse(node))
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"setattr", "delattr"}:
                found.add(ast.unparse(node))
            if isinstance(node, ast.Attribute) and node.attr in WRITING:
                # The attributes of an object, as a dict.
                held = ast.unparse(node.value)
                if held.startswith("vars(") or held.endswith(".__dict__"):
                    found.add(ast.unparse(node))
            if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                held = ast.unparse(node.value)
                if held.startswith("vars(") or held.endswith(".__dict__"):
                    found.add(ast.unparse(node))
    return found


# A binarizer and an optimiser made anew from what was saved; the status of a result.
ALLOWED = {
    "sknumpynet.estimators.saved_state": {
        "vars(binarizer).update",
        "setattr(optimizer, name, saved[name])",
    },
    "sknumpynet.training.in_process": {"setattr(monitor.result, 'status', 'interrupted')"},
}


def test_no_module_but_one_writes_fitted_attributes():
    modules = {m for m in MODULES if room(m) in ESTIMATOR_ROOMS} - WRITERS
    stray = {(m, line) for m in modules for line in written(TREES[m]) - ALLOWED.get(m, set())}
    assert stray == set()


# Where the classes of estimators are.
ESTIMATORS = {
    "sknumpynet.classifier",
    "sknumpynet.regressor",
    "sknumpynet.tabular",
    *(f"sknumpynet.estimators.{name}" for name in ("base", "classification", "contract", "mlp")),
    *(f"sknumpynet.estimators.{name}" for name in ("regression", "tabular")),
}


@pytest.mark.parametrize("module", sorted(ESTIMATORS))
def test_estimators_write_nothing_to_themselves(module):
    for function in ast.walk(TREES[module]):
        if isinstance(function, ast.FunctionDef) and function.name not in MAKING:
            stored = [
                ast.unparse(node)
                for node in ast.walk(function)
                if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
            ]
            assert stored == []


@pytest.mark.parametrize(
    "line",
    [
        "model.coefs_ = 1",
        "self.classes_: int = 1",
        "estimator._optimizer = 1",
        "vars(estimator).setdefault('t_', 1)",
        "del estimator.t_",
        "estimator.__dict__ = {}",
        "estimator.__dict__.update(a=1)",
        "vars(estimator)['coefs_'] = 1",
        "setattr(estimator, name, 1)",
    ],
)
def test_writing_is_noticed(line):
    assert written(ast.parse(f"def f():\n    {line}"))
    assert not written(ast.parse("def f():\n    a.b = c.d_\n    c.e[0] = vars(c)['e']"))


def test_the_setter_would_be_noticed():
    assert written(TREES[SETTER])


# Arguments ----------------------------------------------------------------------------------------

MOST_ARGUMENTS = 6
# What users call has scikit-learn's arguments; the tutorial's functions have its own.
WIDER = {"__init__", "fit", "stacked_cross_validate"}


def test_functions_have_few_arguments():
    wide = {}
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef) or node.name in WIDER:
                continue
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            names = [argument.arg for argument in arguments if argument.arg not in ("self", "cls")]
            if len(names) > MOST_ARGUMENTS and room(module) != "from_scratch":
                wide[module, node.name] = names
    assert wide == {}
