"""Columns of dates, times of day and durations."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.export.python.parts.levels import hashable
from sknumpynet.export.python.parts.rows import cells_of
from sknumpynet.utils.columns.cells import is_missing
from sknumpynet.utils.columns.moments import as_moments, days_of, read_moments
from sknumpynet.utils.dates import TimeFormat

__all__ = ["days_in"]


def days_in(values: Any, name: str, reading: TimeFormat) -> npt.NDArray[np.float64]:
    """Return days since 1970 or midnight, NaN where they are missing.

    Parameters
    ----------
    values : list, ndarray or column of a frame
    name : str
    reading : TimeFormat
        As what cells are read.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
        return days_of(as_moments(values, name), reading, name)
    cells = hashable(cells_of(values), name)
    distinct = [cell for cell in dict.fromkeys(cells) if not is_missing(cell)]
    days = days_of(read_moments(distinct, reading, name), reading, name).tolist()
    days_of_cell = dict(zip(distinct, days, strict=True))
    return np.array([days_of_cell.get(cell, np.nan) for cell in cells])
