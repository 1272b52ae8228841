"""
A search that stops early
=========================

`StackedHalvingGridSearchCV` gives all candidates some epochs, keeps the better third, gives those
more, and so on. With ``max_iter`` as the resource, candidates that stay go on where they stood, in
one stack, with the numbers of a training from the start.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from sknumpynet import NumpyMLPClassifier, StackedHalvingGridSearchCV

X, y = load_digits(return_X_y=True)
X, y = X[:600] / 16, y[:600]
grid = {"learning_rate_init": np.logspace(-4, -1, 9), "alpha": np.logspace(-4, 0, 3)}
search = StackedHalvingGridSearchCV(
    NumpyMLPClassifier((32,), tol=0.0, random_state=0),
    grid,
    resource="max_iter",
    min_resources=3,
    max_resources=81,
    scoring="neg_log_loss",
    cv=3,
    random_state=0,
).fit(X, y)
print(dict(zip(search.n_resources_, search.n_candidates_, strict=True)), "epochs: candidates")
print("best:", search.best_params_)

# %%
# ``stacking_report_`` says what was trained how: after the first iteration all go on.
for stack in search.stacking_report_["stacks"]:
    print(stack["n_networks"], "networks at once,", stack["n_continued"], "of them went on")

# %%
# Each line is a candidate, as far as it came. Those that learn fast look best at first; what counts
# is who is still there at the end.
results = search.cv_results_
names = [(params["alpha"], params["learning_rate_init"]) for params in results["params"]]
best = names[search.best_index_]
fig, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
for name in dict.fromkeys(names):
    own = [k for k, other in enumerate(names) if other == name]
    is_best = name == best
    ax.plot(
        results["n_resources"][own], -results["mean_test_score"][own],
        "o-", markersize=3, color="black" if is_best else "silver", zorder=2 + is_best,
        label="the best at last" if is_best else None,
    )  # fmt: skip
ax.set(xscale="log", xlabel="epochs", ylabel="log loss on held-out rows (nats)")
ax.set_xticks(search.n_resources_, search.n_resources_)
ax.minorticks_off()
ax.legend()
plt.show()
