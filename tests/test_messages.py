"""Errors and warnings name the estimator that the user has."""

import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor, TabularPreprocessor

ROWS = np.arange(60)
FRAME = pd.DataFrame(
    {"size": ROWS * 7 % 13, "colour": np.where(ROWS % 3, "red", "blue"), "age": ROWS / 9}
)
TARGET = ROWS * 7 % 13 > 6
FITS = {
    "frame": FRAME,
    "polars": pl.DataFrame(FRAME.to_dict("list")),
    "array": FRAME.to_numpy(dtype=object),
    "numbers": FRAME[["size", "age"]].to_numpy(),
    "numbered": FRAME.set_axis([0, 1, 2], axis=1),
}
KINDS = [TabularMLPClassifier, TabularMLPRegressor]
USES = {
    TabularMLPClassifier: [
        "predict",
        "predict_proba",
        "predict_log_proba",
        "predict_members",
        "score",
        "validate",
        "pipeline",
    ],
    TabularMLPRegressor: ["predict", "predict_members", "score", "validate", "pipeline"],
    TabularPreprocessor: ["transform"],
}
BAD = {
    "no names": ("frame", lambda X: X.to_numpy(dtype=object)),
    "no names from polars": ("polars", lambda X: X.to_numpy()),
    "names after none": ("array", lambda X: FRAME),
    "names after numbers": ("numbered", lambda X: FRAME),
    "fewer": ("frame", lambda X: X[["size", "colour"]]),
    "fewer of polars": ("polars", lambda X: X.select("size")),
    "fewer of an array": ("array", lambda X: X[:, :2]),
    "fewer numbers": ("numbers", lambda X: X[:, :1]),
    "more": ("frame", lambda X: X.assign(more=1)),
    "more of an array": ("array", lambda X: np.hstack([X, X])),
    "other order": ("frame", lambda X: X[["age", "size", "colour"]]),
    "other order of polars": ("polars", lambda X: X.select("age", "size", "colour")),
    "other names": ("frame", lambda X: X.rename(columns={"age": "years"})),
    "names half text": ("frame", lambda X: X.rename(columns={"age": 3})),
    "one column": ("array", lambda X: X[:, 0]),
    "no rows": ("frame", lambda X: X[:0]),
    "no rows of an array": ("array", lambda X: X[:0]),
    "no columns": ("frame", lambda X: X[[]]),
    "infinity": ("frame", lambda X: X.assign(age=np.inf)),
    "text": ("frame", lambda X: X.assign(age="x")),
    "dates": ("frame", lambda X: X.assign(age=pd.Timestamp("2020-01-01"))),
    "lists": ("frame", lambda X: X.assign(colour=[[1]] * len(X))),
    "complex": ("numbers", lambda X: X * 1j),
    "numbers for text": ("frame", lambda X: X.assign(colour=1.0)),
}
# Of which scikit-learn says whom they do not fit.
NAMING = {
    "no names",
    "no names from polars",
    "names after none",
    "names after numbers",
    "fewer of an array",
    "fewer numbers",
    "more of an array",
}


def make(kind, **parameters):
    if kind is TabularPreprocessor:
        return kind(**parameters)
    small = {"n_members": 1, "hidden_layer_sizes": (2,), "max_iter": 1, "random_state": 0}
    return kind("fast", **small | parameters)


def said(action):
    """Return what is warned of and raised."""
    messages = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            action()
        except Exception as error:
            messages.append(f"{type(error).__name__}: {error}")
    return messages + [str(one.message) for one in caught]


def use(model, how, X):
    if how == "score":
        return model.score(X, TARGET[: len(X)])
    if how == "validate":
        return model.fit(FITS[model.fitted_to], TARGET, X_val=X, y_val=TARGET[: len(X)])
    if how == "pipeline":
        return make_pipeline("passthrough", model).predict(X)
    return getattr(model, how)(X)


def assert_names(messages, kind):
    for message in messages:
        names = set(re.findall(r"Tabular\w+", message))
        assert names <= {kind.__name__}, message


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    ("kind", "how"), [(kind, how) for kind, names in USES.items() for how in names]
)
def test_predicting_names_the_estimator(kind, how, bad):
    fitted_to, change = BAD[bad]
    good = FITS[fitted_to]
    model = make(kind).fit(good, TARGET)
    model.fitted_to = fitted_to
    messages = said(lambda: use(model, how, change(good)))
    assert messages, "nothing is wrong with it"
    assert_names(messages, kind)
    if bad in NAMING:
        assert kind.__name__ in messages[0]


@pytest.mark.parametrize("fitted_to", FITS)
@pytest.mark.parametrize("kind", [*KINDS, TabularPreprocessor])
def test_nothing_is_said_of_what_is_right(kind, fitted_to):
    model = make(kind).fit(FITS[fitted_to], TARGET)
    for how in USES[kind]:
        model.fitted_to = fitted_to
        assert said(lambda how=how: use(model, how, FITS[fitted_to])) == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"categorical_features": value}
        for value in (
            "dtype", 3, True, ["size", 1], ["weight"], [7], [-1], [True], [1.5], [None], {"size": 1}
        )
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("kind", [*KINDS, TabularPreprocessor])
def test_parameters_name_the_estimator(kind, parameters):
    messages = said(lambda: make(kind, **parameters).fit(FRAME, TARGET))
    assert messages
    assert "categorical_features" in messages[0]
    assert_names(messages, kind)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("kind", [*KINDS, TabularPreprocessor])
def test_fitting_names_the_estimator(kind, bad):
    fitted_to, change = BAD[bad]
    X = change(FITS[fitted_to])
    messages = said(lambda: make(kind).fit(X, TARGET[: len(X)]))
    assert_names(messages, kind)


@pytest.mark.parametrize(
    ("kind", "how"),
    # The others fit, or are not the estimator's own.
    [(kind, how) for kind in USES for how in USES[kind] if how not in ("validate", "pipeline")],
)
def test_an_unfitted_model_names_the_estimator(kind, how):
    with pytest.raises(NotFittedError, match=rf"^This {kind.__name__} instance is not fitted"):
        use(make(kind), how, FRAME)


@pytest.mark.parametrize("kind", KINDS)
def test_the_preprocessor_by_itself_names_itself(kind):
    model = make(kind).fit(FRAME, TARGET)
    messages = said(lambda: model.preprocessor_.transform(FRAME.to_numpy(dtype=object)))
    assert messages == [
        "X does not have valid feature names, but TabularPreprocessor was fitted with feature names"
    ]
    with config_context(transform_output="pandas"):
        assert said(lambda: model.predict(FRAME)) == []
