"""
A grid search that trains all candidates at once
================================================

`StackedGridSearchCV` takes the place of scikit-learn's ``GridSearchCV``. Candidates of one
network shape are members of a stack, on all splits at once; scores and ranks are the same.
"""

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import NumpyMLPClassifier, StackedGridSearchCV

X, y = load_breast_cancer(return_X_y=True)
pipeline = make_pipeline(
    StandardScaler(), NumpyMLPClassifier((16,), learning_rate="linear", max_iter=20, random_state=0)
)
alphas, rates = np.logspace(-3, 1, 5), np.logspace(-3.5, -0.5, 6)
grid = {"numpymlpclassifier__alpha": alphas, "numpymlpclassifier__learning_rate_init": rates}

searches, seconds = [], []
for kind in (GridSearchCV, StackedGridSearchCV):
    start = perf_counter()
    searches.append(kind(pipeline, grid, scoring="neg_log_loss", cv=5).fit(X, y))
    seconds.append(perf_counter() - start)
one_by_one, stacked = (search.cv_results_["mean_test_score"] for search in searches)
print(f"one by one {seconds[0]:.1f} s, stacked {seconds[1]:.1f} s")
print(f"largest difference of two scores: {np.abs(one_by_one - stacked).max():.0e}")

# %%
# ``stacking_report_`` says what was trained how: 30 candidates on 5 splits as one stack.
for stack in searches[1].stacking_report_["stacks"]:
    print(stack["n_networks"], "networks at once")

fig, ax = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
loss = -stacked.reshape(len(alphas), len(rates))
shade = ax.pcolormesh(rates, alphas, loss, norm="log", cmap="gray", shading="nearest")
best = searches[1].best_params_
ax.plot(
    best["numpymlpclassifier__learning_rate_init"], best["numpymlpclassifier__alpha"],
    "*", color="black", markeredgecolor="white", markersize=18, label="best",
)  # fmt: skip
ax.set(
    xscale="log", yscale="log", xlabel="learning_rate_init", ylabel="alpha",
    title="30 candidates, 5 splits each",
)  # fmt: skip
ax.legend(loc="lower left")
fig.colorbar(shade, label="log loss on held-out rows (nats)")
plt.show()
