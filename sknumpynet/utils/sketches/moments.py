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
    mean, squares : ndarray of shape (n_columns,)
        The mean, and the weighted sum of squared distances from it.
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
    squares: Numbers
    lowest: Numbers
    highest: Numbers

    @classmethod
    def of(cls, numbers: Numbers, sample_weight: Numbers | None = None) -> Self:
        """Return those of rows, one at least, of weights above 0."""
        weight = np.ones(len(numbers)) if sample_weight is None else sample_weight
        mean = np.average(numbers, axis=0, weights=weight)
        squares = weight @ (numbers - mean) ** 2
        total = float(weight.sum())
        return cls(len(numbers), total, mean, squares, numbers.min(axis=0), numbers.max(axis=0))

    def merged(self, other: "Moments") -> "Moments":
        """Return those of these rows and others."""
        weight = self.weight + other.weight
        part = other.weight / weight
        apart = other.mean - self.mean
        return Moments(
            self.n + other.n,
            weight,
            self.mean + part * apart,
            self.squares + other.squares + part * self.weight * apart**2,
            np.minimum(self.lowest, other.lowest),
            np.maximum(self.highest, other.highest),
        )

    @property
    def variance(self) -> Numbers:
        """The weighted mean of squared distances from the mean."""
        return self.squares / self.weight
