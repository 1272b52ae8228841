"""What was learned of the columns of a table as lines of a module."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from sknumpynet.export.python.parts import encoding, levels, numbers, rows, texts, times
from sknumpynet.export.python.script import (
    MOST_TEXT,
    Call,
    Script,
    called,
    listed,
    named,
    quoted,
    written,
)
from sknumpynet.utils.columns.cells import Level, plain_level
from sknumpynet.utils.dates import TimeFormat, parse_moment
from sknumpynet.utils.encoding.categories import Encoding
from sknumpynet.utils.encoding.dates import circle, part_of
from sknumpynet.utils.encoding.learning import LearnedColumns

__all__ = ["encoding_lines", "rows_read"]


def encoding_lines(
    script: Script,
    preprocessor: Any,
    names: Sequence[str],
    *,
    had_names: bool,
    with_levels: bool,
) -> tuple[list[str], list[str]]:
    """Return what a module learned of columns, and a function that encodes rows.

    Parameters
    ----------
    script : Script
    preprocessor : TabularPreprocessor
        Fitted.
    names : sequence of str
        Of the table's columns.
    had_names : bool
        Whether they had them when the model was fitted.
    with_levels : bool
        Whether what statistics of levels are looked up by comes last.
    """
    table = _Table(script, preprocessor._learned(), names)
    dtype = f"np.{preprocessor.dtype}"
    lines = [
        "def encoded(rows: Any) -> Any:",
        '    """Return rows as the networks take them."""',
        written(named("table = ", called(script.use(rows.columns_of), *rows_read(had_names))), 4),
        *table.number_lines(),
        *table.level_lines(),
    ]
    columns = [*table.scaled(), *table.encoded()]
    if with_levels:
        columns += table.codes_for_statistics()
    if columns:
        array = called(script.use(encoding.side_by_side), listed(columns), dtype)
    else:
        array = called("np.empty", "(len(table[COLUMNS[0]]), 0)", dtype)
    return table.constants(), [*lines, written(named("return ", array), 4)]


def rows_read(had_names: bool) -> list[str]:
    """Return the arguments of a function that reads rows."""
    return ["rows", "COLUMNS", *([] if had_names else ["had_names=False"])]


class _Table:
    """Writes how columns are read and encoded.

    Parameters
    ----------
    script : Script
    learned : LearnedColumns
    names : sequence of str
        Of the table's columns.
    """

    def __init__(self, script: Script, learned: LearnedColumns, names: Sequence[str]) -> None:
        self.script, self.learned, self.names = script, learned, names
        places = [k for k, _ in learned.encodings if k in learned.levels]
        self.levels = {names[k]: list(learned.code_of(k)) for k in places}

    def key(self, k: int) -> str:
        """Return by what a column, or a part of its dates, is looked up."""
        name = quoted(self.names[self.learned.origin(k)])
        return f"{name}, {quoted(self.learned.parts[k][1])}" if k in self.learned.parts else name

    # What was learned ---------------------------------------------------------------------------

    def constants(self) -> list[str]:
        """Return lines with levels, knots of ranks, and what makes numbers of texts."""
        lines = []
        if self.levels:
            lines = [
                "# Of each category its levels, which have codes from 1 on.",
                *self._level_constants(),
                "CODES = {",
                "    name: {level: code for code, level in enumerate(own, start=1)}",
                "    for name, own in LEVELS.items()",
                "}",
            ]
        if self.learned.half_knots:
            lines.append(written(named("KNOTS = ", self._knots())))
        vectors = []
        for k, own in self.learned.text_vectors.items():
            arrays = [
                self.script.array(f"text{k}_{name}", own._asdict()[name]) for name in own._fields
            ]
            made = called(self.script.use(texts.TextNumbers), *arrays)
            vectors.append(named(f"{self.key(k)}: ", made))
        if vectors:
            lines.append(written(Call("TEXTS = {", vectors, "}")))
        return lines

    def _knots(self) -> Call:
        halves, heights = zip(*self.learned.half_knots.values(), strict=True)
        arrays = [
            self.script.array("knots_halves", np.concatenate(halves)),
            self.script.array("knots_heights", np.concatenate(heights)),
            self.script.array("knots_ends", np.cumsum([len(own) for own in halves])[:-1]),
        ]
        return called(self.script.use(encoding.split_knots), *arrays)

    def _level_constants(self) -> list[str]:
        items = [
            named(f"{quoted(name)}: ", listed(map(quoted, own)))
            for name, own in self.levels.items()
        ]
        text = written(Call("LEVELS: dict[str, list[Any]] = {", items, "}"))
        if len(text) <= MOST_TEXT:
            return [text]
        array = self.script.array("levels", np.array(json.dumps(self.levels)))
        return [f"LEVELS: dict[str, list[Any]] = json.loads({array}.item())"]

    # How cells are read -------------------------------------------------------------------------

    def number_lines(self) -> list[str]:
        """Return lines that read what becomes numbers."""
        learned, use = self.learned, self.script.use
        flagged = [k for k, own in learned.encodings if own == "missing"]
        asked = {learned.origin(k) for k in (*learned.scales, *learned.parts, *flagged)}
        columns = sorted(asked - learned.text_vectors.keys())
        if not columns:
            return []
        items: list[str | Call] = []
        plain, by_mark = list[str](), dict[str, list[str]]()
        for k in columns:
            reading, name = learned.formats.get(k), quoted(self.names[k])
            if isinstance(reading, TimeFormat):
                time_format = called(use(TimeFormat), *map(quoted, reading[:3]))
                days = called(use(times.days_in), f"table[{name}]", name, time_format)
                items.append(named(f"{name}: ", days))
            elif reading is None:
                plain.append(name)
            else:
                by_mark.setdefault(reading.decimal_mark, []).append(name)
        if plain:
            items.append(called(f"**{use(numbers.numbers_of)}", "table", listed(plain)))
        for mark, own in by_mark.items():
            function = f"**{use(numbers.numbers_in_text)}"
            items.append(called(function, "table", listed(own), quoted(mark)))
        lines = [written(Call("numbers: dict[Any, Any] = {", items, "}"), 4)]
        for k, (origin, part) in learned.parts.items():
            made = called(use(part_of), f"numbers[{self.key(origin)}]", quoted(part))
            lines.append(written(named(f"numbers[{self.key(k)}] = ", made), 4))
        lines.append(f"    {use(numbers.check_finite)}(numbers)")
        if learned.scales:
            keys = listed(f"numbers[{self.key(k)}]" for k in learned.scales)
            lines.append(written(named("scaled_numbers = ", keys), 4))
        return lines

    def level_lines(self) -> list[str]:
        """Return lines that read categories and texts."""
        lines = []
        if self.levels:
            codes = called(self.script.use(levels.codes_of), *self._of_each())
            lines.append(_comprehension("codes", codes, "CODES"))
        if self.learned.text_vectors:
            vectors = called(self.script.use(texts.text_numbers), *self._of_each())
            lines.append(_comprehension("texts", vectors, "TEXTS"))
        return lines

    def _of_each(self) -> list[str]:
        """Return arguments with what makes levels of cells: of dates if a level may be one."""
        found: list[Level] = [level for own in self.levels.values() for level in own]
        has_dates = any(isinstance(own, str) and parse_moment(own) is not None for own in found)
        level_of = self.script.use(plain_level if has_dates else levels.level_of)
        return ["table[name]", "name", "own", level_of]

    # What networks see --------------------------------------------------------------------------

    def scaled(self) -> list[Call]:
        """Return what makes scaled numbers, and their ranks."""
        learned, script = self.learned, self.script
        if not learned.scales:
            return []
        half_medians, half_scales = np.reshape([*learned.scales.values()], (-1, 2)).T
        arrays = [
            script.array("numbers_half_medians", half_medians),
            script.array("numbers_half_scales", half_scales),
        ]
        columns = [called(script.use(encoding.scaled), "scaled_numbers", *arrays)]
        if learned.half_knots:
            columns.append(called(script.use(encoding.ranks), "scaled_numbers", "KNOTS"))
        return columns

    def encoded(self) -> list[str | Call]:
        """Return what makes all other columns of the array."""
        return [self._encoded(k, own) for k, own in self.learned.encodings]

    def _encoded(self, k: int, encoding: Encoding) -> str | Call:
        use, key = self.script.use, self.key(k)
        codes, n_levels = f"codes[{key}]", str(len(self.learned.levels.get(k, [])))
        if encoding == "missing":
            is_text = k in self.learned.text_vectors
            found = f"texts[{key}][:, 0]" if is_text else f"numbers[{key}]"
            return called(use(levels.flag), found)
        if encoding == "circle":
            return called(use(circle), f"numbers[{key}]")
        if encoding == "text":
            return called("np.nan_to_num", f"texts[{key}]")
        if encoding == "sign":
            return called(use(levels.sign), codes)
        return called(
            use(levels.one_hot if encoding == "one-hot" else levels.coded), codes, n_levels
        )

    def codes_for_statistics(self) -> list[Call]:
        """Return what makes codes, rare levels among them, and those of pairs."""
        script, pairs = self.script, self.learned.pairs
        places = [k for k, own in self.learned.encodings if own == "code"]
        if pairs is None or not places:
            return []
        codes = listed(f"codes[{self.key(k)}]" for k in places)
        columns = [called("np.stack", codes, "axis=1")]
        if pairs.pairs:
            known, moved, starts = pairs._known
            n_others = [pairs.n_codes[other] for _, other in pairs.pairs]
            arrays = [
                script.array("pairs", np.column_stack([pairs.pairs, n_others])),
                script.array("pairs_known", known),
                script.array("pairs_moved", moved),
                script.array("pairs_starts", starts),
            ]
            columns.append(called(script.use(levels.pair_codes), codes, *arrays))
        return columns


def _comprehension(name: str, made: Call, source: str) -> str:
    return "\n".join(
        [
            f"    {name} = {{",
            written(named("name: ", made), 8),
            f"        for name, own in {source}.items()",
            "    }",
        ]
    )
