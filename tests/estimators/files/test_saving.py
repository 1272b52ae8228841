"""What a file cannot hold is refused by its name, and nothing is written."""

import io
import json
import zipfile

import numpy as np
import pytest
import sklearn
from helpers import saved_files
from helpers.names import plain_repr
from helpers.saved_files import CLASSES, NUMBERS, SMALL, TABLE, X, case, loaded, of_groups, saved
from sklearn.metrics import make_scorer, r2_score
from sklearn.model_selection import LeaveOneGroupOut, PredefinedSplit, RepeatedKFold

import sknumpynet
from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPRegressor
from sknumpynet.core.losses import LOSSES, QuantileLoss
from sknumpynet.core.schedules import SCHEDULES, fading
from sknumpynet.estimators.files.replacements import SPLITTERS, plain_splitter, splitter_of
from sknumpynet.estimators.files.saving import KINDS
from sknumpynet.files import _KINDS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Square:
    def value(self, z):
        return z**2

    def derivative(self, z, output):
        return 2 * z


class Squares:
    def value(self, raw, targets):
        return (0.5 * (raw - targets) ** 2).sum(axis=-2)

    def gradient(self, raw, targets):
        return raw - targets


class Own(NumpyMLPRegressor):
    pass


REFUSED = [
    ({"activation": Square()}, "parameters.activation is <.*give an activation's name"),
    ({"activation": ["relu", Square()]}, r"parameters.activation.1 is <"),
    ({"loss": Squares()}, "parameters.loss is <.*give a loss of"),
    ({"learning_rate": lambda progress: 1.0}, "parameters.learning_rate is <function.*schedule"),
    ({"scoring": make_scorer(r2_score)}, "parameters.scoring is make_scorer.*scorer's name"),
    ({"resample": RepeatedKFold()}, "parameters.resample is RepeatedKFold.*plain splitters"),
    ({"resample": LeaveOneGroupOut()}, "parameters.resample is LeaveOneGroupOut"),
    ({"alpha": 1j}, "parameters.alpha is 1j; give plain Python or an array"),
]


@pytest.mark.parametrize(("parameters", "message"), REFUSED)
def test_what_is_code_is_refused_by_name(tmp_path, parameters, message):
    path = tmp_path / "model.sknn"
    path.write_bytes(b"the old one")
    with pytest.raises(ValueError, match=f"holds no code: {message}.*, or pickle the model"):
        NumpyMLPRegressor(**parameters).save_model(path)
    assert [own.read_bytes() for own in tmp_path.iterdir()] == [b"the old one"]


def test_columns_in_a_set_are_refused_with_what_is_right():
    model = TabularMLPRegressor(categorical_features={"a"})
    with pytest.raises(ValueError, match=r"categorical_features is \{'a'\}; give a list of names"):
        saved(model)


def test_what_a_fit_kept_is_refused_too():
    model = NumpyMLPRegressor(**SMALL, activation=Square()).fit(X, NUMBERS)
    with pytest.raises(ValueError, match=r"attributes\._hidden_activations\.0 is <"):
        saved(model.set_params(activation="relu"))


def test_an_attribute_of_ones_own_is_refused():
    model = NumpyMLPRegressor(**SMALL).fit(X, NUMBERS)
    model.note = "of my own"
    with pytest.raises(ValueError, match="NumpyMLPRegressor has no attribute 'note'"):
        saved(model)


def test_a_class_of_ones_own_is_refused():
    with pytest.raises(ValueError, match="not classes derived from them, got Own"):
        saved(Own(**SMALL))


def test_both_tables_of_classes_agree():
    assert {name: kind.__module__ for name, kind in _KINDS.items()} == KINDS


GIVEN = [
    *({"loss": loss} for loss in (LOSSES["poisson"], QuantileLoss((0.25, np.float64(0.75))))),
    *({"learning_rate": own} for own in (fading, SCHEDULES["cosine"].over_progress)),
    {"hidden_layer_sizes": np.array([3, 5])},
    {"hidden_layer_sizes": [np.int64(3)], "alpha": np.float32(0.1)},
    {"scoring": "r2", "dropout": [0.1]},
]


@pytest.mark.parametrize("parameters", GIVEN, ids=plain_repr)
def test_what_the_package_gives_is_held(parameters):
    model = NumpyMLPRegressor(**parameters)
    again = loaded(saved(model))
    for name in parameters:
        mine, its = getattr(model, name), getattr(again, name)
        assert type(mine) is type(its)
        assert np.array_equal(mine, its)


@pytest.mark.parametrize("name", SPLITTERS)
def test_splitters(name):
    arguments = {"PredefinedSplit": ([0, 1, -1],)}.get(name, (2,))
    splitter = SPLITTERS[name](*arguments)
    again = splitter_of(plain_splitter(splitter))
    assert type(again) is type(splitter)
    assert repr(vars(again)) == repr(vars(splitter))


@pytest.mark.filterwarnings("ignore:X has feature names")
def test_a_model_with_a_splitter():
    model = of_groups()
    again = loaded(saved(model))
    assert repr(again.resample) == repr(model.resample)
    np.testing.assert_array_equal(again.predict_interval(X, 0.5), model.predict_interval(X, 0.5))
    predefined = TabularMLPRegressor(**TABLE, resample=PredefinedSplit(np.arange(100) % 2))
    np.testing.assert_array_equal(
        loaded(saved(predefined)).resample.test_fold, predefined.resample.test_fold
    )


def test_requests_of_metadata_routing():
    with sklearn.config_context(enable_metadata_routing=True):
        model = NumpyMLPClassifier(**SMALL).set_fit_request(sample_weight="weight")
        for own in (model, model.fit(X, CLASSES)):
            again = loaded(saved(own))
            assert repr(again.get_metadata_routing()) == repr(model.get_metadata_routing())
        own = SPLITTERS["GroupKFold"]().set_split_request(groups="site")
        with pytest.raises(ValueError, match="resample is GroupKFold"):
            saved(NumpyMLPRegressor(resample=own))


def test_callbacks_are_not_of_the_model():
    model, *_ = case("classifier")
    data = saved(model)
    with_callbacks = loaded(data)
    with_callbacks.__dict__["_skl_callbacks"] = [object()]
    assert saved(with_callbacks) == data


def test_the_document_says_what_it_is():
    model, *_ = case("table, numbers")
    with zipfile.ZipFile(io.BytesIO(saved(model))) as archive:
        document = json.loads(archive.read("model.json"))
        names = archive.namelist()
    assert document["format"] == 1
    assert document["sknumpynet"] == sknumpynet.__version__
    assert document["class"] == "TabularMLPRegressor"
    assert document["parameters"]["hidden_layer_sizes"] == {"$tuple": [3]}
    assert document["attributes"]["feature_names_in_"]["$objects"]["cells"][2] == "größe"
    assert names[0] == "model.json"
    assert "attributes/parameters_.npy" in names
    assert saved_files.parts_of(saved(model))[0] == document
