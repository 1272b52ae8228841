"""Importances by rows that members never saw, beside scikit-learn's of rows set aside."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.inspection import permutation_importance
from sklearn.model_selection import PredefinedSplit, ShuffleSplit

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor
from sknumpynet.explanations.held_out_rows import held_out_state, masks_of_held_out

N_ROWS = 400


@pytest.fixture(scope="module")
def table():
    """Return columns that say less and less, and nothing, in an order of their own."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "nothing": rng.normal(size=N_ROWS),
            "strong": rng.normal(size=N_ROWS),
            "weak": rng.normal(size=N_ROWS),
            "level": rng.choice(["a", "b", "c"], N_ROWS),
        }
    )


def signal(table):
    return 3 * table["strong"] + 0.7 * table["weak"] + 3 * (table["level"] == "a")


KINDS = {
    "numbers": (TabularMLPRegressor, {}, signal),
    "two targets": (TabularMLPRegressor, {}, lambda X: np.stack([signal(X), -signal(X)], axis=1)),
    "a quantile": (TabularMLPRegressor, {"loss": "quantile", "quantile": [0.2, 0.8]}, signal),
    "counts": (TabularMLPRegressor, {"loss": "poisson"}, lambda X: np.exp(signal(X) / 3)),
    "two classes": (TabularMLPClassifier, {}, lambda X: signal(X) > 1),
    "three classes": (TabularMLPClassifier, {}, lambda X: np.digitize(signal(X), [0, 2])),
    "balanced": (TabularMLPClassifier, {"class_weight": "balanced"}, lambda X: signal(X) > 4),
}


def fitted(name, table, sample_weight=None, **parameters):
    kind, own, target = KINDS[name]
    own = {"max_iter": 15, "random_state": 0, "n_jobs": 1, **own, **parameters}
    return kind("fast", **own).fit(table, target(table), sample_weight), target(table)


@pytest.fixture(scope="module")
def regressor(table):
    return fitted("numbers", table)[0]


@pytest.mark.parametrize("name", KINDS)
def test_strong_columns_are_important(name, table):
    model, y = fitted(name, table)
    found = model.column_importances(table, y)
    assert found.feature_names.tolist() == table.columns.tolist()
    assert found.importances.shape == (4, 5)
    nothing, strong, weak, level = found.importances_mean
    assert strong > level > weak > 0
    assert abs(nothing) < 0.1 * strong
    assert_allclose(found.importances_mean, found.importances.mean(axis=1))
    assert_allclose(found.importances_error, found.importances_std / 5**0.5)


def test_scikit_learn_agrees_in_order(table, regressor):
    new = pd.DataFrame(
        {name: np.random.default_rng(7).permutation(table[name]) for name in table.columns}
    )
    expected = permutation_importance(regressor, new, signal(new), random_state=0)
    found = regressor.column_importances(table, signal(table))
    assert_array_equal(
        found.importances_mean.argsort()[1:], expected.importances_mean.argsort()[1:]
    )


def test_it_is_what_one_member_alone_says():
    """By hand: a member's loss on the rows that it held out."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = X[:, 0]
    model = TabularMLPRegressor("fast", n_members=5, random_state=0, n_jobs=1).fit(X, y)
    encoded = model._check_for_prediction(X)
    targets = ((y - y.mean()) / y.std())[:, np.newaxis]
    masks = masks_of_held_out(model._held_out, encoded, targets.astype(np.float32))
    assert_array_equal(masks.sum(axis=0), 1)
    source, expected = np.random.RandomState(3), []
    for k, mask in enumerate(masks):
        rows = X[mask]
        rows = rows[source.permutation(len(rows))]
        losses = []
        for column in range(2):
            mixed = X[mask].copy()
            mixed[:, column] = rows[:, column]
            losses.append(((model.predict_members(mixed)[k] - y[mask]) / y.std()) ** 2 / 2)
        own = ((model.predict_members(X[mask])[k] - y[mask]) / y.std()) ** 2 / 2
        expected.append(np.mean(losses, axis=1) - own.mean())
    found = model.column_importances(X, y, n_repeats=1, random_state=3)
    # But for predictions that leave the range of the targets, which are cut for users.
    assert_allclose(found.importances, np.transpose(expected), atol=0.05)


def test_columns_of_a_group_are_permuted_together(table, regressor):
    y = signal(table)
    groups = {"both": ["strong", "level"], "one": ["strong"], "none": [0], "nobody": []}
    found = regressor.column_importances(table, y, groups=groups)
    alone = regressor.column_importances(table, y)
    assert found.feature_names.tolist() == list(groups)
    assert found.importances_mean[0] > max(alone.importances_mean)
    assert found.importances_mean[3] == 0


def test_seeds_and_repeats(table, regressor):
    y = signal(table)
    first, again, other = (
        regressor.column_importances(table, y, random_state=seed).importances for seed in (0, 0, 1)
    )
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    with pytest.raises(ValueError, match="n_repeats"):
        regressor.column_importances(table, y, n_repeats=0)


def test_a_saved_model_knows_its_rows(table, regressor):
    loaded = pickle.loads(pickle.dumps(regressor))
    y = signal(table)
    assert_array_equal(
        loaded.column_importances(table, y).importances,
        regressor.column_importances(table, y).importances,
    )


def test_rows_of_weight_0_are_left_out(table):
    weight = (np.arange(N_ROWS) % 3 > 0).astype(float)
    model, y = fitted("numbers", table, sample_weight=weight)
    found = model.column_importances(table, y, sample_weight=weight)
    kept = weight > 0
    assert_array_equal(
        model.column_importances(table[kept], y[kept]).importances, found.importances
    )
    with pytest.raises(ValueError, match=r"266 rows.*got 400"):
        model.column_importances(table, y)


@pytest.mark.parametrize(
    "splitter",
    [ShuffleSplit(3, random_state=0), PredefinedSplit(np.arange(N_ROWS) % 3)],
    ids=["overlapping", "predefined"],
)
def test_splitters_hold_rows_out_too(table, splitter):
    model, y = fitted("numbers", table, resample=splitter, n_members=3)
    found = model.column_importances(table, y)
    assert found.importances.shape == (4, 3)
    assert found.importances_mean.argmax() == 1


# Another table -----------------------------------------------------------------------------------

SAME = "X and y must be those of fit"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X[:-1], y[:-1]), "got 399"),
        (lambda X, y: (X[::-1], y[::-1]), "same order"),
        (lambda X, y: (X, -y), "another y"),
        (lambda X, y: (X.assign(weak=X["weak"] + 1), y), "another X"),
        (lambda X, y: (X.assign(level=X["level"].to_numpy()[::-1]), y), "another X"),
    ],
)
def test_another_table_is_refused(table, regressor, change, message):
    X, y = change(table, signal(table))
    with pytest.raises(ValueError, match=f"{SAME}.*{message}"):
        regressor.column_importances(X, y)


@pytest.mark.parametrize("parameters", [{"resample": None}, {"resample": "bootstrap"}])
def test_rows_have_to_be_held_out(table, parameters):
    model, y = fitted("numbers", table, max_iter=1, **parameters)
    with pytest.raises(ValueError, match=f"resample={parameters['resample']!r}"):
        model.column_importances(table, y)


def test_a_fit_that_holds_nothing_out_drops_what_one_before_kept(table):
    model, y = fitted("numbers", table, max_iter=1)
    model.set_params(resample=None).fit(table, y)
    assert not hasattr(model, "_held_out")


@pytest.mark.parametrize("column", ["missing", 4, -1, True, 1.5])
def test_a_column_has_to_be_there(table, regressor, column):
    with pytest.raises(ValueError, match=f"got {column!r}"):
        regressor.column_importances(table, signal(table), groups={"group": [column]})


def test_rows_that_another_machine_encodes_are_known():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(9_000, 3)).astype(np.float32)
    y = rng.random((9_000, 1)) < 0.5
    state = held_out_state(X, y, [np.arange(0, 9_000, 2), np.arange(1, 9_000, 2)])
    assert state["bits"].nbytes == 2 * 9_000 / 8
    masks = masks_of_held_out(state, np.nextafter(X, np.float32(np.inf)), y)
    assert_array_equal(masks[0], ~masks[1])
    swapped = X.copy()
    swapped[[17, 5_000]] = X[[5_000, 17]]
    with pytest.raises(ValueError, match="another X"):
        masks_of_held_out(state, swapped, y)
