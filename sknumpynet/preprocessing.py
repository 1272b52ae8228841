"""`TabularPreprocessor` turns a table as it comes into numbers that a network learns well from."""

import re
from collections.abc import Iterable
from numbers import Integral
from typing import Any, ClassVar, Literal, Self

import numpy as np
from scipy.special import ndtri
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpynet.estimators.fitted import all_or_nothing
from sknumpynet.estimators.saved_state import as_plain
from sknumpynet.utils.columns import Column, Level, as_table, read_columns
from sknumpynet.utils.scikit_learn import Interval, StrOptions, fit_context
from sknumpynet.utils.text import (
    NumberFormat,
    are_dates,
    find_number_format,
    odd_text,
    parse_number,
)
from sknumpynet.utils.user_warnings import warn_user

__all__ = ["TabularPreprocessor"]

# Ranks are interpolated between so many numbers of the training data.
MOST_KNOTS = 256
# Its normal quantile is -3.1.
LOWEST_RANK = 1e-3
# Numbers of the training data so few units in the last place apart are one, as 0.3 and 0.1 + 0.2.
TIED_ULPS = 4

# Text with more levels may be numbers that arrived as text, where `max_one_hot` is None.
MOST_LEVELS_OF_TEXT = 9
# Text with more levels, of which rows that share theirs are fewer than this, teaches nothing.
FEWEST_SHARED = 0.1
# Known cells from which on levels that fit never saw may be told from those to be expected.
FEWEST_DRIFTED = 20

# How a column is encoded, beside a number that is scaled.
_Encoding = Literal["missing", "present", "sign", "one-hot", "code"]


class TabularPreprocessor(TransformerMixin, BaseEstimator):
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

    @fit_context(prefer_skip_nested_validation=True)
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
        half_knots: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        levels: dict[int, list[Level]] = {}
        unknown_shares: dict[int, float] = {}
        encodings: list[tuple[int, _Encoding]] = []
        for k, column in enumerate(columns):
            if is_categorical[k]:
                levels[k], unknown_shares[k] = self._levels_of(column)
                encoding = self._encoding_of(column, levels[k])
            else:
                halves = column.numbers(formats.get(k)) * 0.5  # whose differences cannot overflow
                missing = np.isnan(halves)
                encoding = "missing" if missing.any() and not missing.all() else None
                known = halves[~missing]
                scale = _median_and_scale(known)
                if scale is not None:
                    scales[k] = scale
                    if self.ranks:
                        half_knots[k] = _rank_knots(known)
            if encoding is not None:
                encodings.append((k, encoding))
        self._warn_of_text(columns, is_categorical, formats, levels)
        self.is_categorical_ = is_categorical
        self._scales, self._half_knots, self._levels = scales, half_knots, levels
        self._number_formats = {k: [mark, [*markers]] for k, (mark, markers) in formats.items()}
        self._unknown_shares = unknown_shares
        self._encodings = sorted(encodings, key=lambda item: item[1] == "code")
        widths = {k: self._width(k, encoding) for k, encoding in encodings}
        codes = [k for k, encoding in self._encodings if encoding == "code"]
        self.n_numerical_ = len(scales) * (1 + self.ranks)
        self.n_plain_ = sum(widths.values()) - len(codes)
        self.n_levels_ = [len(levels[k]) + 1 for k in codes]
        self.n_features_out_ = self.n_numerical_ + self.n_plain_ + len(codes)

    def transform(self, X: Any) -> np.ndarray:
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

    def _transform_for(self, owner: BaseEstimator, X: Any) -> np.ndarray:
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
                out[:, len(self._scales) + place] = _interpolated_ranks(halves[:, place], *knots)
            out[:, : len(self._scales)] = self._scaled(halves)
        for k, encoding in self._encodings:
            stop = start + self._width(k, encoding)
            out[:, start:stop] = self._encoded(columns[k], k, encoding)
            start = stop
        if self._warns:
            self._warn_of_unknown_texts(columns)
        return out

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
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
            names += self._names(inputs[k], k, encoding)
        return np.array(_told_apart(names), dtype=object)

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

    def _find_categories(self, columns: list[Column]) -> np.ndarray:
        chosen = self.categorical_features
        if isinstance(chosen, str) and chosen == "from_dtype":
            return np.array([column.looks_categorical() for column in columns])
        is_categorical = np.zeros(len(columns), dtype=bool)
        names = getattr(self, "feature_names_in_", None)
        is_categorical[_indices(chosen, len(columns), names)] = True
        return is_categorical

    def _find_number_formats(
        self, columns: list[Column], is_categorical: np.ndarray
    ) -> dict[int, NumberFormat]:
        """Return how the text columns that are to be numbers are read.

        Few levels are text on purpose, as are columns that were named.
        """
        by_dtype = isinstance(self.categorical_features, str)
        formats = {}
        for k, column in enumerate(columns):
            if not column.is_text() or (is_categorical[k] and not by_dtype):
                continue
            if len(column.levels()) > (self.max_one_hot or MOST_LEVELS_OF_TEXT):
                texts = column.texts()
                n_numbers = column.n_known() - sum(texts.values())
                number_format = find_number_format(texts, n_numbers)
                if number_format is not None:
                    formats[k] = number_format
        return formats

    def _warn_of_text(
        self,
        columns: list[Column],
        is_categorical: np.ndarray,
        formats: dict[int, NumberFormat],
        levels: dict[int, list[Level]],
    ) -> None:
        """Tell what was made of text that may be meant otherwise."""
        if formats:
            numbers = [_how_read(columns[k], number_format) for k, number_format in formats.items()]
            warn_user(
                f"text that holds numbers is read as numbers in column {', '.join(numbers)}; a "
                "column named in categorical_features, or of dtype category, is a category"
            )
        if not isinstance(self.categorical_features, str):
            return
        texts = [k for k in np.flatnonzero(is_categorical).tolist() if columns[k].is_text()]
        dates = [k for k in texts if are_dates(columns[k].texts())]
        if dates:
            names = _listed(columns[k].name for k in dates)
            warn_user(
                f"text that holds dates is taken as a category in column {names}: "
                "turn it into numbers before, such as year, month, weekday or days since a date"
            )
        mixed = {
            k: odd
            for k in texts
            if k not in dates and len(levels[k]) > (self.max_one_hot or MOST_LEVELS_OF_TEXT)
            if (odd := _odd_text(columns[k])) is not None
        }
        if mixed:
            names = ", ".join(f"{columns[k].name!r} ({odd!r})" for k, odd in mixed.items())
            warn_user(
                "text of which most are numbers is taken as a category, because of some that are "
                f"none, in column {names}: leave those missing where numbers are meant"
            )
        single = [k for k in texts if k not in dates and _are_mostly_single(columns[k], levels[k])]
        if single:
            names = _listed(columns[k].name for k in single)
            warn_user(
                f"nearly all levels have a single row in column {names}, "
                "which can teach nothing: leave it out, or make of it what rows share"
            )

    def _warn_of_unknown_texts(self, columns: list[Column]) -> None:
        for k in self._number_formats:
            unknown = columns[k].unknown_texts(self._format_of(k)) if columns[k].is_text() else []
            if unknown:
                warn_user(
                    f"column {columns[k].name!r} of numbers holds text that fit did not see, "
                    f"{_listed(unknown)}, which counts as missing"
                )

    def _levels_of(self, column: Column) -> tuple[list[Level], float]:
        """Return the levels of a category: of many only those that more than one row has.

        And of its known cells the share whose level the other rows would leave unknown.
        """
        levels = column.levels()
        counts = np.bincount(column.codes(levels), minlength=len(levels) + 1)[1:]
        n_known = max(counts.sum(), 1)
        if self.max_one_hot is None or len(levels) <= self.max_one_hot:
            return levels, float((counts == 1).sum() / n_known)
        shared = [level for level, count in zip(levels, counts, strict=True) if count > 1]
        return shared, float(counts[counts <= 2].sum() / n_known)

    def _encoding_of(self, column: Column, levels: list[Level]) -> _Encoding | None:
        """Return how a category is encoded, None if it is dropped."""
        if len(levels) < 2:
            # One level tells something where it is missing elsewhere.
            return "present" if levels and not column.codes(levels).all() else None
        if len(levels) == 2:
            return "sign"
        if self.max_one_hot is None or len(levels) <= self.max_one_hot:
            return "one-hot"
        return "code"

    def _width(self, k: int, encoding: _Encoding) -> int:
        return len(self._levels[k]) if encoding == "one-hot" else 1

    def _halves(self, columns: list[Column]) -> np.ndarray:
        """Return half of the numerical columns, NaN where they are missing."""
        halves = np.empty((len(columns[0].values), len(self._scales)), order="F")
        for place, k in enumerate(self._scales):
            np.multiply(columns[k].numbers(self._format_of(k)), 0.5, out=halves[:, place])
        return halves

    def _format_of(self, k: int) -> NumberFormat | None:
        """Return how the text of a numerical column is read, None where it came as numbers."""
        if k not in self._number_formats:
            return None
        decimal_mark, markers = self._number_formats[k]
        return NumberFormat(decimal_mark, tuple(markers))

    def _scaled(self, halves: np.ndarray) -> np.ndarray:
        """Return the numbers scaled and clipped; changes what it is given."""
        half_medians, half_scales = np.reshape(list(self._scales.values()), (-1, 2)).T
        halves -= half_medians
        with np.errstate(over="ignore"):
            halves /= half_scales
        halves[np.isnan(halves)] = 0.0
        return _smooth_clip(halves)

    def _encoded(self, column: Column, k: int, encoding: _Encoding) -> np.ndarray:
        """Return the columns that one column is encoded as."""
        if encoding == "missing":
            return np.isnan(column.numbers(self._format_of(k)))[:, np.newaxis]
        levels = self._levels[k]
        codes = column.codes(levels)[:, np.newaxis]
        if self._warns and np.count_nonzero(codes) < len(codes) / 2:
            _warn_of_unknown_levels(column, levels, codes, self._unknown_shares.get(k, 1.0))
        if encoding == "one-hot":
            return codes == np.arange(1, len(levels) + 1)
        # Of a single level, the code tells whether it is there.
        return np.array([0, -1, 1])[codes] if encoding == "sign" else codes

    def _names(self, name: str, k: int, encoding: _Encoding) -> list[str]:
        """Return what these columns are called."""
        if encoding == "missing":
            return [f"{name}_missing"]
        if encoding == "code":
            return [name]
        levels = self._levels[k]
        return [f"{name}_{level}" for level in (levels[1:] if encoding == "sign" else levels)]


def _how_read(column: Column, number_format: NumberFormat) -> str:
    """Return a column's name with what is missing and, where it may surprise, what is read."""
    notes = []
    for text in column.texts():
        number = parse_number(text, number_format.decimal_mark)
        if (
            number is not None
            and re.fullmatch(r"[-+.\deE]*", text) is None
            and text.strip() == text
        ):
            notes.append(f"{text!r} as {number:.15g}")
            break
    if number_format.markers:
        notes.append(f"{_listed(number_format.markers)} missing")
    return f"{column.name!r}" + (f" ({'; '.join(notes)})" if notes else "")


def _odd_text(column: Column) -> str | None:
    texts = column.texts()
    return odd_text(texts, column.n_known() - sum(texts.values()))


def _listed(items: Iterable[Any]) -> str:
    items = list(items)
    return ", ".join(map(repr, items[:5])) + (", ..." if len(items) > 5 else "")


def _are_mostly_single(column: Column, levels: list[Level]) -> bool:
    """Return whether a category has many levels, hardly one of which rows share."""
    if len(column.levels()) <= MOST_LEVELS_OF_TEXT:
        return False
    return np.count_nonzero(column.codes(levels)) < FEWEST_SHARED * column.n_known()


def _warn_of_unknown_levels(
    column: Column, levels: list[Level], codes: np.ndarray, expected: float
) -> None:
    """Tell when far more levels are unknown than rows of the training data would leave."""
    n_known, n_found = column.n_known(), np.count_nonzero(codes)
    if n_known < FEWEST_DRIFTED:
        return
    unknown = 1 - n_found / n_known
    noise = 4 * np.sqrt(expected * (1 - expected) / n_known)
    if unknown > max(0.5, (1 + expected) / 2, expected + noise):
        known = set(levels)
        other = next(level for level in column.levels() if level not in known)
        warn_user(
            f"{unknown:.0%} of the known cells of column {column.name!r} have levels that fit did "
            f"not learn, such as {other!r} where it learned such as {levels[0]!r}; new rows like "
            f"its own would have {expected:.0%}. They count as missing"
        )


def _median_and_scale(known: np.ndarray) -> tuple[float, float] | None:
    """Return the median and what to divide by, None for less than two values."""
    if len(known) == 0:
        return None
    lower, median, upper = np.percentile(known, [25, 50, 75])
    scale = upper - lower
    if scale == 0:
        # Most are the same, as where zeros are inflated: half the range would be an outlier's.
        distances = np.abs(known - median)
        others = distances[distances > 0]
        scale = 1.5 * np.median(others) if len(others) else 0.0
    return None if scale == 0 else (float(median), float(scale))


def _restored(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state as this version has it: ranks were interpolated between quantiles once."""
    state = dict(state)
    if "_half_quantiles" in state:
        quantiles_of = state.pop("_half_quantiles")
        state["_half_knots"] = {k: _knots_of_quantiles(own) for k, own in quantiles_of.items()}
        state |= {"_number_formats": {}, "_unknown_shares": {}}
    return state


def _knots_of_quantiles(quantiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    distinct, first, counts = np.unique(quantiles, return_index=True, return_counts=True)
    ranks = (first + (counts - 1) / 2) / max(len(quantiles) - 1, 1)
    return distinct, ndtri(np.clip(ranks, LOWEST_RANK, 1 - LOWEST_RANK))


def _rank_knots(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers of the training data that ascend, and the normal quantile of each's rank.

    Of equal numbers the rank is the middle of theirs. Numbers between are not knots: beside a
    tie they would lend their ranks to what is a bit off it.
    """
    ascending = np.sort(known)
    distinct, starts = np.unique(ascending, return_index=True)
    gaps = np.diff(distinct)
    is_new = np.append(True, gaps > TIED_ULPS * np.spacing(np.abs(distinct[1:])))
    tie = np.cumsum(is_new) - 1
    bounds = np.append(starts[is_new], len(ascending))
    middles = (bounds[:-1] + bounds[1:]) / 2 / len(ascending)
    heights = ndtri(np.clip(middles, LOWEST_RANK, 1 - LOWEST_RANK))[tie]
    if len(distinct) > MOST_KNOTS:
        chosen = np.quantile(ascending, np.linspace(0, 1, MOST_KNOTS), method="inverted_cdf")
        places = np.searchsorted(distinct, np.unique(chosen))
        distinct, heights = distinct[places], heights[places]
    return distinct, heights


def _interpolated_ranks(x: np.ndarray, knots: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return the normal quantiles of numbers' ranks; 0, the median's, where they are missing."""
    # Between subnormal knots the slope overflows.
    return np.nan_to_num(np.clip(np.interp(x, knots, heights), heights[0], heights[-1]))


def _smooth_clip(x: np.ndarray) -> np.ndarray:
    """Bend numbers into (-3, 3); changes ``x``."""
    np.clip(x, -1e6, 1e6, out=x)  # so that no square overflows
    return x / np.sqrt(1 + (x / 3) ** 2)


def _indices(chosen: Any, n_features: int, names: np.ndarray | None) -> list[int]:
    """Return which columns names, indices or a mask choose."""
    items = [] if chosen is None else np.asarray(chosen, dtype=object).tolist()
    items = [item.item() if isinstance(item, np.generic) else item for item in items]
    kinds = set(map(type, items))
    if not (kinds <= {str} or kinds <= {int} or kinds <= {bool}):
        raise ValueError(
            "categorical_features must be 'from_dtype', None, or a list of names, indices or "
            f"booleans, got {chosen!r}"
        )
    if kinds == {bool}:
        return _masked_indices(items, n_features)
    return [_index(item, n_features, names) for item in items]


def _masked_indices(mask: list[bool], n_features: int) -> list[int]:
    if len(mask) != n_features:
        raise ValueError(
            f"categorical_features as a mask must have {n_features} values, one for each column, "
            f"got {len(mask)}: {mask!r}"
        )
    return [k for k, chosen in enumerate(mask) if chosen]


def _index(item: str | int, n_features: int, names: np.ndarray | None) -> int:
    if isinstance(item, int):
        if not 0 <= item < n_features:
            raise ValueError(
                f"categorical_features has the index {item}, but indices must be in "
                f"[0, n_features - 1] = [0, {n_features - 1}]"
            )
        return item
    if names is None:
        raise ValueError(
            f"categorical_features has the name {item!r}, but the data have no feature names; "
            "give indices or a boolean mask"
        )
    if item not in names:
        raise ValueError(
            f"categorical_features has the name {item!r}, which is not among the feature names "
            f"{names.tolist()}"
        )
    return names.tolist().index(item)


def _told_apart(names: list[str]) -> list[str]:
    """Return the names with a number after those that were there before."""
    taken: set[str] = set()
    distinct = []
    for name in names:
        unique, number = name, 1
        while unique in taken:
            number += 1
            unique = f"{name}_{number}"
        taken.add(unique)
        distinct.append(unique)
    return distinct
