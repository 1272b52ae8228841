"""`TabularPreprocessor` turns a table as it comes into numbers that a network learns well from."""

from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpynet.utils.columns import Column, Level, as_table, read_columns
from sknumpynet.utils.columns.checks import (
    MOST_LEVELS_OF_TEXT,
    warn_of_categories,
    warn_of_numbers,
    warn_of_unknown_levels,
    warn_of_unknown_texts,
)
from sknumpynet.utils.columns.choice import chosen_columns
from sknumpynet.utils.columns.encodings import (
    Encoding,
    distinct_names,
    encode,
    encoding_names,
    encoding_of,
    encoding_width,
    learned_levels,
)
from sknumpynet.utils.estimator_state import all_or_nothing, as_plain
from sknumpynet.utils.scaling import (
    interpolated_ranks,
    knots_of_quantiles,
    median_and_scale,
    rank_knots,
    smooth_clip,
)
from sknumpynet.utils.scikit_learn import Interval, StrOptions, fit_context
from sknumpynet.utils.text import NumberFormat, find_number_format

__all__ = ["TabularPreprocessor"]


class TabularPreprocessor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn a table of numbers and categories, with missing values, into one dense array.

    The columns of the array are, in this order:

    - **numerical**: numbers are centred by their median and divided by their interquartile range,
      both of the known values; where that is 0, by 1.5 times the median distance from it of the
      values that differ. A missing number becomes the median. Then ``x / sqrt(1 + (x / 3) ** 2)``
      keeps outliers within -3 and 3 [1]_. A column with one value only is dropped.
    - **ranks**: the same columns again, by the normal quantile of a number's rank, within -3.1 and
      3.1; equal numbers have the middle of their ranks. It is linear between up to 256 numbers of
      the training data, so that a number a bit away has nearly the same rank. Trees see nothing
      else; a network that sees both loses neither distance nor order.
    - **plain**: a flag for each numerical column with missing values, 1 where they are missing;
      -1 and 1 for a category with two levels; a column for each level of a category with more.
      A missing or unknown level is 0 in all of them. A category with one level is 1 where it is
      known, and dropped if it always was.
    - **codes**: categories with more than ``max_one_hot`` levels as whole numbers from 1,
      0 for a missing or unknown level. Of such a category, levels that a single row has are
      unknown: nothing can be learned of them that holds for other rows.

    Within each kind they are in the order of the table. What is missing in all rows is dropped.

    Parameters
    ----------
    categorical_features : 'from_dtype', None or array-like, default='from_dtype'
        Which columns are categories: their names, their indices, or a boolean mask of shape
        (n_features,); None for none of them. With 'from_dtype', a DataFrame's columns of dtype
        category, enum, string and boolean, and columns of objects unless all that are known are
        numbers. Arrays of numbers or booleans are numerical.
    max_one_hot : int or None, default=9
        Categories with more levels become codes; None for no codes.
    ranks : bool, default=True
        Whether numbers come as ranks too.
    dtype : {'float32', 'float64'}, default='float32'
        Of the array.

    Attributes
    ----------
    n_features_in_ : int
        Columns of the table.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if all are strings.
    is_categorical_ : ndarray of bool of shape (n_features_in_,)
        Which columns are categories.
    n_features_out_ : int
        Columns of the array.
    n_numerical_, n_plain_ : int
        How many come first, ranks among them, and how many after them.
    n_levels_ : list of int
        How many codes each column of codes has, with 0.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by default: Strong pre-tuned MLPs
       and boosted trees on tabular data", NeurIPS 2024.

    Examples
    --------
    >>> from sknumpynet.preprocessing import TabularPreprocessor
    >>> X = [[20, "red"], [30, "blue"], [None, "red"], [40, None], [50, "red"]]
    >>> preprocessor = TabularPreprocessor().fit(X)
    >>> preprocessor.get_feature_names_out()
    array(['x0', 'x0_rank', 'x0_missing', 'x1_red'], dtype=object)
    >>> preprocessor.transform(X).round(2)
    array([[-0.95, -1.15,  0.  ,  1.  ],
           [-0.33, -0.32,  0.  , -1.  ],
           [ 0.  ,  0.  ,  1.  ,  1.  ],
           [ 0.33,  0.32,  0.  ,  0.  ],
           [ 0.95,  1.15,  0.  ,  1.  ]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
        "max_one_hot": [Interval(Integral, 2, None, closed="left"), None],
        "ranks": ["boolean"],
        "dtype": [StrOptions({"float32", "float64"})],
    }

    # Whether `transform` speaks of levels: not where it is called after every epoch.
    _warns: bool = True

    def __init__(
        self,
        categorical_features: Any = "from_dtype",
        *,
        max_one_hot: int | None = 9,
        ranks: bool = True,
        dtype: str = "float32",
    ) -> None:
        self.categorical_features = categorical_features
        self.max_one_hot = max_one_hot
        self.ranks = ranks
        self.dtype = dtype

    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn medians, ranges and levels.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Missing are None, NaN, NA, NaT, null and masked values, but no text.
        y : object
            Ignored.

        Returns
        -------
        TabularPreprocessor

        Raises
        ------
        TypeError
            For sparse tables, dates and times, and cells that are neither text nor numbers.
        ValueError
            For infinity and text in numerical columns, complex numbers, a table without rows or
            columns, and ``categorical_features`` that do not fit it.

        Examples
        --------
        >>> TabularPreprocessor(max_one_hot=3).fit([["a"], ["b"], ["c"], ["d"]] * 2).n_levels_
        [5]
        """
        with all_or_nothing(self):
            self._learn(as_table(X))
        return self

    def _learn(self, X: Any) -> None:
        columns = read_columns(X)
        validate_data(self, X, skip_check_array=True)
        is_categorical = self._find_categories(columns)
        formats = self._find_number_formats(columns, is_categorical)
        is_categorical[list(formats)] = False
        scales: dict[int, tuple[float, float]] = {}
        half_knots: dict[int, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = {}
        levels: dict[int, list[Level]] = {}
        unknown_shares: dict[int, float] = {}
        encodings: list[tuple[int, Encoding]] = []
        for k, column in enumerate(columns):
            if is_categorical[k]:
                levels[k], unknown_shares[k] = learned_levels(column, self.max_one_hot)
                encoding = encoding_of(column, levels[k], self.max_one_hot)
            else:
                halves = column.numbers(formats.get(k)) * 0.5  # whose differences cannot overflow
                missing = np.isnan(halves)
                encoding = "missing" if missing.any() and not missing.all() else None
                known = halves[~missing]
                scale = median_and_scale(known)
                if scale is not None:
                    scales[k] = scale
                    if self.ranks:
                        half_knots[k] = rank_knots(known)
            if encoding is not None:
                encodings.append((k, encoding))
        warn_of_numbers(columns, formats)
        if isinstance(self.categorical_features, str):
            warn_of_categories(columns, levels, self._most_levels_of_text())
        self.is_categorical_ = is_categorical
        self._scales, self._half_knots, self._levels = scales, half_knots, levels
        self._number_formats: dict[int, list[Any]] = {
            k: [mark, [*markers]] for k, (mark, markers) in formats.items()
        }
        self._unknown_shares = unknown_shares
        self._encodings = sorted(encodings, key=lambda item: item[1] == "code")
        widths = {k: encoding_width(encoding, levels.get(k, [])) for k, encoding in encodings}
        codes = [k for k, encoding in self._encodings if encoding == "code"]
        self.n_numerical_ = len(scales) * (1 + self.ranks)
        self.n_plain_ = sum(widths.values()) - len(codes)
        self.n_levels_ = [len(levels[k]) + 1 for k in codes]
        self.n_features_out_ = self.n_numerical_ + self.n_plain_ + len(codes)

    def transform(self, X: Any) -> npt.NDArray[np.floating[Any]]:
        """Turn a table into an array.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            With the columns that `fit` saw. Levels that it did not see are as if missing, and a
            number missing where none was is the median.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out_)
            C-contiguous. Without columns if all were dropped.

        Raises
        ------
        TypeError, ValueError
            As `fit` does, and for other columns than it saw.
        sklearn.exceptions.NotFittedError
            Before `fit`.

        Examples
        --------
        >>> colours = TabularPreprocessor().fit([["red"], ["green"], ["blue"]])
        >>> colours.transform([["blue"], ["grey"], [None]])
        array([[1., 0., 0.],
               [0., 0., 0.],
               [0., 0., 0.]], dtype=float32)
        """
        check_is_fitted(self)
        return self._transform_for(self, X)

    def _transform_for(self, owner: BaseEstimator, X: Any) -> npt.NDArray[np.floating[Any]]:
        """Return what `transform` does, with errors and warnings that name the owner.

        Parameters
        ----------
        owner : estimator
            Was fitted to the same columns.
        X : DataFrame or array-like of shape (n_samples, n_features)
        """
        X = as_table(X)
        columns = read_columns(X)
        validate_data(owner, X, skip_check_array=True, reset=False)
        n_samples = len(columns[0].values)
        out = np.empty((n_samples, self.n_features_out_), dtype=self.dtype)
        start = self.n_numerical_
        if start:
            halves = self._halves(columns)
            for place, knots in enumerate(self._half_knots.values()):
                out[:, len(self._scales) + place] = interpolated_ranks(halves[:, place], *knots)
            out[:, : len(self._scales)] = self._scaled(halves)
        for k, encoding in self._encodings:
            stop = start + encoding_width(encoding, self._levels.get(k, []))
            out[:, start:stop] = self._encoded(columns[k], k, encoding)
            start = stop
        if self._warns:
            for k, number_format in self._formats().items():
                warn_of_unknown_texts(columns[k], number_format)
        return out

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return what the columns of the array are called.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features_in_,), default=None
            The table's columns; None for ``feature_names_in_``, or "x0", "x1", ... without it.

        Returns
        -------
        ndarray of str of shape (n_features_out_,)
            Such as "age", "age_rank", "age_missing", "sex_male" (the level that is 1) and "city"
            (a code).

        Raises
        ------
        ValueError
            If ``input_features`` are not those of `fit`.

        Examples
        --------
        >>> TabularPreprocessor().fit([[1, "f"], [2, "m"]]).get_feature_names_out(["age", "sex"])
        array(['age', 'age_rank', 'sex_m'], dtype=object)
        """
        check_is_fitted(self)
        # Checks the names as all of scikit-learn does.
        inputs = OneToOneFeatureMixin.get_feature_names_out(self, input_features)
        names = [inputs[k] for k in self._scales]
        names += [f"{inputs[k]}_rank" for k in self._scales if self.ranks]
        for k, encoding in self._encodings:
            names += encoding_names(inputs[k], encoding, self._levels.get(k, []))
        return np.array(distinct_names(names), dtype=object)

    def __getstate__(self) -> dict[str, Any]:
        return {name: as_plain(value) for name, value in super().__getstate__().items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(_restored(state))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        # Not `string`, as scikit-learn's encoders: it would promise to accept any object.
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _find_categories(self, columns: list[Column]) -> npt.NDArray[np.bool_]:
        chosen = self.categorical_features
        if isinstance(chosen, str) and chosen == "from_dtype":
            return np.array([column.looks_categorical() for column in columns])
        is_categorical = np.zeros(len(columns), dtype=bool)
        names = getattr(self, "feature_names_in_", None)
        is_categorical[chosen_columns(chosen, len(columns), names)] = True
        return is_categorical

    def _find_number_formats(
        self, columns: list[Column], is_categorical: npt.NDArray[np.bool_]
    ) -> dict[int, NumberFormat]:
        """Return how the text columns that are to be numbers are read.

        Few levels are text on purpose, as are columns that were named.
        """
        by_dtype = isinstance(self.categorical_features, str)
        formats = {}
        for k, column in enumerate(columns):
            if not column.is_text() or (is_categorical[k] and not by_dtype):
                continue
            if len(column.levels()) > self._most_levels_of_text():
                number_format = find_number_format(column.texts(), column.n_beside_texts())
                if number_format is not None:
                    formats[k] = number_format
        return formats

    def _most_levels_of_text(self) -> int:
        """Return how many levels text may have to be a category whatever it says."""
        return self.max_one_hot or MOST_LEVELS_OF_TEXT

    def _halves(self, columns: list[Column]) -> npt.NDArray[np.float64]:
        """Return half of the numerical columns, NaN where they are missing."""
        halves = np.empty((len(columns[0].values), len(self._scales)), order="F")
        formats = self._formats()
        for place, k in enumerate(self._scales):
            np.multiply(columns[k].numbers(formats.get(k)), 0.5, out=halves[:, place])
        return halves

    def _formats(self) -> dict[int, NumberFormat]:
        """Return how the text of numerical columns is read, of those that came as text."""
        return {
            k: NumberFormat(decimal_mark, tuple(markers))
            for k, (decimal_mark, markers) in self._number_formats.items()
        }

    def _scaled(self, halves: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the numbers scaled and clipped; changes what it is given."""
        half_medians, half_scales = np.reshape(list(self._scales.values()), (-1, 2)).T
        halves -= half_medians
        with np.errstate(over="ignore"):
            halves /= half_scales
        halves[np.isnan(halves)] = 0.0
        return smooth_clip(halves)

    def _encoded(self, column: Column, k: int, encoding: Encoding) -> npt.NDArray[np.generic]:
        """Return the columns that one column is encoded as."""
        if encoding == "missing":
            return np.isnan(column.numbers(self._formats().get(k)))[:, np.newaxis]
        levels = self._levels[k]
        codes = column.codes(levels)[:, np.newaxis]
        if self._warns and np.count_nonzero(codes) < len(codes) / 2:
            warn_of_unknown_levels(column, levels, codes, self._unknown_shares.get(k, 1.0))
        return encode(codes, encoding, len(levels))


def _restored(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state as this version has it: ranks were interpolated between quantiles once."""
    state = dict(state)
    if "_half_quantiles" in state:
        quantiles_of = state.pop("_half_quantiles")
        state["_half_knots"] = {k: knots_of_quantiles(own) for k, own in quantiles_of.items()}
        state |= {"_number_formats": {}, "_unknown_shares": {}}
    return state
