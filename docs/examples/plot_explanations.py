"""
Why this prediction?
====================

Rents of flats, invented so that it is known what goes into them: so much for a square metre, more
in the old town, something for a high floor with a lift and the contrary without. `explain` says
what a model has made of it, by the columns of the table.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.inspection import PartialDependenceDisplay

from sknumpynet import BeeswarmDisplay, TabularMLPRegressor, WaterfallDisplay

rng = np.random.default_rng(0)
n_flats = 2_000
flats = pd.DataFrame(
    {
        "area": rng.uniform(20, 120, n_flats).round(),
        "district": rng.choice(["old town", "harbour", "hills"], n_flats),
        "floor": rng.integers(0, 7, n_flats),
        "lift": rng.choice(["yes", "no"], n_flats),
        "built": rng.integers(1890, 2020, n_flats).astype(float),
        "door": rng.choice(["red", "green", "blue"], n_flats),
    }
)
rent = (
    10 * flats["area"]
    + flats["district"].map({"old town": 350, "harbour": 100, "hills": 0})
    + np.where(flats["lift"] == "yes", 15, -40) * flats["floor"]
    + 150 * (flats["built"] > 1990)
    + rng.normal(0, 40, n_flats)
)
flats.loc[rng.random(n_flats) < 0.1, "built"] = np.nan
train, new = slice(0, 1_500), slice(1_500, None)
model = TabularMLPRegressor(random_state=0).fit(flats[train], rent[train])
print(f"R² on flats never seen: {model.score(flats[new], rent[new]):.3f}")

# %%
# One flat: from the mean rent, at the bottom, each column adds or takes its part, up to the rent
# that is predicted. Thin lines are standard errors; more permutations make them shorter.
flat = flats[new].query("lift == 'no' and floor == 6").head(1)
WaterfallDisplay(model.explain(flat, n_permutations=60)).plot()
plt.show()

# %%
# All new flats: a point for each flat and column. The colour of the door adds nothing, a high floor
# adds or takes.
explanation = model.explain(flats[new], n_interacting=5)
BeeswarmDisplay(explanation).plot()
plt.show()

# %%
# Why a high floor does both, interactions tell: floor and lift work together, and other columns do
# not.
names, found = explanation.feature_names, explanation.interactions
pairs = np.argwhere(np.triu(np.isfinite(found)))
for i, j in sorted(pairs, key=lambda pair: -found[*pair])[:5]:
    print(f"{names[i]} and {names[j]}: {found[i, j]:.0f}")

# %%
# What is each column worth for new flats? Members tell by the rows that they never saw.
worth = model.column_importances(flats[train], rent[train])
order = worth.importances_mean.argsort()
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.barh(
    worth.feature_names[order],
    worth.importances_mean[order],
    xerr=worth.importances_error[order],
    color="0.7",
    ecolor="0.2",
)
ax.set(title="Members' loss on rows never seen", xlabel="grows by, without the column")
plt.show()

# %%
# Curves of single flats by floor: some rise, those without a lift fall.
effects = model.column_effects(flats[new], "floor")
PartialDependenceDisplay(
    [effects],
    features=[(0,)],
    feature_names=["floor"],
    target_idx=0,
    deciles={0: effects.deciles},
    kind="both",
    subsample=60,
    random_state=0,
    is_categorical=[(effects.is_categorical,)],
).plot()
plt.show()
