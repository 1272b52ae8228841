"""
Stop early, by any metric
=========================

With ``early_stopping`` training stops when a score on validation data no longer improves, and the
weights of the best epoch are kept. ``scoring`` says which score: the loss, the name of any of
scikit-learn's metrics, or a function. ``fit`` takes validation data of your own.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

from sknumpynet import NumpyMLPClassifier

X, y = make_classification(
    2500,
    n_features=20,
    n_informative=6,
    weights=[0.85],
    flip_y=0.15,
    class_sep=0.7,
    random_state=2,
)
X, X_test, y, y_test = train_test_split(X, y, test_size=1500, stratify=y, random_state=0)
X, X_val, y, y_val = train_test_split(X, y, test_size=500, stratify=y, random_state=0)

models = {
    scoring: NumpyMLPClassifier(
        (64, 64),
        early_stopping=True,
        scoring=scoring,
        n_iter_no_change=30,
        learning_rate_init=0.003,
        batch_size=32,
        max_iter=300,
        random_state=0,
    ).fit(X, y, X_val=X_val, y_val=y_val)
    for scoring in ("loss", "roc_auc", "accuracy")
}

# %%
# Each keeps an epoch of its own, and stops 30 epochs after it.
fig, axes = plt.subplots(3, figsize=(7, 7), sharex=True, layout="constrained")
labels = {"loss": "minus loss (nats)", "roc_auc": "ROC AUC", "accuracy": "accuracy"}
for ax, (scoring, model) in zip(axes, models.items(), strict=True):
    scores = model.validation_scores_
    best = scores.index(max(scores))
    ax.plot(range(1, len(scores) + 1), scores, color="black", linewidth=1)
    ax.plot(best + 1, scores[best], "ko", label=f"kept: epoch {best + 1}")
    ax.set(title=f"scoring={scoring!r}", ylabel=labels[scoring])
    ax.legend(loc="lower right")
axes[-1].set_xlabel("epoch")
plt.show()

# %%
# What they come to on rows that nobody has seen.
print("scoring   log loss  ROC AUC  accuracy")
for scoring, model in models.items():
    probability = model.predict_proba(X_test)
    loss, area = log_loss(y_test, probability), roc_auc_score(y_test, probability[:, 1])
    print(f"{scoring:<9} {loss:8.3f} {area:8.3f} {model.score(X_test, y_test):9.3f}")
