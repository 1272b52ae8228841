"""
Two moons beside scikit-learn
=============================

The same numbers as scikit-learn's network, in less time.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_moons
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.neural_network import MLPClassifier

from sknumpynet import NumpyMLPClassifier

X, y = make_moons(1000, noise=0.3, random_state=0)
fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
for ax, kind in zip(axes, (MLPClassifier, NumpyMLPClassifier), strict=True):
    model = kind(max_iter=1000, random_state=0).fit(X, y)
    DecisionBoundaryDisplay.from_estimator(model, X, ax=ax, cmap="gray")
    ax.set_title(kind.__name__)
