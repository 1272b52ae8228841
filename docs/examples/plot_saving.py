"""
Save a model, and export it
===========================

Pickles of fitted networks hold arrays and plain Python. ``slim()`` drops what only
`partial_fit` needs, ``skops`` loads a file without running code from it, and ONNX takes the
network to where there is no Python at all.
"""

import pickle

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sknumpynet import NumpyMLPClassifier

X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
X, X_test, y, y_test = train_test_split(X, y, random_state=0)
model = NumpyMLPClassifier(
    (64,), learning_rate="linear", learning_rate_init=0.01, max_iter=30, random_state=0
).fit(X, y)
files = {"pickle": pickle.dumps(model), "pickle, slim()": pickle.dumps(model.slim())}
answers = {name: pickle.loads(file).predict_proba(X_test) for name, file in files.items()}

# %%
# ``skops`` wants to be told which types to trust; it names those that it does not know.
try:
    import skops.io
except ImportError:
    print("skops is not installed: pip install skops")
else:
    files["skops"] = skops.io.dumps(model)
    print("to trust:", *skops.io.get_untrusted_types(data=files["skops"]))
    loaded = skops.io.loads(files["skops"], trusted=["sknumpynet.classifier.NumpyMLPClassifier"])
    answers["skops"] = loaded.predict_proba(X_test)

# %%
# ONNX needs the extra: ``pip install ".[onnx]"``.
try:
    import onnxruntime
    from skl2onnx import to_onnx

    import sknumpynet.onnx  # noqa: F401 (lets skl2onnx know of the networks)
except ImportError:
    print("the extra onnx is not installed")
else:
    exported = to_onnx(model, X[:1], options={"zipmap": False})
    files["ONNX"] = exported.SerializeToString()
    session = onnxruntime.InferenceSession(files["ONNX"], providers=["CPUExecutionProvider"])
    answers["ONNX"] = session.run(["probabilities"], {"X": X_test})[0]

# %%
# All say the same: what was saved predicts to the bit, another runtime to single precision.
expected = model.predict_proba(X_test)
for name, answer in answers.items():
    print(f"{name:<15} largest difference {np.abs(answer - expected).max():.0e}")

fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
bars = ax.barh(list(files), [len(file) / 1024 for file in files.values()], color="0.6", ec="black")
ax.bar_label(bars, fmt="%.0f", padding=3)
ax.invert_yaxis()
ax.margins(x=0.12)
ax.set(title="A network of 64-64-10 units", xlabel="size (KiB)")
plt.show()
