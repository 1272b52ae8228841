"""Small networks on well-known data, for what scikit-learn's MLP never had."""

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.preprocessing import scale

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpynet.core.losses import LOSSES
from sknumpynet.core.optimizers import OPTIMIZERS

KINDS = [NumpyMLPClassifier, NumpyMLPRegressor]
STOCHASTIC = list(OPTIMIZERS)
REGRESSION_LOSSES = [name for name in LOSSES if not name.endswith("cross_entropy")]


def problem(kind, n_samples=120):
    load = load_breast_cancer if kind is NumpyMLPClassifier else load_diabetes
    X, y = load(return_X_y=True)
    y = y if kind is NumpyMLPClassifier else scale(y)
    return scale(X)[:n_samples], y[:n_samples]


def make(kind, **parameters):
    return kind(**({"hidden_layer_sizes": (7, 5), "max_iter": 5, "random_state": 0} | parameters))


def assert_same_network(one, other, rtol=1e-9, atol=1e-11):
    for name in ("coefs_", "intercepts_"):
        for mine, its in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_allclose(mine, its, rtol=rtol, atol=atol)


def differ(one, other):
    return any((a != b).any() for a, b in zip(one.coefs_, other.coefs_, strict=True))


class Sine:
    def value(self, z):
        return np.sin(z)

    def derivative(self, z, output):
        return np.cos(z)


def positive_targets(n_outputs=1):
    X, y = load_diabetes(return_X_y=True)
    return scale(X)[:200], np.column_stack([y / 100, y[::-1] / 50])[:200, :n_outputs].squeeze()


class HalfSquare:
    def value(self, raw, targets):
        return 0.5 * ((raw - targets) ** 2).sum(axis=-2)

    def gradient(self, raw, targets):
        return raw - targets
