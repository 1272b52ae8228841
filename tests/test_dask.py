"""Estimators for tables in partitions on a cluster: the same model by whoever trains it."""

import asyncio
import copy
import inspect
import io
import pickle
import threading
import time
import tracemalloc
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers.partitions import N_ROWS, be_as_before, be_slow, die, part, wide_part
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor, load_model
from sknumpynet.dask import (
    DaskTabularMLPClassifier,
    DaskTabularMLPRegressor,
    attempts,
    fitting,
    members,
)
from sknumpynet.dask.members import MemberJob, PartitionReader
from sknumpynet.dask.partitions import EncodedPartition
from sknumpynet.dask.statistics import difference_of_targets
from sknumpynet.estimators.targets.sketching import ClassSketch, NumberSketch

distributed = pytest.importorskip("distributed")
dd = pytest.importorskip("dask.dataframe")
da = pytest.importorskip("dask.array")

# What goes on in Dask's threads and at its end is not ours.
pytestmark = pytest.mark.filterwarnings("ignore")

FEATURES = ["size", "age", "colour"]
CLASSES = {
    DaskTabularMLPClassifier: (TabularMLPClassifier, "label"),
    DaskTabularMLPRegressor: (TabularMLPRegressor, "price"),
}
SETTINGS = {"n_members": 2, "max_iter": 3, "random_state": 0, "hidden_layer_sizes": (8,)}


def table(columns, numbers=range(7)):
    """Return a table of Dask, whose partitions are made on workers."""
    return dd.from_map(part, numbers, meta=part(0))[[*FEATURES, *columns]]


def in_memory(numbers=range(7)):
    return pd.concat([part(number) for number in numbers], ignore_index=True)


@pytest.fixture(scope="module")
def here():
    """Return a client of a cluster in this process."""
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0"
    ) as client:
        yield client


@pytest.mark.parametrize("kind", CLASSES)
def test_quality_is_that_of_the_plain_estimator(here, kind):
    plain, target = CLASSES[kind]
    settings = {"n_members": 4, "random_state": 0, "max_iter": 15}
    X, new = table([target], range(10)), in_memory(range(20, 25))
    rows = in_memory(range(10))
    in_parts = kind("fast", **settings).fit(X, target).to_local()
    together = plain("fast", **settings).fit(rows[FEATURES], rows[target])
    scores = [model.score(new[FEATURES], new[target]) for model in (in_parts, together)]
    assert scores[0] > scores[1] - 0.02


@pytest.mark.parametrize("kind", CLASSES)
def test_predictions_are_lazy_and_of_the_same_partitions(here, kind):
    _, target = CLASSES[kind]
    X = table([target])
    model = kind("fast", **SETTINGS).fit(X, target)
    local, rows = model.to_local(), in_memory()
    assert type(local) is CLASSES[kind][0]
    assert not hasattr(local, "client")
    assert not hasattr(local, "traffic_")
    for method in ("predict", "predict_proba"):
        if not hasattr(local, method):
            continue
        predicted = getattr(model, method)(X)
        assert predicted.npartitions == X.npartitions
        computed = predicted.compute()
        assert_array_equal(computed.index, X.index.compute())
        dd.utils.assert_eq(predicted, computed, check_index=False, check_divisions=False)
        assert_array_equal(computed.to_numpy(), getattr(local, method)(rows[FEATURES]))
    assert_array_equal(model.predict(rows[FEATURES]), local.predict(rows[FEATURES]))


@pytest.mark.parametrize("kind", CLASSES)
def test_arrays_with_weights(here, kind):
    _, target = CLASSES[kind]
    rows = in_memory()
    values = rows[["size", "age"]].to_numpy()
    X = da.from_array(values, chunks=(N_ROWS, 1))
    y = da.from_array(rows[target].to_numpy(), chunks=N_ROWS)
    weight = da.from_array(rows["weight"].to_numpy(), chunks=N_ROWS)
    model = kind("fast", **SETTINGS).fit(X, y, weight)
    predicted = model.predict(X)
    assert predicted.chunks == (X.chunks[0],)
    assert_array_equal(predicted.compute(), model.to_local().predict(values))
    if hasattr(model, "predict_proba"):
        probabilities = model.predict_proba(X)
        assert probabilities.chunks == (X.chunks[0], (2,))
        assert_array_equal(probabilities.compute(), model.to_local().predict_proba(values))
    # Weights in another unit say the same.
    again = clone(model).fit(X, y, weight * 4)
    assert_array_equal(again.parameters_, model.parameters_)
    # Rows of weight 0 are as if absent.
    kept = rows["weight"].to_numpy() > 0
    sizes = tuple(int(own.sum()) for own in kept.reshape(-1, N_ROWS))
    some = [
        da.from_array(own[kept], chunks=(sizes, *[-1] * (own.ndim - 1)))
        for own in (values, rows[target].to_numpy(), rows["weight"].to_numpy())
    ]
    assert_array_equal(clone(model).fit(*some).parameters_, model.parameters_)


def test_names_and_collections_say_the_same(here):
    X = table(["label", "weight"])
    model = DaskTabularMLPClassifier("fast", **SETTINGS)
    named = clone(model).fit(X, "label", "weight")
    apart = clone(model).fit(X[FEATURES], X["label"], X["weight"])
    assert_array_equal(named.parameters_, apart.parameters_)


def test_workers_warn_of_nothing(here):
    X, rare = table(["price"]), part(0)[[*FEATURES, "price"]]
    rare["colour"] = [f"colour {k}" for k in range(N_ROWS)]  # too few of each to be learned
    X = dd.concat([X, dd.from_pandas(rare, npartitions=1)])
    model = DaskTabularMLPRegressor("fast", **SETTINGS)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "A column-vector|.*levels that fit did not learn")
        one_column = clone(model).fit(X, ["price"])
    assert_array_equal(one_column.parameters_, clone(model).fit(X, "price").parameters_)


def test_many_small_partitions_are_not_read_one_by_one(here, monkeypatch):
    X = dd.from_map(part, range(15), n_rows=5, meta=part(0))[[*FEATURES, "label"]]
    rounds, compute = [], here.compute
    monkeypatch.setattr(here, "compute", lambda *a, **k: rounds.append(1) or compute(*a, **k))
    DaskTabularMLPClassifier("fast", **SETTINGS).fit(X, "label")
    # Of 1, 2, 4 and 8 partitions to see what columns are; of all to sketch and encode them.
    assert len(rounds) <= 4 + 2


def fit_in_a_task():
    client = distributed.get_client()
    model = DaskTabularMLPClassifier("fast", **SETTINGS, client=client)
    return model.fit(table(["label"]), "label").parameters_


def test_tasks_that_fit_leave_their_threads_to_others(here):
    futures = [here.submit(fit_in_a_task, pure=False) for _ in range(2)]  # of two threads
    in_tasks = here.sync(asyncio.wait_for, here.gather(futures, asynchronous=True), 60)
    outside = DaskTabularMLPClassifier("fast", **SETTINGS).fit(table(["label"]), "label")
    for parameters in in_tasks:
        assert_array_equal(parameters, outside.parameters_)


def test_several_targets_and_labels(here):
    rows = in_memory()
    X = table(["price"])
    y = X[["size", "price"]]
    model = DaskTabularMLPRegressor("fast", **SETTINGS).fit(X[FEATURES], y)
    predicted = model.predict(X).compute()
    assert predicted.shape == (len(rows), 2)
    labels = (y > 0).astype(int)
    model = DaskTabularMLPClassifier("fast", **SETTINGS).fit(X[FEATURES], labels)
    for method in ("predict", "predict_proba"):
        computed = getattr(model, method)(X).compute()
        assert_array_equal(computed.to_numpy(), getattr(model.to_local(), method)(rows[FEATURES]))


def test_partitions_without_rows(here):
    X = table(["label"])
    holed = dd.concat([X.partitions[0], X.partitions[1][X.partitions[1]["size"] > 99], X])
    model = DaskTabularMLPClassifier("fast", **SETTINGS).fit(holed, "label")
    assert len(model.predict(holed).compute()) == 8 * N_ROWS


@pytest.mark.parametrize("settings", [{"class_weight": "balanced"}, {"resample": None}])
def test_settings(here, settings):
    model = DaskTabularMLPClassifier("fast", **SETTINGS, **settings).fit(table(["label"]), "label")
    assert model.to_local().score(in_memory()[FEATURES], in_memory()["label"]) > 0.6


def test_partitions_that_differ_are_warned_of(here):
    rows = in_memory().sort_values("price")
    X = dd.from_pandas(rows[[*FEATURES, "price"]].reset_index(drop=True), npartitions=5)
    model = DaskTabularMLPRegressor("fast", **SETTINGS)
    with pytest.warns(UserWarning, match="differ in their targets beyond chance: 8. % of the var"):
        model.fit(X, "price")


def sketches_of(groups, kind):
    sketches = []
    for own in groups:
        sketches.append(kind())
        sketches[-1].add(np.asarray(own), None)
    return sketches


def number_sketch():
    return NumberSketch(keeps_zero=False)


@pytest.mark.parametrize("kind", [ClassSketch, number_sketch])
def test_what_differs_by_chance_is_not_warned_of(kind):
    rng = np.random.default_rng(0)
    found = [
        difference_of_targets(sketches_of(rng.integers(0, 3, (10, 200)), kind)) for _ in range(200)
    ]
    assert found.count(None) >= 198


@pytest.mark.parametrize(
    ("kind", "groups", "differs"),
    [
        (ClassSketch, [["a"] * 50, ["b"] * 50], True),
        (ClassSketch, [["a"] * 50, ["a"] * 50], False),
        (number_sketch, [[1.0] * 50, [2.0] * 50], True),
        (number_sketch, [[1.0] * 50, [1.0] * 50], False),
        (number_sketch, [[1.0], [2.0]], False),
        (number_sketch, [np.c_[np.arange(50.0), np.full(50, k)] for k in range(2)], True),
        # Whose squares overflow, or vanish.
        *(
            (number_sketch, scale * np.array([[1.0, 2.0] * 25, [mean, 2.0] * 25]), differs)
            for scale in (1e160, 1e-170)
            for mean, differs in ((1.0, False), (9.0, True))
        ),
    ],
)
def test_extreme_partitions(kind, groups, differs):
    assert (difference_of_targets(sketches_of(groups, kind)) is not None) == differs


# Reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows_of_shard", "n_kept", "n_read"),
    # All at once; shards of two partitions and nothing kept; half of the partitions kept.
    [(1000, 0, 10), (150, 0, 50), (150, 5, 30)],
)
def test_traffic_is_bounded_and_counted(rows_of_shard, n_kept, n_read):
    partitions = {
        str(k): EncodedPartition(np.full((100, 2), k, np.float32), np.zeros((100, 1)), None)
        for k in range(10)
    }
    size = partitions["0"].nbytes
    job = MemberJob(0, None, None, None, tuple(partitions), (), (100,) * 10, rows_of_shard)
    reader = PartitionReader(
        lambda key: (partitions[key], int(key) % 2 == 0),
        job,
        lambda n_bytes: (len(reader.kept) + 1) * n_bytes <= n_kept * size,
    )
    orders = []
    for epoch in range(5):
        shards = list(reader.shards(epoch))
        assert all(len(own.X) >= min(rows_of_shard, 1000) for own in shards[:-1])
        order = np.concatenate([own.X[::100, 0] for own in shards])
        assert sorted(order) == list(range(10))
        orders.append(tuple(order))
    assert reader.traffic.read == n_read * size
    assert reader.traffic.fetched < reader.traffic.read
    assert len(set(orders)) == (1 if rows_of_shard == 1000 else 5)


def test_partitions_that_change_are_refused():
    partition = EncodedPartition(np.zeros((3, 1)), np.zeros((3, 1)), None)
    job = MemberJob(0, None, None, None, ("a",), (), (4,), 4)
    reader = PartitionReader(lambda key: (partition, False), job, lambda n_bytes: False)
    with pytest.raises(ValueError, match="4 at first, then 3"):
        list(reader.shards(0))


def test_a_partition_that_cannot_be_made_anew_is_not_waited_for(here, monkeypatch):
    def time_out():
        raise TimeoutError("the disk is gone")

    looks = iter(range(3))
    lost = here.submit(time_out)
    attempt = SimpleNamespace(check=lambda: next(looks), value_of=lambda key: lost)
    worker = SimpleNamespace(data={})
    module = SimpleNamespace(get_worker=lambda: worker, secede=int, rejoin=int)
    monkeypatch.setattr(members, "dask_module", lambda name: module)
    fetch = members._Fetcher(attempt)
    with pytest.raises(TimeoutError, match="the disk is gone"):
        fetch("key")


def test_small_shards_learn_too(here):
    with config_context(working_memory=1):
        model = DaskTabularMLPClassifier("fast", **SETTINGS)
        model.fit(
            dd.from_map(part, range(6), n_rows=3000, meta=part(0))[[*FEATURES, "label"]], "label"
        )
    assert model.score(in_memory()[FEATURES], in_memory()["label"]) > 0.7


# scikit-learn's conventions -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLASSES)
def test_parameters_are_those_of_the_plain_class_and_a_client(kind):
    plain = CLASSES[kind][0]
    own, its = (inspect.signature(cls).parameters for cls in (kind, plain))
    assert [*own] == [*its, "client"]
    assert all(own[name] == its[name] for name in its)
    assert kind("fast", n_members=2).get_params() == {
        **plain("fast", n_members=2).get_params(),
        "client": None,
    }


@pytest.mark.parametrize("kind", CLASSES)
def test_a_client_is_handed_on_but_not_saved(here, kind):
    _, target = CLASSES[kind]
    model = kind("fast", **SETTINGS, client=here)
    assert clone(model).client is here
    assert clone(model).n_members == 2
    assert model.client_ is here
    assert kind().client_ is here
    model.fit(table([target]), target)
    loaded = pickle.loads(pickle.dumps(model))
    assert loaded.client is None
    rows = in_memory()[FEATURES]
    assert_array_equal(loaded.predict(rows), model.predict(rows))
    assert_array_equal(copy.deepcopy(model.to_local()).predict(rows), model.predict(rows))
    assert_allclose(loaded.to_local().parameters_, model.parameters_)
    file = io.BytesIO()
    model.save_model(file)
    assert type(load_model(file)) is CLASSES[kind][0]
    assert_array_equal(load_model(file).predict(rows), model.predict(rows))


@pytest.mark.parametrize("kind", CLASSES)
def test_before_fit(here, kind):
    with pytest.raises(NotFittedError):
        kind().to_local()
    with pytest.raises(NotFittedError):
        kind().predict(table([]))


def test_std_is_for_rows_in_memory(here):
    model = DaskTabularMLPRegressor("fast", **SETTINGS).fit(table(["price"]), "price")
    assert model.predict(in_memory()[FEATURES], return_std=True)[1].shape == (7 * N_ROWS,)
    with pytest.raises(ValueError, match="return_std=True"):
        model.predict(table([]), return_std=True)


def test_columns_of_the_same_files_have_the_same_partitions(here, tmp_path):
    """Of files of which few columns are read Dask joins several, of y others than of X."""
    for number in range(6):
        part(number)[[*FEATURES, "label", "price"]].to_parquet(tmp_path / f"{number}.parquet")
    X = dd.read_parquet(tmp_path)
    apart, named, of_few = (
        DaskTabularMLPRegressor("fast", **SETTINGS).fit(*given)
        for given in (
            (X[FEATURES], X["price"]),
            (X[[*FEATURES, "price"]], "price"),
            (X[["size", "price"]], "price"),
        )
    )
    assert_array_equal(apart.predict(X).compute(), named.predict(X).compute())
    assert (of_few.predict(X) - X["price"]).compute().shape == (6 * N_ROWS,)
    with pytest.raises(ValueError, match=r"\['age', 'colour'\] are not among"):
        apart.predict(X[["size"]])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (lambda X: (X.compute(), "label"), TypeError, "read_parquet gives, got DataFrame"),
        (lambda X: (X.to_delayed()[0], "label"), TypeError, "got Delayed"),
        (lambda X: (X.to_bag(), "label"), TypeError, "got Bag"),
        (lambda X: (X[FEATURES], X["age"].sum()), TypeError, "got Scalar"),
        (lambda X: (X[FEATURES], X["label"].to_delayed()[0]), TypeError, "got Delayed"),
        (lambda X: (X, None), TypeError, "name of a column of X, got None"),
        (lambda X: (X, "nothing"), ValueError, "nothing"),
        (lambda X: (X[FEATURES], X["label"].compute()), TypeError, "got Series"),
        (lambda X: (X[FEATURES], X["label"], np.ones(3)), TypeError, "got ndarray"),
        (lambda X: (X[FEATURES], X["label"].partitions[:3]), ValueError, "got 7, 3 and 7"),
        (lambda X: (X[["size"]].to_dask_array(lengths=True), "label"), TypeError, "no names"),
        (lambda X: (X.partitions[:1], "label"), ValueError, r"at least 2 partitions.*\[300\]"),
        (lambda X: (X[X["size"] > 99], "label"), ValueError, "no rows"),
        (lambda X: (X[["size", "label"]], "size"), ValueError, "type|continuous|classes"),
        (lambda X: (X[["size", "age"]], "age"), ValueError, "missing values"),
    ],
)
def test_what_cannot_be_learned_from(here, arguments, error, message):
    model = DaskTabularMLPClassifier("fast", **SETTINGS)
    before = dict(vars(model))
    with pytest.raises(error, match=message):
        model.fit(*arguments(table(["label"])))
    assert vars(model) == before


def odd_part(number, change):
    """Return a partition, the fourth one other than those before it."""
    X = part(number)[[*FEATURES, "label"]]
    return change(X) if number == 3 else X


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda X: X[["age", "size", "colour", "label"]],
            r"same columns.*\['age', 'size', 'colour'\]",
        ),
        (lambda X: X.drop(columns="age"), r"got one of \['size', 'colour'\] where the first"),
        (lambda X: X.assign(more=1.0), r"got one of \['size', 'age', 'colour', 'more'\]"),
        (lambda X: X.assign(label=7), "all text or all numbers, got "),
    ],
)
def test_partitions_that_do_not_go_together(here, change, message):
    X = dd.from_map(odd_part, range(7), change=change, meta=part(0)[[*FEATURES, "label"]])
    with pytest.raises((TypeError, ValueError), match=message):
        DaskTabularMLPClassifier("fast", **SETTINGS).fit(X, "label")


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["_warned_of", "first_results"])
def test_nothing_is_left_on_the_cluster_after_an_interrupt(here, monkeypatch, where):
    monkeypatch.setattr(fitting, where, interrupt)
    before = {*here.futures}
    with pytest.raises(KeyboardInterrupt) as caught:
        DaskTabularMLPClassifier("fast", **SETTINGS).fit(table(["label"]), "label")
    assert caught.tb is not None  # which holds all that the fit knew
    here.nthreads()  # comes after what was let go of
    assert {*here.futures} <= before


@pytest.mark.parametrize("is_asynchronous", [True, False])
def test_what_is_no_client(here, monkeypatch, is_asynchronous):
    client = here if is_asynchronous else "tcp://127.0.0.1:8786"
    monkeypatch.setattr(distributed.Client, "asynchronous", is_asynchronous)
    model = DaskTabularMLPClassifier("fast", **SETTINGS, client=client)
    with pytest.raises(TypeError, match=r"not asynchronous, or None.*(<Client|'tcp)"):
        model.fit(None, None)


@pytest.mark.parametrize(
    "settings",
    [{"resample": "bootstrap"}, {"scoring": "accuracy"}, {"calibrate": "temperature"}],
)
def test_what_needs_all_rows_is_refused(here, settings):
    model = DaskTabularMLPClassifier("fast", **settings)
    with pytest.raises(ValueError, match=next(iter(settings.values()))):
        model.fit(table(["label"]), "label")


def test_without_dask(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ImportError, match=r'pip install "sknumpynet\[dask\]"'):
        DaskTabularMLPClassifier().fit(None, None)


# Workers in processes of their own ----------------------------------------------------------------


@pytest.fixture(scope="module")
def processes():
    """Return a client of workers in processes, whose number `scaled` changes."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit="600MB", dashboard_address=":0"
        ) as running,
        distributed.Client(running, set_as_default=False) as client,
    ):
        yield client


def scaled(client, n_workers):
    """Return the client once there are so many workers."""
    client.cluster.scale(n_workers)
    while len(client.nthreads()) != n_workers:
        time.sleep(0.05)
    return client


def test_the_number_of_workers_changes_no_bit(here, processes):
    model = DaskTabularMLPClassifier("fast", **SETTINGS)
    X = table(["label"])
    fitted = [clone(model).set_params(client=here).fit(X, "label")]
    for n_workers in (2, 4):
        client = scaled(processes, n_workers)
        fitted.append(clone(model).set_params(client=client).fit(X, "label"))
    assert max(fitted[1].traffic_["fetched_bytes"]) > 0
    for other in fitted[1:]:
        assert_array_equal(other.parameters_, fitted[0].parameters_)
        assert other.loss_curve_ == fitted[0].loss_curve_


def events_since(client, n_before):
    """Return what workers have told of attempts."""
    return [event for _, event in client.get_events("sknumpynet")[n_before:]]


@pytest.fixture
def slow_workers(processes):
    """Return four workers that are slow as a test wants it, and are as before afterwards."""
    yield scaled(processes, 4)
    processes.run(be_as_before)


def test_a_member_goes_on_where_its_worker_died(slow_workers):
    client = slow_workers
    model = DaskTabularMLPRegressor("fast", **{**SETTINGS, "max_iter": 30}, client=client)
    X = table(["price"])
    undisturbed = clone(model).fit(X, "price")
    client.run(be_slow, 0.05, 0, 1)
    n_before, killed = len(client.get_events("sknumpynet")), []

    def kill():
        """Kill the first worker whose member has come some way."""
        while not killed:
            time.sleep(0.05)
            events = events_since(client, n_before)
            killed.extend(own for own in events if own["what"] == "is saved" and own["epoch"] > 2)
        client.run(die, workers=[killed[0]["worker"]], on_error="ignore")

    killer = threading.Thread(target=kill)
    killer.start()
    survived = clone(model).fit(X, "price")
    killer.join()
    assert_array_equal(survived.parameters_, undisturbed.parameters_)
    assert survived.loss_curve_ == undisturbed.loss_curve_
    begun = [
        own["epoch"]
        for own in events_since(client, n_before)
        if own["what"] == "begins" and own["member"] == killed[0]["member"]
    ]
    assert begun[0] == 0
    assert begun[-1] > 2


def test_a_member_that_is_late_is_not_waited_for(slow_workers, monkeypatch):
    client = slow_workers
    monkeypatch.setattr(attempts, "SECONDS_TO_LOOK", 0.1)
    settings = {**SETTINGS, "n_members": 3, "max_iter": 16}
    model = DaskTabularMLPRegressor("fast", **settings, client=client)
    X = table(["price"])
    undisturbed = clone(model).fit(X, "price")
    client.run(be_slow, 0.5, 1)
    n_before = len(client.get_events("sknumpynet"))
    helped = clone(model).fit(X, "price")
    assert_array_equal(helped.parameters_, undisturbed.parameters_)
    begun = [own for own in events_since(client, n_before) if own["what"] == "begins"]
    first, *copies = [own for own in begun if own["member"] == 1]
    assert {own["worker"] for own in copies}.isdisjoint([first["worker"]])
    assert max(own["epoch"] for own in copies) < 16
    # What is left of the late one does not hold the next fit.
    client.run(be_as_before)
    again = clone(model).fit(X, "price")
    assert_array_equal(again.parameters_, undisturbed.parameters_)


@pytest.mark.parametrize("n_workers", [4, 2])
def test_a_table_larger_than_workers_memory(processes, n_workers):
    client = scaled(processes, n_workers)
    numbers = range(32)
    X = dd.from_map(wide_part, numbers, meta=wide_part(0))
    assert wide_part(0).memory_usage(deep=True).sum() * len(numbers) > 640_000_000
    model = DaskTabularMLPClassifier("fast", **SETTINGS, client=client)
    with config_context(working_memory=256):
        tracemalloc.start()
        model.fit(X, "label")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 100_000_000
