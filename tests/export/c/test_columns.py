"""Every kind of column, as the preprocessor reads it, in C."""

import ctypes

import numpy as np
import pandas as pd
import pytest
from helpers.c_models import (
    CompiledModel,
    assert_same_probabilities,
    assert_same_values,
    needs_gcc,
)
from helpers.networks import make
from sklearn.pipeline import make_pipeline

from sknumpynet import (
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)

pytestmark = [needs_gcc, pytest.mark.filterwarnings("ignore::UserWarning")]

N_ROWS = 240


def cells(kind, rng):
    """Return the cells of a column."""
    n = N_ROWS
    days = pd.Timestamp("2019-12-30") + pd.to_timedelta(rng.integers(0, 900 * 24, n), unit="h")
    many = rng.integers(0, 25, n)
    choices = {
        "numbers": lambda: rng.lognormal(size=n),
        "whole numbers": lambda: rng.integers(-3, 4, n),
        "huge numbers": lambda: 2**60 + rng.integers(0, 5, n) * 2**40,
        "constant": lambda: np.full(n, 7.0),
        "booleans": lambda: rng.random(n) < 0.3,
        "numbers as text": lambda: np.array([f"{own:.1f}" for own in rng.normal(size=n)], object),
        "two levels": lambda: rng.choice(["no", "yes"], n),
        "some levels": lambda: rng.choice(["a", "nan", "", "None", "7"], n),
        "many levels": lambda: np.array([f"level {own}" for own in many], object),
        "levels of one row": lambda: np.array([f"id {min(k, 150)}" for k in range(n)], object),
        "numbers as levels": lambda: pd.Categorical(many * 10),
        "decimals as levels": lambda: pd.Categorical(many / 10 + 0.1),
        "booleans as levels": lambda: pd.Categorical(rng.random(n) < 0.5),
        "large numbers as levels": lambda: pd.Categorical(2**53 + rng.integers(0, 12, n)),
        "mixed levels": lambda: rng.choice(np.array(["x", 3, 2.5, True, "0"], object), n),
        "intervals": lambda: pd.cut(rng.normal(size=n), 3),
        "dates": lambda: days,
        "dates with a zone": lambda: days.tz_localize("UTC").tz_convert("America/New_York"),
        "old dates": lambda: days - pd.to_timedelta(100 * 365.25, unit="D"),
        "times": lambda: np.array([own.time() for own in days], object),
        "durations": lambda: pd.to_timedelta(rng.integers(0, 10**6, n), unit="s"),
        "dates as levels": lambda: pd.Categorical(days.floor("100D")),
    }
    return choices[kind]()


KINDS = [
    *("numbers", "whole numbers", "huge numbers", "constant", "booleans", "numbers as text"),
    *("two levels", "some levels", "many levels", "levels of one row", "numbers as levels"),
    *("decimals as levels", "booleans as levels", "large numbers as levels", "mixed levels"),
    *("intervals", "dates", "dates with a zone", "old dates", "times", "durations"),
    "dates as levels",
]


def frame_of(kinds, rng, missing=0.15):
    """Return a table with a column of each kind, of which some cells are missing."""
    return pd.DataFrame({kind: with_gaps(cells(kind, rng), rng, missing) for kind in kinds})


def with_gaps(column, rng, share):
    column, gaps = pd.Series(column), rng.random(N_ROWS) < share
    if not gaps.any():
        return column
    if column.dtype.kind in "bi":
        column = column.astype(object)
    return column.where(~gaps, None)


def labels(rng):
    return np.array(["one", "other", "third"])[rng.integers(0, 3, N_ROWS)]


SMALL = {"n_members": 2, "hidden_layer_sizes": 8, "max_iter": 2, "random_state": 0, "n_jobs": 1}


def classifier(**parameters):
    return TabularMLPClassifier("fast", **(SMALL | parameters))


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_column(kind, missing, tmp_path, rng):
    X = frame_of([kind, "whole numbers"] if kind != "whole numbers" else [kind], rng, missing)
    model = classifier().fit(X[:160], labels(rng)[:160])
    # Later rows have cells that `fit` did not see.
    assert_same_probabilities(model, X, tmp_path)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_temperature(n_classes, tmp_path, rng):
    X = frame_of(["whole numbers"], rng)
    model = classifier().fit(X, np.arange(N_ROWS) % n_classes)
    before = model.predict_proba(X)
    model.temperature_ = 0.7
    assert (np.abs(model.predict_proba(X) - before) > 1e-3).any()
    assert_same_probabilities(model, X, tmp_path)


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_all_columns(missing, tmp_path, rng):
    X = frame_of(KINDS, rng, missing)
    model = classifier(n_members=3).fit(X[:160], labels(rng)[:160])
    in_c = assert_same_probabilities(model, X, tmp_path)
    # What tells nothing is left out; where it is missing may tell something.
    assert ('"constant"' in in_c.text) == (missing > 0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_one_hot": None},
        {"max_one_hot": 2},
        {"ranks": False},
        {"dtype": "float64"},
    ],
    ids=str,
)
def test_preprocessors(parameters, tmp_path, rng):
    X = frame_of(KINDS, rng)
    y = rng.normal(size=N_ROWS)
    network = make(NumpyMLPRegressor, solver="lbfgs", max_iter=20)
    with np.errstate(all="ignore"):
        model = make_pipeline(TabularPreprocessor(**parameters), network).fit(X[:160], y[:160])
    tolerance = 1e-10 if parameters.get("dtype") == "float64" else 1e-5
    assert_same_values(model, X, tmp_path, spread=1.0, atol=tolerance)


def test_statistics_of_levels(tmp_path, rng):
    codes = rng.integers(0, 14, (N_ROWS, 3))
    X = pd.DataFrame({f"c{k}": [f"level {own}" for own in codes[:, k]] for k in range(3)})
    X.loc[N_ROWS - 10 :, "c0"] = None
    X["ids"] = [f"id {min(k, 100)}" for k in range(N_ROWS)]
    y = codes[:, 0] + codes[:, 1] + rng.normal(size=N_ROWS)
    model = TabularMLPRegressor("fast", **SMALL).fit(X[:160], y[:160])
    in_c = assert_same_values(model, X, tmp_path, spread=y.std())
    assert "code_of_pair(" in in_c.text


def test_columns_of_which_members_see_a_part(tmp_path, rng, monkeypatch):
    monkeypatch.setattr("sknumpynet.estimators.network_specs.MOST_INPUTS", 8)
    X = frame_of(["numbers", "dates", "many levels", "some levels"], rng)
    model = classifier().fit(X[:160], labels(rng)[:160])
    assert not model.member_columns_.all()
    in_c = assert_same_probabilities(model, X, tmp_path)
    assert "select_columns(" in in_c.text


def test_columns_of_which_nothing_is_made(tmp_path, rng):
    X = pd.DataFrame({"same": np.ones(N_ROWS), "empty": [None] * N_ROWS})
    in_c = assert_same_probabilities(classifier().fit(X, labels(rng)), X[:3], tmp_path)
    assert "char unused;" in in_c.text


@pytest.mark.parametrize("names", [None, [0, 1], [("a", 1), ("b", 2)]], ids=str)
def test_columns_without_names(names, tmp_path, rng):
    X = pd.DataFrame(np.column_stack([rng.normal(size=N_ROWS), rng.integers(0, 3, N_ROWS)]))
    given = X.to_numpy() if names is None else X.set_axis(names, axis=1)
    model = classifier().fit(given, labels(rng))
    in_c = CompiledModel(model, tmp_path)
    found = in_c.probabilities(X.add_prefix("x"), 3)
    np.testing.assert_allclose(found, model.predict_proba(given), atol=1e-6)


HOSTILE = [
    *("int", "INT", "row", "inputs", "raw", "scale", "copy", "code_1", "levels_3", "NAN", "NULL"),
    *(
        "isnan",
        "unix",
        "*/",
        "/*",
        "//",
        '"',
        "\\",
        "??/",
        "a\nb",
        "größe",
        "価格",
        "",
        "2nd",
        "_x",
    ),
    *("x" * 99, "class", "predict", "encode", "1e5", "%s", "a.b", "a-b", "a b"),
]


def test_names_and_levels_that_could_break_c(tmp_path, rng):
    levels = np.array([*HOSTILE, "nul", "long " * 1_000], object)
    columns = {name: rng.normal(size=N_ROWS) for name in HOSTILE[::2]}
    columns |= {name: rng.choice(levels, N_ROWS) for name in HOSTILE[1::2]}
    X = pd.DataFrame(columns)
    y = rng.choice(levels[:4], N_ROWS)
    model = classifier(n_members=1, hidden_layer_sizes=3).fit(X[:160], y[:160])
    in_c = CompiledModel(model, tmp_path, name='42 ??/"*\\/int'.replace("/", ""))
    found = in_c.probabilities(X, 4)
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-6)
    assert len(in_c.fields) == len(HOSTILE)


def test_monotone_networks(tmp_path, rng):
    X = frame_of(["numbers", "whole numbers", "many levels"], rng)
    y = np.log(X["numbers"].fillna(1.0)) + rng.normal(size=N_ROWS)
    model = TabularMLPRegressor("fast", monotonic_cst={"numbers": 1}, **SMALL).fit(X, y)
    assert_same_values(model, X, tmp_path, spread=y.std())


@pytest.mark.parametrize("loss", ["squared_error", "poisson", "quantile"])
def test_targets_in_units_of_their_own(loss, tmp_path, rng):
    X = frame_of(["numbers", "dates", "many levels"], rng)
    y = 1e6 * rng.lognormal(size=N_ROWS)
    parameters = {"quantile": [0.1, 0.9]} if loss == "quantile" else {}
    model = TabularMLPRegressor("fast", loss=loss, **SMALL, **parameters).fit(X, y)
    # Powers of single precision are as wrong as they are large.
    rtol = 1e-6 if loss == "poisson" else 0.0
    assert_same_values(model, X, tmp_path, spread=y.std(), rtol=rtol)


def test_several_targets(tmp_path, rng):
    X = frame_of(["numbers", "many levels"], rng)
    y = rng.normal(size=(N_ROWS, 3)) * [1, 100, 1e-3]
    model = TabularMLPRegressor("fast", **SMALL).fit(X, y)
    assert_same_values(model, X, tmp_path, spread=y.std(axis=0))


def test_several_labels(tmp_path, rng):
    X = frame_of(["numbers", "many levels"], rng)
    assert_same_probabilities(classifier().fit(X, rng.integers(0, 2, (N_ROWS, 3))), X, tmp_path)


def test_a_distilled_network(tmp_path, rng):
    X = frame_of(["numbers", "dates", "many levels", "two levels"], rng)
    ensemble = TabularMLPClassifier("fast", n_jobs=1, random_state=0).fit(X, X["numbers"] > 1)
    assert_same_probabilities(ensemble.distil(X), X, tmp_path)


def test_infinity_is_a_huge_number(tmp_path, rng):
    X = frame_of(["numbers", "whole numbers"], rng, missing=0.0)
    in_c = CompiledModel(classifier().fit(X, labels(rng)), tmp_path)
    for sign in (-1, 1):
        found, expected = (
            in_c.probabilities(X[:5].assign(numbers=sign * own), 3) for own in (np.inf, 1e300)
        )
        np.testing.assert_array_equal(found, expected)


def test_days_are_made_of_dates(tmp_path, rng):
    X = frame_of(["dates with a zone"], rng, missing=0.0)
    in_c = CompiledModel(classifier().fit(X, labels(rng)), tmp_path)
    assert 'days since 1970-01-01, by the clocks of "America/New_York"' in in_c.text
    days = in_c.library.model_days
    days.restype = ctypes.c_double
    for row, moment in zip(in_c.rows(X), X["dates with a zone"], strict=True):
        assert (
            days(moment.year, moment.month, moment.day, ctypes.c_double(moment.hour * 3600))
            == row.dates_with_a_zone
        )
