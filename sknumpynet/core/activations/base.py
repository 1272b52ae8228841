"""What an activation is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sknumpynet.core.types import BoolArray, FloatArray

__all__ = ["Activation"]


@dataclass(frozen=True)
class Activation:
    """An elementwise function and its derivative, both written in place.

    Parameters
    ----------
    name : str
        What an estimator's ``activation`` parameter calls it.
    apply : callable(z)
        Replaces the pre-activations ``z`` by the activations.
    apply_with_derivative : callable(z, derivative, mask) or None
        The same, and writes the derivative at ``z`` into ``derivative``. Value and derivative are
        made together because they share work (the mask of a relu, the square of a tanh). ``mask``
        is a boolean scratch array of the shape of ``z``. None says that the derivative is 1.
    derivative_is_mask : bool
        Whether the derivative is only ever 0 or 1, so that ``derivative`` may be ``mask`` itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.core.activations import ACTIVATIONS
    >>> z, derivative = np.array([-1.0, 2.0]), np.empty(2)
    >>> ACTIVATIONS["relu"].apply_with_derivative(z, derivative, np.empty(2, dtype=bool))
    >>> bool((z == [0.0, 2.0]).all()), bool((derivative == [0.0, 1.0]).all())
    (True, True)
    """

    name: str
    apply: Callable[[FloatArray], None]
    apply_with_derivative: Callable[[FloatArray, Any, BoolArray], None] | None
    derivative_is_mask: bool = False
