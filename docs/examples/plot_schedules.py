"""
Schedules of the learning rate
==============================

A rate that stays is too large at the end or too small at the start. Schedules change it as
training goes on, for every stochastic solver; ``history_`` has what they did, epoch by epoch.
"""

import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from sknumpynet import NumpyMLPClassifier, TrainingDisplay

X, y = load_digits(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X / 16, y, test_size=0.4, random_state=0)
settings = {
    "hidden_layer_sizes": (32,),
    "solver": "adamw",
    "learning_rate_init": 0.01,
    "batch_size": 64,
    "max_iter": 40,
    "tol": 0,
    "n_iter_no_change": 40,
    "early_stopping": True,
    "scoring": "loss",
    "random_state": 0,
}
# The constant rate has no plan for 40 epochs, and would rather go on.
warnings.simplefilter("ignore", ConvergenceWarning)
models = {
    schedule: NumpyMLPClassifier(learning_rate=schedule, **settings).fit(
        X_train, y_train, X_val=X_val, y_val=y_val
    )
    for schedule in ("constant", "linear", "cosine", "one_cycle")
}

# %%
# The rate, and the loss on validation data that follows from it.
fig, (top, bottom) = plt.subplots(2, figsize=(7, 6), sharex=True, layout="constrained")
for (schedule, model), style in zip(models.items(), ("-", "--", "-.", ":"), strict=True):
    history = model.history_
    top.plot(history["epoch"], history["learning_rate"], style, label=schedule)
    bottom.plot(history["epoch"], history["validation_loss"], style, label=schedule)
    print(f"{schedule:>9}: {model.score(X_val, y_val):.1%} of the digits right")
top.set(title="The rate of each schedule", ylabel="learning rate")
bottom.set(title="What comes of it", xlabel="epoch", ylabel="validation loss (nats)", yscale="log")
bottom.legend()
plt.show()

# %%
# `TrainingDisplay` draws one of them whole: losses, the best epoch, and the rate.
display = TrainingDisplay.from_estimator(models["one_cycle"])
display.ax_.set_title("TrainingDisplay of one_cycle")
plt.show()
