import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknumpynet import TabularMLPClassifier
from sknumpynet.training import knots as module
from sknumpynet.training.knots import splits_of_trees


def test_trees_find_what_shows_in_no_column_alone(rng):
    X = rng.uniform(-1, 1, (2_000, 3))
    y = ((X[:, 0] > 0.3) ^ (X[:, 1] > -0.5))[:, np.newaxis].astype(float)
    splits = splits_of_trees(X, y, None, n_trees=4, seed=0)
    assert min(abs(splits[0][:2] - 0.3)) < 0.02
    assert min(abs(splits[1][:2] + 0.5)) < 0.02


def test_several_targets_and_weights(rng):
    X = rng.uniform(-1, 1, (1_000, 2))
    y = np.column_stack([X[:, 0] > 0.3, X[:, 1] > -0.5]).astype(float)
    splits = splits_of_trees(X, y, None, n_trees=4, seed=0)
    assert abs(splits[0][0] - 0.3) < 0.02
    assert abs(splits[1][0] + 0.5) < 0.02
    # Rows of weight 0 tell nothing.
    weight = (X[:, 0] < 0).astype(float)
    (of_half, _) = splits_of_trees(X, y[:, :1], weight, n_trees=4, seed=0)
    assert_array_equal(of_half, [])


@pytest.mark.parametrize("values", [np.zeros(50), np.arange(50) % 3.0, np.linspace(0, 1, 50)])
@pytest.mark.parametrize("splits", [[], [0.5], np.linspace(0.01, 0.99, 40)])
def test_there_are_as_many_knots_as_are_asked_for(values, splits):
    knots = module._knots(values, np.asarray(splits), 9)
    assert knots.shape == (9,)
    assert (np.diff(knots) >= 0).all()
    assert (knots[0], knots[-1]) == (min(values.min(), *knots), max(values.max(), *knots))
    assert np.isin(splits[:7], knots).all()


def test_large_tables_are_asked_a_part_of_their_rows(rng, monkeypatch):
    X = rng.normal(size=(100, 3))
    seen = []

    def spy(inputs, *others):
        seen.append(len(np.unique(inputs[:, 0])))
        return splits_of_trees(inputs, *others)

    monkeypatch.setattr(module, "splits_of_trees", spy)
    monkeypatch.setattr(module, "MOST_ROWS", 10)
    TabularMLPClassifier(n_members=2, max_iter=1, random_state=0, n_jobs=1).fit(X, X[:, 0] > 0)
    assert seen == [40, 40]


def test_a_members_knots_know_nothing_of_the_rows_that_it_holds_out(rng, monkeypatch):
    X = rng.normal(size=(100, 3))
    y = np.arange(100) % 2
    seen = []

    def spy(inputs, targets, *others):
        seen.append((inputs.shape, targets.shape))
        return splits_of_trees(inputs, targets, *others)

    monkeypatch.setattr(module, "splits_of_trees", spy)
    TabularMLPClassifier(n_members=10, max_iter=1, random_state=0, n_jobs=1).fit(X, y)
    assert seen == [((90, 3), (90, 1))] * 10
