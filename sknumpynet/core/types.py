"""What arrays are called in annotations."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BoolArray", "FloatArray", "IntArray", "Scalar"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

# A number, or for a stack a column of shape (K, 1) with one for each member.
Scalar = float | FloatArray
