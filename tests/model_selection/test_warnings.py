"""Searches that overlap in threads leave warnings as they were, and warn of what is shared once."""

import json
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers.scripts import NUMPY, TABULAR, X, Y, run_as_script
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sknumpynet import (
    NumpyMLPClassifier,
    StackedGridSearchCV,
    TabularMLPClassifier,
    stacked_cross_validate,
)

pytestmark = pytest.mark.oldest


def warns(rows):
    warnings.warn("a step warns", UserWarning, stacklevel=1)
    return rows


def as_column(targets):
    return targets[:, np.newaxis]  # of which scikit-learn's validation warns


NETWORK = NumpyMLPClassifier(**NUMPY)

PIPELINE = make_pipeline(FunctionTransformer(warns), NETWORK)

WARNING_FITS = {
    "search": lambda: StackedGridSearchCV(NETWORK, {"alpha": [0.1, 1.0]}, cv=2).fit(X, Y),
    "search that warns": lambda: StackedGridSearchCV(NETWORK, {"alpha": [0.1, 1.0]}, cv=2).fit(
        X, as_column(Y)
    ),
    "search of tables": lambda: StackedGridSearchCV(
        TabularMLPClassifier(**TABULAR), {"weight_decay": [0.1, 1.0]}, cv=2
    ).fit(X, Y),
    "pipeline": lambda: StackedGridSearchCV(
        PIPELINE, {"numpymlpclassifier__alpha": [0.1, 1.0]}, cv=2
    ).fit(X, Y),
    "cross-validation": lambda: stacked_cross_validate(NETWORK, X, Y, cv=2),
    "cross-validation of a pipeline": lambda: stacked_cross_validate(
        PIPELINE, X, as_column(Y), cv=2
    ),
}

# What scikit-learn's own checks filter for a moment, which threads may leave behind too.
OF_SCIKIT_LEARN = {"VisibleDeprecationWarning", "ComplexWarning", "FutureWarning"}


def comparable(filters):
    """scikit-learn's own loop puts compiled patterns for plain ones, and drops repeated ones."""
    return {
        tuple(str(getattr(part, "pattern", part)) if part is not None else "" for part in line)
        for line in filters
    }


def report_warnings():
    shown = []
    warnings.showwarning = lambda message, *args, **kwargs: shown.append(str(message))
    printing = warnings._showwarnmsg_impl, warnings.showwarning
    filters = comparable(warnings.filters)
    report = {}
    for name, fit in WARNING_FITS.items():
        for _ in range(5):
            with ThreadPoolExecutor(4) as executor:
                for done in [executor.submit(fit) for _ in range(4)]:
                    done.result()
        shown.clear()
        warnings.warn(f"after {name}", UserWarning, stacklevel=1)
        same = [warnings._showwarnmsg_impl is printing[0], warnings.showwarning is printing[1]]
        others = [line for line in warnings.filters if line[2].__name__ not in OF_SCIKIT_LEARN]
        added = sorted(comparable(others) - filters)
        report[name] = [same, added, shown.copy()]
    return report


@pytest.fixture(scope="module")
def reported_warnings():
    return run_as_script(__file__)


@pytest.mark.parametrize("name", WARNING_FITS)
def test_searches_leave_warnings_as_they_were(reported_warnings, name):
    same, added, shown = reported_warnings[name]
    assert same == [True, True]
    assert added == []
    assert shown == [f"after {name}"]


GRID = {"alpha": [0.1, 1.0, 2.0]}


def count(estimator, targets, message, action="always"):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.filterwarnings(action, message)
        names = {f"{estimator.steps[-1][0]}__{k}" if hasattr(estimator, "steps") else k: v
                 for k, v in GRID.items()}  # fmt: skip
        StackedGridSearchCV(estimator, names, cv=2, refit=False, n_jobs=1).fit(X, targets)
    return len(caught)


@pytest.mark.parametrize(
    ("estimator", "targets", "message"),
    [
        (PIPELINE, Y, "a step warns"),
        (NETWORK, as_column(Y), "A column-vector y"),
        (PIPELINE, as_column(Y), "A column-vector y"),
    ],
    ids=["step", "targets", "targets of a pipeline"],
)
def test_what_is_shared_warns_once_for_each_split(estimator, targets, message):
    # Steps also run, and warn, when rows are scored.
    scored = 2 * len(GRID["alpha"]) if message == "a step warns" else 0
    assert count(estimator, targets, message) == 2 + scored
    assert count(estimator, targets, message, "ignore") == 0


class WarningScaler(FunctionTransformer):
    """Warns in ``fit`` only."""

    def fit(self, X, y=None):
        warnings.warn("a step warns", UserWarning, stacklevel=1)
        return super().fit(X, y)


@pytest.mark.parametrize("error_score", ["raise", np.nan])
def test_warnings_as_errors_are_errors_of_the_fit(error_score):
    pipeline = make_pipeline(WarningScaler(), NETWORK)
    search = StackedGridSearchCV(
        pipeline,
        {"numpymlpclassifier__alpha": [0.1, 1.0]},
        cv=2,
        refit=False,
        error_score=error_score,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", "a step warns")
        expected = UserWarning if error_score == "raise" else ValueError
        with pytest.raises(expected, match="a step warns"):
            search.fit(X, Y)


if __name__ == "__main__":
    print(json.dumps(report_warnings()))
