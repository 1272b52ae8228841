"""A file that is no model is one clear error, whatever it is, in little memory."""

import io
import json
import random
import re
import tracemalloc
import zipfile
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
from helpers.saved_files import (
    assembled,
    case,
    loaded,
    parts_of,
    places,
    predictions,
    replaced,
    saved,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sknumpynet
from sknumpynet import load_model
from sknumpynet.estimators.files import saving

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:the rows .* are too few"),
]

NAMES = ["classifier", "labels", "folds", "quantiles", "table, three classes", "table, monotone"]

# What a value is replaced by.
WRONG = [
    *(None, True, -1, 0, 1, 7, 2**40, 10**400, 1e308, 0.5, "", "x", [], {}, [[]]),
    *({"$float": "nan"}, {"$int": "0x" + "f" * 5000}, {"$tuple": []}, {"$dict": [[0, 0]]}),
    *({"$array": "attributes/t_.npy"}, {"$random": []}, {"$objects": {"shape": [9], "cells": []}}),
]

is_clear = re.compile(
    r"a BytesIO is no model that sknumpynet [\w.]+ can load(, saved by sknumpynet .{1,40})?: .+",
    re.DOTALL,
)


@contextmanager
def at_most(n_bytes):
    """Hold that no more memory is taken than so many bytes."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < n_bytes
    finally:
        tracemalloc.stop()


def load_or_refuse(data):
    """Return the model of a file's bytes, None where it is refused as it should be."""
    try:
        return loaded(data)
    except ValueError as error:
        message = str(error)
    assert is_clear.match(message)
    return None


def is_usable(model, rows):
    """Return whether a model predicts; that rows have other columns is no fault of it."""
    message = "feature names"
    with np.errstate(all="ignore"):
        try:
            predictions(model, rows)
        except ValueError as error:
            message = str(error)
    return bool(re.search(r"feature names|Column .* must hold", message))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_each_value_may_be_wrong(name):
    model, rows, _ = case(name)
    document, arrays = parts_of(saved(model))
    source = random.Random(name)
    n_refused = 0
    for k, at in enumerate(source.choices(list(places(document)), k=100)):
        data = assembled(replaced(document, at, source.choice(WRONG)), arrays)
        with at_most(2 * 10**6 + 3 * len(data)) if k % 10 == 0 else nullcontext():
            model = load_or_refuse(data)
        n_refused += model is None
        assert model is None or is_usable(model, rows[:3])
    assert n_refused > 50


@pytest.mark.parametrize("name", NAMES)
def test_each_key_may_be_missing(name):
    model, rows, _ = case(name)
    document, arrays = parts_of(saved(model))
    for section in ("", "parameters", "attributes"):
        inner = document[section] if section else document
        for key in inner:
            rest = {own: value for own, value in inner.items() if own != key}
            changed = {**document, section: rest} if section else rest
            used = {own: arrays[own] for own in arrays if own in json.dumps(changed)}
            model = load_or_refuse(assembled(changed, used))
            if model is not None:
                with np.errstate(all="ignore"):
                    model.predict(rows[:3])


@pytest.mark.parametrize("name", NAMES)
def test_each_array_may_be_another(name):
    model, rows, _ = case(name)
    document, arrays = parts_of(saved(model))
    for place in random.Random(name).sample(sorted(arrays), min(len(arrays), 15)):
        array = arrays[place]
        others = [
            array[:-1],
            array[..., np.newaxis],
            np.zeros((0, *array.shape), array.dtype),
            array.astype("U9"),
            array.astype(bool),
            np.zeros(array.shape, np.float16),
        ]
        for other in others:
            model = load_or_refuse(assembled(document, {**arrays, place: other}))
            if model is not None:
                assert is_usable(model, rows[:3])


@pytest.mark.parametrize("name", ["classifier", "table, monotone"])
def test_truncated_files(name):
    data = saved(case(name)[0])
    for length in range(0, len(data), max(len(data) // 150, 1)):
        with pytest.raises(ValueError, match="File is not a zip file"):
            loaded(data[:length])


@pytest.mark.parametrize("name", ["classifier", "folds"])
def test_flipped_bits(name):
    model, rows, _ = case(name)
    data, expected = saved(model), model.predict(rows)
    source = random.Random(name)
    for _ in range(400):
        altered = bytearray(data)
        altered[source.randrange(len(data))] ^= 1 << source.randrange(8)
        model = load_or_refuse(bytes(altered))
        if model is not None:  # of what a zip says beside its entries
            np.testing.assert_array_equal(model.predict(rows), expected)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_bytes(data):
    written = saved(case("classifier")[0])
    place = data.draw(st.integers(0, len(written)))
    length = data.draw(st.integers(0, 40))
    inserted = data.draw(st.binary(max_size=40))
    load_or_refuse(written[:place] + inserted + written[place + length :])
    load_or_refuse(inserted)


# By hand -----------------------------------------------------------------------------------------


def changed(name, *at_and_value):
    document, arrays = parts_of(saved(case(name)[0]))
    *at, value = at_and_value
    return assembled(replaced(document, at, value), arrays)


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (["class"], "os.system", r"the class must be one of \['NumpyMLPClassifier',.*'os.system'"),
        (["class"], "TabularMLPClassifier", "has no parameter 'activation'"),
        (["class"], [], "unhashable"),
        (["format"], "1", "the format must be a number from 1, got '1'"),
        (["sknumpynet"], 1, "the version must be text, got 1"),
        (["state"], None, "the state must be a number, got None"),
        (["parameters", "alpha"], -1.0, "The 'alpha' parameter of NumpyMLPClassifier must be"),
        (["parameters", "max_iters"], 5, "has no parameter 'max_iters'"),
        (["parameters", "resample"], {"splitter": "os"}, "it has no 'os'"),
        (["attributes", "alpha"], 5, "'alpha' is a parameter, and no attribute"),
        (["attributes", "predict"], 5, "NumpyMLPClassifier has no attribute 'predict'"),
        (["attributes", "__class__"], "x", "NumpyMLPClassifier has no attribute '__class__'"),
        (["attributes", "n_features_in_"], 4, r"coefs_\[0\] does not fit .* shape \(3, 3\)"),
        (["attributes", "_hidden_activations"], {"$tuple": ["relu2"]}, "_hidden_activations does"),
        (["attributes", "t_"], "x", "t_ does not fit the rest of the model, got x"),
        (["attributes", "coefs_"], [], "coefs_ does not fit"),
    ],
)
def test_the_error_says_what_is_wrong(at, value, message):
    with pytest.raises(ValueError, match=message) as raised:
        loaded(changed("classifier", *at, value))
    assert is_clear.match(str(raised.value))
    assert raised.value.__cause__ is not None


def test_the_error_names_the_file(tmp_path):
    path = tmp_path / "model.sknn"
    path.write_bytes(b"x")
    with pytest.raises(ValueError, match=r"model\.sknn' is no model .*: File is not a zip file"):
        load_model(path)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("format", "it has format 2, formats up to 1 are known"),
        ("state", "was saved in format 99, this version of sknumpynet reads formats up to"),
    ],
)
def test_a_file_of_a_later_version(key, message):
    document, arrays = parts_of(saved(case("classifier")[0]))
    document |= {"sknumpynet": "9.1.0", key: {"format": 2, "state": 99}[key], "new": {"$new": 1}}
    known = sknumpynet.__version__
    expected = f"sknumpynet {known} can load, saved by sknumpynet 9.1.0: .*{message}"
    with pytest.raises(ValueError, match=expected):
        loaded(assembled(document, arrays))


def test_formats_are_read_from_the_first(monkeypatch):
    data = saved(case("classifier")[0])
    monkeypatch.setattr("sknumpynet.estimators.files.loading.FORMAT", saving.FORMAT + 1)
    assert loaded(data).n_outputs_ == 3


def bomb(size):
    """Return a file whose document unfolds to so many bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.json", b"[" + b" " * size + b"]")
    return file.getvalue()


def huge():
    """Return a file with an array that says that it is larger than it is."""
    document, arrays = parts_of(saved(case("classifier")[0]))
    data = assembled(document, arrays)
    place = data.index(b"'shape': (3, 3)")
    return data[:place] + b"'shape': (9, 9)" + data[place + 15 :]


BOMBS = {
    "bomb": lambda: bomb(10**7),
    "huge shape": huge,
    "huge layer": lambda: changed("table, monotone", *HIDDEN, 2**50),
    "huge embedding": lambda: changed("table, monotone", *SHAPES, "n_mixtures", 2**50),
    "huge codes": lambda: changed("table, monotone", *SHAPES, "n_code_outputs", 2**50),
    "deep": lambda: changed("classifier", "attributes", "deep", nested(500)),
    "deeper": lambda: deep_text(10**5),
}
SHAPES = ("attributes", "_shapes", 0)
HIDDEN = (*SHAPES, "hidden_layer_sizes", 0)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def deep_text(depth):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model.json", "[" * depth)
    return file.getvalue()


@pytest.mark.parametrize("name", BOMBS)
def test_small_files_stay_small(name):
    data = BOMBS[name]()
    with at_most(5 * 10**6):
        assert load_or_refuse(data) is None


def test_memory_is_bounded_by_the_file():
    model = sknumpynet.NumpyMLPRegressor(hidden_layer_sizes=(600, 600), max_iter=1)
    data = saved(model.fit(np.ones((5, 3)), np.arange(5.0)).slim())
    file = io.BytesIO(data)
    with at_most(1.5 * len(data)):
        load_model(file)
