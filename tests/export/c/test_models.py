"""Drop-ins, pipelines, and what is refused, by its name."""

import numpy as np
import pandas as pd
import pytest
from helpers.c_models import assert_same_probabilities, assert_same_values, needs_gcc
from helpers.networks import KINDS, Sine, make, problem
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularPreprocessor,
)
from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.export import to_c

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = problem(NumpyMLPClassifier)
X_NUMBERS, NUMBERS = problem(NumpyMLPRegressor)


@needs_gcc
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_activations_of_several_layers(kind, dtype, tmp_path):
    rows, y = problem(kind)
    names = [name for name in ACTIVATIONS if name != "relu"]
    model = make(kind, hidden_layer_sizes=(5,) * len(names), activation=names, n_members=2)
    model.fit(rows.astype(dtype), y)
    if kind is NumpyMLPClassifier:
        assert_same_probabilities(model, rows, tmp_path, atol=1e-12)
    else:
        assert_same_values(model, rows, tmp_path, spread=1.0, atol=1e-12)


@needs_gcc
def test_weights_that_users_changed(tmp_path):
    model = make(NumpyMLPRegressor).fit(X_NUMBERS, NUMBERS)
    model.coefs_[0][:] = 0.25
    model.intercepts_[-1][:] = 7.0
    assert_same_values(model, X_NUMBERS, tmp_path, spread=1.0, atol=1e-12)


SCALERS = {
    "standard": [StandardScaler()],
    "mean only": [StandardScaler(with_std=False)],
    "deviation only": [StandardScaler(with_mean=False)],
    "robust": [RobustScaler()],
    "neither": [RobustScaler(with_centering=False, with_scaling=False)],
    "range": [MinMaxScaler((-2, 3))],
    "clipped range": [MinMaxScaler(clip=True)],
    "largest": [MaxAbsScaler()],
    "several": ["passthrough", make_pipeline(MinMaxScaler(), RobustScaler()), StandardScaler()],
    "table": [TabularPreprocessor()],
    "table in double precision, scaled": [TabularPreprocessor(dtype="float64"), StandardScaler()],
}


@needs_gcc
@pytest.mark.parametrize("name", SCALERS)
def test_pipelines(name, tmp_path):
    frame = pd.DataFrame(X_NUMBERS * 100 - 3).add_prefix("column ")
    model = make_pipeline(*SCALERS[name], make(NumpyMLPRegressor)).fit(frame[:90], NUMBERS[:90])
    # Rows beyond those of `fit` leave its range.
    tolerance = 1e-6 if name == "table" else 1e-12
    in_c = assert_same_values(model, frame * 1.5, tmp_path, spread=1.0, atol=tolerance)
    assert '"column 0"' in in_c.text


class OwnScaler(StandardScaler):
    pass


TEXTS = np.array([f"some free text no {k} {k % 7 * 'so'}" for k in range(len(X))], dtype=object)
ROWS = {
    "text": pd.DataFrame({"size": X[:, 0], "the note": TEXTS}),
    "level": pd.DataFrame({"size": X[:, 0], "the mark": np.where(Y, "a\0b", "c")}),
    "levels": pd.DataFrame({"the mark": np.array(["0.5", 0.5, "c"] * 40, dtype=object)}),
}
REFUSED = {
    "forest": (
        RandomForestClassifier(2),
        TypeError,
        "is needed, got a RandomForestClassifier",
    ),
    "search": (
        GridSearchCV(make(NumpyMLPClassifier), {"alpha": [0.1]}, cv=2),
        TypeError,
        "got a GridSearchCV: export its best_estimator_",
    ),
    "step": (
        make_pipeline(StandardScaler(), PCA(2), make(NumpyMLPClassifier)),
        NotImplementedError,
        "the step 'pca', a PCA, has no form in C before a NumpyMLPClassifier; those that have",
    ),
    "inner step": (
        make_pipeline(make_pipeline(PowerTransformer()), make(NumpyMLPClassifier)),
        NotImplementedError,
        "the step 'pipeline__powertransformer', a PowerTransformer,",
    ),
    "subclass": (
        make_pipeline(OwnScaler(), make(NumpyMLPClassifier)),
        NotImplementedError,
        "the step 'ownscaler', a OwnScaler",
    ),
    "columns": (
        make_pipeline(ColumnTransformer([("a", "passthrough", [0])]), make(NumpyMLPClassifier)),
        NotImplementedError,
        "the step 'columntransformer', a ColumnTransformer",
    ),
    "table after a step": (
        make_pipeline(StandardScaler(), TabularMLPClassifier("fast", n_members=2, max_iter=1)),
        NotImplementedError,
        "the step 'standardscaler', a StandardScaler, has no form in C before a TabularMLP",
    ),
    "activation": (
        make(NumpyMLPClassifier, activation=Sine()),
        NotImplementedError,
        "activation .* got 'Sine'",
    ),
    "text": (
        TabularMLPClassifier("fast", max_iter=1, column_kinds={"the note": "text"}),
        NotImplementedError,
        "column 'the note' holds free text, which has no form in C",
    ),
    "level": (
        TabularMLPClassifier("fast", max_iter=1),
        NotImplementedError,
        r"column 'the mark' has a level that C cannot hold: .* got 'a\\x00b'",
    ),
    "levels": (
        TabularMLPClassifier("fast", max_iter=1),
        NotImplementedError,
        "column 'the mark' has a level '0.5' both as text and as another value",
    ),
    "large table": (
        TabularMLPClassifier("default", max_iter=1, n_jobs=1),
        ValueError,
        r"of 50,000 parameters at most .* got [\d,]+ in 16 network\(s\): distil\(X\)",
    ),
    "large drop-in": (
        make(NumpyMLPClassifier, hidden_layer_sizes=(1_700,), max_iter=1),
        ValueError,
        r"got 54,401 in 1 network\(s\): take fewer members or smaller hidden layers",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name, tmp_path):
    model, error, message = REFUSED[name]
    model.fit(ROWS.get(name, X), Y)
    with pytest.raises(error, match=message):
        to_c(model, tmp_path / "model.c")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("model", [NumpyMLPClassifier(), TabularMLPClassifier()], ids=str)
def test_what_is_not_fitted(model, tmp_path):
    with pytest.raises(NotFittedError, match="not fitted"):
        to_c(model, tmp_path / "model.c")


def test_a_class_that_is_no_string_of_c(tmp_path):
    model = make(NumpyMLPClassifier, max_iter=1).fit(X, np.array(["a\0b", "c"], object)[Y % 2])
    with pytest.raises(NotImplementedError, match=r"a class has a name .* got 'a\\x00b'"):
        to_c(model, tmp_path / "model.c")
