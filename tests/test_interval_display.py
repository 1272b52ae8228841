"""The display of intervals draws what these hold."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_diabetes

from sknumpynet import IntervalDisplay, TabularMLPRegressor

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def pyplot():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    model = TabularMLPRegressor("fast", max_iter=4, random_state=0, n_jobs=1)
    return model.fit(X[:200], y[:200]), X[200:], y[200:]


def test_it_counts_what_is_held(diabetes):
    model, X, y = diabetes
    display = IntervalDisplay.from_estimator(model, X, y, level=0.8)
    lower, upper = model.predict_interval(X, 0.8).T
    held = (lower <= y) & (y <= upper)
    assert_allclose(display.held_, held)
    order = np.argsort(model.predict(X), kind="stable")
    parts = [held[own].mean() for own in np.array_split(order, 10)]
    assert_allclose(display.group_held_, parts)
    labels = [text.get_text() for text in display.axes_[0].get_legend().get_texts()]
    assert labels[0] == "intervals of 80%"
    assert labels[1] == f"held: {held.mean():.1%}"


def test_quantiles_and_infinite_bounds_are_drawn():
    X, y = load_diabetes(return_X_y=True)
    settings = {"loss": "quantile", "quantile": [0.1, 0.5, 0.9], "random_state": 0}
    model = TabularMLPRegressor("fast", max_iter=2, **settings).fit(X[:30], y[:30])
    with pytest.warns(UserWarning, match="cannot tell bounds"):
        display = IntervalDisplay.from_estimator(model, X[30:60], y[30:60], level=0.99)
    display.figure_.canvas.draw()
    assert display.held_.all()


def test_a_figure_may_be_given(diabetes, pyplot):
    model, X, y = diabetes
    figure = pyplot.figure()
    display = IntervalDisplay(model.predict(X), model.predict_interval(X), y, level=0.9)
    assert display.plot(figure).figure_ is figure


def test_several_targets_are_refused():
    X, y = load_diabetes(return_X_y=True)
    both = np.column_stack([y, y])
    model = TabularMLPRegressor("fast", max_iter=2, random_state=0).fit(X[:60], both[:60])
    with pytest.raises(ValueError, match="one target at one level"):
        IntervalDisplay.from_estimator(model, X, both)
