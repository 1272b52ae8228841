"""The display of probabilities counts how often what is predicted is right."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import NumpyMLPClassifier, ReliabilityDisplay, TabularMLPClassifier

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def pyplot():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def rows():
    X, y = load_breast_cancer(return_X_y=True)
    return X[:200], np.array(["no", "yes"])[y[:200]], X[200:], np.array(["no", "yes"])[y[200:]]


def labels_of(display):
    return [text.get_text() for text in display.axes_[0].get_legend().get_texts()]


def test_errors_are_distances_from_the_diagonal():
    X, y, X_new, y_new = rows()
    model = TabularMLPClassifier("fast", max_iter=2, random_state=0, n_jobs=1).fit(X, y)
    display = ReliabilityDisplay.from_estimator(model, X_new, y_new)
    confidence = model.predict_proba(X_new).max(axis=1)
    is_right = model.predict(X_new) == y_new
    groups = np.array_split(np.argsort(confidence, kind="stable"), 10)
    distances = [abs(confidence[own].mean() - is_right[own].mean()) for own in groups]
    expected = np.average(distances, weights=[len(own) for own in groups])
    assert display.errors_ == {"probabilities": pytest.approx(expected)}
    assert labels_of(display) == [f"probabilities: {expected:.3f} off"]


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_as_sure_may_come_in_any_order(seed):
    is_right = np.random.default_rng(seed).permutation(np.arange(20) < 16)
    display = ReliabilityDisplay({"own": np.full(20, 0.9)}, is_right).plot()
    assert display.errors_["own"] == pytest.approx(0.1)


def test_before_and_after_a_temperature():
    X, y, X_new, y_new = rows()
    model = TabularMLPClassifier("fast", max_iter=2, random_state=0, n_jobs=1).fit(X, y)
    plain = ReliabilityDisplay.from_estimator(model, X_new, y_new)
    model.temperature_ = 0.5
    display = ReliabilityDisplay.from_estimator(model, X_new, y_new)
    before, after = display.errors_.values()
    assert list(display.errors_) == ["without a temperature", "temperature 0.50"]
    assert before == plain.errors_["probabilities"] != after
    assert model.temperature_ == 0.5


def test_any_classifier_and_any_figure(pyplot):
    X, y, X_new, y_new = rows()
    network = NumpyMLPClassifier((4,), max_iter=20, tol=1.0, random_state=0)
    model = make_pipeline(StandardScaler(), network).fit(X, y)
    display = ReliabilityDisplay.from_estimator(model, X_new[:3], y_new[:3])
    figure = pyplot.figure()
    assert display.plot(figure).figure_ is figure


def test_several_labels_are_refused():
    with pytest.raises(ValueError, match=r"one label a row is needed, got y of shape \(3, 2\)"):
        ReliabilityDisplay.from_estimator(None, None, np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["1", "0", "1"], r"no label in y is one of the classes \[0 1\], got \['1' '0' '1'\]"),
        ([0, 1], "y must have a label for each of 3 rows, got 2"),
    ],
    ids=["text", "too few"],
)
def test_labels_that_do_not_fit(y, message):
    X, labels, X_new, _ = rows()
    model = NumpyMLPClassifier((2,), max_iter=20, tol=1.0).fit(X, (labels == "yes").astype(int))
    with pytest.raises(ValueError, match=message):
        ReliabilityDisplay.from_estimator(model, X_new[:3], y)


def test_a_temperature_within_a_pipeline():
    X, y, X_new, y_new = rows()
    network = TabularMLPClassifier("fast", max_iter=2, random_state=0, n_jobs=1)
    model = make_pipeline(StandardScaler(), network).fit(X, y)
    model[-1].temperature_ = 0.5
    display = ReliabilityDisplay.from_estimator(model, X_new, y_new)
    assert list(display.errors_) == ["without a temperature", "temperature 0.50"]
