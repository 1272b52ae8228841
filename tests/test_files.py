"""What is loaded is what was saved: to the bit in what it predicts, and in how it goes on."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from helpers import saved_files
from helpers.saved_files import CASES, CLASSES, NUMBERS, SMALL, X, case, predictions, table
from sklearn.base import clone

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    load_model,
)
from sknumpynet.files import _KINDS

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:lbfgs failed to converge"),
    pytest.mark.filterwarnings("ignore:the rows .* are too few"),
    pytest.mark.filterwarnings("ignore:overflow encountered"),
]


def there_and_back(model):
    return saved_files.loaded(saved_files.saved(model))


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("name", CASES)
def test_predictions_are_the_same_to_the_bit(name):
    model, rows, _ = case(name)
    loaded = there_and_back(model)
    assert type(loaded) is type(model)
    assert vars(loaded).keys() == vars(model).keys()
    assert_same(predictions(loaded, rows[:20]), predictions(model, rows[:20]))


@pytest.mark.parametrize("name", CASES)
def test_equal_models_give_equal_files(name):
    model, *_ = case(name)
    data = saved_files.saved(model)
    assert saved_files.saved(saved_files.loaded(data)) == data


@pytest.mark.parametrize("name", CASES)
def test_parameters_are_the_same(name):
    model, *_ = case(name)
    for own in (model, clone(model)):
        mine, its = own.get_params(), there_and_back(own).get_params()
        assert repr(mine) == repr(its)
        assert list(map(type, mine.values())) == list(map(type, its.values()))


def assert_same_networks(one, other):
    for name in ("coefs_", "intercepts_"):
        for mine, its in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(mine, its)
    assert one.loss_curve_ == other.loss_curve_


def in_the_middle(kind, **parameters):
    y = CLASSES if kind is NumpyMLPClassifier else NUMBERS
    return kind(**SMALL, **parameters).fit(X, y), y


GOES_ON = [
    {},
    {"n_members": 2},
    {"solver": "sgd", "momentum": 0.5},
    {"solver": "adamw", "learning_rate": "cosine", "dtype": "float32"},
]


@pytest.mark.parametrize("parameters", GOES_ON, ids=str)
@pytest.mark.parametrize("kind", [NumpyMLPClassifier, NumpyMLPRegressor])
def test_training_goes_on_as_if_it_had_not_been_saved(kind, parameters):
    model, y = in_the_middle(kind, warm_start=True, **parameters)
    loaded = there_and_back(model)
    for _ in range(2):
        assert_same_networks(loaded.partial_fit(X, y), model.partial_fit(X, y))
        assert_same_networks(loaded.fit(X, y), model.fit(X, y))
    loaded = there_and_back(model)
    assert_same_networks(loaded.partial_fit(X, y), model.partial_fit(X, y))


def test_a_generator_goes_on_where_it_was():
    source = np.random.RandomState(0)
    source.normal()
    model = NumpyMLPRegressor(**{**SMALL, "random_state": source}, warm_start=True)
    loaded = there_and_back(model)
    assert_same_networks(loaded.fit(X, NUMBERS), model.fit(X, NUMBERS))
    assert_same_networks(there_and_back(model).fit(X, NUMBERS), model.fit(X, NUMBERS))


def test_slim_models_stay_slim():
    model, y = in_the_middle(NumpyMLPClassifier)
    size = len(saved_files.saved(model))
    loaded = there_and_back(model.slim())
    assert len(saved_files.saved(loaded)) < size
    with pytest.raises(ValueError, match=r"which slim\(\) dropped"):
        loaded.partial_fit(X, y)


def test_distilled_models():
    model, rows, _ = case("table, numbers")
    student = model.distil(rows, max_iter=1)
    loaded = there_and_back(student)
    assert loaded.distillation_ == student.distillation_
    assert_same(predictions(loaded, rows[:5]), predictions(student, rows[:5]))


def test_importances_know_the_rows_again():
    model, rows, y = case("table, numbers")
    mine, its = (own.column_importances(rows, y) for own in (model, there_and_back(model)))
    np.testing.assert_array_equal(mine.importances, its.importances)


def test_names_of_polars():
    frame = pl.from_pandas(table()[["number", "größe", "site"]])
    model = TabularMLPRegressor(**saved_files.TABLE).fit(frame, NUMBERS[:100])
    loaded = there_and_back(model)
    assert loaded.feature_names_in_.tolist() == frame.columns
    assert_same(predictions(loaded, frame[:5]), predictions(model, frame[:5]))
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(frame.rename({"site": "place"}))


@pytest.mark.parametrize("levels", [["", "nan"], [0.5, 1], [True, False], ["\ud800", "größe"]])
def test_levels_of_every_kind(levels):
    frame = pd.DataFrame({"a": pd.Series(levels * 30, dtype=object), "b": range(60)})
    model = TabularMLPClassifier(**saved_files.TABLE, column_kinds={"a": "category"})
    model.fit(frame, CLASSES[20:80])
    loaded = there_and_back(model)
    np.testing.assert_array_equal(loaded.predict_proba(frame), model.predict_proba(frame))


@pytest.mark.parametrize("kind", [str, Path, None])
def test_files(tmp_path, kind):
    model, rows, _ = case("classifier")
    path = io.BytesIO() if kind is None else kind(tmp_path / "model.sknn")
    for _ in range(2):  # the second time there is one
        if kind is None:
            path = io.BytesIO()
        model.save_model(path)
        np.testing.assert_array_equal(load_model(path).predict(rows), model.predict(rows))
    assert os.listdir(tmp_path) == ([] if kind is None else ["model.sknn"])


def test_a_path_without_a_file_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.sknn"):
        load_model(tmp_path / "none.sknn")
    with pytest.raises(FileNotFoundError):
        case("classifier")[0].save_model(tmp_path / "none" / "model.sknn")


def test_models_that_were_not_fitted():
    for kind in _KINDS.values():
        loaded = there_and_back(kind(max_iter=7))
        assert loaded.max_iter == 7
        assert not hasattr(loaded, "n_features_in_")


LOADING = """
import sys
import sknumpynet
model = sknumpynet.load_model(sys.argv[1])
print(repr(float(model.predict([[1.0, 2.0, 3.0]])[0])))
"""


def test_another_process_predicts_the_same(tmp_path):
    model, *_ = case("folds")
    model.save_model(tmp_path / "model.sknn")
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADING, str(tmp_path / "model.sknn")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(__file__).parents[1],
    )
    assert child.returncode == 0, child.stderr
    assert child.stdout.strip() == repr(float(model.predict([[1.0, 2.0, 3.0]])[0]))


@pytest.mark.parametrize("path", [None, 5, ["model.sknn"]], ids=repr)
def test_what_is_no_path_is_a_typeerror(path):
    with pytest.raises(TypeError, match="path must be a str, a path or a binary file"):
        load_model(path)
    with pytest.raises(TypeError, match="path must be a str, a path or a binary file"):
        NumpyMLPRegressor(**SMALL).fit(X, NUMBERS).save_model(path)


def test_nothing_stays_behind_a_model_in_an_open_file(tmp_path):
    model = NumpyMLPRegressor(**SMALL).fit(X, NUMBERS)
    with open(tmp_path / "model.sknn", "w+b") as file:
        file.write(b"x" * 100_000)
        file.seek(0)
        model.save_model(file)
    np.testing.assert_array_equal(load_model(tmp_path / "model.sknn").predict(X), model.predict(X))
