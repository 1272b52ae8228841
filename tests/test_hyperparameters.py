"""Estimators have the optimisers' hyperparameters as these declare them."""

import inspect
from numbers import Integral, Real

import pytest

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpynet.core.optimizers import OPTIMIZERS, hyperparameters_by_parameter
from sknumpynet.utils.scikit_learn import Interval

HYPERPARAMETERS = hyperparameters_by_parameter()
KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]


def entry_of(kind, parameter):
    """Return what a docstring says of a parameter, on one line."""
    _, _, rest = inspect.getdoc(kind).partition(f"\n{parameter} : ")
    lines = rest.splitlines()[1:]
    n_lines = next(i for i, line in enumerate(lines) if not line.startswith(" "))
    return " ".join(line.strip() for line in lines[:n_lines])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parameter", HYPERPARAMETERS)
def test_declaration(parameter, kind):
    own = HYPERPARAMETERS[parameter]
    default = inspect.signature(kind).parameters[parameter].default
    assert (type(default), default) == (type(own.default), own.default)
    assert entry_of(kind, parameter) == own.description
    (constraint,) = kind._parameter_constraints[parameter]
    if isinstance(own.default, bool):
        assert constraint == "boolean"
        return
    assert isinstance(constraint, Interval)
    assert constraint.type is (Integral if isinstance(own.default, int) else Real)
    bounds = constraint.left, constraint.right, constraint.closed
    assert bounds == (own.lowest, own.highest, own.closed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_description_of_a_solver(solver, kind):
    said = entry_of(kind, "solver")
    assert any(f"'{solver}'{verb} {OPTIMIZERS[solver].description}" in said for verb in ("", " is"))
