"""
What the members of an ensemble see
===================================

``n_members`` makes an estimator an ensemble of networks that differ in their seeds, trained at
once as one stack of matrices. Each draws another boundary; the mean of their probabilities is
smoother than any, and wavers where they disagree.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from sknumpynet import NumpyMLPClassifier

X, y = make_moons(150, noise=0.3, random_state=0)
ensemble = NumpyMLPClassifier(
    (32, 32),
    n_members=8,
    resample="bootstrap",
    solver="adamw",
    learning_rate="one_cycle",
    learning_rate_init=0.02,
    max_iter=200,
    random_state=0,
).fit(X, y)

# %%
# `predict_members` has what each says of each row: here of every point of a grid.
x1, x2 = np.meshgrid(np.linspace(-2, 3, 120), np.linspace(-1.7, 2.2, 100))
grid = np.column_stack([x1.ravel(), x2.ravel()])
members = ensemble.predict_members(grid)[..., 1].reshape(-1, *x1.shape)
mean = ensemble.predict_proba(grid)[:, 1].reshape(x1.shape)
print("shape of the members' probabilities:", members.shape)

fig, axes = plt.subplots(1, 2, figsize=(9.5, 4), sharex=True, sharey=True, layout="constrained")
for probabilities in members:
    axes[0].contour(x1, x2, probabilities, levels=[0.5], colors="0.35", linewidths=1)
shade = axes[1].pcolormesh(x1, x2, mean, cmap="gray", vmin=0, vmax=1, shading="nearest")
axes[1].contour(x1, x2, mean, levels=[0.5], colors="tab:red", linewidths=2)
fig.colorbar(shade, ax=axes[1], label="probability of class 1")
for ax, title in zip(axes, ("Boundaries of 8 members", "Mean of the members"), strict=True):
    for label, marker, face in ((0, "o", "black"), (1, "s", "white")):
        ax.scatter(*X[y == label].T, s=16, marker=marker, color=face, edgecolors="0.4")
    ax.set(title=title, xlabel="first feature", ylabel="second feature")
plt.show()
