"""Tables as they come: messy frames of every make, and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from helpers.passengers import KINDS, fitted, outputs, quick, target_of, titanic
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.metrics import roc_auc_score

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor

# Passengers have names.
pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore:nearly all levels have a single row in column '(name|x1)'"),
]


def test_a_newcomers_three_lines(tmp_path):
    frame, survived = titanic()
    frame.assign(survived=survived).to_csv(tmp_path / "titanic.csv", index=False)
    passengers = pd.read_csv(tmp_path / "titanic.csv")
    model = TabularMLPClassifier("fast", random_state=0)
    model.fit(passengers.drop(columns="survived")[:180], passengers.survived[:180])
    probabilities = model.predict_proba(passengers.drop(columns="survived")[180:])
    assert roc_auc_score(survived[180:], probabilities[:, 1]) > 0.7


@pytest.mark.parametrize("kind", KINDS)
def test_polars_gives_the_same(kind):
    frame, _ = titanic()
    cells = {
        name: [None if pd.isna(cell) else cell for cell in column] for name, column in frame.items()
    }
    of_polars = pl.DataFrame(cells, strict=False)
    model = quick(kind).fit(of_polars, target_of(kind))
    assert_array_equal(outputs(model, of_polars), outputs(fitted(kind), frame))


@pytest.mark.parametrize("kind", KINDS)
def test_an_array_of_objects_gives_the_same(kind):
    frame, _ = titanic()
    objects = frame.astype(object).to_numpy()
    model = quick(kind).fit(objects, target_of(kind))
    assert_array_equal(outputs(model, objects), outputs(fitted(kind), frame))


MESSES = {
    "unseen levels": lambda frame: frame.assign(embarked="X", sex="unknown"),
    "missing where none was": lambda frame: frame.assign(fare=np.nan, sex=None),
    "all missing": lambda frame: frame.assign(**dict.fromkeys(frame, None)),
    "far outside": lambda frame: frame.assign(fare=1e300, sibsp=-(10**15)),
    "known where all was missing": lambda frame: frame.assign(body=3.0),
}


@pytest.mark.parametrize("mess", MESSES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:100% of the known cells of column")
def test_messes_are_predicted(kind, mess):
    values = outputs(fitted(kind), MESSES[mess](titanic()[0].astype(object)))
    assert np.isfinite(values).all()


def test_levels_that_have_changed_their_type_are_told():
    X = pd.DataFrame({"grade": ["1.0", "2.0", "3.0"] * 10})
    model = quick(TabularMLPClassifier).fit(X, X.grade == "1.0")
    with pytest.warns(UserWarning, match="column 'grade' .* such as 1 where it learned such as '1"):
        model.predict(X.astype({"grade": float}))
    with pytest.warns(UserWarning, match="column 'grade' .* such as '4.0' where it learned"):
        model.predict(X.assign(grade="4.0"))
    model.predict(X.assign(grade=None))


def test_numbers_for_a_classifier():
    X, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="continuous"):
        quick(TabularMLPClassifier).fit(X, y + 0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_are_checked_by_name(kind):
    frame, _ = titanic()
    with pytest.raises(ValueError, match="feature names should match"):
        fitted(kind).predict(frame[frame.columns[::-1]])
    with pytest.raises(ValueError, match="feature names should match"):
        fitted(kind).predict(frame.drop(columns="age"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_refused(kind):
    frame, _ = titanic()
    y = target_of(kind)
    for error, match, wrong in [
        (ValueError, "fare.*inf", frame.assign(fare=np.inf)),
        (TypeError, "'born'", frame.assign(born=[[1900]] * len(frame))),
    ]:
        with pytest.raises(error, match=match):
            quick(kind).fit(wrong, y)
    with pytest.raises(ValueError, match="at least 2 rows of weight above 0"):
        quick(kind).fit(frame, y, sample_weight=np.arange(len(y)) == 3)
    if kind is TabularMLPRegressor:
        with pytest.raises(ValueError, match="y contains NaN"):
            quick(kind).fit(frame, np.array([None, *y[1:]], dtype=object))
    for parameters, match in [
        ({"hidden_layer_sizes": [5.9]}, "integers.*5.9"),
        ({"hidden_layer_sizes": (0,)}, "> 0.*0"),
        ({"n_jobs": 0}, "n_jobs.*0"),
        ({"preset": "quick"}, "preset.*'quick'"),
        ({"scoring": None}, "scoring"),
        ({"n_members": 0}, "n_members.*0"),
        ({"categorical_features": ["colour"]}, "colour"),
    ]:
        with pytest.raises(ValueError, match=match):
            kind(**parameters).fit(frame, y)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_that_say_nothing(kind):
    X = pd.DataFrame({"constant": [1.0] * 60, "missing": [None] * 60})
    y = np.arange(60) % 2
    model = kind("fast", random_state=0).fit(X, y)
    expected = [0.5, 0.5] if kind is TabularMLPClassifier else 0.5
    assert_allclose(outputs(model, X)[0], expected, atol=0.05)


@pytest.mark.parametrize("n_rows", [2, 3, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_fewer_rows_than_folds(kind, n_rows):
    X, y = np.arange(n_rows, dtype=float).reshape(-1, 1), np.arange(n_rows) % 2
    assert np.isfinite(outputs(quick(kind).fit(X, y), X)).all()
    with pytest.raises(ValueError, match="1 sample"):
        quick(kind).fit(X[:1], y[:1])


def test_ten_thousand_categories():
    rng = np.random.default_rng(0)
    city = np.array([f"city {i}" for i in range(10_000)])
    X = pd.DataFrame({"city": np.concatenate([city, rng.permutation(city)])})
    y = (X.city.str[-1].astype(int) < 5).astype(float)
    model = quick(TabularMLPRegressor, max_iter=1, n_members=1, batch_size=1000).fit(X, y)
    assert model.predict(pd.DataFrame({"city": ["city 1", "elsewhere", None]})).shape == (3,)


# Tables of other makes, and text.


def survivors(n=120):
    """Return a frame of numbers and categories, and targets that they tell."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": np.round(rng.normal(40, 12, n), 1),
            "colour": pd.Categorical(rng.choice(["red", "green", "blue"], n)),
        }
    )
    return frame, ((frame["age"] > 40) ^ (frame["colour"] == "red")).to_numpy()


OTHER_FRAMES = {
    "Dask": lambda frame: pytest.importorskip("dask.dataframe").from_pandas(frame, npartitions=3),
    "Arrow": lambda frame: pytest.importorskip("pyarrow").Table.from_pandas(frame),
    "polars": pl.from_pandas,
}


@pytest.mark.parametrize("make", OTHER_FRAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_of_any_make_fits_and_predicts_as_pandas(kind, make):
    make = OTHER_FRAMES[make]
    X, y = survivors()
    weight = np.arange(len(y)) % 3
    parameters = {"n_members": 2, "max_iter": 2, "n_jobs": 1, "random_state": 0}
    validation = {"X_val": X[:20], "y_val": y[:20]}
    for given in ({}, {"sample_weight": weight}, validation):
        other = given | ({"X_val": make(X[:20])} if "X_val" in given else {})
        model = kind("fast", **parameters).fit(X, y, **given)
        same = kind("fast", **parameters).fit(make(X), y, **other)
        assert_array_equal(same.predict(make(X)), model.predict(X))
        assert_array_equal(same.predict(X), model.predict(X))
        assert same.feature_names_in_.tolist() == ["age", "colour"]


def test_targets_may_be_of_dask_too():
    X, y = survivors()
    frame = pytest.importorskip("dask.dataframe").from_pandas(X.assign(y=y), npartitions=2)
    model = TabularMLPClassifier("fast", max_iter=2, n_jobs=1, random_state=0)
    expected = clone(model).fit(X, y).predict_proba(X)
    features = frame[["age", "colour"]]
    assert_array_equal(model.fit(features, frame["y"]).predict_proba(features), expected)


def test_numbers_are_learned_from_however_they_arrive():
    X, y = survivors(400)
    marked = X.assign(age=["?" if k % 60 == 7 else f"{age}" for k, age in enumerate(X["age"])])
    for rows in (X, X.to_numpy(dtype=str), marked):
        model = TabularMLPClassifier("fast", random_state=0, n_jobs=1)
        if rows is X:
            model.fit(rows[:300], y[:300])
        else:
            with pytest.warns(UserWarning, match="read as numbers") as caught:
                model.fit(rows[:300], y[:300])
            assert [warning.filename for warning in caught] == [__file__]
        assert model.score(rows[300:], y[300:]) > 0.9


def test_a_last_bit_moves_predictions_by_a_last_bit():
    rng = np.random.default_rng(0)
    v = rng.choice([0.1, 0.2, 0.3, 0.7, 1.1], 300, p=[0.1, 0.1, 0.6, 0.1, 0.1])
    X = pd.DataFrame({"v": v, "x": rng.normal(size=300)})
    y = (v == 0.3) * 2.0 + 0.1 * X["x"]
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1).fit(X[:200], y[:200])
    expected = model.predict(X[200:])
    for moved in (X.astype("float32"), X + 1 - 1, np.nextafter(X, np.inf)):
        assert_allclose(model.predict(moved[200:]), expected, atol=1e-4)
    again = clone(model).fit(X[:200].astype("float32"), y[:200])
    assert_allclose(again.predict(X[200:]), again.predict(X[200:].astype("float32")), atol=1e-4)
