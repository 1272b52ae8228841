"""Candidates that differ in what scikit-learn's MLP never had train in stacks too."""

import numpy as np
import pytest
from helpers.networks import KINDS, HalfSquare, Sine, make, problem
from sklearn.model_selection import GridSearchCV

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpynet.core.initializers import INITIALIZERS
from sknumpynet.core.losses import HuberLoss
from sknumpynet.search import StackedGridSearchCV

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

NUMBERS = {
    "dropout": [0.0, 0.2, 0.5],
    "warmup": [0.0, 0.5],
    "weight_decay": [0.0, 0.1, 1.0],
    "max_grad_norm": [None, 0.01, 1.0],
    "learning_rate": ["cosine", "one_cycle", "plateau", "constant"],
    "weight_init": list(INITIALIZERS),
}


@pytest.mark.parametrize("name", [*NUMBERS, "label_smoothing"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_number_is_searched_in_one_stack(kind, name):
    if name == "label_smoothing" and kind is NumpyMLPRegressor:
        pytest.skip("of classes")
    X, y = problem(kind)
    grid = {name: NUMBERS.get(name, [0.05, 0.1, 0.3]), "alpha": [1e-4, 1.0]}
    network = make(kind, solver="adamw")
    ours = StackedGridSearchCV(network, grid, cv=2).fit(X, y)
    theirs = GridSearchCV(network, grid, cv=2).fit(X, y)
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"], rtol=1e-7
    )
    assert len(ours.stacking_report_["stacks"]) == 1
    assert ours.stacking_report_["alone"] == []


@pytest.mark.parametrize(
    ("kind", "grid"),
    [
        (NumpyMLPClassifier, {"class_weight": [None, "balanced", {0: 1, 1: 4}]}),
        (NumpyMLPClassifier, {"label_smoothing": [0.0, 0.1]}),
        (NumpyMLPClassifier, {"activation": ["gelu", ["relu", "mish"], Sine()]}),
        (NumpyMLPClassifier, {"scoring": ["loss", "roc_auc", None], "early_stopping": [True]}),
        (NumpyMLPRegressor, {"loss": ["huber", HuberLoss(0.1), HalfSquare(), "absolute_error"]}),
        (NumpyMLPRegressor, {"loss": ["quantile"], "quantile": [0.1, 0.5, [0.1, 0.9]]}),
        (NumpyMLPRegressor, {"dtype": [None, "float32"]}),
    ],
    ids=lambda own: "-".join(own) if isinstance(own, dict) else None,
)
def test_what_is_no_number_is_searched_too(kind, grid):
    X, y = problem(kind)
    ours = StackedGridSearchCV(make(kind), grid, cv=2).fit(X, y)
    theirs = GridSearchCV(make(kind), grid, cv=2).fit(X, y)
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"], rtol=1e-6
    )
    assert ours.stacking_report_["alone"] == []
