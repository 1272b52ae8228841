"""Displays of explanations draw what these hold."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknumpynet import BeeswarmDisplay, TabularMLPRegressor, WaterfallDisplay
from sknumpynet.explanations import Explanation

matplotlib = pytest.importorskip("matplotlib")

DISPLAYS = (WaterfallDisplay, BeeswarmDisplay)
N_ROWS, N_COLUMNS, N_OUTPUTS = 23, 5, 3


@pytest.fixture(autouse=True)
def pyplot():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def explanation(*outputs):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(N_ROWS, N_COLUMNS, *outputs))
    data = np.empty((N_ROWS, N_COLUMNS), object)
    data[:] = rng.normal(size=(N_ROWS, N_COLUMNS)).tolist()
    data[:, 1] = "a level with a long name"
    data[0, 2] = None
    data[:, 3] = 1.0
    data[:, 4] = np.datetime64("2024-02-29")
    names = np.array([f"column {k}" for k in range(N_COLUMNS)], object)
    base = rng.normal(size=outputs) if outputs else 2.0
    return Explanation(values, base, data, names, np.abs(values) / 10)


@pytest.mark.parametrize("row", [0, 7])
def test_a_waterfall_leads_from_the_mean_to_the_prediction(row):
    own = explanation()
    display = WaterfallDisplay(own).plot(row=row)
    assert display.figure_ is display.ax_.figure
    assert len(display.bars_) == N_COLUMNS
    assert_allclose(display.bars_[0].get_x(), own.base_values)
    end = own.base_values
    widths = [bar.get_width() for bar in display.bars_]
    for bar in display.bars_:
        assert_allclose(bar.get_x(), end)
        end = bar.get_x() + bar.get_width()
    assert_allclose(end, own.prediction()[row])
    assert_allclose(widths, sorted(own.values[row], key=abs))
    assert len({bar.get_facecolor() for bar in display.bars_}) == 2
    label = next(t for t in labels(display) if t.startswith("column 1"))
    assert label == "column 1 = a level with a long…"


def labels(display):
    return [label.get_text() for label in display.ax_.get_yticklabels()]


def test_weak_columns_share_a_bar():
    own = explanation()
    display = WaterfallDisplay(own).plot(max_columns=3)
    weakest = sorted(own.values[0], key=abs)[: N_COLUMNS - 2]
    assert labels(display)[0] == "3 others"
    assert_allclose(display.bars_[0].get_width(), sum(weakest))


@pytest.mark.parametrize("max_columns", [2, 10])
def test_a_swarm_has_a_point_for_every_row(max_columns):
    own = explanation()
    display = BeeswarmDisplay(own).plot(max_columns=max_columns)
    order = own.strengths().argsort()[-max_columns:]
    assert labels(display) == own.feature_names[order].tolist()
    n_points = sum(len(group.get_offsets()) for group in display.ax_.collections)
    assert n_points == N_ROWS * len(order)
    for group in display.ax_.collections:
        heights = np.asarray(group.get_offsets())[:, 1]
        assert (np.abs(heights - heights.round()) < 0.5).all()
    display.figure_.canvas.draw()


@pytest.mark.parametrize("kind", DISPLAYS)
def test_one_of_several_outputs_is_chosen(kind):
    own = explanation(N_OUTPUTS)
    kind(own, output=2).plot()
    for output in (None, N_OUTPUTS):
        with pytest.raises(ValueError, match=f"3 outputs.*got output={output}"):
            kind(own, output=output).plot()


@pytest.mark.parametrize("kind", DISPLAYS)
def test_from_estimator_into_given_axes(kind, pyplot):
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = TabularMLPRegressor("fast", max_iter=1, random_state=0, n_jobs=1).fit(X, X[:, 0])
    _, ax = pyplot.subplots()
    display = kind.from_estimator(model, X, ax=ax)
    assert display.ax_ is ax
    display.figure_.canvas.draw()
