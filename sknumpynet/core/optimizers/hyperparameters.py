"""What optimisers are made with beside the learning rate, and what users are told of it."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Hyperparameter"]


@dataclass(frozen=True)
class Hyperparameter:
    """One of the numbers or switches that an optimiser is made with.

    Parameters
    ----------
    name : str
        As in the optimiser's ``__init__`` and its attributes, and in saved models.
    default : float, int or bool
        Its type is the hyperparameter's.
    description : str
        What estimators say of it, in one line of any length.
    lowest, highest : float or None
        What it may be; None without a bound, and for a switch.
    closed : {'left', 'right', 'both', 'neither'}
        Which of them it may be itself, as in scikit-learn's ``Interval``.
    is_shared : bool
        Whether the members of a stack have it in common, instead of each its own.
    parameter : str, optional
        What estimators call it; ``name`` by default.

    Raises
    ------
    ValueError
        If the default is out of bounds.

    Examples
    --------
    >>> decay = Hyperparameter("beta", 0.9, "Decay, in [0, 1).", 0, 1)
    >>> decay.parameter, decay.allows(0.0), decay.allows(1.0)
    ('beta', True, False)
    """

    name: str
    default: float | bool
    description: str
    lowest: float | None = None
    highest: float | None = None
    closed: Literal["left", "right", "both", "neither"] = "left"
    is_shared: bool = False
    parameter: str = ""

    def __post_init__(self) -> None:
        if not self.parameter:
            object.__setattr__(self, "parameter", self.name)
        if not self.allows(self.default):
            raise ValueError(f"the default of {self.name} is out of bounds, got {self.default}")

    def allows(self, value: float) -> bool:
        """Return whether a value is within bounds."""
        low = -float("inf") if self.lowest is None else self.lowest
        high = float("inf") if self.highest is None else self.highest
        return (
            low < value < high
            or (value == low and self.closed in ("left", "both"))
            or (value == high and self.closed in ("right", "both"))
        )
