"""Splitters see the rows that count, and what they cannot make of these is an error."""

import numpy as np
import pytest
from helpers.weighted_tables import (
    COUNTS,
    EVERY,
    FOLD,
    GROUPS,
    LABELS,
    N_ROWS,
    NUMBERS,
    TABULAR,
    WEIGHT,
    assert_same_fit,
    frame,
    quick,
    rows,
    target_of,
)
from numpy.testing import assert_array_equal
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    check_cv,
)

from sknumpynet import (
    StackedGridSearchCV,
    TabularMLPClassifier,
    TabularMLPRegressor,
    stacked_cross_validate,
)


def by_fold(fold):
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]


class OwnTable:
    """Splits that are written down, in masks, and checked against the rows."""

    def __init__(self, fold):
        self.fold = fold

    def get_n_splits(self, X=None, y=None, groups=None):
        return 3

    def split(self, X, y=None, groups=None):
        assert len(X) == len(self.fold)
        return [((self.fold != k).tolist(), (self.fold == k).tolist()) for k in range(3)]


class OwnDraw:
    """Splits that are drawn from as many rows as there are, from a source that moves."""

    def __init__(self):
        self.random_state = np.random.RandomState(0)

    def get_n_splits(self, X=None, y=None, groups=None):
        return 3

    def split(self, X, y=None, groups=None):
        for _ in range(3):
            order = self.random_state.permutation(len(X))
            yield order[10:], order[:10]


# What makes the splitter for some rows, and whether it takes groups.
SPLITTERS = {
    "KFold": (lambda rows: KFold(3), False),
    "shuffled KFold": (lambda rows: KFold(3, shuffle=True, random_state=0), False),
    "StratifiedKFold": (lambda rows: StratifiedKFold(3), False),
    "ShuffleSplit": (lambda rows: ShuffleSplit(3, test_size=9, random_state=0), False),
    "TimeSeriesSplit": (lambda rows: TimeSeriesSplit(3), False),
    "GroupKFold": (lambda rows: GroupKFold(3), True),
    "PredefinedSplit": (lambda rows: PredefinedSplit(FOLD[rows]), False),
    "PredefinedSplit, some never held out": (
        lambda rows: PredefinedSplit(np.where(np.arange(N_ROWS) % 5, FOLD, -1)[rows]),
        False,
    ),
    "list of splits": (lambda rows: check_cv(by_fold(FOLD[rows])), False),
    "own table": (lambda rows: OwnTable(FOLD[rows]), False),
    "own draw": (lambda rows: OwnDraw(), False),
}


@pytest.mark.parametrize("splitter", SPLITTERS)
@pytest.mark.parametrize("kind", TABULAR)
def test_splits_are_those_of_the_rows_that_count(kind, splitter):
    if kind is TabularMLPRegressor and splitter == "StratifiedKFold":
        pytest.skip("for labels")
    make, takes_groups = SPLITTERS[splitter]
    X, y = frame(), target_of(kind)
    model = quick(kind, resample=make(EVERY))
    model.fit(X, y, WEIGHT, **({"groups": GROUPS} if takes_groups else {}))
    expected = quick(kind, resample=make(COUNTS)).fit(
        rows(X, COUNTS),
        y[COUNTS],
        WEIGHT[COUNTS],
        **({"groups": GROUPS[COUNTS]} if takes_groups else {}),
    )
    assert_same_fit(model, expected, COUNTS, X)


def test_an_instance_that_splitters_draw_from_is_drawn_from_once():
    X, sources = frame(), [np.random.RandomState(0) for _ in range(2)]
    for source, chosen in zip(sources, (EVERY, COUNTS), strict=True):
        model = quick(TabularMLPRegressor, resample=KFold(3, shuffle=True, random_state=source))
        model.fit(rows(X, chosen), NUMBERS[chosen], WEIGHT[chosen])
    assert sources[0].randint(2**31) == sources[1].randint(2**31)


@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", "loss"])
def test_searches_cut_weights_by_folds(scoring):
    X = frame()
    model = quick(TabularMLPClassifier, scoring=scoring)
    grid = {"learning_rate_init": [0.01, 0.1]}
    wild = X.assign(size=np.where(COUNTS, X["size"], np.inf))
    splits = by_fold(FOLD)
    scored = [(train, test[COUNTS[test]]) for train, test in splits]  # infinity is no cell
    absent = [(train[COUNTS[train]], test) for train, test in scored]
    search = StackedGridSearchCV(model, grid, cv=scored, refit=False)
    search.fit(wild, LABELS, sample_weight=WEIGHT)
    assert search.stacking_report_["alone"] == []
    expected = StackedGridSearchCV(model, grid, cv=absent, refit=False)
    expected.fit(X, LABELS, sample_weight=WEIGHT)
    for k in range(3):
        name = f"split{k}_test_score"
        assert_array_equal(search.cv_results_[name], expected.cv_results_[name])


def test_splits_within_a_search_are_those_of_the_rows_that_count():
    X = frame()
    model = quick(TabularMLPRegressor, resample=GroupKFold(3))
    splits = by_fold(FOLD)
    results = stacked_cross_validate(
        model,
        X,
        NUMBERS,
        cv=splits,
        params={"sample_weight": WEIGHT, "groups": GROUPS},
        return_estimator=True,
    )
    for (train, _), found in zip(splits, results["estimator"], strict=True):
        kept = train[COUNTS[train]]
        alone = quick(TabularMLPRegressor, resample=GroupKFold(3))
        alone.fit(X.iloc[kept], NUMBERS[kept], WEIGHT[kept], groups=GROUPS[kept])
        assert_array_equal(found.predict(X), alone.predict(X))
        assert len(found.oof_prediction_) == len(train)


@pytest.mark.parametrize(
    ("fold", "match"),
    [
        (np.where(COUNTS, 0, np.arange(N_ROWS) % 3), "no rows to train on"),
        (np.where(COUNTS, np.arange(N_ROWS) % 2, 2), "holds out no rows"),
    ],
)
def test_members_without_rows_that_count_are_refused(fold, match):
    X = frame()
    model = quick(TabularMLPRegressor, resample=PredefinedSplit(fold))
    with pytest.raises(ValueError, match=f"PredefinedSplit.*{match}"):
        model.fit(X, NUMBERS, WEIGHT)
    if "holds" in match:
        # Where rows are given to validate by, none need be held out.
        model.fit(X, NUMBERS, WEIGHT, X_val=X, y_val=NUMBERS)
        assert np.isfinite(model.oof_prediction_[COUNTS]).all()
        assert np.isnan(model.oof_prediction_[~COUNTS]).all()


@pytest.mark.parametrize(
    ("splitter", "match"),
    [
        (KFold(90), "n_splits=90 greater than the number of samples: n_samples=55"),
        (KFold(60), "KFold.*holds out no rows to judge a member by, once those of weight 0"),
        (GroupKFold(3), "'groups' parameter should not be None"),
        (KFold(4), "makes 4 splits"),
    ],
)
def test_splits_that_cannot_be_made_are_an_error(splitter, match):
    model = quick(TabularMLPRegressor, resample=splitter)
    if splitter.n_splits == 60:
        model.set_params(n_members=60)
    with pytest.raises(ValueError, match=match):
        model.fit(frame(), NUMBERS, WEIGHT)
