"""Ways out for fitted models: a predictor in one file, which needs nothing of this package.

Examples
--------
>>> import tempfile
>>> from pathlib import Path
>>> from sklearn.datasets import load_iris
>>> from sknumpynet import NumpyMLPClassifier
>>> from sknumpynet.export import to_python
>>> X, y = load_iris(return_X_y=True)
>>> model = NumpyMLPClassifier((5,), solver="lbfgs", random_state=0).fit(X, y)
>>> with tempfile.TemporaryDirectory() as folder:
...     (written,) = to_python(model, Path(folder) / "iris.py")
>>> written.name
'iris.py'
"""

from sknumpynet.export.c import to_c
from sknumpynet.export.python import to_python

__all__ = ["to_c", "to_python"]
