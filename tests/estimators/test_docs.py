"""What docstrings say of parameters."""

import inspect

import pytest
from helpers.networks import KINDS

pytestmark = pytest.mark.oldest


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_is_documented(kind):
    documented = inspect.getdoc(kind)
    for name in inspect.signature(kind.__init__).parameters:
        assert name == "self" or f"\n{name} : " in documented
