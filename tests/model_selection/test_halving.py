"""Searches that stop early: scikit-learn's results, and networks that go on to the same bits."""

import inspect
import subprocess
import sys
import tracemalloc
import warnings
import zlib

import joblib
import numpy as np
import pytest
import sklearn
from helpers.searches import UNEQUAL, assert_same_results, make, problem
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknumpynet.training.stacks
from sknumpynet import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    StackedHalvingGridSearchCV,
    StackedHalvingRandomSearchCV,
    StackedHyperbandSearchCV,
    TabularMLPClassifier,
)
from sknumpynet.model_selection.pretraining import Pretraining
from sknumpynet.utils.scikit_learn import HalvingGridSearchCV, HalvingRandomSearchCV

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`"),
]

KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]
RESOURCES = {
    "n_samples": {"min_resources": 40, "max_resources": 120, "random_state": 3},
    "max_iter": {"resource": "max_iter", "max_resources": 9},
    "n_members": {"resource": "n_members", "max_resources": 4, "factor": 2},
}
GRID = {"alpha": [0.0, 1.0, 10.0], "learning_rate_init": [1e-3, 1e-2, 1e-1]}
SPACE = {"alpha": loguniform(1e-5, 10.0), "hidden_layer_sizes": [(3,), (5,)]}


def assert_same_halving(ours, theirs):
    assert_same_results(ours.cv_results_, theirs.cv_results_)
    assert str(ours.cv_results_["params"]) == str(theirs.cv_results_["params"])
    names = {"n_candidates_", "n_resources_", "n_remaining_candidates_", "n_iterations_"}
    names |= {"min_resources_", "max_resources_", "n_required_iterations_", "best_index_"}
    for name in {*names, "n_possible_iterations_", "best_params_", "n_splits_"}:
        assert getattr(ours, name) == getattr(theirs, name)
    assert ours.best_score_ == pytest.approx(theirs.best_score_)


# scikit-learn's results -------------------------------------------------------------------------


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_as_scikit_learns_grid(kind, resource):
    X, y = problem(kind)
    parameters = {"cv": 3, **RESOURCES[resource]}
    ours, theirs = (
        cls(make(kind), GRID, **parameters).fit(X, y)
        for cls in (StackedHalvingGridSearchCV, HalvingGridSearchCV)
    )
    assert_same_halving(ours, theirs)
    assert isinstance(ours, HalvingGridSearchCV)
    assert ours.stacking_report_["alone"] == []
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X))
    assert vars(ours).keys() - vars(theirs).keys() == {"stacking_report_"}
    assert vars(clone(ours)).keys() == vars(clone(theirs)).keys()


@pytest.mark.parametrize("resource", ["n_samples", "max_iter"])
@pytest.mark.parametrize("seed", [0, np.random.RandomState(1)], ids=["int", "source"])
def test_the_same_as_scikit_learns_random_search(seed, resource):
    X, y = problem(NumpyMLPRegressor)
    parameters = {"n_candidates": 7, "cv": 3, **RESOURCES[resource]}
    searches = [
        cls(make(NumpyMLPRegressor), SPACE, **{**parameters, "random_state": clone_of(seed)})
        for cls in (StackedHalvingRandomSearchCV, HalvingRandomSearchCV)
    ]
    assert_same_halving(*(search.fit(X, y) for search in searches))


def clone_of(seed):
    if isinstance(seed, int):
        return seed
    source = np.random.RandomState()
    source.set_state(seed.get_state())
    return source


OPTIONS = {
    "aggressive": {"aggressive_elimination": True, "max_resources": 4, "min_resources": 2},
    "smallest": {"min_resources": "smallest", "max_resources": 30},
    "factor": {"factor": 2.5, "max_resources": 12, "return_train_score": False},
    "a single split": {"cv": UNEQUAL[2:], "max_resources": 9},
    "unequal splits": {"cv": UNEQUAL, "max_resources": 9},
    "no refit": {"refit": False, "max_resources": 9},
    "scoring": {"scoring": "neg_log_loss", "max_resources": 9},
}


@pytest.mark.parametrize("what", OPTIONS)
def test_options_of_scikit_learns(what):
    X, y = problem(NumpyMLPClassifier)
    parameters = {"cv": 2, "resource": "max_iter", **OPTIONS[what]}
    ours, theirs = (
        cls(make(NumpyMLPClassifier), GRID, **parameters).fit(X, y)
        for cls in (StackedHalvingGridSearchCV, HalvingGridSearchCV)
    )
    assert_same_halving(ours, theirs)


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("resource", ["n_samples", "max_iter"])
def test_groups_and_weights_are_routed(resource, routing):
    X, y = problem(NumpyMLPRegressor)
    metadata = {"groups": np.arange(len(y)) % 5, "sample_weight": np.linspace(0.1, 1.0, len(y))}
    estimator = make(NumpyMLPRegressor)
    with sklearn.config_context(enable_metadata_routing=routing):
        if routing:
            estimator.set_fit_request(sample_weight=True)
            estimator.set_score_request(sample_weight=True)
        ours, theirs = (
            cls(estimator, GRID, cv=GroupKFold(4), **RESOURCES[resource]).fit(X, y, **metadata)
            for cls in (StackedHalvingGridSearchCV, HalvingGridSearchCV)
        )
    assert_same_halving(ours, theirs)


def test_candidates_that_fail_or_do_not_stack():
    X, y = problem(NumpyMLPRegressor)
    grid = [
        {"alpha": [-1.0, 0.1]},
        {"solver": ["lbfgs"], "alpha": [1.0, 0.5]},
        {"learning_rate_init": [1e200], "solver": ["sgd"]},
        {"learning_rate_init": [1e-2], "solver": ["sgd"]},
    ]
    parameters = {"cv": 3, "resource": "max_iter", "max_resources": 8, "factor": 2}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = (
            cls(make(NumpyMLPRegressor), grid, **parameters).fit(X, y)
            for cls in (StackedHalvingGridSearchCV, HalvingGridSearchCV)
        )
    assert_same_halving(ours, theirs)
    reasons = [line["reason"] for line in ours.stacking_report_["alone"]]
    assert any("lbfgs" in reason for reason in reasons)
    for line in ours.stacking_report_["alone"]:
        assert ours.cv_results_["params"][line["candidate"]] == line["params"]


@pytest.mark.parametrize("resource", ["n_samples", "max_iter"])
def test_what_is_not_a_network_is_left_to_scikit_learn(resource):
    X, y = problem(NumpyMLPClassifier)
    ours, theirs = (
        cls(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=3, **RESOURCES[resource]).fit(X, y)
        for cls in (StackedHalvingGridSearchCV, HalvingGridSearchCV)
    )
    assert_same_halving(ours, theirs)
    assert len(ours.stacking_report_["alone"]) == len(ours.cv_results_["params"])


def test_signatures_are_scikit_learns():
    for ours, theirs in (
        (StackedHalvingGridSearchCV, HalvingGridSearchCV),
        (StackedHalvingRandomSearchCV, HalvingRandomSearchCV),
    ):
        assert str(inspect.signature(ours)) == str(inspect.signature(theirs))


def test_scikit_learns_flag_is_not_set_for_the_user():
    code = (
        "import sknumpynet\n"
        "sknumpynet.StackedHalvingGridSearchCV\n"
        "try:\n"
        "    from sklearn.model_selection import HalvingGridSearchCV\n"
        "except ImportError as error:\n"
        "    assert 'enable_halving_search_cv' in str(error)\n"
        "else:\n"
        "    raise SystemExit('it can be imported')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Going on ---------------------------------------------------------------------------------------


def checksum(estimator, X, y):
    """Return a number in which every bit of the last network's parameters counts."""
    network = estimator[-1] if hasattr(estimator, "steps") else estimator
    arrays = [*network.coefs_, *network.intercepts_, np.asarray(network.loss_curve_)]
    return float(zlib.crc32(b"".join(np.ascontiguousarray(own).tobytes() for own in arrays)))


# Parameters of the network, searched values; whether networks go on.
GOING_ON = {
    "adam": ({}, GRID),
    "adamw": ({"solver": "adamw"}, GRID),
    "constant": ({"solver": "sgd"}, {**GRID, "momentum": [0.0, 0.9]}),
    "invscaling": ({"solver": "sgd", "learning_rate": "invscaling"}, GRID),
    "adaptive": (
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 1.0, "n_iter_no_change": 1},
        GRID,
    ),
    "plateau": ({"learning_rate": "plateau", "tol": 1.0, "n_iter_no_change": 1}, GRID),
    "early stopping": ({"early_stopping": True}, {**GRID, "n_iter_no_change": [2, 10]}),
    "unequal rows": (
        {"batch_size": 64, "hidden_layer_sizes": (20,), "dtype": "float32"},
        {"early_stopping": [True, False], "validation_fraction": [0.1, 0.3]},
    ),
    "some converge": ({}, {**GRID, "tol": [1e-4, 0.5], "n_iter_no_change": [1, 3]}),
    "dropout": ({"dropout": 0.3}, GRID),
    "float32": ({"dtype": "float32"}, GRID),
    "without shuffles": ({"shuffle": False}, GRID),
    "seeds": ({}, {**GRID, "random_state": [0, 1, np.random.RandomState(2)]}),
    "ensembles": ({"n_members": 3}, GRID),
    "bootstrap": ({"n_members": 3, "resample": "bootstrap"}, GRID),
    "shapes": ({}, {**GRID, "hidden_layer_sizes": [(3,), (5,), (4, 3)]}),
    "clipping": ({"max_grad_norm": 0.1}, GRID),
}


def trained_anew(monkeypatch, search, X, y, **params):
    with monkeypatch.context() as patch:
        patch.setattr(Pretraining, "go_on_by", lambda self, resource: None)
        return clone(search).fit(X, y, **params)


def assert_goes_on(monkeypatch, search, X, y, **params):
    """Compare with a search that trains anew, to the bit; return the report."""
    search.set_params(refit=False)
    anew = trained_anew(monkeypatch, search, X, y, **params)
    search.fit(X, y, **params)
    for name, values in anew.cv_results_.items():
        if "time" not in name and name != "params" and not name.startswith("param_"):
            np.testing.assert_array_equal(search.cv_results_[name], values, err_msg=name)
    assert all(stack["n_continued"] == 0 for stack in anew.stacking_report_["stacks"])
    return search.stacking_report_


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", GOING_ON)
def test_going_on_is_training_anew_to_the_bit(what, kind, monkeypatch):
    X, y = problem(kind)
    settings, grid = GOING_ON[what]
    search = StackedHalvingGridSearchCV(
        make(kind, **settings),
        grid,
        cv=UNEQUAL,
        resource="max_iter",
        max_resources=9,
        min_resources=2,
        factor=2,
        scoring=checksum,
    )
    report = assert_goes_on(monkeypatch, search, X, y)
    assert report["anew"] == report["alone"] == []
    for stack in report["stacks"]:
        assert stack["n_continued"] == (stack["n_networks"] if stack["iter"] else 0)
    assert {stack["iter"] for stack in report["stacks"]} >= {0, 1}


def test_who_has_converged_is_not_trained_again():
    X, y = problem(NumpyMLPClassifier)
    network = make(NumpyMLPClassifier, tol=10.0, n_iter_no_change=1)
    search = StackedHalvingGridSearchCV(
        network, GRID, cv=2, resource="max_iter", max_resources=27, min_resources=3, refit=False
    )
    report = search.fit(X, y).stacking_report_
    assert [stack["n_networks"] for stack in report["stacks"]] == [18]
    assert search.n_candidates_ == [9, 3, 1]
    assert (search.cv_results_["mean_fit_time"][9:] == 0).all()


def test_weights_and_steps(monkeypatch):
    X, y = problem(NumpyMLPRegressor)
    pipeline = make_pipeline(StandardScaler(), make(NumpyMLPRegressor))
    grid = {
        "standardscaler__with_mean": [True, False],
        "numpymlpregressor__alpha": [0.1, 1.0, 10.0],
    }
    search = StackedHalvingGridSearchCV(
        pipeline,
        grid,
        cv=3,
        resource="numpymlpregressor__max_iter",
        max_resources=9,
        scoring=checksum,
    )
    weight = np.random.RandomState(0).randint(1, 4, size=len(y)).astype(float)
    report = assert_goes_on(monkeypatch, search, X, y, numpymlpregressor__sample_weight=weight)
    assert report["stacks"][-1]["n_continued"] > 0


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("chunk_bytes", [1, 4000, 10**9])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_chunks_and_workers_change_no_bit(monkeypatch, chunk_bytes, n_jobs):
    X, y = problem(NumpyMLPClassifier)
    monkeypatch.setattr(sknumpynet.training.stacks, "CHUNK_BYTES", chunk_bytes)
    network = make(NumpyMLPClassifier, dropout=0.2, early_stopping=True)
    search = StackedHalvingGridSearchCV(
        network, GRID, cv=3, resource="max_iter", max_resources=9, scoring=checksum, n_jobs=n_jobs
    )
    report = assert_goes_on(monkeypatch, search, X, y)
    assert [stack["n_continued"] for stack in report["stacks"]] == [0, 9, 3]


def test_an_elimination_that_is_played_again_trains_nothing():
    X, y = problem(NumpyMLPClassifier)
    search = StackedHalvingGridSearchCV(
        make(NumpyMLPClassifier),
        {"alpha": np.geomspace(1e-4, 10.0, 27)},
        cv=2,
        resource="max_iter",
        min_resources=2,
        max_resources=6,
        aggressive_elimination=True,
        refit=False,
    ).fit(X, y)
    assert search.n_resources_ == [2, 2, 2, 6]
    stacks = search.stacking_report_["stacks"]
    assert [(stack["iter"], stack["n_networks"]) for stack in stacks] == [(0, 54), (3, 2)]


@pytest.mark.parametrize("cls", [StackedHalvingGridSearchCV, StackedHyperbandSearchCV])
def test_later_iterations_leave_threads_to_the_search_around_them(cls):
    """Whose pool is there when these train, unlike in the first."""
    X, y = problem(NumpyMLPClassifier, step=2)
    search = cls(
        make(NumpyMLPClassifier),
        {"alpha": [0.0, 0.1, 1.0], "hidden_layer_sizes": [(3,), (5,)]},
        cv=2,
        resource="max_iter",
        max_resources=4,
        factor=2,
        refit=False,
        random_state=0,
    )
    expected = search.fit(X, y).cv_results_["mean_test_score"]
    with joblib.parallel_config("threading", n_jobs=2):
        search.fit(X, y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], expected)


def test_networks_without_a_seed_go_on():
    X, y = problem(NumpyMLPClassifier)
    search = StackedHalvingGridSearchCV(
        make(NumpyMLPClassifier, random_state=None, early_stopping=True),
        GRID,
        cv=2,
        resource="max_iter",
        max_resources=9,
        scoring=length_of_the_course,
        refit=False,
    ).fit(X, y)
    assert search.stacking_report_["anew"] == []
    assert (search.cv_results_["mean_test_score"] == search.cv_results_["n_resources"]).all()


def length_of_the_course(estimator, X, y):
    assert estimator.n_iter_ == len(estimator.loss_curve_) == estimator.max_iter
    return len(estimator.history_["loss"])


def test_only_the_refit_warns_that_epochs_are_used_up():
    X, y = problem(NumpyMLPClassifier)
    search = StackedHalvingGridSearchCV(
        make(NumpyMLPClassifier), GRID, cv=2, resource="max_iter", max_resources=9
    )
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(9\)") as caught:
        search.fit(X, y)
    assert len(caught) == 1


# Training anew ----------------------------------------------------------------------------------


def fails_in_some_epochs(estimator, X, y):
    return np.nan if np.abs(estimator.coefs_[0]).max() > 0.79 else estimator.score(X, y)


TABLE = TabularMLPClassifier("fast", n_members=2, random_state=0)
ANEW = {
    "n_samples": (make(NumpyMLPClassifier), {"resource": "n_samples"}, "n_samples, not max_iter"),
    "plan": (make(NumpyMLPClassifier, learning_rate="cosine"), {}, "'cosine' is a plan"),
    "function": (make(NumpyMLPClassifier, learning_rate=lambda progress: 1.0), {}, "is a plan"),
    "warmup": (make(NumpyMLPClassifier, warmup=0.1), {}, "warmup=0.1"),
    "scorer": (
        make(NumpyMLPClassifier, early_stopping=True, scoring="f1_macro"),
        {},
        "may fail in a later epoch",
    ),
    "failing scorer": (
        make(NumpyMLPClassifier, early_stopping=True, scoring=fails_in_some_epochs),
        {},
        "may fail in a later epoch",
    ),
    "preset": (TABLE, {}, "is a plan for all epochs"),
}


@pytest.mark.parametrize("what", ANEW)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_what_is_trained_anew_says_why(what):
    X, y = problem(NumpyMLPClassifier, step=2)
    estimator, more, reason = ANEW[what]
    name = "alpha" if isinstance(estimator, NumpyMLPClassifier) else "weight_decay"
    parameters = {"resource": "max_iter", "max_resources": 6, **more, "cv": 2, "factor": 2}
    if more:
        parameters |= {"max_resources": "auto", "random_state": 0}
    ours, theirs = (
        cls(estimator, {name: [0.0, 0.1, 1.0]}, **parameters).fit(X, y)
        for cls in (StackedHalvingGridSearchCV, HalvingGridSearchCV)
    )
    assert_same_halving(ours, theirs)
    report = ours.stacking_report_
    later = np.flatnonzero(ours.cv_results_["iter"] > 0).tolist()
    assert [line["candidate"] for line in report["anew"]] == later
    assert all(reason in line["reason"] for line in report["anew"])
    assert all(stack["n_continued"] == 0 for stack in report["stacks"])
    for line in report["anew"]:
        assert ours.cv_results_["params"][line["candidate"]] == line["params"]


def test_only_some_go_on():
    X, y = problem(NumpyMLPClassifier)
    grid = {"learning_rate": ["constant", "cosine"], "alpha": [0.1, 1.0]}
    search = StackedHalvingGridSearchCV(
        make(NumpyMLPClassifier, solver="adam"),
        grid,
        cv=2,
        resource="max_iter",
        min_resources=2,
        max_resources=8,
        factor=1.5,
        refit=False,
    ).fit(X, y)
    report = search.stacking_report_
    later = search.cv_results_["iter"] > 0
    plans = search.cv_results_["param_learning_rate"] == "cosine"
    assert {line["candidate"] for line in report["anew"]} == {*np.flatnonzero(later & plans)}
    n_continued = sum(stack["n_continued"] for stack in report["stacks"])
    assert n_continued == 2 * (later & ~plans).sum() > 0


# Memory, callbacks, errors ----------------------------------------------------------------------


def test_what_may_go_on_is_bounded(monkeypatch):
    X, y = problem(NumpyMLPRegressor)
    network = make(NumpyMLPRegressor, hidden_layer_sizes=(1000,), batch_size=200)
    search = StackedHalvingGridSearchCV(
        network,
        {"alpha": np.arange(30) / 10},
        cv=2,
        resource="max_iter",
        max_resources=4,
        min_resources=1,
        factor=2,
        refit=False,
        scoring=checksum,
    )
    peaks, reasons = {}, {}
    for working_memory in (6, 1024):
        with sklearn.config_context(working_memory=working_memory):
            tracemalloc.start()
            search.fit(X, y)
            peaks[working_memory] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        reasons[working_memory] = [line["reason"] for line in search.stacking_report_["anew"]]
        scores = search.cv_results_["mean_test_score"]
        np.testing.assert_array_equal(
            trained_anew(monkeypatch, search, X, y).cv_results_["mean_test_score"], scores
        )
    assert reasons[1024] == []
    assert 0 < len(reasons[6]) < 22
    assert all("working_memory" in reason for reason in reasons[6])
    # What one chunk trains in comes on top.
    assert peaks[6] < 6 * 2**20 + 4 * 2**20 < peaks[1024]


@pytest.mark.parametrize("working_memory", [1024, 0.005])
@pytest.mark.parametrize("resource", ["n_samples", "max_iter"])
def test_callbacks_see_each_iteration(resource, working_memory, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # or the percentages are cut off
    callback = pytest.importorskip("sklearn.callback", reason="since scikit-learn 1.9")
    pytest.importorskip("rich")
    X, y = problem(NumpyMLPRegressor)
    search = StackedHalvingGridSearchCV(
        make(NumpyMLPRegressor), {"alpha": [0.1, 1.0, 10.0]}, cv=2, **RESOURCES[resource]
    )
    with sklearn.config_context(working_memory=working_memory):
        search.set_callbacks(callback.ProgressBar()).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    rounds = search.n_iterations_ if working_memory == 1024 else sum(search.n_candidates_)
    counts = {"- training #": rounds, "- evaluation #": rounds, "- halving-iteration #": 2}
    for what, n_lines in counts.items():
        done = [line for line in lines if what in line]
        assert len(done) == n_lines
        assert all("100%" in line for line in done)


def test_the_search_is_as_it_was_after_an_error():
    X, y = problem(NumpyMLPRegressor)
    estimator = make(NumpyMLPRegressor)
    for grid, error in (
        ({"alpha": [-1.0, -2.0]}, "alpha"),
        ({"max_iter": [1, 2]}, "part of the searched parameters"),
    ):
        search = StackedHalvingGridSearchCV(
            estimator, grid, cv=2, resource="max_iter", max_resources=4, error_score="raise"
        )
        with pytest.raises(ValueError, match=error):
            search.fit(X, y)
        assert search.estimator is estimator
        assert "__sklearn_clone__" not in vars(estimator)
        assert "stacking_report_" not in vars(search)


SEARCHES = {
    StackedHalvingGridSearchCV: "param_grid",
    StackedHalvingRandomSearchCV: "param_distributions",
    StackedHyperbandSearchCV: "param_distributions",
}
WRONG = {
    "factor of one": ({"factor": 1}, "factor.*1.* [gG]ot 1"),
    "factor of a half": ({"factor": 0.5}, "factor.* [gG]ot 0.5"),
    "no candidates": ({"space": []}, r"(param_grid|param_distributions) .*at least one.*got \[\]"),
    "several metrics": (
        {"scoring": lambda estimator, X, y: {"one": 1.0, "two": 2.0}},
        r"scoring must give one number to go by, got those of \['one', 'two'\]",
    ),
}


@pytest.mark.parametrize("cls", SEARCHES)
@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said(what, cls):
    X, y = problem(NumpyMLPRegressor, step=4)
    parameters, message = WRONG[what]
    space = {"alpha": loguniform(0.1, 1.0) if "dist" in SEARCHES[cls] else [0.1, 1.0]}
    parameters = {"space": space, "max_resources": 3, **parameters}
    parameters[SEARCHES[cls]] = parameters.pop("space")
    search = cls(make(NumpyMLPRegressor), **parameters, resource="max_iter", cv=2, random_state=0)
    with pytest.raises(ValueError, match=message):
        search.fit(X, y)


def test_random_splits_are_refused_as_by_scikit_learn():
    X, y = problem(NumpyMLPRegressor)
    search = StackedHalvingGridSearchCV(
        make(NumpyMLPRegressor), GRID, cv=KFold(3, shuffle=True), **RESOURCES["max_iter"]
    )
    with pytest.raises(ValueError, match="consistent folds"):
        search.fit(X, y)


def test_verbose_prints_what_scikit_learn_prints(capsys):
    X, y = problem(NumpyMLPRegressor)
    lines = []
    for cls in (StackedHalvingGridSearchCV, HalvingGridSearchCV):
        cls(make(NumpyMLPRegressor), GRID, cv=3, verbose=2, **RESOURCES["max_iter"]).fit(X, y)
        printed = capsys.readouterr().out.splitlines()
        lines.append([line.partition(";")[0] for line in printed])
    assert lines[0] == lines[1]
