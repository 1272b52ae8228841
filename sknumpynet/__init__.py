"""A multilayer perceptron from scratch in NumPy, with scikit-learn's face and numbers."""

import sknumpynet._old_paths  # noqa: F401
from sknumpynet.classifier import NumpyMLPClassifier
from sknumpynet.display import (
    BeeswarmDisplay,
    IntervalDisplay,
    ReliabilityDisplay,
    TrainingDisplay,
    WaterfallDisplay,
)
from sknumpynet.files import load_model
from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.regressor import NumpyMLPRegressor
from sknumpynet.search import (
    StackedGridSearchCV,
    StackedHalvingGridSearchCV,
    StackedHalvingRandomSearchCV,
    StackedHyperbandSearchCV,
    StackedRandomizedSearchCV,
    stacked_cross_validate,
)
from sknumpynet.tabular import TabularMLPClassifier, TabularMLPRegressor
from sknumpynet.training.checkpoints import Checkpoint

__all__ = [
    "NumpyMLPClassifier",
    "NumpyMLPRegressor",
    "TabularMLPClassifier",
    "TabularMLPRegressor",
    "TabularPreprocessor",
    "Checkpoint",
    "StackedGridSearchCV",
    "StackedRandomizedSearchCV",
    "StackedHalvingGridSearchCV",
    "StackedHalvingRandomSearchCV",
    "StackedHyperbandSearchCV",
    "stacked_cross_validate",
    "TrainingDisplay",
    "WaterfallDisplay",
    "BeeswarmDisplay",
    "IntervalDisplay",
    "ReliabilityDisplay",
    "load_model",
]
__version__ = "0.1.0"
