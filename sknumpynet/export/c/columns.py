"""What the columns of a table become for a network, in C."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sknumpynet.export.c.inputs import Inputs
from sknumpynet.export.c.literals import array, number
from sknumpynet.export.c.rows import days_function, missing_row, row_struct, row_usage
from sknumpynet.export.c.table_source import TableSource, number_of_level

__all__ = ["table_inputs"]


def table_inputs(source: TableSource, prefix: str, n_inputs: int) -> Inputs:
    """Return what goes into a network that takes tables.

    Parameters
    ----------
    source : TableSource
    prefix : str
        Of all names that others see.
    n_inputs : int
        What the network takes: what statistics of levels are made of comes last, if at all.

    Raises
    ------
    NotImplementedError
        For free text, and levels that C cannot tell apart.
    """
    learned = source.learned
    for k in learned.text_vectors:
        raise NotImplementedError(
            f"column {source.names[k]!r} holds free text, which has no form in C: leave it out, "
            "or use another export"
        )
    encoder = _Encoder(source)
    encoder.numbers()
    encoder.encodings()
    if n_inputs > encoder.n_made:
        encoder.level_codes()
    if source.dtype == "float32" and encoder.n_made:
        encoder.lines.append(f"round_to_float(inputs, {encoder.n_made});")
    return Inputs(
        parameter=f"const struct {prefix}_row *row",
        argument="row",
        declaration=row_struct(source, prefix),
        tables=encoder.tables,
        statements=encoder.lines,
        n_inputs=encoder.n_made,
        usage=row_usage(source, prefix),
        remarks=["Missing numbers are NAN, missing text is NULL. Text is in UTF-8."],
        others=[missing_row(source, prefix), *days_function(source, prefix)],
    )


@dataclass
class _Encoder:
    """Writes what each entry of a network's inputs is made of."""

    source: TableSource
    tables: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    n_made: int = 0

    def numbers(self) -> None:
        """Write scaled numbers, then their ranks."""
        learned = self.source.learned
        for k, (half_median, half_scale) in learned.scales.items():
            values = f"{self.source.number(k)}, {number(half_median)}, {number(half_scale)}"
            self._make(f"scaled({values})")
        for k, (knots, heights) in learned.half_knots.items():
            self.tables += [array("double", f"knots_{k}", knots)]
            self.tables += [array("double", f"heights_{k}", heights)]
            arguments = f"{self.source.number(k)}, knots_{k}, heights_{k}, {len(knots)}"
            self._make(f"rank({arguments})")

    def encodings(self) -> None:
        """Write flags, points on circles and levels."""
        learned = self.source.learned
        for k, encoding in learned.encodings:
            if encoding == "missing":
                self._make(f"isnan({self.source.number(k)}) ? 1.0 : 0.0")
                continue
            if encoding == "circle":
                self._fill(f"circle({self.source.number(k)}, {{}});", 2)
                continue
            code, n_levels = self._code(k), len(learned.levels[k])
            if encoding == "one-hot":
                self._fill(f"one_hot({code}, {n_levels}, {{}});", n_levels)
            elif encoding == "sign":
                self._make(f"({code} == 2) - ({code} == 1)")
            elif learned.rare_levels.get(k):
                self._make(f"{code} <= {n_levels} ? {code} : 0")
            else:
                self._make(code)

    def level_codes(self) -> None:
        """Write codes with those of rare levels, then codes of pairs."""
        learned = self.source.learned
        columns = [k for k, encoding in learned.encodings if encoding == "code"]
        for k in columns:
            self._make(f"code_{k}")
        pairs = learned.pairs
        assert pairs is not None
        for place, ((one, other), keys) in enumerate(zip(pairs.pairs, pairs.keys, strict=True)):
            codes = f"code_{columns[one]}, code_{columns[other]}, {pairs.n_codes[other]}"
            self.tables.append(array("long long", f"pairs_{place}", keys))
            self._make(f"code_of_pair({codes}, pairs_{place}, {len(keys)})")

    def _make(self, expression: str) -> None:
        self.lines.append(f"inputs[{self.n_made}] = {expression};")
        self.n_made += 1

    def _fill(self, call: str, n: int) -> None:
        self.lines.append(call.format(f"inputs + {self.n_made}"))
        self.n_made += n

    def _code(self, k: int) -> str:
        """Write what the code of a cell is, and return what it is called."""
        kind = "text" if self.source.is_text(k) else "number"
        form = str if kind == "text" else number_of_level
        levels = [form(level) for level in self.source.levels(k)]
        if len(set(levels)) < len(levels):
            twice = next(own for own in levels if levels.count(own) > 1)
            raise NotImplementedError(
                f"column {self.source.names[k]!r} has a level {twice!r} both as text and as "
                "another value, which are one in C"
            )
        try:
            self.tables += _level_tables(k, kind, levels)
        except ValueError as error:
            raise NotImplementedError(
                f"column {self.source.names[k]!r} has a level that C cannot hold: {error}"
            ) from error
        column = f"row->{self.source.fields[k]}"
        arguments = f"{column}, levels_{k}, codes_{k}, {len(levels)}"
        self.lines.append(f"const int code_{k} = code_of_{kind}({arguments});")
        return f"code_{k}"


def _level_tables(k: int, kind: str, levels: Sequence[Any]) -> list[str]:
    """Return levels that ascend, as functions in C search them, and the code of each."""
    # By their code points, as UTF-8 has them in order too.
    order = sorted(range(len(levels)), key=levels.__getitem__)
    item = "char *const" if kind == "text" else "double"
    return [
        array(item, f"levels_{k}", [levels[own] for own in order]),
        array("int", f"codes_{k}", [own + 1 for own in order]),
    ]
