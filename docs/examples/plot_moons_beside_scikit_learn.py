"""
The same numbers as scikit-learn's, in less time
================================================

`NumpyMLPClassifier` takes the parameters of scikit-learn's ``MLPClassifier`` and, for the same
integer ``random_state``, draws the same weights and batches: the probabilities agree to the last
digits. Only the seconds differ.
"""

# %%
# Two moons, and both networks with the same parameters.
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sknumpynet import NumpyMLPClassifier

X, y = make_moons(1000, noise=0.3, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

models, seconds = [], []
for kind in (MLPClassifier, NumpyMLPClassifier):
    start = perf_counter()
    models.append(kind((64, 64), max_iter=500, random_state=0).fit(X_train, y_train))
    seconds.append(perf_counter() - start)

theirs, ours = models
difference = np.abs(theirs.predict_proba(X_test) - ours.predict_proba(X_test)).max()
print(f"largest difference of two probabilities: {difference:.0e}")
print(f"epochs: {theirs.n_iter_} and {ours.n_iter_}")

# %%
# Black is the one class, white the other; the line is where both are as likely.
fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharex=True, sharey=True, layout="constrained")
for ax, model, time in zip(axes, models, seconds, strict=True):
    DecisionBoundaryDisplay.from_estimator(
        model, X, response_method="predict_proba", plot_method="pcolormesh", cmap="gray", ax=ax
    )
    for label, marker in enumerate("os"):
        ax.scatter(
            *X_test[y_test == label].T,
            s=14,
            marker=marker,
            color=("black", "white")[label],
            edgecolors=("white", "black")[label],
            linewidths=0.5,
            label=f"class {label}",
        )
    ax.set(
        title=f"{type(model).__name__}: {time:.2f} s,\n{model.score(X_test, y_test):.1%} right",
        xlabel="first feature",
        ylabel="second feature",
    )
axes[0].legend(loc="lower left")
plt.show()
