"""The columns of a table, read the same way whatever the table is made of.

pandas, polars and Arrow are known by what their tables can do, and never imported.
"""

from sknumpynet.utils.columns.cells import Level
from sknumpynet.utils.columns.column import (
    Column,
    Reading,
    VectorsOf,
    level_codes,
    sorted_levels,
)
from sknumpynet.utils.columns.tables import as_table, read_columns

__all__ = [
    "Column",
    "Level",
    "Reading",
    "VectorsOf",
    "as_table",
    "level_codes",
    "read_columns",
    "sorted_levels",
]
