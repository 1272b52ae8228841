"""An activation of a user's own."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.core.differences import disagreement
from sknumpynet.core.types import BoolArray, FloatArray

__all__ = ["CustomActivation", "check_custom"]


# Where an activation of one's own is held against its differences; kinks like relu's at 0 are
# missed on purpose.
_PROBES = np.array([-7.03, -2.51, -1.17, -0.32, -0.013, 0.017, 0.43, 1.29, 2.67, 6.91])


@dataclass(frozen=True)
class CustomActivation:
    """An activation object of a user's, with the interface of `Activation`.

    Objects that are equal count as one activation, so that their networks share a stack.
    """

    function: Any
    derivative_is_mask: bool = False

    def __hash__(self) -> int:
        # The object may be one that has no hash.
        return hash(type(self.function))

    @property
    def name(self) -> str:
        """What the object calls itself."""
        return str(getattr(self.function, "name", type(self.function).__name__))

    def apply(self, z: FloatArray) -> None:
        """Replace the pre-activations ``z`` by the activations."""
        z[...] = self.function.value(z.copy())

    def apply_with_derivative(self, z: FloatArray, derivative: FloatArray, mask: BoolArray) -> None:
        """Do the same, and write the derivative at ``z`` into ``derivative``."""
        before = z.copy()
        self.apply(z)
        derivative[...] = self.function.derivative(before, z.copy())


def check_custom(activation: Any) -> None:
    """Hold an object against the interface that `activation_of` asks for.

    Raises
    ------
    ValueError
        For a missing method, wrong shapes, values that are not finite, and a derivative that is
        not the slope.
    """
    for method in ("value", "derivative"):
        if not callable(getattr(activation, method, None)):
            raise ValueError(
                f"an activation of one's own needs a method {method!r}, got {activation!r}"
            )
    with np.errstate(all="ignore"):
        value = np.asarray(activation.value(_PROBES.copy()))
        if value.shape != _PROBES.shape or not np.isfinite(value).all():
            raise ValueError(
                f"value of the activation {activation!r} must return finite numbers of the shape "
                f"{_PROBES.shape} of its argument, got {value!r}"
            )
        derivative = np.asarray(activation.derivative(_PROBES.copy(), value.copy()))
        if derivative.shape != _PROBES.shape:
            raise ValueError(
                f"derivative of the activation {activation!r} must return the shape "
                f"{_PROBES.shape} of its arguments, got {derivative.shape}"
            )
        wrong = disagreement(derivative, activation.value, _PROBES, atol=1e-5)
    if wrong is not None:
        raise ValueError(
            f"derivative of the activation {activation!r} is {wrong.derivative:.6g} at "
            f"z={_PROBES[wrong.position]}, where its value has the slope {wrong.slope:.6g}"
        )
