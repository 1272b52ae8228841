"""The course of training as a table."""

import copy

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.preprocessing import scale

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]
COLUMNS = ["epoch", "loss", "validation_loss", "validation_score", "learning_rate", "seconds"]


def problem(kind):
    load = load_breast_cancer if kind is NumpyMLPClassifier else load_diabetes
    X, y = load(return_X_y=True)
    return scale(X)[:120], y[:120] if kind is NumpyMLPClassifier else scale(y)[:120]


def make(kind, **parameters):
    return kind(**({"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0} | parameters))


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd", "lbfgs"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_row_for_each_epoch(kind, solver, early_stopping):
    model = make(kind, solver=solver, early_stopping=early_stopping).fit(*problem(kind))
    history = model.history_
    assert list(history) == COLUMNS
    assert all(len(values) == model.n_iter_ for values in history.values())
    assert history["epoch"] == list(range(1, model.n_iter_ + 1))
    assert history["loss"][-1] == model.loss_
    assert all(seconds >= 0 for seconds in history["seconds"])
    if solver == "lbfgs":
        assert np.isnan(history["learning_rate"]).all()
        assert history["loss"] == sorted(history["loss"], reverse=True)
        return
    assert history["loss"] == model.loss_curve_
    assert history["learning_rate"] == [0.001] * model.n_iter_
    if early_stopping:
        assert history["validation_score"] == model.validation_scores_
        assert history["validation_loss"] == model.validation_loss_curve_
    else:
        assert np.isnan(history["validation_score"]).all()
        assert np.isnan(history["validation_loss"]).all()


@pytest.mark.parametrize("n_members", [1, 3])
def test_becomes_a_data_frame(n_members):
    pandas = pytest.importorskip("pandas")
    model = make(NumpyMLPRegressor, n_members=n_members).fit(*problem(NumpyMLPRegressor))
    frame = pandas.DataFrame(model.history_)
    assert len(frame) == 4 * n_members
    assert list(frame) == (COLUMNS if n_members == 1 else ["member", *COLUMNS])
    if n_members > 1:
        for k, rows in frame.groupby("member"):
            assert rows["loss"].tolist() == model.loss_curve_[k]


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_grows_when_training_goes_on(kind, n_members):
    X, y = problem(kind)
    model = make(kind, n_members=n_members, warm_start=True)
    model.fit(X, y).fit(X, y)
    model.partial_fit(X, y)
    assert model.history_["epoch"] == list(range(1, 10)) * n_members
    losses = np.reshape(model.history_["loss"], (n_members, 9))
    curves = [model.loss_curve_] if n_members == 1 else model.loss_curve_
    np.testing.assert_array_equal(losses, curves)
    model.set_params(warm_start=False).fit(X, y)
    assert model.history_["epoch"] == [1, 2, 3, 4] * n_members


def test_grows_with_lbfgs_too():
    X, y = problem(NumpyMLPRegressor)
    model = make(NumpyMLPRegressor, solver="lbfgs", warm_start=True).fit(X, y).fit(X, y)
    assert model.history_["epoch"] == list(range(1, 9))


def test_changes_of_one_model_are_not_anothers():
    X, y = problem(NumpyMLPRegressor)
    model = make(NumpyMLPRegressor).partial_fit(X, y)
    shallow = copy.copy(model).partial_fit(X, y)
    assert len(model.history_["epoch"]) == 1
    assert len(shallow.history_["epoch"]) == 2


@pytest.mark.parametrize("n_members", [1, 2])
def test_does_not_grow_without_bound(n_members, monkeypatch):
    monkeypatch.setattr("sknumpynet.training.history.LONGEST", 5)
    X, y = problem(NumpyMLPRegressor)
    model = make(NumpyMLPRegressor, n_members=n_members)
    for _ in range(8):
        model.partial_fit(X, y)
    assert model.history_["epoch"] == [4, 5, 6, 7, 8] * n_members
    assert all(len(values) == 5 * n_members for values in model.history_.values())


def test_a_plan_goes_by_the_epochs_so_far():
    X, y = problem(NumpyMLPRegressor)
    once = make(NumpyMLPRegressor, learning_rate="linear", batch_size=120, shuffle=False)
    often = make(NumpyMLPRegressor, learning_rate="linear", batch_size=120, shuffle=False)
    once.fit(X, y)
    for _ in range(6):
        often.partial_fit(X, y)
    rates = once.history_["learning_rate"]
    np.testing.assert_allclose(rates, 0.001 * (1 - (np.arange(4) + 0.5) / 4))
    np.testing.assert_allclose(often.history_["learning_rate"], [*rates, 0.0, 0.0], atol=1e-15)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_verbose_speaks_for_every_solver(solver, capsys):
    model = make(NumpyMLPRegressor, solver=solver, verbose=True).fit(*problem(NumpyMLPRegressor))
    lines = [line for line in capsys.readouterr().out.splitlines() if "Iteration" in line]
    assert lines == [
        f"Iteration {epoch}, loss = {loss:.8f}"
        for epoch, loss in enumerate(model.history_["loss"], start=1)
    ]
