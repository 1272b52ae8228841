"""
A loss of one's own
===================

A loss is an object with two methods: what a prediction costs, and the slope of that. Here to
promise a kilowatt that is not there costs four times as much as to hold one back.
"""

import matplotlib.pyplot as plt
import numpy as np

from sknumpynet import NumpyMLPRegressor


class Asymmetric:
    """Squared error that weighs promises above the truth by ``factor``."""

    def __init__(self, factor):
        self.factor = factor

    def _weights(self, raw, targets):
        return np.where(raw > targets, self.factor, 1.0)

    def value(self, raw, targets):
        """Return the loss of each sample; outputs are on the last axis but one."""
        return (self._weights(raw, targets) * (raw - targets) ** 2).sum(axis=-2)

    def gradient(self, raw, targets):
        """Return its derivative with respect to ``raw``."""
        return 2 * self._weights(raw, targets) * (raw - targets)


rng = np.random.default_rng(0)
wind = rng.uniform(-1, 1, (600, 1))
power = 1 / (1 + np.exp(-6 * wind[:, 0])) + 0.12 * rng.normal(size=600)

settings = {
    "hidden_layer_sizes": (32,),
    "activation": "tanh",
    "learning_rate": "linear",
    "learning_rate_init": 0.02,
    "batch_size": 32,
    "max_iter": 100,
    "random_state": 0,
}
models = {
    "squared_error": NumpyMLPRegressor(**settings),
    "Asymmetric(4)": NumpyMLPRegressor(loss=Asymmetric(4.0), **settings),
}

# %%
# The gradient is checked against differences of the value when `fit` begins, so that a slip of
# the pen is an error and not a network that learns badly.
x = np.linspace(-1, 1, 200)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(12 + 8 * wind, power, ".", color="0.6", markersize=4, label="measured")
for (name, model), style in zip(models.items(), ("k--", "k-"), strict=True):
    model.fit(wind, power)
    ax.plot(12 + 8 * x, model.predict(x[:, np.newaxis]), style, label=name)
    print(f"{name}: above the truth in {(model.predict(wind) > power).mean():.0%} of the rows")
ax.set(title="Promises of a windmill", xlabel="wind (m/s)", ylabel="power (MW)")
ax.legend()
plt.show()
