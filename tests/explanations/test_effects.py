"""Partial dependence and ICE, beside scikit-learn's."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.inspection import PartialDependenceDisplay, partial_dependence

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor

N_ROWS = 90
COLUMNS = ["floor", "area", "city", "street", "sold", "is_new"]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    floor = rng.integers(0, 7, N_ROWS).astype(float)
    floor[::9] = np.nan
    city = rng.choice([f"city {k}" for k in range(11)], N_ROWS).astype(object)
    city[::13] = None
    return pd.DataFrame(
        {
            "floor": floor,
            "area": rng.normal(size=N_ROWS),
            "city": city,
            "street": rng.choice([f"street {k}" for k in range(12)], N_ROWS),
            "sold": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 500, N_ROWS), "D"),
            "is_new": rng.random(N_ROWS) < 0.5,
        }
    )


def number(X):
    return X["area"] + X["floor"].fillna(3) / 3 + X["is_new"]


KINDS = {
    "numbers": (TabularMLPRegressor, number),
    "two targets": (TabularMLPRegressor, lambda X: np.stack([number(X), X["area"]], axis=1)),
    "two classes": (TabularMLPClassifier, lambda X: number(X) > 1),
    "three classes": (TabularMLPClassifier, lambda X: np.digitize(number(X), [0, 2])),
}


def fitted(name, table):
    kind, target = KINDS[name]
    return kind("fast", max_iter=8, random_state=0, n_jobs=1).fit(table, target(table))


@pytest.fixture(scope="module", params=KINDS)
def model(request, table):
    return fitted(request.param, table)


@pytest.fixture(scope="module")
def regressor(table):
    return fitted("numbers", table)


def test_scikit_learn_gives_the_same(model, table):
    known = table[table["floor"].notna()]
    expected = partial_dependence(model, known, ["floor"], kind="both", method="brute")
    found = model.column_effects(known, "floor")
    assert_array_equal(found.grid_values[0], expected["grid_values"][0])
    assert_allclose(found.average, expected["average"], atol=1e-6)
    assert_allclose(found.individual, expected["individual"], atol=1e-6)


@pytest.mark.parametrize("column", COLUMNS)
def test_individual_curves_are_predictions(column, table, regressor):
    """Of frames in which the column has that value; codes of pairs go with it."""
    found = regressor.column_effects(table, column, grid_resolution=20)
    values = found.grid_values[0]
    assert found.individual.shape == (1, N_ROWS, len(values))
    assert_allclose(found.average, found.individual.mean(axis=1))
    for place in (0, len(values) - 1):
        changed = table.assign(**{column: values[place]})
        assert_allclose(found.individual[0, :, place], regressor.predict(changed), atol=1e-6)


@pytest.mark.parametrize("column", COLUMNS)
def test_values_are_some_that_rows_have(column, table, regressor):
    found = regressor.column_effects(table, column, grid_resolution=5)
    assert len(found.grid_values[0]) <= 5
    assert set(found.grid_values[0]) <= set(table[column])
    assert found.feature_name == column
    assert found.is_categorical == (column in ("city", "street", "is_new"))
    assert (found.deciles is None) == found.is_categorical


def test_numbers_are_evenly_spaced_between_percentiles(table, regressor):
    found = regressor.column_effects(table, "area", grid_resolution=9, percentiles=(0.1, 0.9))
    lowest, highest = np.quantile(table["area"], [0.1, 0.9])
    assert_allclose(found.grid_values[0], np.linspace(lowest, highest, 9), atol=0.15)
    assert_allclose(found.deciles[[0, -1]], [lowest, highest])


def test_of_many_levels_the_most_frequent_are_tried(table, regressor):
    counts = table["city"].value_counts()
    found = regressor.column_effects(table, "city", grid_resolution=3)
    assert counts[found.grid_values[0]].min() >= counts.drop(found.grid_values[0]).max()


def test_polars_and_indices(table, regressor):
    names = ["floor", "area", "city"]
    model = TabularMLPRegressor("fast", max_iter=2, random_state=0, n_jobs=1)
    model.fit(table[names], number(table))
    for place, name in enumerate(names):
        expected = model.column_effects(table[names], name)
        found = model.column_effects(pl.from_pandas(table[names]), place)
        assert found.grid_values[0].tolist() == expected.grid_values[0].tolist()
        assert_array_equal(found.individual, expected.individual)


@pytest.mark.parametrize("kind", ["average", "both", "individual"])
@pytest.mark.parametrize("column", COLUMNS)
def test_scikit_learn_draws_it(column, kind, table, regressor):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    found = regressor.column_effects(table, column)
    if found.is_categorical and kind != "average":
        pytest.skip("scikit-learn draws averages of categories alone")
    display = PartialDependenceDisplay(
        [found],
        features=[(0,)],
        feature_names=[found.feature_name],
        target_idx=0,
        deciles={0: found.deciles},
        kind=kind,
        is_categorical=[(found.is_categorical,)],
    ).plot()
    display.figure_.canvas.draw()
    assert display.axes_[0, 0].get_xlabel() == column
    pyplot.close("all")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"column": "rooms"}, "got 'rooms'"),
        ({"column": 6}, "got 6"),
        ({"column": "area", "grid_resolution": 1}, "grid_resolution"),
        ({"column": "area", "percentiles": (0.9, 0.1)}, r"got \(0.9, 0.1\)"),
    ],
)
def test_what_is_not_there_is_refused(arguments, message, table, regressor):
    with pytest.raises(ValueError, match=message):
        regressor.column_effects(table, **arguments)


@pytest.mark.parametrize("column", ["floor", "city"])
def test_a_column_that_no_row_knows_is_refused(column, table, regressor):
    unknown = table[table[column].isna()]
    with pytest.raises(ValueError, match=f"no row knows column '{column}'"):
        regressor.column_effects(unknown, column)
