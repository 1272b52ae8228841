"""Against scikit-learn's own callbacks, which it has from 1.9 on."""

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpynet.estimators.network_specs import PerceptronSpec
from sknumpynet.search import StackedGridSearchCV

callback = pytest.importorskip("sklearn.callback", reason="since scikit-learn 1.9")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]
METRICS = {NumpyMLPClassifier: "accuracy", NumpyMLPRegressor: "r2"}
SOLVERS = ["adam", "adamw", "sgd", "lbfgs"]


def problem(kind):
    load = load_breast_cancer if kind is NumpyMLPClassifier else load_diabetes
    X, y = load(return_X_y=True)
    return scale(X)[:120], y[:120] if kind is NumpyMLPClassifier else scale(y)[:120]


def make(kind, **parameters):
    defaults = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0, "tol": 0.0}
    return kind(**(defaults | parameters))


class Recorder:
    """Takes down what it is told, and stops training after some epochs."""

    def __init__(self, stop_after=None, keep=False):
        self.stop_after, self.keep = stop_after, keep
        self.events, self.kept, self.metadata = [], [], []

    def setup(self, estimator, context):
        self.events.append(("setup", context.task_name))

    def teardown(self, estimator, context):
        self.events.append(("teardown", context.task_name))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.events.append(("begin", context.task_name))
        self.metadata.append(metadata)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.events.append(("end", context.task_name))
        if context.task_name == "epoch":
            if self.keep:
                self.kept.append(fitted_estimator)
            return self.stop_after is not None and self.count("end", "epoch") >= self.stop_after
        return None

    def count(self, event, task):
        return self.events.count((event, task))


class Blind(Recorder):
    """Does not ask for the fitted estimator."""

    def on_fit_task_end(self, estimator, context):
        return Recorder.on_fit_task_end(self, estimator, context)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_epoch_begins_and_ends(kind, solver):
    recorder, (X, y) = Recorder(), problem(kind)
    model = make(kind, solver=solver).set_callbacks(recorder).fit(X, y)
    assert model.n_iter_ == 4
    epochs = [("begin", "epoch"), ("end", "epoch")] * 4
    assert recorder.events == [
        ("setup", "fit"),
        ("begin", "fit"),
        *epochs,
        ("end", "fit"),
        ("teardown", "fit"),
    ]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_callback_changes_no_number(kind, solver):
    X, y = problem(kind)
    followed = make(kind, solver=solver).set_callbacks(Recorder(keep=True)).fit(X, y)
    plain = make(kind, solver=solver).fit(X, y)
    for name in ("coefs_", "intercepts_"):
        for mine, its in zip(getattr(followed, name), getattr(plain, name), strict=True):
            np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", KINDS)
def test_true_at_an_epochs_end_stops_training(kind, solver):
    recorder, (X, y) = Recorder(stop_after=2), problem(kind)
    model = make(kind, solver=solver, max_iter=50).set_callbacks(recorder).fit(X, y)
    assert model.n_iter_ == 2
    assert recorder.count("begin", "epoch") == recorder.count("end", "epoch") == 2
    assert recorder.count("end", "fit") == 1
    shorter = make(kind, solver=solver, max_iter=2).fit(X, y)
    np.testing.assert_allclose(model.coefs_[0], shorter.coefs_[0], rtol=1e-10)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_fitted_estimator_is_a_copy(kind, solver):
    recorder, (X, y) = Recorder(keep=True), problem(kind)
    model = make(kind, solver=solver).set_callbacks(recorder).fit(X, y)
    assert len(recorder.kept) == 4
    for epochs, fitted in enumerate(recorder.kept, start=1):
        assert fitted is not model
        shorter = make(kind, solver=solver, max_iter=epochs).fit(X, y)
        np.testing.assert_allclose(fitted.predict(X), shorter.predict(X), rtol=1e-8, atol=1e-10)
        for mine, its in zip(fitted.coefs_, shorter.coefs_, strict=True):
            np.testing.assert_allclose(mine, its, rtol=1e-8, atol=1e-10)
            assert not any(np.shares_memory(mine, own) for own in model.coefs_)


def test_the_fitted_estimator_is_built_only_when_asked_for(monkeypatch):
    calls, build = [], PerceptronSpec.attributes
    monkeypatch.setattr(PerceptronSpec, "attributes", lambda *args: calls.append(0) or build(*args))
    X, y = problem(NumpyMLPClassifier)
    make(NumpyMLPClassifier).set_callbacks(Blind()).fit(X, y)
    assert len(calls) == 1  # at the end, for the model itself
    calls.clear()
    make(NumpyMLPClassifier).set_callbacks(Recorder()).fit(X, y)
    assert len(calls) == 4 + 1


@pytest.mark.usefixtures("workers_always_pay")
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_members_are_tasks_of_their_own(kind, n_jobs):
    X, y = problem(kind)
    monitor = callback.ScoringMonitor(scoring=METRICS[kind])
    with joblib.parallel_config(n_jobs=n_jobs):
        model = make(kind, n_members=3).set_callbacks(monitor).fit(X, y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(rows) == 12
    by_member = {}
    for row in rows:
        by_member.setdefault(row["parent_task_id_path"], []).append(row[METRICS[kind]])
    assert len(by_member) == 3
    for path, scores in by_member.items():
        alone = make(kind, random_state=model.member_seeds_[path[-1]]).fit(X, y)
        assert scores[-1] == pytest.approx(alone.score(X, y), rel=1e-9)


def test_a_member_can_be_stopped_alone():
    X, y = problem(NumpyMLPClassifier)
    model = make(NumpyMLPClassifier, n_members=3).set_callbacks(Recorder(stop_after=4)).fit(X, y)
    # The fourth epoch to end, of any member, and every one after it.
    assert sorted(model.n_iter_) == [1, 2, 2] or model.n_iter_.max() <= 4
    assert model.n_iter_.sum() < 12


@pytest.mark.parametrize("kind", KINDS)
def test_scoring_monitor_in_a_plain_fit(kind):
    X, y = problem(kind)
    monitor = callback.ScoringMonitor(scoring=METRICS[kind])
    model = make(kind).set_callbacks(monitor).fit(X, y)
    scores = [row[METRICS[kind]] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(scores) == 4
    assert scores[-1] == pytest.approx(model.score(X, y))
    assert len(set(scores)) > 1


def test_scoring_monitor_in_a_pipeline():
    X, y = problem(NumpyMLPRegressor)
    monitor = callback.ScoringMonitor(scoring="r2")
    network = make(NumpyMLPRegressor).set_callbacks(monitor)
    pipeline = make_pipeline(StandardScaler(), network).fit(X, y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(rows) == 4
    assert rows[-1]["r2"] == pytest.approx(pipeline.score(X, y))


@pytest.mark.parametrize("search", [GridSearchCV, StackedGridSearchCV])
def test_scoring_monitor_in_a_search(search):
    X, y = problem(NumpyMLPClassifier)
    monitor = callback.ScoringMonitor(scoring="accuracy")
    network = make(NumpyMLPClassifier).set_callbacks(monitor)
    found = search(network, {"alpha": [0.1, 1.0]}, cv=2).fit(X, y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    # Two candidates on two splits, and the best once more.
    assert len({row["parent_task_id_path"] for row in rows}) == 5
    assert len(rows) == 5 * 4
    last = max(rows, key=lambda row: row["task_id_path"])
    assert last["accuracy"] == pytest.approx(found.score(X, y))
    if search is StackedGridSearchCV:
        assert found.stacking_report_["stacks"] == []
        assert "callbacks" in found.stacking_report_["alone"][0]["reason"]


@pytest.mark.parametrize(
    ("wrap", "expected"),
    [
        (lambda network: network, "NumpyMLPRegressor - fit"),
        (lambda network: make_pipeline(StandardScaler(), network), "| NumpyMLPRegressor - fit"),
        (
            lambda network: GridSearchCV(network, {"alpha": [0.1, 1.0]}, cv=2),
            "| NumpyMLPRegressor - fit",
        ),
    ],
    ids=["plain", "pipeline", "search"],
)
def test_progress_bar(wrap, expected, capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    X, y = problem(NumpyMLPRegressor)
    wrap(make(NumpyMLPRegressor)).set_callbacks(callback.ProgressBar()).fit(X, y)
    lines = [line for line in capsys.readouterr().out.splitlines() if expected in line]
    assert lines
    assert all("100%" in line for line in lines)


def test_weights_are_handed_on():
    X, y = problem(NumpyMLPRegressor)
    weight, recorder = np.arange(1.0, 121.0), Recorder()
    make(NumpyMLPRegressor).set_callbacks(recorder).fit(X, y, weight)
    assert all((own["sample_weight"] == weight).all() for own in recorder.metadata)


class Failing(Recorder):
    def on_fit_task_end(self, estimator, context):
        raise RuntimeError("no more")


def test_an_error_of_a_callback_leaves_the_model_as_it_was():
    X, y = problem(NumpyMLPRegressor)
    recorder = Failing()
    model = make(NumpyMLPRegressor).set_callbacks(recorder)
    with pytest.raises(RuntimeError, match="no more"):
        model.fit(X, y)
    assert not hasattr(model, "coefs_")
    assert recorder.events[-1] == ("teardown", "fit")
