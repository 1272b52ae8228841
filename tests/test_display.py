"""`TrainingDisplay` draws what a history says; scikit-learn's displays take the networks."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import load_diabetes, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    PartialDependenceDisplay,
    permutation_importance,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor, TrainingDisplay

matplotlib = pytest.importorskip("matplotlib")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NAN = float("nan")


@pytest.fixture(autouse=True)
def pyplot():
    """Draw into memory, and leave no figures."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def history(loss=(0.7, 0.5, 0.4, 0.3), **columns):
    """Return a network's history, its columns of one value or one for each epoch."""
    n = len(loss)
    defaults = {"validation_loss": NAN, "validation_score": NAN, "learning_rate": 0.1, "seconds": 1}
    table = {"epoch": list(range(1, n + 1)), "loss": list(loss)}
    for name, column in (defaults | columns).items():
        table[name] = [column] * n if np.isscalar(column) else list(column)
    return table


def ensemble_history(*members):
    """Return the histories of members one after another."""
    long = {"member": [k for k, table in enumerate(members) for _ in table["epoch"]]}
    for name in members[0]:
        long[name] = [value for table in members for value in table[name]]
    return long


def fitted(history):
    """Return a network that looks as if it had been trained in this way."""
    model = NumpyMLPClassifier()
    model.coefs_, model.history_ = [], history
    return model


def test_training_alone():
    display = TrainingDisplay(history()).plot()
    (line,) = display.lines_
    assert line.get_xdata().tolist() == [1, 2, 3, 4]
    assert line.get_ydata().tolist() == [0.7, 0.5, 0.4, 0.3]
    assert display.figure_ is display.ax_.figure
    assert display.learning_rate_ax_ is None
    assert display.best_points_ is None
    assert display.member_lines_ == display.learning_rate_lines_ == []
    assert display.ax_.get_xlabel() == "epoch"
    assert display.ax_.get_ylabel() == "loss"
    assert all(tick == int(tick) for tick in display.ax_.get_xticks())
    assert legend(display) == ["training"]


def legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_validation_and_best_epoch():
    table = history(validation_loss=(0.8, 0.6, 0.5, 0.7), validation_score=(0.5, 0.9, 0.9, 0.8))
    display = TrainingDisplay.from_estimator(fitted(table))
    assert [line.get_ydata().tolist() for line in display.lines_] == [
        table["loss"],
        table["validation_loss"],
    ]
    # The first of equally good epochs is the one that is kept.
    assert display.best_points_.get_xydata().tolist() == [[2, 0.6]]
    assert display.best_points_.get_color() == display.lines_[1].get_color()
    assert legend(display) == ["training", "validation", "best epoch: 2"]


def test_epochs_without_a_score_are_not_the_best():
    table = history(validation_score=(NAN, 0.6, 0.9, NAN))
    display = TrainingDisplay.from_estimator(fitted(table))
    # No validation loss: the mark goes on the training curve.
    assert display.best_points_.get_xydata().tolist() == [[3, 0.4]]


def test_validation_loss_alone_marks_no_best_epoch():
    display = TrainingDisplay.from_estimator(fitted(history(validation_loss=0.5)))
    assert len(display.lines_) == 2
    assert display.best_points_ is None


def test_members_are_faint_and_the_mean_is_over_those_that_train():
    short = history((0.9, 0.7), validation_loss=(0.8, 0.6), validation_score=(0.7, 0.8))
    long = history(
        (0.5, 0.3, 0.2), validation_loss=(0.6, 0.4, 0.5), validation_score=(0.6, 0.9, 0.8)
    )
    display = TrainingDisplay.from_estimator(fitted(ensemble_history(short, long)))
    training, validation = display.lines_
    np.testing.assert_allclose(training.get_ydata(), [0.7, 0.5, 0.2])
    np.testing.assert_allclose(validation.get_ydata(), [0.7, 0.5, 0.5])
    np.testing.assert_array_equal(display.member_lines_[0].get_ydata(), [0.9, 0.7, NAN])
    assert len(display.member_lines_) == 4
    for line, mean in zip(display.member_lines_, np.repeat(display.lines_, 2), strict=True):
        assert line.get_color() == mean.get_color()
        assert line.get_alpha() < 0.5
        assert line.get_zorder() < mean.get_zorder()
    np.testing.assert_allclose(display.best_points_.get_xydata(), [[2, 0.6], [2, 0.4]])
    assert legend(display) == ["training", "validation", "best epochs"]


@pytest.mark.parametrize("validation_loss", [NAN, (0.5, NAN, 0.4, NAN)])
def test_an_epoch_that_no_member_has_a_value_for_is_a_gap(validation_loss):
    table = ensemble_history(*[history(validation_loss=validation_loss)] * 2)
    display = TrainingDisplay(table).plot()
    if len(display.lines_) == 2:
        np.testing.assert_array_equal(display.lines_[1].get_ydata(), validation_loss)


def test_a_learning_rate_that_changes_has_an_axis():
    rates = [0.1, 0.1, 0.02, 0.004]
    display = TrainingDisplay(history(learning_rate=rates)).plot()
    (line,) = display.learning_rate_lines_
    assert line.axes is display.learning_rate_ax_ is not display.ax_
    assert line.get_ydata().tolist() == rates
    assert display.learning_rate_ax_.get_yscale() == "log"
    assert display.learning_rate_ax_.get_ylabel() == "learning rate"
    assert display.learning_rate_ax_.get_zorder() < display.ax_.get_zorder()
    assert legend(display) == ["training"]
    display.figure_.canvas.draw()


def test_rates_of_members():
    members = [history(learning_rate=rates) for rates in ((0.1, 0.1, 0.1, 0.02), 0.1)]
    display = TrainingDisplay(ensemble_history(*members)).plot()
    assert [line.get_ydata()[-1] for line in display.learning_rate_lines_] == [0.02, 0.1]


def test_without_a_rate_it_is_iterations():
    display = TrainingDisplay(history(learning_rate=NAN)).plot()
    assert display.ax_.get_xlabel() == "iteration"
    assert display.learning_rate_ax_ is None


def test_history_may_be_arrays_or_a_data_frame_or_the_least():
    pandas = pytest.importorskip("pandas")
    table = history(validation_loss=0.5)
    least = {name: table[name] for name in ("epoch", "loss")}
    for kind in (pandas.DataFrame(table), {k: np.array(v) for k, v in table.items()}, least):
        display = TrainingDisplay(kind).plot()
        assert list(display.lines_[0].get_ydata()) == table["loss"]


def test_one_epoch_is_seen():
    display = TrainingDisplay(history((0.7,))).plot()
    assert display.lines_[0].get_marker() == "."


def test_several_networks_on_the_same_axes(pyplot):
    _, ax = pyplot.subplots()
    one = TrainingDisplay.from_estimator(fitted(history()), ax=ax, name="A")
    other = TrainingDisplay(history(), name="overridden").plot(ax, name="B")
    assert one.ax_ is other.ax_ is ax
    assert one.figure_ is ax.figure
    assert legend(other) == ["A, training", "B, training"]
    assert one.lines_[0].get_color() != other.lines_[0].get_color()


def test_plotting_again_makes_a_new_picture():
    display = TrainingDisplay(history(learning_rate=(0.4, 0.3, 0.2, 0.1)), name="A").plot()
    first = display.ax_
    assert display.plot().ax_ is not first
    assert len(display.lines_) == len(display.learning_rate_lines_) == 1
    assert legend(display) == ["A, training"]


def test_styles():
    table = history(
        learning_rate=(0.4, 0.3, 0.2, 0.1), validation_score=(1, 2, 3, 4), validation_loss=1
    )
    display = TrainingDisplay.from_estimator(
        fitted(ensemble_history(table, table)),
        line_kw={"lw": 3},
        member_kw={"c": "red", "alpha": 0.1},
        best_kw={"marker": "*"},
        learning_rate_kw={"ls": "--", "color": "green"},
    )
    assert {line.get_linewidth() for line in display.lines_} == {3}
    assert {line.get_color() for line in display.member_lines_} == {"red"}
    assert {line.get_alpha() for line in display.member_lines_} == {0.1}
    assert display.best_points_.get_marker() == "*"
    assert {line.get_linestyle() for line in display.learning_rate_lines_} == {"--"}
    assert display.learning_rate_ax_.yaxis.label.get_color() == "green"


def test_pipeline():
    X, y = make_moons(60, random_state=0)
    model = make_pipeline(StandardScaler(), NumpyMLPClassifier((3,), max_iter=3)).fit(X, y)
    model[-1].history_ = history()
    display = TrainingDisplay.from_estimator(model)
    assert list(display.lines_[0].get_ydata()) == model[-1].history_["loss"]


@pytest.mark.parametrize(
    "model", [NumpyMLPClassifier(), make_pipeline(StandardScaler(), NumpyMLPRegressor())]
)
def test_not_fitted(model):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        TrainingDisplay.from_estimator(model)


def test_other_estimators():
    model = LogisticRegression(C=3).fit([[0], [1]], [0, 1])
    with pytest.raises(ValueError, match=r"takes a fitted NumpyMLP.*got LogisticRegression\(C=3\)"):
        TrainingDisplay.from_estimator(model)
    with pytest.raises(TypeError, match="is not an estimator"):
        TrainingDisplay.from_estimator(SimpleNamespace(history_=history()))


def test_histories_that_cannot_be_drawn():
    with pytest.raises(ValueError, match=r"'epoch' and 'loss', got only \['epoch'\]"):
        TrainingDisplay({"epoch": [1, 2]}).plot()
    for best in ([5], [0], [1, 2], []):
        with pytest.raises(ValueError, match=r"each of the 1 members, got \["):
            TrainingDisplay(history(), best_epochs=best).plot()


def test_without_matplotlib(monkeypatch):
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    display = TrainingDisplay(history())
    with pytest.raises(ImportError, match=r"TrainingDisplay\.plot requires matplotlib"):
        display.plot()
    with pytest.raises(ImportError, match=r"TrainingDisplay\.from_estimator requires matplotlib"):
        TrainingDisplay.from_estimator(fitted(history()))


def test_import_does_not_load_matplotlib():
    code = "import sknumpynet, sys; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    "parameters",
    [
        {"early_stopping": True, "learning_rate": "one_cycle"},
        {"early_stopping": True, "n_members": 3, "resample": "folds"},
        {"solver": "lbfgs"},
        {},
    ],
    ids=str,
)
def test_networks_as_they_are(parameters):
    X, y = make_moons(150, noise=0.2, random_state=0)
    model = NumpyMLPClassifier((10,), max_iter=12, random_state=0, **parameters).fit(X, y)
    display = TrainingDisplay.from_estimator(model)
    history, n_members = model.history_, parameters.get("n_members", 1)
    stops_early = "early_stopping" in parameters
    assert len(display.lines_) == (2 if stops_early else 1)
    if n_members == 1:
        assert list(display.lines_[0].get_ydata()) == history["loss"]
    assert len(display.member_lines_) == (2 * n_members if n_members > 1 else 0)
    assert (display.best_points_ is not None) == stops_early
    assert (display.learning_rate_ax_ is not None) == ("learning_rate" in parameters)
    if stops_early and n_members == 1:
        # The weights that were kept are those of the epoch that is marked.
        best = int(display.best_points_.get_xdata()[0])
        assert model.validation_scores_[best - 1] == model.best_validation_score_


# scikit-learn's own displays ---------------------------------------------------------------------

KINDS = {
    "network": {},
    "ensemble": {"n_members": 3},
    "folds": {"n_members": 3, "resample": "folds"},
}


@pytest.fixture(scope="module", params=[*KINDS, "pipeline"])
def classifier(request):
    X, y = make_moons(150, noise=0.2, random_state=0)
    model = NumpyMLPClassifier((10,), max_iter=60, random_state=0, learning_rate_init=0.02)
    if request.param == "pipeline":
        return make_pipeline(StandardScaler(), model).fit(X, y)
    return model.set_params(**KINDS[request.param]).fit(X, y)


@pytest.fixture(scope="module", params=[*KINDS, "pipeline"])
def regressor(request):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = NumpyMLPRegressor(
        hidden_layer_sizes=(10,), max_iter=40, random_state=0, learning_rate_init=0.02
    )
    if request.param == "pipeline":
        return make_pipeline(StandardScaler(), model).fit(X[:150], scale(y[:150]))
    return model.set_params(**KINDS[request.param]).fit(scale(X[:150]), scale(y[:150]))


@pytest.mark.parametrize("response", ["predict_proba", "predict"])
def test_decision_boundary(classifier, response):
    X, _ = make_moons(150, noise=0.2, random_state=0)
    display = DecisionBoundaryDisplay.from_estimator(
        classifier, X, response_method=response, grid_resolution=20
    )
    grid = np.column_stack([display.xx0.ravel(), display.xx1.ravel()])
    answer = getattr(classifier, response)(grid)
    expected = answer[:, 1] if response == "predict_proba" else answer
    np.testing.assert_allclose(display.response.ravel(), expected)


def test_calibration(classifier):
    X, y = make_moons(150, noise=0.2, random_state=0)
    display = CalibrationDisplay.from_estimator(classifier, X, y, n_bins=4)
    np.testing.assert_allclose(display.y_prob, classifier.predict_proba(X)[:, 1])


def test_partial_dependence(regressor):
    X, _ = load_diabetes(return_X_y=True, as_frame=True)
    X = X[:30] if hasattr(regressor, "steps") else scale(X[:30])
    display = PartialDependenceDisplay.from_estimator(
        regressor, X, [2, (2, 8)], grid_resolution=4, kind="average"
    )
    (curve,) = display.pd_results[0]["average"]
    moved = np.array(X)
    moved[:, 2] = display.pd_results[0]["grid_values"][0][0]
    if hasattr(regressor, "steps"):
        moved = type(X)(moved, columns=X.columns)
    np.testing.assert_allclose(curve[0], regressor.predict(moved).mean())


def test_permutation_importance(regressor):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    X = X[:150] if hasattr(regressor, "steps") else scale(X[:150])
    result = permutation_importance(regressor, X, scale(y[:150]), n_repeats=2, random_state=0)
    names = load_diabetes(as_frame=True).feature_names
    assert names[result.importances_mean.argmax()] in ("bmi", "s5", "s1")
