"""
Intervals that hold what they say
=================================

Nine in ten targets of new rows are to lie between two bounds. Bounds are as far apart everywhere,
or with quantiles follow the noise; either way they hold about as many as was asked.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sknumpynet import TabularMLPClassifier, TabularMLPRegressor

rng = np.random.default_rng(0)


def brake(n):
    """Return speeds and how far a car goes on, which scatters more at high speed."""
    speed = rng.uniform(1, 10, n)
    return speed[:, np.newaxis], speed**2 * (1 + 0.15 * rng.normal(size=n)) / 2


X, y = brake(600)
X_new, y_new = brake(2000)
models = {
    "of the squared error": TabularMLPRegressor("fast", random_state=0),
    "of quantiles": TabularMLPRegressor(
        "fast", loss="quantile", quantile=[0.05, 0.25, 0.5, 0.75, 0.95], random_state=0
    ),
}
levels = [0.5, 0.9]
grid = np.linspace(1, 10, 100)[:, np.newaxis]

fig, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    model.fit(X, y)
    lower, upper = model.predict_interval(X_new, levels).transpose(1, 2, 0)
    held = ((lower <= y_new) & (y_new <= upper)).mean(axis=1)
    ax.plot(X_new[:300], y_new[:300], ".", color="0.35", markersize=4, label="new rows")
    for k, level in enumerate(levels):
        low, high = model.predict_interval(grid, level).T
        label = f"{level:.0%} asked, {held[k]:.0%} held"
        ax.fill_between(grid[:, 0], low, high, color="tab:blue", alpha=0.25, label=label)
    ax.set(title=f"Intervals {name}", xlabel="speed (m/s)")
    ax.legend(loc="upper left")
axes[0].set_ylabel("braking distance (m)")
plt.show()

# %%
# The same promise of labels: sets of classes. Where digits are hard to tell there are two in one.
images, digits = load_digits(return_X_y=True)
train, new, y_train, y_new = train_test_split(images, digits, train_size=600, random_state=0)
classifier = TabularMLPClassifier("fast", max_iter=4, random_state=0).fit(train, y_train)
sets = classifier.predict_set(new, level=0.95, method="least_ambiguous")
print(f"held: {sets[np.arange(len(new)), y_new].mean():.1%}, asked: 95%")

fig, axes = plt.subplots(1, 6, figsize=(10, 2.2), layout="constrained")
for ax, row in zip(axes, np.flatnonzero(sets.sum(axis=1) == 2), strict=False):
    ax.imshow(new[row].reshape(8, 8), cmap="gray_r")
    ax.set(title=" or ".join(map(str, np.flatnonzero(sets[row]))), xticks=[], yticks=[])
plt.show()
