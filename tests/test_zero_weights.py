"""Rows of weight 0: for tables as if absent, for the drop-ins without effect by what they hold."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from helpers.weighted_tables import (
    CLASSES,
    COLOUR,
    CONTAINERS,
    COUNTS,
    DROP_INS,
    EVERY,
    GROUPS,
    LABELS,
    N_ROWS,
    NUMBERS,
    PLACE,
    PLAIN,
    SIZE,
    TABULAR,
    VALUES,
    WEIGHT,
    assert_same_fit,
    flat,
    frame,
    outputs,
    plain,
    plain_target,
    quick,
    rows,
    target_of,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold, KFold, StratifiedShuffleSplit

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)

# Tables ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("kind", TABULAR)
def test_rows_of_weight_0_are_as_if_absent(kind, container):
    X, y = CONTAINERS[container], target_of(kind)
    model = quick(kind).fit(X, y, WEIGHT)
    expected = quick(kind).fit(rows(X, COUNTS), y[COUNTS], WEIGHT[COUNTS])
    assert_same_fit(model, expected, COUNTS, X)


@pytest.mark.parametrize("weight", [np.ones(N_ROWS), 3.0, np.full(N_ROWS, 1e-200), COUNTS * 0.7])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("kind", TABULAR)
def test_weights_that_are_all_the_same_say_nothing(kind, class_weight, weight):
    counts = EVERY if np.ndim(weight) == 0 else np.asarray(weight) > 0
    parameters = {"class_weight": class_weight} if is_classifier(kind()) else {}
    X, y = frame(), target_of(kind)
    model = quick(kind, **parameters).fit(X, y, weight)
    expected = quick(kind, **parameters).fit(rows(X, counts), y[counts])
    assert_same_fit(model, expected, counts, X)


def in_arrow(X):
    return pytest.importorskip("pyarrow").Table.from_pandas(X)


def in_dask(X):
    return pytest.importorskip("dask.dataframe").from_pandas(X, npartitions=2)


@pytest.mark.parametrize("convert", [in_arrow, in_dask])
def test_rows_of_other_tables_are_dropped(convert):
    X = frame()[["size", "place"]]
    table, y = convert(X), NUMBERS if convert is in_arrow else convert(pd.Series(NUMBERS))
    model = quick(TabularMLPRegressor).fit(table, y, WEIGHT)
    expected = quick(TabularMLPRegressor).fit(rows(X, COUNTS), NUMBERS[COUNTS], WEIGHT[COUNTS])
    assert_same_fit(model, expected, COUNTS, X)


SETTINGS = {
    "balanced": (TabularMLPClassifier, {"class_weight": "balanced"}),
    "class weights": (TabularMLPClassifier, {"class_weight": {"no": 3.0, "yes": 0.5}}),
    "accuracy": (TabularMLPClassifier, {"scoring": "accuracy"}),
    "log loss": (TabularMLPClassifier, {"scoring": "neg_log_loss"}),
    "quantile": (TabularMLPRegressor, {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}),
    "absolute error": (TabularMLPRegressor, {"loss": "absolute_error"}),
    "R²": (TabularMLPRegressor, {"scoring": "r2"}),
    **{
        f"{name}, {kind.__name__}": (kind, parameters)
        for kind in TABULAR
        for name, parameters in {
            "bootstrap": {"resample": "bootstrap"},
            "no resampling": {"resample": None},
            "one member": {"n_members": 1},
            "preset": {"max_iter": None, "n_members": None},
            "categories named": {"categorical_features": ["place", "colour"]},
        }.items()
    },
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_rows_of_weight_0_are_as_if_absent_in_every_setting(setting):
    kind, parameters = SETTINGS[setting]
    X, y = frame(), target_of(kind)
    model = quick(kind, **parameters).fit(X, y, WEIGHT)
    expected = quick(kind, **parameters).fit(rows(X, COUNTS), y[COUNTS], WEIGHT[COUNTS])
    assert_same_fit(model, expected, COUNTS, X)


TARGETS = {
    "labels": (TabularMLPClassifier, LABELS.tolist()),
    "series": (TabularMLPClassifier, pd.Series(LABELS, index=np.arange(N_ROWS)[::-1])),
    "several labels": (TabularMLPClassifier, np.column_stack([SIZE > 0, COLOUR == "red"]) * 1),
    "several numbers": (TabularMLPRegressor, np.column_stack([NUMBERS, SIZE])),
    "frame of numbers": (TabularMLPRegressor, pd.DataFrame({"a": NUMBERS, "b": SIZE})),
    "sparse numbers": (TabularMLPRegressor, sp.coo_matrix(np.column_stack([NUMBERS, SIZE]))),
}


@pytest.mark.parametrize("target", TARGETS)
def test_targets_of_all_kinds_are_cut(target):
    kind, y = TARGETS[target]
    X = frame()
    model = quick(kind).fit(X, y, WEIGHT)
    fewer = y.tocsr()[COUNTS] if sp.issparse(y) else rows(y, COUNTS)
    assert_same_fit(model, quick(kind).fit(rows(X, COUNTS), fewer, WEIGHT[COUNTS]), COUNTS, X)


@pytest.mark.parametrize(
    "convert",
    [
        list,
        pd.Series,
        pl.Series,
        np.float32,
        partial(np.where, COUNTS, 1),
        lambda weight: weight > 0,
        lambda weight: np.where(weight > 0, weight, -0.0),
    ],
)
def test_weights_of_all_kinds_are_cut(convert):
    X, weight = frame(), convert(WEIGHT) if convert is not np.float32 else np.float32(WEIGHT)
    if isinstance(convert, partial):
        weight = COUNTS.astype(int)
    model = quick(TabularMLPClassifier).fit(X, LABELS, weight)
    fewer = np.asarray(weight)[COUNTS]
    expected = quick(TabularMLPClassifier).fit(rows(X, COUNTS), LABELS[COUNTS], fewer)
    assert_same_fit(model, expected, COUNTS, X)


@pytest.mark.parametrize("resample", ["folds", "bootstrap", None])
@pytest.mark.parametrize("kind", TABULAR)
def test_rows_to_validate_by_are_as_if_absent(kind, resample):
    X, y = frame(), target_of(kind)
    X_val, y_val, weight_val = X[::-1], y[::-1], WEIGHT[::-1]
    there = weight_val > 0
    wild = X_val.assign(place=np.where(there, X_val.place, 7)).astype({"size": object})
    wild["size"] = np.where(there, wild["size"], "garbage")
    wild_y = np.where(there, y_val, "maybe") if is_classifier(kind()) else y_val.copy()
    if not is_classifier(kind()):
        wild_y[~there] = np.nan
    model, expected = (quick(kind, resample=resample) for _ in range(2))
    model.fit(X, y, X_val=wild, y_val=wild_y, sample_weight_val=weight_val)
    expected.fit(X, y, X_val=X_val[there], y_val=y_val[there], sample_weight_val=weight_val[there])
    assert_same_fit(model, expected, EVERY, X)


def garbage_numbers(X, value):
    wild = X.astype({"size": object if isinstance(value, str) else float})
    wild.loc[~COUNTS, "size"] = value
    return wild


def garbage_places(X):
    wild = X.astype({"place": object})
    wild.loc[~COUNTS, "place"] = pd.Series([[1]] * N_ROWS)
    return wild


GARBAGE_X = {
    "infinity": lambda X: garbage_numbers(X, np.inf),
    "largest": lambda X: garbage_numbers(X, 1e308),
    "text": lambda X: garbage_numbers(X, "text"),
    "missing": lambda X: garbage_numbers(X, np.nan),
    "levels": lambda X: X.assign(place=np.where(COUNTS, PLACE, np.arange(N_ROWS).astype(str))),
    "no levels": garbage_places,
    "category": lambda X: X.assign(colour=X.colour.where(COUNTS, "green")),
}


@pytest.mark.parametrize("garbage", GARBAGE_X)
@pytest.mark.parametrize("kind", TABULAR)
def test_what_rows_of_weight_0_hold_does_not_matter(kind, garbage):
    X, y = frame(), target_of(kind)
    model = quick(kind).fit(GARBAGE_X[garbage](X), y, WEIGHT)
    expected = quick(kind).fit(rows(X, COUNTS), y[COUNTS], WEIGHT[COUNTS])
    X = rows(X, COUNTS)  # which levels there are is a matter of the rows that predict
    assert_array_equal(outputs(model, X), outputs(expected, X))
    assert_array_equal(model.oof_prediction_[COUNTS], expected.oof_prediction_)


GARBAGE_Y = {
    "unseen labels": (TabularMLPClassifier, {}, np.where(COUNTS, LABELS, "maybe")),
    "missing labels": (TabularMLPClassifier, {}, np.where(COUNTS, LABELS, None)),
    "mixed labels": (TabularMLPClassifier, {}, np.where(COUNTS, LABELS.astype(object), 3.5)),
    "numbers": (TabularMLPClassifier, {}, np.where(COUNTS, LABELS == "no", 0.123)),
    "NaN": (TabularMLPRegressor, {}, np.where(COUNTS, NUMBERS, np.nan)),
    "infinity": (TabularMLPRegressor, {}, np.where(COUNTS, NUMBERS, -np.inf)),
    "largest": (TabularMLPRegressor, {}, np.where(COUNTS, NUMBERS, 1e308)),
    "None": (TabularMLPRegressor, {}, np.where(COUNTS, NUMBERS, None)),
    "gamma": (TabularMLPRegressor, {"loss": "gamma"}, np.where(COUNTS, np.exp(SIZE), 0)),
    "poisson": (TabularMLPRegressor, {"loss": "poisson"}, np.where(COUNTS, np.exp(SIZE), -1)),
}


@pytest.mark.parametrize("garbage", GARBAGE_Y)
def test_targets_of_weight_0_do_not_matter(garbage):
    kind, parameters, y = GARBAGE_Y[garbage]
    X = frame()
    model = quick(kind, **parameters).fit(X, y, WEIGHT)
    fewer = y[COUNTS].tolist()  # of the dtype that they ask for
    expected = quick(kind, **parameters).fit(rows(X, COUNTS), fewer, WEIGHT[COUNTS])
    assert_same_fit(model, expected, COUNTS, X)
    if is_classifier(model):
        assert len(model.classes_) == 2


def test_groups_of_weight_0_do_not_matter():
    X, groups = frame(), GROUPS.astype(object)
    groups[~COUNTS] = None
    model, expected = (quick(TabularMLPRegressor, resample=GroupKFold(3)) for _ in range(2))
    model.fit(X, NUMBERS, WEIGHT, groups=groups)
    fewer = GROUPS[COUNTS]
    expected.fit(rows(X, COUNTS), NUMBERS[COUNTS], WEIGHT[COUNTS], groups=fewer)
    assert_same_fit(model, expected, COUNTS, X)


def test_the_plan_is_for_the_rows_that_count():
    # 64 rows a batch for up to 1,000 rows, 128 for more.
    X = np.random.default_rng(0).normal(size=(1100, 2))
    weight = (np.arange(1100) < 150).astype(float)
    model = quick(TabularMLPRegressor, n_members=1).fit(X, X[:, 0], weight)
    expected = quick(TabularMLPRegressor, n_members=1).fit(X[:150], X[:150, 0], weight[:150])
    assert_same_fit(model, expected, weight > 0, X)


def test_class_weights_of_0_drop_no_rows():
    y = np.where(np.arange(N_ROWS) % 4, LABELS, "third")
    model = quick(TabularMLPClassifier, n_members=5, class_weight={"third": 0}).fit(frame(), y)
    assert model.classes_.tolist() == ["no", "third", "yes"]
    assert np.isfinite(model.oof_prediction_).all()


def test_scorers_see_classes_of_class_weight_0():
    y = np.where(np.arange(N_ROWS) % 4, LABELS, "third")
    model = quick(TabularMLPClassifier, class_weight={"third": 0}, scoring="neg_log_loss")
    assert np.isfinite(flat(model.fit(frame(), y, WEIGHT).validation_scores_)).all()
    plain_y = np.where(CLASSES == 2, 2, 0) + (PLAIN[:, 2] > 0)
    drop_in = plain(
        NumpyMLPClassifier, class_weight={0: 0}, scoring="neg_log_loss", early_stopping=True
    )
    drop_in.set_params(validation_fraction=0.4, max_iter=2, n_iter_no_change=np.inf)
    with pytest.warns(ConvergenceWarning):
        drop_in.fit(PLAIN, plain_y, WEIGHT)
    assert np.isfinite(drop_in.validation_scores_).all()


@pytest.mark.parametrize("kind", TABULAR)
def test_a_class_or_column_of_only_weight_0_is_gone(kind):
    X = frame().assign(constant=np.where(COUNTS, 1.0, np.arange(N_ROWS)))
    model = quick(kind).fit(X, target_of(kind), WEIGHT)
    assert "constant" not in model.preprocessor_.get_feature_names_out()
    assert model.n_features_in_ == 5


# The drop-ins ------------------------------------------------------------------------------------

PLAIN_SETTINGS = {
    "adam": {},
    "sgd": {"solver": "sgd"},
    "lbfgs": {"solver": "lbfgs"},
    "two layers": {"hidden_layer_sizes": (5, 5)},
    "float32": {"dtype": "float32"},
    "dropout": {"dropout": 0.5},
    "folds": {"n_members": 3, "resample": KFold(3)},
    "bootstrap": {"n_members": 3, "resample": "bootstrap"},
    "folds that stop early": {"n_members": 3, "resample": KFold(3), "early_stopping": True},
    "bootstrap that stops early": {
        "n_members": 3,
        "resample": "bootstrap",
        "early_stopping": True,
        "validation_fraction": 0.3,
    },
    "loss": {"early_stopping": True, "scoring": "loss", "validation_fraction": 0.3},
    "default score": {"early_stopping": True, "validation_fraction": 0.3},
    "members": {"n_members": 2, "early_stopping": True, "validation_fraction": 0.3},
}

ONLY = {
    NumpyMLPClassifier: {
        "balanced": {"class_weight": "balanced"},
        "balanced lbfgs": {"class_weight": "balanced", "solver": "lbfgs"},
        "class weights": {"class_weight": {0: 2.0, 1: 1.0, 2: 0.5}},
        "smoothed": {"label_smoothing": 0.1},
        "accuracy": {"early_stopping": True, "scoring": "accuracy", "validation_fraction": 0.3},
        "ROC": {"early_stopping": True, "scoring": "roc_auc_ovr", "validation_fraction": 0.4},
        "log loss": {"early_stopping": True, "scoring": "neg_log_loss", "validation_fraction": 0.4},
    },
    NumpyMLPRegressor: {
        "folds by name": {"n_members": 3, "resample": "folds"},
        "folds by name that stop early": {
            "n_members": 3,
            "resample": "folds",
            "early_stopping": True,
        },
        "huber": {"loss": "huber"},
        "quantiles": {"loss": "quantile", "quantile": [0.2, 0.8]},
        "R²": {"early_stopping": True, "scoring": "r2", "validation_fraction": 0.3},
        "error": {
            "early_stopping": True,
            "scoring": "neg_mean_absolute_error",
            "validation_fraction": 0.3,
        },
    },
}

PLAIN_CASES = [
    (kind, name, parameters)
    for kind in DROP_INS
    for name, parameters in (PLAIN_SETTINGS | ONLY[kind]).items()
]


def wild_rows(X, counts, size=1e200):
    """Return the rows with others in place of those that do not count, which overflow soon."""
    wild = np.random.default_rng(2).normal(size=X.shape) * size
    return np.where(counts[:, np.newaxis], X, wild).astype(X.dtype)


def wild_targets(kind, y, counts):
    """Return other targets where rows do not count, labels among those that there are."""
    if kind is NumpyMLPClassifier:
        return np.where(counts, y, (y + 1) % 3)
    return np.where(counts, y, np.where(np.arange(len(y)) % 2, 1e200, -1e200))


def assert_same_networks(one, other):
    for name in (
        "coefs_",
        "intercepts_",
        "loss_",
        "loss_curve_",
        "validation_scores_",
        "validation_loss_curve_",
        "best_validation_score_",
    ):
        mine, theirs = getattr(one, name, None), getattr(other, name, None)
        assert (mine is None) == (theirs is None)
        assert_array_equal(flat(mine), flat(theirs), err_msg=name)
    assert np.isfinite(flat(one.coefs_)).all()
    if hasattr(one, "oof_score_"):
        assert_array_equal(one.oof_score_, other.oof_score_)
        assert np.isfinite(one.oof_score_)
        assert_array_equal(one.oof_prediction_[COUNTS], other.oof_prediction_[COUNTS])


SPARSE = [(*case, True) for case in PLAIN_CASES if case[1] in ("adam", "lbfgs", "loss", "folds")]


@pytest.mark.parametrize(
    ("kind", "name", "parameters", "sparse"), [(*case, False) for case in PLAIN_CASES] + SPARSE
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_rows_of_weight_0_hold_is_without_effect_in_drop_ins(kind, name, parameters, sparse):
    y = plain_target(kind)
    stratifies = kind is NumpyMLPClassifier and parameters.get("early_stopping")
    size = 1e30 if "dtype" in parameters else 1e200
    convert = sp.csr_matrix if sparse else np.asarray
    expected = plain(kind, **parameters).fit(convert(PLAIN), y, WEIGHT)
    wild = convert(wild_rows(PLAIN, COUNTS, size))
    other = plain(kind, **parameters).fit(wild, y, WEIGHT)
    assert_same_networks(other, expected)
    # What a split is stratified by is the label of every row, as in scikit-learn; KFold is not.
    if not stratifies or "resample" in parameters:
        wild_y = wild_targets(kind, y, COUNTS)
        other = plain(kind, **parameters).fit(convert(PLAIN), wild_y, WEIGHT)
        assert_same_networks(other, expected)


@pytest.mark.parametrize(("kind", "name", "parameters"), PLAIN_CASES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_rows_to_validate_by_of_weight_0_are_without_effect(kind, name, parameters):
    if parameters.get("resample") == "bootstrap":
        parameters = parameters | {"early_stopping": False}
    y = plain_target(kind)
    size = 1e30 if "dtype" in parameters else 1e200
    expected, other = (plain(kind, **parameters) for _ in range(2))
    expected.fit(PLAIN, y, X_val=PLAIN, y_val=y, sample_weight_val=WEIGHT)
    other.fit(
        PLAIN,
        y,
        X_val=wild_rows(PLAIN, COUNTS, size),
        y_val=wild_targets(kind, y, COUNTS),
        sample_weight_val=WEIGHT,
    )
    assert_same_networks(other, expected)


OUT_OF_RANGE = {"gamma": (0.0, -3.0), "poisson": (-1.0, -1e200)}


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("loss", OUT_OF_RANGE)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_targets_of_weight_0_may_be_out_of_range(loss, solver):
    y = np.exp(VALUES / 4)
    expected = plain(NumpyMLPRegressor, loss=loss, solver=solver).fit(PLAIN, y, WEIGHT)
    for value in OUT_OF_RANGE[loss]:
        wrong = np.where(COUNTS, y, value)
        other = plain(NumpyMLPRegressor, loss=loss, solver=solver).fit(PLAIN, wrong, WEIGHT)
        assert_same_networks(other, expected)
        for kind in (NumpyMLPRegressor, TabularMLPRegressor):
            with pytest.raises(ValueError, match=f"out of the valid range of the loss '{loss}'"):
                kind(loss=loss).fit(PLAIN, wrong)
            with pytest.raises(ValueError, match=f"out of the valid range of the loss '{loss}'"):
                kind(loss=loss).fit(PLAIN, wrong, np.where(np.arange(N_ROWS), 1.0, 0.0))
            with pytest.raises(ValueError, match=f"out of the valid range of the loss '{loss}'"):
                kind(loss=loss, max_iter=2).fit(PLAIN, y, X_val=PLAIN, y_val=wrong)
        validated = plain(NumpyMLPRegressor, loss=loss, solver=solver)
        validated.fit(PLAIN, y, X_val=PLAIN, y_val=wrong, sample_weight_val=WEIGHT)
        assert np.isfinite(validated.validation_scores_).all()


@pytest.mark.parametrize("loss", [*OUT_OF_RANGE, "squared_error"])
def test_partial_fit_by_what_rows_of_weight_0_hold(loss):
    y = np.exp(VALUES / 4)
    wrong = np.where(COUNTS, y, -5.0)
    expected, other = (plain(NumpyMLPRegressor, loss=loss).partial_fit(PLAIN, y) for _ in range(2))
    expected.partial_fit(PLAIN, y, WEIGHT)
    other.partial_fit(wild_rows(PLAIN, COUNTS), wrong, WEIGHT)
    assert_same_networks(other, expected)
    # None of them counts.
    other.partial_fit(PLAIN * 1e200, -y, np.zeros(N_ROWS))
    assert_same_networks(other, expected)


@pytest.mark.parametrize("kind", DROP_INS)
def test_nan_of_weight_0_is_an_error_of_the_drop_ins(kind):
    X, y = PLAIN.copy(), plain_target(kind).astype(float)
    X[np.flatnonzero(~COUNTS)[0]] = np.nan
    with pytest.raises(ValueError, match="X contains NaN"):
        plain(kind).fit(X, y, WEIGHT)
    y[np.flatnonzero(~COUNTS)[0]] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        plain(kind).fit(PLAIN, y, WEIGHT)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_drop_ins_count_classes_of_weight_0_and_predict_their_rows():
    y = np.where(COUNTS, np.minimum(CLASSES, 1), 2)
    model = plain(NumpyMLPClassifier, n_members=3, resample=KFold(3)).fit(PLAIN, y, WEIGHT)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.oof_prediction_.shape == (N_ROWS, 3)
    members = model.predict_members(PLAIN)
    for k, (_, test) in enumerate(KFold(3).split(PLAIN)):
        assert_allclose(model.oof_prediction_[test], members[k][test], rtol=1e-12)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", DROP_INS)
def test_splits_stratified_by_labels_of_weight_0_remain(kind):
    # What cannot be without effect: the split is scikit-learn's, which goes by every label.
    splitter = StratifiedShuffleSplit(3, test_size=0.3, random_state=0)
    y = CLASSES if kind is NumpyMLPClassifier else CLASSES.astype(float)
    model = plain(kind, n_members=3, resample=splitter).fit(PLAIN, y, WEIGHT)
    held_out = [test for _, test in splitter.split(PLAIN, y)]
    known = np.zeros(N_ROWS, bool)
    known[np.concatenate(held_out)] = True
    prediction = model.oof_prediction_.reshape(N_ROWS, -1)
    assert_array_equal(np.isnan(prediction).any(axis=1), ~known)
