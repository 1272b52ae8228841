"""
An honest score without a test set
==================================

With ``resample="folds"`` each member trains on all but one fold, and the rows that it never saw
are predicted by it: ``oof_prediction_`` has a prediction for every row of the training data, and
``oof_score_`` scores them, at no further cost. Here it is held against data kept aside.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

from sknumpynet import NumpyMLPClassifier

sizes = [60, 120, 250, 500, 1000]
scores = {"on its own training rows": [], "out of fold": [], "on 4,000 rows kept aside": []}
X, X_test, y, y_test = train_test_split(
    *make_classification(5000, n_features=10, n_informative=5, flip_y=0.1, random_state=1),
    train_size=1000,
    random_state=0,
)
for n_samples in sizes:
    rows = slice(n_samples)
    model = NumpyMLPClassifier(
        (32,),
        n_members=10,
        resample="folds",
        learning_rate="linear",
        learning_rate_init=0.01,
        batch_size=32,
        max_iter=60,
        random_state=0,
    ).fit(X[rows], y[rows])
    kept_aside = accuracy_score(y_test, model.predict(X_test))
    learned = model.score(X[rows], y[rows])
    for name, score in zip(scores, (learned, model.oof_score_, kept_aside), strict=True):
        scores[name].append(score)

# %%
# The score on rows that were learned from says little. The one out of fold says what new rows will
# give, roughly where rows are few.
print(np.array([sizes, *scores.values()]).T.round(3))
fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for (name, values), style in zip(scores.items(), ("k^:", "ks-", "ko--"), strict=True):
    ax.plot(sizes, values, style, label=name, markerfacecolor="white")
ax.set(
    title="Three scores of the same ensembles",
    xscale="log",
    xlabel="rows to learn from",
    ylabel="accuracy",
)
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend()
plt.show()
