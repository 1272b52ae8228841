"""What a newcomer does first, with the wheel alone: ``python -I .ci/newcomer.py`` elsewhere."""

import importlib.metadata
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import make_moons

import sknumpynet

warnings.simplefilter("error")

# It is the wheel that is looked at, and it is what it says it is.
installed = Path(sknumpynet.__file__)
assert installed.is_relative_to(sys.prefix), f"imported from elsewhere: {installed}"
assert importlib.metadata.version("sknumpynet") == sknumpynet.__version__
for name in sknumpynet.__all__:
    assert getattr(sknumpynet, name).__doc__

# Three lines, of a table without a frame: numbers, categories, missing values.
rng = np.random.default_rng(0)
rows = np.array([rng.choice(["f", "m"], 200), rng.integers(1, 80, 200)], dtype=object).T
rows[::9, 1] = None
labels = np.where(rows[:, 0] == "f", "yes", "no")

from sknumpynet import TabularMLPClassifier  # noqa: E402

model = TabularMLPClassifier("fast", random_state=0).fit(rows, labels)
assert model.predict_proba(rows).shape == (200, 2)
assert model.score(rows, labels) > 0.95

# The drop-in.
X, y = make_moons(200, noise=0.1, random_state=0)
drop_in = sknumpynet.NumpyMLPClassifier(solver="lbfgs", random_state=0).fit(X, y)
assert drop_in.score(X, y) > 0.95
print(f"sknumpynet {sknumpynet.__version__} of {installed.parent}: works")
