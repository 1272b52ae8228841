"""Rows of a table in which whole columns are exchanged, as a network takes them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from sknumpynet.core.types import BoolArray, FloatArray, IntArray
from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.encoding.pairs import CodePairs

__all__ = ["EncodedColumns"]


@dataclass(frozen=True)
class EncodedColumns:
    """Of which of the table's columns each column of encoded rows is made.

    So rows are encoded once, however often they are mixed. What is made of two columns, the codes
    of pairs of levels, comes last and is made anew of the mixture.

    Parameters
    ----------
    origins : ndarray of int of shape (n_encoded,)
        Without those of pairs.
    n_columns : int
        Of the table.
    pairs : CodePairs, optional
        Of the last of these columns.

    Examples
    --------
    >>> import numpy as np
    >>> columns = EncodedColumns.of(TabularPreprocessor().fit([[20, "a"], [30, "b"], [None, "c"]]))
    >>> columns.origins
    array([0, 0, 0, 1, 1, 1])
    >>> rows, others, takes_other = np.zeros((1, 6)), np.ones((1, 6)), np.array([[False, True]])
    >>> columns.mixed(rows, others, takes_other)
    array([[0., 0., 0., 1., 1., 1.]])
    """

    origins: IntArray
    n_columns: int
    pairs: CodePairs | None = None

    @classmethod
    def of(cls, preprocessor: TabularPreprocessor) -> Self:
        """Return those of a fitted preprocessor, which an estimator has encode its rows."""
        origins, pairs = preprocessor._origins(), preprocessor._learned().pairs
        if pairs is not None:
            # Codes come twice, the second time with rare levels.
            origins = np.concatenate([origins, origins[len(origins) - len(pairs.n_codes) :]])
        return cls(origins, preprocessor.n_features_in_, pairs)

    @cached_property
    def used(self) -> IntArray:
        """The table's columns of which something is made."""
        return np.unique(self.origins)

    def mixed(self, rows: FloatArray, others: FloatArray, takes_other: BoolArray) -> FloatArray:
        """Return rows of which some columns are those of other rows.

        Parameters
        ----------
        rows, others : ndarray of shape (..., n_encoded)
            These and ``takes_other`` are broadcast.
        takes_other : ndarray of bool of shape (..., n_columns)
            Which of the table's columns.

        Returns
        -------
        ndarray of shape (..., n_encoded)
        """
        if self.pairs is None:
            return np.where(takes_other[..., self.origins], others, rows)
        end = len(self.origins)
        own = np.where(takes_other[..., self.origins], others[..., :end], rows[..., :end])
        n_codes = len(self.pairs.n_codes)
        codes = own[..., end - n_codes :].reshape(-1, n_codes).astype(np.intp)
        of_pairs = self.pairs.encoded(codes).reshape(*own.shape[:-1], -1)
        return np.concatenate([own, of_pairs.astype(own.dtype)], axis=-1)
