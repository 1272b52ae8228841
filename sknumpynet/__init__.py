"""A multilayer perceptron from scratch in NumPy, with scikit-learn's face and numbers."""

from sknumpynet.classifier import NumpyMLPClassifier
from sknumpynet.regressor import NumpyMLPRegressor

__all__ = ["NumpyMLPClassifier", "NumpyMLPRegressor"]
__version__ = "0.1.0"
