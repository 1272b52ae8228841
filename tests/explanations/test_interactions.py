"""Second differences: what two columns do only together."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor
from sknumpynet.explanations.columns import EncodedColumns
from sknumpynet.explanations.interactions import interaction_strengths


def test_they_are_second_differences():
    rng = np.random.default_rng(0)
    rows, background = rng.normal(size=(2_000, 4)), rng.normal(size=(500, 4))

    def predict(X):
        return np.stack([2 * X[:, 0] * X[:, 1] + np.exp(X[:, 2]), X[:, 1] * X[:, 2]], axis=1)

    found = interaction_strengths(
        predict,
        EncodedColumns(np.arange(4), 4),
        rows,
        background,
        np.array([2, 0, 1]),
        np.random.RandomState(0),
    )
    assert found.shape == (4, 4, 2)
    assert_array_equal(found, found.transpose(1, 0, 2))
    # Of |x - b| |x' - b'| for normal numbers the mean is 4 / pi.
    assert_allclose(found[0, 1], [8 / np.pi, 0], rtol=0.1, atol=1e-12)
    assert_allclose(found[1, 2], [0, 4 / np.pi], rtol=0.1, atol=1e-12)
    assert_allclose(found[0, 2], 0, atol=1e-12)
    assert np.isnan(found[3]).all()
    assert np.isnan(found[[0, 1, 2], [0, 1, 2]]).all()


@pytest.fixture(scope="module")
def product():
    X = np.random.default_rng(0).uniform(-1, 1, size=(800, 4))
    return X, X[:, 0] * X[:, 1] + X[:, 2]


def test_a_product_is_found(product):
    X, y = product
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1).fit(X, y)
    assert model.explain(X[:5]).interactions is None
    explanation = model.explain(X[:100], n_interacting=3)
    found = explanation.interactions
    assert np.isnan(found[3]).all()
    assert found[0, 1] > 3 * max(found[0, 2], found[1, 2])
    # What they are measured by changes nothing else.
    assert_array_equal(explanation.values, model.explain(X[:100]).values)


def test_every_class_has_its_own(product):
    X, y = product
    model = TabularMLPClassifier("fast", max_iter=3, random_state=0, n_jobs=1)
    model.fit(X, np.digitize(y, [-0.3, 0.3]))
    found = model.explain(X[:20], n_interacting=100).interactions
    assert found.shape == (4, 4, 3)
    assert np.isfinite(found[np.triu_indices(4, 1)]).all()


def test_how_many_is_not_negative(product):
    X, y = product
    model = TabularMLPRegressor("fast", max_iter=1, random_state=0, n_jobs=1).fit(X, y)
    with pytest.raises(ValueError, match="n_interacting == -1"):
        model.explain(X[:5], n_interacting=-1)
