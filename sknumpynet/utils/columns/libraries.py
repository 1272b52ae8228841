"""The columns of the libraries' tables."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.utils.columns.column import Column
from sknumpynet.utils.columns.errors import cell_error
from sknumpynet.utils.columns.moments import Moments, as_moments
from sknumpynet.utils.zones import zone_name

__all__ = ["ArrayColumn", "ArrowColumn", "PandasColumn", "PolarsColumn"]


# Of so many categories and fewer rows it pays to take only what occurs.
MANY_CATEGORIES = 256


class ArrayColumn(Column):
    """A column of an array."""

    def _is_numeric(self) -> bool:
        return self.values.dtype.kind in "biuf"

    def _typed_moments(self) -> Moments | None:
        if self.values.dtype.kind in "mM":
            return as_moments(self.values, self.name)
        return None

    def _floats(self) -> npt.NDArray[np.float64]:
        if self._is_numeric():
            return np.asarray(self.values, np.float64)
        return super()._floats()


class PandasColumn(Column):
    """A column of a pandas DataFrame."""

    def _is_numeric(self) -> bool:
        dtype = self.values.dtype
        return dtype.kind in "iuf" and not hasattr(dtype, "categories")

    def _is_category(self) -> bool:
        dtype = self.values.dtype
        return hasattr(dtype, "categories") or dtype.kind == "b"

    def _typed_moments(self) -> Moments | None:
        values, kind = self.values, type(self.values.dtype).__name__
        if kind == "ArrowDtype":
            return _arrow_moments(values.array.__arrow_array__(), self.name)
        if kind == "PeriodDtype":
            values = values.dt.start_time
        zone = getattr(values.dtype, "tz", None)
        if zone is not None:
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        if values.dtype.kind not in "mM" or self._is_category():
            return None
        return as_moments(values.to_numpy(), self.name, None if zone is None else zone_name(zone))

    def _floats(self) -> npt.NDArray[np.float64]:
        dtype = self.values.dtype
        if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
            return np.asarray(self.values.to_numpy(), np.float64)
        if dtype.kind in "biuf":  # pandas' own, which may miss some
            numbers: npt.NDArray[np.float64]
            numbers = self.values.to_numpy(dtype=np.float64, na_value=np.nan)
            return numbers
        return super()._floats()

    def _distinct(self) -> tuple[list[Any], npt.NDArray[np.intp]]:
        if not hasattr(self.values.dtype, "categories"):
            return super()._distinct()
        categories = self.values.dtype.categories
        codes = self.values.array.codes.astype(np.intp)
        if len(categories) > max(len(codes), MANY_CATEGORIES):
            # Only those that occur: to look at 50,000 takes 50 ms.
            occurring = np.unique(codes[codes >= 0])
            categories = categories[occurring]
            codes = np.where(codes < 0, -1, np.searchsorted(occurring, codes))
        return categories.tolist(), codes


class PolarsColumn(Column):
    """A column of a polars DataFrame."""

    def _typed_moments(self) -> Moments | None:
        if not self.values.dtype.is_temporal() or str(self.values.dtype) == "Time":
            return None  # times are read by the cell
        zone = getattr(self.values.dtype, "time_zone", None)
        # Whole numbers, in UTC, NaT the least: of dates polars 1.0 crashes beside NumPy 2.
        least = np.iinfo(np.int64).min
        numbers = self.values.to_physical().cast(int).fill_null(int(least)).to_numpy()
        unit = getattr(self.values.dtype, "time_unit", "D")
        kind = "m8" if str(self.values.dtype).startswith("Duration") else "M8"
        values = numbers.astype(np.int64).view(f"{kind}[{unit}]")
        return as_moments(values, self.name, None if zone is None else zone_name(zone))

    def _is_numeric(self) -> bool:
        return bool(self.values.dtype.is_numeric())

    def _is_category(self) -> bool:
        return str(self.values.dtype).startswith(("Categorical", "Enum"))

    def _cells(self) -> list[Any]:
        cells: list[Any] = self.values.to_list()
        return cells

    def _floats(self) -> npt.NDArray[np.float64]:
        if self._is_numeric():
            numbers: npt.NDArray[np.float64] = self.values.cast(float).to_numpy()
            return numbers
        return super()._floats()


class ArrowColumn(Column):
    """A column of an Arrow table or record batch."""

    def __init__(self, name: Any, values: Any) -> None:
        self.name, self.values = name, values
        self.type = str(values.type)
        if self.type.startswith("month_day_nano"):
            raise cell_error(name, self.type)

    def _typed_moments(self) -> Moments | None:
        return _arrow_moments(self.values, self.name)

    def _is_numeric(self) -> bool:
        return self.type.startswith(("int", "uint", "float", "halffloat", "double"))

    def _is_category(self) -> bool:
        return self.type.startswith(("dictionary", "bool"))

    def _cells(self) -> list[Any]:
        cells: list[Any] = self.values.to_pylist()
        return cells

    def _floats(self) -> npt.NDArray[np.float64]:
        if self._is_numeric():
            return np.asarray(self.values.to_numpy(zero_copy_only=False), np.float64)
        return super()._floats()


def _arrow_moments(values: Any, name: Any) -> Moments | None:
    """Return an Arrow array as moments; None of what is read by the cell, as times of day are."""
    if not str(values.type).startswith(("date", "timestamp", "duration")):
        return None
    zone = getattr(values.type, "tz", None)
    times = values.to_numpy(zero_copy_only=False)  # in UTC
    return as_moments(times, name, None if zone is None else zone_name(zone))
