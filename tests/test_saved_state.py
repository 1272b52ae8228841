"""What pickles, copies and skops files hold, and that those of earlier versions load."""

import copy
import importlib.util
import pickle
import pickletools
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedGridSearchCV,
    StackedRandomizedSearchCV,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
    _saved_state,
    load_model,
)
from sknumpynet.core.losses import LOSSES, CustomLoss, HuberLoss, QuantileLoss
from sknumpynet.core.schedules import SCHEDULES, fading

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

SAVING = runpy.run_path(str(Path(__file__).parent / "fixtures" / "save_models.py"))
models, predicted, targets, inputs, some_rows = (
    SAVING[name] for name in ("models", "predicted", "targets", "inputs", "some_rows")
)
in_files = SAVING["in_files"]
OWN_FUNCTIONS = SAVING["own_functions"]()  # now saved models find them
OWN = list(SAVING["of_own_functions"]())
KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]
TRUSTED = [
    "sknumpynet.classifier.NumpyMLPClassifier",
    "sknumpynet.regressor.NumpyMLPRegressor",
    "sknumpynet.tabular.TabularMLPClassifier",
    "sknumpynet.tabular.TabularMLPRegressor",
    "sknumpynet.preprocessing.TabularPreprocessor",
    "sknumpynet.search.StackedGridSearchCV",
    *(f"{OWN_FUNCTIONS.__name__}.{name}" for name in vars(OWN_FUNCTIONS) if name[0] != "_"),
]
# What skops files of some version have beside these.
ONCE_TRUSTED = [
    "sknumpynet.core.losses.HuberLoss",
    "sknumpynet.core.losses.QuantileLoss",
]
# What scikit-learn's half of a search has.
THEIRS = ["sklearn.model_selection._split.StratifiedKFold"]
X = load_iris().data[:, 1:]
SAVED = sorted((Path(__file__).parent / "fixtures").glob("saved_*/*.pkl"))
FILES = sorted((Path(__file__).parent / "fixtures").glob("saved_*/*.sknn"))
STOCHASTIC = ["sgd", "adam", "adamw"]


def make(kind, **parameters):
    return kind(**({"hidden_layer_sizes": (7,), "max_iter": 3, "random_state": 0} | parameters))


def fitted(name):
    model = models()[name]
    return model.fit(inputs(model), targets(name, model))


def labels(kind):
    return load_iris().target if kind is NumpyMLPClassifier else load_iris().data[:, 0]


def kinds_within(value):
    """Return the types of all that an object is made of."""
    if isinstance(value, dict):
        return {dict}.union(*map(kinds_within, [*value, *value.values()]))
    if isinstance(value, list | tuple):
        return {type(value)}.union(*map(kinds_within, value))
    return {type(value)}


def assert_same_network(one, other):
    names = ("coefs_", "intercepts_") if hasattr(one, "coefs_") else ("parameters_",)
    for name in names:
        for mine, its in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(mine, its)


def modules_named(pickled):
    """Return the modules that a pickle looks things up in."""
    modules, memo, top = set(), [], []
    for code, argument, _ in pickletools.genops(pickled):
        if code.name == "MEMOIZE":
            memo.append(top[-1] if top else None)
        elif code.name in ("BINGET", "LONG_BINGET"):
            top.append(memo[argument])
        elif code.name == "STACK_GLOBAL":
            modules.add(top[-2])
            top.append(None)
        elif code.name == "GLOBAL":
            modules.add(argument.split()[0])
            top.append(None)
        else:
            top.append(argument if "UNICODE" in code.name else None)
    return modules


PUBLIC = {f"sknumpynet.{name}" for name in ("classifier", "regressor", "tabular", "preprocessing")}
PACKAGES = {"numpy", "_codecs", "builtins", "copyreg"}


def assert_names_no_engine(pickled, packages=frozenset(), public=PUBLIC):
    for module in modules_named(pickled):
        package = module.split(".")[0]
        assert package in PACKAGES | packages or module in public, module


@pytest.mark.parametrize("name", [name for name in models() if name not in OWN])
def test_a_saved_state_is_arrays_and_plain_python(name):
    model = fitted(name)
    plain = {dict, list, tuple, str, int, float, bool, type(None), np.ndarray}
    for part in (model, models()[name], getattr(model, "preprocessor_", model)):
        state = part.__getstate__()
        state.pop("preprocessor_", None)
        assert kinds_within(state) <= plain


@pytest.mark.parametrize("name", [name for name in models() if name not in OWN])
def test_a_pickle_names_numpy_and_the_estimator_only(name):
    assert_names_no_engine(pickle.dumps(fitted(name), protocol=5))


ENGINE_PARAMETERS = [
    ("loss", HuberLoss(2.0)),
    ("loss", HuberLoss(np.float64(2.0))),
    ("loss", QuantileLoss((0.1, 0.9))),
    *(("loss", LOSSES[name]) for name in ("squared_error", "poisson", "gamma", "absolute_error")),
    *(
        ("learning_rate", schedule.over_progress)
        for schedule in SCHEDULES.values()
        if schedule.over_progress is not None
    ),
    ("learning_rate", fading),
]


def readable(value):
    return getattr(value, "__name__", repr(value))


AGAIN = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "clone": clone,
    **{
        f"pickle {protocol}": lambda model, protocol=protocol: pickle.loads(
            pickle.dumps(model, protocol)
        )
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
}
AROUND = {
    "alone": lambda model, loss: model,
    "pipeline": lambda model, loss: make_pipeline(StandardScaler(), model),
    "target": lambda model, loss: TransformedTargetRegressor(model),
    "search": lambda model, loss: StackedGridSearchCV(model, {"alpha": [0.1, 1.0]}, cv=2),
    "random search": lambda model, loss: StackedRandomizedSearchCV(
        model, {"loss": [loss, "squared_error"]}, n_iter=2, cv=2
    ),
    "their search": lambda model, loss: GridSearchCV(model, {"loss": [loss]}, cv=2),
    "bagging": lambda model, loss: BaggingRegressor(model, 2),
}


@pytest.mark.parametrize("is_fitted", [False, True])
@pytest.mark.parametrize(("name", "value"), ENGINE_PARAMETERS, ids=readable)
def test_what_the_engine_gives_is_saved_as_plain_data(name, value, is_fitted):
    model = make(NumpyMLPRegressor, **{name: value})
    if is_fitted:
        model.fit(X, labels(NumpyMLPRegressor))
    kept = dict(vars(model))
    plain = {dict, list, tuple, str, int, float, bool, type(None), np.ndarray, np.float64}
    assert kinds_within(model.__getstate__()) <= plain
    assert vars(model) == kept
    assert getattr(model, name) is value
    for again in AGAIN.values():
        assert getattr(again(model), name) == value
        assert type(getattr(again(model), name)) is type(value)
    loaded = pickle.loads(pickle.dumps(model))
    assert_same_network(
        loaded.fit(X, labels(NumpyMLPRegressor)), clone(model).fit(X, labels(NumpyMLPRegressor))
    )


@pytest.mark.parametrize("is_fitted", [False, True])
@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("loss", [HuberLoss(2.0), LOSSES["absolute_error"]], ids=repr)
def test_what_holds_the_engine_in_others_is_saved_as_plain_data(loss, around, is_fitted):
    model = AROUND[around](make(NumpyMLPRegressor, loss=loss), loss)
    if is_fitted:
        model.fit(X, labels(NumpyMLPRegressor))
    saved = pickle.dumps(model)
    engine = {name for name in modules_named(saved) if name.startswith("sknumpynet.core")}
    assert not engine
    if is_fitted:
        loaded = pickle.loads(saved)
        np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


@pytest.mark.parametrize("names", [["engine_loss", "settings"], ["engine_schedule", "x"]])
def test_classes_may_have_the_names_that_states_use(names):
    weights = dict.fromkeys(names, 2.0)
    model = make(NumpyMLPClassifier, class_weight=weights)
    for again in AGAIN.values():
        assert again(model).class_weight == weights


class Scaled(HuberLoss):
    """A loss that a user made of the engine's."""


@pytest.mark.parametrize("loss", [Scaled(2.0), CustomLoss(None), "huber", None], ids=repr)
def test_what_the_engine_did_not_give_is_saved_as_it_is(loss):
    model = make(NumpyMLPRegressor, loss=loss)
    assert model.__getstate__()["loss"] is loss
    assert copy.deepcopy(model).loss == loss


@pytest.mark.parametrize("solver", [*STOCHASTIC, "lbfgs"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_pickle_is_as_large_as_what_it_needs(kind, solver):
    model = make(kind, hidden_layer_sizes=(200, 200), solver=solver).fit(X, labels(kind))
    n_parameters = sum(own.size for own in [*model.coefs_, *model.intercepts_])
    n_buffers = {"sgd": 1, "adam": 2, "adamw": 2, "lbfgs": 0}[solver]
    needed = 8 * n_parameters * (1 + n_buffers)
    assert needed < len(pickle.dumps(model)) < needed + 5000
    assert 8 * n_parameters < len(pickle.dumps(model.slim())) < 8 * n_parameters + 5000


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("again", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy])
@pytest.mark.parametrize("solver", STOCHASTIC)
@pytest.mark.parametrize("kind", KINDS)
def test_goes_on_as_if_it_had_not_been_saved(kind, solver, again, n_members):
    y = labels(kind)
    model = make(kind, solver=solver, n_members=n_members, learning_rate="adaptive").fit(X, y)
    loaded = again(model)
    np.testing.assert_array_equal(predicted(loaded, X), predicted(model, X))
    untouched = pickle.dumps(model)
    loaded.partial_fit(X, y)
    assert pickle.dumps(model) == untouched
    assert_same_network(loaded, model.partial_fit(X, y))
    assert loaded.history_["loss"] == model.history_["loss"]


def test_a_copy_shares_and_stays_apart():
    model = make(NumpyMLPClassifier).fit(X, labels(NumpyMLPClassifier))
    shallow = copy.copy(model)
    assert shallow.coefs_[0] is model.coefs_[0]
    before = model.coefs_[0].copy()
    shallow.partial_fit(X, labels(NumpyMLPClassifier))
    np.testing.assert_array_equal(model.coefs_[0], before)


@pytest.mark.parametrize("name", models())
def test_skops(name):
    skops = pytest.importorskip("skops.io")
    model = fitted(name)
    saved = skops.dumps(model)
    trusted = [*TRUSTED, *THEIRS]
    assert set(skops.get_untrusted_types(data=saved)) <= set(trusted)
    loaded = skops.loads(saved, trusted=trusted)
    X = inputs(model)
    np.testing.assert_array_equal(predicted(loaded, X), predicted(model, X))
    if hasattr(model, "partial_fit") and not getattr(model, "early_stopping", False):
        y = targets(name, model)
        assert_same_network(loaded.partial_fit(X, y), model.partial_fit(X, y))


def containers(values):
    """Return a list in everything that it may be given in."""
    text = isinstance(values[0], str)
    yield "list", values
    yield "tuple", tuple(values)
    yield "array", np.array(values)
    yield "objects", np.array(values, dtype=object)
    yield "scalars", list(np.array(values))
    yield "scalar tuple", tuple(np.array(values))
    yield "Index", pd.Index(values)
    yield "Index of objects", pd.Index(values, dtype=object)
    yield "Series", pd.Series(values)
    yield "Series of objects", pd.Series(values, dtype=object, index=values)
    yield "nullable", pd.array(values, dtype="string" if text else None)
    yield "nullable Series", pd.Series(values).convert_dtypes()
    yield "categories", pd.Categorical(values)
    yield "masked", np.ma.array(values)
    yield "polars", pl.Series(values)
    if text:
        yield "columns", pd.DataFrame(columns=values).columns
    if values == [1, 3]:
        yield "range", range(1, 4, 2)
        yield "RangeIndex", pd.RangeIndex(1, 4, 2)
    if importlib.util.find_spec("pyarrow"):
        import pyarrow

        yield "Arrow", pyarrow.array(values)
        yield "Arrow chunks", pyarrow.chunked_array([values])


FOUR = ["width", "site", "count", "sign"]
CHOICES = [["count", "sign", "site"], [1, 2, 3], [False, True, True, True], [1, 3]]
CONTAINERS = [
    pytest.param(kind, choice, container, id=f"{kind.__name__}-{choice}-{name}")
    for kind in (TabularPreprocessor, TabularMLPClassifier, TabularMLPRegressor)
    for choice in (CHOICES if kind is TabularPreprocessor else CHOICES[:1])
    for name, container in containers(choice)
]
PLAIN = {dict, list, tuple, str, int, float, bool, type(None), np.ndarray}


@pytest.mark.parametrize(("kind", "choice", "container"), CONTAINERS)
def test_what_chooses_columns_is_saved_as_it_would_be_in_python(kind, choice, container):
    skops = pytest.importorskip("skops.io")
    frame = SAVING["table"]()[FOUR]
    small = {} if kind is TabularPreprocessor else SAVING["SINGLE"] | {"max_iter": 1}
    model = kind(categorical_features=container, **small).fit(frame, np.arange(len(frame)) % 2)
    assert model.categorical_features is container
    saved = pickle.dumps(model)
    assert_names_no_engine(saved)
    file = skops.dumps(model)
    assert set(skops.get_untrusted_types(data=file)) <= set(TRUSTED)
    expected = predicted(model, frame)
    if kind is TabularPreprocessor:
        np.testing.assert_array_equal(expected, predicted(kind(choice).fit(frame), frame))
    for again in (pickle.loads(saved), skops.loads(file, trusted=TRUSTED), copy.copy(model)):
        np.testing.assert_array_equal(predicted(again, frame), expected)
        assert kinds_within(again.categorical_features) <= PLAIN | {np.ma.MaskedArray}
        assert list(again.categorical_features) == choice
        assert list(clone(again).categorical_features) == choice
    refitted = clone(again).fit(frame, np.arange(len(frame)) % 2)
    np.testing.assert_array_equal(predicted(refitted, frame), expected)
    assert type(clone(model).categorical_features) is type(container)


LISTS = [
    ("hidden_layer_sizes", [3, 2]),
    ("dropout", [0.1, 0.2]),
    ("quantile", [0.1, 0.9]),
]


@pytest.mark.parametrize(
    ("name", "container"),
    [
        pytest.param(name, container, id=f"{name}-{kind}")
        for name, values in LISTS
        for kind, container in containers(values)
        if kind not in ("categories", "polars", "Arrow", "Arrow chunks", "masked")
    ],
)
def test_other_lists_are_saved_as_they_would_be_in_python(name, container):
    skops = pytest.importorskip("skops.io")
    y = labels(NumpyMLPRegressor)
    own = {"hidden_layer_sizes": [3, 2], "loss": "quantile", "quantile": 0.5, name: container}
    model = make(NumpyMLPRegressor, **own).fit(X, y)
    saved, file = pickle.dumps(model), skops.dumps(model)
    assert_names_no_engine(saved)
    assert set(skops.get_untrusted_types(data=file)) <= set(TRUSTED)
    for again in (pickle.loads(saved), skops.loads(file, trusted=TRUSTED)):
        np.testing.assert_array_equal(again.predict(X), model.predict(X))
        assert list(getattr(clone(again), name)) == list(container)


def test_there_are_saved_models():
    assert {path.stem for path in SAVED} == set(models())


def saved_predictions(path):
    files = [np.load(file) for file in path.parent.glob("predictions*.npz")]
    (array,) = [file[path.stem] for file in files if path.stem in file]
    return array


def assert_loaded(model, path):
    X, y = inputs(model), targets(path.stem, model)
    expected = saved_predictions(path)
    # Ranks may be interpolated by another rule, which says the same of what was seen.
    atol = 1e-5 if isinstance(X, pd.DataFrame) else 1e-6
    np.testing.assert_allclose(predicted(model, some_rows(X)), expected, rtol=1e-5, atol=atol)
    if hasattr(model, "partial_fit") and not getattr(model, "early_stopping", False):
        model.partial_fit(X, y)
    own, new = model.get_params(), models()[path.stem].get_params()
    assert own.keys() == new.keys()
    if path.stem not in OWN:
        assert own.get("loss") == new.get("loss")
    clone(model).fit(X, y)


@pytest.mark.parametrize("path", SAVED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_pickles_of_every_version_load(path):
    assert_loaded(pickle.loads(path.read_bytes()), path)


@pytest.mark.parametrize("path", SAVED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_skops_files_of_every_version_load(path):
    skops = pytest.importorskip("skops.io")
    trusted = [*TRUSTED, *THEIRS, *ONCE_TRUSTED]
    assert_loaded(skops.load(path.with_suffix(".skops"), trusted=trusted), path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_files_of_every_version_load(path):
    assert_loaded(load_model(path), path)


def test_there_is_a_file_of_each_model_that_can_have_one():
    found = {path.stem for path in FILES}
    assert found == {name for name, model in models().items() if in_files(name, model)}


def test_parameters_that_came_later_have_their_defaults():
    model = make(NumpyMLPClassifier).fit(X, labels(NumpyMLPClassifier))
    state = model.__getstate__()
    del state["dropout"]
    old = NumpyMLPClassifier.__new__(NumpyMLPClassifier)
    old.__setstate__(state)
    assert old.dropout == 0.0


def test_a_later_format_is_refused(monkeypatch):
    model = make(NumpyMLPClassifier).fit(X, labels(NumpyMLPClassifier))
    with monkeypatch.context() as later:
        later.setattr(_saved_state, "_FORMAT", 99)
        saved = pickle.dumps(model)
    with pytest.raises(
        ValueError, match=r"saved in format 99, this version .* reads formats up to"
    ):
        pickle.loads(saved)


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_slim(kind, n_members):
    y = labels(kind)
    model = make(kind, n_members=n_members).fit(X, y)
    expected = predicted(model, X)
    assert model.slim() is model
    assert model.slim() is model  # twice is as once
    for slim in (model, pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(predicted(slim, X), expected)
        with pytest.raises(ValueError, match=r"which slim\(\) dropped: call fit"):
            slim.partial_fit(X, y)
        np.testing.assert_array_equal(predicted(slim, X), expected)
    # A new optimiser begins from the weights, as `warm_start` always does.
    warm = make(kind, n_members=n_members, warm_start=True).fit(X, y).fit(X, y)
    assert_same_network(model.set_params(warm_start=True).fit(X, y), warm)
    assert_same_network(model.partial_fit(X, y), warm.partial_fit(X, y))


def test_what_cannot_be_slimmed():
    with pytest.raises(NotFittedError):
        NumpyMLPClassifier().slim()
    model = make(NumpyMLPRegressor, solver="lbfgs").fit(X, labels(NumpyMLPRegressor))
    assert model.slim() is model
