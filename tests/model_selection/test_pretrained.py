"""Trained networks reach the clones that are theirs, whatever the order of scikit-learn's calls."""

import functools
import io
import pickle
import pickletools

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler, scale

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedGridSearchCV,
    StackedHalvingGridSearchCV,
    StackedHalvingRandomSearchCV,
    StackedHyperbandSearchCV,
    StackedRandomizedSearchCV,
    TabularMLPClassifier,
    TabularPreprocessor,
    stacked_cross_validate,
)
from sknumpynet.core.losses import HuberLoss
from sknumpynet.model_selection.pretrained import PretrainedFit
from sknumpynet.model_selection.pretraining import Pretraining

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`"),
]

ROWS = np.random.RandomState(0).permutation(150)[:60]
X = scale(load_iris().data)[ROWS]
Y = load_iris().target[ROWS]
NETWORK = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0}
CLASSIFIER, REGRESSOR = NumpyMLPClassifier(**NETWORK), NumpyMLPRegressor(**NETWORK)

# Targets that tell no folds of two classes apart, each of equal size.
ALIKE = np.tile([0, 1], 30)
PIPELINE = Pipeline([("scale", StandardScaler()), ("net", CLASSIFIER)])
FRAME = "frame"

# Estimator, grid, rows, targets, splitter, arguments of `fit`.
SEARCHES = {
    "folds": (CLASSIFIER, {"alpha": [0.1, 10.0]}, X, Y, KFold(3), {}),
    "folds of equal targets": (CLASSIFIER, {"alpha": [0.1, 10.0]}, X, ALIKE, KFold(3), {}),
    "one row left out": (REGRESSOR, {"alpha": [0.1]}, X[:6], np.ones(6), LeaveOneOut(), {}),
    "equal rows": (
        REGRESSOR,
        {"alpha": [0.1]},
        np.ones((60, 2)),
        Y.astype(float),
        KFold(3),
        {},
    ),
    "weights": (
        CLASSIFIER,
        {"alpha": [0.1]},
        np.tile(X[:20], (3, 1)),
        np.tile(Y[:20], 3),
        KFold(3),
        {"sample_weight": np.random.RandomState(1).uniform(size=60)},
    ),
    "several targets": (REGRESSOR, {"alpha": [0.1]}, X, X[:, :2], KFold(3), {}),
    "text": (CLASSIFIER, {"alpha": [0.1]}, X, np.array(["a", "bc"])[ALIKE], KFold(3), {}),
    "lists": (CLASSIFIER, {"alpha": [0.1]}, X.tolist(), ALIKE.tolist(), KFold(3), {}),
    "frames": (CLASSIFIER, {"alpha": [0.1]}, FRAME, ALIKE, KFold(3), {}),
    "Fortran's order": (CLASSIFIER, {"alpha": [0.1]}, np.asfortranarray(X), ALIKE, KFold(3), {}),
    "losses": (
        REGRESSOR,
        {"loss": [HuberLoss(0.01), HuberLoss(3.0)]},
        X,
        X[:, 0],
        KFold(3),
        {},
    ),
    "sources": (
        CLASSIFIER,
        {"random_state": [np.random.RandomState(0), np.random.RandomState(1)]},
        X,
        Y,
        KFold(3),
        {},
    ),
    "splitters": (
        clone(CLASSIFIER).set_params(n_members=3),
        {"resample": [KFold(3), KFold(3, shuffle=True, random_state=0)]},
        X,
        Y,
        StratifiedKFold(2),
        {},
    ),
    "steps": (PIPELINE, {"scale": [StandardScaler(), MinMaxScaler()]}, X, Y, KFold(3), {}),
    "settings of steps": (
        PIPELINE,
        {"scale__with_mean": [True, False], "net__alpha": [0.1, 1.0]},
        X + 3.0,
        Y,
        KFold(3),
        {},
    ),
    "tables": (
        TabularMLPClassifier("fast", n_members=2, max_iter=2, random_state=0),
        {"weight_decay": [0.0, 1.0]},
        X,
        ALIKE,
        KFold(2),
        {},
    ),
}

ORDERS = {
    "as they come": lambda results: results,
    "reversed": lambda results: results[::-1],
    "folds swapped": lambda results: [*results[1:], results[0]],
    "shuffled": lambda results: [
        results[k] for k in np.random.RandomState(0).permutation(len(results))
    ],
}


@pytest.fixture
def order(monkeypatch):
    """Hand out trained networks in another order than that of the clones; count who fit."""
    counts = {"fitted": 0, "picked up": 0}

    def set_order(name):
        train, call = Pretraining.train, PretrainedFit.__call__

        def train_in_order(self, *args, **kwargs):
            return ORDERS[name](train(self, *args, **kwargs))

        def counted(self, X, y=None, **params):
            done = call(self, X, y, **params)
            network = done.steps[-1][1] if hasattr(done, "steps") else done
            theirs = self.result.fitted.values.get(
                "loss_curve_", self.result.fitted.values.get("history_")
            )
            ours = vars(network).get("loss_curve_", vars(network).get("history_"))
            counts["picked up" if ours is theirs else "fitted"] += 1
            return done

        monkeypatch.setattr(Pretraining, "train", train_in_order)
        monkeypatch.setattr(PretrainedFit, "__call__", counted)
        return counts

    return set_order


def rows_of(what):
    rows = SEARCHES[what][2]
    if rows is FRAME:
        rows = pytest.importorskip("pandas").DataFrame(X, columns=list("abcd"))
    return rows


def parameters_of(what):
    scoring = "neg_mean_squared_error" if what == "one row left out" else None
    return {"cv": SEARCHES[what][4], "scoring": scoring, "return_train_score": True}


@functools.cache
def by_scikit_learn(what):
    """Return the search that none of the orders below has touched."""
    estimator, grid, _, targets, _, params = SEARCHES[what]
    return GridSearchCV(estimator, grid, **parameters_of(what)).fit(
        rows_of(what), targets, **params
    )


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("what", SEARCHES)
def test_no_order_of_the_clones_swaps_results(order, what, name):
    estimator, grid, _, targets, _, params = SEARCHES[what]
    expected = by_scikit_learn(what)
    counts = order(name)
    search = StackedGridSearchCV(estimator, grid, **parameters_of(what)).fit(
        rows_of(what), targets, **params
    )
    for key, values in expected.cv_results_.items():
        if key.startswith("split"):
            np.testing.assert_allclose(search.cv_results_[key], values, rtol=1e-6, atol=1e-9)
    assert search.stacking_report_["alone"] == []
    n_fits = len(expected.cv_results_["params"]) * expected.n_splits_
    assert sum(counts.values()) == n_fits
    if name == "as they come":
        assert counts["fitted"] == 0
    elif name == "folds swapped":
        assert counts["picked up"] == 0


@pytest.mark.parametrize("name", ORDERS)
def test_no_order_of_the_clones_swaps_folds_of_a_cross_validation(order, name):
    expected = cross_validate(CLASSIFIER, X, ALIKE, cv=KFold(3), return_train_score=True)
    order(name)
    ours = stacked_cross_validate(CLASSIFIER, X, ALIKE, cv=KFold(3), return_train_score=True)
    for key in ("test_score", "train_score"):
        np.testing.assert_allclose(ours[key], expected[key])


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("what", ["mapped to memory", "losses", "table"])
def test_workers_of_any_kind_pick_up(what, backend):
    pandas = pytest.importorskip("pandas")
    text = pandas.DataFrame({"a": X[:, 0], "b": np.array(["x", "yy"])[ALIKE]})
    text["c"] = text["b"].astype("category")
    losses = {"loss": [HuberLoss(0.01), HuberLoss(3.0)]}
    frames = make_pipeline(TabularPreprocessor(), CLASSIFIER), {"numpymlpclassifier__alpha": [1.0]}
    estimator, grid, rows, targets = {
        "mapped to memory": (
            CLASSIFIER,
            {"alpha": [1.0]},
            np.tile(X, (600, 1)),
            np.tile(ALIKE, 600),
        ),
        "losses": (REGRESSOR, losses, X, X[:, 0]),
        "table": (*frames, text, ALIKE),
    }[what]
    search = StackedGridSearchCV(estimator, grid, cv=KFold(2), refit=False, n_jobs=2)
    search.set_params(scoring=is_picked_up)
    with joblib.parallel_config(backend=backend):
        search.fit(rows, targets)
    assert (search.cv_results_["mean_test_score"] == 1.0).all()


def is_picked_up(estimator, X, y):
    """Return 1 for a network that was picked up: those keep no optimiser."""
    network = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    return float("_optimizer" not in vars(network))


# What pickles hold -------------------------------------------------------------------------------


def modules_of(pickled):
    """Return the modules whose names a pickle looks up."""
    names, found = [], set()
    for operation, argument, _ in pickletools.genops(io.BytesIO(pickled)):
        if operation.name in ("SHORT_BINUNICODE", "BINUNICODE", "UNICODE", "BINUNICODE8"):
            names.append(argument)
        elif operation.name == "GLOBAL":
            found.add(argument.split()[0])
    # STACK_GLOBAL takes two of the texts before it, also from the memo: any may be a module.
    return found | {name for name in names if name.startswith("sknumpynet")}


PUBLIC = {"sknumpynet", "sknumpynet.classifier", "sknumpynet.regressor", "sknumpynet.tabular"}

PUBLIC |= {"sknumpynet.preprocessing", "sknumpynet.search"}

PICKLED = {
    "classifier": (CLASSIFIER, {"alpha": [0.1, 1.0]}),
    "regressor": (REGRESSOR, {"alpha": [0.1, 1.0]}),
    "members": (clone(CLASSIFIER).set_params(n_members=2), {"alpha": [0.1, 1.0]}),
    "pipeline": (PIPELINE, {"net__alpha": [0.1, 1.0]}),
    "tables": (SEARCHES["tables"][0], {"weight_decay": [0.0, 1.0]}),
    "alone": (clone(CLASSIFIER).set_params(solver="lbfgs"), {"alpha": [0.1, 1.0]}),
}


SCORINGS = [None, "explained_variance", ["explained_variance", "r2"]]


# Every two of the three together; all of them tell nothing more.
@pytest.mark.parametrize(
    ("what", "scoring", "kind"),
    [
        (what, scoring, [StackedGridSearchCV, StackedRandomizedSearchCV][(i + j) % 2])
        for i, what in enumerate(PICKLED)
        for j, scoring in enumerate(SCORINGS)
    ],
)
def test_a_pickled_search_holds_nothing_private(what, scoring, kind):
    estimator, grid = PICKLED[what]
    refit = "r2" if isinstance(scoring, list) else True
    more = {"n_iter": 2} if kind is StackedRandomizedSearchCV else {}
    search = kind(estimator, grid, cv=2, scoring=scoring, refit=refit, **more).fit(X, ALIKE)
    pickled = pickle.dumps(search)
    assert modules_of(pickled) <= PUBLIC
    copied = pickle.loads(pickled)
    np.testing.assert_array_equal(copied.predict(X), search.predict(X))
    assert copied.score(X, ALIKE) == search.score(X, ALIKE)
    assert modules_of(pickle.dumps(copied)) <= PUBLIC
    assert modules_of(pickle.dumps(clone(copied))) <= PUBLIC
    again = clone(copied).fit(X, ALIKE)
    assert again.best_params_ == search.best_params_
    assert search.estimator is estimator


# Of the searches that stop early, with what the estimator's epochs are called.
STOPPING_EARLY = {
    "grid": (StackedHalvingGridSearchCV, {"factor": 2}),
    "random": (StackedHalvingRandomSearchCV, {"n_candidates": 2, "factor": 2, "random_state": 0}),
    "hyperband": (StackedHyperbandSearchCV, {"factor": 2, "random_state": 0}),
}


@pytest.mark.parametrize("what", ["classifier", "members", "pipeline"])
@pytest.mark.parametrize("name", STOPPING_EARLY)
@pytest.mark.filterwarnings("ignore:The total space of parameters")
def test_a_pickled_search_that_stops_early_holds_nothing_private(name, what):
    estimator, grid = PICKLED[what]
    kind, parameters = STOPPING_EARLY[name]
    resource = "net__max_iter" if what == "pipeline" else "max_iter"
    search = kind(estimator, grid, cv=2, resource=resource, max_resources=4, **parameters)
    search.fit(X, ALIKE)
    assert search.stacking_report_["anew"] == search.stacking_report_["alone"] == []
    pickled = pickle.dumps(search)
    assert modules_of(pickled) <= PUBLIC
    copied = pickle.loads(pickled)
    np.testing.assert_array_equal(copied.predict(X), search.predict(X))
    assert clone(copied).fit(X, ALIKE).best_params_ == search.best_params_
    assert search.estimator is estimator
    assert type(estimator).__name__ in search._repr_html_()


def test_a_search_scores_as_scikit_learns():
    for refit in (True, False):
        for scoring in (None, "accuracy"):
            ours, theirs = (
                kind(CLASSIFIER, {"alpha": [0.1]}, cv=2, refit=refit, scoring=scoring).fit(X, Y)
                for kind in (StackedGridSearchCV, GridSearchCV)
            )
            assert repr(ours.scorer_) == repr(theirs.scorer_)
            assert type(ours.scorer_) is type(theirs.scorer_)
            if refit:
                assert ours.score(X, Y) == theirs.score(X, Y)
            assert modules_of(pickle.dumps(ours)) <= PUBLIC


def test_pickled_estimators_of_a_cross_validation_hold_nothing_private():
    for estimator in (CLASSIFIER, PIPELINE):
        results = stacked_cross_validate(estimator, X, Y, cv=2, return_estimator=True)
        assert modules_of(pickle.dumps(results)) <= PUBLIC


def test_groups_are_kept_apart(order):
    groups = np.repeat(np.arange(6), 10)
    expected = GridSearchCV(CLASSIFIER, {"alpha": [0.1]}, cv=GroupKFold(3))
    ours = StackedGridSearchCV(CLASSIFIER, {"alpha": [0.1]}, cv=GroupKFold(3))
    expected.fit(X, ALIKE, groups=groups)
    order("reversed")
    ours.fit(X, ALIKE, groups=groups)
    for key in ("split0_test_score", "split2_test_score"):
        np.testing.assert_allclose(ours.cv_results_[key], expected.cv_results_[key])
