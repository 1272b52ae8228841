"""Mean, variance and range of numbers that come in parts."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

__all__ = ["Moments"]

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Of columns of numbers.

    Parameters
    ----------
    n : int
        Rows.
    weight : float
        Their sum.
    mean, deviation : ndarray of shape (n_columns,)
        The mean, and the standard deviation: squares of 1e160 would overflow, and of 1e-170 vanish.
    lowest, highest : ndarray of shape (n_columns,)

    References
    ----------
    T. Chan, G. Golub, R. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances", 1979.

    Examples
    --------
    >>> import numpy as np
    >>> numbers = np.array([[1.0], [2.0], [6.0]])
    >>> both = Moments.of(numbers[:1]).merged(Moments.of(numbers[1:]))
    >>> both.mean.item(), both.variance.round(2).item(), both.highest.item()
    (3.0, 4.67, 6.0)
    """

    n: int
    weight: float
    mean: Numbers
    deviation: Numbers
    lowest: Numbers
    highest: Numbers

    @classmethod
    def of(cls, numbers: Numbers, sample_weight: Numbers | None = None) -> Self:
        """Return those of rows, one at least, of weights above 0."""
        weight = np.ones(len(numbers)) if sample_weight is None else sample_weight
        lowest, highest = numbers.min(axis=0), numbers.max(axis=0)
        # In units of a power of two, which changes no digit.
        exponents = np.frexp(np.maximum(-lowest, highest))[1]
        relative = np.ldexp(numbers, -exponents)
        mean = np.average(relative, axis=0, weights=weight)
        deviation = np.sqrt(np.average((relative - mean) ** 2, axis=0, weights=weight))
        mean, deviation = np.ldexp(mean, exponents), np.ldexp(deviation, exponents)
        return cls(len(numbers), float(weight.sum()), mean, deviation, lowest, highest)

    def merged(self, other: "Moments") -> "Moments":
        """Return those of these rows and others."""
        weight = self.weight + other.weight
        part = other.weight / weight
        apart = other.mean - self.mean
        within = np.hypot(
            np.sqrt(self.weight / weight) * self.deviation, np.sqrt(part) * other.deviation
        )
        return Moments(
            self.n + other.n,
            weight,
            self.mean + part * apart,
            np.hypot(within, np.sqrt(part * (self.weight / weight)) * np.abs(apart)),
            np.minimum(self.lowest, other.lowest),
            np.maximum(self.highest, other.highest),
        )

    @property
    def variance(self) -> Numbers:
        """The weighted mean of squared distances from the mean."""
        return self.deviation**2
