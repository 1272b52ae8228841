"""A column of a table, and what is asked of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns.cells import (
    Level,
    floats_of,
    is_hashable,
    is_missing,
    is_missing_decimal,
    is_missing_type,
    is_real,
    is_text,
    plain_level,
)
from sknumpynet.utils.columns.errors import cell_error, complex_error, mixture_error, time_error
from sknumpynet.utils.columns.moments import (
    Moments,
    days_of,
    is_missing_time,
    moment_level,
    moment_of,
    read_moments,
)
from sknumpynet.utils.dates import Moment, TimeFormat, TimeKind, time_kind_of
from sknumpynet.utils.text import NumberFormat, is_marker, parse_number

__all__ = ["Column", "Reading", "VectorsOf", "level_codes", "sorted_levels"]


Reading = NumberFormat | TimeFormat
VectorsOf = Callable[[list[str]], npt.NDArray[np.floating[Any]]]


class Column:
    """A column of a table.

    It keeps what takes a pass over cells that are Python objects, so that each is made once
    whoever asks for it: neither the table nor what it gives may be changed meanwhile.

    Parameters
    ----------
    name : object
        What errors call it.
    values : ndarray or Series of shape (n_samples,)

    Raises
    ------
    ValueError
        If it holds complex numbers.
    """

    def __init__(self, name: Any, values: Any) -> None:
        self.name, self.values = name, values
        if getattr(values.dtype, "kind", "O") == "c":
            raise complex_error(name, values.dtype)

    def is_numeric(self) -> bool:
        """Return whether it is numbers by its dtype."""
        return self._is_numeric()

    def is_category(self) -> bool:
        """Return whether it is a category by its dtype."""
        return self._is_category()

    def cells(self) -> list[Any]:
        """Return what it holds, as Python objects."""
        return self._cells()

    def looks_categorical(self) -> bool:
        """Return whether it is a category by its dtype, or by its cells where they are objects."""
        if self._is_numeric() or self.time_kind() is not None:
            return False
        kinds = self._kinds
        return self._is_category() or not kinds or not all(map(is_real, kinds))

    def time_kind(self) -> TimeKind | None:
        """Return whether it is dates, times of day or durations, by its dtype or by its cells.

        Raises
        ------
        TypeError
            If only some of the cells are, or are of different kinds; text may stand beside them.
        """
        if self._moments is not None:
            return self._moments.kind
        if self._is_numeric() or self._is_category():
            return None
        found = {kind: time_kind_of(kind) for kind in self._kinds if not issubclass(kind, str)}
        kinds = set(found.values())
        if kinds <= {None}:
            return None
        if len(kinds) > 1:
            first = next(kind for kind in kinds if kind is not None)
            others = {kind for kind, own in found.items() if own != first}
            raise mixture_error(self.name, next(c for c in self._cells() if type(c) in others))
        return kinds.pop()

    def zones(self) -> set[str | None]:
        """Return the zones of the cells that are dates and no text, None for those without one."""
        if self._moments is not None:
            return {self._moments.zone}
        moments = [
            moment_of(value, self.name) for value, _ in self._counts if not is_missing(value)
        ]
        return {moment.zone for moment in moments if moment is not None}

    def is_text(self) -> bool:
        """Return whether some cells are text, no levels of a category, and the others numbers."""
        if self._is_numeric() or self._is_category() or self._moments is not None:
            return False
        kinds = self._kinds
        has_text = any(issubclass(kind, str) for kind in kinds)
        return has_text and all(issubclass(kind, str) or is_real(kind) for kind in kinds)

    def texts(self) -> dict[str, int]:
        """Return how often each text occurs."""
        texts: Counter[str] = Counter()
        if self._is_numeric() or self._moments is not None:
            return texts
        for value, count in self._counts:
            if is_text(value):
                texts[str.__str__(value)] += count
        return texts

    def n_known(self) -> int:
        """Return how many cells are not missing."""
        return sum(count for value, count in self._counts if not is_missing(value))

    def n_beside_texts(self) -> int:
        """Return how many cells are neither missing nor text."""
        return sum(
            count for value, count in self._counts if not (is_text(value) or is_missing(value))
        )

    def unknown_texts(self, reading: Reading) -> list[str]:
        """Return what stands for a missing cell and is none of the markers, in order."""
        return [text for text in self.texts() if is_marker(text) and text not in reading.markers]

    def numbers(self, reading: Reading | None = None) -> npt.NDArray[np.float64]:
        """Return its numbers, NaN where they are missing.

        Parameters
        ----------
        reading : NumberFormat or TimeFormat, optional
            How text is read; or that dates, times or durations are, as days. Without it all are
            errors.

        Returns
        -------
        ndarray of float64 of shape (n_samples,)

        Raises
        ------
        TypeError, ValueError
            If it holds infinity or what is not as ``reading`` has it.
        """
        is_time = isinstance(reading, TimeFormat)
        if self._is_numeric() and not is_time:
            # Not kept: that would cost the memory of the table, and reading takes no time.
            return self._finite(self._floats())
        if reading not in self._numbers:
            if isinstance(reading, TimeFormat):
                read = self._days(reading)
            elif self._moments is not None:
                raise time_error(self.name, self._moments.values[0])
            else:
                read = self._finite(self._floats() if reading is None else self._parsed(reading))
            self._numbers[reading] = read
        return self._numbers[reading]

    def _days(self, time_format: TimeFormat) -> npt.NDArray[np.float64]:
        if self._moments is not None:
            return days_of(self._moments, time_format, self.name)
        values, positions = self._values_and_positions
        known = [not is_missing(value) for value in values]
        moments = read_moments(compress(values, known), time_format, self.name)
        # The position -1, for a missing cell, reads the last.
        days = np.full(len(values) + 1, np.nan)
        days[:-1][known] = days_of(moments, time_format, self.name)
        return days[positions]

    def _finite(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        infinite = np.isinf(numbers)
        if np.count_nonzero(infinite):
            row = int(infinite.argmax())
            raise ValueError(
                f"Column {self.name!r} contains infinity: {numbers[row]} in row {row}. Numbers "
                "must be finite; NaN stands for a missing one."
            )
        return numbers

    def levels(self) -> list[Level]:
        """Return the levels that occur, numbers before text and each of them sorted.

        Numbers that are equal in single precision are one level, such as 1, 1.0, True and '1', or
        0.1 in either precision.

        Raises
        ------
        TypeError
            If cells are neither text nor numbers.
        """
        return sorted_levels(self.level_counts())

    def codes(self, code_of: Mapping[Level, int]) -> npt.NDArray[np.int_]:
        """Return each cell's code, see `level_codes`; 0 where it is missing or of another level.

        Returns
        -------
        ndarray of int of shape (n_samples,)

        Raises
        ------
        TypeError
            If cells are neither text nor numbers.
        """
        values, positions = self._values_and_positions
        code_of_value = [
            0 if is_missing(value) else code_of.get(plain_level(value, self.name), 0)
            for value in values
        ]
        # The position -1, for a missing cell, reads the last.
        codes: npt.NDArray[np.int_] = np.array([*code_of_value, 0])[positions]
        return codes

    def level_counts(self) -> dict[Level, int]:
        """Return how often each level occurs.

        Raises
        ------
        TypeError
            If cells are neither text nor numbers.
        """
        counts: Counter[Level] = Counter()
        for value, count in self._counts:
            if not is_missing(value):
                counts[plain_level(value, self.name)] += count
        return counts

    def vectors(self, vectors_of: VectorsOf) -> npt.NDArray[np.floating[Any]]:
        """Return the vector of each cell, NaN where it is missing.

        Parameters
        ----------
        vectors_of : callable(list of str) -> ndarray of shape (n_texts, width)
            Is asked once for each cell that differs from others.

        Returns
        -------
        ndarray of shape (n_samples, width)

        Raises
        ------
        TypeError
            If cells are neither text nor numbers.
        """
        values, positions = self._values_and_positions
        known = [k for k in np.unique(positions) if k >= 0 and not is_missing(values[k])]
        found = vectors_of([str(plain_level(values[k], self.name)) for k in known])
        # The position -1, for a missing cell, reads the last.
        vectors = np.full((len(values) + 1, found.shape[1]), np.nan, found.dtype)
        vectors[known] = found
        return vectors[positions]

    @cached_property
    def _moments(self) -> Moments | None:
        """Hold its cells in time, if they are by its dtype."""
        return self._typed_moments()

    def _typed_moments(self) -> Moments | None:
        return None

    def _is_numeric(self) -> bool:
        """Return whether it holds numbers by its dtype."""
        return False

    def _is_category(self) -> bool:
        """Return whether it is a category by its dtype."""
        return False

    @cached_property
    def _kinds(self) -> list[type]:
        """Return the types of the cells that are not missing."""
        cells = self._cells()
        kinds = {kind for kind in set(map(type, cells)) if not is_missing_type(kind)}
        if not kinds.isdisjoint({np.datetime64, np.timedelta64}):
            kinds &= {type(cell) for cell in cells if not is_missing_time(cell)}
        return list(kinds)

    def _cells(self) -> list[Any]:
        cells: list[Any] = self.values.tolist()
        return cells

    def _floats(self) -> npt.NDArray[np.float64]:
        return floats_of(self._cells(), self.name)

    def _parsed(self, number_format: NumberFormat) -> npt.NDArray[np.float64]:
        """Return numbers of which some are text."""
        cells = self._cells()
        if not any(isinstance(cell, str) for cell in cells):
            return self._floats()
        number_of = {
            cell: parse_number(cell, number_format.decimal_mark)
            for cell in set(filter(is_text, cells))
        }
        wrong = [text for text in number_of if number_of[text] is None and not is_marker(text)]
        if wrong:
            raise ValueError(
                f"Column {self.name!r} must hold numbers, got {min(wrong)!r}; text is read with "
                f"{number_format.decimal_mark!r} as the decimal mark."
            )
        return floats_of([number_of[cell] if is_text(cell) else cell for cell in cells], self.name)

    @cached_property
    def _numbers(self) -> dict[Reading | None, npt.NDArray[np.float64]]:
        """Hold its numbers by the format of text."""
        return {}

    @cached_property
    def _values_and_positions(self) -> tuple[list[Any], npt.NDArray[np.intp]]:
        return self._distinct()

    @cached_property
    def _counts(self) -> list[tuple[Any, int]]:
        """Hold distinct values that occur, in their order, and how often each does."""
        values, positions = self._values_and_positions
        counts = np.bincount(positions + 1, minlength=len(values) + 1)[1:].tolist()
        return [(value, n) for value, n in zip(values, counts, strict=True) if n > 0]

    def _distinct(self) -> tuple[list[Any], npt.NDArray[np.intp]]:
        """Return distinct values, and the position among them of each cell, -1 if missing."""
        if self._moments is not None:
            kind, times, zone = self._moments
            distinct, places_of = np.unique(times, return_inverse=True)
            moments = [Moment(kind, own, zone) for own in distinct.astype(np.int64).tolist()]
            return list(map(moment_level, moments)), np.where(np.isnat(times), -1, places_of)
        cells = self._cells()
        try:
            places = dict.fromkeys(cells)
        except TypeError as error:
            # A signaling NaN has no hash, but is missing.
            cells = [None if is_missing_decimal(cell) else cell for cell in cells]
            wrong = next((cell for cell in cells if not is_hashable(cell)), None)
            if wrong is not None:
                raise cell_error(self.name, wrong) from error
            places = dict.fromkeys(cells)
        position = {cell: k for k, cell in enumerate(places)}
        positions = map(position.__getitem__, cells)
        return list(position), np.fromiter(positions, dtype=np.intp, count=len(cells))


def sorted_levels(levels: Iterable[Level]) -> list[Level]:
    """Return levels, numbers before text and each of them sorted."""
    return sorted(levels, key=lambda level: (isinstance(level, str), level))


def level_codes(levels: Iterable[Level]) -> dict[Level, int]:
    """Return the place of each level among them, from 1.

    Levels that a version before saved may not be as plain as those that are read today.
    """
    return {plain_level(level, "levels"): code for code, level in enumerate(levels, start=1)}
