"""A row of a table as a struct, and what others need to fill one."""

import textwrap

from sknumpynet.export.c.literals import commented, number
from sknumpynet.export.c.table_source import TableSource, number_of_level
from sknumpynet.utils.columns import Level
from sknumpynet.utils.dates import TimeFormat

__all__ = ["days_function", "missing_row", "row_struct", "row_usage"]

# Levels that a comment names, and columns that the file's head fills.
MOST_NAMED = 4
MOST_SHOWN = 3


def row_struct(source: TableSource, prefix: str) -> str:
    """Return the type of a row, with a member for each column that is used."""
    fields = []
    for k, name in source.fields.items():
        kind = "const char *" if source.is_text(k) else "double "
        about = f"{commented(source.names[k])}: {_about(source, k)}"
        fields.append(f"    {kind}{name}; /* {about} */")
    # C has no struct without members.
    body = "\n".join(fields or ["    char unused; /* the model looks at no column */"])
    return f"struct {prefix}_row {{\n{body}\n}};\n"


def _about(source: TableSource, k: int) -> str:
    """Return what a comment says of a column."""
    learned = source.learned
    if k in learned.levels:
        named = map(_named, source.levels(k)[:MOST_NAMED])
        others = ["..."] if len(source.levels(k)) > MOST_NAMED else []
        return ", ".join([*named, *others])
    reading = learned.formats.get(k)
    if not isinstance(reading, TimeFormat):
        return "a number"
    if reading.kind == "date":
        zone = f", by the clocks of {commented(reading.zone)}" if reading.zone else ""
        return f"days since 1970-01-01{zone}"
    return "days since midnight" if reading.kind == "time" else "days"


def _named(level: Level) -> str:
    if isinstance(level, str):
        return commented(level if len(level) <= 20 else f"{level[:20]}...")
    return str(int(level) if isinstance(level, bool) else level)


def row_usage(source: TableSource, prefix: str) -> list[str]:
    """Return how a row is made, with the median of numbers and the first level of categories."""
    lines = [f"struct {prefix}_row row = {prefix}_missing;"]
    for k, name in list(source.fields.items())[:MOST_SHOWN]:
        if source.is_text(k):
            value = commented(str(source.levels(k)[0])[:20])
        elif k in source.learned.levels:
            value = number(number_of_level(source.levels(k)[0]))
        elif _is_date(source, k):
            value = f"{prefix}_days(2024, 2, 29, 0.0)"
        else:
            half_median, _ = source.learned.scales.get(k, (0.0, 1.0))
            value = number(float(f"{2.0 * half_median:.4g}"))
        lines.append(f"row.{name} = {value};")
    return lines


def missing_row(source: TableSource, prefix: str) -> tuple[str, str]:
    """Return the declaration and the definition of a row in which all is missing."""
    head = f"const struct {prefix}_row {prefix}_missing"
    cells = ["NULL" if source.is_text(k) else "NAN" for k in source.fields] or ["0"]
    about = "/* A row in which all is missing, to begin with. */"
    body = textwrap.indent(textwrap.fill(", ".join(cells), 96), "    ")
    return f"{about}\nextern {head};\n", f"{head} = {{\n{body}\n}};\n"


def _is_date(source: TableSource, k: int) -> bool:
    reading = source.learned.formats.get(k)
    return isinstance(reading, TimeFormat) and reading.kind == "date"


def days_function(source: TableSource, prefix: str) -> list[tuple[str, str]]:
    """Return the declaration and the definition of what makes days of dates, if there are any."""
    if not any(_is_date(source, k) for k in source.fields):
        return []
    head = f"double {prefix}_days(int year, int month, int day, double seconds)"
    comment = "/* Days since 1970-01-01, of month and day from 1, and seconds since midnight. */"
    call = "    return days_since_1970(year, month, day, seconds);"
    return [(f"{comment}\n{head};\n", f"{head}\n{{\n{call}\n}}\n")]
