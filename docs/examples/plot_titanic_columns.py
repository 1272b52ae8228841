"""
A table with every kind of column
=================================

`TabularMLPClassifier` takes a data frame as it comes: numbers, categories, text, booleans and
missing values. The passengers here are invented, after those of the Titanic, so that the true
probabilities are known and the predicted ones can be held against them.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sknumpynet import TabularMLPClassifier

rng = np.random.default_rng(0)
n_rows = 1100
passengers = pd.DataFrame(
    {
        "sex": rng.choice(["female", "male"], n_rows),
        "age": rng.integers(1, 80, n_rows).astype(float),
        "pclass": pd.Categorical(rng.choice([1, 2, 3], n_rows, p=[0.25, 0.2, 0.55])),
        "fare": np.exp(rng.normal(3, 1, n_rows)).round(2),
        "deck": rng.choice(["A", "B", "C", None], n_rows, p=[0.1, 0.1, 0.1, 0.7]),
        "alone": rng.random(n_rows) < 0.6,
    }
)
logit = (
    2.4 * (passengers["sex"] == "female")
    + 1.5 * (passengers["age"] < 14)
    - 0.9 * (passengers["pclass"].astype(int) - 2)
    - 1.3
)
truth = 1 / (1 + np.exp(-logit))
survived = np.where(rng.random(n_rows) < truth, "yes", "no")
passengers.loc[rng.random(n_rows) < 0.2, "age"] = np.nan
print(passengers.head(4).to_string(index=False))

# %%
# Nothing is set but the seed. What became of the columns is told by ``preprocessor_``.
train, test = slice(0, 600), slice(600, None)
model = TabularMLPClassifier(random_state=0).fit(passengers[train], survived[train])
print("inputs:", *model.preprocessor_.get_feature_names_out())
print(f"accuracy on rows never seen: {model.score(passengers[test], survived[test]):.3f}")
print(f"the best that anybody could:  {np.maximum(truth, 1 - truth)[test].mean():.3f}")

# %%
# The closer to the line, the better the probability. Where age is missing nobody can know it.
predicted = model.predict_proba(passengers[test])[:, 1]
known = passengers["age"][test].notna()
fig, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
ax.plot([0, 1], [0, 1], color="0.5", linewidth=1, zorder=0)
for mask, marker, face, label in (
    (known, "o", "black", "age known"),
    (~known, "s", "white", "age missing"),
):
    ax.scatter(
        truth[test][mask], predicted[mask], s=16, marker=marker, color=face,
        edgecolors="black", linewidths=0.6, label=label,
    )  # fmt: skip
ax.set(
    title="500 passengers never seen",
    xlabel="true probability of survival",
    ylabel="predicted probability of survival",
    aspect="equal",
)
ax.legend()
plt.show()
