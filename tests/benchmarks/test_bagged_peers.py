"""Boosted trees by TabArena's protocol: folds, early stopping, the choice of settings."""

import math

import numpy as np
import pytest

pd = pytest.importorskip("pandas")
from benchmarks import bagged_peers, tabular, tabular_data, tabular_metrics, tabular_peers  # noqa: E402

ROUNDS_OF = {"CatBoost": "tree_count_", "LightGBM": "best_iteration_", "XGBoost": "best_iteration"}


def installed(name):
    model = tabular_peers.MODELS[name]
    if not model.is_installed():
        pytest.skip("not installed")
    return model


def trees_of(estimator):
    """Return what was bagged, without what makes strings of categories."""
    return getattr(estimator, "steps", [(None, estimator)])[-1][1]


@pytest.fixture
def tables():
    """Return a table of each task, with categories, missing values and rare classes."""
    rng = np.random.RandomState(0)
    colour = pd.Categorical(rng.choice(["red", "green", "blue"], 60))
    X = pd.DataFrame({"a": rng.rand(60), "colour": colour})
    X.loc[::7, ["a", "colour"]] = None
    classes = np.repeat([0, 1, 2, 3], [30, 26, 3, 1])
    return {
        "regression": tabular_data.Table("numbers", "regression", X, rng.rand(60)),
        "classification": tabular_data.Table("classes", "classification", X, classes),
    }


@pytest.mark.parametrize("counts", [(9, 20, 31), (1, 1, 2, 3, 40), (60,), (2, 3)])
def test_folds_are_balanced_and_every_model_knows_every_class(counts):
    classes = np.random.RandomState(0).permutation(np.repeat(range(len(counts)), counts))
    folds = bagged_peers.fold_of_rows(classes, 8, 5)
    assert (folds == -1).sum() == counts.count(1)
    sizes = np.bincount(folds[folds >= 0])
    assert sizes.max() - sizes.min() <= 1
    assert len(sizes) == min(8, (folds >= 0).sum())
    for fold in range(len(sizes)):
        held_out = np.bincount(classes[folds == fold], minlength=len(counts))
        left = np.array(counts) - held_out
        assert left.min() >= 1
        assert np.all(np.abs(held_out - np.where(np.array(counts) > 1, counts, 0) / len(sizes)) < 2)
    assert np.array_equal(bagged_peers.fold_of_rows(classes, 8, 5), folds)


class Mean:
    """Predicts the mean of its targets, and ``shift`` more."""

    def __init__(self, setting, shift=0.0, rounds=None):
        self.shift, self.rounds = shift, rounds

    def predict(self, X):
        return np.full(len(X), self.mean + self.shift)


def fit_mean(estimator, X, y, held_out, patience):
    assert not set(X.index) & set(held_out.X.index)
    assert len(X) + len(held_out.X) == 60
    estimator.mean, estimator.held_out = y.mean(), held_out
    assert patience == 300


def test_each_row_is_held_out_once_and_the_least_loss_out_of_fold_counts(tables):
    table = tables["regression"]
    setting = tabular_peers.Setting("regression", table.X, 0, 1)
    booster = bagged_peers.Booster(fit_mean, "rounds", 0.5, {"shift": [0.2, 0.0, -0.3]})
    # The default setting comes first, and has no shift but a learning rate.
    booster_settings = list(booster.settings(4, 0))
    assert booster_settings[0] == {"learning_rate": 0.5}
    assert sorted(own["shift"] for own in booster_settings[1:]) == [-0.3, 0.0, 0.2]

    def make(setting, learning_rate=None, **parameters):
        return Mean(setting, **({"shift": 1.0} if learning_rate else parameters))

    model = bagged_peers.BaggedTrees(booster, make, setting, 4).fit(table.X, table.y)
    assert model.parameters_ == {"shift": 0.0}
    assert [member.rounds for member in model.members_] == [10_000] * 8
    held_out = np.concatenate([member.held_out.X.index for member in model.members_])
    assert sorted(held_out) == list(range(60))
    errors = [member.held_out.y - member.mean for member in model.members_]
    assert model.loss_ == pytest.approx(math.sqrt(np.mean(np.concatenate(errors) ** 2)))
    mean = np.mean([member.mean for member in model.members_])
    np.testing.assert_allclose(model.predict(table.X), mean)


@pytest.mark.parametrize("name", tabular_peers.BAGGED)
def test_bagged_peers_take_tables_as_they_come(name, tables, monkeypatch):
    monkeypatch.setattr(bagged_peers, "MOST_ROUNDS", 2)
    for table in tables.values():
        data = tabular_data.Split(table.X, table.X, table.y, table.y)
        assert tabular_metrics.measure(installed(name), name, table, data, 0, 1).error == ""


@pytest.mark.parametrize("name", tabular_peers.BAGGED)
def test_models_stop_by_the_rows_held_out(name, tables, monkeypatch):
    monkeypatch.setattr(bagged_peers, "MOST_ROUNDS", 200)
    monkeypatch.setattr(bagged_peers, "PATIENCE", 5)
    monkeypatch.setattr(bagged_peers, "LEAST_PATIENCE", 1)
    monkeypatch.setattr(bagged_peers, "N_FOLDS", 2)
    table = tables["regression"]  # of noise
    with tabular_peers.quiet():
        model = installed(name).make(tabular_peers.Setting(table.task, table.X, 0, 1))
        model.fit(table.X, table.y)
    attribute = ROUNDS_OF[name.partition("-")[0]]
    assert max(getattr(member, attribute) for member in trees_of(model).members_) < 200


@pytest.mark.parametrize("name", tabular_peers.TUNED)
def test_tuned_peers_choose_from_settings_that_their_library_knows(name, tables, monkeypatch):
    monkeypatch.setattr(bagged_peers, "MOST_ROUNDS", 1)
    monkeypatch.setattr(bagged_peers, "N_FOLDS", 2)
    model = installed(name)
    for table in tables.values():
        with tabular_peers.quiet():
            estimator = model.make(tabular_peers.Setting(table.task, table.X, 3, 1))
            assert trees_of(estimator).n_settings == 20
            trees_of(estimator).n_settings = 4
            estimator.fit(table.X, table.y)
        settings = bagged_peers.BOOSTERS[name.partition("-")[0]].settings(4, 3)
        assert trees_of(estimator).parameters_ in list(settings)


def test_whole_numbers_are_drawn_from_the_ends_of_their_range_too():
    distribution, rng = bagged_peers.LogIntegers(1, 4), np.random.RandomState(0)
    drawn = [distribution.rvs(random_state=rng) for _ in range(400)]
    assert set(drawn) == {1, 2, 3, 4}
    assert drawn.count(1) > drawn.count(4)


def test_peers_that_take_long_are_not_compared_by_default():
    assert not {*tabular_peers.BAGGED, *tabular_peers.TUNED} & {*tabular.installed_models()}
    assert "TabularMLP-best" not in tabular.installed_models()
