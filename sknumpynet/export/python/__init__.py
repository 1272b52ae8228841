"""A predictor as one module of Python that needs NumPy only.

`module` writes it: what the model is (`models`, `tables`, `networks`) as data and a few lines, and
after them the functions that these lines call, of `parts` and of the package itself, with all that
those need in turn (`sources`).
"""

from sknumpynet.export.python.module import to_python

__all__ = ["to_python"]
