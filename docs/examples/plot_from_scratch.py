"""
Watch a small network learn
===========================

The network of `sknumpynet.from_scratch`, on one page of plain functions: 2 inputs, 3 hidden
units, 1 output. Trained for ever more epochs from the same start, its boundary bends.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from sknumpynet.from_scratch import binary_cross_entropy, forward_propagation, train_nn

samples, labels = make_moons(300, noise=0.2, random_state=0)
X, Y = samples.T, labels[np.newaxis]  # every sample is a column

x1, x2 = np.meshgrid(np.linspace(-1.7, 2.7, 120), np.linspace(-1.3, 1.8, 100))
grid = np.stack([x1.ravel(), x2.ravel()])

fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), sharex=True, sharey=True, layout="constrained")
for ax, epochs in zip(axes, (1, 30, 300, 3000), strict=True):
    parameters = train_nn(X, Y, epochs=epochs, learning_rate=1.0, seed=2)
    *_, probability = forward_propagation(grid, *parameters)
    shade = ax.pcolormesh(
        x1, x2, probability.reshape(x1.shape), cmap="gray", vmin=0, vmax=1, shading="nearest"
    )
    ax.contour(x1, x2, probability.reshape(x1.shape), levels=[0.5], colors="tab:red")
    for label, marker, face in ((0, "o", "black"), (1, "s", "white")):
        ax.scatter(*X[:, labels == label], s=10, marker=marker, color=face, ec="0.4", lw=0.5)
    loss = binary_cross_entropy(Y, forward_propagation(X, *parameters)[-1])
    ax.set(title=f"epoch {epochs:,}, loss {loss:.2f}", xlabel="first feature")
axes[0].set_ylabel("second feature")
fig.colorbar(shade, ax=axes, label="probability of class 1")
plt.show()
