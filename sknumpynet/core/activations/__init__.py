"""Activation functions, each with the derivative that training needs.

`base` says what an activation is. A new one stands in the file of its family and in
``ACTIVATIONS``; the tests run through that table.
"""

from typing import Any

from sknumpynet.core.activations.base import Activation
from sknumpynet.core.activations.custom import CustomActivation, check_custom
from sknumpynet.core.activations.gated import GELU, MISH, MISH_SATURATES_AT, SILU
from sknumpynet.core.activations.rectifiers import (
    ELU,
    IDENTITY,
    LEAKY_RELU,
    LEAKY_SLOPE,
    RELU,
    SELU,
    SELU_ALPHA,
    SELU_SCALE,
    SMELU,
    SMELU_BEND,
)
from sknumpynet.core.activations.sigmoidal import (
    FEWEST_ENTRIES_TO_VECTORISE,
    LOGISTIC,
    SOFTPLUS,
    TANH,
    logistic,
    softplus,
    vectorised_logistic,
)

__all__ = [
    "ACTIVATIONS",
    "FEWEST_ENTRIES_TO_VECTORISE",
    "LEAKY_SLOPE",
    "MISH_SATURATES_AT",
    "SELU_ALPHA",
    "SELU_SCALE",
    "SMELU_BEND",
    "Activation",
    "AnyActivation",
    "CustomActivation",
    "activation_of",
    "logistic",
    "softplus",
    "vectorised_logistic",
]

ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        IDENTITY,
        LOGISTIC,
        TANH,
        RELU,
        LEAKY_RELU,
        ELU,
        SELU,
        SMELU,
        SOFTPLUS,
        SILU,
        GELU,
        MISH,
    )
}

# Older pickles of an `Activation` name its functions here.
for _own in ACTIVATIONS.values():
    for _function in (_own.apply, _own.apply_with_derivative):
        if _function is not None:
            globals()[_function.__name__] = _function

AnyActivation = Activation | CustomActivation


def activation_of(activation: Any) -> AnyActivation:
    """Return an activation for training, from its name or from an object of one's own.

    Parameters
    ----------
    activation : str or object
        A key of ``ACTIVATIONS``, or an object with two methods of arrays of any shape, both
        elementwise and both returning an array of that shape: ``value(z)``, and
        ``derivative(z, output)`` with the pre-activations ``z`` and ``output = value(z)``. An
        attribute ``name`` is optional.

    Raises
    ------
    ValueError
        If an object lacks a method, or does not keep to this.

    Examples
    --------
    >>> class Square:
    ...     def value(self, z):
    ...         return z**2
    ...     def derivative(self, z, output):
    ...         return 2 * z
    >>> activation_of(Square()).name, activation_of("gelu").name
    ('Square', 'gelu')
    """
    if isinstance(activation, str):
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {list(ACTIVATIONS)}, got {activation!r}")
        return ACTIVATIONS[activation]
    check_custom(activation)
    return CustomActivation(activation)
