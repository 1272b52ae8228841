"""
Probabilities that mean what they say
=====================================

Of all rows that are given a probability of 80 %, four in five should be of that class. A network
trained for long is surer than it may be; the mean of ten members, each of which stops by rows of
its own, comes closer.
"""

import matplotlib.pyplot as plt
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import make_moons
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from sknumpynet import NumpyMLPClassifier

X, y = make_moons(4000, noise=0.5, random_state=0)
X, X_test, y, y_test = train_test_split(X, y, train_size=300, random_state=0)

models = {
    "one network": NumpyMLPClassifier(
        (64, 64),
        learning_rate="linear",
        learning_rate_init=0.01,
        batch_size=32,
        max_iter=200,
        random_state=0,
    ),
    "10 members, out of fold": NumpyMLPClassifier(
        (64, 64),
        n_members=10,
        resample="folds",
        early_stopping=True,
        scoring="loss",
        learning_rate_init=0.01,
        batch_size=32,
        max_iter=200,
        random_state=0,
    ),
}
fig, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
for (name, model), marker in zip(models.items(), "so", strict=True):
    model.fit(X, y)
    loss = log_loss(y_test, model.predict_proba(X_test))
    print(f"{name}: log loss {loss:.3f}")
    CalibrationDisplay.from_estimator(
        model, X_test, y_test, n_bins=8, strategy="quantile", name=f"{name}, log loss {loss:.3f}",
        marker=marker, ax=ax,
    )  # fmt: skip
ax.lines[1].set_linestyle("--")
ax.legend(loc="upper left")
ax.set(
    title="3,700 rows never seen",
    xlabel="mean predicted probability of class 1",
    ylabel="share of class 1",
)
plt.show()
