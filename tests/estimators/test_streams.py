"""`fit` and `predict` of streams: as of the same rows in memory, in little memory, or in words."""

import contextlib
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from helpers.passengers import KINDS, outputs, quick
from numpy.testing import assert_allclose, assert_array_equal, assert_equal
from sklearn import config_context
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold

import sknumpynet.training.workers
from sknumpynet import TabularMLPClassifier, TabularMLPRegressor, TabularPreprocessor
from sknumpynet.estimators import network_specs
from sknumpynet.estimators.streams import _EncodedStream

N_ROWS = 1_200
TARGET = {TabularMLPClassifier: "label", TabularMLPRegressor: "price"}


def table(n_rows=N_ROWS, seed=0):
    """Return rows with numbers, gaps, few levels and many, and both targets."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=n_rows),
            "age": np.where(rng.random(n_rows) < 0.1, np.nan, rng.integers(1, 80, n_rows)),
            "colour": rng.choice(["red", "green", "blue"], n_rows),
            "city": [f"city {k}" for k in rng.integers(20, size=n_rows)],
        }
    )
    value = frame["size"] * np.where(frame["colour"] == "red", 1.0, -1.0)
    value += 0.3 * rng.normal(size=n_rows)
    return frame.assign(price=value, label=np.where(value > 0, "yes", "no"))


def rows_for(kind, n_rows=N_ROWS, seed=0):
    other = {"label": "price", "price": "label"}[TARGET[kind]]
    return table(n_rows, seed).drop(columns=other)


def frames(frame, n=170):
    return [frame[k : k + n] for k in range(0, len(frame), n)]


def loss_of(model):
    """Return the loss of rows that nothing has seen, beside that of a constant."""
    kind = type(model)
    test = rows_for(kind, 2_000, seed=1)
    X, y = test.drop(columns=TARGET[kind]), test[TARGET[kind]]
    if kind is TabularMLPClassifier:
        return log_loss(y, model.predict_proba(X))
    return np.sqrt(np.mean((model.predict(X) - y) ** 2)) / y.std()


# As in memory ------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["fast", "default"])
@pytest.mark.parametrize("kind", KINDS)
def test_as_good_as_in_memory(kind, preset):
    frame = rows_for(kind)
    X, y = frame.drop(columns=TARGET[kind]), frame[TARGET[kind]]
    plain = kind(preset, random_state=0).fit(X, y)
    streamed = kind(preset, random_state=0).fit(frames(frame), TARGET[kind])
    assert loss_of(streamed) < 1.1 * loss_of(plain)
    assert_equal(streamed.preprocessor_.__getstate__(), learned_by(plain))
    assert streamed.feature_names_in_.tolist() == [*X]
    assert streamed.parameters_.shape[0] == plain.parameters_.shape[0]
    assert len(streamed.history_["epoch"]) == len(plain.history_["epoch"])
    assert_allclose(streamed.t_, plain.t_, rtol=0.01)
    best = [min(curve) for curve in streamed.validation_loss_curve_]
    assert_allclose(-streamed.best_validation_score_, best)


def learned_by(model):
    """Return the state of a preprocessor without pairs of levels, which streams do not have."""
    return {**model.preprocessor_.__getstate__(), "_code_pairs": None}


@pytest.mark.parametrize("weight", [None, "age"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_scored_by_the_name_of_its_target(kind, weight):
    frame = table(400).fillna({"age": 0.5})
    X, y = frame[["size", "colour"]], frame[TARGET[kind]]
    model = quick(kind).fit(X, y)
    expected = model.score(X, y, None if weight is None else frame[weight])
    assert model.score(frames(frame), TARGET[kind], weight) == expected
    assert model.score(frames(frame), y.to_numpy()) == model.score(X, y)
    with pytest.raises(ValueError, match="nothing"):
        model.score(frames(frame), "nothing")


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_scored_by_the_names_of_its_targets(kind):
    frame = table(400)
    frame = frame.assign(one=1 * (frame["price"] > 0), two=1 * (frame["size"] > 1))
    X, y = frame[["size", "colour"]], frame[["one", "two"]]
    model = quick(kind).fit(X, y)
    assert_allclose(model.score(frames(frame), ["one", "two"]), model.score(X, y), rtol=1e-12)


@contextlib.contextmanager
def little_memory():
    """Let a shard have a few hundred rows."""
    with config_context(working_memory=0.3):
        yield


@pytest.mark.parametrize("kind", KINDS)
def test_shard_by_shard(kind, monkeypatch):
    frame, sizes = rows_for(kind), []
    plain = _EncodedStream._shards

    def counted(self, epoch, wanted):
        for shard in plain(self, epoch, wanted):
            sizes.append(len(shard.X))
            yield shard

    monkeypatch.setattr(_EncodedStream, "_shards", counted)
    whole = quick(kind, max_iter=8).fit(frames(frame), TARGET[kind])
    assert sizes == [N_ROWS]  # read once, and kept
    sizes.clear()
    with little_memory():
        parted = quick(kind, max_iter=8).fit(frames(frame, 50), TARGET[kind])
    assert sum(sizes) == 8 * N_ROWS
    assert max(sizes) < N_ROWS / 2
    assert loss_of(parted) < 1.25 * loss_of(whole)
    assert_allclose(parted.t_, whole.t_, rtol=0.02)
    # The schedule goes on over shards: at the end of the last its cycle is over.
    rates = parted.history_["learning_rate"][:8]
    assert rates[-1] < 0.01 * max(rates)


@pytest.mark.parametrize("kind", KINDS)
def test_workers_change_no_bit(kind, monkeypatch):
    stream = frames(rows_for(kind))
    with little_memory():
        here = quick(kind, n_jobs=1).fit(stream, TARGET[kind])
        for name in ("FEWEST_SECONDS", "START_SECONDS", "IMPORT_SECONDS"):
            monkeypatch.setattr(sknumpynet.training.workers, name, 0.0)
        with joblib.parallel_config(n_jobs=2):
            elsewhere = quick(kind, n_jobs=2).fit(stream, TARGET[kind])
    assert_array_equal(elsewhere.parameters_, here.parameters_)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_stream_gives_the_same_model(kind):
    frame = rows_for(kind)
    models = []
    for _ in range(2):
        with little_memory():
            models.append(quick(kind).fit(frames(frame), TARGET[kind]))
    assert_array_equal(models[0].parameters_, models[1].parameters_)
    loaded = pickle.loads(pickle.dumps(models[0]))
    X = frame.drop(columns=TARGET[kind])
    assert_array_equal(outputs(loaded, X), outputs(models[0], X))


@pytest.mark.parametrize("kind", KINDS)
def test_weights_by_name(kind):
    frame = rows_for(kind)
    frame["weight"] = np.arange(N_ROWS) % 3
    frame.loc[:170, "weight"] = 0.0  # all of a frame
    wild = frame.assign(size=frame["size"].where(frame["weight"] > 0, 1e9))
    kept = frame[frame["weight"] > 0]
    model = quick(kind).fit(frames(wild), TARGET[kind], "weight")
    X = kept.drop(columns=["weight", TARGET[kind]])
    expected = TabularPreprocessor(ranks=250).fit(X)
    assert_array_equal(model.preprocessor_.transform(X), expected.transform(X))
    assert "weight" not in model.feature_names_in_
    assert loss_of(model) < 0.7


@pytest.mark.parametrize("unit", [2.0**300, 2.0**-300])
def test_weights_of_frames_are_in_one_unit(unit):
    """Also where those of the first are by far the smallest, beside which others are infinite."""
    frame = rows_for(TabularMLPRegressor, 200)
    frame["weight"] = np.where(frame.index < 40, 1e-30, 1e30)
    models = [
        quick(TabularMLPRegressor).fit(frames(own, 40), "price", "weight")
        for own in (frame, frame.assign(weight=frame["weight"] * unit))
    ]
    assert_array_equal(models[0].parameters_, models[1].parameters_)


@pytest.mark.parametrize(("base", "unit"), [(1e9, 1e3), (0.0, 1e200), (0.0, 1e-200)])
def test_units_of_targets_are_those_of_all_rows(base, unit):
    frame = rows_for(TabularMLPRegressor, 300)
    frame["price"] = base + unit * frame["price"]
    streamed = quick(TabularMLPRegressor).fit(frames(frame), "price")
    plain = quick(TabularMLPRegressor).fit(frame.drop(columns="price"), frame["price"])
    for name, value in plain._unit.items():
        assert_allclose(streamed._unit[name], value, rtol=1e-9)


def test_classes_that_come_late_and_balanced():
    frame = rows_for(TabularMLPClassifier).sort_values("label", ignore_index=True)
    model = quick(TabularMLPClassifier, class_weight="balanced").fit(frames(frame), "label")
    assert model.classes_.tolist() == ["no", "yes"]
    assert loss_of(model) < 0.6


@pytest.mark.parametrize(
    ("kind", "names"), [(TabularMLPClassifier, ["a", "b"]), (TabularMLPRegressor, ["price", "c"])]
)
def test_several_targets(kind, names):
    frame = table().drop(columns="label")
    frame = frame.assign(a=(frame.price > 0) * 1, b=(frame.age > 40) * 1, c=frame["size"] * 2)
    model = quick(kind).fit(frames(frame), names)
    assert outputs(model, frame.drop(columns=names)).shape == (N_ROWS, 2)


def test_a_list_of_one_target_is_this_target():
    stream = frames(rows_for(TabularMLPRegressor, 100))
    models = [quick(TabularMLPRegressor).fit(stream, y) for y in ("price", ["price"])]
    assert_array_equal(models[0].parameters_, models[1].parameters_)


NO, YES = "no", "yes"
# Labels of two frames, and the type of classes.
LABELS = {
    "text": ((YES, NO), (NO, YES), "<U3"),
    "small numbers": (np.array([0, 1], "i1"), np.array([1, 0], "i1"), "i1"),
    "numbers of two types": (np.array([0, 1], "i1"), np.array([2, 3], "i2"), "i2"),
    "truths": ((False, True), (True, False), "?"),
    "days": (np.array(["2026-01-02", "2026-01-01"], "M8[s]"),) * 2 + ("M8[s]",),
}


@pytest.mark.parametrize("name", LABELS)
def test_classes_have_the_type_of_labels(name):
    *labels, dtype = LABELS[name]
    X = table(80)[["size"]]
    stream = [X.assign(label=np.tile(np.asarray(own), 40)) for own in labels]
    model = quick(TabularMLPClassifier, max_iter=1).fit(stream, "label")
    y = np.concatenate([own["label"].to_numpy() for own in stream])
    assert model.classes_.dtype == dtype
    assert_array_equal(model.classes_, np.unique(y))
    assert model.predict(X).dtype == dtype


def test_parts_of_many_classes_are_not_warned_of():
    frame = table(120)[["size"]].assign(label=np.arange(120) % 40)
    model = quick(TabularMLPClassifier, max_iter=1).fit(frames(frame, 40), "label")
    assert len(model.classes_) == 40
    assert len(model.partial_fit(frame[["size"]][:40], frame["label"][:40]).classes_) == 40


@pytest.mark.parametrize("kind", KINDS)
def test_rows_to_validate_by(kind):
    frame, validation = rows_for(kind), rows_for(kind, 200, seed=2)
    X_val, y_val = validation.drop(columns=TARGET[kind]), validation[TARGET[kind]]
    with little_memory():
        model = quick(kind).fit(frames(frame), TARGET[kind], X_val=X_val, y_val=y_val)
    assert model.t_.tolist() == [4 * N_ROWS] * 5  # nothing is held out
    assert len(model.validation_loss_curve_[0]) == 4


def test_a_tenth_is_set_aside():
    frame = rows_for(TabularMLPRegressor)
    model = quick(TabularMLPRegressor, resample=None).fit(frames(frame), "price")
    assert_allclose(model.t_, 4 * 0.9 * N_ROWS, rtol=0.02)


def test_time_is_limited():
    frame = rows_for(TabularMLPRegressor)
    with little_memory():
        model = quick(TabularMLPRegressor, max_iter=10_000, max_time=1.0).fit(
            frames(frame), "price"
        )
    assert model.n_iter_.max() < 10_000


def test_fit_of_a_stream_forgets_what_was_before():
    frame = rows_for(TabularMLPRegressor)
    X, y = frame.drop(columns="price"), frame["price"]
    model = quick(TabularMLPRegressor).fit(X, y)
    model.set_params(n_background=0).fit(frames(frame), "price")
    for name in ("oof_prediction_", "_conformal", "background_"):
        assert not hasattr(model, name)
    with pytest.raises(ValueError, match=r"got resample='folds'\), a fit to a table in memory"):
        model.predict_interval(X)
    # And a stream is gone on with.
    assert model.partial_fit(X[:50], y[:50]).predict(X).shape == (N_ROWS,)


WAYS = {
    "a table": lambda model, X, y: model.fit(X, y),
    "a stream": lambda model, X, y: model.fit(frames(X.assign(price=y)), "price"),
}


@pytest.mark.parametrize("way", WAYS)
def test_warnings_point_at_who_called_fit(way):
    frame = rows_for(TabularMLPRegressor, 100)
    model = quick(TabularMLPRegressor, batch_size=1_000, n_jobs=1)
    with pytest.warns(UserWarning, match="clipped") as caught:
        WAYS[way](model, frame.drop(columns="price"), frame["price"])
    assert [warning.filename for warning in caught] == [__file__]


# Prediction --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_streams_are_predicted(kind):
    frame = rows_for(kind)
    model = quick(kind).fit(frame.drop(columns=TARGET[kind]), frame[TARGET[kind]])
    expected = outputs(model, frame.drop(columns=TARGET[kind]))
    assert_array_equal(outputs(model, frames(frame)), expected)
    assert_array_equal(model.predict(frames(frame)), model.predict(frame[model.feature_names_in_]))


def test_what_cannot_be_predicted():
    frame = rows_for(TabularMLPRegressor, 100)
    with pytest.raises(NotFittedError):
        TabularMLPRegressor().predict(frames(frame))
    model = quick(TabularMLPRegressor).fit(frames(frame), "price")
    with pytest.raises(ValueError, match=r"columns \['age'\] are not among those"):
        model.predict(frames(frame.drop(columns="age")))
    with pytest.raises(TypeError, match="in memory is asked for here, got list, a stream"):
        model.predict_members(frames(frame))
    with pytest.raises(ValueError, match="TabularMLPRegressor was told none in fit"):
        quick(TabularMLPRegressor).fit(frame[["size"]].to_numpy(), frame["price"]).predict([frame])
    with pytest.raises(ValueError, match="the stream has no rows"):
        model.predict([frame[:0]])


# Every source ------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["path", "dataset", "lazy"])
def test_sources(source, tmp_path):
    polars, dataset = pytest.importorskip("polars"), pytest.importorskip("pyarrow.dataset")
    frame = rows_for(TabularMLPClassifier)
    polars.from_pandas(frame).write_parquet(tmp_path / "rows.parquet", row_group_size=100)
    path = tmp_path / "rows.parquet"
    stream = {"path": path, "dataset": dataset.dataset(path), "lazy": polars.scan_parquet(path)}
    with little_memory():
        model = quick(TabularMLPClassifier).fit(stream[source], "label")
    assert loss_of(model) < 0.6
    assert_array_equal(model.predict(stream[source]), model.predict(path))


# What is refused ---------------------------------------------------------------------------------


class Changing:
    """Frames that are fewer each time."""

    def __init__(self, frame):
        self.parts = frames(frame, 20)

    def __iter__(self):
        self.parts = self.parts[:-1]
        return iter(self.parts)


def doubled(frame, name):
    return pd.concat([frame, frame[[name]]], axis=1)


def pyarrow_frames(frame):
    return [pytest.importorskip("pyarrow").Table.from_pandas(frame)]


def with_gaps(frame):
    return frame.assign(price=frame["price"].where(frame.index > 3))


REFUSED = {
    "a generator": (lambda f: (own for own in frames(f)), {}, {}, TypeError, "only once"),
    "no target": (frames, {"y": None}, {}, TypeError, "y is the name of its column"),
    "targets as cells": (frames, {"y": np.zeros(9)}, {}, TypeError, "got ndarray"),
    "another target": (frames, {"y": "cost"}, {}, ValueError, r"columns \['cost'\] are not among"),
    "two columns of a name": (
        lambda f: [doubled(f, "age")],
        {},
        {},
        ValueError,
        "got 2 of name 'age'",
    ),
    "two targets of a name": (
        lambda f: [doubled(f, "price")],
        {},
        {},
        ValueError,
        "got 2 of name 'price'",
    ),
    "targets as text": (frames, {"y": "city"}, {}, ValueError, "real numbers, got 'city"),
    "targets as days": (
        lambda f: pyarrow_frames(f.assign(price=pd.Timestamp("2026-01-01"))),
        {},
        {},
        ValueError,
        "targets must be real numbers, got datetime",
    ),
    "weights as text": (frames, {"sample_weight": "city"}, {}, ValueError, "'city' must be num"),
    "two rows": (lambda f: [f[:2]], {}, {}, ValueError, "none of the first 2 rows: the stream is"),
    "weights of 0": (
        lambda f: frames(f.assign(weight=0)),
        {"sample_weight": "weight"},
        {},
        ValueError,
        "none of a weight above 0",
    ),
    "weights as cells": (frames, {"sample_weight": np.ones(9)}, {}, TypeError, "got ndarray"),
    "groups": (frames, {"groups": np.zeros(9)}, {}, TypeError, "unexpected arguments"),
    "no rows": (lambda f: [f[:0]], {}, {}, ValueError, "the stream has no rows"),
    "another schema": (
        lambda f: [f, f.drop(columns="age")],
        {},
        {},
        ValueError,
        "all frames of a stream must have the same columns",
    ),
    "fewer rows": (Changing, {}, {}, ValueError, "must give the same rows every time: it gave"),
    "targets missing": (lambda f: frames(with_gaps(f)), {}, {}, ValueError, "missing values"),
    "a splitter": (frames, {}, {"resample": KFold(5)}, ValueError, "got resample=KFold"),
    "a bootstrap": (frames, {}, {"resample": "bootstrap"}, ValueError, "got resample='bootstrap'"),
    "a scorer": (frames, {}, {"scoring": "r2"}, ValueError, "got scoring='r2'"),
    "a stream to validate by": (
        frames,
        {"X_val": "rows.parquet", "y_val": "price"},
        {},
        TypeError,
        "rows in memory, .*, got str and str",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_leaves_the_model_as_it_was(name):
    source, arguments, parameters, error, message = REFUSED[name]
    model = quick(TabularMLPRegressor, **parameters)
    before = vars(model).copy()
    with pytest.raises(error, match=message):
        model.fit(source(rows_for(TabularMLPRegressor, 300)), **{"y": "price"} | arguments)
    assert vars(model) == before


def test_numbers_are_no_classes():
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        quick(TabularMLPClassifier).fit(frames(rows_for(TabularMLPRegressor, 300)), "price")


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_network(kind):
    with little_memory():
        model = quick(kind, n_members=1).fit(frames(rows_for(kind)), TARGET[kind])
    assert model.parameters_.shape[0] == 1
    assert loss_of(model) < 0.9


def test_hundreds_of_columns(monkeypatch):
    monkeypatch.setattr(network_specs, "MOST_INPUTS", 20)
    X = np.random.default_rng(0).normal(size=(600, 17))
    frame = pd.DataFrame(X, columns=[f"x{k}" for k in range(17)]).assign(label=X[:, 3] > 0)
    model = quick(TabularMLPClassifier).fit(frames(frame), "label")
    assert model.member_columns_[:, 3].all()
    assert not model.member_columns_.all()


def test_labels_of_several_kinds():
    frame = rows_for(TabularMLPClassifier, 100)
    stream = [frame, frame.assign(label=1)]
    with pytest.raises(TypeError, match="all text or all numbers, got 'yes' and "):
        quick(TabularMLPClassifier).fit(stream, "label")


def test_balanced_classes_exclude_each_other():
    frame = table(100)[["size"]].assign(a=[0, 1] * 50, b=[1, 1] * 50)
    model = quick(TabularMLPClassifier, class_weight="balanced")
    with pytest.raises(ValueError, match="class_weight='balanced' is for labels that exclude"):
        model.fit([frame], ["a", "b"])


TABLES_IN_MEMORY = {
    "y": lambda model, X, y: model.fit(X, "price"),
    "weights": lambda model, X, y: model.fit(X, y, "price"),
    "partial_fit": lambda model, X, y: model.partial_fit([X], "price"),
    "partial_fit of a path": lambda model, X, y: model.partial_fit("rows.parquet", "price"),
    "transform": lambda model, X, y: TabularPreprocessor().fit(X).transform([X]),
    "fit_transform": lambda model, X, y: TabularPreprocessor().fit_transform([X, X]),
}


@pytest.mark.parametrize("name", TABLES_IN_MEMORY)
def test_what_takes_no_stream(name):
    frame = rows_for(TabularMLPRegressor, 20)
    with pytest.raises(TypeError, match=r"in memory.* got .*stream"):
        TABLES_IN_MEMORY[name](quick(TabularMLPRegressor), frame, frame["price"])


def test_callbacks_are_refused():
    callback = pytest.importorskip("sklearn.callback")
    model = quick(TabularMLPRegressor).set_callbacks(callback.ProgressBar())
    with pytest.raises(ValueError, match="not of streams"):
        model.fit(frames(rows_for(TabularMLPRegressor, 300)), "price")


def test_calibration_is_refused():
    model = quick(TabularMLPClassifier, calibrate="temperature")
    with pytest.raises(ValueError, match="calibrate='temperature' needs all rows at once"):
        model.fit(frames(rows_for(TabularMLPClassifier, 300)), "label")
