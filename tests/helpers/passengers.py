"""Tables of passengers, invented, and estimators for tables that are quickly fitted."""

from functools import cache

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor

KINDS = [TabularMLPClassifier, TabularMLPRegressor]


@cache
def titanic(n_rows=240):
    """An invented frame with columns of the kinds that titanic's has."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["male", "female"], n_rows)
    passenger_class = rng.choice([1, 2, 3], n_rows)
    frame = pd.DataFrame(
        {
            "pclass": passenger_class,
            "name": [f"passenger {i}" for i in range(n_rows)],
            "ticket": [f"ticket {i}" for i in rng.integers(50, size=n_rows)],
            "sex": sex,
            "age": np.where(rng.random(n_rows) < 0.2, np.nan, rng.integers(1, 80, n_rows)),
            "sibsp": rng.integers(0, 4, n_rows),
            "fare": np.exp(rng.normal(3, 1, n_rows)),
            "cabin": pd.Series(rng.choice(["A1", "B2", None], n_rows), dtype="object"),
            "embarked": pd.Categorical(rng.choice(["S", "C", "Q"], n_rows)),
            "adult": rng.random(n_rows) < 0.5,
            "body": np.full(n_rows, np.nan),
            "ship": "Titanic",
        }
    )
    logit = 2.5 * (sex == "female") - 1.0 * (passenger_class - 2) - 1.2
    return frame, (rng.random(n_rows) < 1 / (1 + np.exp(-logit))).astype(int)


def target_of(kind):
    frame, survived = titanic()
    return survived if kind is TabularMLPClassifier else survived + 0.1 * frame.age.fillna(30)


def quick(kind, **parameters):
    return kind("fast", **{"max_iter": 4, "random_state": 0} | parameters)


def outputs(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


@cache
def fitted(kind):
    return quick(kind).fit(titanic()[0], target_of(kind))


def score_of(model, X, y):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    return model.fit(X_train, y_train).score(X_test, y_test)
