"""`explain`: additive, by the user's columns, and what the definition of Shapley values gives."""

import pickle
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor
from sknumpynet.explanations.columns import EncodedColumns

N_ROWS = 240
WORDS = np.array(
    ["red", "green", "blue", "sweet", "bitter", "old", "young", "thin", "heavy", "light"]
)


def frame_of_all_kinds(seed=0):
    """Return a table with a column of every kind, two of them with many levels."""
    rng = np.random.default_rng(seed)
    age = rng.integers(1, 80, N_ROWS).astype(float)
    age[::7] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "sex": rng.choice(["f", "m", None], N_ROWS),
            "colour": pd.Categorical(rng.choice(["red", "green", "blue", "grey"], N_ROWS)),
            "city": rng.choice([f"city {k}" for k in range(12)], N_ROWS),
            "street": rng.choice([f"street {k}" for k in range(14)], N_ROWS),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, N_ROWS), "D"),
            "note": [" ".join(rng.choice(WORDS, 4)) for _ in range(N_ROWS)],
            "constant": 1.0,
            "size": rng.normal(size=N_ROWS),
        }
    )


def signal(frame):
    city = frame["city"].str.slice(5).astype(int) + 2 * frame["street"].str.slice(7).astype(int)
    has_red = frame["note"].str.contains("red").astype(float)
    return (
        frame["age"].fillna(20) / 20 + (frame["sex"] == "f") * 2 + (city % 3) + has_red
        + frame["day"].dt.month / 6 + frame["size"]
    ).to_numpy()  # fmt: skip


def two_classes(frame):
    return np.where(signal(frame) > np.median(signal(frame)), "yes", "no")


def three_classes(frame):
    return np.digitize(signal(frame), np.quantile(signal(frame), [0.3, 0.6]))


def labels(frame):
    return np.column_stack([signal(frame) > 5, frame["size"] > 0]).astype(int)


def two_targets(frame):
    return np.column_stack([signal(frame), 100 * frame["size"]])


CASES = {
    "two classes": (TabularMLPClassifier, {}, two_classes),
    "one class": (TabularMLPClassifier, {}, lambda frame: np.ones(len(frame), int)),
    "three classes": (TabularMLPClassifier, {}, three_classes),
    "labels": (TabularMLPClassifier, {}, labels),
    "numbers": (TabularMLPRegressor, {}, signal),
    "counts": (TabularMLPRegressor, {"loss": "poisson"}, lambda frame: signal(frame) ** 2),
    "two targets": (TabularMLPRegressor, {}, two_targets),
    "quantiles": (TabularMLPRegressor, {"loss": "quantile", "quantile": [0.1, 0.9]}, signal),
}


def response(model, X):
    """Return what `explain` says that it explains, by what users see."""
    if not hasattr(model, "classes_"):
        return model.predict(X)
    seen = model.predict_proba(X)
    if len(model.classes_) == 1:
        return np.zeros(len(seen))
    if model.out_activation_ == "softmax":
        return np.log(seen)
    if len(model.classes_) == 2 and seen.shape[1] == 2 and model.n_outputs_ == 1:
        return np.log(seen[:, 1] / seen[:, 0])
    return np.log(seen / (1 - seen))


def fitted(name, frame, **parameters):
    kind, own, target = CASES[name]
    own = {"n_members": 4, "max_iter": 6, "random_state": 0, "n_jobs": 1, **own, **parameters}
    return kind("fast", **own).fit(frame, target(frame))


@pytest.fixture(scope="module")
def frame():
    return frame_of_all_kinds()


@pytest.fixture(scope="module", params=CASES)
def model(request, frame):
    return fitted(request.param, frame)


@pytest.fixture(scope="module")
def regressor(frame):
    return fitted("numbers", frame)


def test_values_sum_to_what_is_explained(model, frame):
    rows = frame[:20]
    explanation = model.explain(rows)
    expected = response(model, rows)
    assert explanation.values.shape == (20, 9, *expected.shape[1:])
    assert explanation.error.shape == explanation.values.shape
    assert np.shape(explanation.base_values) == expected.shape[1:]
    total = explanation.values.sum(axis=1) + explanation.base_values
    assert_allclose(total, expected, rtol=0, atol=1e-6)
    assert_allclose(explanation.prediction(), total)


def test_a_constant_column_adds_nothing(model, frame):
    assert not model.explain(frame[:5]).values[:, 7].any()


def test_it_says_what_rows_and_columns_it_is_of(regressor, frame):
    explanation = regressor.explain(frame[:5])
    assert explanation.feature_names.tolist() == frame.columns.tolist()
    assert explanation.data.shape == (5, 9)
    assert explanation.data[1].tolist() == frame.iloc[1].tolist()


def test_columns_are_mixed_as_the_frame_would_be(regressor, frame):
    """Pairs of levels too, which are made of two columns."""
    assert regressor.preprocessor_._learned().pairs.pairs
    columns = EncodedColumns.of(regressor.preprocessor_)
    others = frame[::-1].reset_index(drop=True)
    takes_other = np.random.default_rng(0).random(frame.shape) < 0.5
    mixed = frame.astype(object).where(~takes_other, others.astype(object)).astype(frame.dtypes)
    encoded = [regressor._check_for_prediction(own) for own in (frame, others, mixed)]
    assert_array_equal(columns.mixed(*encoded[:2], takes_other), encoded[2])


@pytest.mark.parametrize("name", ["two classes", "numbers"])
def test_they_are_shapley_values_of_frames(name, frame):
    """By all orders of three columns, mixed before they are encoded."""
    frame = frame[["age", "city", "street"]]
    kind, own, _ = CASES[name]
    target = CASES[name][2](frame_of_all_kinds())
    model = kind("fast", n_members=4, max_iter=6, random_state=0, n_jobs=1, **own)
    model.fit(frame, target)
    rows, background = frame[:4], frame[100:130]
    values = np.zeros((len(rows), 3))
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        for place, row in enumerate(rows.index):
            mixed = background.copy()
            before = response(model, mixed).mean()
            for k in order:
                mixed[frame.columns[k]] = rows.loc[row, frame.columns[k]]
                after = response(model, mixed).mean()
                values[place, k] += (after - before) / 6
                before = after
    explanation = model.explain(rows, background=background, n_permutations=400)
    assert_allclose(explanation.base_values, response(model, background).mean())
    assert (np.abs(explanation.values - values) < 4 * explanation.error + 1e-6).all()


def test_every_table_library_gives_the_same(regressor, frame):
    names = ["age", "sex", "city", "size"]
    model = TabularMLPRegressor("fast", max_iter=3, random_state=0, n_jobs=1)
    pandas = model.fit(frame[names], signal(frame)).explain(frame[names])
    polars = model.explain(pl.from_pandas(frame[names]))
    assert_array_equal(polars.values, pandas.values)
    assert polars.data[0, 1] == pandas.data[0, 1]


def test_arrays_have_names_too():
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = TabularMLPRegressor("fast", max_iter=2, random_state=0, n_jobs=1).fit(X, X[:, 0])
    explanation = model.explain(X[:4])
    assert explanation.feature_names.tolist() == ["x0", "x1", "x2"]
    assert_array_equal(explanation.data, X[:4])


# What is learned ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linear():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(1_500, 4))
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1, max_iter=60)
    return X, model.fit(X, X @ [3.0, -2.0, 1.0, 0.0])


def test_a_linear_target_gives_its_coefficients(linear):
    X, model = linear
    values = model.explain(X[:200]).values
    for k, coefficient in enumerate([3.0, -2.0, 1.0, 0.0]):
        slope = np.polyfit(X[:200, k], values[:, k], 1)[0]
        assert slope == pytest.approx(coefficient, abs=0.1)


def test_an_irrelevant_column_adds_about_nothing(linear):
    X, model = linear
    strengths = model.explain(X[:200]).strengths()
    assert strengths.argmax() == 0
    assert strengths[3] < 0.05 * strengths[0]


def test_columns_that_are_the_same_share():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_000, 3))
    X[:, 2] = X[:, 0]
    model = TabularMLPRegressor("fast", random_state=0, n_jobs=1, n_members=8)
    model.fit(X, X[:, 0] + 0.5 * X[:, 1])
    strengths = model.explain(X[:200]).strengths()
    assert min(strengths[0], strengths[2]) > 0.35 * (strengths[0] + strengths[2])
    assert strengths[0] + strengths[2] == pytest.approx(2 * strengths[1], rel=0.2)


def test_it_agrees_with_shap(linear):
    shap = pytest.importorskip("shap")
    X, model = linear
    explainer = shap.explainers.Permutation(model.predict, X[:30], seed=0)
    expected = explainer(X[:5], max_evals=2_000)
    explanation = model.explain(X[:5], background=X[:30], n_permutations=200)
    assert_allclose(explanation.base_values, expected.base_values[0], atol=1e-5)
    deviation = np.abs(explanation.values - expected.values)
    assert (deviation < 4 * explanation.error + 1e-3).all()


def test_shap_takes_it(model, frame):
    shap = pytest.importorskip("shap")
    explanation = model.explain(frame[:5])
    taken = explanation.to_shap()
    assert isinstance(taken, shap.Explanation)
    assert_array_equal(taken.values, explanation.values)
    total = taken.base_values + taken.values.sum(axis=1)
    assert_allclose(total, explanation.prediction())


# Background --------------------------------------------------------------------------------------


def test_fit_keeps_rows_and_learns_the_same_without(regressor, frame):
    without = fitted("numbers", frame, n_background=0)
    assert_array_equal(without.parameters_, regressor.parameters_)
    assert not hasattr(without, "background_")
    assert len(regressor.background_) == 100
    encoded = regressor._check_for_prediction(frame)
    assert all((encoded == row).all(axis=1).any() for row in regressor.background_)
    with pytest.raises(ValueError, match=r"n_background=0.*got background=None"):
        without.explain(frame[:2])
    explanation = without.explain(frame[:2], background=frame[:3])
    assert explanation.base_values == pytest.approx(without.predict(frame[:3]).mean())


def test_fewer_rows_than_asked_for_are_all_kept(frame):
    assert len(fitted("numbers", frame, n_background=1_000).background_) == N_ROWS
    assert len(fitted("numbers", frame, n_background=3).background_) == 3


def test_rows_of_weight_0_are_not_kept(frame):
    frame, weight = frame.drop(columns="note"), (np.arange(N_ROWS) % 8 == 0).astype(float)
    model = TabularMLPRegressor("fast", max_iter=1, random_state=0, n_jobs=1)
    model.fit(frame, frame["size"], sample_weight=weight)
    encoded = model._check_for_prediction(frame[weight > 0])
    assert len(model.background_) == len(encoded)
    assert all((encoded == row).all(axis=1).any() for row in model.background_)


def test_a_fit_without_rows_drops_those_of_one_before(frame):
    model = fitted("numbers", frame)
    model.set_params(n_background=0).fit(frame, signal(frame))
    assert not hasattr(model, "background_")


def test_a_saved_model_explains_as_before(regressor, frame):
    loaded = pickle.loads(pickle.dumps(regressor))
    assert_array_equal(loaded.explain(frame[:3]).values, regressor.explain(frame[:3]).values)
    assert not hasattr(clone(regressor), "background_")


def test_a_model_of_an_earlier_version_needs_a_background():
    fixtures = Path(__file__).parents[1] / "fixtures"
    saving = runpy.run_path(str(fixtures / "save_models.py"))
    loaded = pickle.loads((fixtures / "saved_0.1.0" / "table_classifier.pkl").read_bytes())
    X = saving["inputs"](loaded)
    with pytest.raises(ValueError, match="earlier version"):
        loaded.explain(X[:3])
    explanation = loaded.explain(X[:3], background=X[10:20])
    assert_allclose(explanation.prediction(), response(loaded, X[:3]), atol=1e-6)
    with pytest.raises(ValueError, match="earlier version"):
        loaded.column_importances(X, saving["targets"]("table_classifier", loaded))


def test_a_distilled_network_explains(regressor, frame):
    network = regressor.distil(frame, max_time=0.2)
    assert_array_equal(network.background_, regressor.background_)
    explanation = network.explain(frame[:3])
    assert_allclose(explanation.prediction(), network.predict(frame[:3]), atol=1e-6)


@pytest.mark.parametrize("n_background", [0, 7])
def test_distilling_can_leave_rows_behind(regressor, frame, n_background):
    network = regressor.distil(frame, max_time=0.2, n_background=n_background)
    assert len(getattr(network, "background_", [])) == n_background


def test_the_seed_counts(regressor, frame):
    first, again, other = (
        regressor.explain(frame[:3], random_state=seed).values for seed in (0, 0, 1)
    )
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("n_permutations", "error"), [(3, ValueError), (0, ValueError), ("6", TypeError)]
)
def test_permutations_come_in_pairs(regressor, frame, n_permutations, error):
    with pytest.raises(error, match="n_permutations"):
        regressor.explain(frame[:2], n_permutations=n_permutations)


def test_it_has_to_be_fitted(frame):
    with pytest.raises(NotFittedError):
        TabularMLPRegressor().explain(frame)
