"""What is built on private names of scikit-learn."""

import inspect

import pytest

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPClassifier

pytestmark = pytest.mark.oldest


class WithAnotherParameter(NumpyMLPClassifier):
    def __init__(self, hidden_layer_sizes=(5,), another=1):
        super().__init__(hidden_layer_sizes)
        self.another = another


@pytest.mark.parametrize(
    "kind", [NumpyMLPClassifier, WithAnotherParameter, NumpyMLPRegressor, TabularMLPClassifier]
)
def test_every_class_remembers_its_own_parameters(kind):
    for _ in range(2):
        assert sorted(kind().get_params()) == sorted(inspect.signature(kind).parameters)
