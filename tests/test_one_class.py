"""Classifiers that see one class only, and predict it for ever."""

import pickle
import warnings

import numpy as np
import pytest
from helpers.searches import assert_same_results
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import (
    NumpyMLPClassifier,
    StackedGridSearchCV,
    TabularMLPClassifier,
    TrainingDisplay,
    stacked_cross_validate,
)

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`:UserWarning"),
]

X = np.random.RandomState(0).normal(size=(61, 3))
WEIGHT = np.random.RandomState(1).uniform(0.1, 2.0, len(X))

LABELS = {
    "zero": 0,
    "one": 1,
    "negative": -7,
    "whole float": 2.0,
    "string": "only",
    "true": True,
    "false": False,
}


def only(label, n=61):
    return np.full(n, label)


def make(**parameters):
    defaults = {"hidden_layer_sizes": (5,), "max_iter": 9, "random_state": 0}
    return NumpyMLPClassifier(**(defaults | parameters))


def tabular(**parameters):
    return TabularMLPClassifier(
        **({"preset": "fast", "max_iter": 2, "n_members": 2, "random_state": 0} | parameters)
    )


def assert_knows_one_class(model, rows, label):
    """Check all that predicts."""
    n = rows.shape[0]
    assert model.classes_.tolist() == [label]
    predictions = model.predict(rows)
    assert predictions.shape == (n,)
    assert predictions.tolist() == [label] * n
    np.testing.assert_array_equal(model.predict_proba(rows), np.ones((n, 1)))
    np.testing.assert_array_equal(model.predict_log_proba(rows), np.zeros((n, 1)))
    members = model.predict_members(rows)
    np.testing.assert_array_equal(members, np.ones((len(members), n, 1)))
    assert model.score(rows, predictions) == 1.0


# The same numbers as scikit-learn ----------------------------------------------------------------

RECIPES = {
    "adam": {},
    "small batches": {"batch_size": 7},
    "until it stalls": {"max_iter": 400, "tol": 1e-3},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.1},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1},
    "adaptive": {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "learning_rate_init": 0.1,
        "tol": 0.01,
        "n_iter_no_change": 2,
        "max_iter": 60,
    },
    "early stopping": {"early_stopping": True, "n_iter_no_change": 3, "max_iter": 50},
    "early stopping of sgd": {"early_stopping": True, "solver": "sgd", "validation_fraction": 0.3},
    "lbfgs": {"solver": "lbfgs"},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "two hidden layers": {"hidden_layer_sizes": (4, 3), "activation": "tanh"},
    "penalty": {"alpha": 1.0},
}


def assert_same_numbers(ours, theirs):
    for name in ("n_iter_", "t_", "n_outputs_", "n_layers_", "out_activation_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.classes_.tolist() == theirs.classes_.tolist()
    for name in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-6, err_msg=name)
    for name in ("loss_", "best_loss_", "loss_curve_", "validation_scores_"):
        expected = getattr(theirs, name, None)
        if expected is None:
            assert getattr(ours, name, None) is None, name
        else:
            np.testing.assert_allclose(getattr(ours, name), expected, rtol=1e-6, atol=1e-9)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_fit_gives_scikit_learns_numbers(recipe, weighted):
    ours = make(**RECIPES[recipe])
    theirs = MLPClassifier(**({"hidden_layer_sizes": (5,)} | own_parameters(ours)))
    weight = WEIGHT if weighted else None
    for model in (ours, theirs):
        model.fit(X, only(3), sample_weight=weight)
    assert_same_numbers(ours, theirs)
    assert_knows_one_class(ours, X, 3)


def own_parameters(ours):
    names = MLPClassifier().get_params()
    return {name: value for name, value in ours.get_params().items() if name in names}


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_and_warm_start_give_scikit_learns_numbers(solver):
    ours = make(solver=solver)
    theirs = MLPClassifier(**own_parameters(ours))
    for model in (ours, theirs):
        for _ in range(3):
            model.partial_fit(X, only("a"), classes=["a"])
        model.partial_fit(X[:1], ["a"])
        with pytest.raises(ValueError, match="classes not in"):
            model.partial_fit(X, only("b"))
    assert_same_numbers(ours, theirs)
    assert_knows_one_class(ours, X, "a")
    for model in (ours, theirs):
        model.set_params(warm_start=True).fit(X, only("a")).fit(X, only("a"))
        with pytest.raises(ValueError, match="same classes"):
            model.fit(X, np.where(X[:, 0] > 0, "a", "b"))
    assert_same_numbers(ours, theirs)


@pytest.mark.parametrize("n", [1, 2, 61])
def test_any_number_of_rows(n):
    ours = make().fit(X[:n], only(1, n))
    assert_same_numbers(ours, MLPClassifier(**own_parameters(ours)).fit(X[:n], only(1, n)))


# What only is here -------------------------------------------------------------------------------


class SquaredHinge:
    def value(self, raw, targets):
        return (np.maximum(1 - (2 * targets - 1) * raw, 0) ** 2).sum(axis=-2)

    def gradient(self, raw, targets):
        sign = 2 * targets - 1
        return -2 * sign * np.maximum(1 - sign * raw, 0)


def certainty(estimator, X, y, sample_weight=None):
    return estimator.predict_proba(X).max(axis=1).mean()


OPTIONS = {
    "nothing": {},
    "class weights": {"class_weight": {2: 3.0, 5: 1.0}},
    "balanced": {"class_weight": "balanced"},
    "members": {"n_members": 3},
    "bootstrap": {"n_members": 3, "resample": "bootstrap"},
    "folds": {"n_members": 3, "resample": "folds"},
    "folds of its own": {"n_members": 2, "resample": KFold(2)},
    "loss": {"loss": SquaredHinge()},
    "scoring": {"scoring": "f1_macro"},
    "own scoring": {"scoring": certainty},
    "scoring by the loss": {"scoring": "loss"},
}
OF_THE_DROP_IN = {
    "lbfgs": {"solver": "lbfgs"},
    "lbfgs members": {"solver": "lbfgs", "n_members": 2, "resample": "folds"},
    "early stopping": {"early_stopping": True},
    "early stopping of folds": {"early_stopping": True, "n_members": 3, "resample": "folds"},
    "early stopping by a metric": {"early_stopping": True, "scoring": "f1_macro"},
    "label smoothing": {"label_smoothing": 0.2},
    "label smoothing of members": {"label_smoothing": 0.2, "n_members": 2},
    "modern": {"solver": "adamw", "dropout": 0.1, "learning_rate": "one_cycle"},
    "float32": {"dtype": "float32"},
}
OF_TABLES = {"whole": {"resample": None}, "many": {"n_members": 7}, "one": {"n_members": 1}}
MODELS = {
    **{f"drop-in, {name}": (make, own) for name, own in (OPTIONS | OF_THE_DROP_IN).items()},
    **{f"table, {name}": (tabular, own) for name, own in (OPTIONS | OF_TABLES).items()},
}


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", MODELS)
def test_every_option_knows_one_class(name, weighted):
    kind, parameters = MODELS[name]
    model = kind(**parameters).fit(X, only(2), sample_weight=WEIGHT if weighted else None)
    assert_knows_one_class(model, X, 2)
    assert_knows_one_class(model, X[:1] + 100, 2)
    if hasattr(model, "oof_prediction_"):
        seen = ~np.isnan(model.oof_prediction_)
        assert model.oof_prediction_.shape == (len(X), 1)
        assert seen.any()
        assert (model.oof_prediction_[seen] == 1.0).all()
        assert model.oof_score_ == 1.0
    again = clone(model).fit(X, only(2), X_val=X[:9] + 1, y_val=only(2, 9))
    assert_knows_one_class(again, X, 2)


@pytest.mark.parametrize("kind", [make, tabular])
@pytest.mark.parametrize("label", LABELS)
def test_every_kind_of_label(label, kind):
    y = only(LABELS[label])
    for given in (y, y.tolist(), *([y.astype(object)] if y.dtype.kind == "U" else [])):
        assert_knows_one_class(kind().fit(X, given), X, LABELS[label])


@pytest.mark.parametrize("label", LABELS)
def test_every_kind_of_label_in_partial_fit(label):
    model = make()
    for _ in range(2):
        model.partial_fit(X, only(LABELS[label]), classes=[LABELS[label]])
    assert_knows_one_class(model, X, LABELS[label])


def test_smoothed_certainty_of_one_class_is_certain():
    plain, smoothed = (make(label_smoothing=s).fit(X, only(1)) for s in (0.0, 0.3))
    np.testing.assert_array_equal(plain.loss_curve_, smoothed.loss_curve_)


def test_the_accuracy_that_stops_early_is_1_from_the_start():
    # The network's own output begins above one half for some rows.
    model = make(early_stopping=True, max_iter=2, learning_rate_init=1e-9).fit(X, only(1))
    assert model.validation_scores_ == [1.0, 1.0]


@pytest.mark.parametrize("kind", [make, tabular])
def test_rows_that_were_held_out_by_none_stay_unknown(kind):
    splits = [(np.arange(20, 61), np.arange(20)), (np.arange(40), np.arange(40, 50))]
    model = kind(n_members=2, resample=GivenSplits(splits)).fit(X, only(0))
    expected = np.where((np.arange(61) < 20) | ((np.arange(61) >= 40) & (np.arange(61) < 50)), 1, 0)
    np.testing.assert_array_equal(np.isfinite(model.oof_prediction_[:, 0]), expected)
    assert model.oof_score_ == 1.0


class GivenSplits:
    def __init__(self, splits):
        self.splits = splits

    def split(self, X, y=None, groups=None):
        return iter(self.splits)

    def get_n_splits(self, X=None, y=None, groups=None):
        return len(self.splits)


@pytest.mark.parametrize("kind", [make, tabular])
def test_a_frame_with_a_column_of_text(kind):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abc"))
    if kind is tabular:
        frame["d"] = pd.Categorical(np.where(X[:, 0] > 0, "x", "y"))
    model = kind().fit(frame, pd.Series(only("only")))
    assert_knows_one_class(model, frame, "only")


def test_sparse_rows():
    assert_knows_one_class(make().fit(sparse.csr_array(X), only(1)), sparse.csr_array(X), 1)


@pytest.mark.parametrize("kind", [make, tabular])
def test_float32_rows(kind):
    rows = X.astype(np.float32)
    one, two = (kind().fit(rows, y).predict_proba(rows) for y in (only(1), np.arange(61) % 2))
    assert one.dtype == two.dtype


@pytest.mark.parametrize("kind", [make, tabular])
def test_the_class_left_by_weights_is_not_the_only_one(kind):
    y = np.arange(61) % 2
    model = kind().fit(X, y, sample_weight=y.astype(float))
    assert model.predict_proba(X).shape[1] == len(model.classes_)


@pytest.mark.parametrize("kind", [make, tabular])
def test_saved_and_copied(kind):
    model = kind().fit(X, only("only"))
    assert_knows_one_class(pickle.loads(pickle.dumps(model)), X, "only")
    if kind is make:
        again = pickle.loads(pickle.dumps(model)).partial_fit(X, only("only"))
        assert_knows_one_class(again.slim(), X, "only")


@pytest.mark.parametrize("kind", [make, tabular])
def test_skops(kind):
    skops = pytest.importorskip("skops.io")
    saved = skops.dumps(kind().fit(X, only("only")))
    trusted = skops.get_untrusted_types(data=saved)
    assert_knows_one_class(skops.loads(saved, trusted=trusted), X, "only")


def test_display():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    TrainingDisplay.from_estimator(make(early_stopping=True).fit(X, only(1)))
    pyplot.close("all")


# Tools of scikit-learn ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [make, tabular])
def test_metrics(kind):
    predictions = kind().fit(X, only(1)).predict(X)
    truth = np.arange(61) % 2
    assert accuracy_score(truth, predictions) == 30 / 61
    assert balanced_accuracy_score(truth, predictions) == 0.5
    assert f1_score(truth, predictions) == pytest.approx(60 / 91)
    np.testing.assert_array_equal(confusion_matrix(truth, predictions), [[0, 31], [0, 30]])


@pytest.mark.parametrize("kind", [make, tabular])
def test_cross_validation_with_a_fold_of_one_class(kind):
    y = (np.arange(60) >= 30).astype(int)
    np.testing.assert_array_equal(cross_val_score(kind(), X[:60], y, cv=KFold(2)), [0.0, 0.0])
    with warnings.catch_warnings(action="ignore"):  # of columns for classes that a fold lacks
        probabilities = cross_val_predict(
            kind(), X[:60], y, cv=KFold(2), method="predict_proba", n_jobs=1
        )
    np.testing.assert_array_equal(probabilities, np.eye(2)[1 - y])


def test_bagging_of_samples_of_one_class():
    y = np.r_[np.ones(60, int), 0]
    # A pipeline, which takes no weights, is given the rows of a sample.
    pipeline = make_pipeline(StandardScaler(), make())
    bagging = BaggingClassifier(pipeline, n_estimators=3, max_samples=5, random_state=0).fit(X, y)
    assert any(len(member.classes_) == 1 for member in bagging.estimators_)
    assert bagging.predict_proba(X).shape == (61, 2)


def test_one_of_several_outputs_is_constant():
    y = np.column_stack([np.arange(61) % 3, only(4)])
    several = MultiOutputClassifier(make()).fit(X, y)
    assert [own.shape for own in several.predict_proba(X)] == [(61, 3), (61, 1)]
    np.testing.assert_array_equal(several.predict(X)[:, 1], y[:, 1])


# Searches ----------------------------------------------------------------------------------------

# Rows are sorted, so that the first splits leave one class to train on, the last ones more.
SORTED = {
    "binary": (np.arange(60) >= 30).astype(int),
    "three classes": np.repeat([0, 1, 2], 20),
    "strings": np.repeat(["a", "b"], 30),
    "one class": np.full(60, 7),
}
SPLITS = [
    (np.arange(0, 19), np.arange(30, 60)),
    (np.arange(0, 20), np.arange(15, 40)),
    (np.arange(40, 60), np.arange(10, 60)),
    (np.arange(15, 45), np.arange(0, 60)),
]
GRIDS = {
    "alphas": {"alpha": [1e-4, 1.0]},
    "smoothing": {"label_smoothing": [0.0, 0.2]},
    "early stopping": {"early_stopping": [True, False], "solver": ["adam", "sgd"]},
    "members": {"n_members": [1, 2]},
    "class weight": {"class_weight": [None, "balanced"]},
    "solvers": {"solver": ["adam", "lbfgs"]},
}


@pytest.mark.parametrize("problem", SORTED)
@pytest.mark.parametrize("grid", GRIDS)
def test_searches_with_folds_of_one_class(grid, problem):
    y = SORTED[problem]
    scoring = ["accuracy", "balanced_accuracy", "f1_macro"]
    results = []
    for search in (GridSearchCV, StackedGridSearchCV):
        # Metrics warn of classes that are predicted, but do not occur.
        with warnings.catch_warnings(action="ignore"):
            fitted = search(
                make(), GRIDS[grid], cv=SPLITS, scoring=scoring, refit="accuracy",
                return_train_score=True,
            ).fit(X[:60], y)  # fmt: skip
        results.append(fitted)
    theirs, ours = results
    assert np.isfinite(theirs.cv_results_["mean_test_accuracy"]).all()
    assert_same_results(ours.cv_results_, theirs.cv_results_)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()
    alone = {line["reason"] for line in ours.stacking_report_["alone"]}
    assert alone <= {"solver='lbfgs' does not stack"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("scoring", ["neg_log_loss", "roc_auc", "neg_brier_score"])
def test_what_a_metric_makes_of_one_class_is_up_to_it(scoring):
    results = [
        search(make(), GRIDS["alphas"], cv=SPLITS, scoring=scoring, refit=False).fit(
            X[:60], SORTED["binary"]
        )
        for search in (GridSearchCV, StackedGridSearchCV)
    ]
    assert_same_results(results[1].cv_results_, results[0].cv_results_)


@pytest.mark.parametrize("kind", [make, tabular])
def test_stacked_cross_validation_with_folds_of_one_class(kind):
    pipeline = make_pipeline(StandardScaler(), kind())
    for estimator in (kind(), pipeline):
        theirs = cross_validate(estimator, X[:60], SORTED["strings"], cv=SPLITS)
        ours = stacked_cross_validate(estimator, X[:60], SORTED["strings"], cv=SPLITS)
        np.testing.assert_allclose(ours["test_score"], theirs["test_score"])
        assert theirs["test_score"][0] == 0.0
