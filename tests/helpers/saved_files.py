"""Models of every kind that files hold, small, and files that were tampered with."""

import io
import json
import warnings
import zipfile
from functools import cache

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.model_selection import GroupKFold

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    load_model,
)
from sknumpynet.core.losses import HuberLoss
from sknumpynet.utils.files import Archive, write_archive

X = load_iris().data[:, 1:]
CLASSES = load_iris().target_names[load_iris().target]
NUMBERS = load_iris().data[:, 0]
LABELS = np.stack([X[:, 0] > 3, X[:, 1] > 4], axis=1).astype(int)

SMALL = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
TABLE = {"preset": "fast", "n_members": 2, "n_background": 5, **SMALL}


def table(n_rows=100):
    """Return columns of every kind, with gaps."""
    rng = np.random.default_rng(0)
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta"]
    hours = pd.to_timedelta(rng.integers(0, 20_000, n_rows), unit="h")
    return pd.DataFrame(
        {
            "number": rng.normal(size=n_rows),
            "gaps": np.where(rng.random(n_rows) < 0.2, np.nan, rng.normal(size=n_rows)),
            "größe": rng.integers(0, 3, n_rows),
            "colour": pd.Categorical(rng.choice(["red", "green", "blue"], n_rows)),
            "site": rng.choice([f"site {k}" for k in range(11)], n_rows),
            "room": rng.choice([f"room {k}" for k in range(12)], n_rows),
            "flag": rng.random(n_rows) < 0.5,
            "day": pd.Timestamp("2024-01-01", tz="Europe/Paris") + hours,
            "price": [f"${own:.2f}" if own > 5 else "n/a" for own in rng.random(n_rows) * 100],
            "note": [" ".join(rng.choice(words, 5)) for _ in range(n_rows)],
        }
    )


def wide(n_rows=60):
    """Return more columns than a network sees."""
    return pd.DataFrame(np.random.default_rng(0).normal(size=(n_rows, 1_100)).astype("float32"))


# What is fitted to what; each differs in what a file holds.
CASES = {
    "classifier": lambda: (NumpyMLPClassifier(**SMALL), X, CLASSES),
    "two classes": lambda: (NumpyMLPClassifier(**SMALL, dtype="float32"), X, CLASSES == "setosa"),
    "one class": lambda: (NumpyMLPClassifier(**SMALL), X, np.zeros(len(X))),
    "labels": lambda: (NumpyMLPClassifier(**SMALL), X, LABELS),
    "objects": lambda: (NumpyMLPClassifier(**SMALL), X, CLASSES.astype(object)),
    "sgd": lambda: (
        NumpyMLPClassifier(**SMALL, solver="sgd", early_stopping=True, class_weight={"setosa": 2}),
        X,
        CLASSES,
    ),
    "lbfgs": lambda: (NumpyMLPRegressor(**SMALL, solver="lbfgs", activation="gelu"), X, NUMBERS),
    "outputs": lambda: (NumpyMLPRegressor(**SMALL, loss=HuberLoss(2.0)), X, X[:, :2]),
    "quantiles": lambda: (
        NumpyMLPRegressor(**SMALL, loss="quantile", quantile=np.array([0.1, 0.9])),
        X,
        NUMBERS,
    ),
    "ensemble": lambda: (NumpyMLPClassifier(**SMALL, n_members=3), X, CLASSES),
    "bootstrap": lambda: (
        NumpyMLPRegressor(**SMALL, n_members=2, resample="bootstrap"),
        X,
        NUMBERS,
    ),
    "folds": lambda: (NumpyMLPRegressor(**SMALL, n_members=2, resample="folds"), X, NUMBERS),
    "no hidden layers": lambda: (
        NumpyMLPRegressor(**{**SMALL, "hidden_layer_sizes": ()}),
        pd.DataFrame(X, columns=["a", "b", "c"]),
        NUMBERS,
    ),
    "table, classes": lambda: (TabularMLPClassifier(**TABLE), table(), CLASSES[:100]),
    "table, three classes": lambda: (
        TabularMLPClassifier(**TABLE, class_weight="balanced"),
        table(),
        CLASSES[::2][:75].tolist() + ["virginica"] * 25,
    ),
    "table, labels": lambda: (TabularMLPClassifier(**TABLE), table(), LABELS[:100]),
    "table, numbers": lambda: (TabularMLPRegressor(**TABLE), table(), NUMBERS[:100]),
    "table, outputs": lambda: (TabularMLPRegressor(**TABLE), table(), X[:100]),
    "table, quantiles": lambda: (
        TabularMLPRegressor(**TABLE, loss="quantile", quantile=[0.1, 0.9]),
        table(),
        NUMBERS[:100],
    ),
    "table, monotone": lambda: (
        TabularMLPRegressor(**TABLE, monotonic_cst={"number": 1}),
        table(),
        NUMBERS[:100],
    ),
    "table, kinds": lambda: (
        TabularMLPRegressor(
            **TABLE, column_kinds={"größe": "category"}, conformal=False, loss="poisson"
        ),
        table(),
        NUMBERS[:100],
    ),
    "table, an array": lambda: (TabularMLPClassifier(**TABLE), X, CLASSES),
    "table, calibrated": lambda: (
        TabularMLPClassifier(**TABLE, calibrate="temperature"),
        X,
        CLASSES,
    ),
    "table, parts": lambda: (TabularMLPRegressor(**TABLE), table(), NUMBERS[:100]),
    "table, one member": lambda: (
        TabularMLPRegressor(**{**TABLE, "n_members": 1}),
        table(),
        NUMBERS[:100],
    ),
    "table, wide": lambda: (
        TabularMLPClassifier(**{**TABLE, "n_background": 0}),
        wide(),
        CLASSES[:60],
    ),
}


@cache
def case(name):
    """Return a fitted model, and its rows."""
    model, rows, y = CASES[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few epochs, and of prices that are text
        model.fit(rows, y)
        if name == "table, parts":
            model.partial_fit(rows, y)
        return model, rows, y


def of_groups():
    """Return a model whose splitter is an object."""
    model = NumpyMLPRegressor(**SMALL, n_members=2, resample=GroupKFold(2))
    return model.fit(X, NUMBERS, groups=np.arange(len(X)) % 4)


def saved(model):
    """Return the bytes of a model's file."""
    file = io.BytesIO()
    model.save_model(file)
    return file.getvalue()


def loaded(data):
    """Return the model that a file's bytes hold."""
    return load_model(io.BytesIO(data))


def parts_of(data):
    """Return a file's document and arrays."""
    archive = Archive(io.BytesIO(data))
    with zipfile.ZipFile(io.BytesIO(data)) as names:
        arrays = {name: archive.array(name) for name in names.namelist() if name[-4:] == ".npy"}
    return archive.document(), arrays


def assembled(document, arrays):
    """Return the bytes of a file of these parts."""
    file = io.BytesIO()
    write_archive(file, document, arrays)
    return file.getvalue()


def places(node, at=()):
    """Return where something stands in a document, the whole first."""
    yield at
    items = ()
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    for key, inner in items:
        yield from places(inner, (*at, key))


def replaced(document, at, value):
    """Return a copy of a document with another value at a place."""
    document = json.loads(json.dumps(document))
    if not at:
        return value
    node = document
    for key in at[:-1]:
        node = node[key]
    node[at[-1]] = value
    return document


def predictions(model, rows):
    """Return all that a model predicts, by method."""
    found = {"predict": model.predict(rows), "members": model.predict_members(rows)}
    if hasattr(model, "predict_proba"):
        found["predict_proba"] = model.predict_proba(rows)
    if hasattr(model, "_conformal"):
        is_regressor = hasattr(model, "predict_interval")
        several = not is_regressor and model._label_binarizer.y_type_.startswith("multilabel")
        if not several:
            bounds = model.predict_interval if is_regressor else model.predict_set
            found["bounds"] = bounds(rows, 0.5)
    if hasattr(model, "background_"):
        found["explanation"] = model.explain(rows[:2], n_permutations=2).values
    return found
