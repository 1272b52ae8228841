"""`TabularPreprocessor` turns a table as it comes into numbers that a network learns well from."""

import itertools
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpynet.utils.columns import Column, as_table, read_columns
from sknumpynet.utils.columns.streams import (
    FrameStream,
    check_same_names,
    first_frames,
    is_stream,
)
from sknumpynet.utils.columns.tables import joined_tables
from sknumpynet.utils.encoding.array import encode_columns
from sknumpynet.utils.encoding.categories import distinct_names
from sknumpynet.utils.encoding.checks import (
    MOST_LEVELS_OF_TEXT,
    warn_of_categories,
    warn_of_numbers,
    warn_of_orders,
    warn_of_unknown_texts,
)
from sknumpynet.utils.encoding.choice import Choice, chosen_kinds
from sknumpynet.utils.encoding.kinds import Kinds, find_kinds
from sknumpynet.utils.encoding.learning import LearnedColumns, learn_columns, with_pairs
from sknumpynet.utils.encoding.saved import restored_columns, saved_columns
from sknumpynet.utils.encoding.sketching import TableSketch
from sknumpynet.utils.encoding.summaries import ColumnSummary, WholeColumn
from sknumpynet.utils.estimator_state import all_or_nothing, as_plain
from sknumpynet.utils.feature_names import has_fitted_columns
from sknumpynet.utils.scikit_learn import Interval, StrOptions, fit_context

__all__ = ["TabularPreprocessor"]

# By so many rows at least, the first ones, it is told what the columns of a stream are.
ROWS_THAT_TELL_KINDS = 50_000
# What the saved attributes are made of, and is made of them on loading.
_MADE = "_learned_columns"


class TabularPreprocessor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn a table of numbers, dates and categories, with gaps, into one dense array.

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
      sine and cosine of what recurs in dates; -1 and 1 for a category with two levels; a column
      for each level of a category with more. A missing or unknown level is 0 in all of them. A
      category with one level is 1 where it is known, and dropped if it always was. Up to 60
      numbers for free text, 0 where it is missing, and then a flag.
    - **codes**: categories with more than ``max_one_hot`` levels as whole numbers from 1,
      0 for a missing or unknown level. Of such a category, levels that a single row has are
      unknown: nothing can be learned of them that holds for other rows.

    Within each kind they are in the order of the table. What is missing in all rows is dropped.

    A date, of whatever library, is a number, the time that has elapsed, and so is its year. Its
    month, day of the month, weekday and hour are points on circles, as a time of day also is; a
    duration is a number. What does not vary is dropped. Dates with a time zone are read by the
    clocks of the zone that they had in `fit`, in UTC if they had several.

    Free text is a vector of n-grams of two to four characters within its words, by ``1 + log`` of
    how often it has each, times how rare that is (*tf-idf*), of length 1. Its numbers are what
    this vector has in the directions in which the rows' vary most, those of the largest singular
    values. They are centred, and divided by the largest of their standard deviations.

    Parameters
    ----------
    categorical_features : 'from_dtype', None or array-like, default='from_dtype'
        Which columns are categories: their names, their indices, or a boolean mask of shape
        (n_features,); None for none of them. With 'from_dtype', a DataFrame's columns of dtype
        category, enum, string and boolean, and columns of objects unless all that are known are
        numbers, or all dates. Of these, text of a hundred levels or more that have three words
        or more on average is free text. Arrays of numbers or booleans are numerical.
    column_kinds : dict or None, default=None
        What columns are, by their names or indices: 'number', 'category', 'date', 'dayfirst' or
        'monthfirst' (dates as text, of such an order where day and month are numbers), 'time'
        (of day) or 'text' (free text; what is none is taken as it is written). Others are as
        ``categorical_features`` has them; of these, text of many levels that are all numbers or
        dates is read as such, with a warning.
    max_one_hot : int or None, default=9
        Categories with more levels become codes; None for no codes.
    ranks : bool or int, default=True
        Whether numbers come as ranks too; as a number, where no more columns are numerical.
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
        "column_kinds": [dict, None],
        "max_one_hot": [Interval(Integral, 2, None, closed="left"), None],
        "ranks": ["boolean", Interval(Integral, 1, None, closed="left")],
        "dtype": [StrOptions({"float32", "float64"})],
    }

    def __init__(
        self,
        categorical_features: Any = "from_dtype",
        *,
        column_kinds: dict[str | int, str] | None = None,
        max_one_hot: int | None = 9,
        ranks: bool | int = True,
        dtype: str = "float32",
    ) -> None:
        self.categorical_features = categorical_features
        self.column_kinds = column_kinds
        self.max_one_hot = max_one_hot
        self.ranks = ranks
        self.dtype = dtype

    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn medians, ranges and levels.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features), or a stream
            Missing are None, NaN, NA, NaT, null and masked values, but no text. Streams, such as
            paths of Parquet, are read frame by frame, see the guide.
        y : object
            Ignored.

        Returns
        -------
        TabularPreprocessor

        Raises
        ------
        TypeError
            For sparse tables, cells that are neither text, numbers nor dates, and dates or times
            beside other cells.
        ValueError
            For infinity and text in numerical columns, complex numbers, a table without rows or
            columns, and ``categorical_features`` or ``column_kinds`` that do not fit it.

        Examples
        --------
        >>> TabularPreprocessor(max_one_hot=3).fit([["a"], ["b"], ["c"], ["d"]] * 2).n_levels_
        [5]
        """
        if is_stream(X):
            self._learn_stream(FrameStream(X).frames())
        else:
            self._learn(as_table(X))
        return self

    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit_transform(self, X: Any, y: Any = None) -> npt.NDArray[np.floating[Any]]:
        """Do what `fit` and then `transform` of the same table do; the table is read once.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            As for `fit`.
        y : object
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out_)
            C-contiguous. Without columns if all were dropped.

        Raises
        ------
        TypeError, ValueError
            As `fit` does.

        Examples
        --------
        >>> TabularPreprocessor().fit_transform([["f"], ["m"], [None]])
        array([[-1.],
               [ 1.],
               [ 0.]], dtype=float32)
        """
        return self._encoded(self._learn(as_table(X)))

    def _fit_transform_with_levels(self, X: Any) -> npt.NDArray[np.floating[Any]]:
        """Do what `fit_transform` does; what statistics of levels are made of comes last."""
        columns = self._learn(as_table(X))
        self._set_learned(with_pairs(self._learned(), columns))
        return self._encoded(columns, with_levels=True)

    def _learn(self, X: Any) -> list[Column]:
        """Learn from a table, or stay as it was after an error; return the table's columns."""
        with all_or_nothing(self):
            columns = read_columns(X)
            self._learn_from(X, columns)
        return columns

    def _learn_from(self, X: Any, columns: list[Column]) -> None:
        kinds, chosen = self._kinds_of(X, columns)
        self._learn_columns(list(map(WholeColumn, columns)), columns, kinds, chosen)

    def _learn_stream(self, frames: Iterable[Any]) -> None:
        """Learn from a table in frames; what columns are is told by the first rows of it.

        Raises
        ------
        ValueError
            If there are no rows, or frames differ in their columns.
        """
        with all_or_nothing(self):
            frames = iter(frames)
            first = first_frames(frames, ROWS_THAT_TELL_KINDS)
            X = joined_tables(first)
            columns = read_columns(X)
            by_dtype = [column.is_category() for column in read_columns(first[0])]
            del first
            kinds, chosen = self._kinds_of(X, columns, by_dtype)
            sketch = TableSketch(kinds)
            sketch.add(columns)
            for frame in frames:
                check_same_names(frame, X)
                own = read_columns(frame)
                sketch.add(own)
                for k, reading in kinds.formats.items():
                    warn_of_unknown_texts(own[k], reading)
            self._learn_columns(sketch.columns, columns, kinds, chosen)

    def _kinds_of(
        self, X: Any, columns: list[Column], are_categories: Sequence[bool] = ()
    ) -> tuple[Kinds, list[Choice]]:
        """Return the kinds of columns, and what users say of them.

        Parameters
        ----------
        X : object
            A table.
        columns : list of Column
            Of it.
        are_categories : sequence of bool, optional
            Which are so by dtype, where the table is joined of several.
        """
        validate_data(self, X, skip_check_array=True)
        names = getattr(self, "feature_names_in_", None)
        chosen = chosen_kinds(self.categorical_features, self.column_kinds, len(columns), names)
        for k, is_category in enumerate(are_categories):
            if is_category and chosen[k] == "any":
                chosen[k] = "category"
        return find_kinds(columns, chosen, self._most_levels_of_text()), chosen

    def _most_levels_of_text(self) -> int:
        """Return with how many levels text is a category whatever it says."""
        return self.max_one_hot or MOST_LEVELS_OF_TEXT

    def _learn_columns(
        self,
        summaries: Sequence[ColumnSummary],
        columns: list[Column],
        kinds: Kinds,
        chosen: list[Choice],
    ) -> None:
        """Learn from what there is of all rows; warn of the rows that columns hold."""
        n_numerical = int(np.count_nonzero(~(kinds.is_categorical | kinds.is_free_text)))
        ranks = self.ranks if isinstance(self.ranks, bool | np.bool_) else n_numerical <= self.ranks
        learned = learn_columns(summaries, kinds, self.max_one_hot, ranks=bool(ranks))
        warn_of_numbers(columns, kinds.formats, kinds.guessed)
        ordered = [k for k, kind in enumerate(chosen) if kind in {"dayfirst", "monthfirst"}]
        warn_of_orders(columns, kinds.formats, ordered)
        guessed = {k: own for k, own in learned.levels.items() if chosen[k] == "any"}
        warn_of_categories(columns, guessed, self._most_levels_of_text())
        self.is_categorical_ = kinds.is_categorical
        self._set_learned(learned)

    def _set_learned(self, learned: LearnedColumns) -> None:
        """Keep what was learned as plain Python objects, which any version can load."""
        self.__dict__ |= saved_columns(learned)
        self.__dict__[_MADE] = learned
        self.n_numerical_ = learned.n_numerical()
        self.n_plain_ = learned.n_plain()
        self.n_levels_ = learned.n_levels()
        self.n_features_out_ = self.n_numerical_ + self.n_plain_ + len(self.n_levels_)

    def _learned(self) -> LearnedColumns:
        """Return what `_set_learned` kept, with what it is looked up by."""
        learned: LearnedColumns = self.__dict__[_MADE]
        return learned

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

    def _transform_for(
        self, owner: BaseEstimator, X: Any, *, warns: bool = True, with_levels: bool = False
    ) -> npt.NDArray[np.floating[Any]]:
        """Return what `transform` does, with errors and warnings that name the owner.

        Parameters
        ----------
        owner : estimator
            Was fitted to the same columns.
        X : DataFrame or array-like of shape (n_samples, n_features)
        warns : bool
            Whether to warn of cells that are not known.
        with_levels : bool
            Whether what statistics of levels are made of comes last.
        """
        columns = self._checked_columns(owner, X)
        return self._encoded(columns, warns=warns, with_levels=with_levels)

    def _checked_columns(self, owner: BaseEstimator, X: Any) -> list[Column]:
        """Return the columns of a table, which are those that the owner was fitted to."""
        X = as_table(X)
        columns = read_columns(X)
        if not has_fitted_columns(X, owner):
            validate_data(owner, X, skip_check_array=True, reset=False)
        return columns

    def _encoded(
        self, columns: list[Column], *, warns: bool = True, with_levels: bool = False
    ) -> npt.NDArray[np.floating[Any]]:
        learned = self._learned()
        return encode_columns(columns, learned, self.dtype, warns=warns, with_levels=with_levels)

    def _origins(self) -> npt.NDArray[np.intp]:
        """Return of which of the table's columns each column of the array is made."""
        learned = self._learned()
        others = [[k] * learned.width(k, encoding) for k, encoding in learned.encodings]
        places = [*learned.scales, *learned.half_knots, *itertools.chain.from_iterable(others)]
        return np.array(list(map(learned.origin, places)), dtype=np.intp)

    def _level_codes(self) -> list[int]:
        """Return of the columns that statistics are made of how many codes each has, with 0."""
        learned = self._learned()
        if learned.pairs is None:
            return []
        return [*learned.n_levels(with_rare=True), *learned.pairs.n_levels()]

    def _is_number(self, k: int) -> bool:
        """Return whether a column of the table is numbers, and nothing else is made of it."""
        return not self.is_categorical_[k] and self._learned().is_number(k)

    def _has_ranks(self) -> bool:
        """Return whether numbers come as ranks too."""
        return bool(self._learned().half_knots)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return what the columns of the array are called.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features_in_,), default=None
            The table's columns; None for ``feature_names_in_``, or "x0", "x1", ... without it.

        Returns
        -------
        ndarray of str of shape (n_features_out_,)
            Such as "age", "age_rank", "age_missing", "sex_male" (the level that is 1), "city"
            (a code), of dates "day", "day_year", "day_month_sin" and "day_month_cos", and of
            text "note_text0".

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
        learned = self._learned()
        names = [learned.name(k, inputs) for k in learned.scales]
        names += [f"{learned.name(k, inputs)}_rank" for k in learned.half_knots]
        for k, encoding in learned.encodings:
            names += learned.encoded_names(k, encoding, inputs)
        return np.array(distinct_names(names), dtype=object)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return {name: as_plain(value) for name, value in state.items() if name != _MADE}

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = {name: value for name, value in state.items() if name != "_half_quantiles"}
        super().__setstate__({"column_kinds": None} | own)
        if "_encodings" in state:
            learned = restored_columns(state)
            self.__dict__ |= saved_columns(learned)
            self.__dict__[_MADE] = learned

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        # Not `string`, as scikit-learn's encoders: it would promise to accept any object.
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags
