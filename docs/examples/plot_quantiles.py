"""
Intervals from quantiles
========================

With ``loss="quantile"`` and several levels one network learns all of them, and they never cross.
Together they tell not only where the target is but how sure that is.
"""

import matplotlib.pyplot as plt
import numpy as np

from sknumpynet import NumpyMLPRegressor

rng = np.random.default_rng(0)
hours = rng.uniform(0, 10, 800)
load = np.sin(hours) + 0.1 * (1 + hours / 2) * rng.normal(size=800)

model = NumpyMLPRegressor(
    hidden_layer_sizes=(32, 32),
    loss="quantile",
    quantile=[0.05, 0.25, 0.5, 0.75, 0.95],
    activation="silu",
    solver="adamw",
    learning_rate="one_cycle",
    learning_rate_init=0.02,
    batch_size=64,
    max_iter=120,
    random_state=0,
)


def scaled(hours):
    """Return a column between -1 and 1, as networks want it."""
    return hours[:, np.newaxis] / 5 - 1


model.fit(scaled(hours[:400]), load[:400])

# %%
# Of rows never seen as many should lie inside as the levels say.
low, _, _, _, high = model.predict(scaled(hours[400:])).T
inside = (low <= load[400:]) & (load[400:] <= high)
print(f"inside the interval of 90 %: {inside.mean():.1%} of 400 rows")

grid = np.linspace(0, 10, 200)
fan = model.predict(scaled(grid)).T
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(hours[400:], load[400:], ".", color="0.35", markersize=4, label="rows never seen")
ax.fill_between(grid, fan[0], fan[4], color="tab:blue", alpha=0.2, label="90 %")
ax.fill_between(grid, fan[1], fan[3], color="tab:blue", alpha=0.4, label="50 %")
ax.plot(grid, fan[2], color="black", label="median")
ax.set(title="Noise that grows with time", xlabel="time (h)", ylabel="load (kW)")
ax.legend(ncols=2)
plt.show()
