"""What is installed: small, quick to import, of one version, and cited by its own name."""

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import sknumpynet

PACKAGE = Path(sknumpynet.__file__).parent
ROOT = Path(__file__).parents[1]
OPTIONAL = {"matplotlib", "pandas", "polars", "pyarrow", "skl2onnx", "skops", "distributed"}


def roots_loaded_by(module):
    """Return the packages that an import loads in a fresh interpreter."""
    script = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    child = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return set(child.stdout.split())


def test_importing_loads_nothing_optional_that_scikit_learn_does_not():
    beyond = roots_loaded_by("sknumpynet") - roots_loaded_by("sklearn.neural_network")
    assert "sknumpynet" in beyond
    assert beyond & OPTIONAL == set()


def test_the_package_is_small():
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in files) < 1_500_000
    assert PACKAGE / "py.typed" in files


def test_the_version_stands_in_one_place():
    with (ROOT / "pyproject.toml").open("rb") as file:
        pyproject = tomllib.load(file)
    assert pyproject["project"]["dynamic"] == ["version"]
    assert "version" not in pyproject["project"]
    assert "version:" not in (ROOT / "CITATION.cff").read_text().replace("cff-version:", "")
    # Of an environment that was made before the version rose, nothing can be said.
    if Path(importlib.metadata.distribution("sknumpynet").locate_file("")) == PACKAGE.parent:
        assert importlib.metadata.version("sknumpynet") == sknumpynet.__version__
