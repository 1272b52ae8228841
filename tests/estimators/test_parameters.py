"""One table says what parameters may be and what docstrings say of them."""

import inspect
import re

import pytest

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpynet.core.optimizers import OPTIMIZERS, Optimizer
from sknumpynet.core.optimizers.hyperparameters import Hyperparameter
from sknumpynet.estimators.parameters import PERCEPTRON_PARAMETERS, TABULAR_PARAMETERS
from sknumpynet.estimators.parameters.optimizers import optimizer_settings

TABLES = {
    NumpyMLPClassifier: PERCEPTRON_PARAMETERS,
    NumpyMLPRegressor: PERCEPTRON_PARAMETERS,
    TabularMLPClassifier: TABULAR_PARAMETERS,
    TabularMLPRegressor: TABULAR_PARAMETERS,
}


def documented(kind):
    """Return what a docstring says of each parameter on its first line."""
    text = inspect.getdoc(kind)
    section = text[text.index("Parameters\n---") : text.index("Attributes\n---")]
    return dict(re.findall(r"^(\w+) : (.+)$", section, re.MULTILINE))


@pytest.mark.parametrize("kind", TABLES)
def test_signature_constraints_and_docstring_have_the_same_parameters(kind):
    signature = inspect.signature(kind).parameters
    assert set(signature) == set(documented(kind)) == set(kind._parameter_constraints)
    assert TABLES[kind].keys() <= signature.keys()


@pytest.mark.parametrize("kind", TABLES)
def test_docstrings_say_the_default(kind):
    for name, parameter in inspect.signature(kind).parameters.items():
        said = documented(kind)[name]
        default = eval(re.search(r"default=(.+)$", said).group(1))
        assert default == parameter.default, name


class Scaled(Optimizer):
    """An optimiser whose settings have every type."""

    n_buffers = 1
    hyperparameters = (
        Hyperparameter("factor", 0.5, "", 0, 1),
        Hyperparameter("n_steps", 5, "", 1, parameter="scaled_steps", is_shared=True),
    )


def test_an_optimizer_takes_its_settings_under_the_estimators_names(monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "scaled", Scaled)
    parameters = {"factor": 1, "scaled_steps": 7, "momentum": 0.9}
    settings = optimizer_settings("scaled", parameters)
    assert settings == {"factor": 1.0, "n_steps": 7}
    assert type(settings["factor"]) is float
    assert optimizer_settings("lbfgs", parameters) == {}
