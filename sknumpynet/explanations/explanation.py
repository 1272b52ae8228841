"""What an explanation of predictions holds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.core.types import FloatArray

__all__ = ["Explanation"]


@dataclass(frozen=True, eq=False)
class Explanation:
    """How much each column of a table adds to each prediction.

    ``values.sum(axis=1) + base_values`` is what is explained, see `TabularMLPClassifier.explain`.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_columns) or (n_samples, n_columns, n_outputs)
        Shapley values.
    base_values : float or ndarray of shape (n_outputs,)
        What is predicted on average over the background rows.
    data : ndarray of shape (n_samples, n_columns)
        The rows as they were given.
    feature_names : ndarray of str of shape (n_columns,)
    error : ndarray of the shape of ``values``
        Their standard errors, of the permutations that were drawn; NaN of one pair of them.
    interactions : ndarray of shape (n_columns, n_columns) or (n_columns, n_columns, n_outputs)
        Mean absolute second differences where they were asked for: by how much a prediction changes
        when two columns change, other than by what it changes for each alone. NaN of columns that
        were not compared; None where none were.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.array([[0.5, -2.0], [0.1, 1.0]])
    >>> names = np.array(["age", "sex"], dtype=object)
    >>> data = np.array([[40, "f"], [30, "m"]], dtype=object)
    >>> explanation = Explanation(values, 3.0, data, names, np.zeros((2, 2)))
    >>> explanation.prediction()
    array([1.5, 4.1])
    >>> explanation.strengths()
    array([0.3, 1.5])
    """

    values: FloatArray
    base_values: Any
    data: np.ndarray
    feature_names: np.ndarray
    error: FloatArray
    interactions: FloatArray | None = None

    def prediction(self) -> FloatArray:
        """Return what is explained: base values and all that columns add to them.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        total: FloatArray = self.values.sum(axis=1) + self.base_values
        return total

    def strengths(self) -> FloatArray:
        """Return how much each column counts: the mean over rows of its absolute values.

        Returns
        -------
        ndarray of shape (n_columns,) or (n_columns, n_outputs)
        """
        means: FloatArray = np.abs(self.values).mean(axis=0)
        return means

    def to_shap(self) -> Any:
        """Return the same for the plots of ``shap``.

        Returns
        -------
        shap.Explanation

        Raises
        ------
        ImportError
            If ``shap`` is not installed.
        """
        import shap

        base_values = np.broadcast_to(
            self.base_values, (len(self.values), *self.values.shape[2:])
        ).copy()
        return shap.Explanation(
            self.values,
            base_values=base_values,
            data=self.data,
            feature_names=self.feature_names.tolist(),
            error_std=self.error,
        )
