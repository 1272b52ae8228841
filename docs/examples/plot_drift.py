"""
Predict, then learn: a stream that changes
==========================================

Of a stream no rows are held out. Each part is predicted before it is learned, so that every row is
judged once, by a model that has not seen it: *progressive validation*. It shows when the world
changes, and how soon ``partial_fit`` follows.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from sknumpynet import TabularMLPRegressor

rng = np.random.default_rng(0)
N_PARTS, CHANGE = 60, 30


def hours(number: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return 100 hours and their prices of power: at first days are dear, later nights."""
    hour = rng.uniform(0, 24, 100)
    plant = rng.choice(["coal", "wind", "sun"], 100)
    is_night = (hour < 6) | (hour > 22)
    is_dear = is_night if number >= CHANGE else ~is_night
    price = 40 + 30 * is_dear + 10 * (plant == "coal") + rng.normal(0, 2, 100)
    return pd.DataFrame({"hour": hour, "plant": plant}), pd.Series(price)


# %%
# One model learns on, the other has learned the first ten parts and is left as it is. Both begin
# with ``partial_fit``, whose first call says what columns are.
learning, fixed = (TabularMLPRegressor("fast", random_state=0) for _ in range(2))
scores = {"learns on": [], "is left as it is": []}
for number in range(N_PARTS):
    X, y = hours(number)
    if number > 0:
        scores["learns on"].append(r2_score(y, learning.predict(X)))
        scores["is left as it is"].append(r2_score(y, fixed.predict(X)))
    learning.partial_fit(X, y)
    if number < 10:
        fixed.partial_fit(X, y)

# %%
# The first part after the change is predicted worse than by its mean. Then one model comes back.
fig, ax = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
for (name, own), style in zip(scores.items(), ("-", ":"), strict=True):
    ax.plot(np.arange(1, N_PARTS), np.maximum(own, -1.0), style, color="black", label=name)
ax.axvline(CHANGE, color="gray", linewidth=0.8)
ax.set(xlabel="part of 100 rows", ylabel="R² before it is learned (at least -1)")
ax.legend()
plt.show()
