"""Tables that only statistics of levels solve, and random ones of which they must learn nothing."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, ShuffleSplit

from sknumpynet import StackedGridSearchCV, TabularMLPClassifier, TabularMLPRegressor
from sknumpynet.preprocessing import TabularPreprocessor

pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.oldest


def frame(codes):
    """Return a table whose columns are categories."""
    columns = {f"column {k}": own for k, own in enumerate(codes.T)}
    return pd.DataFrame(columns).astype("category")


def single_levels(rng, n_rows, effects):
    """Codes of 300 levels, each with a chance of its own, among columns of noise."""
    codes = rng.integers(300, size=(n_rows, 3))
    return frame(codes), rng.random(n_rows) < effects[codes[:, 0]]


def pairs_of_levels(rng, n_rows, effects):
    """Codes of 20 levels of which only pairs matter."""
    codes = rng.integers(20, size=(n_rows, 3))
    return frame(codes), rng.random(n_rows) < effects[codes[:, 0] * 20 + codes[:, 1]]


def effects_of(n_levels):
    return np.random.default_rng(1).beta(0.3, 0.3, size=n_levels)


# With the part of the loss without statistics that is left at most.
SOLVED = {
    "levels": (single_levels, effects_of(300), 0.95),
    "pairs": (pairs_of_levels, effects_of(400), 0.87),
}


@pytest.mark.parametrize("table", SOLVED)
def test_statistics_learn_levels_of_few_rows(table, monkeypatch):
    make, effects, part = SOLVED[table]
    rng = np.random.default_rng(0)
    (X, y), (X_new, y_new) = make(rng, 1_800, effects), make(rng, 3_000, effects)
    model = TabularMLPClassifier("fast", n_members=10, random_state=0, n_jobs=1)
    loss = log_loss(y_new, model.fit(X, y).predict_proba(X_new))
    monkeypatch.setattr(TabularPreprocessor, "_level_codes", lambda self: [])
    plain = log_loss(y_new, model.fit(X, y).predict_proba(X_new))
    assert loss < part * plain


@pytest.mark.parametrize("n_levels", [1_000, 100, 2])
def test_random_levels_of_random_targets_say_nothing(n_levels):
    """Of 2,000 rows, 2 to 1,000 of a level; with columns that embed levels beside statistics."""
    rng = np.random.default_rng(n_levels)
    # Two levels make no codes: ten, of which two are frequent, do.
    codes = rng.integers(n_levels, size=(4_000, 2))
    if n_levels == 2:
        codes = np.where(rng.random(codes.shape) < 0.02, rng.integers(2, 12, codes.shape), codes)
    X, y = frame(codes), rng.integers(2, size=4_000)
    model = TabularMLPClassifier("fast", n_members=10, random_state=0, n_jobs=1)
    model.fit(X[:2_000], y[:2_000])
    assert model._shapes[1]["level_codes"]
    # Of chance the deviation is 0.013. Rows that had no part in choosing the epoch either:
    held_out = model._held_out_rows()
    assert roc_auc_score(held_out.targets[:, 0], held_out.predictions[:, 0]) < 0.54
    # Choosing it by the fold is worth 0.03 of pure noise (six draws).
    assert roc_auc_score(y[:2_000], model.oof_prediction_[:, 1]) < 0.57
    loss = log_loss(y[2_000:], model.predict_proba(X[2_000:]))
    assert loss < np.log(2) + 0.01


# All that a fit may be asked for ------------------------------------------------------------------


def small_table(kind, n_rows=240, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.integers(30, size=(n_rows, 2))
    effects = np.random.default_rng(1).normal(size=30)
    target = effects[codes[:, 0]] + 0.5 * rng.normal(size=n_rows)
    X = frame(codes)
    X["number"] = rng.normal(size=n_rows)
    return X, (np.digitize(target, [-0.5, 0.5]) if kind is TabularMLPClassifier else target)


KINDS = [TabularMLPClassifier, TabularMLPRegressor]


def quick(kind, **parameters):
    defaults = {"n_members": 10, "max_iter": 6, "random_state": 0, "n_jobs": 1}
    return kind("fast", **(defaults | parameters))


def outputs(model, X):
    return getattr(model, "predict_proba", model.predict)(X)


def own_statistics(model, member):
    """Return the table of statistics that a member predicts with."""
    shape = model._shapes[member % len(model._shapes)]
    n_statistics = shape.get("n_statistics", 1)
    size = sum(shape["level_codes"]) * n_statistics
    return model.parameters_[member, :size].reshape(-1, n_statistics)


@pytest.mark.parametrize("kind", KINDS)
def test_each_member_keeps_statistics_of_its_own_rows(kind):
    X, y = small_table(kind)
    model = quick(kind).fit(X, y)
    assert "level_codes" not in model._shapes[0]
    tables = [own_statistics(model, member) for member in range(1, 10, 2)]
    n_statistics = 3 if kind is TabularMLPClassifier else 1
    assert tables[0].shape[1] == n_statistics
    assert len({table.tobytes() for table in tables}) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_targets_of_rows_held_out_change_nothing_of_a_member(kind):
    X, y = small_table(kind)
    held_out = np.arange(0, len(y), 5)
    rest = np.setdiff1d(np.arange(len(y)), held_out)
    split = [(rest, held_out)] * 2
    model = quick(kind, n_members=2, resample=Splits(split)).fit(X, y)
    changed = y.copy()
    changed[held_out] = np.roll(y[held_out], 1)
    other = quick(kind, n_members=2, resample=Splits(split)).fit(X, changed)
    assert_allclose(own_statistics(other, 1), own_statistics(model, 1), atol=1e-6)


class Splits:
    """A splitter of splits that are given."""

    def __init__(self, splits):
        self.splits = splits

    def get_n_splits(self, X=None, y=None, groups=None):
        return len(self.splits)

    def split(self, X, y=None, groups=None):
        return iter(self.splits)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "parameters",
    [
        {"n_members": 1},
        {"n_members": 2},
        {"n_members": 3, "resample": "bootstrap"},
        {"n_members": 3, "resample": None},
        {"n_members": 4, "resample": ShuffleSplit(4, random_state=0)},
        {"scoring": "neg_mean_squared_error", "n_members": 2},
    ],
    ids=str,
)
def test_members_of_every_sort_have_statistics(kind, parameters):
    X, y = small_table(kind)
    if kind is TabularMLPClassifier and "scoring" in parameters:
        parameters = {**parameters, "scoring": "accuracy"}
    model = quick(kind, **parameters).fit(X, y)
    assert np.isfinite(outputs(model, X)).all()
    if parameters["n_members"] > 1:
        assert own_statistics(model, 1).any()


@pytest.mark.parametrize("kind", KINDS)
def test_validation_rows_have_the_statistics_of_all_training_rows(kind):
    X, y = small_table(kind)
    X_val, y_val = small_table(kind, seed=7)
    model = quick(kind, n_members=2).fit(X, y, X_val=X_val, y_val=y_val)
    last = [losses[-1] for losses in model.validation_loss_curve_]
    assert np.isfinite(last).all()
    assert own_statistics(model, 1).any()


def test_the_best_epoch_scores_what_predictions_score():
    """By a scorer, which predicts rows as they were given."""
    X, y = small_table(TabularMLPClassifier)
    X_val, y_val = small_table(TabularMLPClassifier, seed=7)
    model = quick(TabularMLPClassifier, n_members=2, scoring="neg_log_loss")
    model.fit(X, y, X_val=X_val, y_val=y_val)
    for member, best in zip(
        model.predict_members(X_val), model.best_validation_score_, strict=True
    ):
        assert -log_loss(y_val, member) == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_and_rows_of_weight_0(kind):
    X, y = small_table(kind)
    weight = np.random.default_rng(3).integers(3, size=len(y)).astype(float)
    model = quick(kind).fit(X, y, sample_weight=weight)
    changed = y.copy()
    changed[weight == 0] = np.roll(y, 1)[weight == 0]
    other = quick(kind).fit(X, changed, sample_weight=weight)
    assert_array_equal(outputs(other, X), outputs(model, X))
    scaled = quick(kind).fit(X, y, sample_weight=4 * weight)
    assert_allclose(own_statistics(scaled, 1), own_statistics(model, 1))


@pytest.mark.parametrize("loss", ["quantile", "several quantiles", "poisson", "absolute_error"])
def test_losses(loss):
    X, y = small_table(TabularMLPRegressor)
    parameters = {"loss": loss}
    if loss == "several quantiles":
        parameters = {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}
    model = quick(TabularMLPRegressor, **parameters).fit(X, y - y.min())
    assert own_statistics(model, 1).shape[1] == 1
    assert np.isfinite(model.predict(X)).all()


def test_several_targets_have_statistics_each():
    X, y = small_table(TabularMLPRegressor)
    both = np.column_stack([y, -2 * y])
    model = quick(TabularMLPRegressor, n_members=2).fit(X, both)
    first, second = own_statistics(model, 1).T
    assert_allclose(first, -second, atol=1e-5)
    labels = quick(TabularMLPClassifier, n_members=2).fit(X, both > 0)
    assert own_statistics(labels, 1).shape[1] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_workers_and_saving_change_nothing(kind):
    X, y = small_table(kind)
    model = quick(kind).fit(X, y)
    for other in (pickle.loads(pickle.dumps(model)), quick(kind, n_jobs=2).fit(X, y)):
        assert_array_equal(outputs(other, X), outputs(model, X))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_predicted_alone_as_among_others(kind):
    X, y = small_table(kind)
    model = quick(kind).fit(X, y)
    together = outputs(model, X)
    for row in range(0, 240, 50):
        assert_array_equal(outputs(model, X[row : row + 1])[0], together[row])


def test_levels_that_are_not_known_are_predicted():
    X, y = small_table(TabularMLPClassifier)
    model = quick(TabularMLPClassifier).fit(X, y)
    new = pd.DataFrame({"column 0": ["new"], "column 1": [None], "number": [0.0]})
    assert np.isfinite(model.predict_proba(new)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_distilled_network_has_none(kind):
    X, y = small_table(kind)
    student = quick(kind).fit(X, y).distil(X, max_iter=3)
    assert [shape.get("level_codes") for shape in student._shapes] == [None]
    assert np.isfinite(outputs(student, X)).all()


def test_a_search_trains_what_each_candidate_would():
    X, y = small_table(TabularMLPRegressor)
    grid = {"weight_decay": [0.0, 0.1]}
    model = quick(TabularMLPRegressor, n_members=4, resample=None)
    stacked = StackedGridSearchCV(model, grid, cv=2).fit(X, y)
    alone = GridSearchCV(model, grid, cv=2).fit(X, y)
    for name in ("mean_test_score", "std_test_score"):
        assert_allclose(stacked.cv_results_[name], alone.cv_results_[name], rtol=1e-5)
    assert r2_score(y, stacked.predict(X)) == pytest.approx(r2_score(y, alone.predict(X)))
