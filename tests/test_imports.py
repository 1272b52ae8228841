"""The package stands on its own feet: scikit-learn's networks are for tests and benchmarks."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sknumpynet

PACKAGE = Path(sknumpynet.__file__).parent


def names_neural_network(tree):
    """Whether a module imports anything of sklearn.neural_network, in any spelling."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value]  # importlib.import_module("…")
        if any(f"{name}.".startswith("sklearn.neural_network.") for name in names):
            return True
    return False


def test_no_module_imports_sklearn_neural_network():
    paths = sorted(PACKAGE.rglob("*.py"))
    assert len(paths) > 100
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    assert [path for path, tree in trees.items() if names_neural_network(tree)] == []


@pytest.mark.parametrize(
    "line",
    [
        "import sklearn.neural_network",
        "from sklearn import neural_network",
        "from sklearn.neural_network import MLPClassifier",
        "import sklearn.neural_network._base as base",
        "importlib.import_module('sklearn.neural_network')",
    ],
)
def test_the_walk_notices(line):
    assert names_neural_network(ast.parse(line))


BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("sklearn.neural_network"):
            raise ImportError("blocked")

sys.meta_path.insert(0, Blocker())
try:
    import sklearn.neural_network
except ImportError as error:
    assert str(error) == "blocked"
else:
    raise AssertionError("sklearn.neural_network is not blocked")

import warnings
import numpy as np
import sknumpynet

warnings.simplefilter("ignore")  # of convergence, after so few epochs
rng = np.random.RandomState(0)
X = rng.normal(size=(40, 2))
y = (X[:, 0] > 0).astype(int)
for solver in ("adam", "sgd", "lbfgs"):
    for estimator, target in (
        (sknumpynet.NumpyMLPClassifier, y),
        (sknumpynet.NumpyMLPRegressor, X[:, 1]),
    ):
        model = estimator(hidden_layer_sizes=(5,), solver=solver, max_iter=5, random_state=0)
        assert model.fit(X, target).predict(X).shape == (40,)
assert not any(name.startswith("sklearn.neural_network") for name in sys.modules)
"""


def test_works_without_sklearn_neural_network():
    child = subprocess.run(
        [sys.executable, "-c", BLOCKED],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr
