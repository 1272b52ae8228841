"""Pictures of training and inspection, from data that ship with scikit-learn.

    python -m benchmarks.pictures [--out FOLDER]

writes them to ``benchmarks/pictures`` in a few seconds. The tests run it, too.
"""

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import load_breast_cancer, load_diabetes, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    PartialDependenceDisplay,
    permutation_importance,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor, TrainingDisplay

SIZE, DOTS_PER_INCH = (5.6, 3.6), 80


def training_curves(ax: Axes) -> None:
    """Draw one network's losses, the best epoch and the rate of a cycle."""
    X, X_val, y, y_val = train_test_split(
        *make_moons(600, noise=0.3, random_state=0), random_state=0
    )
    model = NumpyMLPClassifier(
        (64, 64),
        learning_rate="one_cycle",
        learning_rate_init=0.01,
        batch_size=32,
        max_iter=40,
        early_stopping=True,
        scoring="loss",
        n_iter_no_change=40,
        random_state=0,
    ).fit(X, y, X_val=X_val, y_val=y_val)
    TrainingDisplay.from_estimator(model, ax=ax)
    ax.legend(loc="center right")
    ax.set_title("TrainingDisplay: moons, one_cycle")


def ensemble_curves(ax: Axes) -> None:
    """Draw the losses of an ensemble's members and their means."""
    X, y = load_breast_cancer(return_X_y=True)
    model = NumpyMLPClassifier(
        (16,),
        n_members=8,
        resample="folds",
        early_stopping=True,
        learning_rate_init=0.01,
        random_state=0,
    ).fit(StandardScaler().fit_transform(X), y)
    TrainingDisplay.from_estimator(model, ax=ax)
    ax.set_title("TrainingDisplay: breast cancer, 8 members")


def decision_boundary(ax: Axes) -> None:
    """Draw the probabilities of an ensemble over the plane of moons."""
    X, y = make_moons(300, noise=0.25, random_state=0)
    model = NumpyMLPClassifier(
        (32, 32), activation="silu", n_members=5, learning_rate_init=0.01, random_state=0
    ).fit(X, y)
    DecisionBoundaryDisplay.from_estimator(
        model, X, response_method="predict_proba", cmap="RdBu", alpha=0.7, ax=ax
    )
    ax.scatter(*X.T, c=y, cmap="RdBu", s=12, edgecolors="black", linewidths=0.4)
    ax.set_title("DecisionBoundaryDisplay: moons, 5 members")


def calibration(ax: Axes) -> None:
    """Draw how true the probabilities of one network and of ten are."""
    X, y = make_moons(3000, noise=0.5, random_state=0)
    X, X_test, y, y_test = train_test_split(X, y, test_size=2000, random_state=0)
    for n_members, label in ((1, "1 network"), (10, "10 members")):
        model = NumpyMLPClassifier(
            (100,), n_members=n_members, learning_rate_init=0.02, max_iter=150, random_state=0
        ).fit(X, y)
        CalibrationDisplay.from_estimator(model, X_test, y_test, n_bins=8, name=label, ax=ax)
    ax.set_title("CalibrationDisplay: noisy moons")


def _diabetes() -> tuple[NumpyMLPRegressor, np.ndarray, np.ndarray]:
    data = load_diabetes(as_frame=True)
    network = NumpyMLPRegressor(
        hidden_layer_sizes=(32,),
        n_members=5,
        learning_rate="cosine",
        learning_rate_init=0.01,
        max_iter=60,
        random_state=0,
    )
    X, y = data.data, data.target / 100
    return make_pipeline(StandardScaler(), network).fit(X, y), X, y


def partial_dependence(ax: Axes) -> None:
    """Draw how the mean prediction depends on two features."""
    model, X, _ = _diabetes()
    PartialDependenceDisplay.from_estimator(
        model, X, ["bmi", "s5"], kind="both", subsample=40, random_state=0, ax=ax
    )
    ax.figure.suptitle("PartialDependenceDisplay: diabetes")


def importances(ax: Axes) -> None:
    """Draw what the score loses when a feature's values are mixed up."""
    model, X, y = _diabetes()
    result = permutation_importance(model, X, y, n_repeats=20, random_state=0)
    order = result.importances_mean.argsort()
    ax.boxplot(result.importances[order].T, orientation="horizontal")
    ax.set_yticks(range(1, len(order) + 1), X.columns[order])
    ax.set(xlabel="R² lost", title="permutation_importance: diabetes")


def quantiles(ax: Axes) -> None:
    """Draw five quantiles of noise that grows."""
    source = np.random.default_rng(0)
    x = source.uniform(0, 10, 600)
    y = np.sin(x) + source.normal(size=600) * 0.1 * (1 + x / 2)
    model = NumpyMLPRegressor(
        loss="quantile",
        quantile=[0.05, 0.25, 0.5, 0.75, 0.95],
        hidden_layer_sizes=(32, 32),
        activation="silu",
        solver="adamw",
        learning_rate="one_cycle",
        learning_rate_init=0.02,
        batch_size=64,
        max_iter=120,
        random_state=0,
    ).fit(x[:, np.newaxis] / 5 - 1, y)
    grid = np.linspace(0, 10, 200)
    fan = model.predict(grid[:, np.newaxis] / 5 - 1)
    ax.plot(x, y, ".", color="gray", markersize=3, alpha=0.6)
    ax.fill_between(grid, fan[:, 0], fan[:, 4], alpha=0.2, color="tab:blue", label="90 %")
    ax.fill_between(grid, fan[:, 1], fan[:, 3], alpha=0.3, color="tab:blue", label="50 %")
    ax.plot(grid, fan[:, 2], color="tab:blue", label="median")
    ax.set_title("loss='quantile': noise that grows")
    ax.legend()


PICTURES: dict[str, Callable[[Axes], None]] = {
    "training_curves": training_curves,
    "ensemble_curves": ensemble_curves,
    "decision_boundary": decision_boundary,
    "calibration": calibration,
    "partial_dependence": partial_dependence,
    "permutation_importance": importances,
    "quantiles": quantiles,
}


def main(arguments: list[str] | None = None) -> None:
    """Write all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures")
    folder = parser.parse_args(arguments).out
    folder.mkdir(exist_ok=True)
    warnings.simplefilter("ignore", ConvergenceWarning)
    for name, draw in PICTURES.items():
        figure, ax = pyplot.subplots(figsize=SIZE, layout="constrained")
        draw(ax)
        # Without the version of matplotlib, the same picture is the same file.
        figure.savefig(
            folder / f"{name}.png",
            dpi=DOTS_PER_INCH,
            metadata={"Software": None},
            pil_kwargs={"optimize": True},
        )
        pyplot.close(figure)


if __name__ == "__main__":
    main()
