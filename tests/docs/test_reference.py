"""The reference on the site has every public name, once, and no other."""

import importlib
import pkgutil
import re
from collections import Counter
from pathlib import Path

import pytest

import sknumpynet
import sknumpynet.core

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"

# Rooms whose names are the package's own business; all others are public.
INTERNAL = {"_old_paths", "estimators", "model_selection", "training", "utils"}

pytest.importorskip("skl2onnx")  # which one of them needs


def public_modules():
    yield sknumpynet.__name__
    for package, internal in ((sknumpynet, INTERNAL), (sknumpynet.core, set())):
        for module in pkgutil.iter_modules(package.__path__):
            if module.name not in internal:
                yield f"{package.__name__}.{module.name}"


def public_names():
    """Return each public name where it is imported from: the package's own stand only there."""
    top = set(sknumpynet.__all__)
    names = []
    for module in public_modules():
        own = getattr(importlib.import_module(module), "__all__", [])
        names += [f"{module}.{name}" for name in own if module == "sknumpynet" or name not in top]
    return names


def names_in(text):
    """Return the names that a page of the reference has, in its order."""
    names, module, in_table = [], "sknumpynet", False
    for line in text.splitlines():
        if line and not line.startswith(" "):
            in_table = line == ".. autosummary::"
        if found := re.fullmatch(r"\.\. (?:py:)?currentmodule:: (\S+)", line):
            module = found[1]
        elif found := re.fullmatch(r"\.\. automodule:: (\S+)", line):
            if text.split(line, 1)[1].startswith("\n   :members:"):
                whole = importlib.import_module(found[1])
                names += [f"{found[1]}.{name}" for name in whole.__all__]
        elif found := re.fullmatch(r"   (\w+)" if in_table else r"\.\. py:data:: (\w+)", line):
            names.append(f"{module}.{found[1]}")
    return names


def test_the_reference_has_every_public_name_once():
    found = Counter(
        name for page in sorted(REFERENCE.glob("*.rst")) for name in names_in(page.read_text())
    )
    assert found == Counter(public_names())


PAGE = """
.. currentmodule:: sknumpynet.core.losses

.. autosummary::
   :toctree: generated/

   Loss
   HuberLoss

.. py:data:: LOSSES

   Loss
"""


def test_names_are_read():
    assert [name.rsplit(".")[-1] for name in names_in(PAGE)] == ["Loss", "HuberLoss", "LOSSES"]


@pytest.mark.parametrize("name", ["sknumpynet.NumpyMLPClassifier", "sknumpynet.core.layers.Dense"])
def test_modules_are_walked(name):
    assert name in public_names()
